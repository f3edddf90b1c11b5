//! Where a session goes from where it is: a step of a knob, the next numbers, the next scenario.

use std::sync::Arc;

use super::Session;
use super::readout;
use crate::scenario::link::Link;
use crate::scenario::{Scenario, Settings, catalogue};

impl Session {
    /// Not a step of undo before it is committed: a key may be held.
    pub(super) fn step(&mut self, id: &str, steps: f64) {
        if let Some(knob) = self.scenario.knob(id) {
            let value = readout::step(knob, self.value(id), steps);
            self.turn(id, value);
        }
    }

    pub(super) fn sow(&mut self, seed: u64) {
        let seed = (seed != self.scenario.seed).then_some(seed);
        self.change(Settings { seed, ..self.settings.clone() });
        self.commit();
    }

    pub(super) fn sow_next(&mut self) {
        self.sow(self.scenario.seed(&self.settings).wrapping_add(1));
    }

    pub(super) fn open(&mut self, scenario: Arc<Scenario>) {
        let settings = Settings::default();
        self.go_to(Link { scenario, document: None, settings, before: None });
        self.notices.clear();
        self.commit();
    }

    /// After the last comes the first; a scenario of one's own stands where the first does.
    pub(super) fn open_neighbour(&mut self, places: isize) {
        let all = catalogue::entries();
        let at = all.iter().position(|entry| entry.id == self.scenario.id).unwrap_or(0);
        let next = (at + all.len()).saturating_add_signed(places) % all.len();
        self.open(Arc::clone(all[next].scenario()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Action;

    #[test]
    fn every_step_starts_from_the_one_before() {
        let there = |session: Session, steps: [f64; 3]| {
            steps.into_iter().fold(session, |session, steps| {
                session.reduce(Action::Step("posts".to_owned(), steps))
            })
        };
        let session = there(Session::default(), [8.0, 8.0, 8.0]);
        assert!(session.value("posts") > 20.0, "{}", session.value("posts"));
        assert!(!session.is_committed(), "a key may be held");
        let back = there(session, [-8.0, -8.0, -8.0]).reduce(Action::Commit);
        assert!((back.value("posts") - 10.0).abs() <= 1.0, "{}", back.value("posts"));
        let same = back.clone().reduce(Action::Step("nothing".to_owned(), 1.0));
        assert_eq!(same.settings, back.settings);
    }

    #[test]
    fn next_and_previous_go_through_the_whole_menu_and_around() {
        let mut session = Session::default();
        for scenario in catalogue::all().iter().skip(1) {
            session = session.reduce(Action::Neighbour(1));
            assert_eq!(session.scenario.id, scenario.id);
        }
        session = session.reduce(Action::Neighbour(1));
        assert_eq!(session.scenario.id, catalogue::first().id);
        session = session.reduce(Action::Neighbour(-1));
        assert_eq!(session.scenario.id, catalogue::all()[catalogue::all().len() - 1].id);
        let order = catalogue::GROUPS.map(|(group, _)| group);
        let place = |scenario: &Arc<Scenario>| order.iter().position(|g| *g == scenario.group);
        assert!(catalogue::all().is_sorted_by_key(place), "as the menu lists them");
    }

    #[test]
    fn each_next_seed_is_another() {
        let session = Session::default();
        let seed = session.scenario.seed(&session.settings);
        let session = session.reduce(Action::NextSeed).reduce(Action::NextSeed);
        assert_eq!(session.scenario.seed(&session.settings), seed + 2);
        assert_eq!(session.reduce(Action::Seed(seed)).settings, Settings::default());
    }
}
