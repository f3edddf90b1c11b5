//! What the user is doing: one state, changed only by actions, with no screen and no clock.

pub mod action;

mod answers;

mod changes;

mod faults;

mod onward;

pub mod diagram;

pub mod history;

pub mod jobs;

pub mod playback;

pub mod readout;

pub mod words;

pub mod spare;

pub mod proofs;

pub mod share;

pub mod embed;

mod views;

use std::rc::Rc;
use std::sync::Arc;

pub use self::action::Action;
pub use self::answers::Known;
use self::history::{History, State};
use self::spare::Spare;
use self::views::Views;
use crate::analysis::report::{Comparison, Curve, Explanation, RunReport};
use crate::analysis::trace::Trace;
use crate::scenario::link::{Decoded, Link};
use crate::scenario::{Knob, Scenario, Settings, catalogue};

/// How many workers share a curve.
pub const CURVE_SHARES: usize = 2;

/// The state before the last fix, with its curve as soon as there is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Ghost {
    /// The state.
    pub settings: Settings,
    /// Its curve over the present x axis.
    pub curve: Option<Rc<Curve>>,
}

/// The state of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// The scenario shown.
    pub scenario: Arc<Scenario>,
    /// Its document as it stands in links, if it is not in the catalogue.
    pub document: Option<String>,
    /// Its state.
    pub settings: Settings,
    /// Id of the knob on the x axis.
    x: String,
    history: History,
    /// Commits made here, which a browser's Back should undo.
    pub commits: u32,
    /// Curve of the present state; until its first pass, of a state before.
    pub curve: Option<Rc<Curve>>,
    /// The state that `curve` belongs to, and the number it was asked for by.
    curve_of: Settings,
    shown_id: u32,
    /// What workers have sent of the curve asked for.
    shares: Vec<Option<Curve>>,
    /// Passes that `curve` has of every share that goes on, if it is of the state asked for.
    merged: Option<u32>,
    /// The state that the curve under way belongs to.
    asked: Settings,
    /// The state before, to compare with.
    pub ghost: Option<Ghost>,
    /// Run at the operating point.
    pub report: Option<Rc<RunReport>>,
    /// The state that `report` belongs to.
    report_of: Settings,
    /// Why it came out so.
    pub explanation: Option<Rc<Explanation>>,
    /// What a typical, a slow and a failed request did.
    pub traces: Option<Rc<Vec<Trace>>>,
    /// The operating point against the ghost's.
    pub comparison: Option<Rc<Comparison>>,
    /// How much of all that is of the present state; the rest is of one before.
    pub known: Known,
    /// Problems to tell the user.
    pub notices: Vec<String>,
    /// Rises when a curve is to be computed.
    pub curve_id: u32,
    /// Rises when the operating point is to be computed.
    pub point_id: u32,
    /// What nothing waits for.
    pub spare: Spare,
    /// What the charts show.
    views: Views,
}

// What was not measured is missing, never NaN. Lets `Rc`s of the same session be found equal without
// a look at what is in it, which every component of the page does at every change.
impl Eq for Session {}

impl Session {
    /// A session on what a link says.
    pub fn new(decoded: Decoded) -> Self {
        let Decoded { link: Link { scenario, document, settings, before }, notices } = decoded;
        let x = scenario.knobs[0].id.clone();
        let first = State {
            scenario: Arc::clone(&scenario),
            document: document.clone(),
            settings: settings.clone(),
            x: x.clone(),
        };
        Self {
            history: History::new(first),
            commits: 0,
            curve: None,
            curve_of: settings.clone(),
            report_of: settings.clone(),
            shown_id: 0,
            shares: vec![None; CURVE_SHARES],
            merged: None,
            asked: settings.clone(),
            ghost: before.map(|settings| Ghost { settings, curve: None }),
            report: None,
            explanation: None,
            traces: None,
            comparison: None,
            known: Known::Nothing,
            notices,
            curve_id: 1,
            point_id: 1,
            spare: Spare::default(),
            views: Views::default(),
            scenario,
            document,
            settings,
            x,
        }
    }

    /// The knob on the x axis.
    pub fn x(&self) -> &Knob {
        self.scenario.knob(&self.x).unwrap_or(&self.scenario.knobs[0])
    }

    /// The value of a knob.
    pub fn value(&self, id: &str) -> f64 {
        self.scenario.value(&self.settings, id).unwrap_or(0.0)
    }

    /// The number that the curve shown was asked for by.
    pub fn shown_id(&self) -> u32 {
        self.shown_id
    }

    /// The operating point: the value of the knob on the x axis.
    pub fn point(&self) -> f64 {
        self.value(&self.x().id)
    }

    /// The report is of the present state.
    pub fn is_measured(&self) -> bool {
        self.known >= Known::Measured
    }

    /// The run at the operating point, if it is of the state that the curve shown is of: of the
    /// present one or, until that has a curve or other faults have been measured, of the one before.
    pub fn measured(&self) -> Option<&RunReport> {
        let is_before = || {
            let x_of = |settings| self.scenario.value(settings, &self.x);
            self.curve.is_some()
                && self.is_same_curve(&self.curve_of, &self.report_of)
                && x_of(&self.report_of) == x_of(&self.settings)
        };
        self.report.as_deref().filter(|_| self.is_measured() || is_before())
    }

    /// What a link to this state says.
    pub fn link(&self) -> Link {
        Link {
            scenario: Arc::clone(&self.scenario),
            document: self.document.clone(),
            settings: self.settings.clone(),
            before: self.ghost.as_ref().map(|ghost| ghost.settings.clone()),
        }
    }

    /// A hand is turning a knob.
    pub fn is_turned(&self) -> bool {
        self.history.present().settings.knobs != self.settings.knobs
    }

    /// Nothing is being turned or moved.
    pub fn is_committed(&self) -> bool {
        *self.history.present() == self.state()
    }

    /// There is something to undo.
    pub fn can_undo(&self) -> bool {
        self.history.can_undo()
    }

    /// There is something to redo.
    pub fn can_redo(&self) -> bool {
        self.history.can_redo()
    }

    /// The state after an action.
    #[must_use]
    pub fn reduce(mut self, action: Action) -> Self {
        match action {
            Action::Turn(id, value) => self.turn(&id, value),
            Action::Step(id, steps) => self.step(&id, steps),
            Action::Commit => self.commit(),
            Action::Toggle(id) => self.toggle(&id),
            Action::DropFault(fault) => self.drop_fault(fault),
            Action::ShapeFault(index, fault) => self.shape_fault(index, |_| fault),
            Action::NudgeFault(index, end, by_ms, step_ms) => {
                self.shape_fault(index, |fault| fault.moved(end, by_ms, step_ms));
            }
            Action::WriteFault(index, figure, value) => {
                self.shape_fault(index, |fault| fault.with(figure, value));
                self.commit();
            }
            Action::LiftFault(index) => self.lift_fault(index),
            Action::Axis(id) => self.set_axis(id),
            Action::ToggleMeasure(measure) => self.toggle_measure(measure),
            Action::Walk(is_wanted) => self.set_walk(is_wanted),
            Action::Seed(seed) => self.sow(seed),
            Action::NextSeed => self.sow_next(),
            Action::Pin => self.pin(),
            Action::Unpin => self.compare_with(None),
            Action::Open(scenario) => self.open(scenario),
            Action::Neighbour(places) => self.open_neighbour(places),
            Action::Visit(decoded) => {
                let Decoded { link, notices } = *decoded;
                self.notices.extend(notices);
                self.go_to(link);
                self.history.visit(self.state());
            }
            Action::Reset => {
                self.change(Settings { seed: self.settings.seed, ..Settings::default() });
                self.commit();
            }
            Action::Undo => {
                if let Some(state) = self.history.undo().cloned() {
                    self.restore(state);
                }
            }
            Action::Redo => {
                if let Some(state) = self.history.redo().cloned() {
                    self.restore(state);
                }
            }
            Action::Answered(answer) => self.answered(*answer),
            Action::Restarted => {
                self.ask_curve();
                self.ask_point();
                self.ask_spare_again();
            }
            Action::Gallery(is_open) => self.show_gallery(is_open),
            Action::Verify(claims, seeds) => self.verify(claims, seeds),
            Action::Notice(text) => {
                if !self.notices.contains(&text) {
                    self.notices.push(text);
                }
            }
            Action::DismissNotices => self.notices.clear(),
        }
        self
    }

    fn state(&self) -> State {
        State {
            scenario: Arc::clone(&self.scenario),
            document: self.document.clone(),
            settings: self.settings.clone(),
            x: self.x.clone(),
        }
    }

    fn restore(&mut self, state: State) {
        let State { scenario, document, settings, x } = state;
        let before = self.ghost.as_ref().map(|ghost| ghost.settings.clone());
        self.go_to(Link { scenario, document, settings, before });
        if self.x != x {
            self.x = x;
            self.forget_curves();
        }
    }

    fn go_to(&mut self, link: Link) {
        let Link { scenario, document, settings, before } = link;
        if self.state().is_of(&scenario, document.as_deref()) {
            let known = self.ghost.as_ref().map(|ghost| &ghost.settings);
            if known != before.as_ref() {
                self.compare_with(before.map(|settings| Ghost { settings, curve: None }));
            }
            self.change(settings);
            return;
        }
        self.x.clone_from(&scenario.knobs[0].id);
        (self.scenario, self.document, self.settings) = (scenario, document, settings);
        self.ghost = before.map(|settings| Ghost { settings, curve: None });
        (self.report, self.explanation, self.comparison) = (None, None, None);
        self.traces = None;
        self.views = Views::default();
        self.forget_proofs();
        self.forget_curves();
    }

    fn commit(&mut self) {
        if self.history.commit(self.state()) {
            self.commits += 1;
        }
    }
}

/// A session on the first scenario.
impl Default for Session {
    fn default() -> Self {
        let link = Link {
            scenario: catalogue::first(),
            document: None,
            settings: Settings::default(),
            before: None,
        };
        Self::new(Decoded { link, notices: Vec::new() })
    }
}

#[cfg(test)]
mod tests;
