//! Faults that the user drops on the time line: part of the state, so of links and of undo.

use super::Session;
use crate::scenario::by_hand::{FAULTS_MAX, HandFault};

impl Session {
    pub(super) fn drop_fault(&mut self, fault: HandFault) {
        if self.settings.faults.len() < FAULTS_MAX {
            let mut settings = self.settings.clone();
            settings.faults.push(fault.clamped());
            self.change(settings);
            self.commit();
        }
    }

    /// Not a step of undo before it is committed: it is being dragged.
    pub(super) fn shape_fault(
        &mut self,
        index: usize,
        shape: impl FnOnce(&HandFault) -> HandFault,
    ) {
        let mut settings = self.settings.clone();
        if let Some(fault) = settings.faults.get_mut(index) {
            *fault = shape(fault).clamped();
            self.change(settings);
        }
    }

    pub(super) fn lift_fault(&mut self, index: usize) {
        if index < self.settings.faults.len() {
            let mut settings = self.settings.clone();
            settings.faults.remove(index);
            self.change(settings);
            self.commit();
        }
    }

    /// Compared are two systems to which the same happens.
    pub(super) fn let_ghost_follow(&mut self) {
        if let Some(ghost) = &mut self.ghost
            && ghost.settings.faults != self.settings.faults
        {
            ghost.settings.faults.clone_from(&self.settings.faults);
            self.comparison = None;
            if self.scenario.run.end.is_timed() {
                ghost.curve = None;
            }
        }
    }

    /// Faults were dropped that the curve is without.
    pub fn leaves_out_faults(&self) -> bool {
        !self.settings.faults.is_empty() && !self.scenario.run.end.is_timed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::by_hand::{End, FaultKind, Figure};
    use crate::scenario::link::{decode, encode};
    use crate::session::Action;

    fn slow() -> HandFault {
        let part = "db".to_owned();
        HandFault { kind: FaultKind::Slow, part, from_ms: 20_000, to_ms: 30_000, amount: 5.0 }
    }

    #[test]
    fn a_drag_of_a_fault_is_one_step_of_undo_and_in_the_link() {
        let mut session = Session::default().reduce(Action::DropFault(slow()));
        for _ in 0..5 {
            session = session.reduce(Action::NudgeFault(0, End::Both, 1_000.0, 500.0));
        }
        session = session.reduce(Action::Commit);
        assert!(encode(&session.link()).contains("&fault=slow_db_25s_35s_5&"));
        let back = session.clone().reduce(Action::Undo);
        assert_eq!(back.settings.faults, [slow()]);
        let lifted = session.clone().reduce(Action::LiftFault(0)).reduce(Action::LiftFault(0));
        assert!(lifted.settings.faults.is_empty());
        assert_eq!(lifted.reduce(Action::Undo).settings, session.settings);
        let opened = Session::new(decode(&encode(&session.link())));
        assert_eq!(opened.settings, session.settings);
    }

    #[test]
    fn figures_typed_one_after_the_other_all_count_and_each_can_be_undone() {
        let mut session = Session::default().reduce(Action::DropFault(slow()));
        for (figure, value) in
            [(Figure::From, 5_000.0), (Figure::To, 8_000.0), (Figure::Amount, 3.0)]
        {
            session = session.reduce(Action::WriteFault(0, figure, value));
        }
        assert!(encode(&session.link()).contains("&fault=slow_db_5s_8s_3&"));
        let back = session.clone().reduce(Action::Undo).reduce(Action::Undo);
        assert!(encode(&back.link()).contains("&fault=slow_db_5s_15s_5&"), "its length stays");
        let wild = session.reduce(Action::WriteFault(0, Figure::To, f64::NAN));
        assert_eq!(wild.settings.faults[0].to_ms, 5_001, "it ends after it begins");
    }

    #[test]
    fn a_curve_of_a_steady_state_is_without_what_happens_once() {
        let drop = |session: Session, part: &str| {
            let before = session.settings.clone();
            let fault = HandFault { part: part.to_owned(), ..slow() };
            let session = session.reduce(Action::DropFault(fault));
            let is_same = session.is_same_curve(&before, &session.settings);
            (is_same, session.leaves_out_faults())
        };
        assert_eq!(drop(Session::default(), "db"), (true, true));
        let storm = Session::new(decode("v=1&s=retry-storm"));
        assert_eq!(drop(storm, "server"), (false, false));
    }

    #[test]
    fn what_is_compared_with_has_the_same_faults() {
        let session = Session::default().reduce(Action::Toggle("join".to_owned()));
        let session = session.reduce(Action::DropFault(slow()));
        assert_eq!(session.ghost.as_ref().unwrap().settings.faults, [slow()]);
        let link = encode(&session.link());
        assert_eq!(encode(&decode(&link).link), link);
    }

    #[test]
    fn there_are_only_so_many() {
        let mut session = Session::default();
        for _ in 0..=FAULTS_MAX {
            session = session.reduce(Action::DropFault(slow()));
        }
        assert_eq!(session.settings.faults.len(), FAULTS_MAX);
        let same = session.clone().reduce(Action::ShapeFault(99, slow()));
        assert_eq!(same.settings, session.settings);
    }
}
