//! Changes of the state: knobs, fixes and the axis, and what is to be computed anew after them.

use std::rc::Rc;

use super::{CURVE_SHARES, Ghost, Known, Session};
use crate::analysis::report::Curve;
use crate::scenario::Settings;

impl Session {
    pub(super) fn turn(&mut self, id: &str, value: f64) {
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

    pub(super) fn toggle(&mut self, id: &str) {
        if self.scenario.fix(id).is_none() {
            return;
        }
        let settings = self.toggled(id);
        self.pin();
        self.change(settings);
        self.commit();
    }

    /// The state with a fix switched, without the fixes that exclude it.
    pub(super) fn toggled(&self, id: &str) -> Settings {
        let mut settings = self.settings.clone();
        if !settings.fixes.remove(id) {
            // Exclusion holds whichever of the two names the other.
            let excludes = |one: &str, other: &str| {
                let fix = self.scenario.fix(one);
                fix.is_some_and(|fix| fix.excludes.iter().any(|excluded| excluded == other))
            };
            settings.fixes.retain(|on| !excludes(on, id) && !excludes(id, on));
            settings.fixes.insert(id.to_owned());
        }
        settings
    }

    /// Keeps the present state as the ghost, with its curve if that is the one shown.
    pub(super) fn pin(&mut self) {
        let curve = self.present_curve().map(Rc::clone);
        self.compare_with(Some(Ghost { settings: self.settings.clone(), curve }));
    }

    pub(super) fn compare_with(&mut self, ghost: Option<Ghost>) {
        self.ghost = ghost;
        self.comparison = None;
        self.ask_point();
    }

    /// The curve, once it is of the present state.
    pub fn present_curve(&self) -> Option<&Rc<Curve>> {
        let is_present = self.is_same_curve(&self.curve_of, &self.settings);
        self.curve.as_ref().filter(|curve| is_present && curve.knob == self.x)
    }

    /// The two states differ in the operating point at most.
    pub(super) fn is_same_curve(&self, one: &Settings, other: &Settings) -> bool {
        let others = |settings: &Settings| {
            let mut settings = settings.clone();
            settings.knobs.remove(&self.x);
            self.scenario.lasting(settings)
        };
        others(one) == others(other)
    }

    pub(super) fn set_axis(&mut self, id: String) {
        if id == self.x || self.scenario.knob(&id).is_none() {
            return;
        }
        self.x = id;
        self.forget_curves();
        self.commit();
    }

    /// Goes to another state; the curve is kept while only the operating point moves along it.
    pub(super) fn change(&mut self, settings: Settings) {
        if settings == self.settings {
            return;
        }
        let is_same_curve = self.is_same_curve(&settings, &self.settings);
        self.settings = settings;
        self.let_ghost_follow();
        self.ask_point();
        if !is_same_curve && !self.is_first_pass_under_way() {
            self.ask_curve();
        }
    }

    /// While workers are busy with a first pass they are left to finish it: were every step of a
    /// drag to start them anew, no curve would appear before the hand rests.
    pub fn is_first_pass_under_way(&self) -> bool {
        self.shares.iter().any(Option::is_none)
    }

    pub(super) fn ask_curve(&mut self) {
        self.curve_id += 1;
        self.asked = self.settings.clone();
        self.shares = vec![None; CURVE_SHARES];
        self.merged = None;
        self.rest();
    }

    pub(super) fn ask_point(&mut self) {
        self.point_id += 1;
        self.known = Known::Nothing;
    }

    /// Nothing drawn so far can be shown on the present axes.
    pub(super) fn forget_curves(&mut self) {
        self.curve = None;
        if let Some(ghost) = &mut self.ghost {
            ghost.curve = None;
        }
        self.ask_curve();
        self.ask_point();
    }
}
