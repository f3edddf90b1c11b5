use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::analysis::explain::explain;
use crate::analysis::run::run;
use crate::scenario::catalogue;

/// One server that takes 50 ms for each request, one every 10 s from each user: 20 a second, 200 users.
#[test]
fn the_bound_of_a_queue_is_where_theory_says() {
    let scenario = catalogue::find("queue-knee").unwrap();
    for seed in 1..=5 {
        let settings = Settings { seed: Some(seed), ..Settings::default() };
        let first = explain(&scenario, &settings).unwrap().first_to_break.unwrap();
        // The standard error of the mean of 10,000 exponential times is 1 %; allow 4 of them.
        let Breaks::Busy { demand_ms } = first.why else { panic!("{first:?}") };
        assert!((demand_ms / 50.0 - 1.0).abs() < 0.04, "{first:?}");
        let users = first.at_users.unwrap();
        assert!((users / (10.0 * first.bound_per_s) - 1.0).abs() < 1e-9, "{first:?}");
    }
}

/// A server that could do 25 a second lets in 100 a minute. Jobs send to it as well, so the rate is
/// not that of the users alone.
#[test]
fn a_limit_that_turns_away_earlier_breaks_first() {
    let scenario = catalogue::find("rate-limiters").unwrap();
    let first = explain(&scenario, &Settings::default()).unwrap().first_to_break.unwrap();
    assert_eq!((first.part.as_str(), first.at_users), ("api", None));
    let Breaks::Limit { calls } = first.why else { panic!("{first:?}") };
    assert!((calls - 1.0).abs() < 0.01, "{first:?}");
    assert!((first.bound_per_s * calls / (100.0 / 60.0) - 1.0).abs() < 1e-9, "{first:?}");
    // Thirty times as many come, and hardly anything is asked of the server.
    let knobs = [("users".to_owned(), 500.0)].into();
    let report = run(&scenario, &Settings { knobs, ..Settings::default() }).unwrap();
    let api = &report.parts["api"];
    assert!(!report.overloaded && api.utilisation < 0.1 && api.demand_ratio < 0.1, "{api:?}");
    assert!((api.visits_per_request - 1.0).abs() < 0.01, "{api:?}");
    // Where the limit lets in more than can be done, what can be done is the bound.
    let knobs = [("limit".to_owned(), 1_000.0), ("work".to_owned(), 400.0)].into();
    let settings = Settings { knobs, ..Settings::default() };
    let first = explain(&scenario, &settings).unwrap().first_to_break.unwrap();
    assert!(matches!(first.why, Breaks::Busy { .. }), "{first:?}");
    assert!((first.bound_per_s / 2.5 - 1.0).abs() < 0.05, "{first:?}");
}

#[test]
fn only_what_is_no_chance_is_uneven() {
    // Ten thousand attempts to ten instances: 1,100 are three deviations above the even share.
    let mut sent = [988; 10];
    sent[3] = 1_108;
    assert!((unevenness(&sent) - 1.0).abs() < 1e-12);
    sent[3] = 1_976;
    assert!((unevenness(&sent) - 1_976.0 * 10.0 / 10_868.0).abs() < 1e-12);
    // Instances that take turns are not counted, and a run may end before anybody is sent.
    for sent in [&[][..], &[0, 0]] {
        assert!((unevenness(sent) - 1.0).abs() < 1e-12);
    }
}

/// People, and a script in the background or none, ask for a page of a server that could do 100 a
/// second; a page asks an interface and a shop. `limits` replace fields of parts.
fn first_of(has_script: bool, limits: &[(&str, Value)]) -> Option<FirstToBreak> {
    let mut document = json!({
        "format": 1, "id": "limited", "title": "Why?", "group": "limits", "summary": "Limits.",
        "seed": 1, "run": { "requests": 20_000 },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "users", "label": "Users", "about": "", "unit": "count",
                    "min": 100, "max": 10_000, "default": 400 }],
        "parts": [
            { "kind": "clients", "id": "people", "call": { "to": "app.page" },
              "arrivals": { "open": { "rate_per_s": { "knob": "users", "times": 0.1 } } } },
            { "kind": "service", "id": "app", "queue": {}, "endpoints": {
                "page": [{ "cpu": "10ms" }, { "call": { "to": "api.look" } }, { "ask": { "party": "shop" } }] } },
            { "kind": "service", "id": "api", "workers": 100, "queue": {}, "endpoints": {
                "look": { "steps": [{ "wait": "1ms" }] }, "other": [{ "wait": "1ms" }] } },
            { "kind": "third_party", "id": "shop", "latency": "0ms" },
            { "kind": "clients", "id": "script", "call": { "to": "api.other" }, "background": true,
              "arrivals": { "open": { "rate_per_s": 1 } } }
        ]
    });
    for (path, limit) in limits {
        let (part, field) = path.rsplit_once('/').unwrap();
        document.pointer_mut(part).unwrap()[field] = limit.clone();
    }
    if !has_script {
        document["parts"].as_array_mut().unwrap().pop();
    }
    let scenario = Arc::new(Scenario::parse(&document.to_string()).unwrap());
    explain(&scenario, &Settings::default()).unwrap().first_to_break
}

#[test]
fn no_part_is_said_to_break_first_where_a_limit_may_turn_away_before() {
    let (whole, endpoint) = ("/parts/2/admission", "/parts/2/endpoints/look/admission");
    let limit = |per_s: u32| json!([{ "token_bucket": { "rate_per_s": per_s, "burst": 20 } }]);
    let quota = |per_s: u32| ("/parts/3/quota", json!({ "calls": per_s, "window": "1s" }));
    for (limits, alone, beside) in [
        (vec![], Some("app"), Some("app")),
        // A page comes 100 times a second at most, and the script once.
        (vec![(whole, limit(70))], Some("api"), None),
        (vec![(whole, limit(150))], Some("app"), Some("app")),
        (vec![(endpoint, limit(70))], None, None),
        (vec![(endpoint, limit(150))], Some("app"), Some("app")),
        (vec![quota(70)], Some("shop"), None),
        (vec![quota(150)], Some("app"), Some("app")),
    ] {
        for (has_script, expected) in [(false, alone), (true, beside)] {
            let first = first_of(has_script, &limits);
            let part = first.as_ref().map(|first| first.part.as_str());
            assert_eq!(part, expected, "{limits:?}, {has_script}: {first:?}");
        }
    }
    // The only endpoint lets in for the whole service.
    let only = ("/parts/2/endpoints", json!({ "look": { "steps": [], "admission": limit(70) } }));
    assert_eq!(first_of(false, &[only]).unwrap().part, "api");
}
