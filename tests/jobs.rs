//! Queues of jobs in documents: deliveries, dead letters, duplicates, and what a key prevents.

mod document;

use document::report;
use kneepoint::analysis::report::{JobsReport, RunReport};
use kneepoint::engine::math::exp;
use serde_json::{Value, json};

/// Senders of events, a front that takes them, and jobs that come of them.
fn document(call: Value, take: Value, jobs: Value, work: Value) -> Value {
    let mut part = json!({ "kind": "jobs", "id": "jobs", "call": { "to": "worker.do" } });
    for (name, value) in jobs.as_object().expect("fields of jobs") {
        part[name] = value.clone();
    }
    json!({
        "format": 1, "id": "jobs", "title": "Why?", "group": "limits", "summary": "Some jobs.",
        "seed": 1, "run": { "time": "1000s" },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "rate", "label": "Events", "about": "", "unit": "per_second",
                    "min": 0.1, "max": 1000, "default": 20 }],
        "parts": [
            { "kind": "clients", "id": "senders", "call": call,
              "arrivals": { "open": { "rate_per_s": { "knob": "rate" } } } },
            { "kind": "service", "id": "front", "workers": 10_000, "endpoints": { "take": take } },
            { "kind": "service", "id": "worker", "workers": 10_000, "endpoints": { "do": work } },
            part
        ]
    })
}

fn jobs(report: &RunReport) -> JobsReport {
    report.jobs["jobs"]
}

fn plain() -> Value {
    json!({ "to": "front.take" })
}

fn enqueue() -> Value {
    json!([{ "enqueue": { "to": "jobs" } }])
}

/// M/M/c with 3 handlers at 60 %: the wait is that of Erlang's formula.
#[test]
fn handlers_are_the_servers_of_a_queue_and_senders_do_not_wait() {
    let work = json!([{ "wait": { "exponential": "90ms" } }]);
    let report = report(&document(plain(), enqueue(), json!({ "handlers": 3 }), work));
    let load: f64 = 20.0 * 0.09;
    let terms = [1.0, load, load * load / 2.0];
    let last = load * load * load / 6.0 / (1.0 - load / 3.0);
    let expected = last / (terms.iter().sum::<f64>() + last) * 90.0 / (3.0 - load);
    let found = jobs(&report).wait_mean_ms;
    assert!((found / expected - 1.0).abs() < 0.1, "{found}, not {expected}");
    assert!((jobs(&report).done_mean_ms - found - 90.0).abs() < 3.0, "{:?}", jobs(&report));
    assert!(report.latency_ms.max.expect("answers") < 1e-6);
    assert!((jobs(&report).deliveries_per_job - 1.0).abs() < 1e-9);
}

/// Handlers without number that take an exponential time of mean 1 s, hidden for `v` seconds: a delivery
/// is late with chance p = e^-v, and a job is given up with chance p^n after n of them.
#[test]
fn a_job_is_delivered_again_until_its_time_suffices() {
    let settings = json!({ "handlers": 10_000, "visibility": "1s", "deliveries": 4 });
    let work = json!([{ "wait": { "exponential": "1s" } }, { "record": { "in": "work" } }]);
    let report = report(&document(plain(), enqueue(), settings, work));
    let late: f64 = exp(-1.0);
    let expected = 1.0 + late + late * late + late * late * late;
    let found = jobs(&report).deliveries_per_job;
    assert!((found - expected).abs() < 0.03, "{found}, not {expected}");
    let dead = jobs(&report).dead as f64 / report.outcomes.in_time as f64;
    assert!((dead - late * late * late * late).abs() < 0.007, "{dead}");
    // All deliveries end, and all but one of each job were for nothing.
    let all = jobs(&report).deliveries_per_job * report.outcomes.in_time as f64;
    let expected = all - report.outcomes.in_time as f64;
    assert!((report.duplicates as f64 / expected - 1.0).abs() < 0.02, "{report:?}");
}

#[test]
fn a_job_that_fails_comes_again_at_once_or_when_it_is_hidden_no_more() {
    let work = json!([{ "wait": "10ms" },
                      { "choice": { "probability": 0.5, "then": [{ "fail": true }] } }]);
    let of = |failed: &str| {
        let settings = json!({ "handlers": 100, "visibility": "1s", "failed": failed });
        jobs(&report(&document(plain(), enqueue(), settings, work.clone())))
    };
    let (again, hidden) = (of("again"), of("hidden"));
    // Two deliveries on average: 20 ms, or a second for each failure and 10 ms for the last.
    assert!((again.done_mean_ms - 20.0).abs() < 0.5, "{again:?}");
    assert!((hidden.done_mean_ms - 1_010.0).abs() < 40.0, "{hidden:?}");
    assert!((again.deliveries_per_job - 2.0).abs() < 0.05, "{again:?}");
    assert_eq!((again.dead, again.late, hidden.dead), (0, 0, 0));
}

#[test]
fn a_full_queue_rejects_who_sends() {
    let settings = json!({ "capacity": 10 });
    let report = report(&document(plain(), enqueue(), settings, json!([{ "wait": "100ms" }])));
    // One handler does 10 of 20 a second.
    assert!((report.error_share - 0.5).abs() < 0.02, "{report:?}");
    assert_eq!(report.outcomes.rejected, jobs(&report).rejected);
    assert!((jobs(&report).finished_per_s - 10.0).abs() < 0.1, "{report:?}");
}

/// A sender whose timeout is shorter than the handling repeats what is under way.
#[test]
fn a_webhook_that_is_repeated_makes_duplicates_and_a_key_none() {
    let call = |timeout: &str| json!({ "to": "front.take", "timeout": timeout, "retries": 3, "backoff": { "base": "1s" } });
    let take = json!([{ "wait": "1500ms" }, { "record": { "in": "orders" } }]);
    let keyed = json!([{ "once": { "in": "seen", "steps": take } }]);
    let run = |timeout: &str, take: &Value| {
        report(&document(call(timeout), take.clone(), json!({}), json!([{ "cpu": "1ms" }])))
    };
    let patient = run("2s", &take);
    assert_eq!(patient.duplicates, 0);
    assert!(patient.amplification < 1.0 + 1e-9, "{patient:?}");
    let hasty = run("1s", &take);
    // Four attempts, four records.
    assert!((hasty.amplification - 4.0).abs() < 0.05, "{hasty:?}");
    assert!((hasty.duplicates as f64 / hasty.records as f64 - 0.75).abs() < 0.01, "{hasty:?}");
    let safe = run("1s", &keyed);
    assert_eq!(safe.duplicates, 0);
    assert!(safe.records > 19_000, "{safe:?}");
    // The second attempt comes while the first is at work, or after: it is answered at once.
    assert!((safe.amplification - 2.0).abs() < 0.05, "{safe:?}");
    // Answer first, work later: one job for each event.
    let mut later = document(call("1s"), enqueue(), json!({ "handlers": 1_000 }), take);
    later["parts"][3]["visibility"] = json!("30s");
    let later = report(&later);
    assert_eq!(later.duplicates, 0);
    assert!(later.amplification < 1.0 + 1e-9, "{later:?}");
    assert!(later.records > 19_000 && later.error_share < 1e-9, "{later:?}");
}

#[test]
fn what_failed_once_may_be_done_by_the_next() {
    let take = json!([{ "once": { "in": "seen", "keep": 1000, "steps": [
        { "wait": "10ms" },
        { "choice": { "probability": 0.5, "then": [{ "fail": true }] } },
        { "record": { "in": "orders" } }] } }]);
    let call = json!({ "to": "front.take", "retries": 10, "backoff": { "base": "20ms" } });
    let report = report(&document(call, take, json!({}), json!([{ "cpu": "1ms" }])));
    assert_eq!(report.duplicates, 0);
    let (records, answers) = (report.records as f64, report.outcomes.in_time as f64);
    assert!((records / answers - 1.0).abs() < 1e-3, "{report:?}");
}

#[test]
fn jobs_of_a_worker_that_crashes_are_not_lost() {
    let settings = json!({ "handlers": 50, "visibility": "5s" });
    let mut document = document(plain(), enqueue(), settings, json!([{ "wait": "500ms" }]));
    let fault = json!({ "kind": "fault", "id": "crash", "part": "worker", "from": "100s",
                        "for": "10s", "effect": "crash" });
    document["parts"].as_array_mut().expect("parts").push(fault);
    let report = report(&document);
    let done = jobs(&report).finished_per_s * report.measured_secs;
    let open = report.outcomes.in_time as f64 - done;
    assert!((0.0..40.0).contains(&open), "{report:?}");
    assert!(jobs(&report).deliveries_per_job > 1.005, "{report:?}");
}
