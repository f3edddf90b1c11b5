//! What each part, step and policy costs in the interpreter: lines `part name number`, the best
//! nanoseconds of processor time for one event of a service that uses it, and `part-request` for one
//! request.
//!
//! Each document is that of `plain` with one part or policy more. `cargo xtask bench` shows them.
#![expect(clippy::print_stdout, reason = "prints its results")]

use cpu_time::ProcessTime;
use kneepoint::model::Simulation;
use kneepoint::model::system::System;
use kneepoint::scenario::{Scenario, Settings};
use serde_json::{Value, json};

const ROUNDS: u64 = 5;
const REQUESTS: u64 = 100_000;

fn main() {
    for (name, steps, call, service, more) in documents() {
        let system = system(&steps, &call, &service, more);
        let (mut each_event, mut each_request) = (f64::INFINITY, f64::INFINITY);
        for seed in 1..=ROUNDS {
            let mut simulation = Simulation::new(&system, seed).expect("a document can be built");
            let begin = ProcessTime::now();
            simulation.advance(REQUESTS, u64::MAX);
            let nanos = begin.elapsed().as_secs_f64() * 1e9;
            each_event = each_event.min(nanos / simulation.events_count() as f64);
            each_request = each_request.min(nanos / simulation.finished() as f64);
        }
        println!("part {name} {each_event:.1}");
        println!("part-request {name} {each_request:.1}");
    }
}

/// A name, the steps of a request, and what the call, the service and the system have beside them.
type Document = (&'static str, Value, Value, Value, Vec<Value>);

fn documents() -> Vec<Document> {
    let work = || json!({ "cpu": { "exponential": "1ms" } });
    let none = || json!({});
    let mut all = calls(&work());
    all.extend(doors(&work()));
    all.extend(data());
    all.extend(outages(&work()));
    let part = |name, step: Value, more: Vec<Value>| (name, json!([step]), none(), none(), more);
    let cache = |fields: Value| {
        let mut cache = json!({ "kind": "cache", "id": "cache", "keys": 1000, "capacity": 500 });
        for (name, value) in fields.as_object().expect("fields") {
            cache[name] = value.clone();
        }
        vec![cache]
    };
    let database = || json!({ "kind": "database", "id": "db", "cores": 4 });
    let table = json!({ "rows": { "rows": 100_000, "indexes": { "id": {} } } });
    let mut planned = database();
    planned["tables"] = table;
    let query = |via: &str| json!({ "query": { "via": via, "work": { "exponential": "1ms" } } });
    let pool = json!({ "kind": "pool", "id": "pool", "database": "db", "connections": 10 });
    let select = json!({ "query": { "via": "db", "table": "rows", "rows": 1, "by": "id" } });
    let machine = json!({ "kind": "machine", "id": "vm", "cores": 4 });
    let held = json!({ "lock": { "on": "lock", "steps": [{ "cpu": "100us" }] } });
    all.extend([
        part("cache", json!({ "cached": { "cache": "cache", "load": [work()] } }), cache(none())),
        part(
            "cache_single_flight",
            json!({ "cached": { "cache": "cache", "load": [work()] } }),
            cache(json!({ "misses": "wait", "ttl": "1s" })),
        ),
        part("database", query("db"), vec![database()]),
        part("pool", query("pool"), vec![pool, database()]),
        part("planner", select, vec![planned]),
        part("lock", held, vec![json!({ "kind": "lock", "id": "lock" })]),
        part("parallel", json!({ "parallel": { "times": 4, "steps": [work()] } }), Vec::new()),
        part("repeat", json!({ "repeat": { "times": 10, "steps": [work()] } }), Vec::new()),
        part(
            "third_party",
            json!({ "ask": { "party": "api" } }),
            vec![json!({ "kind": "third_party", "id": "api", "latency": "1ms",
                         "quota": { "calls": 1000, "window": "1s" } })],
        ),
        (
            "machine",
            json!([work()]),
            none(),
            json!({ "runs": { "on": "vm" } }),
            vec![machine.clone()],
        ),
        (
            "interpreter_lock",
            json!([work()]),
            none(),
            json!({ "runs": { "on": "vm", "gil": 0.5, "switch": "1ms" }, "instances": 4 }),
            vec![machine],
        ),
    ]);
    all
}

/// What callers do.
fn calls(work: &Value) -> Vec<Document> {
    let settings = [
        ("plain", json!({})),
        ("timeout", json!({ "timeout": "1s", "retries": 3 })),
        ("patience", json!({ "patience": "1s" })),
        (
            "breaker",
            json!({ "breaker": { "window_calls": 100, "calls_min": 10,
            "failures_share": 0.5, "open": "1s", "probes": 3 } }),
        ),
        ("throttle", json!({ "throttle": { "k": 2, "window": "10s" } })),
        ("bulkhead", json!({ "bulkhead": { "running": 100, "waiting": 100 } })),
        ("hedge", json!({ "hedge": { "after": "5ms" } })),
        ("network", json!({ "network": { "delay": "1ms" } })),
    ];
    let document = |(name, call)| (name, json!([work]), call, json!({}), Vec::new());
    settings.into_iter().map(document).collect()
}

/// What stands before the workers of a service.
fn doors(work: &Value) -> Vec<Document> {
    let limit = |limit: Value| json!({ "admission": [limit] });
    let settings = [
        ("token_bucket", limit(json!({ "token_bucket": { "rate_per_s": 2000, "burst": 100 } }))),
        ("sliding_log", limit(json!({ "sliding_log": { "limit": 2000, "window": "1s" } }))),
        ("concurrency", limit(json!({ "concurrency": { "limit": 100 } }))),
        ("adaptive", limit(json!({ "adaptive": { "algorithm": "vegas" } }))),
        ("lifo", json!({ "queue": { "order": "lifo" } })),
        (
            "codel",
            json!({ "queue": { "shed": {
            "codel": { "target": "5ms", "interval": "100ms" } } } }),
        ),
        (
            "two_choices",
            json!({ "instances": 4, "workers": 1,
            "balancer": { "algorithm": "two_choices" } }),
        ),
    ];
    let document = |(name, service)| (name, json!([work]), json!({}), service, Vec::new());
    settings.into_iter().map(document).collect()
}

/// What keeps rows, and what is done to them later.
fn data() -> Vec<Document> {
    let table =
        || json!({ "rows": { "rows": 100_000, "row_bytes": 200, "indexes": { "id": {} } } });
    let database = |more: Value| {
        let mut database = json!({ "kind": "database", "id": "db", "cores": 4, "tables": table() });
        for (name, value) in more.as_object().expect("fields") {
            database[name] = value.clone();
        }
        database
    };
    let select = json!({ "query": { "via": "db", "table": "rows", "rows": 1, "by": "id" } });
    let query = |via: &str| json!({ "query": { "via": via, "work": { "exponential": "1ms" } } });
    let pool = json!({ "kind": "pool", "id": "pool", "database": "db", "connections": 10,
                       "opening": "5ms", "idle": "1s", "leak": "0.0001%" });
    let lite = json!({ "kind": "database", "id": "db", "sqlite": { "journal": "wal" } });
    let write = json!({ "transaction": { "on": "db", "begin": "immediate",
                        "steps": [{ "query": { "via": "db", "work": "0.1ms", "writes": true } }] } });
    let update = json!({ "update": { "database": "db", "table": "rows", "way": "atomic", "write": [
                         { "query": { "via": "db", "work": "0.1ms" } }] } });
    let copy = json!({ "kind": "database", "id": "copy",
                       "replica": { "primary": "db", "apply": { "exponential": "0.1ms" } } });
    let queue = json!({ "kind": "jobs", "id": "queue", "call": { "to": "app.job" }, "handlers": 4,
                        "visibility": "30s" });
    let job = json!({ "endpoints": { "page": [{ "enqueue": { "to": "queue" } }],
                                     "job": [{ "cpu": { "exponential": "1ms" } }] }, "workers": 8 });
    let disk = json!({ "disk": { "memory_mb": 1, "channels": 4, "page": "0.1ms" } });
    let document = |name, step, more| (name, json!([step]), json!({}), json!({}), more);
    vec![
        document("disk", select, vec![database(disk)]),
        document("pool_opening", query("pool"), vec![pool, database(json!({}))]),
        document("sqlite", write, vec![lite]),
        document("row_locks", update, vec![database(json!({}))]),
        document("replica", query("copy"), vec![database(json!({})), copy]),
        ("jobs", json!([]), json!({}), job, vec![queue]),
    ]
}

/// What goes wrong for a while, and then is there no more.
fn outages(work: &Value) -> Vec<Document> {
    let fault = |effect: &str, more: Value| {
        let mut fault = json!({ "kind": "fault", "id": "fault", "part": "app", "from": "1s", "for": "1s",
                                "effect": effect });
        for (name, value) in more.as_object().expect("fields") {
            fault[name] = value.clone();
        }
        vec![fault]
    };
    let instances = json!({ "instances": 4,
                            "cold_start": { "down": "1s", "slow": "10s", "factor": 2 } });
    let deploy = json!({ "share": 0.5, "errors": 0.1, "factor": 2 });
    let document = |name, service, faults| (name, json!([work]), json!({}), service, faults);
    vec![
        document("cold_start", instances, fault("crash", json!({ "instance": 1 }))),
        document("partition", json!({}), fault("partition", json!({}))),
        document("drop", json!({}), fault("drop", json!({ "share": 0.1 }))),
        document("deploy", json!({ "instances": 4 }), fault("deploy", deploy)),
    ]
}

fn system(steps: &Value, call: &Value, service: &Value, more: Vec<Value>) -> System {
    let with = |mut base: Value, more: &Value| {
        for (name, value) in more.as_object().expect("an object of fields") {
            base[name] = value.clone();
        }
        base
    };
    let mut parts = vec![
        json!({ "kind": "clients", "id": "users",
                "arrivals": { "open": { "rate_per_s": 700 } },
                "call": with(json!({ "to": "app.page" }), call) }),
        with(
            json!({ "kind": "service", "id": "app", "workers": 4, "endpoints": { "page": steps } }),
            service,
        ),
    ];
    parts.extend(more);
    let document = json!({
        "format": 1, "id": "bench", "title": "What does it cost?", "group": "limits",
        "summary": "One part.", "seed": 1, "run": { "requests": 1000 },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "unused", "label": "-", "about": "-", "min": 1, "max": 2, "default": 1 }],
        "parts": parts
    });
    let scenario = Scenario::parse(&document.to_string()).unwrap_or_else(|wrong| panic!("{wrong}"));
    scenario.system(&Settings::default()).expect("what was read can be built")
}
