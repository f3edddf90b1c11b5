//! One run over simulated time, window by window, whose settings may change while it goes on.
//!
//! What happens is a [`Script`]: settings to begin with, and other settings at later times. The same
//! script gives the same windows, in whatever slices it is followed. A change takes effect between
//! two events at its time; the state of the run is carried over where [`Simulation::change`] can,
//! else the system starts again at that time, empty, and the time is among the restarts.
//!
//! Memory is constant: when there are 200 windows, neighbours are merged and windows become twice
//! as long.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::histogram::Histogram;
use crate::engine::{SimDuration, SimTime};
use crate::model::system::System;
use crate::model::{BuildError, Progress, Simulation, Totals};
use crate::scenario::{Mistakes, RunEnd, Scenario, Settings};

/// Merged to half as many when reached.
const WINDOWS_MAX: usize = 200;
/// Requests that a window should hold at least, at the rate of the start.
const REQUESTS_MIN: f64 = 50.0;
/// A run without an end of its own is shown for at least so long at first.
const SPAN_MIN_MS: f64 = 60_000.0;
/// The rate of the start is measured over so many requests.
const PILOT_REQUESTS: u64 = 500;
/// And so many events at most.
const PILOT_EVENTS: u64 = 200_000;

/// What happens in a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Script {
    /// Settings at the start; the seed and the faults are those of the whole run.
    pub settings: Settings,
    /// Other settings later, ascending in time.
    pub changes: Vec<Change>,
}

/// Other settings from a time on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// When, in milliseconds.
    pub at_ms: f64,
    /// Knobs and fixes from then on.
    pub settings: Settings,
}

/// What was counted in one window of time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Window {
    /// Requests sent.
    pub sent: u64,
    /// Attempts beyond the first of each call.
    pub retries: u64,
    /// Requests answered in time and right.
    pub right: u64,
    /// Requests that ended in any other way.
    pub lost: u64,
    /// Attempts answered when nobody waited any more.
    pub late: u64,
    /// Median latency of the requests answered in time that ended here, in milliseconds.
    pub p50_ms: Option<f64>,
    /// Their 95th percentile.
    pub p95_ms: Option<f64>,
    /// Their 99th percentile.
    pub p99_ms: Option<f64>,
    /// Mean number waiting before the part named in [`Strip::queue_of`].
    pub queue: f64,
}

/// The run so far, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Strip {
    /// Length of a window in milliseconds.
    pub length_ms: f64,
    /// How far the run is, in milliseconds.
    pub now_ms: f64,
    /// Time that is worth showing at first, in milliseconds.
    pub span_ms: f64,
    /// The windows that are over, from time zero.
    pub windows: Vec<Window>,
    /// Id of the part before which most time was spent waiting.
    pub queue_of: Option<String>,
    /// Times in milliseconds at which the system had to start anew.
    pub restarts_ms: Vec<f64>,
    /// Why the run went no further, or a change could not be made.
    pub trouble: Option<String>,
}

/// Counters of a window in full, so that windows can be merged.
#[derive(Debug, Clone, Default)]
struct Counted {
    totals: Totals,
    latencies: Histogram,
    /// Time waited before each part, in tasks times nanoseconds.
    areas: Vec<u64>,
}

impl Counted {
    fn add(&mut self, other: &Self) {
        self.totals = self.totals.and(&other.totals);
        self.latencies.merge(&other.latencies);
        self.areas.resize(self.areas.len().max(other.areas.len()), 0);
        for (mine, theirs) in self.areas.iter_mut().zip(&other.areas) {
            *mine += theirs;
        }
    }
}

/// A run in motion.
#[derive(Debug, Clone)]
pub struct Timeline {
    scenario: Arc<Scenario>,
    script: Script,
    /// Changes of the script that have been made.
    made: usize,
    system: System,
    simulation: Simulation,
    /// What the simulation had counted at the last edge.
    before: Counted,
    /// What belongs to the window that is not over.
    open: Counted,
    windows: Vec<Counted>,
    length: SimDuration,
    span: SimDuration,
    /// Ids of all parts there have been, and where those of the present system are among them.
    parts: Vec<String>,
    places: Vec<usize>,
    restarts: Vec<SimTime>,
    is_stopped: bool,
    trouble: Option<String>,
}

impl Timeline {
    /// A run at time zero.
    ///
    /// # Errors
    /// Names what is wrong with the settings.
    pub fn new(scenario: &Arc<Scenario>, script: Script) -> Result<Self, Mistakes> {
        let system = scenario.system(&script.settings)?;
        let seed = scenario.seed(&script.settings);
        let impossible = |error| Mistakes::one("parts", error, "a system that can be built");
        let simulation = Simulation::new(&system, seed).map_err(impossible)?;
        let span = span_of(scenario, &simulation);
        let mut timeline = Self {
            scenario: Arc::clone(scenario),
            script,
            made: 0,
            system,
            simulation,
            before: Counted::default(),
            open: Counted::default(),
            windows: Vec::new(),
            length: length_for(span),
            span,
            parts: Vec::new(),
            places: Vec::new(),
            restarts: Vec::new(),
            is_stopped: false,
            trouble: None,
        };
        timeline.find_places();
        Ok(timeline)
    }

    /// Follows another script, if it says the same up to now; false if it does not.
    pub fn follow(&mut self, scenario: &Arc<Scenario>, script: &Script) -> bool {
        let same_start = (Arc::ptr_eq(scenario, &self.scenario) || **scenario == *self.scenario)
            && script.settings == self.script.settings;
        let now = self.simulation.now();
        let same_past = script.changes.get(..self.made) == self.script.changes.get(..self.made)
            && script.changes[self.made.min(script.changes.len())..]
                .iter()
                .all(|change| at(change.at_ms) >= now);
        if same_start && same_past {
            self.script.changes.clone_from(&script.changes);
        }
        same_start && same_past
    }

    /// Simulated time, in milliseconds.
    pub fn now_ms(&self) -> f64 {
        self.simulation.now().as_secs() * 1e3
    }

    /// A run up to this time has come too far already.
    pub fn is_past(&self, ms: f64) -> bool {
        self.simulation.now() > at(ms)
    }

    /// Goes on to a time, for at most `events` events; true once it is there or can go no further.
    pub fn advance(&mut self, to_ms: f64, events: u64) -> bool {
        let to = SimTime::from_secs(to_ms / 1e3);
        let last = self.simulation.events_count().saturating_add(events);
        while !self.is_stopped {
            self.make_changes();
            let left = last.saturating_sub(self.simulation.events_count());
            let edge = SimTime::ZERO + SimDuration(self.length.0 * (self.windows.len() as u64 + 1));
            let change = self.script.changes.get(self.made);
            let change = change.map_or(SimTime::NEVER, |change| at(change.at_ms));
            let next = to.min(edge).min(change);
            match self.simulation.advance_until(next, left) {
                Progress::Running => return false,
                Progress::Stopped(limit) => {
                    self.is_stopped = true;
                    self.trouble = Some(limit.to_string());
                }
                Progress::Finished => {
                    if next == edge {
                        self.close_window();
                    }
                    if next == to && change > to {
                        return true;
                    }
                }
            }
        }
        true
    }

    /// What is due to change now.
    fn make_changes(&mut self) {
        while let Some(change) = self.script.changes.get(self.made)
            && at(change.at_ms) <= self.simulation.now()
        {
            let (seed, faults) = (self.script.settings.seed, self.script.settings.faults.clone());
            let settings = Settings { seed, faults, ..change.settings.clone() };
            self.made += 1;
            match self.scenario.system(&settings) {
                Ok(system) => {
                    if let Err(error) = self.change_to(system, &settings) {
                        self.trouble = Some(error.to_string());
                    }
                }
                Err(mistakes) => self.trouble = Some(mistakes.to_string()),
            }
        }
    }

    fn change_to(&mut self, system: System, settings: &Settings) -> Result<(), BuildError> {
        if !self.simulation.change(&self.system, &system)? {
            let (now, seed) = (self.simulation.now(), self.scenario.seed(settings));
            let simulation = Simulation::starting_at(now, &system, seed)?;
            self.gather();
            self.simulation = simulation;
            self.before = Counted::default();
            self.restarts.push(now);
            self.find_places();
        }
        self.system = system;
        Ok(())
    }

    /// Where the parts of the system are among all there have been.
    fn find_places(&mut self) {
        self.places.clear();
        for id in self.simulation.part_ids() {
            let known = self.parts.iter().position(|part| part == id);
            self.places.push(known.unwrap_or(self.parts.len()));
            if known.is_none() {
                self.parts.push(id.to_owned());
            }
        }
    }

    /// Adds what was counted since the last time to the window that is not over.
    fn gather(&mut self) {
        let after = Counted {
            totals: self.simulation.totals(),
            latencies: self.simulation.latencies(),
            areas: self.simulation.queue_areas(),
        };
        let mut areas = vec![0; self.parts.len()];
        for (index, place) in self.places.iter().enumerate() {
            let before = self.before.areas.get(index).copied().unwrap_or(0);
            areas[*place] = after.areas[index].wrapping_sub(before);
        }
        self.open.add(&Counted {
            totals: after.totals.since(&self.before.totals),
            latencies: after.latencies.since(&self.before.latencies),
            areas,
        });
        self.before = after;
    }

    fn close_window(&mut self) {
        self.gather();
        self.windows.push(std::mem::take(&mut self.open));
        if self.windows.len() == WINDOWS_MAX {
            for place in 0..WINDOWS_MAX / 2 {
                let later = self.windows.remove(place + 1);
                self.windows[place].add(&later);
            }
            self.length.0 *= 2;
        }
    }

    /// The run so far.
    pub fn strip(&self) -> Strip {
        let all = |place: usize| -> u64 {
            let areas = self.windows.iter().map(|window| window.areas.get(place));
            areas.map(|area| area.copied().unwrap_or(0)).fold(0, u64::saturating_add)
        };
        let most = (0..self.parts.len()).max_by_key(|place| (all(*place), usize::MAX - place));
        let windows = self.windows.iter().map(|counted| self.window(counted, most));
        Strip {
            length_ms: self.length.as_ms(),
            now_ms: self.now_ms(),
            span_ms: self.span.as_ms(),
            windows: windows.collect(),
            queue_of: most.map(|place| self.parts[place].clone()),
            restarts_ms: self.restarts.iter().map(|time| time.as_secs() * 1e3).collect(),
            trouble: self.trouble.clone(),
        }
    }

    fn window(&self, counted: &Counted, part: Option<usize>) -> Window {
        let Counted { totals, latencies, areas } = counted;
        let quantile = |q| latencies.quantile(q).map(|nanos| nanos / 1e6);
        let area = part.and_then(|place| areas.get(place)).copied().unwrap_or(0);
        Window {
            sent: totals.sent,
            retries: totals.retries,
            right: totals.right(),
            lost: totals.finished() - totals.right(),
            late: totals.late,
            p50_ms: quantile(0.5),
            p95_ms: quantile(0.95),
            p99_ms: quantile(0.99),
            queue: area as f64 / self.length.0 as f64,
        }
    }
}

fn at(ms: f64) -> SimTime {
    SimTime::from_secs(ms / 1e3)
}

/// The time worth showing at first: that of the document, or as long as gives each window enough
/// requests to speak of percentiles.
fn span_of(scenario: &Scenario, simulation: &Simulation) -> SimDuration {
    if let RunEnd::Time(time) = scenario.run.end {
        return time;
    }
    let mut pilot = simulation.clone();
    pilot.advance(PILOT_REQUESTS, PILOT_EVENTS);
    let per_ms = pilot.finished().max(1) as f64 / (pilot.now().as_secs() * 1e3).max(1.0);
    let wanted = REQUESTS_MIN * WINDOWS_MAX as f64 / 2.0 / per_ms;
    SimDuration::from_ms(round_up(wanted.max(SPAN_MIN_MS) / 60_000.0) * 60_000.0)
}

/// The shortest round length of which fewer than all windows cover the span.
fn length_for(span: SimDuration) -> SimDuration {
    let shortest = span.0 as f64 / (WINDOWS_MAX as f64 - 1.0);
    SimDuration((round_up(shortest) as u64).max(1))
}

/// The next 1, 2, 2.5 or 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    let mut decade = 1.0;
    while decade * 10.0 <= value {
        decade *= 10.0;
    }
    let steps = [1.0, 2.0, 2.5, 5.0].into_iter().map(|step| step * decade);
    steps.into_iter().find(|step| *step >= value).unwrap_or(10.0 * decade)
}

#[cfg(test)]
mod tests;
