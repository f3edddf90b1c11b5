//! Whatever callers do and whatever goes wrong, every request ends once and nothing stays behind.

use kneepoint::engine::{SimTime, Stream};
use kneepoint::model::Simulation;
use kneepoint::scenario::{Scenario, Settings};
use serde_json::{Value, json};

/// Takes one of some values, by lot.
fn one_of(random: &mut Stream, values: &[Value]) -> Value {
    values[random.below(values.len() as u64) as usize].clone()
}

/// A call with each of its fields by lot.
fn call(random: &mut Stream, to: &str) -> Value {
    let mut call = json!({ "to": to, "timeout": "300ms" });
    let budget = [
        json!({ "bucket": { "tokens": 5, "ratio": 0.2 } }),
        json!({ "window": { "ratio": 0.2, "reserve_per_s": 1, "window": "1s" } }),
        json!({ "throttle": { "tokens": 5, "ratio": 0.2 } }),
        json!({ "concurrent": { "share": 0.3, "least": 1 } }),
    ];
    let backoff = [
        json!({ "base": "20ms" }),
        json!({ "base": "20ms", "cap": "200ms", "growth": "decorrelated" }),
        json!({ "base": "20ms", "cap": "200ms", "growth": "linear", "jitter": "full" }),
        json!({ "base": "0ms" }),
    ];
    let fields: [(&str, Value); 12] = [
        ("cancels", json!(true)),
        ("patience", one_of(random, &[json!("200ms"), json!("700ms")])),
        ("retries", json!(random.below(4))),
        ("backoff", one_of(random, &backoff)),
        ("budget", one_of(random, &budget)),
        ("retry_on", json!(["timed_out", "rejected", "breaker_open", "failed"])),
        ("throttle", json!({ "k": 1.5, "window": "1s" })),
        (
            "breaker",
            one_of(
                random,
                &[
                    json!({ "window_calls": 5, "calls_min": 3, "failures_share": 0.5, "open": "100ms", "probes": 2 }),
                    json!({ "window": "1s", "calls_min": 3, "failures_share": 0.5, "slow_after": "50ms",
                    "slow_share": 0.5, "open": "100ms", "probes": 1, "probing": "shares_below" }),
                ],
            ),
        ),
        (
            "bulkhead",
            one_of(random, &[json!({ "running": 3 }), json!({ "running": 2, "waiting": 4 })]),
        ),
        (
            "hedge",
            one_of(
                random,
                &[
                    json!({ "after": "30ms", "copies": 3, "cancels": true }),
                    json!({ "after": "0ms", "copies": 2 }),
                    json!({ "quantile": 0.6, "copies": 1, "budget": budget[0] }),
                ],
            ),
        ),
        (
            "fallback",
            one_of(random, &[json!([]), json!([{ "cpu": "5ms" }]), json!([{ "fail": true }])]),
        ),
        ("network", json!({ "delay": { "exponential": "2ms" }, "loss": 0.05 })),
    ];
    for (name, value) in fields {
        if random.chance(0.4) {
            call[name] = value;
        }
    }
    call
}

/// Clients, a service and another behind it, with faults; after two seconds nobody comes but a few
/// much later.
fn document(random: &mut Stream) -> Value {
    let rate = 20 + random.below(300);
    let times = 1 + random.below(3);
    let inner = json!([
        { "cpu": "2ms" },
        { "parallel": { "times": times, "needed": 1, "steps": [{ "call": call(random, "back.work") }] } }
    ]);
    let work = json!([
        { "choice": { "probability": 0.2, "then": [{ "reject": { "retry_after": "50ms" } }] } },
        { "cpu": { "exponential": "20ms" } }
    ]);
    let mut parts = vec![
        json!({ "kind": "clients", "id": "c", "call": call(random, "front.work"),
            "arrivals": { "steps": { "rates": [
                { "from": 0, "rate_per_s": rate }, { "from": "2s", "rate_per_s": 0 },
                { "from": "900s", "rate_per_s": 2 }, { "from": "920s", "rate_per_s": 0 }
            ] } } }),
        json!({ "kind": "service", "id": "front", "workers": 8, "queue": { "capacity": 30 }, "endpoints": { "work": inner } }),
        json!({ "kind": "service", "id": "back", "workers": 4, "queue": { "capacity": 20, "wait_limit": "500ms" },
            "endpoints": { "work": work } }),
    ];
    for (index, effect) in ["crash", "stop", "slow"].into_iter().enumerate() {
        if random.chance(0.4) {
            let part = if random.chance(0.5) { "front" } else { "back" };
            let from = 300 + 500 * index;
            let mut fault = json!({ "kind": "fault", "id": effect, "part": part, "from": from, "for": 200, "effect": effect });
            if effect == "slow" {
                fault["factor"] = json!(20);
            }
            parts.push(fault);
        }
    }
    json!({
        "format": 1, "id": "small", "title": "Why?", "group": "users", "summary": "By lot.",
        "seed": 1, "run": { "requests": 1000 },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "users", "label": "Users", "about": "Who come.", "min": 1, "max": 2, "default": 1 }],
        "parts": parts
    })
}

#[test]
fn every_request_ends_once_and_nothing_stays_behind() {
    let mut sent = 0;
    for seed in 0..400 {
        let document = document(&mut Stream::new(seed, 1, 1));
        let scenario = Scenario::parse(&document.to_string()).expect("a valid document");
        let system = scenario.system(&Settings::default()).expect("a valid system");
        let mut whole = Simulation::new(&system, seed).expect("a valid system");
        whole.advance_until(SimTime::from_secs(900.0), u64::MAX);
        assert_eq!(whole.tasks_count(), 0, "seed {seed}: {document}");
        let visits = whole.period(0).parts.last().map_or(0, |part| part.visits);
        whole.advance_until(SimTime::from_secs(1_000.0), u64::MAX);
        let totals = whole.period(0).totals;
        assert_eq!(totals.sent, totals.finished(), "seed {seed}: {document}");
        assert_eq!(whole.tasks_count(), 0, "seed {seed}: {document}");
        // About 40 come, and places and probes are there for them.
        let later = whole.period(0).parts.last().map_or(0, |part| part.visits);
        assert!(later >= visits + 10, "seed {seed}: {visits}, then {later}: {document}");
        sent += totals.sent;
        // In slices it comes to the same.
        let mut sliced = Simulation::new(&system, seed).expect("a valid system");
        while sliced.now() < whole.now() {
            sliced.advance_until(SimTime::from_secs(1_000.0), 97);
        }
        assert_eq!(sliced.digest(), whole.digest(), "seed {seed}");
    }
    assert!(sent > 50_000, "{sent} requests were sent");
}
