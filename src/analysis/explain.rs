//! Why a run came out as it did, in sentences made from measured facts.

use std::sync::Arc;

use crate::engine::interval::ascending;
use crate::engine::{SimDuration, SimTime};
use crate::model::system::{Part, System};
use crate::model::third_party::Counters;
use crate::model::{Breakdown, Outcome, Progress, Simulation, Spent};
use crate::scenario::{Mistakes, RunEnd, Scenario, Settings};

use super::plans;
use super::report::{Explanation, FirstToBreak, RunReport, TimeShare};
use super::run::{Measured, Run};
use super::sentences::Facts;
use super::trace::{TraceJob, advance};

/// Requests of the light run that shows what each request asks of each part: where one in a thousand asks
/// for a thousand times as much as the others, a thousand would not show it.
const LIGHT_REQUESTS: u64 = 10_000;
/// The same where others make load in the background, which go on meanwhile.
const LIGHT_REQUESTS_BESIDE: u64 = 1_000;
/// Ways of spending time below this share of the latency are left out.
const SHARE_MIN: f64 = 0.005;
/// Share of requests answered with an error up to which a light run shows what requests ask for.
const FAILING: f64 = 0.01;
/// So many times as many requests must be under way for what each asks of a part to be told from
/// what others ask of it,
const BESIDE_LEAST: f64 = 1.5;
/// ..and they must keep this share of the part busy.
const BESIDE_SHARE: f64 = 0.05;
/// How far two measures of users for each request a second may be apart.
const AGREEMENT: f64 = 0.25;
/// The most of a thousand instances that are all alike gets less than so many standard deviations (square
/// roots of its share, as arrivals are counted) more than its share.
const CHANCE: f64 = 4.0;
/// Events that the light run may take, and those after which the time of enough requests is known..
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

/// An explanation under way: the run again with its time booked, and a light run.
#[derive(Debug)]
pub struct ExplainJob {
    scenario: Arc<Scenario>,
    settings: Settings,
    stage: Stage,
    /// The light run that shows what each request asks of each part.
    light: Run,
    /// Requests a second in it, if that is known without measuring.
    light_rate: Option<f64>,
    /// The run that is explained, again, booking the time of median and slow requests.
    again: Simulation,
    system: System,
    report: RunReport,
    /// Users for each request a second, as far as the run that is explained says so.
    users_a_rate: Option<f64>,
    /// How busy parts are in the run that is explained, where clients in the background keep them
    /// busy as well and it is not overloaded.
    beside: Option<Busy>,
}

/// Requests per second, and how many of each part's servers they and others keep busy on average.
#[derive(Debug)]
struct Busy {
    rate: f64,
    parts: Vec<f64>,
}

impl Busy {
    fn of(measured: &Measured) -> Self {
        let secs = measured.period.span.as_secs();
        let parts = measured.period.parts.iter().map(|part| part.busy.as_secs() / secs).collect();
        Self { rate: measured.rate(measured.period.totals.sent), parts }
    }
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
        let mut light = settings.clone();
        if let Some(knob) = scenario.knob("users") {
            light.knobs.insert(knob.id.clone(), knob.min);
        }
        let broken = |error| Mistakes::one("parts", error, "a system that can be built");
        let seed = scenario.seed(settings);
        let report = run.report(scenario, settings);
        let measured = run.measured();
        let mut again = Simulation::new(&system, seed).map_err(broken)?;
        again.set_breakdown(breakdown(&report, measured.period.from));
        let rate = measured.rate(measured.period.totals.sent);
        let beside = (measured.has_background() && !report.overloaded).then(|| Busy::of(&measured));
        let light_system = scenario.system(&light)?;
        let light = if beside.is_some() && run.is_timed() {
            // What others do in the course of that time must happen in both.
            Run::of(scenario, &light)?
        } else {
            let requests =
                if measured.has_background() { LIGHT_REQUESTS_BESIDE } else { LIGHT_REQUESTS };
            Run::new(&light_system, seed, requests).map_err(broken)?
        };
        Ok(Self {
            beside,
            light,
            light_rate: light_system.open_rate_per_s(),
            again,
            system,
            users_a_rate: scenario.value(settings, "users").map(|users| users / rate),
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
                let left = EVENTS_ENOUGH.saturating_sub(self.light.events());
                let ended = self.light.advance(events.min(left));
                if !ended && self.light.events() < EVENTS_ENOUGH {
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
        let exemplars = self.again.breakdown()?.exemplars();
        let rested = Simulation::new(&self.system, self.scenario.seed(&self.settings)).ok()?;
        let names = ["p50", "p99"];
        let last = self.again.events_count();
        Some(TraceJob::new(rested, self.scenario.run.end, exemplars, names, last))
    }

    fn explanation(&self) -> Explanation {
        let report = &self.report;
        let time = self.where_time_goes(report);
        let first_to_break = self.first_to_break();
        let facts = Facts { report, time: &time, first_to_break: first_to_break.as_ref() };
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

    /// The part with the smallest bound on the rate, from what a request asks of each part when
    /// hardly anyone waits. Unknown where requests fail even then: what they would have asked for is
    /// not seen.
    fn first_to_break(&self) -> Option<FirstToBreak> {
        let measured = self.light.measured();
        let totals = &measured.period.totals;
        let failures = [Outcome::Failed, Outcome::Shed, Outcome::GaveUp];
        let failed: u64 = failures.into_iter().map(|outcome| totals.of(outcome)).sum();
        let failed = failed as f64 / totals.finished().max(1) as f64;
        if failed > FAILING {
            return None;
        }
        if measured.has_background() {
            return self.first_beside_others(&measured);
        }
        let rate = measured.rate(measured.period.totals.sent);
        let users_a_rate = self.users_a_rate(rate);
        let bounds = measured.period.parts.iter().filter_map(|part| {
            let demand = measured.demand_secs(part);
            let bound_per_s = f64::from(part.capacity) / demand / unevenness(&part.sent);
            (demand > 0.0).then(|| FirstToBreak {
                part: part.id.clone(),
                bound_per_s,
                at_users: users_a_rate.map(|users| users * bound_per_s),
                demand_ms: demand * 1e3,
                calls: None,
            })
        });
        let secs = measured.period.span.as_secs();
        let quotas = measured.period.third_parties.iter().filter_map(|party| {
            let Counters { served, refused, failed } = party.counters;
            let calls = (served + refused + failed) as f64 / secs / rate;
            let bound_per_s = party.quota_per_s? / calls;
            bound_per_s.is_finite().then(|| FirstToBreak {
                part: party.id.clone(),
                bound_per_s,
                at_users: users_a_rate.map(|users| users * bound_per_s),
                demand_ms: 0.0,
                calls: Some(calls),
            })
        });
        bounds.chain(quotas).min_by(|a, b| a.bound_per_s.total_cmp(&b.bound_per_s))
    }

    /// The same where others make load in the background: what a request asks of a part is how much
    /// busier the part is with more requests. Unknown unless there are enough more, and the others do
    /// the same in both runs.
    fn first_beside_others(&self, light: &Measured) -> Option<FirstToBreak> {
        let (few, many) = (Busy::of(light), self.beside.as_ref()?);
        let is_enough = self.light.events() < EVENTS_ENOUGH && many.rate >= BESIDE_LEAST * few.rate;
        if !is_enough {
            return None;
        }
        let users_a_rate = self.users_a_rate(few.rate);
        let both = few.parts.iter().zip(&many.parts);
        let bounds = light.period.parts.iter().zip(both).filter_map(|(part, (few_busy, busy))| {
            let capacity = f64::from(part.capacity);
            let demand = (busy - few_busy) / (many.rate - few.rate);
            let bound_per_s = few.rate + (capacity - few_busy) / demand / unevenness(&part.sent);
            // Less may be chance: the others are never as busy twice.
            (busy - few_busy > BESIDE_SHARE * capacity).then(|| FirstToBreak {
                part: part.id.clone(),
                bound_per_s,
                at_users: users_a_rate.map(|users| users * bound_per_s),
                demand_ms: demand * 1e3,
                calls: None,
            })
        });
        bounds.min_by(|a, b| a.bound_per_s.total_cmp(&b.bound_per_s))
    }

    /// Users for each request a second, if both runs agree that the rate grows with the users.
    fn users_a_rate(&self, measured_rate: f64) -> Option<f64> {
        let knob = self.scenario.knob("users")?;
        let light_rate = self.light_rate.unwrap_or(measured_rate);
        let (light, full) = (knob.min / light_rate, self.users_a_rate?);
        ((light / full - 1.0).abs() < AGREEMENT).then_some(light)
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

/// How many times its even share the instance with the most attempts gets; 1 if that may be chance.
fn unevenness(sent: &[u64]) -> f64 {
    let (all, most) = (sent.iter().sum::<u64>(), sent.iter().max());
    let even = all as f64 / sent.len() as f64;
    match most.map(|most| *most as f64) {
        Some(most) if most > even + CHANCE * even.max(1.0).sqrt() => most / even,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::run::run;
    use crate::scenario::catalogue;

    /// One server that takes 50 ms for each request, one every 10 s from each user: 20 a second, 200 users.
    #[test]
    fn the_bound_of_a_queue_is_where_theory_says() {
        let scenario = catalogue::find("queue-knee").unwrap();
        for seed in 1..=5 {
            let settings = Settings { seed: Some(seed), ..Settings::default() };
            let first = explain(&scenario, &settings).unwrap().first_to_break.unwrap();
            // The standard error of the mean of 10,000 exponential times is 1 %; allow 4 of them.
            assert!((first.demand_ms / 50.0 - 1.0).abs() < 0.04, "{first:?}");
            let users = first.at_users.unwrap();
            assert!((users / (10.0 * first.bound_per_s) - 1.0).abs() < 1e-9, "{first:?}");
        }
    }

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

    #[test]
    fn only_what_is_no_chance_is_uneven() {
        // Ten thousand attempts to ten instances: 1,100 are three deviations above the even share.
        let mut sent = [988; 10];
        sent[3] = 1_108;
        assert!((unevenness(&sent) - 1.0).abs() < 1e-12);
        sent[3] = 1_976;
        assert!((unevenness(&sent) - 1_976.0 * 10.0 / 10_868.0).abs() < 1e-12);
        // Instances that take turns are not counted, and a run may end before anybody is sent.
        for sent in [&[][..], &[0, 0]] {
            assert!((unevenness(sent) - 1.0).abs() < 1e-12);
        }
    }
}
