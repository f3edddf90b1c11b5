//! One run of a scenario at one setting, and its report.

use crate::engine::SimTime;
use crate::model::system::System;
use crate::model::{BuildError, Outcome, Progress, Simulation, Totals};
use crate::scenario::{Mistakes, RunEnd, Scenario, Settings};

use super::measured::Measured;
use super::phases::Phases;
use super::recovery::Recovery;
use super::report::RunReport;

/// A run that can be continued: longer runs give narrower intervals.
#[derive(Debug, Clone)]
pub struct Run {
    simulation: Simulation,
    end: RunEnd,
    phases: Phases,
    recovery: Option<Recovery>,
    /// Nothing is left out as warm-up: something happens in it.
    is_whole: bool,
    stopped: Option<String>,
}

impl Run {
    /// A run of `system` until `requests` requests have finished.
    ///
    /// # Errors
    /// Names the part of the system that cannot be built.
    pub fn new(system: &System, seed: u64, requests: u64) -> Result<Self, BuildError> {
        let simulation = Simulation::new(system, seed)?;
        let (end, phases) = (RunEnd::Requests(requests), Phases::default());
        Ok(Self { simulation, end, phases, is_whole: false, recovery: None, stopped: None })
    }

    /// A run of a scenario, at the length its document asks for.
    ///
    /// # Errors
    /// Names what is wrong with the settings.
    pub fn of(scenario: &Scenario, settings: &Settings) -> Result<Self, Mistakes> {
        let system = scenario.system(settings)?;
        let mut run = Self::new(&system, scenario.seed(settings), 0)
            .map_err(|error| Mistakes::one("parts", error, "a system that can be built"))?;
        run.end = scenario.run.end;
        run.is_whole = run.is_timed() || !settings.faults.is_empty();
        run.phases = Phases::new(&scenario.run.phases);
        if let RunEnd::Time(end) = run.end {
            run.recovery = Recovery::new(&system, SimTime::ZERO + end);
        }
        Ok(run)
    }

    /// The same run, but a steady state is followed without end.
    #[must_use]
    pub fn without_end(mut self) -> Self {
        if let RunEnd::Requests(requests) = &mut self.end {
            *requests = u64::MAX;
        }
        self
    }

    /// Measures all of a stretch of time, rather than a steady state.
    pub fn is_timed(&self) -> bool {
        self.end.is_timed()
    }

    /// Goes on for at most `events` events; true once the run has ended.
    pub fn advance(&mut self, events: u64) -> bool {
        let progress = match self.end {
            RunEnd::Requests(requests) => self.simulation.advance(requests, events),
            RunEnd::Time(end) => self.advance_through_phases(SimTime::ZERO + end, events),
        };
        match progress {
            Progress::Running => false,
            Progress::Finished => true,
            Progress::Stopped(limit) => {
                self.stopped = Some(limit.to_string());
                true
            }
        }
    }

    fn advance_through_phases(&mut self, end: SimTime, events: u64) -> Progress {
        let last = self.simulation.events_count().saturating_add(events);
        loop {
            let watched = self.recovery.as_ref().and_then(Recovery::next_edge);
            let edges = [self.phases.next_edge(), watched];
            let next = edges.into_iter().flatten().fold(end, SimTime::min);
            let left = last - self.simulation.events_count();
            let progress = self.simulation.advance_until(next, left);
            if progress != Progress::Finished {
                return progress;
            }
            if let Some(recovery) = &mut self.recovery {
                recovery.pass(next, &self.simulation);
            }
            if !self.phases.pass(next, &self.simulation) && next == end {
                return progress;
            }
        }
    }

    /// The simulation as it stands.
    pub(super) fn into_simulation(self) -> Simulation {
        self.simulation
    }

    /// Ids of the parts that can be busy, in the order of the document.
    pub(super) fn part_ids(&self) -> Vec<String> {
        self.simulation.part_ids().map(str::to_owned).collect()
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.simulation.events_count()
    }

    /// Requests that have finished so far.
    pub fn finished(&self) -> u64 {
        self.simulation.finished()
    }

    /// Why the run ended early.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// What is measured by now, without the warm-up.
    pub fn measured(&self) -> Measured {
        let warmup = if self.is_whole { 0 } else { self.simulation.settled_from() };
        let measured = Measured::new(self.simulation.period(warmup));
        if self.stopped.is_some() { measured.if_most_are_answered() } else { measured }
    }

    /// The report by now.
    pub fn report(&self, scenario: &Scenario, settings: &Settings) -> RunReport {
        let measured = self.measured();
        let period = &measured.period;
        let totals = &period.totals;
        let Totals { sent, retries, .. } = *totals;
        RunReport {
            scenario: scenario.id.clone(),
            seed: scenario.seed(settings),
            digest: format!("{:016x}", self.simulation.digest()),
            measured_secs: period.span.as_secs(),
            warmup_secs: period.from.as_secs(),
            latency_ms: measured.latency(),
            latency_all_ms: measured.latency_of_all(),
            offered_per_s: measured.rate(sent + retries),
            throughput_per_s: measured.rate(period.totals.finished()),
            goodput_per_s: measured.rate(totals.right()),
            outcomes: measured.outcomes(),
            error_share: measured.error_share(),
            error_share_half_width: period.error_half_width.filter(|&width| width > 0.0),
            amplification: (sent + retries) as f64 / sent.max(1) as f64,
            late: totals.late,
            stale_share: totals.stale as f64 / totals.of(Outcome::InTime).max(1) as f64,
            lost_updates: totals.lost_updates(),
            records: totals.records,
            duplicates: totals.duplicates,
            networks: measured.networks(),
            pools: measured.pools(),
            replicas: measured.replicas(),
            jobs: measured.jobs(),
            files: measured.files(),
            tables: measured.tables(),
            parts: measured.parts(),
            caches: measured.caches(),
            machines: measured.machines(),
            third_parties: measured.third_parties(),
            crons: measured.crons(),
            phases: self.phases.reports(),
            clients: measured.clients(),
            recovery_secs: self
                .recovery
                .as_ref()
                .and_then(|recovery| recovery.secs(scenario.objective.error_share)),
            overloaded: measured.overloaded(),
            stopped: self.stopped.clone(),
            events: self.simulation.events_count(),
        }
    }
}

/// Runs a scenario to its end.
///
/// # Errors
/// Names what is wrong with the settings.
pub fn run(scenario: &Scenario, settings: &Settings) -> Result<RunReport, Mistakes> {
    let mut run = Run::of(scenario, settings)?;
    run.advance(u64::MAX);
    Ok(run.report(scenario, settings))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Period;
    use crate::scenario::by_hand::{FaultKind, HandFault};
    use crate::scenario::catalogue;

    #[test]
    fn requests_are_conserved_and_littles_law_holds() {
        for scenario in catalogue::all() {
            let mut run = Run::of(scenario, &Settings::default()).unwrap();
            run.advance(2_000_000);
            let whole = Measured::new(run.simulation.period(0));
            let Period { totals, in_flight, .. } = whole.period;
            assert_eq!(totals.sent, totals.finished() + in_flight, "{}", scenario.id);
            let report = run.report(scenario, &Settings::default());
            for (id, part) in &report.parts {
                assert!((0.0..=1.0 + 1e-9).contains(&part.utilisation), "{id}: {part:?}");
            }
        }
    }

    /// 30 come a second and 20 are served: the queue grows by 10 a second, from the start of the run.
    #[test]
    fn a_queue_that_grows_is_as_long_as_those_make_it_who_wait_still() {
        let scenario = catalogue::find("queue-knee").unwrap();
        let knobs = [("users".to_owned(), 300.0)].into();
        let report = run(&scenario, &Settings { knobs, ..Settings::default() }).unwrap();
        let middle = report.warmup_secs + report.measured_secs / 2.0;
        let found = report.parts["server"].queue_mean;
        // A walk of some 200,000 steps: its standard deviation is below 1 % of where it leads.
        assert!((found / (10.0 * middle) - 1.0).abs() < 0.04, "{found}, {middle} s");
    }

    /// A pool stands still for the second ten seconds of 200: 100 users a second come, and those who come
    /// in seven of them at least find no place or wait too long. A warm-up would end after that.
    #[test]
    fn a_fault_dropped_by_hand_is_not_left_out_as_warm_up() {
        let scenario = catalogue::find("n-plus-one").unwrap();
        let fault = HandFault {
            kind: FaultKind::Stop,
            part: "pool".to_owned(),
            from_ms: 10_000,
            to_ms: 20_000,
            amount: 0.0,
        };
        let knobs = [("users".to_owned(), 1_000.0)].into();
        let settings = Settings { knobs, faults: vec![fault], ..Settings::default() };
        let report = run(&scenario, &settings).unwrap();
        assert!(report.warmup_secs.abs() < 1e-9, "{} s", report.warmup_secs);
        assert!((0.03..0.05).contains(&report.error_share), "{}", report.error_share);
    }

    #[test]
    fn the_same_seed_gives_the_same_digest_in_any_slices() {
        for scenario in catalogue::all() {
            let settings = Settings::default();
            let whole = run(scenario, &settings).unwrap();
            let mut sliced = Run::of(scenario, &settings).unwrap();
            while !sliced.advance(777) {}
            assert_eq!(sliced.report(scenario, &settings), whole);
            let other = Settings { seed: Some(99), ..settings };
            assert_ne!(run(scenario, &other).unwrap().digest, whole.digest);
        }
    }
}
