//! Updates of rows in documents: what gets lost, what each cure costs, and locks that are waited for.

mod document;

use document::report;
use kneepoint::analysis::report::{RunReport, TableReport};
use serde_json::{Value, json};

/// Updates of the rows of one table at a rate, with a thought between read and write.
fn document(rate: f64, table: Value, update: Value) -> Value {
    let mut step = json!({ "database": "db", "table": "accounts" });
    for (name, value) in update.as_object().expect("fields of an update") {
        step[name] = value.clone();
    }
    json!({
        "format": 1, "id": "updated", "title": "Why?", "group": "data", "summary": "Some rows.",
        "seed": 1, "run": { "time": "2000s" },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "rate", "label": "Updates", "about": "", "unit": "per_second",
                    "min": 0.1, "max": 1000, "default": rate }],
        "parts": [
            { "kind": "clients", "id": "users", "call": { "to": "app.update" },
              "arrivals": { "open": { "rate_per_s": { "knob": "rate" } } } },
            { "kind": "service", "id": "app", "workers": 10_000,
              "endpoints": { "update": [{ "update": step }] } },
            { "kind": "database", "id": "db", "cores": 10_000, "tables": { "accounts": table } }
        ]
    })
}

fn updated(report: &RunReport) -> TableReport {
    report.tables["db.accounts"]
}

fn one_row() -> Value {
    json!({ "rows": 1 })
}

fn thought(way: &str) -> Value {
    json!({ "way": way, "steps": [{ "wait": "50ms" }] })
}

/// With one row, updates at rate `r` and a time `d` between read and write, `r d / (1 + r d)` are lost.
#[test]
fn the_share_of_updates_lost_is_that_of_theory() {
    for rate in [2.0, 20.0, 60.0] {
        let report = report(&document(rate, one_row(), thought("plain")));
        let expected = rate * 0.05 / (1.0 + rate * 0.05);
        let found = updated(&report).lost_share;
        // Standard error below sqrt(0.25 / 4000) = 0.008; allow 4.
        assert!((found - expected).abs() < 0.03, "{rate}: {found}, not {expected}");
        let right = report.outcomes.in_time - report.lost_updates;
        let finished = report.outcomes.in_time as f64;
        assert!((report.error_share - report.lost_updates as f64 / finished).abs() < 1e-9);
        assert!((report.goodput_per_s - right as f64 / report.measured_secs).abs() < 1e-6);
    }
}

/// Zipf's law with exponent 1 over 3 rows: rates 6/11, 3/11 and 2/11 of the whole.
#[test]
fn each_row_loses_by_its_own_rate() {
    let table = json!({ "rows": 1e6, "hot_rows": 3, "popularity": 1 });
    let found = updated(&report(&document(40.0, table, thought("plain")))).lost_share;
    let expected: f64 = [6.0 / 11.0, 3.0 / 11.0, 2.0 / 11.0]
        .map(|share: f64| share * (40.0 * share * 0.05) / (1.0 + 40.0 * share * 0.05))
        .iter()
        .sum();
    assert!((found - expected).abs() < 0.02, "{found}, not {expected}");
}

#[test]
fn one_user_loses_nothing() {
    let mut document = document(1.0, one_row(), thought("plain"));
    document["parts"][0]["arrivals"] = json!({ "closed": { "users": 1, "think": "100ms" } });
    let report = report(&document);
    assert!(updated(&report).updates_per_s > 6.0, "{report:?}");
    assert_eq!(report.lost_updates, 0);
}

#[test]
fn each_cure_loses_nothing_at_its_own_price() {
    let atomic = report(&document(10.0, one_row(), thought("atomic")));
    let version = report(&document(10.0, one_row(), {
        let mut update = thought("version");
        update["attempts"] = json!(100);
        update
    }));
    let lock = report(&document(10.0, one_row(), thought("lock")));
    for (way, report) in [("atomic", &atomic), ("version", &version), ("lock", &lock)] {
        assert_eq!(report.lost_updates, 0, "{way}");
        assert!(report.outcomes.in_time > 19_000, "{way}: {report:?}");
        assert_eq!(report.outcomes.failed + report.outcomes.gave_up, 0, "{way}");
    }
    let mean = |report: &RunReport| report.latency_ms.mean.expect("answers");
    assert!((mean(&atomic) - 50.0).abs() < 0.01, "{}", mean(&atomic));
    // M/D/1 at half its capacity: 50 + 0.5 / (2 (1 - 0.5)) * 50 = 75 ms.
    assert!((mean(&lock) - 75.0).abs() < 2.5, "{}", mean(&lock));
    assert!(mean(&version) > 60.0, "{}", mean(&version));
    assert!(updated(&version).conflicts_per_s > 3.0, "{:?}", updated(&version));
}

#[test]
fn a_version_that_never_fits_fails_after_its_attempts() {
    let mut update = thought("version");
    (update["attempts"], update["pause"]) = (json!(2), json!("10ms"));
    let report = report(&document(40.0, one_row(), update));
    assert!(report.outcomes.failed > 1_000, "{report:?}");
    assert_eq!(report.lost_updates, 0);
    assert!(report.latency_ms.max.expect("answers") < 110.001, "{report:?}");
}

/// M/M/1 with constant patience is not needed: nobody waits longer than it, and nobody is forgotten.
#[test]
fn whoever_waits_too_long_for_a_row_gives_up() {
    let mut update = thought("lock");
    update["lock_wait"] = json!("120ms");
    let report = report(&document(25.0, one_row(), update));
    assert!(report.outcomes.gave_up > 5_000, "{report:?}");
    assert!(report.latency_ms.max.expect("answers") <= 170.001, "{report:?}");
    assert!(report.throughput_per_s > 24.0 && report.outcomes.in_flight < 10, "{report:?}");
    assert_eq!(updated(&report).given_up, report.outcomes.gave_up);
}

#[test]
fn rows_locked_in_any_order_deadlock_and_in_one_order_never() {
    let update = |order: &str| {
        json!({ "way": "lock", "rows": 2, "order": order, "read": [{ "wait": "5ms" }],
                "steps": [{ "wait": "10ms" }] })
    };
    let table = json!({ "rows": 8 });
    let any = report(&document(6.0, table.clone(), update("any")));
    let sorted = report(&document(6.0, table, update("sorted")));
    assert!(updated(&any).deadlocks > 5, "{any:?}");
    assert_eq!(any.outcomes.failed, updated(&any).deadlocks);
    assert!(any.outcomes.in_flight < 30, "{any:?}");
    // They are found after a second, and hold others up until then.
    assert!(any.latency_ms.max.expect("answers") > 900.0, "{any:?}");
    assert_eq!((updated(&sorted).deadlocks, sorted.outcomes.failed), (0, 0));
    assert!(sorted.latency_ms.max.expect("answers") < 400.0, "{sorted:?}");
}

#[test]
fn whoever_is_cancelled_or_crashes_lets_its_rows_go() {
    let mut document = document(15.0, one_row(), thought("lock"));
    document["parts"][0]["call"] =
        json!({ "to": "app.update", "timeout": "80ms", "cancels": true });
    let fault = json!({ "kind": "fault", "id": "crash", "part": "app", "from": "100s", "for": "1s",
                        "effect": "crash" });
    document["parts"].as_array_mut().expect("parts").push(fault);
    let report = report(&document);
    assert!(report.outcomes.timed_out > 1_000 && report.outcomes.failed > 5, "{report:?}");
    assert!(report.outcomes.in_time > 15_000 && report.outcomes.in_flight < 10, "{report:?}");
}
