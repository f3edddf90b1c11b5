//! Why a run came out as it did, in sentences made from measured facts.

use std::sync::Arc;

use crate::engine::SimDuration;
use crate::engine::interval::ascending;
use crate::model::system::System;
use crate::model::{Breakdown, Progress, Simulation, Spent};
use crate::scenario::quantity::format;
use crate::scenario::{Mistakes, Scenario, Settings, Unit};

use super::plans;
use super::report::{Explanation, FirstToBreak, RunReport, Sentence, TimeShare};
use super::run::{Run, SATURATED};
use super::trace::{TraceJob, advance};

/// Requests of the light run that shows what each request asks of each part.
const LIGHT_REQUESTS: u64 = 1_000;
/// Ways of spending time below this share of the latency are left out.
const SHARE_MIN: f64 = 0.005;
/// Events that a run for an explanation may take.
const EVENTS_MAX: u64 = 500_000;

/// Explains one setting of a scenario.
///
/// # Errors
/// Names what is wrong with the settings.
pub fn explain(scenario: &Arc<Scenario>, settings: &Settings) -> Result<Explanation, Mistakes> {
    let mut job = ExplainJob::new(scenario, settings)?;
    loop {
        if let Some(explanation) = job.step(u64::MAX) {
            return Ok(explanation);
        }
    }
}

/// An explanation under way: a run, the same run again with its time booked, and a light run.
#[derive(Debug)]
pub struct ExplainJob {
    scenario: Arc<Scenario>,
    settings: Settings,
    stage: Stage,
    run: Run,
    /// The light run that shows what each request asks of each part.
    light: Run,
    /// The run again, booking the time of median and slow requests.
    again: Simulation,
    system: System,
    report: Option<RunReport>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Running,
    Booking,
    Lightly,
    Done,
}

impl ExplainJob {
    /// An explanation of one setting of a scenario.
    ///
    /// # Errors
    /// Names what is wrong with the settings.
    pub fn new(scenario: &Arc<Scenario>, settings: &Settings) -> Result<Self, Mistakes> {
        let system = scenario.system(settings)?;
        let mut light = settings.clone();
        if let Some(knob) = scenario.knob("users") {
            light.knobs.insert(knob.id.clone(), knob.min);
        }
        let broken = |error| Mistakes::one("parts", error, "a system that can be built");
        let seed = scenario.seed(settings);
        Ok(Self {
            run: Run::of(scenario, settings)?,
            light: Run::new(&scenario.system(&light)?, seed, LIGHT_REQUESTS).map_err(broken)?,
            again: Simulation::new(&system, seed).map_err(broken)?,
            system,
            scenario: Arc::clone(scenario),
            settings: settings.clone(),
            stage: Stage::Running,
            report: None,
        })
    }

    /// Goes on for at most `events` events; the explanation when it is complete.
    pub fn step(&mut self, events: u64) -> Option<Explanation> {
        match self.stage {
            Stage::Running => {
                let left = EVENTS_MAX.saturating_sub(self.run.events());
                if self.run.advance(events.min(left)) || self.run.events() >= EVENTS_MAX {
                    self.start_booking();
                }
                None
            }
            Stage::Booking => {
                let left = EVENTS_MAX.saturating_sub(self.again.events_count());
                let progress = advance(&mut self.again, self.scenario.run.end, events.min(left));
                if progress != Progress::Running || self.again.events_count() >= EVENTS_MAX {
                    self.stage = Stage::Lightly;
                }
                None
            }
            Stage::Lightly => {
                let left = EVENTS_MAX.saturating_sub(self.light.events());
                let ended = self.light.advance(events.min(left));
                if !ended && self.light.events() < EVENTS_MAX {
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
        Some(TraceJob::new(rested, self.scenario.run.end, exemplars, names, EVENTS_MAX))
    }

    fn start_booking(&mut self) {
        let report = self.run.report(&self.scenario, &self.settings);
        let latency = report.latency_ms;
        let breakdown = match (latency.p50, latency.p99) {
            (Some(p50), Some(p99)) => {
                let around = (SimDuration::from_ms(p50 * 0.9), SimDuration::from_ms(p50 * 1.1));
                let slow = SimDuration::from_ms(p99 * 0.99);
                let settled = self.run.measured().period.from;
                let sought = [p50, p99].map(SimDuration::from_ms);
                Breakdown::new(around, slow).seeking(sought, settled)
            }
            // Nobody is answered in time; a request that fails is followed still.
            _ => Breakdown::default(),
        };
        self.again.set_breakdown(breakdown);
        self.stage = Stage::Booking;
        self.report = Some(report);
    }

    fn explanation(&self) -> Explanation {
        let Some(report) = &self.report else { return Explanation::default() };
        let time = self.where_time_goes(report);
        let first_to_break = self.first_to_break();
        let mut sentences = sentences(report, &time, first_to_break.as_ref());
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
    /// hardly anyone waits.
    fn first_to_break(&self) -> Option<FirstToBreak> {
        let users = self.scenario.knob("users");
        let measured = self.light.measured();
        let rate = measured.rate(measured.period.totals.sent);
        let bounds = measured.period.parts.iter().filter_map(|part| {
            let demand = measured.demand_secs(part);
            let bound_per_s = f64::from(part.capacity) / demand;
            (demand > 0.0).then(|| FirstToBreak {
                part: part.id.clone(),
                bound_per_s,
                at_users: users.map(|knob| knob.min * bound_per_s / rate),
                demand_ms: demand * 1e3,
            })
        });
        bounds.min_by(|a, b| a.bound_per_s.total_cmp(&b.bound_per_s))
    }
}

fn sentences(
    report: &RunReport,
    time: &[TimeShare],
    first_to_break: Option<&FirstToBreak>,
) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut say = |text: String, part: Option<&str>| {
        sentences.push(Sentence { text, part: part.map(str::to_owned) });
    };
    let saturated = report.parts.iter().filter(|(_, part)| part.demand_ratio >= 1.0);
    if report.overloaded
        && let Some((id, part)) = first_to_break
            .and_then(|first| report.parts.get_key_value(&first.part))
            .filter(|(_, part)| part.demand_ratio >= SATURATED)
            .or_else(|| saturated.max_by(|a, b| a.1.demand_ratio.total_cmp(&b.1.demand_ratio)))
    {
        let asked = format(part.demand_ratio, Unit::Share);
        say(format!("Overloaded: {asked} of what {id} can do is asked of it."), Some(id));
    }
    if report.error_share >= 0.001 {
        let share = format(report.error_share, Unit::Share);
        say(format!("{share} of requests fail: {}.", failures(report)), None);
    }
    if let (Some(largest), Some(p99)) = (time.first(), report.latency_ms.p99) {
        let total: f64 = time.iter().map(|share| share.slow_ms).sum();
        let share = format(largest.slow_ms / total.max(1e-9), Unit::Share);
        let limit = report.parts.get(&largest.part).map_or_else(String::new, |part| {
            let server = match part.kind.as_str() {
                "pool" => "connection",
                "service" => "worker",
                _ => "core",
            };
            match part.capacity {
                1 => format!(" (its only {server})"),
                several => format!(" (one of {several} {server}s)"),
            }
        });
        let limit = if largest.waiting { limit } else { String::new() };
        let p99 = format(p99, Unit::Ms);
        let text = format!("{share} of a slow request ({p99}) is {}{limit}.", largest.label);
        say(text, Some(&largest.part));
    }
    for (id, part) in &report.parts {
        if part.kind == "database" && part.visits_per_request >= 1.5 {
            let queries = format(part.visits_per_request, Unit::Count);
            say(format!("Each request makes {queries} queries."), Some(id));
        }
    }
    if let Some(first) = first_to_break {
        let bound = format(first.bound_per_s, Unit::PerSecond);
        let demand = format(first.demand_ms, Unit::Ms);
        let id = &first.part;
        let users = first.at_users.map_or_else(String::new, |users| {
            format!(", which is {} users", format(users, Unit::Count))
        });
        let text = format!(
            "The first to break is {id}: each request keeps it busy for {demand}, so it can serve \
             at most {bound}{users}."
        );
        say(text, Some(id));
    }
    sentences
}

fn failures(report: &RunReport) -> String {
    let outcomes = &report.outcomes;
    let kinds = [
        (outcomes.rejected, "refused because a queue was full"),
        (outcomes.timed_out, "not answered before the timeout"),
        (outcomes.gave_up, "tired of waiting in a queue"),
        (outcomes.failed, "answered with an error"),
        (outcomes.shed, "turned away to protect the others"),
    ];
    let total = kinds.iter().map(|(count, _)| count).sum::<u64>().max(1);
    let worth_saying = kinds.iter().filter(|(count, _)| *count * 100 >= total);
    let words: Vec<String> = worth_saying
        .map(|(count, what)| {
            let share = *count as f64 / total as f64;
            if share > 0.99 {
                (*what).to_owned()
            } else {
                format!("{} {what}", format(share, Unit::Share))
            }
        })
        .collect();
    words.join(", ")
}
