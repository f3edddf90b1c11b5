//! One point of a curve: a run that is made longer, or made again, until its p99 is known.

use std::sync::Arc;

use crate::analysis::measured::Measured;
use crate::analysis::report::{CurvePoint, LatencySummary};
use crate::analysis::run::Run;
use crate::scenario::{Mistakes, Scenario, Settings};

use super::replications::{RUNS_MAX, Replications};

/// Events of a point in the first pass..
const FIRST_EVENTS: u64 = 4_000;
/// ..but at least so many requests..
const FIRST_REQUESTS: u64 = 100;
/// ..unless that takes more events than this.
const FIRST_EVENTS_MAX: u64 = 6_000;
/// A point gets no more events than this.
const EVENTS_MAX: u64 = 2_500_000;
/// A point is settled when the half-width of the interval of its p99 is within this share of it.
const SETTLED: f64 = 0.05;
/// It must also be known whether it meets the objective: the half-width of the interval of its errors is
/// within the same share of them, or within this share of what the objective allows..
const ERRORS_KNOWN: f64 = 0.2;
/// ..and where stale answers count as errors, the run has seen what changes every few minutes change.
const STALE_SECS: f64 = 600.0;
/// Events after which a point is left as it is that is overloaded, or where nothing is answered: enough
/// for its queues to fill and its first timeouts to pass, and there may be no steady state to find.
const LOST_EVENTS: u64 = 500_000;
/// A run becomes at least so many times as long by a further pass, as one that is hardly longer tells
/// hardly more..
const GROWTH_MIN: f64 = 1.25;
/// ..and at most so many times, as an interval of few batches is itself a guess.
const GROWTH_MAX: f64 = 2.0;

/// One point under way.
#[derive(Debug)]
pub(super) struct Point {
    pub(super) x: f64,
    scenario: Arc<Scenario>,
    settings: Settings,
    run: Run,
    /// It lies between two that are wanted first.
    is_between: bool,
    /// The pass goes on until the run has had so many events..
    events_wanted: u64,
    /// ..or a stretch of time so many runs.
    runs_wanted: usize,
    /// Runs of a stretch of time that have ended, and their events.
    pub(super) ended: Replications,
    events_ended: u64,
    pub(super) settled: bool,
    /// What was measured at the end of the last pass.
    measured: Option<CurvePoint>,
}

impl Point {
    pub(super) fn new(
        x: f64,
        scenario: &Arc<Scenario>,
        settings: Settings,
        is_between: bool,
    ) -> Result<Self, Mistakes> {
        Ok(Self {
            x,
            is_between,
            run: Run::of(scenario, &settings)?.without_end(),
            scenario: Arc::clone(scenario),
            settings,
            events_wanted: FIRST_EVENTS,
            runs_wanted: 1,
            ended: Replications::default(),
            events_ended: 0,
            settled: false,
            measured: None,
        })
    }

    /// It is left out of the first pass, as it would take a whole run.
    pub(super) fn waits(&self) -> bool {
        self.is_between && self.run.is_timed()
    }

    /// Events so far.
    pub(super) fn events(&self) -> u64 {
        self.events_ended + self.run.events()
    }

    /// Goes on for at most `events` events; true once the point is through with the pass.
    pub(super) fn advance(&mut self, events: u64, first: bool) -> bool {
        if self.run.is_timed() {
            return self.advance_timed(events);
        }
        let wanted = self.events_wanted.saturating_sub(self.run.events());
        if self.run.advance(wanted.min(events)) {
            return true;
        }
        if self.run.events() < self.events_wanted {
            return false;
        }
        if first && self.events_wanted < FIRST_EVENTS_MAX && self.run.finished() < FIRST_REQUESTS {
            self.events_wanted = (self.events_wanted * 2).min(FIRST_EVENTS_MAX);
            return false;
        }
        true
    }

    /// A stretch of time says nothing before its end; the next run has the next seed.
    fn advance_timed(&mut self, events: u64) -> bool {
        if !self.run.advance(events) {
            return false;
        }
        self.ended.push(self.point_of(&self.run.measured()));
        self.ended.count() >= self.runs_wanted || !self.start_next()
    }

    /// Begins the next run of a stretch of time; false if it cannot be built.
    fn start_next(&mut self) -> bool {
        let seed = self.scenario.seed(&self.settings).wrapping_add(self.ended.count() as u64);
        let settings = Settings { seed: Some(seed), ..self.settings.clone() };
        let Ok(run) = Run::of(&self.scenario, &settings) else { return false };
        self.events_ended += self.run.events();
        self.run = run;
        true
    }

    /// Settles the point, or says how far the next pass goes.
    pub(super) fn finish_pass(&mut self) {
        if self.settled {
            return;
        }
        let is_over = self.run.stopped().is_some() || self.events() >= EVENTS_MAX;
        let measured = if self.run.is_timed() {
            let is_enough = self.ended.count() >= RUNS_MAX || self.ended.is_narrow(SETTLED);
            self.runs_wanted *= 2;
            self.settled = is_over || is_enough || !self.start_next();
            self.ended.mean()
        } else {
            let found = self.run.measured();
            let measured = self.point_of(&found);
            let needed = self.length_needed(&found, &measured.latency_ms);
            let is_known = needed.is_some_and(|times| times <= 1.0);
            let is_lost = measured.overloaded || measured.latency_ms.p99.is_none();
            let events = self.run.events();
            self.settled = is_over || is_known || is_lost && events >= LOST_EVENTS;
            let times = needed.map_or(GROWTH_MAX, |times| times.clamp(GROWTH_MIN, GROWTH_MAX));
            let most = if is_lost { LOST_EVENTS } else { EVENTS_MAX };
            self.events_wanted = ((events as f64 * times) as u64).min(most);
            if self.settled && measured.overloaded {
                // Its events have an end, so the more come the fewer are answered, and the quicker
                // those are: beyond twice what a queue can do, latency would fall again.
                self.point_of(&found.if_most_are_answered())
            } else {
                measured
            }
        };
        self.measured = Some(measured);
    }

    /// How many times as long as it is the run has to be until its p99 is known, and its errors as well as
    /// the objective needs them; 1 at most if they are, `None` while nothing can be said. An interval
    /// shrinks with the square root of the length.
    fn length_needed(&self, found: &Measured, latency: &LatencySummary) -> Option<f64> {
        let objective = &self.scenario.objective;
        let p99_enough = SETTLED * latency.p99?;
        let errors_enough =
            (SETTLED * found.error_share()).max(ERRORS_KNOWN * objective.error_share);
        let of = |half_width: f64, enough: f64| {
            let ratio = if half_width <= enough { 1.0 } else { half_width / enough };
            ratio * ratio
        };
        let p99 = of(latency.p99_half_width?, p99_enough);
        let errors = of(found.period.error_half_width?, errors_enough);
        let stale =
            if objective.stale_is_wrong { STALE_SECS / found.period.span.as_secs() } else { 0.0 };
        Some(p99.max(errors).max(stale))
    }

    /// The point as it was at the end of the last pass; `None` before its first.
    pub(super) fn report(&self) -> Option<CurvePoint> {
        let measured = self.measured.clone()?;
        Some(CurvePoint { settled: self.settled, ..measured })
    }

    fn point_of(&self, found: &Measured) -> CurvePoint {
        let stopped = self.run.stopped().map(str::to_owned);
        CurvePoint { stopped, ..found.point(self.x) }
    }

    /// Ids of the parts of which the point tells the utilisation.
    pub(super) fn part_ids(&self) -> Vec<String> {
        self.run.part_ids()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::catalogue;

    /// Events after each pass until the point is settled, at this many users.
    fn lengths(id: &str, users: f64) -> Vec<u64> {
        let scenario = catalogue::find(id).unwrap();
        let settings =
            Settings { knobs: [("users".to_owned(), users)].into(), ..Settings::default() };
        let mut point = Point::new(users, &scenario, settings, false).unwrap();
        let mut lengths = Vec::new();
        while !point.settled {
            while !point.advance(u64::MAX, lengths.is_empty()) {}
            point.finish_pass();
            lengths.push(point.events());
        }
        lengths
    }

    #[test]
    fn a_pass_is_as_long_as_its_interval_asks_for() {
        let lengths = lengths("mvp-at-1000-users", 46.0);
        let growth: Vec<f64> =
            lengths.windows(2).map(|pair| pair[1] as f64 / pair[0] as f64).collect();
        assert!(growth.iter().all(|growth| (1.24..2.01).contains(growth)), "{growth:?}");
        assert!(growth.iter().any(|growth| *growth < 1.9), "{growth:?}");
    }

    #[test]
    fn a_point_where_nothing_is_answered_is_left_as_it_is() {
        let lengths = lengths("mvp-at-1000-users", 3_000.0);
        assert!(
            (LOST_EVENTS..LOST_EVENTS + 1_000).contains(lengths.last().unwrap()),
            "{lengths:?}"
        );
    }
}
