//! Undo and redo: the list of committed states and the place in it.

use std::sync::Arc;

use crate::scenario::{Scenario, Settings};

/// Commits that can be undone.
const UNDO_MAX: usize = 200;

/// What undo returns to.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Its document as it stands in links, if it is not in the catalogue.
    pub document: Option<String>,
    /// Knobs, fixes and seed.
    pub settings: Settings,
    /// Id of the knob on the x axis.
    pub x: String,
}

impl State {
    /// The same scenario, whatever its settings.
    pub fn is_of(&self, scenario: &Scenario, document: Option<&str>) -> bool {
        self.scenario.id == scenario.id && self.document.as_deref() == document
    }
}

/// Committed states in order, and the present place among them.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    states: Vec<State>,
    /// Index of the present state.
    at: usize,
}

impl History {
    /// A history of one state.
    pub fn new(first: State) -> Self {
        Self { states: vec![first], at: 0 }
    }

    /// The state last committed, or returned to.
    pub fn present(&self) -> &State {
        &self.states[self.at]
    }

    /// Adds a state after the present one and forgets what was undone; false if nothing changed.
    pub fn commit(&mut self, state: State) -> bool {
        if state == self.states[self.at] {
            return false;
        }
        self.states.truncate(self.at + 1);
        self.states.push(state);
        if self.states.len() > UNDO_MAX + 1 {
            self.states.remove(0);
        }
        self.at = self.states.len() - 1;
        true
    }

    /// Goes to where a state is beside the present one, as a browser's Back and Forward do; else
    /// adds it.
    pub fn visit(&mut self, state: State) {
        let neighbours = [self.at.wrapping_sub(1), self.at + 1];
        match neighbours.into_iter().find(|&at| self.states.get(at) == Some(&state)) {
            Some(at) => self.at = at,
            None => _ = self.commit(state),
        }
    }

    /// Goes one state back, if there is one.
    pub fn undo(&mut self) -> Option<&State> {
        self.at = self.at.checked_sub(1)?;
        Some(self.present())
    }

    /// Goes one state forward, if there is one.
    pub fn redo(&mut self) -> Option<&State> {
        if !self.can_redo() {
            return None;
        }
        self.at += 1;
        Some(self.present())
    }

    /// There is something to undo.
    pub fn can_undo(&self) -> bool {
        self.at > 0
    }

    /// There is something to redo.
    pub fn can_redo(&self) -> bool {
        self.at + 1 < self.states.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::catalogue;

    fn state(seed: u64) -> State {
        let settings = Settings { seed: Some(seed), ..Settings::default() };
        State { scenario: catalogue::first(), document: None, settings, x: "users".to_owned() }
    }

    #[test]
    fn at_least_fifty_commits_can_be_undone_and_redone() {
        let mut history = History::new(state(0));
        for seed in 1..=500 {
            assert!(history.commit(state(seed)));
        }
        assert!(!history.commit(state(500)), "nothing changed");
        let undone = std::iter::from_fn(|| history.undo().cloned()).count();
        assert_eq!(undone, UNDO_MAX);
        let redone = std::iter::from_fn(|| history.redo().cloned()).count();
        assert_eq!((redone, history.present()), (UNDO_MAX, &state(500)));
    }

    #[test]
    fn going_back_and_forward_in_the_browser_keeps_what_lies_ahead() {
        let mut history = History::new(state(0));
        history.commit(state(1));
        history.visit(state(0));
        assert!(history.can_redo() && !history.can_undo());
        history.visit(state(1));
        history.visit(state(7));
        assert_eq!(history.undo(), Some(&state(1)));
    }
}
