//! Which operations belong together: what is held through which of them, and what is repeated.
//!
//! Written down while a program is compiled, and read only by whoever tells what a request did.

use super::build::Builder;

/// No scope at all.
pub(super) const NO_SCOPE: u32 = u32::MAX;

/// All scopes of a program; those inside come after those around them.
#[derive(Debug, Clone, Default)]
pub(super) struct Scopes {
    pub(super) all: Vec<Scope>,
    /// Names of endpoints.
    pub(super) names: Vec<String>,
}

/// Operations after `from`, up to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) of: ScopeOf,
}

/// What makes operations belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeOf {
    /// A server of a part is held; of a service for an endpoint, which is one of the names.
    Held {
        /// Index of the part.
        part: u16,
        /// Index of the name.
        name: Option<u16>,
    },
    /// They are repeated; a register counts.
    Rounds {
        /// Which.
        register: u8,
    },
}

impl Scopes {
    /// The innermost scope of each of `count` operations, and the scope around each scope.
    pub(super) fn nesting(&self, count: usize) -> (Vec<u32>, Vec<u32>) {
        let mut innermost = vec![NO_SCOPE; count];
        let mut around = vec![NO_SCOPE; self.all.len()];
        for (index, scope) in self.all.iter().enumerate() {
            around[index] = innermost.get(scope.from as usize + 1).copied().unwrap_or(NO_SCOPE);
            for op in scope.from + 1..=scope.to {
                if let Some(known) = innermost.get_mut(op as usize) {
                    *known = index as u32;
                }
            }
        }
        (innermost, around)
    }
}

impl Builder<'_> {
    /// The operation that comes next begins a scope; what is given back ends it.
    pub(super) fn begin_scope(&mut self, of: ScopeOf) -> usize {
        let from = self.here();
        self.model.scopes.all.push(Scope { from, to: from, of });
        self.model.scopes.all.len() - 1
    }

    /// The last operation emitted ends a scope.
    pub(super) fn end_scope(&mut self, scope: usize) {
        self.model.scopes.all[scope].to = self.here() - 1;
    }

    /// The number of the name of an endpoint.
    pub(super) fn name(&mut self, name: &str) -> u16 {
        let names = &mut self.model.scopes.names;
        let found = names.iter().position(|known| known == name);
        found.unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        }) as u16
    }
}
