//! Why a run came out as it did, in sentences made from measured facts.

use std::sync::Arc;

use crate::engine::interval::ascending;
use crate::engine::{SimDuration, SimTime};
use crate::model::system::{Part, System};
use crate::model::{Breakdown, Exemplars, Progress, Simulation, Spent};
use crate::scenario::{Mistakes, RunEnd, Scenario, Settings};

use super::bounds::{Bounds, Found};
use super::plans;
use super::report::{Explanation, RunReport, TimeShare};
use super::run::Run;
use super::sentences::Facts;
use super::trace::{TraceJob, advance, has_examples};

/// Ways of spending time below this share of the latency are left out.
const SHARE_MIN: f64 = 0.005;
/// Events after which the time of enough requests is known..
const EVENTS_ENOUGH: u64 = 500_000;
/// ..if so many of them are slow.
const SLOW_ENOUGH: u64 = 30;

/// Explains one setting of a scenario.
///
/// # Errors
/// Names what is wrong with the settings.
pub fn explain(scenario: &Arc<Scenario>, settings: &Settings) -> Result<Explanation, Mistakes> {
    let mut run = Run::of(scenario, settings)?;
    run.advance(u64::MAX);
    let mut job = ExplainJob::new(scenario, settings, run)?;
    loop {
        if let Some(explanation) = job.step(u64::MAX) {
            return Ok(explanation);
        }
    }
}

/// An explanation under way: the run again with its time booked, and bounds from a light run.
#[derive(Debug)]
pub struct ExplainJob {
    scenario: Arc<Scenario>,
    settings: Settings,
    stage: Stage,
    /// What each request asks of each part.
    bounds: Bounds,
    /// The run that is explained, again, booking the time of median and slow requests.
    again: Simulation,
    system: System,
    report: RunReport,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Booking,
    Lightly,
    Done,
}

impl ExplainJob {
    /// An explanation of a run that has ended, of this scenario under these settings.
    ///
    /// # Errors
    /// Names what is wrong with the settings.
    pub fn new(scenario: &Arc<Scenario>, settings: &Settings, run: Run) -> Result<Self, Mistakes> {
        let system = scenario.system(settings)?;
        let broken = |error| Mistakes::one("parts", error, "a system that can be built");
        let seed = scenario.seed(settings);
        let report = run.report(scenario, settings);
        let measured = run.measured();
        let mut again = Simulation::new(&system, seed).map_err(broken)?;
        again.set_breakdown(breakdown(&report, measured.period.from));
        Ok(Self {
            bounds: Bounds::new(scenario, settings, &run, &measured)?,
            again,
            system,
            scenario: Arc::clone(scenario),
            settings: settings.clone(),
            stage: Stage::Booking,
            report,
        })
    }

    /// Goes on for at most `events` events; the explanation when it is complete.
    pub fn step(&mut self, events: u64) -> Option<Explanation> {
        match self.stage {
            Stage::Booking => {
                let progress = advance(&mut self.again, self.scenario.run.end, events);
                let slow = self.again.breakdown().map_or(0, |breakdown| breakdown.counts().1);
                let is_enough = self.again.events_count() >= EVENTS_ENOUGH && slow >= SLOW_ENOUGH;
                let is_over = self.again.events_count() >= self.report.events;
                if progress != Progress::Running || is_enough || is_over {
                    self.stage = Stage::Lightly;
                }
                None
            }
            Stage::Lightly => {
                if !self.bounds.advance(events) {
                    return None;
                }
                self.stage = Stage::Done;
                Some(self.explanation())
            }
            Stage::Done => Some(self.explanation()),
        }
    }

    /// Follows the exemplars of the run, once it is explained; `None` if they cannot be.
    pub fn traces(self) -> Option<TraceJob> {
        let exemplars = match self.again.breakdown() {
            Some(seen) if has_examples(&self.report.latency_ms, &self.report.outcomes) => {
                seen.exemplars()
            }
            _ => Exemplars::default(),
        };
        let rested = Simulation::new(&self.system, self.scenario.seed(&self.settings)).ok()?;
        let names = ["p50", "p99"];
        let last = self.again.events_count();
        Some(TraceJob::new(rested, self.scenario.run.end, exemplars, names, last))
    }

    fn explanation(&self) -> Explanation {
        let report = &self.report;
        let time = self.where_time_goes(report);
        let Found { first_to_break, visits_beside_others } = self.bounds.found();
        let facts = Facts {
            report,
            time: &time,
            first_to_break: first_to_break.as_ref(),
            visits_beside_others,
        };
        let mut sentences = facts.sentences(self.last_fault());
        let plans = plans::plans(self.again.plans());
        sentences.extend(plans::sentence(&plans));
        Explanation { sentences, first_to_break, time, plans }
    }

    fn where_time_goes(&self, report: &RunReport) -> Vec<TimeShare> {
        let (Some(p50), Some(p99)) = (report.latency_ms.p50, report.latency_ms.p99) else {
            return Vec::new();
        };
        let mut shares = Vec::new();
        if let Some(breakdown) = self.again.breakdown() {
            for (account, median_ms, slow_ms) in breakdown.means_ms() {
                if median_ms < SHARE_MIN * p50 && slow_ms < SHARE_MIN * p99 {
                    continue;
                }
                let label = match account.what {
                    Spent::Waiting => format!("waiting for {}", account.part),
                    Spent::Computing => format!("computing in {}", account.part),
                    Spent::Outside => format!("waiting outside, in {}", account.part),
                    Spent::Network => format!("network to {}", account.part),
                    Spent::Query => format!("queries in {}", account.part),
                    Spent::Disk => format!("disk of {}", account.part),
                    Spent::Opening => format!("opening connections of {}", account.part),
                    Spent::LostAttempts => format!("lost attempts at {}", account.part),
                };
                let waiting = account.what == Spent::Waiting;
                let part = account.part.clone();
                shares.push(TimeShare { label, part, waiting, median_ms, slow_ms });
            }
        }
        let slowest_last: Vec<f64> = shares.iter().map(|share| share.slow_ms).collect();
        ascending(&slowest_last).into_iter().rev().map(|index| shares[index].clone()).collect()
    }

    /// When the last fault ends, in seconds, if the run goes on after it and it did last.
    fn last_fault(&self) -> Option<f64> {
        let RunEnd::Time(end) = self.scenario.run.end else { return None };
        let system = self.scenario.system(&self.settings).ok()?;
        let ends = system.parts.iter().filter_map(|part| match part {
            Part::Fault(fault) if fault.until > fault.from => Some(fault.until.as_secs()),
            _ => None,
        });
        ends.reduce(f64::max).filter(|until| *until < end.as_secs())
    }
}

/// The classes of a run's requests whose time is booked: around its median, and its slowest.
fn breakdown(report: &RunReport, settled: SimTime) -> Breakdown {
    let (Some(p50), Some(p99)) = (report.latency_ms.p50, report.latency_ms.p99) else {
        // Nobody is answered in time; a request that fails is followed still.
        return Breakdown::default();
    };
    let around = (SimDuration::from_ms(p50 * 0.9), SimDuration::from_ms(p50 * 1.1));
    let sought = [p50, p99].map(SimDuration::from_ms);
    Breakdown::new(around, SimDuration::from_ms(p99 * 0.99)).seeking(sought, settled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::run::run;
    use crate::scenario::catalogue;

    /// The run ends before the first of those let in is served: nothing is known of what each asks for.
    #[test]
    fn work_for_requests_that_are_still_there_is_told_without_figures() {
        let scenario = catalogue::find("n-plus-one").unwrap();
        let knobs = [("users", 20_000.0), ("posts", 1_000.0)];
        let knobs = knobs.map(|(id, value)| (id.to_owned(), value)).into();
        let settings = Settings { knobs, ..Settings::default() };
        let found = explain(&scenario, &settings).unwrap();
        let texts: Vec<&str> = found.sentences.iter().map(|said| said.text.as_str()).collect();
        assert_eq!(texts[0], "Overloaded: pool is busy all the time.");
        assert!(!texts.iter().any(|text| text.contains("queries")), "{texts:?}");
        let report = run(&scenario, &settings).unwrap();
        assert!(report.overloaded && !report.outcomes.is_work_known(), "{:?}", report.outcomes);
        for (id, part) in &report.parts {
            assert!(part.demand_ratio <= 1.0, "{id}: {part:?}");
            // Each asks 1,001 times, and most are not done.
            assert!(part.visits_per_request <= 1_001.0, "{id}: {part:?}");
        }
    }
}
