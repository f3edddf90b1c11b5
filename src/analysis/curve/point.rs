//! One point of a curve: a run that is made longer, or made again, until its p99 is known.

use std::sync::Arc;

use crate::analysis::report::{CurvePoint, LatencySummary};
use crate::analysis::run::{Measured, Run};
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
/// Events after which an overloaded point is left as it is: enough for its queues to fill and its
/// first timeouts to pass, and there may be no steady state to find.
const OVERLOADED_EVENTS: u64 = 500_000;

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
        self.ended.push(self.at_present());
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
            let LatencySummary { p99, p99_half_width, .. } = measured.latency_ms;
            let narrow = matches!(
                (p99, p99_half_width),
                (Some(p99), Some(half_width)) if half_width <= SETTLED * p99
            );
            let is_hopeless = measured.overloaded && self.run.events() >= OVERLOADED_EVENTS;
            let is_known = narrow && self.are_errors_known(&found);
            self.settled = is_over || is_known || is_hopeless;
            self.events_wanted = (self.run.events() * 2).min(EVENTS_MAX);
            measured
        };
        self.measured = Some(measured);
    }

    /// The share of requests without a right answer is known as well as the objective needs it.
    fn are_errors_known(&self, found: &Measured) -> bool {
        let objective = &self.scenario.objective;
        let enough = (SETTLED * found.error_share()).max(ERRORS_KNOWN * objective.error_share);
        let is_long = !objective.stale_is_wrong || found.period.span.as_secs() >= STALE_SECS;
        is_long && found.period.error_half_width.is_some_and(|half_width| half_width <= enough)
    }

    /// The point as it was at the end of the last pass; `None` before its first.
    pub(super) fn report(&self) -> Option<CurvePoint> {
        let measured = self.measured.clone()?;
        Some(CurvePoint { settled: self.settled, ..measured })
    }

    /// What the run under way has measured.
    fn at_present(&self) -> CurvePoint {
        self.point_of(&self.run.measured())
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
