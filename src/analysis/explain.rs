//! Why a run came out as it did, in sentences made from measured facts.

use crate::engine::SimDuration;
use crate::model::{Breakdown, Simulation, Spent};
use crate::scenario::quantity::format;
use crate::scenario::{Mistakes, Scenario, Settings, Unit};

use super::report::{Explanation, FirstToBreak, RunReport, Sentence, TimeShare};
use super::run::{Run, SATURATED};

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
pub fn explain(scenario: &Scenario, settings: &Settings) -> Result<Explanation, Mistakes> {
    let mut run = Run::of(scenario, settings)?;
    run.advance(EVENTS_MAX);
    let report = run.report(scenario, settings);
    let time = where_time_goes(scenario, settings, &report)?;
    let first_to_break = first_to_break(scenario, settings)?;
    let sentences = sentences(&report, &time, first_to_break.as_ref());
    Ok(Explanation { sentences, first_to_break, time })
}

/// Runs again on the same random numbers, booking the time of median and slow requests.
fn where_time_goes(
    scenario: &Scenario,
    settings: &Settings,
    report: &RunReport,
) -> Result<Vec<TimeShare>, Mistakes> {
    let latency = report.latency_ms;
    let (Some(p50), Some(p99)) = (latency.p50, latency.p99) else { return Ok(Vec::new()) };
    let system = scenario.system(settings)?;
    let mut simulation = Simulation::new(&system, scenario.seed(settings))
        .map_err(|error| Mistakes::one("parts", error, "a system that can be built"))?;
    let around = (SimDuration::from_ms(p50 * 0.9), SimDuration::from_ms(p50 * 1.1));
    simulation.set_breakdown(Breakdown::new(around, SimDuration::from_ms(p99 * 0.99)));
    simulation.advance(scenario.run.requests, EVENTS_MAX);
    let mut shares = Vec::new();
    if let Some(breakdown) = simulation.breakdown() {
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
                Spent::LostAttempts => format!("lost attempts at {}", account.part),
            };
            let waiting = account.what == Spent::Waiting;
            shares.push(TimeShare {
                label,
                part: account.part.clone(),
                waiting,
                median_ms,
                slow_ms,
            });
        }
    }
    shares.sort_by(|a, b| b.slow_ms.total_cmp(&a.slow_ms));
    Ok(shares)
}

/// The part with the smallest bound on the rate, from what a request asks of each part when hardly
/// anyone waits.
fn first_to_break(
    scenario: &Scenario,
    settings: &Settings,
) -> Result<Option<FirstToBreak>, Mistakes> {
    let mut light = settings.clone();
    let users = scenario.knob("users");
    if let Some(knob) = users {
        light.knobs.insert(knob.id.clone(), knob.min);
    }
    let system = scenario.system(&light)?;
    let mut run = Run::new(&system, scenario.seed(settings), LIGHT_REQUESTS)
        .map_err(|error| Mistakes::one("parts", error, "a system that can be built"))?;
    run.advance(EVENTS_MAX);
    let measured = run.measured();
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
    Ok(bounds.min_by(|a, b| a.bound_per_s.total_cmp(&b.bound_per_s)))
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
            match part.kind.as_str() {
                "pool" => format!(" (one of {} connections)", part.capacity),
                "service" => format!(" (one of {} workers)", part.capacity),
                _ => format!(" (one of {} cores)", part.capacity),
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
            "First to break is {id}: each request keeps it busy for {demand}, so it can serve at \
             most {bound}{users}."
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
    ];
    let total = (outcomes.rejected + outcomes.timed_out + outcomes.gave_up).max(1);
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
