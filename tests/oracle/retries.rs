//! Cases of callers that retry, measured over windows of time on independent runs.

use std::collections::BTreeMap;

use kneepoint::engine::interval::{mean, variance};
use kneepoint::engine::{SimDuration, SimTime};
use kneepoint::model::system::{Call, Effect, Fault, Part, Queue, Step, System};
use kneepoint::model::{Outcome, Simulation};
use kneepoint::policy::backoff::{Backoff, Jitter};
use kneepoint::policy::budget;
use serde_json::Value;

use super::callers::sent;
use super::{Entry, Measures, call, clocks, exponential, service};

/// Independent runs of each case, as many as the references have, or more.
const RUNS: u64 = 40;

/// What a case of these families measures; `None` for any other.
pub(crate) fn measured(entry: &Entry) -> Option<Measures> {
    let families =
        ["retry_mm1", "retry_overload", "metastable", "metastable_partial", "hotos21_scenario"];
    let system = match entry.family.as_str() {
        "layered_retry_pool" => layered(entry),
        family if families.contains(&family) => pool(entry)?,
        "herd_det" | "fluid_overload" | "batch_levelling" | "circuit_breaker" => {
            clocks::system_of(entry)?
        }
        _ => return None,
    };
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for seed in 1..=RUNS {
        for (name, value) in replication(&system, entry, seed) {
            all.entry(name).or_default().push(value);
        }
    }
    let summary = |values: Vec<f64>| {
        let error = (variance(&values) / values.len() as f64).sqrt();
        (mean(&values), error)
    };
    Some(all.into_iter().map(|(name, values)| (name, summary(values))).collect())
}

fn at(secs: f64) -> SimTime {
    SimTime::from_secs(secs)
}

fn bounded(entry: &Entry) -> Queue {
    Queue { capacity: Some(entry.number("queue") as u32), ..Queue::default() }
}

/// Callers with a timeout and retries, and abandoned attempts that are served all the same.
fn pool(entry: &Entry) -> Option<System> {
    let field = |name: &str| entry.parameters.get(name);
    let backoff = field("backoff")?;
    let secs = |name: &str| {
        SimDuration::from_secs(backoff[name].as_f64().expect("a back-off has its times"))
    };
    let backoff = match backoff["type"].as_str()? {
        "fixed" => Backoff::Fixed { base: secs("d") },
        "full" => {
            Backoff::Exponential { base: secs("base"), cap: secs("cap"), jitter: Jitter::Full }
        }
        _ => Backoff::Exponential { base: secs("base"), cap: secs("cap"), jitter: Jitter::None },
    };
    let timeout = Some(SimDuration::from_secs(entry.number("timeout")));
    let retries_count = entry.number("retries") as u32;
    let mut call = Call { timeout, retries_count, backoff, ..call("s") };
    if let Some(budget) = field("budget") {
        let (tokens_max, ratio) = (budget["cap"].as_f64()?, budget["ratio"].as_f64()?);
        call.guard.budget = Some(budget::Settings::Bucket { tokens_max, ratio });
    }
    let work = vec![Step::Cpu(exponential(entry.number("service")))];
    let workers = entry.number("c") as u32;
    let mut services = vec![service("s", workers, bounded(entry), work)];
    if let Some(trigger) = field("trigger") {
        let number = |name: &str| trigger[name].as_f64().expect("a trigger has its numbers");
        services.push(Part::Fault(Fault {
            id: "trigger".to_owned(),
            part: "s".to_owned(),
            instance: None,
            peer: None,
            from: at(number("t0")),
            until: at(number("t1")),
            effect: Effect::Slow { factor: number("factor") },
        }));
    }
    Some(sent(entry.number("lam"), call, services))
}

/// Two layers that retry, one inside the other.
fn layered(entry: &Entry) -> System {
    let retrying = |to: &str, layer: &str| {
        let base = SimDuration::from_secs(entry.number(&format!("{layer}_backoff")));
        let jitter = Jitter::Exponential;
        let retries_count = entry.number(&format!("{layer}_retries")) as u32;
        Call { retries_count, backoff: Backoff::Linear { base, cap: base, jitter }, ..call(to) }
    };
    let work = vec![Step::Cpu(exponential(entry.number("service")))];
    let inner = vec![Step::Call(retrying("s", "inner"))];
    let services = vec![
        service("s", entry.number("c") as u32, bounded(entry), work),
        service("inner", 100_000, Queue::default(), inner),
    ];
    sent(entry.number("lam"), retrying("inner", "outer"), services)
}

/// What was counted up to an instant.
struct Counts {
    good: f64,
    late: f64,
    attempts: f64,
    finished: f64,
    rejected: f64,
    visits: f64,
}

impl Counts {
    fn now(simulation: &Simulation) -> Self {
        let period = simulation.period(0);
        let totals = &period.totals;
        Self {
            good: totals.of(Outcome::InTime) as f64,
            late: totals.late as f64,
            attempts: (totals.sent + totals.retries) as f64,
            finished: totals.finished() as f64,
            rejected: period.parts[0].rejected as f64,
            visits: period.parts[0].visits as f64,
        }
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            good: self.good - before.good,
            late: self.late - before.late,
            attempts: self.attempts - before.attempts,
            finished: self.finished - before.finished,
            rejected: self.rejected - before.rejected,
            visits: self.visits - before.visits,
        }
    }
}

fn replication(system: &System, entry: &Entry, seed: u64) -> Vec<(String, f64)> {
    let mut simulation = Simulation::new(system, seed).expect("the case is a valid system");
    if let Some(found) = clocks::replication(entry, &mut simulation) {
        return found;
    }
    let Some(windows) = entry.parameters.get("windows").and_then(Value::as_object) else {
        return steady(&mut simulation, entry);
    };
    let mut spans: Vec<(&str, f64, f64)> = windows
        .iter()
        .map(|(name, span)| {
            let end = |index: usize| span[index].as_f64().expect("a window has two ends");
            (name.as_str(), end(0), end(1))
        })
        .collect();
    spans.sort_by(|one, other| one.1.total_cmp(&other.1));
    let (mut found, last) = (Vec::new(), spans.last().map(|(name, ..)| *name));
    for (name, from, to) in spans {
        simulation.advance_until(at(from), u64::MAX);
        let before = Counts::now(&simulation);
        simulation.advance_until(at(to), u64::MAX);
        let counts = Counts::now(&simulation).since(&before);
        let goodput = counts.good / (to - from);
        found.push((format!("goodput_{name}"), goodput));
        found.push((format!("attempt_rate_{name}"), counts.attempts / (to - from)));
        if Some(name) == last {
            let is_down = goodput < 0.5 * entry.number("lam");
            found.push(("metastable_fraction".to_owned(), f64::from(u8::from(is_down))));
        }
    }
    found
}

fn steady(simulation: &mut Simulation, entry: &Entry) -> Vec<(String, f64)> {
    let (from, to) = (entry.number("W"), entry.number("H"));
    simulation.advance_until(at(from), u64::MAX);
    let before = Counts::now(simulation);
    let earlier = simulation.period(0).latencies;
    simulation.advance_until(at(to), u64::MAX);
    let counts = Counts::now(simulation).since(&before);
    let latencies = simulation.period(0).latencies.since(&earlier);
    let quantile = |q| latencies.quantile(q).map_or(f64::NAN, |nanos| nanos / 1e9);
    let secs = to - from;
    let timed_out = counts.attempts - counts.good - counts.rejected;
    let found = [
        ("success_frac", counts.good / counts.finished),
        ("attempts_per_request", counts.attempts / counts.finished),
        ("goodput", counts.good / secs),
        ("server_throughput", (counts.good + counts.late) / secs),
        ("rejects_per_request", counts.rejected / counts.finished),
        ("timeouts_per_request", timed_out / counts.finished),
        ("db_attempts_per_request", (counts.visits + counts.rejected) / counts.finished),
        ("db_throughput", counts.visits / secs),
        ("latency_success_mean", latencies.mean().map_or(f64::NAN, |nanos| nanos / 1e9)),
        ("latency_success_p50", quantile(0.5)),
        ("latency_success_p95", quantile(0.95)),
        ("latency_success_p99", quantile(0.99)),
    ];
    found.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
