//! Who is let in, and who is turned away.

use kneepoint::engine::SimTime;
use kneepoint::model::Outcome;
use serde_json::{Value, json};

use super::{Load, simulation, totals};

/// Share of 300 requests a second that a service of 1,000 workers lets in under these limits.
fn let_in(admission: &Value, users: u32) -> f64 {
    let parts = json!([
        { "kind": "clients", "id": "c", "arrivals": { "open": { "rate_per_s": 300 } },
          "call": { "to": "s.work" }, "users": users },
        { "kind": "service", "id": "s", "workers": 1000, "admission": admission,
          "endpoints": { "work": [{ "cpu": "10ms" }] } }
    ]);
    let mut simulation = simulation(&parts, 3);
    simulation.advance_until(SimTime(1_000_000_000_000), u64::MAX);
    let totals = simulation.period(0).totals;
    assert_eq!(totals.of(Outcome::InTime) + totals.of(Outcome::Shed), totals.finished());
    totals.of(Outcome::InTime) as f64 / totals.finished() as f64
}

#[test]
fn each_limit_lets_in_its_rate_and_no_more() {
    let kinds = [
        (json!({ "token_bucket": { "rate_per_s": 100, "burst": 10 } }), 1.0 / 3.0),
        (
            json!({ "token_bucket": { "rate_per_s": 100, "burst": 10, "wait_max": "100ms" } }),
            1.0 / 3.0,
        ),
        (json!({ "leaky_bucket": { "rate_per_s": 100, "burst": 10 } }), 1.0 / 3.0),
        (json!({ "leaky_bucket": { "rate_per_s": 100, "burst": 10, "undelayed": 10 } }), 1.0 / 3.0),
        (json!({ "fixed_window": { "limit": 100, "window": "1s" } }), 1.0 / 3.0),
        (json!({ "sliding_log": { "limit": 100, "window": "1s" } }), 1.0 / 3.0),
        (json!({ "sliding_counter": { "limit": 100, "window": "1s" } }), 1.0 / 3.0),
        // Erlang B of 3 Erlangs and 3 servers: 34.6 % are turned away.
        (json!({ "concurrency": { "limit": 3 } }), 0.6538),
    ];
    for (limit, expected) in kinds {
        let found = let_in(&json!([limit]), 1);
        // A counter of two windows estimates, and a log of 100 is rarely full to the last.
        let allowed = if limit.get("sliding_counter").is_some() { 0.02 } else { 0.005 };
        assert!((found - expected).abs() < allowed, "{limit}: {found}");
    }
}

#[test]
fn two_limits_let_in_what_both_do() {
    let limits = json!([
        { "token_bucket": { "rate_per_s": 150, "burst": 10 } },
        { "token_bucket": { "rate_per_s": 75, "burst": 10 } }
    ]);
    assert!((let_in(&limits, 1) - 0.25).abs() < 0.005);
}

#[test]
fn each_of_many_users_has_a_limit_of_their_own() {
    // Thirty users of ten requests a second each, five allowed.
    let limit =
        |scope: &str| json!([{ "token_bucket": { "rate_per_s": 5, "burst": 5, "scope": scope } }]);
    let found = let_in(&limit("user"), 30);
    assert!((found - 0.5).abs() < 0.01, "{found}");
    let found = let_in(&limit("tenant"), 30);
    assert!((found - 5.0 / 300.0).abs() < 0.001, "{found}");
}

#[test]
fn a_limit_per_user_or_tenant_keeps_one_client_from_ruining_it_for_all() {
    // Two hundred users with one request in four seconds, and one with 10,000 a minute, before a
    // worker for 100 a second.
    let share_served = |scope: Option<&str>| {
        let admission = scope.map_or(
            json!([]),
            |scope| json!([{ "token_bucket": { "rate_per_s": 2, "burst": 10, "scope": scope } }]),
        );
        let parts = json!([
            { "kind": "clients", "id": "people", "arrivals": { "closed": { "users": 200, "think": { "exponential": "4s" } } },
              "call": { "to": "gate.work", "timeout": "2s" } },
            { "kind": "clients", "id": "abuser", "arrivals": { "open": { "rate_per_s": "166.7/s" } },
              "call": { "to": "s.work", "timeout": "2s" } },
            { "kind": "service", "id": "gate", "workers": 1000, "endpoints": { "work": [{ "call": { "to": "s.work", "timeout": "2s" } }] } },
            { "kind": "service", "id": "s", "admission": admission,
              "endpoints": { "work": [{ "cpu": { "exponential": "10ms" } }] } }
        ]);
        let mut simulation = simulation(&parts, 1);
        simulation.advance_until(SimTime(300_000_000_000), u64::MAX);
        let period = simulation.period(0);
        // What people get through the gate: they are the only ones who stay there.
        let stay = period.parts[0].busy.as_ms() / period.parts[0].visits as f64;
        (stay, period.totals.of(Outcome::Shed) as f64 / period.totals.finished() as f64)
    };
    let (without, _) = share_served(None);
    let (by_user, shed) = share_served(Some("user"));
    assert!(without > 1_500.0, "{without}");
    assert!(by_user < 50.0, "{by_user}");
    // Only the abuser is shed: 164.7 of 216 a second.
    assert!((shed - 0.76).abs() < 0.03, "{shed}");
    // A limit for all together sheds people as well.
    let (_, global) = share_served(Some("global"));
    assert!(global > 0.95, "{global}");
}

#[test]
fn shedding_by_deadline_keeps_goodput_at_twice_the_load() {
    let load = Load { rate: 200.0, timeout: "500ms", cancels: false };
    let limit = json!([{ "deadline": { "service_first": "10ms", "caution": 1.5 } }]);
    let totals = totals(&load, json!({ "admission": limit }), 100.0);
    let goodput = totals.of(Outcome::InTime) as f64 / 10_000.0;
    assert!(goodput > 0.8, "{goodput}");
    assert_eq!(
        totals.of(Outcome::Shed) + totals.of(Outcome::InTime) + totals.of(Outcome::TimedOut),
        totals.finished()
    );
}

#[test]
fn an_adaptive_limit_finds_how_many_a_service_bears() {
    let load = Load { rate: 200.0, timeout: "500ms", cancels: false };
    for algorithm in ["gradient", "vegas"] {
        let limit = json!([{ "adaptive": { "algorithm": algorithm, "first": 200, "min": 2, "max": 1000, "window": "100ms" } }]);
        let totals = totals(&load, json!({ "admission": limit }), 100.0);
        let goodput = totals.of(Outcome::InTime) as f64 / 10_000.0;
        assert!(goodput > 0.8, "{algorithm}: {goodput}");
    }
}

#[test]
fn shedding_by_priority_turns_the_lowest_class_away_first() {
    let clients = |id: &str, priority: u8| {
        json!({ "kind": "clients", "id": id, "arrivals": { "open": { "rate_per_s": 80 } },
                "call": { "to": format!("gate-{id}.work") }, "priority": priority })
    };
    let gate = |id: &str| {
        json!({ "kind": "service", "id": format!("gate-{id}"), "workers": 10_000,
                "endpoints": { "work": [{ "call": { "to": "s.work" } }, { "call": { "to": "done.work" } }] } })
    };
    let parts = json!([
        clients("high", 0), clients("low", 2), gate("high"), gate("low"),
        { "kind": "service", "id": "s", "admission": [{ "priority": { "thresholds": [100, 50, 5] } }],
          "endpoints": { "work": [{ "cpu": { "exponential": "10ms" } }] } },
        { "kind": "service", "id": "done", "workers": 10_000, "endpoints": { "work": [{ "cpu": 0 }] } }
    ]);
    let mut simulation = simulation(&parts, 1);
    simulation.advance_until(SimTime(200_000_000_000), u64::MAX);
    let period = simulation.period(0);
    let part = |id: &str| period.parts.iter().find(|part| part.id == id).expect("a part");
    // 160 a second come for 100: all of the high class, and 20 a second of the low one.
    let shed = period.totals.of(Outcome::Shed) as f64 / 200.0;
    assert!((shed - 60.0).abs() < 3.0, "{shed}");
    let stay = part("gate-high").busy.as_ms() / part("gate-high").visits as f64;
    assert!(stay < 100.0, "{stay}");
    assert_eq!(part("s").rejected, period.totals.of(Outcome::Shed));
}

#[test]
fn a_caller_that_listens_comes_again_when_the_limit_said() {
    // Ten a second are let in; one in 100 ms after the bucket was emptied. Users come back after 1 ms,
    // or when the limit said.
    let attempts = |retry_after: Value| {
        let mut call = json!({ "to": "s.work", "retries": 100, "backoff": { "base": "1ms" } });
        if !retry_after.is_null() {
            call["retry_after"] = retry_after;
        }
        let parts = json!([
            { "kind": "clients", "id": "c", "arrivals": { "closed": { "users": 1, "think": "1ms" } }, "call": call },
            { "kind": "service", "id": "s", "admission": [{ "token_bucket": { "rate_per_s": 10 } }],
              "endpoints": { "work": [{ "cpu": "1ms" }] } }
        ]);
        let mut simulation = simulation(&parts, 1);
        simulation.advance_until(SimTime(100_000_000_000), u64::MAX);
        let totals = simulation.period(0).totals;
        assert!(totals.of(Outcome::InTime) > 980 && totals.of(Outcome::Shed) < 10, "{totals:?}");
        totals.retries as f64 / totals.of(Outcome::InTime) as f64
    };
    assert!((attempts(json!({ "use": "at_least" })) - 1.0).abs() < 0.01);
    assert!(attempts(Value::Null) > 90.0);
}

#[test]
fn the_patience_of_a_caller_is_the_deadline_of_its_attempts() {
    // Attempts have no timeout; whoever has waited for half a second in all is gone.
    let goodput = |service: Value| {
        let mut service = service;
        service["kind"] = json!("service");
        service["id"] = json!("s");
        service["endpoints"] = json!({ "work": [{ "cpu": { "exponential": "10ms" } }] });
        let parts = json!([
            { "kind": "clients", "id": "c", "arrivals": { "open": { "rate_per_s": 200 } },
              "call": { "to": "s.work", "patience": "500ms" } },
            service
        ]);
        let mut simulation = simulation(&parts, 1);
        simulation.advance_until(SimTime(100_000_000_000), u64::MAX);
        simulation.period(0).totals.of(Outcome::InTime) as f64 / 10_000.0
    };
    assert!(goodput(json!({})) < 0.05);
    let lifo = json!({ "queue": { "order": "lifo", "shed": { "expired": true } } });
    assert!(goodput(lifo) > 0.8);
    let early =
        json!({ "admission": [{ "deadline": { "service_first": "10ms", "caution": 1.5 } }] });
    assert!(goodput(early) > 0.8);
}
