//! What callers do about failures and slowness, and when clients send, in scenario documents.

mod document;

use document::report;
use kneepoint::analysis::report::RunReport;
use kneepoint::analysis::run::Run;
use kneepoint::engine::SimDuration;
use kneepoint::engine::math::exp;
use kneepoint::model::{Breakdown, Simulation};
use kneepoint::scenario::{Scenario, Settings};
use serde_json::{Value, json};

/// Clients with a call and the steps of what they call, at 100 requests a second.
fn document(call: &Value, steps: &Value) -> Value {
    json!({
        "format": 1, "id": "small", "title": "Why?", "group": "users", "summary": "One call.",
        "seed": 1, "run": { "requests": 100_000 },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "users", "label": "Users", "about": "Who come.", "min": 1, "max": 1000, "default": 100 }],
        "parts": [
            { "kind": "clients", "id": "c", "arrivals": { "open": { "rate_per_s": { "knob": "users" } } },
              "call": call },
            { "kind": "service", "id": "s", "workers": 100_000, "endpoints": { "work": steps } }
        ]
    })
}

/// A call to the service with further fields.
fn call(fields: Value) -> Value {
    let mut call = fields;
    call["to"] = json!("s.work");
    call
}

fn near(found: f64, expected: f64, allowed: f64) {
    assert!((found - expected).abs() <= allowed, "{found}, expected {expected} ± {allowed}");
}

/// A share of the attempts fails at once.
fn failing(share: f64) -> Value {
    json!([{ "choice": { "probability": share, "then": [{ "fail": true }] } }])
}

#[test]
fn only_the_failures_named_are_tried_again() {
    let turned_away = json!([{ "reject": {} }]);
    for (steps, kind) in [(&turned_away, "rejected"), (&failing(1.0), "failed")] {
        for named in ["rejected", "failed"] {
            let call = call(json!({ "retries": 3, "retry_on": [named] }));
            let report = report(&document(&call, steps));
            near(report.amplification, if kind == named { 4.0 } else { 1.0 }, 1e-9);
            let ended =
                if kind == "rejected" { report.outcomes.rejected } else { report.outcomes.failed };
            assert!(ended > 90_000, "the outcome keeps its kind: {:?}", report.outcomes);
        }
    }
}

#[test]
fn a_caller_that_is_told_when_to_come_again_does() {
    // Half of the attempts are turned away: one wait a request on average.
    let steps = json!([{ "choice": { "probability": 0.5, "then": [{ "reject": { "retry_after": "2s" } }] } }]);
    let waits = [
        (json!({ "use": "instead" }), 2_000.0),
        (json!({ "use": "instead", "spread": "1s" }), 2_500.0),
        (json!({ "use": "at_least" }), 2_000.0),
        (Value::Null, 100.0),
    ];
    for (after, wait) in waits {
        let call = call(
            json!({ "retries_for_ever": true, "backoff": { "base": "100ms" }, "retry_after": after }),
        );
        // Geometric with standard deviation sqrt 2, over about 80 000 requests: 0.5 %; allow 4.
        near(report(&document(&call, &steps)).latency_ms.mean.unwrap(), wait, 0.02 * wait);
    }
}

#[test]
fn patience_bounds_all_attempts_together() {
    let call = call(json!({
        "patience": "1s", "retries": 100, "backoff": { "base": "300ms" }, "timeout": "250ms"
    }));
    let report = report(&document(&call, &json!([{ "wait": "10s" }])));
    assert_eq!(report.outcomes.in_time, 0);
    assert!(report.outcomes.timed_out > 90_000, "{:?}", report.outcomes);
    // Sent at 0 and at 550 ms; the next would come at 1.1 s.
    near(report.amplification, 2.0, 0.01);
}

#[test]
fn each_kind_of_budget_bounds_retries() {
    let budgets = [
        (json!({ "bucket": { "tokens": 10, "ratio": 0.1 } }), 1.1, 0.001),
        (json!({ "window": { "ratio": 0.1, "reserve_per_s": 10, "window": "10s" } }), 1.2, 0.01),
        (json!({ "throttle": { "tokens": 10, "ratio": 0.1 } }), 1.0, 0.001),
        // No attempt is ever under way when one fails at once.
        (json!({ "concurrent": { "share": 0.2, "least": 0 } }), 1.0, 0.001),
    ];
    for (budget, expected, allowed) in budgets {
        let call = call(json!({ "retries": 3, "budget": budget }));
        near(report(&document(&call, &failing(1.0))).amplification, expected, allowed);
    }
}

#[test]
fn a_breaker_turns_calls_away_and_a_fallback_answers_them() {
    let breaker = json!({
        "window_calls": 5, "calls_min": 5, "failures_share": 1, "open": "5s", "probes": 1
    });
    // Renewal reward, as for k failures in a row with p = 1/2, at 100 a second: a cycle is
    // 62 + 2 calls attempted and 500 * 2 turned away.
    let with = |fallback: Value| {
        let mut call = call(json!({ "breaker": breaker, "fallback": fallback }));
        if call["fallback"].is_null() {
            call.as_object_mut().expect("an object").remove("fallback");
        }
        report(&document(&call, &failing(0.5)))
    };
    let alone = with(Value::Null);
    let all = (alone.outcomes.in_time + alone.outcomes.failed + alone.outcomes.shed) as f64;
    near(alone.outcomes.shed as f64 / all, 1_000.0 / 1_064.0, 0.02);
    let softened = with(json!([]));
    near(softened.error_share, 0.0, 1e-9);
    // Equal arrivals, equal failures, and the same calls are turned away.
    let visits = |report: &RunReport| report.parts["s"].visits_per_s;
    near(visits(&softened), visits(&alone), 1e-9);
    // Of those who are not turned away each comes in.
    near(alone.parts["s"].visits_per_request, 1.0, 1e-4);
}

#[test]
fn a_bulkhead_keeps_a_slow_callee_from_taking_all_workers() {
    let front = |bulkhead: &Value| {
        let mut slow = json!({ "to": "s.work" });
        if !bulkhead.is_null() {
            slow["bulkhead"] = bulkhead.clone();
        }
        let mut document = document(&json!({}), &json!([{ "wait": "10s" }]));
        let parts = document["parts"].as_array_mut().unwrap();
        parts[0].as_object_mut().unwrap().remove("call");
        parts[0]["mix"] = json!([
            { "weight": 1, "call": { "to": "f.slow" } },
            { "weight": 1, "call": { "to": "f.quick" } }
        ]);
        parts.push(
            json!({ "kind": "service", "id": "f", "workers": 20, "queue": { "capacity": 20 },
            "endpoints": { "slow": [{ "call": slow }], "quick": [{ "cpu": "1ms" }] } }),
        );
        report(&document)
    };
    let without = front(&Value::Null);
    assert!(without.error_share > 0.9, "20 workers are held for 10 s each: {without:?}");
    let with = front(&json!({ "running": 10 }));
    // The quick half is answered; of the slow half 1 a second, and 49 are turned away at once.
    near(with.error_share, 0.49, 0.01);
    near(with.parts["f"].utilisation, (10.0 + 0.05) / 20.0, 0.01);
}

#[test]
fn a_short_queue_before_a_bulkhead_is_served_and_a_long_one_in_vain() {
    let goodput = |waiting: u32| {
        let mut document = document(
            &call(json!({ "bulkhead": { "running": 10, "waiting": waiting }, "patience": "2s" })),
            &json!([{ "wait": "1s" }]),
        );
        document["run"]["requests"] = json!(20_000);
        let report = report(&document);
        let busy = report.parts["s"].utilisation * 1e5;
        (report.goodput_per_s, report.outcomes, busy)
    };
    // 10 a second are served of 100; who is fifth in the queue waits half a second.
    let (served, outcomes, busy) = goodput(5);
    near(served, 10.0, 0.2);
    near(busy, 10.0, 0.1);
    assert_eq!(outcomes.timed_out, 0, "{outcomes:?}");
    // In a long queue the first have waited for nearly all their patience, and need a second more.
    // Their places are free when they give up, but the callee works on.
    let (served, outcomes, busy) = goodput(1_000);
    near(served, 0.0, 0.1);
    near(busy, 100.0, 2.0);
    assert_eq!(outcomes.rejected, 0, "{outcomes:?}");
}

#[test]
fn messages_take_time_and_are_lost() {
    let quick = json!([{ "wait": "1ms" }]);
    let network = json!({ "delay": { "exponential": "10ms" } });
    let late = report(&document(&call(json!({ "network": network })), &quick));
    // There and back: 21 ms, with a standard error of 14.1 / sqrt 100 000.
    near(late.latency_ms.mean.unwrap(), 21.0, 0.25);
    let lossy = json!({ "network": { "loss": 0.1 }, "timeout": "1s", "cancels": true });
    let lossy = report(&document(&call(lossy), &quick));
    near(lossy.error_share, 1.0 - 0.81, 0.005);
    assert_eq!(lossy.outcomes.timed_out, lossy.outcomes.timed_out.max(lossy.outcomes.failed));
    near(lossy.parts["s"].visits_per_request, 0.9, 0.005);
}

#[test]
fn a_copy_that_loses_is_cancelled_or_works_on() {
    let work = json!([{ "wait": { "exponential": "100ms" } }]);
    let mut busy = Vec::new();
    for cancels in [true, false] {
        let hedge = json!({ "after": "50ms", "copies": 1, "cancels": cancels });
        let report = report(&document(&call(json!({ "hedge": hedge })), &work));
        // A copy is sent with chance e^-0.5; mean: 100 (1 - e^-0.5) + 50 e^-0.5.
        let share = exp(-0.5);
        near(report.amplification, 1.0 + share, 0.01);
        near(report.latency_ms.mean.unwrap(), 100.0 * (1.0 - share) + 50.0 * share, 0.7);
        busy.push(report.parts["s"].utilisation * 1e5);
    }
    // Without cancelling, each copy takes its 100 ms; with it, both run until the first answer.
    let share = exp(-0.5);
    near(busy[0], 100.0 * (0.1 * (1.0 - share) + 0.1 * share), 0.2);
    near(busy[1], 100.0 * 0.1 * (1.0 + share), 0.3);
}

#[test]
fn a_cancelled_call_takes_its_branches_with_it() {
    let mut document = document(
        &call(json!({ "timeout": "10ms", "cancels": true })),
        &json!([{ "parallel": { "times": 3, "steps": [{ "call": { "to": "t.work" } }] } }]),
    );
    let parts = document["parts"].as_array_mut().unwrap();
    parts.push(json!({ "kind": "service", "id": "t", "workers": 100_000,
        "endpoints": { "work": [{ "wait": "1s" }] } }));
    let report = report(&document);
    // 300 branches a second for 10 ms instead of a second.
    near(report.parts["t"].utilisation * 1e5, 3.0, 0.05);
}

#[test]
fn a_throttled_client_sends_twice_what_is_accepted() {
    let mut document = document(
        &call(json!({ "throttle": { "k": 2, "window": "20s" } })),
        &json!([{ "cpu": "50ms" }]),
    );
    document["parts"][1]["workers"] = json!(1);
    document["parts"][1]["queue"] = json!({ "capacity": 20 });
    let report = report(&document);
    near(report.goodput_per_s, 20.0, 0.5);
    // 20 accepted, 20 rejected, 60 not sent, of 100.
    let all = report.throughput_per_s * report.measured_secs;
    near(report.outcomes.shed as f64 / all, 0.6, 0.02);
    near(report.outcomes.rejected as f64 / all, 0.2, 0.02);
}

/// Requests sent in each second of a run.
fn sent(arrivals: &Value, secs: usize) -> Vec<f64> {
    let mut document = document(&call(json!({})), &json!([]));
    document["parts"][0]["arrivals"] = arrivals.clone();
    let phase = |second: usize| {
        let (from, to) = (1_000 * second, 1_000 * (second + 1));
        json!({ "id": format!("p{second}"), "from": from, "to": to })
    };
    let phases: Vec<Value> = (0..secs).map(phase).collect();
    document["run"] = json!({ "time": 1_000 * secs, "phases": phases });
    let scenario = Scenario::parse(&document.to_string()).expect("a valid document");
    let mut run = Run::of(&scenario, &Settings::default()).expect("a run");
    assert!(run.advance(u64::MAX));
    let report = run.report(&scenario, &Settings::default());
    (0..secs).map(|second| report.phases[&format!("p{second}")].sent_per_s).collect()
}

#[test]
fn clients_keep_their_time() {
    let constant = sent(
        &json!({ "constant": { "rate_per_s": 4, "first": "100ms", "batch": { "size": 3 } } }),
        3,
    );
    assert_eq!(constant, [12.0, 12.0, 12.0]);
    let cron = sent(&json!({ "cron": { "period": "2s", "offset": "500ms" } }), 4);
    assert_eq!(cron, [1.0, 0.0, 1.0, 0.0]);
    let steps = json!([{ "from": 0, "rate_per_s": 10_000 }, { "from": "1s", "rate_per_s": 0 }, { "from": "2s", "rate_per_s": 40_000 }]);
    let steps = sent(&json!({ "steps": { "rates": steps } }), 3);
    // Poisson: standard deviations 100 and 200; allow 4.
    near(steps[0], 10_000.0, 400.0);
    near(steps[1], 0.0, 0.0);
    near(steps[2], 40_000.0, 800.0);
    let bursts = json!({ "bursts": { "busy_per_s": 10_000, "quiet_per_s": 0, "busy": "1s", "quiet": "2s" } });
    let bursts = sent(&bursts, 4);
    assert_eq!(bursts[1..3], [0.0, 0.0]);
    near(bursts[0] + bursts[3], 20_000.0, 600.0);
    let wave =
        json!({ "wave": { "mean_per_s": 10_000, "swing": 0.8, "period": "2s", "peak": "500ms" } });
    // Half a period around the peak has 1 + 0.8 * 2 / pi of the mean.
    near(sent(&wave, 2)[0], 10_000.0 * (1.0 + 0.8 * 2.0 / std::f64::consts::PI), 500.0);
    let batches = sent(&json!({ "batches": { "rate_per_s": 10_000, "batch": { "mean": 5 } } }), 1);
    // Variance of a geometric size of mean 5: 20; of the sum: 10 000 (20 + 25).
    near(batches[0], 50_000.0, 2_700.0);
    let together = json!({ "poll": { "users": 100, "interval": "1500ms", "together": true } });
    assert_eq!(sent(&together, 4), [100.0, 100.0, 0.0, 100.0]);
    let spread = json!({ "poll": { "users": 10_000, "interval": "2s", "jitter": 0.1 } });
    near(sent(&spread, 2)[0], 5_000.0, 250.0);
}

#[test]
fn a_spike_hurries_clients_that_keep_time() {
    let mut document = document(&call(json!({})), &json!([]));
    document["parts"][0]["arrivals"] = json!({ "constant": { "rate_per_s": 100 } });
    let fault = json!({ "kind": "fault", "id": "crowd", "part": "c", "from": "1s", "for": "1s", "effect": "spike", "factor": 5 });
    document["parts"].as_array_mut().unwrap().push(fault);
    document["run"] = json!({ "time": "3s", "phases": [
        { "id": "before", "from": 0, "to": "1s" },
        { "id": "during", "from": "1s", "to": "2s" },
        { "id": "after", "from": "2s", "to": "3s" }
    ] });
    let report = report(&document);
    for (phase, expected) in [("before", 100.0), ("during", 500.0), ("after", 100.0)] {
        near(report.phases[phase].sent_per_s, expected, 6.0);
    }
}

#[test]
fn mixed_calls_come_by_their_weight() {
    let mut document = document(&json!({}), &json!([{ "wait": "1ms" }]));
    let parts = document["parts"].as_array_mut().unwrap();
    parts[0].as_object_mut().unwrap().remove("call");
    parts[0]["mix"] = json!([
        { "weight": 1, "call": { "to": "s.work" } },
        { "weight": 2, "call": { "to": "t.a" } },
        { "weight": 5, "call": { "to": "u.a" } }
    ]);
    for id in ["t", "u"] {
        let endpoints = json!({ "a": [{ "wait": "1ms" }] });
        parts.push(json!({ "kind": "service", "id": id, "workers": 1000, "endpoints": endpoints }));
    }
    let report = report(&document);
    for (part, share) in [("s", 0.125), ("t", 0.25), ("u", 0.625)] {
        // Standard deviation sqrt(p (1 - p) / 90 000) = 0.0016 at most; allow 4.
        near(report.parts[part].visits_per_request, share, 0.0065);
    }
}

#[test]
fn every_nanosecond_of_a_request_is_booked() {
    let calls = [
        json!({ "timeout": "60ms", "retries": 3, "backoff": { "base": "10ms" } }),
        json!({ "timeout": "60ms", "retries": 3, "backoff": { "base": "10ms" }, "patience": "150ms" }),
        json!({ "hedge": { "after": "20ms", "copies": 2 }, "network": { "delay": "3ms" } }),
        json!({ "bulkhead": { "running": 4, "waiting": 100 }, "retries": 2, "fallback": [] }),
        json!({ "hedge": { "after": "20ms", "cancels": true }, "timeout": "50ms", "fallback": [{ "cpu": "5ms" }] }),
    ];
    for fields in calls {
        let document =
            document(&call(fields.clone()), &json!([{ "cpu": { "exponential": "30ms" } }]));
        let scenario = Scenario::parse(&document.to_string()).unwrap();
        let system = scenario.system(&Settings::default()).unwrap();
        let mut simulation = Simulation::new(&system, 1).unwrap();
        let endless = SimDuration(u64::MAX);
        simulation.set_breakdown(Breakdown::new((SimDuration::ZERO, endless), endless));
        simulation.advance(20_000, u64::MAX);
        let booked: f64 = simulation.breakdown().unwrap().means_ms().map(|(_, ms, _)| ms).sum();
        near(booked, simulation.period(0).latencies.mean().unwrap() / 1e6, 1e-3);
    }
}
