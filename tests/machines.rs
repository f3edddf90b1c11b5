//! Machines in documents: shared cores, interpreter locks, and memory that runs out.

mod document;

use document::report;
use serde_json::{Value, json};

/// A service on a machine.
fn document(workers: u32, work: Value, runs: Value, machine: Value) -> Value {
    let mut part = json!({ "kind": "machine", "id": "vm" });
    for (name, value) in machine.as_object().expect("fields of a machine") {
        part[name] = value.clone();
    }
    json!({
        "format": 1, "id": "placed", "title": "Why?", "group": "users", "summary": "One machine.",
        "seed": 1, "run": { "requests": 100_000 },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "rate", "label": "Rate", "about": "", "unit": "per_second",
                    "min": 1, "max": 1000, "default": 14 }],
        "parts": [
            { "kind": "clients", "id": "users", "call": { "to": "app.page" },
              "arrivals": { "open": { "rate_per_s": { "knob": "rate" } } } },
            { "kind": "service", "id": "app", "workers": workers, "runs": runs,
              "endpoints": { "page": [{ "cpu": work }] } },
            part
        ]
    })
}

/// M/G/1-PS: mean service over 1 - rho, whatever the distribution: 50 ms / 0.3.
#[test]
fn shared_cores_answer_as_fast_for_any_distribution_of_work() {
    for work in [
        json!({ "exponential": "50ms" }),
        json!("50ms"),
        json!({ "hyperexponential": { "mean": "50ms", "scv": 4 } }),
    ] {
        let report = report(&document(10_000, work.clone(), json!({ "on": "vm" }), json!({})));
        let mean = report.latency_ms.mean.unwrap();
        assert!((mean - 166.7).abs() < 17.0, "{work}: {mean} ms");
        let vm = &report.parts["vm"];
        assert!((vm.utilisation - 0.7).abs() < 0.02, "{vm:?}");
    }
}

#[test]
fn threads_under_a_lock_add_no_throughput_and_processes_do() {
    let throughput = |instances: u32, workers: u32, gil: f64| {
        let runs = json!({ "on": "vm", "gil": gil, "switch": "5ms" });
        let mut document = document(workers, json!("10ms"), runs, json!({ "cores": 4 }));
        document["parts"][0]["arrivals"] = json!({ "closed": { "users": 64, "think": "0ms" } });
        document["parts"][1]["instances"] = json!(instances);
        document["run"]["requests"] = json!(20_000);
        report(&document).throughput_per_s
    };
    for (instances, workers, gil, expected) in
        [(1, 1, 1.0, 100.0), (1, 8, 1.0, 100.0), (4, 1, 1.0, 400.0), (1, 8, 0.5, 200.0)]
    {
        let found = throughput(instances, workers, gil);
        assert!((found / expected - 1.0_f64).abs() < 0.02, "{instances} x {workers}: {found}");
    }
}

#[test]
fn a_batch_job_takes_the_cores_unless_it_is_held_back() {
    let mean = |limits: Value| {
        let mut document =
            document(1_000, json!({ "exponential": "10ms" }), json!({ "on": "vm" }), json!({}));
        let mut runs = json!({ "on": "vm" });
        for (name, value) in limits.as_object().unwrap() {
            runs[name] = value.clone();
        }
        document["run"]["requests"] = json!(20_000);
        let parts = document["parts"].as_array_mut().unwrap();
        parts.push(json!({ "kind": "service", "id": "batch", "workers": 9, "runs": runs,
                           "endpoints": { "job": [{ "cpu": "10min" }] } }));
        parts.push(json!({ "kind": "clients", "id": "night", "call": { "to": "batch.job" },
                           "arrivals": { "closed": { "users": 9, "think": "0ms" } } }));
        report(&document).latency_ms.p50.unwrap()
    };
    let (free, held) = (mean(json!({})), mean(json!({ "weight": 1 })));
    assert!(free > 5.0 * held, "{free} ms and {held} ms");
    assert!((held - 8.0).abs() < 2.0, "{held} ms");
}

#[test]
fn memory_that_runs_out_kills_and_a_bound_prevents_it() {
    let run = |queue: Value, leak: f64, recycle: Option<u32>| {
        let runs = json!({ "on": "vm", "memory_mb": 100, "request_mb": 1, "leak_mb": leak,
                           "recycle_after": recycle });
        let mut document = document(
            10,
            json!("50ms"),
            runs,
            json!({ "cores": 4, "memory_mb": 200, "restart": "5s" }),
        );
        document["knobs"][0]["default"] = json!(100);
        document["parts"][1]["queue"] = queue;
        document["run"] = json!({ "time": "60s" });
        report(&document)
    };
    // 80 a second are served of 100: the queue grows by 20 a second and is too long after 5 s.
    let unbounded = run(json!({}), 0.0, None);
    assert!((4..=12).contains(&unbounded.machines["vm"].kills), "{:?}", unbounded.machines);
    assert!(unbounded.machines["vm"].memory_most_mb > 200.0);
    assert!(unbounded.outcomes.failed > 500, "{:?}", unbounded.outcomes);
    let bounded = run(json!({ "capacity": 50 }), 0.0, None);
    assert_eq!(bounded.machines["vm"].kills, 0);
    assert!(bounded.goodput_per_s > 75.0);
    // 80 requests a second leave 4 MB: the rest of 100 is full in some 15 s.
    let leaking = run(json!({ "capacity": 20 }), 0.05, None);
    assert!((1..=4).contains(&leaking.machines["vm"].kills), "{:?}", leaking.machines);
    let recycled = run(json!({ "capacity": 20 }), 0.05, Some(500));
    assert_eq!(recycled.machines["vm"].kills, 0);
}

#[test]
fn cancelled_work_leaves_the_cores_to_others() {
    let runs = json!({ "on": "vm", "gil": 1, "switch": "5ms" });
    let mut document = document(100, json!({ "exponential": "60ms" }), runs, json!({}));
    document["parts"][0]["call"] = json!({ "to": "app.page", "timeout": "40ms", "cancels": true });
    let report = report(&document);
    // Without the cancellation a load of 84 % would keep the core busy.
    assert!(report.parts["vm"].utilisation < 0.6, "{:?}", report.parts["vm"]);
    assert!(report.error_share > 0.2 && report.outcomes.in_flight < 10, "{report:?}");
}
