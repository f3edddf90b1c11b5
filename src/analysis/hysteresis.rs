//! Load up, then down, within one running system: does it come back where it broke?
//!
//! The walk climbs the values of a knob, each held until its state is plain, goes a little beyond
//! the first that breaks, and comes down again until the objective is met once more. Nothing is
//! started anew: queues, caches, retries under way and users who wait are carried from level to
//! level. A system with a second state breaks at one load and recovers only far below it: the load
//! up to which it is sure to recover by itself is its *hidden* capacity, the load that breaks it
//! the *advertised* one.
//!
//! Left out: faults, scheduled or dropped by hand; the walk asks what load alone does.
//! Source: Bronson, Aghayev, Charapko and Zhu, "Metastable failures in distributed systems"
//! (`HotOS` 2021).

mod found;

mod holding;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::engine::{SimDuration, SimTime};
use crate::model::Simulation;
use crate::model::system::{Part, System};
use crate::scenario::{Knob, Mistakes, Scenario, Settings};

pub use self::found::{Finding, Hysteresis};
use self::holding::{Held, Holding};
use super::curve::values_of;
use super::report::CurvePoint;

/// Steps between two values of a curve where the state turns.
const FINE_STEPS: u32 = 4;
/// Values beyond the turn that are walked, so that it is no passing one.
const BEYOND: u32 = 2;
/// Shortest block of time, in seconds.
const BLOCK_SECS_MIN: f64 = 5.0;
/// Shortest block of time, in objectives of p99: time for several timeouts and retries.
const BLOCK_OBJECTIVES: f64 = 4.0;
/// At one load, a state that loses so much more of the requests is another one..
const MUCH_LOST: f64 = 0.05;
/// ..or one whose p99 is so many times as long.
const MUCH_SLOWER: f64 = 5.0;
/// How often a change that needs users at rest is tried, before it is given up.
const TRIES: u32 = 400;

/// Which way the load goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// A walk under way.
#[derive(Debug)]
pub struct HysteresisJob {
    scenario: Arc<Scenario>,
    settings: Settings,
    knob: Knob,
    unit: SimDuration,
    walker: Walker,
    /// Where the walk could go back to: the end of the level before, and the levels still to come.
    snapshot: Option<Box<Walker>>,
    way: Way,
    /// Values still to come on this way.
    levels: VecDeque<f64>,
    /// The turn of this way has been walked in fine steps.
    is_fine: bool,
    /// Levels in the other state since the turn.
    beyond: u32,
    found: Hysteresis,
}

/// A system in motion at a level.
#[derive(Debug, Clone)]
struct Walker {
    system: System,
    simulation: Simulation,
    /// The value it is at.
    x: f64,
    holding: Option<Holding>,
    /// Tries to change to the next level.
    tries: u32,
}

impl HysteresisJob {
    /// A walk over `knob`, everything else as in `settings`.
    ///
    /// # Errors
    /// Names what is wrong with the settings, or the knob if there is none of this name.
    pub fn new(
        scenario: &Arc<Scenario>,
        settings: &Settings,
        knob: &str,
    ) -> Result<Self, Mistakes> {
        let Some(knob) = scenario.knob(knob).cloned() else {
            return Err(Mistakes::one("knob", format!("`{knob}`"), "a knob of the scenario"));
        };
        let levels: VecDeque<f64> = values_of(&knob).into();
        let (scenario, settings) = (Arc::clone(scenario), settings.clone());
        let x = levels.front().copied().unwrap_or(knob.min);
        let system = system_at(&scenario, &settings, &knob, x)?;
        let impossible = |error| Mistakes::one("parts", error, "a system that can be built");
        let simulation = Simulation::new(&system, scenario.seed(&settings)).map_err(impossible)?;
        let block_ms = (BLOCK_OBJECTIVES * scenario.objective.p99_ms).max(BLOCK_SECS_MIN * 1e3);
        let unit = SimDuration::from_ms(block_ms);
        let parts = simulation.part_ids().map(str::to_owned).collect();
        let found = Hysteresis { knob: knob.id.clone(), parts, ..Hysteresis::default() };
        let walker = Walker { system, simulation, x, holding: None, tries: 0 };
        Ok(Self {
            scenario,
            settings,
            knob,
            unit,
            walker,
            snapshot: None,
            way: Way::Up,
            levels,
            is_fine: false,
            beyond: 0,
            found,
        })
    }

    /// Goes on for about `events` events; true when another level is done, or the walk is over.
    pub fn step(&mut self, events: u64) -> bool {
        if self.found.is_finished() {
            return true;
        }
        if self.walker.holding.is_none() && !self.change_level(events) {
            return self.found.is_finished();
        }
        let walker = &mut self.walker;
        let Some(holding) = &mut walker.holding else { return false };
        let objective = &self.scenario.objective;
        let held = holding.step(&mut walker.simulation, objective, events);
        self.found.events = walker.simulation.events_count();
        let Some(held) = held else { return false };
        walker.holding = None;
        self.level_done(held);
        true
    }

    /// What was found so far.
    pub fn found(&self) -> &Hysteresis {
        &self.found
    }

    /// Takes the system to the next level; false if that takes more time, or cannot be done.
    fn change_level(&mut self, events: u64) -> bool {
        let Some(&x) = self.levels.front() else {
            self.finish();
            return false;
        };
        let walker = &mut self.walker;
        if x.to_bits() != walker.x.to_bits() {
            let changed = system_at(&self.scenario, &self.settings, &self.knob, x).ok();
            let changed = changed.filter(|system| {
                matches!(walker.simulation.change(&walker.system, system), Ok(true))
            });
            let Some(system) = changed else {
                walker.tries += 1;
                // On the way up nobody has to leave, so it is no matter of time.
                if self.way == Way::Up || walker.tries > TRIES {
                    self.found.finding = Finding::CannotWalk;
                    self.found.up.clear();
                } else {
                    let wait = SimDuration(self.unit.0 / 20);
                    let until: SimTime = walker.simulation.now() + wait;
                    let _ = walker.simulation.advance_until(until, events);
                }
                return false;
            };
            (walker.system, walker.x, walker.tries) = (system, x, 0);
        }
        self.levels.pop_front();
        self.walker.holding =
            Some(Holding::new(x, &self.walker.simulation, self.unit, self.way == Way::Down));
        true
    }

    fn level_done(&mut self, held: Held) {
        let has_turned = held.is_broken == (self.way == Way::Up);
        if has_turned && !self.is_fine && self.walk_finely(held.point.x) {
            return;
        }
        let (x, is_last) = (held.point.x, self.levels.is_empty());
        match self.way {
            Way::Up => {
                self.found.up.push(held.point);
                if !held.is_broken {
                    self.found.breaks_at = None;
                } else if self.found.breaks_at.is_none() {
                    self.found.breaks_at = Some(x);
                }
            }
            Way::Down => {
                self.found.down.push(held.point);
                if held.is_broken {
                    self.found.recovers_below = Some(x);
                }
            }
        }
        let is_coarse = values_of(&self.knob).iter().any(|value| value.to_bits() == x.to_bits());
        match (has_turned, is_coarse) {
            (false, true) => {
                // Perhaps after a turn that did not last: the next one is looked at as closely.
                (self.is_fine, self.beyond) = (false, 0);
                self.snapshot = Some(Box::new(self.walker.clone()));
            }
            (true, true) => self.beyond += 1,
            (_, false) => {}
        }
        if is_last || self.beyond >= BEYOND || self.walker.simulation.is_stopped() {
            self.end_of_way();
        }
    }

    /// Goes back to the level before and comes to this one in smaller steps; false if there is no
    /// level before, or no value between.
    fn walk_finely(&mut self, x: f64) -> bool {
        self.is_fine = true;
        let Some(before) = self.snapshot.take() else { return false };
        let (from, to) = (self.knob.position(before.x), self.knob.position(x));
        let share = |step| f64::from(step) / f64::from(FINE_STEPS);
        let mut between: Vec<f64> =
            (1..FINE_STEPS).map(|step| self.knob.at(from + (to - from) * share(step))).collect();
        between.push(x);
        between.dedup_by(|a, b| a.to_bits() == b.to_bits());
        between.retain(|value| value.to_bits() != before.x.to_bits());
        if between.len() < 2 {
            self.snapshot = Some(before);
            return false;
        }
        between.into_iter().rev().for_each(|value| self.levels.push_front(value));
        self.walker = *before;
        true
    }

    /// Turns round at the top; ends at the bottom.
    fn end_of_way(&mut self) {
        let is_up = self.way == Way::Up;
        if !is_up || self.found.breaks_at.is_none() || self.walker.simulation.is_stopped() {
            self.finish();
            return;
        }
        if self.found.up.first().map(|point| point.x) == self.found.breaks_at {
            self.finish();
            return;
        }
        (self.way, self.is_fine, self.beyond) = (Way::Down, false, 0);
        let top = self.walker.x;
        self.levels = values_of(&self.knob).into_iter().rev().filter(|x| *x < top).collect();
        self.snapshot = Some(Box::new(self.walker.clone()));
    }

    fn finish(&mut self) {
        let found = &mut self.found;
        found.digest = Some(format!("{:016x}", self.walker.simulation.digest()));
        let is_stuck = found.down.last().map(|point| point.x) == found.recovers_below;
        // Nearer to each other than two values of the curve, the turns are one and the same.
        let step = 1.0 / (values_of(&self.knob).len().max(2) - 1) as f64;
        let place = |x: Option<f64>| x.map_or(0.0, |x| self.knob.position(x));
        let is_apart = place(found.breaks_at) - place(found.recovers_below) > 0.95 * step;
        let is_before = |up: &&CurvePoint| found.breaks_at.is_some_and(|x| up.x < x);
        let has_two = is_apart
            && found.recovers_below.is_some()
            && found.up.iter().filter(is_before).any(|up| {
                let down = found.down.iter().find(|down| down.x.to_bits() == up.x.to_bits());
                down.is_some_and(|down| is_much_worse(down, up))
            });
        found.finding = match found.breaks_at {
            None => Finding::NeverBroken,
            Some(x) if found.up.first().is_some_and(|first| first.x >= x) => Finding::AlwaysBroken,
            Some(_) if found.down.is_empty() || !has_two => Finding::OneState,
            Some(_) if is_stuck => Finding::NoWayBack,
            Some(_) => Finding::TwoStates,
        };
    }
}

/// The two are different states, rather than one seen twice near the limit of the objective.
fn is_much_worse(down: &CurvePoint, up: &CurvePoint) -> bool {
    let loses = down.error_share - up.error_share > MUCH_LOST;
    let p99s = (down.latency_ms.p99, up.latency_ms.p99);
    loses || matches!(p99s, (Some(down), Some(up)) if down > MUCH_SLOWER * up)
}

/// The system with the knob at `x`, without faults.
fn system_at(
    scenario: &Scenario,
    settings: &Settings,
    knob: &Knob,
    x: f64,
) -> Result<System, Mistakes> {
    let mut settings = settings.clone();
    settings.knobs.insert(knob.id.clone(), x);
    let mut system = scenario.system(&settings)?;
    system.parts.retain(|part| !matches!(part, Part::Fault(_)));
    Ok(system)
}

/// A whole walk.
///
/// # Errors
/// Names what is wrong with the settings, or the knob if there is none of this name.
pub fn hysteresis(
    scenario: &Arc<Scenario>,
    settings: &Settings,
    knob: &str,
    mut progress: impl FnMut(&Hysteresis),
) -> Result<Hysteresis, Mistakes> {
    let mut job = HysteresisJob::new(scenario, settings, knob)?;
    while !job.found.is_finished() {
        if job.step(u64::MAX) {
            progress(&job.found);
        }
    }
    Ok(job.found)
}

#[cfg(test)]
mod tests;
