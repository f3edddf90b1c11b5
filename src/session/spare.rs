//! What the worker does that nothing waits for: what each fix would do, small curves of the
//! catalogue, and claims on many seeds.
//!
//! It begins when the main curve is finished, and rests as soon as the state changes.

use std::rc::Rc;

use super::jobs::{Question, TELLING_PASSES, Want};
use super::proofs::Proofs;
use super::{Session, words};
use crate::analysis::hysteresis::Hysteresis;
use crate::analysis::report::Curve;
use crate::scenario::link::{self, Link};
use crate::scenario::{Settings, catalogue};

/// Passes of the effect of a fix: its knee then moves by a few per cent at most.
const EFFECT_PASSES: u32 = 6;

/// What the worker has been asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Task {
    #[default]
    Rest,
    Effects,
    Sketches,
    Claims,
    Walk,
}

/// What the worker has been asked, and has answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spare {
    /// Rises when the worker is to be asked anew.
    pub id: u32,
    task: Task,
    /// The curve with each fix switched on, where it is off; of the present state and axis.
    effects: Vec<Option<Rc<Curve>>>,
    /// The gallery is open.
    wants_sketches: bool,
    /// Which scenarios of the catalogue the worker was asked to sketch.
    asked: Vec<usize>,
    /// A small curve of each scenario of the catalogue, as far as there is one.
    sketches: Vec<Option<Rc<Curve>>>,
    /// Load up and down over the present axis, as far as it has come.
    pub walk: Option<Rc<Hysteresis>>,
    /// Claims, once somebody looked at them.
    pub proofs: Option<Rc<Proofs>>,
}

impl Session {
    /// What to ask the spare worker.
    pub fn spare_question(&self) -> Question {
        let want = match self.spare.task {
            Task::Rest => Want::Rest,
            Task::Effects => {
                let fixes = self.scenario.fixes.iter().filter(|fix| !self.is_on(&fix.id));
                let links = fixes.map(|fix| self.link_of(self.toggled(&fix.id)));
                let (knob, links) = (self.x.clone(), links.collect());
                Want::Sketches { knob, links, passes: EFFECT_PASSES }
            }
            Task::Sketches => {
                let all = catalogue::entries();
                let link = |&index: &usize| {
                    let scenario = std::sync::Arc::clone(all[index].scenario());
                    let settings = Settings::default();
                    link::encode(&Link { scenario, document: None, settings, before: None })
                };
                let links = self.spare.asked.iter().map(link).collect();
                Want::Sketches { knob: String::new(), links, passes: 1 }
            }
            Task::Walk => Want::Walk { knob: self.x.clone() },
            Task::Claims => {
                let proofs = self.spare.proofs.as_ref();
                let claims = proofs.map(|proofs| proofs.text.clone()).unwrap_or_default();
                Want::Claims { claims, seeds: proofs.map_or(0, |proofs| proofs.seeds) }
            }
        };
        // Claims are of the document, whatever is set.
        let is_walk = self.spare.task == Task::Walk;
        let settings = if is_walk { self.settings.clone() } else { Settings::default() };
        Question { id: self.spare.id, link: self.link_of(settings), want }
    }

    fn link_of(&self, settings: Settings) -> String {
        link::encode(&Link { settings, before: None, ..self.link() })
    }

    fn is_on(&self, fix: &str) -> bool {
        self.settings.fixes.contains(fix)
    }

    /// What a fix that is off would do to the knee, such as `knee × 4.2`, and whether that is
    /// better; `None` before it is known.
    pub fn effect_of(&self, fix: &str) -> Option<(String, Option<bool>)> {
        let mut off = self.scenario.fixes.iter().filter(|fix| !self.is_on(&fix.id));
        let index = off.position(|known| known.id == fix)?;
        let after = self.spare.effects.get(index)?.as_ref()?;
        if after.pass < TELLING_PASSES && !after.finished {
            return None;
        }
        let before = self.curve.as_ref().filter(|curve| curve.knob == after.knob)?;
        words::knee_change(self, before, after)
    }

    /// The small curve of a scenario of the catalogue, by its place there.
    pub fn sketch(&self, index: usize) -> Option<&Curve> {
        self.spare.sketches.get(index)?.as_deref()
    }

    /// An answer with this id is to what the spare worker is doing.
    pub(super) fn is_spare(&self, id: u32) -> bool {
        self.spare.task != Task::Rest && id == self.spare.id
    }

    /// Lets the spare worker rest, as what it does no longer concerns the present state.
    pub(super) fn rest(&mut self) {
        self.spare.effects.clear();
        self.spare.walk = None;
        if matches!(self.spare.task, Task::Effects | Task::Walk) {
            self.set_task(Task::Rest);
        }
    }

    /// The gallery has been opened or closed.
    pub(super) fn show_gallery(&mut self, is_open: bool) {
        self.spare.wants_sketches = is_open;
        self.next_task();
    }

    /// Forgets the claims of another scenario.
    pub(super) fn forget_proofs(&mut self) {
        self.spare.proofs = None;
        if self.spare.task == Task::Claims {
            self.set_task(Task::Rest);
        }
    }

    /// A curve of the spare worker.
    pub(super) fn sketched(&mut self, index: usize, curve: Curve) {
        let curve = Some(Rc::new(curve));
        match self.spare.task {
            Task::Effects => {
                if self.spare.effects.len() <= index {
                    self.spare.effects.resize(index + 1, None);
                }
                self.spare.effects[index] = curve;
            }
            Task::Sketches => {
                if let Some(&place) = self.spare.asked.get(index)
                    && let Some(sketch) = self.spare.sketches.get_mut(place)
                {
                    *sketch = curve;
                }
                self.next_task();
            }
            Task::Rest | Task::Claims | Task::Walk => {}
        }
    }

    /// More of the walk up and down.
    pub(super) fn walked(&mut self, found: Hysteresis) {
        let is_over = found.is_finished();
        self.spare.walk = Some(Rc::new(found));
        if is_over {
            self.next_task();
        }
    }

    /// Asks the spare worker for what is wanted most, unless it is at that already.
    pub(super) fn next_task(&mut self) {
        let count = catalogue::entries().len();
        self.spare.sketches.resize(count, None);
        let missing: Vec<usize> =
            (0..count).filter(|&index| self.spare.sketches[index].is_none()).collect();
        let is_proving = self.spare.proofs.as_ref().is_some_and(|proofs| proofs.is_running());
        let is_finished = self.curve.as_ref().is_some_and(|curve| curve.finished);
        let is_whole = is_finished && !self.is_first_pass_under_way();
        let task = if self.spare.wants_sketches && !missing.is_empty() {
            Task::Sketches
        } else if self.wants_walk() && self.has_curve() && !self.is_walked() {
            Task::Walk
        } else if is_proving {
            Task::Claims
        } else if is_whole && self.settings.fixes.len() < self.scenario.fixes.len() {
            Task::Effects
        } else {
            Task::Rest
        };
        if task == self.spare.task {
            return;
        }
        // Known effects of the present state need not be found again.
        let off = self.scenario.fixes.len() - self.settings.fixes.len();
        let known = self.spare.effects.iter().filter(|effect| effect.is_some()).count();
        if task == Task::Effects && known == off {
            return;
        }
        if task == Task::Sketches {
            self.spare.asked = missing;
        }
        if task == Task::Claims
            && let Some(proofs) = &mut self.spare.proofs
        {
            Rc::make_mut(proofs).trials.iter_mut().for_each(Vec::clear);
        }
        self.set_task(task);
    }

    /// The first curve of the present state is there.
    fn has_curve(&self) -> bool {
        self.curve.is_some() && !self.is_first_pass_under_way()
    }

    fn is_walked(&self) -> bool {
        self.spare.walk.as_ref().is_some_and(|walk| walk.is_finished())
    }

    /// What the spare worker is at is wanted no longer.
    pub(super) fn drop_task(&mut self) {
        self.set_task(Task::Rest);
    }

    fn set_task(&mut self, task: Task) {
        self.spare.task = task;
        self.spare.id += 1;
    }

    /// What the spare worker was asked is lost.
    pub(super) fn ask_spare_again(&mut self) {
        self.spare.effects.clear();
        self.spare.task = Task::Rest;
        self.next_task();
    }
}

#[cfg(test)]
mod tests;
