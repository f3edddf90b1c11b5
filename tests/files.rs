//! Databases that are files in documents: one writer, busy timeouts, and what readers have to do with it.

mod document;

use document::report;
use kneepoint::analysis::report::{FileReport, RunReport};
use serde_json::{Value, json};

fn document(sqlite: Value, arrivals: Value, steps: Value) -> Value {
    json!({
        "format": 1, "id": "file", "title": "Why?", "group": "data", "summary": "One file.",
        "seed": 1, "run": { "time": "500s" },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "rate", "label": "Requests", "about": "", "unit": "per_second",
                    "min": 0.1, "max": 1000, "default": 1 }],
        "parts": [
            { "kind": "clients", "id": "users", "call": { "to": "app.page" }, "arrivals": arrivals },
            { "kind": "service", "id": "app", "workers": 10_000, "endpoints": { "page": steps } },
            { "kind": "database", "id": "db", "cores": 10_000, "sqlite": sqlite }
        ]
    })
}

fn file(report: &RunReport) -> FileReport {
    report.files["db"]
}

fn open(rate: f64) -> Value {
    json!({ "open": { "rate_per_s": rate } })
}

fn workers(count: u32) -> Value {
    json!({ "closed": { "users": count, "think": "0.1ms" } })
}

fn query(work: Value, writes: bool) -> Value {
    json!({ "query": { "via": "db", "work": work, "writes": writes } })
}

#[test]
fn writers_are_at_most_one_over_the_time_of_a_transaction_whatever_the_workers() {
    let throughput = |count, sqlite: Value| {
        let steps = json!([{ "transaction": { "on": "db", "begin": "immediate", "steps":
            [query(json!("3ms"), true), query(json!("2ms"), true)] } }]);
        report(&document(sqlite, workers(count), steps))
    };
    let fair = |count| {
        let report = throughput(count, json!({ "waiting": "fair" }));
        assert!(file(&report).writer_utilisation <= 1.0 + 1e-9);
        file(&report).writes_per_s
    };
    assert!((fair(1) - 1.0 / 0.0051).abs() < 1.0, "{}", fair(1));
    for count in [2, 8, 64] {
        assert!((fair(count) - 200.0).abs() < 1.0, "{count}: {}", fair(count));
    }
    // Who polls leaves gaps, and is never faster.
    for count in [2, 8] {
        let growing = throughput(count, json!({ "busy_timeout": "60s" }));
        let found = file(&growing).writes_per_s;
        assert!((150.0..=200.01).contains(&found), "{count}: {found}");
    }
}

/// Erlang's loss formula with one server: who comes while there is a writer fails at once.
#[test]
fn without_a_busy_timeout_the_errors_are_those_of_a_loss_system() {
    let steps = json!([query(json!({ "exponential": "10ms" }), true)]);
    let report = report(&document(json!({ "journal": "wal" }), open(50.0), steps));
    // a / (1 + a) for 50/s times 10 ms.
    assert!((report.error_share - 1.0 / 3.0).abs() < 0.015, "{}", report.error_share);
    let gave_up = report.outcomes.gave_up as f64 / report.measured_secs;
    assert!((gave_up - file(&report).busy_per_s).abs() < 1e-9);
    assert!((file(&report).writer_utilisation - 1.0 / 3.0).abs() < 0.015, "{report:?}");
}

/// One writer in line is M/D/1: work 10 ms at 50/s waits 0.5 / (2 (1 - 0.5)) * 10 = 5 ms.
#[test]
fn a_fair_line_is_a_queue_with_one_server() {
    let steps = json!([query(json!("10ms"), true)]);
    let report = report(&document(json!({ "waiting": "fair" }), open(50.0), steps));
    let mean = report.latency_ms.mean.expect("answers");
    assert!((mean - 15.0).abs() < 0.5, "{mean}");
    let written = report.outcomes.in_time as f64 / report.measured_secs;
    assert!((written - file(&report).writes_per_s).abs() < 1e-9);
}

#[test]
fn old_waiters_starve_behind_new_ones_with_the_growing_sleeps() {
    let steps = json!([query(json!({ "exponential": "8ms" }), true)]);
    let of = |sqlite: Value| report(&document(sqlite, open(100.0), steps.clone()));
    let growing = of(json!({ "busy_timeout": "5s" }));
    let fair = of(json!({ "busy_timeout": "5s", "waiting": "fair" }));
    let p50 = |report: &RunReport| report.latency_ms.p50.expect("answers");
    let p99 = |report: &RunReport| report.latency_ms.p99.expect("answers");
    // Same load: the median is no worse, while the slowest wait many times longer.
    assert!(p99(&growing) > 2.5 * p99(&fair), "{} {}", p99(&growing), p99(&fair));
    assert!(p99(&growing) / p50(&growing) > 2.0 * p99(&fair) / p50(&fair));
    assert_eq!(fair.outcomes.gave_up, 0);
}

#[test]
fn readers_block_a_commit_with_a_rollback_journal_and_never_with_a_log() {
    let steps = json!([{ "choice": { "probability": 0.9,
        "then": [query(json!("20ms"), false)], "otherwise": [query(json!("2ms"), true)] } }]);
    let of = |journal: &str| {
        let sqlite = json!({ "journal": journal, "busy_timeout": "10s" });
        report(&document(sqlite, open(100.0), steps.clone()))
    };
    let (rollback, log) = (of("rollback"), of("wal"));
    assert!(log.latency_ms.p99.expect("answers") < 21.0, "{log:?}");
    assert!(rollback.latency_ms.p99.expect("answers") > 40.0, "{rollback:?}");
    assert!((file(&log).reads_per_s - 90.0).abs() < 2.0, "{log:?}");
    assert!((file(&log).writes_per_s - 10.0).abs() < 0.7, "{log:?}");
}

#[test]
fn who_reads_and_then_writes_fails_at_once_unless_it_begins_as_a_writer() {
    let steps = |begin: &str| {
        json!([{ "transaction": { "on": "db", "begin": begin, "steps":
            [query(json!("2ms"), false), { "wait": "5ms" }, query(json!("3ms"), true)] } }])
    };
    for journal in ["wal", "rollback"] {
        let sqlite = json!({ "journal": journal, "busy_timeout": "30s" });
        let deferred = report(&document(sqlite.clone(), open(40.0), steps("deferred")));
        let immediate = report(&document(sqlite, open(40.0), steps("immediate")));
        assert!(deferred.outcomes.failed > 1_000, "{journal}: {deferred:?}");
        let failed = deferred.outcomes.failed as f64 / deferred.measured_secs;
        assert!((failed - file(&deferred).upgrades_failed_per_s).abs() < 1e-9);
        assert_eq!(immediate.outcomes.failed + immediate.outcomes.gave_up, 0, "{journal}");
        assert!(immediate.outcomes.in_time > 19_000, "{journal}: {immediate:?}");
    }
}

#[test]
fn whoever_is_cancelled_or_crashes_lets_the_file_go() {
    let steps = json!([{ "transaction": { "on": "db", "steps":
        [query(json!("2ms"), false), query(json!({ "exponential": "20ms" }), true)] } }]);
    for sqlite in [json!({ "waiting": "fair" }), json!({ "busy_timeout": "1s" })] {
        let mut document = document(sqlite, open(20.0), steps.clone());
        document["parts"][0]["call"] =
            json!({ "to": "app.page", "timeout": "30ms", "cancels": true });
        let fault = json!({ "kind": "fault", "id": "crash", "part": "app", "from": "100s",
                            "for": "1s", "effect": "crash" });
        document["parts"].as_array_mut().expect("parts").push(fault);
        let report = report(&document);
        assert!(report.outcomes.timed_out > 500 && report.outcomes.failed > 5, "{report:?}");
        assert!(report.outcomes.in_time > 4_000 && report.outcomes.in_flight < 10, "{report:?}");
    }
}
