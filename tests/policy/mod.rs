//! Reads reference entries and measures policies in the models that they describe.

mod calls;
mod limiters;
mod pool;
mod races;
mod stations;
mod steady;

use std::collections::BTreeMap;

use kneepoint::engine::{SimTime, Stream};
use serde_json::Value;

/// The event of an arrival; all others are about a number.
const ARRIVAL: u32 = u32::MAX;

/// What a model measured.
pub(crate) type Measures = BTreeMap<&'static str, f64>;

/// A case: its family and its numbers.
pub(crate) struct Case<'a> {
    pub(crate) family: &'a str,
    pub(crate) parameters: &'a Value,
}

impl Case<'_> {
    fn number(&self, name: &str) -> f64 {
        self.parameters.get(name).and_then(Value::as_f64).expect("a case names its parameters")
    }

    fn count(&self, name: &str) -> u32 {
        self.number(name) as u32
    }

    fn text(&self, name: &str) -> &str {
        self.parameters.get(name).and_then(Value::as_str).expect("a case names its parameters")
    }

    fn numbers(&self, name: &str) -> Vec<f64> {
        let list = self.parameters.get(name).and_then(Value::as_array);
        list.expect("a case names its lists").iter().filter_map(Value::as_f64).collect()
    }
}

/// Measures a case; `None` if its family is about something else.
pub(crate) fn simulate(case: &Case<'_>) -> Option<Measures> {
    Some(match case.family {
        "token_bucket_poisson" => limiters::token_bucket(case),
        "token_bucket_det" => limiters::token_bucket_even(case),
        "leaky_bucket_queue" => limiters::leaky_bucket(case),
        "fixed_window" => limiters::fixed_window(case),
        "sliding_log" => limiters::sliding_log(case),
        "sliding_counter" => limiters::sliding_counter(case),
        "window_double_burst" => limiters::double_burst(case),
        "token_bucket_pool" => averaged(case, 40, limiters::bucket_pool),
        "third_party_limit" => averaged(case, 40, limiters::third_party),
        "retry_rate_limited" => limiters::retries_against_a_bucket(case),
        "concurrency_limit" => steady::vegas(case),
        "codel_law" => steady::codel_law(case),
        "cron_det" => steady::cron(case, true),
        "cron_overlap" => steady::cron(case, false),
        "adaptive_throttle" => steady::throttle(case),
        "backoff_delay" => calls::backoff(case),
        "retry_budget" => calls::retry_budget(case),
        "breaker_consecutive" => calls::breaker_in_a_row(case),
        "breaker_window" => calls::breaker_window(case),
        "hedged" => calls::hedged(case),
        "backoff_contention" => averaged(case, 100, races::contention),
        "fanout_hedge" => averaged(case, 40, races::fanout),
        "circuit_breaker" => averaged(case, 40, pool::breaker_pool),
        "lb_random" | "lb_round_robin" | "lb_jsq2" | "lb_p2c" => stations::balanced(case),
        "load_balancer" => averaged(case, 40, stations::load_balancer),
        "queue_discipline" => averaged(case, 100, stations::discipline),
        _ => return None,
    })
}

/// The mean of each measure over independent replications.
fn averaged(
    case: &Case<'_>,
    replications: u64,
    model: impl Fn(&Case<'_>, u64) -> Measures,
) -> Measures {
    let mut sums = Measures::new();
    for seed in 0..replications {
        for (measure, value) in model(case, seed) {
            *sums.entry(measure).or_default() += value / replications as f64;
        }
    }
    sums
}

/// A stream for one purpose of one replication.
fn stream(seed: u64, purpose: u64) -> Stream {
    Stream::new(seed + 1, 77, purpose)
}

fn at(secs: f64) -> SimTime {
    SimTime::from_secs(secs)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Linear interpolation between order statistics.
fn percentile(values: &mut [f64], q: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let place = q * (values.len() - 1) as f64;
    let (low, high) = (values[place as usize], values[place.ceil() as usize]);
    low + (high - low) * place.fract()
}

/// Mean and three percentiles under these names.
fn spread(measures: &mut Measures, names: [&'static str; 4], values: &mut [f64]) {
    measures.insert(names[0], mean(values));
    for (name, q) in names[1..].iter().zip([0.5, 0.95, 0.99]) {
        measures.insert(*name, percentile(values, q));
    }
}

/// The part of `start..end` that lies in `from..to`.
fn overlap(start: f64, end: f64, from: f64, to: f64) -> f64 {
    (end.min(to) - start.max(from)).max(0.0)
}
