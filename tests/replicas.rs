//! Replicas in documents: reads that do not show the last write, or not even one's own.

mod document;

use document::report;
use kneepoint::engine::math::exp;
use kneepoint::scenario::Scenario;
use serde_json::{Value, json};

/// Writers of one row at 20 a second, readers, and a replica.
fn document(replica: Value, after: Value, read_at: &str) -> Value {
    let mut settings = json!({ "primary": "primary" });
    for (name, value) in replica.as_object().expect("fields of a replica") {
        settings[name] = value.clone();
    }
    let rate = |rate: f64| json!({ "open": { "rate_per_s": rate } });
    json!({
        "format": 1, "id": "copied", "title": "Why?", "group": "data", "summary": "A replica.",
        "seed": 1, "run": { "time": "2000s" },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "rate", "label": "Writes", "about": "", "unit": "per_second",
                    "min": 0.1, "max": 1000, "default": 20 }],
        "parts": [
            { "kind": "clients", "id": "writers", "call": { "to": "app.write" },
              "arrivals": { "open": { "rate_per_s": { "knob": "rate" } } } },
            { "kind": "clients", "id": "readers", "call": { "to": "app.read" }, "arrivals": rate(20.0) },
            { "kind": "service", "id": "app", "workers": 10_000, "endpoints": {
                "write": [{ "update": { "database": "primary", "table": "t", "way": "atomic",
                                        "after": after } }],
                "read": [{ "read": { "database": read_at, "table": "t" } }] } },
            { "kind": "database", "id": "primary", "tables": { "t": { "rows": 1 } } },
            { "kind": "database", "id": "copy", "replica": settings }
        ]
    })
}

#[test]
fn reads_of_a_replica_are_stale_by_the_writes_under_way() {
    for (lag, secs) in [("10ms", 0.01), ("50ms", 0.05), ("200ms", 0.2)] {
        let report = report(&document(json!({ "travel": lag }), json!([]), "copy"));
        let expected = 1.0 - exp(-20.0 * secs);
        let found = report.replicas["copy"].stale_share;
        // Standard error below sqrt(0.25 / 40 000 / 2), more for reads in one lag: allow 0.015.
        assert!((found - expected).abs() < 0.015, "{lag}: {found}, not {expected}");
        // Half of all requests read.
        assert!((report.stale_share - found / 2.0).abs() < 0.01, "{report:?}");
    }
}

#[test]
fn the_primary_is_never_stale_and_a_stale_answer_may_be_wrong() {
    let primary = report(&document(json!({ "travel": "1s" }), json!([]), "primary"));
    assert!(primary.stale_share < 1e-9, "{primary:?}");
    let mut document = document(json!({ "travel": "50ms" }), json!([]), "copy");
    document["objective"]["stale_is_wrong"] = json!(true);
    let strict = report(&document);
    assert!((strict.error_share - strict.stale_share).abs() < 1e-9, "{strict:?}");
    assert!(strict.stale_share > 0.25, "{strict:?}");
}

/// An M/M/1 queue of writes behind a constant travel, against an exponential pause: stale with chance
/// `1 - e^(-net/pause) (m - l) / (m - l + 1/pause)`.
#[test]
fn ones_own_write_is_missed_as_the_queue_of_the_log_says() {
    let after = json!([{ "wait": { "exponential": "200ms" } },
                       { "read": { "database": "copy", "table": "t", "own": true } }]);
    let replica = json!({ "travel": "20ms", "apply": { "exponential": "30ms" } });
    let mut document = document(replica, after, "primary");
    let report_of = |document: &Value| report(document).replicas["copy"];
    let found = report_of(&document).stale_share;
    let (rate, free) = (20.0, 1.0 / 0.03 - 20.0);
    let expected = 1.0 - exp(-0.02 / 0.2) * free / (free + 1.0 / 0.2);
    assert!((found - expected).abs() < 0.02, "{found}, not {expected}");
    assert!((report_of(&document).reads_per_s - rate).abs() < 0.5);
    // At the primary, the cure, nothing is missed.
    let read = &mut document["parts"][2]["endpoints"]["write"][0]["update"]["after"][1]["read"];
    read["database"] = json!("primary");
    let cured = report(&document);
    assert!(cured.stale_share < 1e-9, "{cured:?}");
}

#[test]
fn an_own_row_is_read_after_its_update_only() {
    let mut document = document(json!({}), json!([]), "copy");
    document["parts"][2]["endpoints"]["read"][0]["read"]["own"] = json!(true);
    let mistakes = Scenario::parse(&document.to_string()).expect_err("there is no own row");
    assert!(mistakes.to_string().contains("own row"), "{mistakes}");
}
