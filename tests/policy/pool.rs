//! A pool of callers, with or without a breaker, before a dependency that is down at times.

use std::collections::VecDeque;

use kneepoint::engine::SimTime;
use kneepoint::engine::events::FutureEvents;
use kneepoint::policy::arrivals::{self, Source};
use kneepoint::policy::breaker::{self, Breaker, Permit};
use kneepoint::policy::bulkhead::{self, Bulkhead};

use super::calls::{breaker_of, outcome};
use super::{ARRIVAL, Case, Measures, at, mean, overlap, percentile, spread, stream};

/// What has become of the calls of a pool.
#[derive(Default)]
struct Tally {
    measured: f64,
    succeeded: Vec<f64>,
    all: Vec<f64>,
    broken: f64,
    timed_out: f64,
    full: f64,
    down_calls: f64,
    busy: f64,
}

struct Call {
    came: f64,
    permit: Option<Permit>,
    took: f64,
    failed: bool,
}

/// Callers with a few workers, before a dependency that is down at times.
pub(super) fn breaker_pool(case: &Case<'_>, seed: u64) -> Measures {
    let (from, to) = (case.number("W"), case.number("H"));
    let [period, outage, timeout] = ["period", "outage", "timeout"].map(|name| case.number(name));
    let has_breaker = case.parameters.get("breaker").and_then(serde_json::Value::as_bool);
    let [window, failures] = ["window", "fail_threshold"].map(|name| case.count(name));
    let mut breaker = (has_breaker == Some(true)).then(|| {
        let settings = breaker_of(window, window, failures, case.number("open_s"));
        let probes_count = case.count("half_open_probes");
        Breaker::new(breaker::Settings { probes_count, ..settings })
    });
    let (running_max, waiting_max) = (case.count("workers"), case.count("queue"));
    let mut pool = Bulkhead::new(&bulkhead::Settings { running_max, waiting_max });
    let mut source = Source::new(&arrivals::Settings::Poisson { rate_per_sec: case.number("lam") });
    let (mut random, mut draws) = (stream(seed, 0), stream(seed, 1));
    let (mut calls, mut queue, mut tally) = (Vec::<Call>::new(), VecDeque::new(), Tally::default());
    let mut events = FutureEvents::default();
    events.schedule(source.next(SimTime::ZERO, &mut random), ARRIVAL);
    while let Some(event) = events.pop_until(SimTime::NEVER) {
        let now = event.time.as_secs();
        let mut next = None;
        if event.subject == ARRIVAL {
            if event.time >= at(to) {
                continue;
            }
            events.schedule(source.next(event.time, &mut random), ARRIVAL);
            tally.measured += f64::from(u8::from(now >= from));
            calls.push(Call { came: now, permit: None, took: 0.0, failed: false });
            let id = calls.len() as u32 - 1;
            match pool.decide() {
                bulkhead::Decision::Run => next = Some(id),
                bulkhead::Decision::Wait => queue.push_back(id),
                bulkhead::Decision::Reject if now >= from => {
                    tally.full += 1.0;
                    tally.all.push(0.0);
                }
                bulkhead::Decision::Reject => {}
            }
        } else {
            let call = &calls[event.subject as usize];
            if let (Some(breaker), Some(permit)) = (&mut breaker, call.permit) {
                breaker.record(event.time, permit, outcome(call.failed));
            }
            tally.busy += overlap(now - call.took, now, from, to);
            if call.came >= from {
                tally.all.push(now - call.came);
                tally.timed_out += f64::from(u8::from(call.failed));
                if !call.failed {
                    tally.succeeded.push(now - call.came);
                }
            }
            if pool.release() {
                next = queue.pop_front();
            }
        }
        while let Some(id) = next.take() {
            let call = &mut calls[id as usize];
            if let Some(breaker) = &mut breaker {
                if let breaker::Decision::Admit(permit) = breaker.decide(event.time) {
                    call.permit = Some(permit);
                } else {
                    if call.came >= from {
                        tally.broken += 1.0;
                        tally.all.push(now - call.came);
                    }
                    if pool.release() {
                        next = queue.pop_front();
                    }
                    continue;
                }
            }
            call.failed = now % period >= period - outage;
            let counts = call.failed && (from..to).contains(&now);
            tally.down_calls += f64::from(u8::from(counts));
            let latency = case.number("latency") * draws.exponential();
            call.took = if call.failed { timeout } else { latency.min(timeout) };
            events.schedule(at(now + call.took), id);
        }
    }
    finish(tally, to - from, case.number("workers"))
}

fn finish(mut tally: Tally, span: f64, workers: f64) -> Measures {
    let measured = tally.measured;
    let mut measures: Measures = [
        ("success_frac", tally.succeeded.len() as f64 / measured),
        ("breaker_reject_frac", tally.broken / measured),
        ("timeout_frac", tally.timed_out / measured),
        ("queue_reject_frac", tally.full / measured),
        ("calls_during_outage_per_s", tally.down_calls / span),
        ("worker_util", tally.busy / span / workers),
        ("latency_all_mean", mean(&tally.all)),
    ]
    .into();
    let all = ["latency_all_p50", "latency_all_p95", "latency_all_p99"];
    for (name, q) in all.into_iter().zip([0.5, 0.95, 0.99]) {
        measures.insert(name, percentile(&mut tally.all, q));
    }
    let names = [
        "latency_success_mean",
        "latency_success_p50",
        "latency_success_p95",
        "latency_success_p99",
    ];
    spread(&mut measures, names, &mut tally.succeeded);
    measures
}
