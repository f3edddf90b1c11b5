//! What stands on the y axes: the measures chosen below latency, and load up and down.

use std::rc::Rc;

use super::Session;
use crate::analysis::hysteresis::Hysteresis;
use crate::chart::measure::{Measure, Measures};

/// What the charts show besides latency. No part of a state, and so not in links.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Views {
    /// Measures with a chart.
    chosen: Measures,
    /// Measures of which a curve of this scenario has said something; they stay on offer while
    /// curves come and go, so that nothing jumps under a pointer.
    told: Measures,
    /// The load goes up and down in place of the curve.
    walks: bool,
}

impl Default for Views {
    fn default() -> Self {
        Self { chosen: Measures::LOAD, told: Measures::LOAD, walks: false }
    }
}

impl Session {
    /// Measures with a chart below latency.
    pub fn measures(&self) -> Measures {
        self.views.chosen
    }

    /// Measures that can be chosen.
    pub fn offered(&self) -> Measures {
        self.views.told.or(self.views.chosen)
    }

    /// The load is to go up and down in place of the curve.
    pub fn wants_walk(&self) -> bool {
        self.views.walks
    }

    /// The walk that is drawn: as far as it has come, if there is anything to see.
    pub fn walk(&self) -> Option<&Rc<Hysteresis>> {
        let walk = self.spare.walk.as_ref().filter(|walk| !walk.up.is_empty());
        walk.filter(|_| self.views.walks)
    }

    /// What the walk has found, in words; `None` if none is wanted.
    pub fn walk_words(&self) -> Option<String> {
        let waiting = Hysteresis::default();
        let walk = self.spare.walk.as_deref().unwrap_or(&waiting);
        self.views.walks.then(|| walk.sentence(self.x()))
    }

    /// Shows or hides the chart of a measure.
    pub(super) fn toggle_measure(&mut self, measure: Measure) {
        if self.offered().has(measure) {
            self.views.chosen = self.views.chosen.toggled(measure);
        }
    }

    /// Shows load up and down, or the curve.
    pub(super) fn set_walk(&mut self, is_wanted: bool) {
        self.views.walks = is_wanted;
        self.next_task();
    }

    /// Takes note of what the curve tells.
    pub(super) fn take_note(&mut self) {
        if let Some(curve) = &self.curve {
            self.views.told = self.views.told.or(Measures::told_by(&curve.points));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::report::{Curve, CurvePoint};
    use crate::session::Action;

    fn with(point: CurvePoint) -> Session {
        let curve = Curve { points: vec![point], ..Curve::default() };
        let mut session = Session { curve: Some(Rc::new(curve)), ..Session::default() };
        session.take_note();
        session
    }

    #[test]
    fn only_what_a_curve_has_told_is_on_offer_and_stays_so() {
        let nothing = with(CurvePoint { amplification: 1.0, ..CurvePoint::default() });
        assert_eq!(nothing.offered(), Measures::LOAD);
        let refused = nothing.clone().reduce(Action::ToggleMeasure(Measure::Staleness));
        assert_eq!(refused, nothing);
        let point = CurvePoint { stale_share: 0.1, amplification: 1.0, ..CurvePoint::default() };
        let mut stale = with(point);
        assert_eq!(stale.offered(), Measures::LOAD.with(Measure::Staleness));
        stale.curve = nothing.curve;
        stale.take_note();
        assert!(stale.offered().has(Measure::Staleness));
        let both = stale.reduce(Action::ToggleMeasure(Measure::Staleness));
        assert_eq!(both.measures(), Measures::LOAD.with(Measure::Staleness));
        let one = both.reduce(Action::ToggleMeasure(Measure::Load));
        assert_eq!(one.measures(), Measures::NONE.with(Measure::Staleness));
    }

    #[test]
    fn another_scenario_begins_with_load_alone() {
        let session = with(CurvePoint { memory_mb: 5.0, ..CurvePoint::default() });
        let session = session.reduce(Action::ToggleMeasure(Measure::Memory));
        assert!(session.measures().has(Measure::Memory));
        let other = crate::scenario::catalogue::find("queue-knee").unwrap();
        let session = session.reduce(Action::Walk(true)).reduce(Action::Open(other));
        assert_eq!((session.measures(), session.offered()), (Measures::LOAD, Measures::LOAD));
        assert!(!session.wants_walk());
    }
}
