//! What documents say about the doors, queues and instances of parts, and what they are good for.

mod disciplines;

mod instances;

mod limits;

use kneepoint::model::{Simulation, Totals};
use kneepoint::scenario::{Scenario, Settings};
use serde_json::{Value, json};

/// What comes to the service.
struct Load {
    /// Poisson, per second.
    rate: f64,
    /// How long callers wait.
    timeout: &'static str,
    cancels: bool,
}

/// A document of these parts.
fn document(parts: &Value) -> Value {
    json!({
        "format": 1, "id": "doors", "title": "Who comes in?", "group": "limits",
        "summary": "One service.", "seed": 1, "run": { "requests": 1000 },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "x", "label": "X", "about": "", "min": 1, "max": 2, "default": 1 }],
        "parts": parts
    })
}

/// A simulation of these parts.
fn simulation(parts: &Value, seed: u64) -> Simulation {
    let text = document(parts).to_string();
    let scenario = Scenario::parse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let system = scenario.system(&Settings::default()).expect("the document is valid");
    Simulation::new(&system, seed).expect("the system can be built")
}

/// Outcomes within `secs` of a service with one worker of 10 ms a request, exponential.
fn totals(load: &Load, mut service: Value, secs: f64) -> Totals {
    let Load { rate, timeout, cancels } = load;
    let fields = service.as_object_mut().expect("fields of a service");
    fields.insert("kind".to_owned(), json!("service"));
    fields.insert("id".to_owned(), json!("s"));
    let steps = json!([{ "cpu": { "exponential": "10ms" } }]);
    fields.entry("endpoints").or_insert(json!({ "work": steps }));
    let parts = json!([
        { "kind": "clients", "id": "c", "arrivals": { "open": { "rate_per_s": rate } },
          "call": { "to": "s.work", "timeout": timeout, "cancels": cancels } },
        service
    ]);
    let mut simulation = simulation(&parts, 1);
    simulation.advance_until(kneepoint::engine::SimTime((secs * 1e9) as u64), u64::MAX);
    simulation.period(0).totals
}
