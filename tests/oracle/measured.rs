//! What a run has measured, under every name that entries ask for.

use kneepoint::analysis::laws;
use kneepoint::engine::SimDuration;
use kneepoint::model::{Outcome, Period};

use super::{Entry, Found};

pub(super) fn measures(period: &Period, entry: &Entry) -> Vec<(String, f64)> {
    let secs = period.span.as_secs();
    let totals = &period.totals;
    let finished = totals.finished() as f64;
    let quantile = |q| period.latencies.quantile(q).map_or(f64::NAN, |nanos| nanos / 1e9);
    let response = period.latencies.mean().map_or(f64::NAN, |nanos| nanos / 1e9);
    let secs_of = |span: SimDuration| span.as_secs();
    // The station that the case is about: the first resource behind unlimited workers, else those.
    let behind = period.parts.len() > 1;
    let station = &period.parts[usize::from(behind)];
    let served = station.visits as f64;
    let asked = (station.visits + station.left + station.rejected) as f64;
    let mut found = vec![
        ("throughput", totals.of(Outcome::InTime) as f64 / secs),
        ("utilisation", secs_of(station.busy) / secs / f64::from(station.capacity)),
        ("util_app", secs_of(station.busy) / secs),
        ("util_gil", secs_of(station.busy) / secs),
        ("loss", totals.of(Outcome::Rejected) as f64 / finished),
        ("abandon", totals.of(Outcome::GaveUp) as f64 / finished),
        ("prob_wait", (station.waits + station.left) as f64 / asked),
        ("mean_wait", secs_of(station.waited) / served),
        ("mean_wait_all", secs_of(station.waited) / asked),
        ("mean_wait_accepted", secs_of(station.waited) / served),
        ("mean_queue", secs_of(station.waited) / secs),
        ("mean", response),
        ("mean_response", response),
        ("mean_page_response", response),
        ("mean_response_accepted", response),
        ("response_p50", quantile(0.5)),
        ("response_p95", quantile(0.95)),
        ("response_p99", quantile(0.99)),
        ("mean_running", totals.of(Outcome::InTime) as f64 / secs * response),
    ];
    // Little's law makes these from measured ones; with patience it would count the lost as well.
    if totals.of(Outcome::GaveUp) == 0 {
        found.push(("mean_in_system", totals.of(Outcome::InTime) as f64 / secs * response));
    }
    let mut slow = 0.0;
    period.latencies.for_each(|nanos, count| {
        slow += if nanos > 500_000_000 { f64::from(count) } else { 0.0 };
    });
    let sent = totals.sent as f64;
    let attempts = (totals.sent + totals.retries) as f64;
    let success = totals.of(Outcome::InTime) as f64 / finished;
    let shed = totals.of(Outcome::Shed) as f64;
    // The innermost part is the first of the document.
    let leaf = &period.parts[0];
    found.extend([
        ("mean_attempts", attempts / sent),
        ("attempts_per_request", attempts / sent),
        ("mean_retries", totals.retries as f64 / sent),
        ("extra_load", totals.retries as f64 / sent),
        ("success", success),
        ("success_fraction", success),
        ("request_failure", 1.0 - success),
        ("leaf_attempts_per_request", leaf.visits as f64 / finished),
        ("rejected_fraction", shed / finished),
        ("attempted_fraction", 1.0 - shed / finished),
        ("local_reject_frac", shed / finished),
        ("sent_rate", (leaf.visits + leaf.rejected) as f64 / secs),
        ("backend_reject_rate", leaf.rejected as f64 / secs),
        ("attempt_reject_prob", leaf.rejected as f64 / attempts),
        ("frac_slow", slow / finished),
        // Those who wait to try again: all in the system but the one in service.
        (
            "mean_orbit",
            totals.of(Outcome::InTime) as f64 / secs * response - secs_of(leaf.busy) / secs,
        ),
    ]);
    for kind in ["fixed", "expo", "equal_jitter", "full_jitter"] {
        if entry.measure.ends_with(kind) {
            found.push((entry.measure.as_str(), response));
        }
    }
    let mut found: Found =
        found.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    if entry.family == "leaky_bucket_queue" {
        // They wait before the service, and nowhere else.
        found.retain(|(name, _)| *name != "mean_wait");
        let waits = [("mean_wait", response), ("wait_p50", quantile(0.5))];
        let more = [("wait_p95", quantile(0.95)), ("wait_p99", quantile(0.99))];
        found.extend(waits.into_iter().chain(more).map(|(name, wait)| (name.to_owned(), wait)));
    }
    found.extend(of_family(period, entry));
    found
}

/// What only one family asks for.
fn of_family(period: &Period, entry: &Entry) -> Found {
    let totals = &period.totals;
    let secs = period.span.as_secs();
    let finished = totals.finished() as f64;
    let secs_of = |span: SimDuration| span.as_secs();
    let (mut found, mut stages) = (Vec::new(), Found::new());
    let stay = |part: usize| secs_of(period.parts[part].busy) + secs_of(period.parts[part].waited);
    if entry.family == "closed_n_plus_1" {
        let done = totals.of(Outcome::InTime) as f64;
        let demands = ["app_bursts", "db_queries"].map(|name| entry.number(name));
        let demands = [demands[0] * entry.number("s_app"), demands[1] * entry.number("s_db")];
        let bounds = laws::bounds(f64::INFINITY, entry.number("Z"), &demands);
        found.extend([
            ("mean_time_app", stay(1) / done),
            ("mean_time_db", stay(2) / done),
            ("mean_db_queue", stay(2) / secs),
            ("n_star", bounds.users),
            ("x_max", bounds.throughput),
        ]);
    }
    if entry.family == "gil_threads" {
        let (threads, cpu, io) = (entry.number("threads"), entry.number("cpu"), entry.number("io"));
        let bounds = laws::bounds(threads, io, &[cpu]);
        found.extend([
            ("det_throughput", bounds.throughput),
            ("speedup_limit", bounds.users),
            ("throughput_limit", laws::bounds(f64::INFINITY, io, &[cpu]).throughput),
            ("speedup_vs_1_thread", totals.of(Outcome::InTime) as f64 / secs * (cpu + io)),
        ]);
    }
    if let Some(second) = period.parts.get(2) {
        found.push(("util_db", secs_of(second.busy) / secs));
    }
    let accepted = totals.of(Outcome::InTime) as f64;
    found.extend([
        ("accept_ratio", accepted / finished),
        ("accept_rate", accepted / secs),
        ("reject", totals.of(Outcome::Shed) as f64 / finished),
    ]);
    if entry.family == "fixed_window" {
        found.push(("accepted_per_window", accepted / secs * entry.number("W")));
    }
    if entry.family == "priority" {
        for (name, part) in ["mean_wait_high", "mean_wait_low"].into_iter().zip(&period.parts) {
            let stay = secs_of(part.busy) / part.visits as f64;
            found.push((name, stay - 1.0 / entry.number("mu")));
        }
    }
    if entry.family == "tandem" {
        for (index, part) in period.parts[1..].iter().enumerate() {
            let spent = secs_of(part.waited) + secs_of(part.busy);
            stages.push((format!("mean_response_stage{}", index + 1), spent / part.visits as f64));
        }
    }
    found.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(stages).collect()
}
