//! Third parties and crons in documents.

use kneepoint::analysis::report::RunReport;
use kneepoint::analysis::run::run;
use kneepoint::scenario::{Scenario, Settings};
use serde_json::{Value, json};

fn report(arrivals: Value, steps: Value, party: Value) -> RunReport {
    let document = json!({
        "format": 1, "id": "others", "title": "Why?", "group": "limits", "summary": "Others.",
        "seed": 1, "run": { "time": "3600s" },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "users", "label": "Users", "about": "", "min": 1, "max": 2, "default": 1 }],
        "parts": [
            { "kind": "clients", "id": "c", "arrivals": arrivals,
              "call": { "to": "app.work", "timeout": "900s", "cancels": true } },
            { "kind": "service", "id": "app", "workers": 1000, "endpoints": { "work": steps } },
            party
        ]
    });
    let scenario = Scenario::parse(&document.to_string()).unwrap_or_else(|error| panic!("{error}"));
    run(&scenario, &Settings::default()).expect("a valid setting")
}

#[test]
fn a_quota_lets_so_many_through_in_each_window_and_waiting_for_the_next_delays() {
    let party = json!({ "kind": "third_party", "id": "bank", "latency": "10ms",
                        "quota": { "calls": 60, "window": "60s" } });
    let ask = |attempts: u32| {
        let arrivals = json!({ "open": { "rate_per_s": 2 } });
        let steps = json!([{ "ask": { "party": "bank", "attempts": attempts } }]);
        report(arrivals, steps, party.clone())
    };
    let refused = ask(1);
    assert!((refused.third_parties["bank"].served_per_s - 1.0).abs() < 0.02, "{refused:?}");
    assert!((refused.error_share - 0.5).abs() < 0.03, "{}", refused.error_share);
    let patient = ask(5);
    assert!((patient.third_parties["bank"].served_per_s - 1.0).abs() < 0.02);
    assert!(patient.latency_ms.p50.unwrap() > 30_000.0, "{:?}", patient.latency_ms);
    assert!(
        patient.third_parties["bank"].refused_per_s > refused.third_parties["bank"].refused_per_s
    );
}

#[test]
fn an_outage_fails_or_hangs_until_the_caller_gives_up() {
    let ask = |error: Value| {
        let mut party = json!({ "kind": "third_party", "id": "bank", "latency": "10ms",
                                "outages": [{ "from": "1000s", "to": "1360s" }] });
        party["error_after"] = error;
        let arrivals = json!({ "open": { "rate_per_s": 2 } });
        report(arrivals, json!([{ "ask": { "party": "bank" } }]), party)
    };
    // 360 of 3600 seconds.
    let failing = ask(json!("20ms"));
    assert!((failing.outcomes.failed as f64 - 720.0).abs() < 110.0, "{:?}", failing.outcomes);
    let hanging = ask(Value::Null);
    assert_eq!(hanging.outcomes.timed_out, failing.outcomes.failed);
}

#[test]
fn jobs_longer_than_their_period_pile_up_unless_forbidden() {
    let cron = |overlap: &str| {
        let arrivals = json!({ "cron": { "period": "60s", "offset": "60s", "overlap": overlap } });
        let nobody = json!({ "kind": "third_party", "id": "nobody", "latency": 0 });
        report(arrivals, json!([{ "wait": "150s" }]), nobody)
    };
    // The 60th start, at the very end of the hour, is included.
    let allowed = cron("allow");
    assert_eq!((allowed.crons["c"].most, allowed.crons["c"].skipped), (3, 0));
    assert!((allowed.parts["app"].utilisation * 1000.0 - 2.5).abs() < 0.1);
    let forbidden = cron("forbid");
    assert_eq!((forbidden.crons["c"].most, forbidden.crons["c"].skipped), (1, 40));
    let replaced = cron("replace");
    assert_eq!((replaced.crons["c"].most, replaced.crons["c"].cancelled), (1, 59));
    assert_eq!((replaced.outcomes.in_time, replaced.outcomes.failed), (0, 59));
}
