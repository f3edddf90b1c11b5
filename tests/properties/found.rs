//! Small documents of what random ones have broken once.

use kneepoint::scenario::{Scenario, Settings};
use serde_json::{Value, json};

use super::{end, keeps_the_laws, simulation};

fn scenario(parts: Value) -> Scenario {
    let document = json!({
        "format": 1, "id": "found", "title": "Still?", "group": "failure", "summary": "Was broken.",
        "seed": 1, "run": { "time": "20s" }, "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "unused", "label": "-", "about": "-", "min": 1, "max": 2, "default": 1 }],
        "parts": parts
    });
    Scenario::parse(&document.to_string()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn keeps(parts: Value) {
    let system = scenario(parts).system(&Settings::default()).expect("it can be built");
    keeps_the_laws(&system).unwrap_or_else(|error| panic!("{error}"));
}

/// Users of one service that runs so.
fn running(runs: Value, more: &[Value]) -> Value {
    let mut parts = vec![
        json!({ "kind": "clients", "id": "users", "call": { "to": "app.page" },
                "arrivals": { "closed": { "users": 50, "think": 0 } } }),
        json!({ "kind": "service", "id": "app", "workers": 100, "runs": runs,
                "endpoints": { "page": [{ "cpu": "10ms" }] } }),
        json!({ "kind": "machine", "id": "vm", "cores": 2 }),
    ];
    parts.extend(more.iter().cloned());
    parts.into()
}

#[test]
fn a_machine_divided_by_weight_beside_another() {
    let other = json!({ "kind": "machine", "id": "box" });
    let db = json!({ "kind": "database", "id": "db", "runs": { "on": "box" } });
    keeps(running(json!({ "on": "vm", "weight": 50 }), &[other, db]));
}

#[test]
fn a_slow_machine_is_slow_however_its_cores_are_divided() {
    let slow = json!({ "kind": "fault", "id": "slow", "part": "vm", "from": 0, "for": "20s",
                       "effect": "slow", "factor": 4 });
    for runs in [json!({ "on": "vm" }), json!({ "on": "vm", "weight": 50 })] {
        let served = |more: &[Value]| {
            let scenario = scenario(running(runs.clone(), more));
            let system = scenario.system(&Settings::default()).expect("it can be built");
            let mut simulation = simulation(&system);
            simulation.advance_until(end(), u64::MAX);
            simulation.finished() as f64
        };
        let ratio = served(&[]) / served(std::slice::from_ref(&slow));
        assert!((ratio - 4.0).abs() < 0.3, "{runs}: {ratio} times as many without the fault");
    }
}

#[test]
fn runs_of_one_instant_that_replace_each_other() {
    keeps(json!([
        { "kind": "clients", "id": "jobs", "call": { "to": "app.page" },
          "arrivals": { "cron": { "period": "50ms", "overlap": "replace", "batch": { "size": 19 } } } },
        { "kind": "service", "id": "app", "endpoints": { "page": [{ "cpu": "10ms" }] } }
    ]));
}
