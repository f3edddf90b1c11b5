//! What the user is doing: one state, changed only by actions, with no screen and no clock.

pub mod jobs;

use std::rc::Rc;
use std::sync::Arc;

use self::jobs::{Answer, Outcome};
use crate::analysis::curve::merge;
use crate::analysis::report::{Curve, Explanation, RunReport};
use crate::scenario::link::{Decoded, Link};
use crate::scenario::{Scale, Scenario, Settings, catalogue};

/// Commits that can be undone.
const UNDO_MAX: usize = 200;

/// A curve with the state it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Ghost {
    /// The state.
    pub settings: Settings,
    /// Its curve.
    pub curve: Rc<Curve>,
}

/// The state of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// The scenario shown.
    pub scenario: Arc<Scenario>,
    /// Text of its document, if it is not in the catalogue.
    pub document: Option<String>,
    /// Its state.
    pub settings: Settings,
    /// The state before the present change, which undo returns to.
    committed: Settings,
    undo: Vec<Settings>,
    redo: Vec<Settings>,
    /// Curve of the present state; until its first pass, of the state before.
    pub curve: Option<Rc<Curve>>,
    shares: Vec<Curve>,
    /// Curve of the state before the last change.
    pub ghost: Option<Ghost>,
    /// Run at the operating point.
    pub report: Option<Rc<RunReport>>,
    /// Why it came out so.
    pub explanation: Option<Rc<Explanation>>,
    /// Problems to tell the user.
    pub notices: Vec<String>,
    /// Rises when the curve has to be computed anew.
    pub curve_id: u32,
    /// Rises when the operating point has to be computed anew.
    pub point_id: u32,
}

/// Everything that can happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A knob is being turned.
    Turn(String, f64),
    /// The change is over: one step of undo.
    Commit,
    /// A fix is switched.
    Toggle(String),
    /// A link or a scenario of the menu is opened.
    Open(Box<Decoded>),
    /// The document's state again.
    Reset,
    /// The state before the last commit.
    Undo,
    /// The state before the last undo.
    Redo,
    /// A worker answered.
    Answered(Answer),
    /// Something went wrong outside.
    Notice(String),
    /// The notices were read.
    DismissNotices,
}

/// How many workers share a curve.
pub const CURVE_SHARES: usize = 2;

impl Session {
    /// A session on what a link says.
    pub fn new(decoded: Decoded) -> Self {
        let Decoded { link: Link { scenario, document, settings, .. }, notices } = decoded;
        Self {
            scenario,
            document,
            committed: settings.clone(),
            settings,
            undo: Vec::new(),
            redo: Vec::new(),
            curve: None,
            shares: Vec::new(),
            ghost: None,
            report: None,
            explanation: None,
            notices,
            curve_id: 1,
            point_id: 1,
        }
    }

    /// The knob on the x axis.
    pub fn x(&self) -> &crate::scenario::Knob {
        &self.scenario.knobs[0]
    }

    /// The value of a knob.
    pub fn value(&self, id: &str) -> f64 {
        self.scenario.value(&self.settings, id).unwrap_or(0.0)
    }

    /// What a link to this state says.
    pub fn link(&self) -> Link {
        Link {
            scenario: Arc::clone(&self.scenario),
            document: self.document.clone(),
            settings: self.settings.clone(),
            before: None,
        }
    }

    /// There is something to undo.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// There is something to redo.
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// The state after an action.
    #[must_use]
    pub fn reduce(mut self, action: Action) -> Self {
        match action {
            Action::Turn(id, value) => self.turn(&id, value),
            Action::Commit => self.commit(),
            Action::Toggle(id) => {
                let mut settings = self.settings.clone();
                if !settings.fixes.remove(&id)
                    && let Some(fix) = self.scenario.fix(&id)
                {
                    for other in &fix.excludes {
                        settings.fixes.remove(other);
                    }
                    // Exclusion holds whichever of the two names it.
                    for other in &self.scenario.fixes {
                        if other.excludes.contains(&id) {
                            settings.fixes.remove(&other.id);
                        }
                    }
                    settings.fixes.insert(id);
                }
                self.change(settings);
                self.commit();
            }
            Action::Open(decoded) => {
                let (curve_id, point_id) = (self.curve_id, self.point_id);
                let same = decoded.link.scenario.id == self.scenario.id
                    && decoded.link.document == self.document;
                if same && decoded.link.settings == self.settings {
                    self.notices.extend(decoded.notices);
                    return self;
                }
                let mut opened = Self::new(*decoded);
                opened.curve_id = curve_id + 1;
                opened.point_id = point_id + 1;
                return opened;
            }
            Action::Reset => {
                self.change(Settings::default());
                self.commit();
            }
            Action::Undo => {
                if let Some(settings) = self.undo.pop() {
                    self.redo.push(self.settings.clone());
                    self.change(settings.clone());
                    self.committed = settings;
                }
            }
            Action::Redo => {
                if let Some(settings) = self.redo.pop() {
                    self.undo.push(self.settings.clone());
                    self.change(settings.clone());
                    self.committed = settings;
                }
            }
            Action::Answered(answer) => self.answered(answer),
            Action::Notice(text) => self.notices.push(text),
            Action::DismissNotices => self.notices.clear(),
        }
        self
    }

    fn turn(&mut self, id: &str, value: f64) {
        let Some(knob) = self.scenario.knob(id) else { return };
        let value = knob.clamp(value);
        let mut settings = self.settings.clone();
        if value.to_bits() == knob.default.to_bits() {
            settings.knobs.remove(id);
        } else {
            settings.knobs.insert(id.to_owned(), value);
        }
        self.change(settings);
    }

    /// Goes to another state; the curve is kept while only the operating point moves along it.
    fn change(&mut self, settings: Settings) {
        if settings == self.settings {
            return;
        }
        let x = self.x().id.clone();
        let without_x = |settings: &Settings| {
            let mut settings = settings.clone();
            settings.knobs.remove(&x);
            settings
        };
        let curve_changes = without_x(&settings) != without_x(&self.settings);
        if curve_changes {
            let first_change = without_x(&self.settings) == without_x(&self.committed);
            if first_change && let Some(curve) = &self.curve {
                let curve = Rc::clone(curve);
                self.ghost = Some(Ghost { settings: self.settings.clone(), curve });
            }
            self.curve_id += 1;
            self.shares.clear();
        }
        self.point_id += 1;
        self.settings = settings;
    }

    fn commit(&mut self) {
        if self.settings == self.committed {
            return;
        }
        let before = std::mem::replace(&mut self.committed, self.settings.clone());
        self.undo.push(before);
        if self.undo.len() > UNDO_MAX {
            self.undo.remove(0);
        }
        self.redo.clear();
    }

    fn answered(&mut self, Answer { id, result }: Answer) {
        match result {
            Outcome::Curve(share, curve) if id == self.curve_id => {
                self.shares.resize_with(share.of.max(self.shares.len()), empty);
                self.shares[share.index] = curve;
                if self.shares.iter().all(|share| share.pass > 0) {
                    let scale = self.x().scale;
                    let merged = merge(&self.shares, &self.scenario.objective, scale);
                    self.curve = Some(Rc::new(merged));
                }
            }
            Outcome::Report(report) if id == self.point_id => self.report = Some(Rc::new(report)),
            Outcome::Explanation(found) if id == self.point_id => {
                self.explanation = Some(Rc::new(found));
            }
            Outcome::Error(text) if id == self.curve_id || id == self.point_id => {
                self.notices.push(text);
            }
            _ => {}
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

fn empty() -> Curve {
    merge(&[], &crate::scenario::Objective { p99_ms: 1.0, error_share: 0.0 }, Scale::Linear)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_the_operating_point_keeps_the_curve() {
        let session = Session::default();
        let (curve_id, point_id) = (session.curve_id, session.point_id);
        let moved = session.reduce(Action::Turn("users".to_owned(), 500.0));
        assert_eq!((moved.curve_id, moved.point_id), (curve_id, point_id + 1));
        let changed = moved.reduce(Action::Turn("posts".to_owned(), 100.0));
        assert_eq!(changed.curve_id, curve_id + 1);
    }

    #[test]
    fn a_drag_is_one_step_of_undo() {
        let mut session = Session::default();
        for posts in [20.0, 50.0, 100.0] {
            session = session.reduce(Action::Turn("posts".to_owned(), posts));
        }
        session = session.reduce(Action::Commit).reduce(Action::Toggle("join".to_owned()));
        assert!(session.settings.fixes.contains("join"));
        session = session.reduce(Action::Undo);
        assert!((session.value("posts") - 100.0).abs() < 1e-9 && session.settings.fixes.is_empty());
        session = session.reduce(Action::Undo);
        assert_eq!(session.settings, Settings::default());
        assert!(!session.can_undo());
        session = session.reduce(Action::Redo).reduce(Action::Redo);
        assert!(session.settings.fixes.contains("join") && !session.can_redo());
    }

    #[test]
    fn fixes_that_exclude_each_other_replace_each_other() {
        let session = Session::default()
            .reduce(Action::Toggle("join".to_owned()))
            .reduce(Action::Toggle("batch".to_owned()));
        assert_eq!(session.settings.fixes, ["batch".to_owned()].into());
    }

    #[test]
    fn late_answers_are_ignored() {
        let session = Session::default();
        let late = Answer { id: 0, result: Outcome::Error("late".to_owned()) };
        assert_eq!(session.clone().reduce(Action::Answered(late)), session);
    }
}
