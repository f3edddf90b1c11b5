//! One run of a scenario at one setting, and its report.

use std::collections::BTreeMap;

use crate::engine::histogram::Histogram;
use crate::engine::{SimDuration, SimTime};
use crate::model::system::System;
use crate::model::{
    BuildError, ClientsMeasure, MachineMeasure, Outcome, PartMeasure, Period, Progress, Simulation,
    Totals,
};
use crate::scenario::{Mistakes, RunEnd, Scenario, Settings};

use super::phases::Phases;
use super::recovery::Recovery;
use super::report::{
    ClientsReport, CronReport, LatencySummary, MachineReport, Outcomes, RunReport,
};
use super::run_data::by_id;

/// A run that can be continued: longer runs give narrower intervals.
#[derive(Debug, Clone)]
pub struct Run {
    simulation: Simulation,
    end: RunEnd,
    phases: Phases,
    recovery: Option<Recovery>,
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
        Ok(Self { simulation, end, phases, recovery: None, stopped: None })
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
        let warmup = if self.is_timed() { 0 } else { self.simulation.settled_from() };
        Measured::new(self.simulation.period(warmup))
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

/// A period with the figures derived from it.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The counters.
    pub period: Period,
}

impl Measured {
    pub(super) fn new(period: Period) -> Self {
        Self { period }
    }

    /// Something else than users' requests makes load.
    pub(super) fn has_background(&self) -> bool {
        self.period.clients.iter().any(|clients| clients.is_background)
    }

    /// Latency of requests answered in time.
    pub fn latency(&self) -> LatencySummary {
        LatencySummary {
            mean_half_width: self.period.mean_half_width.map(|nanos| nanos / 1e6),
            p99_half_width: self.period.p99_half_width.map(|nanos| nanos / 1e6),
            ..summary(&self.period.latencies)
        }
    }

    /// How long all requests took until they ended. Those answered in time may be the quick ones
    /// only; a request that fails at once is quick too.
    pub fn latency_of_all(&self) -> LatencySummary {
        let mut all = self.period.latencies.clone();
        all.merge(&self.period.failures);
        summary(&all)
    }

    /// A count per second.
    pub fn rate(&self, count: u64) -> f64 {
        let secs = self.period.span.as_secs();
        if secs > 0.0 { count as f64 / secs } else { 0.0 }
    }

    /// Share of finished requests that were not answered in time.
    pub fn error_share(&self) -> f64 {
        self.period.totals.error_share()
    }

    /// More is asked of some part than it can ever do.
    pub fn overloaded(&self) -> bool {
        self.period.parts.iter().any(|part| self.demand_ratio(part) >= 1.0)
    }

    /// The innermost part that is saturated, else the one with the highest demand.
    ///
    /// A part that is held while an inner one is waited for is busy too, but not the cause.
    pub fn busiest(&self) -> Option<(&PartMeasure, f64)> {
        let ratios = || self.period.parts.iter().map(|part| (part, self.demand_ratio(part)));
        let saturated = ratios().filter(|(_, ratio)| *ratio >= SATURATED);
        saturated
            .max_by_key(|(part, _)| part.depth)
            .or_else(|| ratios().max_by(|a, b| a.1.total_cmp(&b.1)))
    }

    pub(super) fn outcomes(&self) -> Outcomes {
        let totals = &self.period.totals;
        Outcomes {
            in_time: totals.of(Outcome::InTime),
            rejected: totals.of(Outcome::Rejected),
            gave_up: totals.of(Outcome::GaveUp),
            timed_out: totals.of(Outcome::TimedOut),
            failed: totals.of(Outcome::Failed),
            shed: totals.of(Outcome::Shed),
            in_flight: self.period.in_flight,
        }
    }

    /// Busy time that one request asks of a part, in seconds (its demand).
    pub fn demand_secs(&self, part: &PartMeasure) -> f64 {
        part.busy.as_secs() / self.outcomes().served().max(1) as f64
    }

    /// What is asked of a part as a share of its capacity (utilisation law: rate times demand). Those
    /// who are shed ask nothing of it, which is what they are shed for, and lower what one asks on
    /// average.
    pub fn demand_ratio(&self, part: &PartMeasure) -> f64 {
        let outcomes = self.outcomes();
        let ended = (outcomes.served() + outcomes.shed).max(1) as f64;
        let rate = self.rate(self.period.totals.sent);
        rate * part.busy.as_secs() / ended / f64::from(part.capacity)
    }

    fn clients(&self) -> BTreeMap<String, ClientsReport> {
        let secs = self.period.span.as_secs();
        let report = |clients: &ClientsMeasure| ClientsReport::new(clients, secs);
        by_id(self.period.clients.iter().map(|one| (one.id.clone(), report(one))))
    }

    fn crons(&self) -> BTreeMap<String, CronReport> {
        let crons = self.period.crons.iter().map(|cron| {
            let (most, skipped, cancelled) = (cron.most, cron.skipped, cron.cancelled);
            (cron.id.clone(), CronReport { most, skipped, cancelled })
        });
        by_id(crons)
    }

    fn machines(&self) -> BTreeMap<String, MachineReport> {
        let report = |measure: &MachineMeasure| MachineReport {
            memory_mean_mb: measure.memory_mean as f64 / (1024.0 * 1024.0),
            memory_most_mb: measure.memory_most as f64 / (1024.0 * 1024.0),
            kills: measure.kills,
        };
        let machines = self.period.machines.iter();
        by_id(machines.map(|measure| (measure.id.clone(), report(measure))))
    }
}

fn summary(latencies: &Histogram) -> LatencySummary {
    let quantile = |q| latencies.quantile(q).map(|nanos| nanos / 1e6);
    LatencySummary {
        mean: latencies.mean().map(|nanos| nanos / 1e6),
        p50: quantile(0.5),
        p95: quantile(0.95),
        p99: quantile(0.99),
        max: latencies.max().map(|nanos| SimDuration(nanos).as_ms()),
        ..LatencySummary::default()
    }
}

impl ClientsReport {
    /// What was measured in so many seconds.
    pub(super) fn new(clients: &ClientsMeasure, secs: f64) -> Self {
        let ClientsMeasure { totals, is_background, .. } = clients;
        let rate = |count: u64| if secs > 0.0 { count as f64 / secs } else { 0.0 };
        Self {
            background: *is_background,
            sent_per_s: rate(totals.sent),
            throughput_per_s: rate(totals.finished()),
            goodput_per_s: rate(totals.right()),
            error_share: totals.error_share(),
            amplification: (totals.sent + totals.retries) as f64 / totals.sent.max(1) as f64,
        }
    }
}

/// A part of which this share of its capacity is asked is called saturated.
pub const SATURATED: f64 = 0.9;

#[cfg(test)]
mod tests {
    use super::*;
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
