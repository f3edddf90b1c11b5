//! Pools that open their connections, lose them, and meet the limit of a database.

mod document;

use document::report;
use kneepoint::analysis::explain::explain;
use kneepoint::scenario::{Scenario, Settings};
use serde_json::{Value, json};
use std::sync::Arc;

/// `rate` requests a second, each one query of `work` through a pool with these fields.
fn document(rate: f64, work: &Value, pool: Value, database: Value) -> Value {
    let mut all = [
        json!({ "kind": "pool", "id": "pool", "database": "db", "connections": 10 }),
        json!({ "kind": "database", "id": "db", "cores": 1000 }),
    ];
    for (part, more) in all.iter_mut().zip([pool, database]) {
        for (name, value) in more.as_object().expect("fields of a part") {
            part[name] = value.clone();
        }
    }
    let [pool, database] = all;
    json!({
        "format": 1, "id": "pooled", "title": "Why?", "group": "limits", "summary": "A pool.",
        "seed": 1, "run": { "time": "2000s" },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "rate", "label": "Requests", "about": "", "unit": "per_second",
                    "min": 0.1, "max": 10000, "default": rate }],
        "parts": [
            { "kind": "clients", "id": "users", "call": { "to": "app.read" },
              "arrivals": { "open": { "rate_per_s": { "knob": "rate" } } } },
            { "kind": "service", "id": "app", "workers": 10_000, "endpoints": {
                "read": [{ "query": { "via": "pool", "work": work } }] } },
            pool, database
        ]
    })
}

fn sentences(document: &Value) -> Vec<String> {
    let scenario = Arc::new(Scenario::parse(&document.to_string()).expect("it is valid"));
    let explanation = explain(&scenario, &Settings::default()).expect("it can be explained");
    explanation.sentences.into_iter().map(|sentence| sentence.text).collect()
}

#[test]
fn a_connection_is_opened_once_and_then_kept() {
    let work = json!({ "exponential": "10ms" });
    let kept = report(&document(50.0, &work, json!({ "opening": "100ms" }), json!({})));
    let pool = &kept.pools["pool"];
    // 50 a second of 10 ms each, and of 110 ms at first, need no more than ten at once.
    assert!(pool.open <= 10 && pool.open >= 2, "{pool:?}");
    assert!(pool.opened_per_s < 0.01, "{pool:?}");
    assert_eq!(pool.lost, 0);
    // All that waits is over after the beginning: the mean is that of the query.
    let mean = kept.latency_ms.mean.expect("requests are answered");
    assert!((mean - 10.0).abs() < 0.3, "{mean}");
}

/// With one place and a connection closed after `idle`, a request whose predecessor ended more than
/// `idle` ago pays the opening. In the loss-free limit of rare requests of no work that is the share
/// `e^(-rate idle)`.
#[test]
fn who_comes_after_a_pause_pays_for_the_opening() {
    let pool = json!({ "connections": 1, "opening": "1ms", "idle": "2s" });
    let found = report(&document(0.5, &json!("1us"), pool.clone(), json!({})));
    let expected = 0.5 * kneepoint::engine::math::exp(-0.5 * 2.0);
    let opened = found.pools["pool"].opened_per_s;
    // Standard error of about 370 openings in 2000 s: 5 %, allow four of them.
    assert!((opened / expected - 1.0).abs() < 0.2, "{opened}, not {expected}");
    assert!((found.pools["pool"].closed_per_s / opened - 1.0).abs() < 0.02);
    let mut kept = pool;
    kept["least"] = json!(1);
    let kept = report(&document(0.5, &json!("1us"), kept, json!({})));
    assert!(kept.pools["pool"].closed_per_s < 1e-9, "{:?}", kept.pools);
}

#[test]
fn leaks_take_one_place_after_the_other_until_nobody_is_served() {
    let slow = document(
        50.0,
        &json!("1ms"),
        json!({ "leak": 0.001, "queue": { "wait_limit": "1s" } }),
        json!({}),
    );
    let found = report(&slow);
    assert_eq!(found.pools["pool"].lost, 10);
    // Ten places last for about 10 000 of the 100 000 requests.
    assert!(found.error_share > 0.8, "{}", found.error_share);
    assert!(found.parts["pool"].utilisation > 0.8);
    let said = sentences(&slow);
    let expected = "10 of 10 connections of pool were never given back.";
    assert!(said.iter().any(|text| text == expected), "{said:?}");
}

#[test]
fn settings_that_change_nothing_leave_the_run_as_it_was() {
    let work = json!({ "exponential": "10ms" });
    let plain = document(800.0, &work, json!({}), json!({}));
    let mut same = plain.clone();
    same["parts"][2]["leak"] = json!(0);
    same["parts"][2]["opening"] = json!(0);
    same["parts"][2]["least"] = json!(5);
    same["parts"][3]["connection_mb"] = json!(0);
    assert_eq!(report(&plain).digest, report(&same).digest);
    assert!(report(&plain).pools.is_empty());
}

/// Each instance has a pool of ten: with ten instances the database takes all they open, with forty it
/// leaves each of them two or three, although the load is the same.
#[test]
fn more_instances_break_the_database() {
    let of = |instances: u32, limit: u32| {
        let pool = json!({ "opening": "5ms", "each": "app" });
        let database = json!({ "connections": limit });
        // 2000 a second of 40 ms keep 80 connections busy.
        let work = json!({ "exponential": "40ms" });
        let mut document = document(2_000.0, &work, pool, database);
        document["run"] = json!({ "time": "20s" });
        document["parts"][1]["instances"] = json!(instances);
        document
    };
    let few = of(10, 100);
    assert!(report(&few).error_share < 1e-9);
    assert_eq!(report(&few).pools["pool"].limit, Some(100));
    let many = of(40, 100);
    let found = report(&many);
    let pool = &found.pools["pool"];
    assert_eq!(pool.open, 100, "{pool:?}");
    assert!(found.error_share > 0.05 && pool.refused_per_s > 100.0, "{found:?}");
    let said = sentences(&many);
    assert!(
        said.iter().any(|text| text.starts_with("db takes 100 connections and refuses")),
        "{said:?}"
    );
    // A higher limit is the cure.
    assert!(report(&of(40, 400)).error_share < 1e-9);
}

/// Connections take memory from pages: with 128 MB for pages of 256 MB, 64 connections of 1 MB leave
/// 64 MB, and the hit ratio of evenly used pages falls from a half to a quarter.
#[test]
fn open_connections_leave_less_memory_for_pages() {
    let of = |connection_mb: f64| {
        let rows = 256.0 * 1024.0 * 1024.0 / 8192.0 * 60.0;
        let database = json!({
            "cores": 1000, "connection_mb": connection_mb,
            "disk": { "memory_mb": 128, "page": "1ms", "channels": 1000 },
            "tables": { "t": { "rows": rows, "row_bytes": 100, "indexes": {} } }
        });
        let pool = json!({ "connections": 64, "opening": "1ms" });
        let mut document = document(2_000.0, &json!("1ms"), pool, database);
        document["run"] = json!({ "time": "2s" });
        document["parts"][1]["endpoints"]["read"] = json!([{ "transaction": { "pool": "pool",
            "steps": [{ "wait": "100ms" }] } }]);
        document
    };
    let mut free = of(0.0);
    let mut taken = of(1.0);
    for document in [&mut free, &mut taken] {
        document["parts"][1]["endpoints"]["look"] =
            json!([{ "query": { "via": "db", "table": "t", "rows": 1, "by": "id" } }]);
        document["parts"][3]["tables"]["t"]["indexes"] = json!({ "id": { "covers": false } });
        document["parts"].as_array_mut().expect("parts").push(json!(
            { "kind": "clients", "id": "lookers", "background": true, "call": { "to": "app.look" },
              "arrivals": { "open": { "rate_per_s": 1 } } }));
    }
    let time_of = |document: &Value| {
        let mut document = document.clone();
        document["parts"][0]["background"] = json!(true);
        document["parts"][4]["background"] = json!(false);
        document["parts"][4]["arrivals"] = json!({ "open": { "rate_per_s": 500 } });
        report(&document).latency_ms.mean.expect("look-ups are answered")
    };
    let (before, after) = (time_of(&free), time_of(&taken));
    // Time is in pages that miss: a half of them before, three quarters after, more or less evenly.
    assert!(after / before > 1.25 && after / before < 1.75, "{before} ms, {after} ms");
}

#[test]
fn a_crash_of_the_database_closes_all_connections() {
    let mut document =
        document(50.0, &json!("10ms"), json!({ "opening": "20ms", "connections": 5 }), json!({}));
    document["run"] = json!({ "time": "100s", "phases": [
        { "id": "before", "from": "20s", "to": "40s" }, { "id": "after", "from": "60s", "to": "100s" }] });
    let unharmed = report(&document).pools["pool"].opened_per_s;
    document["parts"].as_array_mut().expect("parts").push(json!(
        { "kind": "fault", "id": "down", "part": "db", "effect": "crash", "from": "40s", "for": "10s" }));
    let found = report(&document);
    let pool = &found.pools["pool"];
    assert!(pool.opened_per_s > unharmed + 0.9 / 100.0, "{pool:?}");
    assert!(pool.failed_per_s > 1.0, "{pool:?}");
    assert!(found.phases["after"].error_share < 1e-9, "{:?}", found.phases["after"]);
}

#[test]
fn a_pool_of_each_instance_is_used_by_that_service_alone() {
    let mut document = document(50.0, &json!("10ms"), json!({ "each": "other" }), json!({}));
    let wrong = |document: &Value| {
        Scenario::parse(&document.to_string()).expect_err("it cannot be built").to_string()
    };
    assert!(wrong(&document).contains("`other` does not exist"), "{}", wrong(&document));
    document["parts"].as_array_mut().expect("parts").push(
        json!({ "kind": "service", "id": "other", "endpoints": { "none": [{ "cpu": "1ms" }] } }),
    );
    assert!(wrong(&document).contains("no other service can use it"), "{}", wrong(&document));
}
