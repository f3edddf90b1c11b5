//! Which parts are held while others are waited for.

use super::build::Builder;

impl Builder<'_> {
    /// Notes that `part` is waited for while others are held.
    pub(super) fn nest(&mut self, part: u16) {
        if let Some(&outer) = self.held.last()
            && !self.nested.contains(&(outer, part))
        {
            self.nested.push((outer, part));
        }
    }

    /// How far inside each part is: the longest way of holding one part while waiting for the next.
    pub(super) fn set_depths(&mut self) {
        // Parts that hold each other in turn have no order; as many rounds as parts settle all others.
        for _ in 0..self.model.parts.len() {
            for &(outer, inner) in &self.nested {
                let least = self.model.parts[usize::from(outer)].depth + 1;
                let depth = &mut self.model.parts[usize::from(inner)].depth;
                *depth = (*depth).max(least);
            }
        }
    }
}
