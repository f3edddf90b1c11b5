//! What a session asks its workers, and what their answers change.

use std::rc::Rc;

use super::jobs::{Answer, GhostWanted, Outcome, Question, Want};
use super::{CURVE_SHARES, Ghost, Session};
use crate::analysis::curve::{Share, merge};
use crate::analysis::report::Curve;
use crate::scenario::link::{self, Link};

/// What is known of the operating point in the present state. A worker answers in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// Nothing yet.
    Nothing,
    /// The report.
    Measured,
    /// The explanation.
    Explained,
    /// The comparison with the ghost, where there is one.
    Compared,
    /// The traces.
    Traced,
}

impl Session {
    /// What to ask the workers that share a curve, one question each.
    pub fn curve_questions(&self) -> Vec<Question> {
        let link = Link { settings: self.asked.clone(), before: None, ..self.link() };
        let link = link::encode(&link);
        let question = |index| Question {
            id: self.curve_id,
            link: link.clone(),
            want: Want::Curve { knob: self.x.clone(), share: Share { index, of: CURVE_SHARES } },
        };
        (0..CURVE_SHARES).map(question).collect()
    }

    /// What to ask the worker for the operating point.
    pub fn point_question(&self) -> Question {
        let finished = |ghost: &Ghost| ghost.curve.as_ref().is_some_and(|curve| curve.finished);
        let ghost = self.ghost.as_ref().filter(|ghost| !finished(ghost));
        let wanted =
            |ghost: &Ghost| GhostWanted { knob: self.x.clone(), missing: ghost.curve.is_none() };
        let want = Want::Point { ghost: ghost.map(wanted) };
        Question { id: self.point_id, link: link::encode(&self.link()), want }
    }

    pub(super) fn answered(&mut self, Answer { id, result }: Answer) {
        match result {
            Outcome::Curve(share, curve) if id == self.curve_id => self.curve_came(share, curve),
            Outcome::Report(report) if id == self.point_id => {
                self.report = Some(Rc::from(report));
                self.report_of = self.settings.clone();
                self.known = Known::Measured;
            }
            Outcome::Explanation(found) if id == self.point_id => {
                self.explanation = Some(Rc::new(found));
                self.known = Known::Explained;
            }
            Outcome::Traces(found) if id == self.point_id => {
                self.traces = Some(Rc::new(found));
                self.known = Known::Traced;
            }
            Outcome::Comparison(found) if id == self.point_id => {
                self.comparison = Some(Rc::new(found));
                self.known = Known::Compared;
            }
            Outcome::Ghost(curve) if id == self.point_id => {
                if let Some(ghost) = &mut self.ghost
                    // A refinement that starts again must not undo a longer one.
                    && ghost.curve.as_ref().is_none_or(|known| known.pass <= curve.pass)
                {
                    ghost.curve = Some(Rc::new(curve));
                }
            }
            Outcome::Sketch(index, curve) if id == self.spare.id => self.sketched(index, curve),
            Outcome::Walk(found) if id == self.spare.id => self.walked(*found),
            Outcome::Tried(index, trial) if id == self.spare.id => self.tried(index, trial),
            Outcome::Error(text)
                if id == self.curve_id || id == self.point_id || self.is_spare(id) =>
            {
                self.notices.push(text);
            }
            _ => {}
        }
    }

    fn curve_came(&mut self, share: Share, curve: Curve) {
        let Some(place) = self.shares.get_mut(share.index) else { return };
        *place = Some(curve);
        let Some(shares) = self.shares.iter().map(Option::as_ref).collect::<Option<Vec<_>>>()
        else {
            return;
        };
        // One share ahead of the others adds half a picture, for the price of a whole one.
        let under_way = shares.iter().filter(|share| !share.finished);
        let pass = under_way.map(|share| share.pass).min();
        if pass.is_some() && pass <= self.merged {
            return;
        }
        self.merged = pass;
        let merged = merge(&shares, &self.scenario.objective, self.x().scale);
        self.curve = Some(Rc::new(merged));
        self.curve_of = self.asked.clone();
        self.shown_id = self.curve_id;
        self.take_note();
        if !self.is_same_curve(&self.asked, &self.settings) {
            self.ask_curve();
        }
        self.next_task();
    }
}
