//! Planned queries in documents: the planner chooses by what it believes, and the run pays the truth.

mod document;

use document::{report, scenario};
use kneepoint::analysis::run::run;
use kneepoint::model::Simulation;
use kneepoint::model::planner::Scan;
use kneepoint::scenario::{Scenario, Settings};
use serde_json::{Value, json};

/// One page that asks for some of the posts of an author.
fn document(query: Value, tables: Value) -> Value {
    json!({
        "format": 1, "id": "planned", "title": "Why?", "group": "data", "summary": "One query.",
        "seed": 1, "run": { "requests": 5000 },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "rows", "label": "Rows", "about": "", "min": 100, "max": 10_000_000, "default": 500_000 }],
        "parts": [
            { "kind": "clients", "id": "readers", "call": { "to": "app.page" },
              "arrivals": { "open": { "rate_per_s": 1 } } },
            { "kind": "service", "id": "app", "workers": 1000,
              "endpoints": { "page": [{ "query": query }] } },
            { "kind": "database", "id": "db", "cores": 8, "tables": tables }
        ]
    })
}

fn posts(indexes: Value) -> Value {
    json!({ "posts": { "rows": { "knob": "rows" }, "row_bytes": 240, "indexes": indexes } })
}

fn by_author() -> Value {
    json!({ "via": "db", "table": "posts", "rows": 10, "by": "author" })
}

/// 81 ns a row was measured: 40.5 ms for 500,000 rows, and 0.4 ms for 5,000.
#[test]
fn a_scan_grows_with_the_rows_and_an_index_ends_that() {
    let mean = |rows: f64, indexes: Value| {
        let settings =
            Settings { knobs: [("rows".to_owned(), rows)].into(), ..Settings::default() };
        let report = run(&scenario(&document(by_author(), posts(indexes))), &settings).unwrap();
        report.latency_ms.mean.unwrap()
    };
    let (small, large) = (mean(5_000.0, json!({})), mean(500_000.0, json!({})));
    assert!((small - 0.41).abs() < 0.05, "{small} ms");
    assert!((large - 40.5).abs() < 2.0, "{large} ms");
    let index = json!({ "author": {} });
    let (small, large) = (mean(5_000.0, index.clone()), mean(500_000.0, index));
    assert!(large < 0.1 && large / small < 2.0, "{small} ms and {large} ms");
}

#[test]
fn old_statistics_choose_a_plan_that_the_truth_makes_slow() {
    let indexes = json!({ "author": {} });
    let mut query = by_author();
    query["rows"] = json!(400_000);
    let plan_of = |document: &Value| {
        let system = scenario(document).system(&Settings::default()).unwrap();
        let simulation = Simulation::new(&system, 1).unwrap();
        simulation.plans()[0].clone()
    };
    let fresh = plan_of(&document(query.clone(), posts(indexes.clone())));
    assert_eq!(fresh.chosen.plan.scan, Scan::Sequential);
    query["believed_rows"] = json!(10);
    let stale = plan_of(&document(query, posts(indexes)));
    assert_ne!(stale.chosen.plan.scan, Scan::Sequential);
    assert!(stale.chosen.price < 0.01 * fresh.chosen.price, "it seems cheap");
    assert!(stale.chosen.work.pages() > fresh.chosen.work.pages(), "and is not");
}

#[test]
fn the_next_page_costs_more_the_deeper_it_is_unless_it_is_found_by_key() {
    let mean = |offset: u32| {
        let query = json!({ "via": "db", "table": "posts", "by": "id", "order": "index",
                            "offset": offset, "limit": 20 });
        let report = report(&document(query, posts(json!({ "id": { "correlation": 1 } }))));
        report.latency_ms.mean.unwrap()
    };
    let (first, deep) = (mean(0), mean(200_000));
    assert!(deep > 100.0 * first, "{first} ms and {deep} ms");
}

#[test]
fn a_working_set_larger_than_memory_waits_for_the_disk() {
    let mean = |memory_mb: u32| {
        let mut document = document(by_author(), posts(json!({ "author": {} })));
        document["parts"][2]["disk"] =
            json!({ "memory_mb": memory_mb, "page": "1ms", "channels": 8 });
        report(&document).latency_ms.mean.unwrap()
    };
    // 500,000 rows of 268 bytes take about 132 MB, the index 11 MB.
    let (fits, quarter) = (mean(200), mean(36));
    assert!(fits < 0.1, "{fits} ms");
    // 10 rows and an entry page or two, three quarters of them from disk.
    assert!((quarter - 8.3).abs() < 1.0, "{quarter} ms");
}

#[test]
fn many_busy_connections_slow_each_other_down() {
    let throughput = |loss: f64| {
        let mut document = document(json!({ "via": "db", "work": "10ms" }), json!({}));
        document["parts"][0]["arrivals"] = json!({ "closed": { "users": 200, "think": "0ms" } });
        document["parts"][2] =
            json!({ "kind": "database", "id": "db", "cores": 2, "crowd_loss": loss });
        report(&document).throughput_per_s
    };
    let (plain, crowded) = (throughput(0.0), throughput(0.31));
    assert!((plain - 200.0).abs() < 1.0, "{plain}");
    // Measured with 200 connections on two cores: 0.64 of the best.
    assert!((crowded / plain - 0.64).abs() < 0.03, "{}", crowded / plain);
}

#[test]
fn a_table_that_is_not_there_is_found() {
    let document = document(json!({ "via": "db", "table": "nothing" }), json!({}));
    let said = Scenario::parse(&document.to_string()).map(|_| ()).expect_err("no such table");
    assert!(said.to_string().contains("nothing"), "{said}");
}
