//! Caches in documents: loads always come back, and what a cache costs and promises is reported.

mod document;

use document::report;
use kneepoint::analysis::report::RunReport;
use kneepoint::engine::math::exp;
use serde_json::{Value, json};

/// Readers of one cache before a database, and writers.
fn document(cache: Value) -> Value {
    let mut part = json!({ "kind": "cache", "id": "cache", "keys": 1 });
    for (name, value) in cache.as_object().expect("fields of a cache") {
        part[name] = value.clone();
    }
    json!({
        "format": 1, "id": "cached", "title": "Why?", "group": "caches", "summary": "One cache.",
        "seed": 1, "run": { "time": "300s" },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "rate", "label": "Reads", "about": "", "unit": "per_second",
                    "min": 1, "max": 1000, "default": 100 }],
        "parts": [
            { "kind": "clients", "id": "readers", "call": { "to": "app.read" },
              "arrivals": { "open": { "rate_per_s": { "knob": "rate" } } } },
            { "kind": "clients", "id": "writers", "call": { "to": "app.write" },
              "arrivals": { "open": { "rate_per_s": 0.5 } } },
            { "kind": "service", "id": "app", "workers": 1000, "endpoints": {
                "read": [{ "cached": { "cache": "cache",
                                       "load": [{ "query": { "via": "db", "work": "50ms" } }] } }],
                "write": [{ "write": { "cache": "cache" } }] } },
            { "kind": "database", "id": "db", "cores": 100 },
            part
        ]
    })
}

#[test]
fn stale_answers_are_counted_and_wrong_if_the_objective_says_so() {
    let mut document = document(json!({ "ttl": "10s" }));
    let lenient = report(&document);
    // 1 - (1 - e^-(wT)) / (wT) of hits, for 0.5 writes a second: 80.1 %.
    let expected = 1.0 - (1.0 - exp(-5.0)) / 5.0;
    let cache = &lenient.caches["cache"];
    assert!((cache.stale_share - expected).abs() < 0.05, "{cache:?}");
    assert!((cache.age_mean_ms - 5_000.0).abs() < 200.0, "{cache:?}");
    assert!((lenient.stale_share - expected).abs() < 0.05, "{}", lenient.stale_share);
    assert!(lenient.error_share < 1e-9);
    document["objective"]["stale_is_wrong"] = json!(true);
    let strict = report(&document);
    assert!((strict.error_share - lenient.stale_share).abs() < 1e-9, "{}", strict.error_share);
    let lost = lenient.goodput_per_s * (1.0 - lenient.stale_share);
    assert!((strict.goodput_per_s - lost).abs() < 1e-6);
}

#[test]
fn single_flight_loads_once_for_each_expiry() {
    let stampede = report(&document(json!({ "ttl": "10s" })));
    let alone = report(&document(json!({ "ttl": "10s", "misses": "wait" })));
    // Every 10.05 s; without it rate times rebuild time more each time.
    let loads = |report: &RunReport| report.caches["cache"].loads_per_s * 300.0;
    assert!((loads(&alone) - 30.0).abs() <= 1.0, "{}", loads(&alone));
    assert!((loads(&stampede) - 30.0 * 6.0).abs() < 30.0, "{}", loads(&stampede));
    assert!(alone.latency_ms.max.unwrap() <= 50.001, "a second load was waited for");
}

#[test]
fn a_copy_that_is_refreshed_in_the_background_makes_nobody_wait() {
    for refresh in [json!({ "refresh": "revalidate" }), json!({ "refresh": "early", "beta": 5 })] {
        let mut cache = json!({ "ttl": "10s", "warm": true, "misses": "wait" });
        for (name, value) in refresh.as_object().unwrap() {
            cache[name] = value.clone();
        }
        let report = report(&document(cache));
        assert!(report.caches["cache"].hit_ratio > 0.999, "{refresh}: {report:?}");
        assert!(report.latency_ms.p99.unwrap() < 1.0, "{refresh}");
        assert!(report.caches["cache"].loads_per_s > 0.09, "{refresh}: {report:?}");
    }
}

#[test]
fn a_load_that_fails_or_is_cancelled_goes_to_the_next_who_waits() {
    for (endpoint, call) in [
        // Half of all loads fail.
        (
            json!([{ "query": { "via": "db", "work": "50ms" } },
                   { "choice": { "probability": 0.5, "then": [{ "fail": true }] } }]),
            json!({ "to": "app.read" }),
        ),
        // Many are cancelled before they are done.
        (
            json!([{ "query": { "via": "db", "work": { "exponential": "50ms" } } }]),
            json!({ "to": "app.read", "timeout": "40ms", "cancels": true }),
        ),
    ] {
        let mut document = document(json!({ "ttl": "200ms", "misses": "wait" }));
        document["parts"][2]["endpoints"]["read"][0]["cached"]["load"] = endpoint;
        document["parts"][0]["call"] = call;
        let report = report(&document);
        let cache = &report.caches["cache"];
        // If one load were lost, all later readers would wait for ever.
        assert!(report.outcomes.in_flight < 60, "{report:?}");
        assert!(cache.hit_ratio > 0.5, "{cache:?}");
        assert!(report.error_share > 0.01, "{report:?}");
    }
}

#[test]
fn a_lease_lets_one_load_and_sends_the_others_away_for_a_while() {
    let mut document = document(json!({ "ttl": "1s", "misses": "lease", "retry_after": "20ms" }));
    document["parts"][0]["call"] = json!({ "to": "app.read", "timeout": "45ms", "cancels": true });
    let report = report(&document);
    // The load takes 50 ms and is cancelled; a lease of 10 s is lost with it, or it would block.
    assert!(report.caches["cache"].loads_per_s > 1.0, "{report:?}");
    assert!(report.outcomes.in_flight < 20, "{report:?}");
}

#[test]
fn a_flushed_cache_shows_what_it_hid() {
    let mut document = document(json!({ "keys": 1000, "popularity": 0, "warm": true }));
    document["run"]["phases"] = json!([{ "id": "before", "from": "20s", "to": "100s" },
                                       { "id": "after", "from": "100s", "to": "101s" }]);
    let flush = json!({ "kind": "fault", "id": "flush", "part": "cache",
                        "from": "100s", "for": "1s", "effect": "flush" });
    document["parts"].as_array_mut().unwrap().push(flush);
    let report = report(&document);
    assert!(report.phases["before"].latency_ms.max.unwrap() < 1e-6);
    assert!(report.phases["after"].latency_ms.p50.unwrap() > 49.0);
}

#[test]
fn writes_behind_reach_the_database_later_and_are_lost_with_the_cache() {
    let mut document =
        document(json!({ "keys": 1000, "writes": "behind", "behind": "10s", "warm": true }));
    document["parts"][1]["arrivals"]["open"]["rate_per_s"] = json!(20);
    document["parts"][2]["endpoints"]["write"] = json!([{ "write": {
        "cache": "cache", "steps": [{ "query": { "via": "db", "work": "50ms" } }] } }]);
    let whole = report(&document);
    assert_eq!(whole.caches["cache"].lost_writes, 0);
    assert!(whole.latency_ms.max.unwrap() < 1.0, "a write waited for the database");
    assert!(whole.parts["db"].visits_per_request > 0.02, "{:?}", whole.parts["db"]);
    let flush = json!({ "kind": "fault", "id": "flush", "part": "cache",
                        "from": "100s", "for": "1s", "effect": "flush" });
    document["parts"].as_array_mut().unwrap().push(flush);
    // Ten seconds of 20 writes a second, less those of keys written twice.
    let lost = report(&document).caches["cache"].lost_writes;
    assert!((100..=240).contains(&lost), "{lost}");
}
