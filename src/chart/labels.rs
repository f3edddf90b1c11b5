//! Where words go so that they neither overlap nor hide a line.

use super::clip::{Bounds, Point, segment};
use crate::engine::interval::ascending;

/// The rectangle that words take up, in pixels of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Block {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Block {
    /// The middle of the left edge, from which words are written.
    pub(super) fn start(&self) -> Point {
        (self.left, self.top + self.height / 2.0)
    }

    fn bounds(&self) -> Bounds {
        let Self { left, top, width, height } = *self;
        Bounds { x: (left, left + width), y: (top, top + height) }
    }

    fn overlaps(&self, other: &Self) -> bool {
        let (a, b) = (self.bounds(), other.bounds());
        a.x.0 < b.x.1 && b.x.0 < a.x.1 && a.y.0 < b.y.1 && b.y.0 < a.y.1
    }
}

/// Keeps what is taken, and finds room beside it.
#[derive(Debug)]
pub(super) struct Room {
    within: Bounds,
    taken: Vec<Block>,
    lines: Vec<(Point, Point)>,
}

impl Room {
    pub(super) fn new(within: Bounds) -> Self {
        Self { within, taken: Vec::new(), lines: Vec::new() }
    }

    /// A line that words had better not cross.
    pub(super) fn avoid(&mut self, line: &[Point]) {
        self.lines.extend(line.windows(2).map(|pair| (pair[0], pair[1])));
    }

    /// Space that no words may take.
    pub(super) fn take(&mut self, block: Block) {
        self.taken.push(block);
    }

    /// The first of the candidates that is free and crosses the fewest lines, which is then taken;
    /// `None` if all of them overlap other words or stick out.
    pub(super) fn place(&mut self, candidates: impl IntoIterator<Item = Block>) -> Option<Block> {
        let free = candidates.into_iter().filter(|block| self.is_free(block));
        let best = free.min_by_key(|block| self.crossings(block))?;
        self.taken.push(best);
        Some(best)
    }

    fn is_free(&self, block: &Block) -> bool {
        let (inner, outer) = (block.bounds(), self.within);
        outer.x.0 <= inner.x.0
            && inner.x.1 <= outer.x.1
            && outer.y.0 <= inner.y.0
            && inner.y.1 <= outer.y.1
            && !self.taken.iter().any(|other| other.overlaps(block))
    }

    fn crossings(&self, block: &Block) -> usize {
        let crosses = |line: &&(Point, Point)| segment(line.0, line.1, block.bounds()).is_some();
        self.lines.iter().filter(crosses).count()
    }
}

/// Moves the middles of labels in a column apart so that each has `height`, staying within
/// `top..=bottom` as far as there is room, in the same order.
pub(super) fn spread(middles: &mut [f64], height: f64, (top, bottom): (f64, f64)) {
    let order = ascending(middles);
    let mut least = top + height / 2.0;
    for &index in &order {
        middles[index] = middles[index].max(least);
        least = middles[index] + height;
    }
    let mut most = bottom - height / 2.0;
    for &index in order.iter().rev() {
        middles[index] = middles[index].min(most);
        most = middles[index] - height;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WITHIN: Bounds = Bounds { x: (0.0, 100.0), y: (0.0, 100.0) };

    fn block(left: f64, top: f64) -> Block {
        Block { left, top, width: 30.0, height: 10.0 }
    }

    #[test]
    fn words_take_the_first_free_place_that_hides_no_line() {
        let mut room = Room::new(WITHIN);
        room.avoid(&[(0.0, 5.0), (100.0, 5.0)]);
        assert_eq!(room.place([block(0.0, 0.0), block(0.0, 20.0)]), Some(block(0.0, 20.0)));
        assert_eq!(room.place([block(10.0, 25.0), block(80.0, 40.0)]), None);
        assert_eq!(room.place([block(10.0, 25.0), block(40.0, 1.0)]), Some(block(40.0, 1.0)));
    }

    proptest! {
        #[test]
        fn labels_in_a_column_never_overlap_and_stay_inside(
            mut middles in prop::collection::vec(-50.0..250.0_f64, 1..8),
        ) {
            let before = middles.clone();
            spread(&mut middles, 14.0, (0.0, 200.0));
            for (index, middle) in middles.iter().enumerate() {
                prop_assert!((7.0 - 1e-9..=193.0 + 1e-9).contains(middle));
                for other in 0..index {
                    prop_assert!((middle - middles[other]).abs() >= 14.0 - 1e-9);
                    if before[index] < before[other] {
                        prop_assert!(*middle < middles[other]);
                    }
                }
            }
        }
    }
}
