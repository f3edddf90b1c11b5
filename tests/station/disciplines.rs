//! Queues that are more than first in, first out.

use kneepoint::engine::SimTime;
use kneepoint::model::Outcome;
use serde_json::{Value, json};

use super::{Load, simulation, totals};

/// One worker of 10 ms a request, asked twice as often as it can serve, by callers who wait half a
/// second.
fn goodput_at_twice_the_load(queue: Value, cancels: bool) -> f64 {
    let load = Load { rate: 200.0, timeout: "500ms", cancels };
    let totals = totals(&load, json!({ "queue": queue }), 100.0);
    totals.of(Outcome::InTime) as f64 / 100.0 / 100.0
}

#[test]
fn a_queue_without_a_discipline_keeps_a_worker_busy_with_work_that_nobody_waits_for() {
    let goodput = goodput_at_twice_the_load(json!({}), false);
    assert!(goodput < 0.05, "{goodput}");
}

#[test]
fn each_discipline_keeps_goodput_above_four_fifths_at_twice_the_load() {
    for queue in [
        json!({ "capacity": 20 }),
        json!({ "order": "lifo" }),
        json!({ "order": "adaptive_lifo", "lifo_from": 20 }),
        json!({ "order": "lifo", "shed": { "expired": true } }),
        json!({ "shed": { "controlled_delay": { "target": "20ms", "interval": "200ms" } } }),
        json!({ "capacity": 20, "when_full": "drop_oldest" }),
    ] {
        let goodput = goodput_at_twice_the_load(queue.clone(), false);
        assert!(goodput > 0.8, "{queue}: {goodput}");
    }
}

#[test]
fn dropping_expired_work_alone_still_begins_much_that_ends_too_late() {
    // Whoever is served first in, first out has nearly no time left.
    let goodput = goodput_at_twice_the_load(json!({ "shed": { "expired": true } }), false);
    assert!((0.4..0.7).contains(&goodput), "{goodput}");
}

#[test]
fn codel_drops_too_slowly_for_callers_who_do_not_slow_down() {
    // Half of what comes must go; the control law of RFC 8289 drops faster and faster, but the
    // callers send as fast as before.
    let codel = json!({ "shed": { "codel": { "target": "20ms", "interval": "200ms" } } });
    let goodput = goodput_at_twice_the_load(codel, false);
    assert!((0.05..0.8).contains(&goodput), "{goodput}");
}

#[test]
fn high_classes_are_served_first_and_the_lowest_makes_place() {
    let clients = |id: &str, rate: f64, priority: u8| {
        json!({ "kind": "clients", "id": id, "arrivals": { "open": { "rate_per_s": rate } },
                "call": { "to": format!("gate-{id}.work") }, "priority": priority })
    };
    let gate = |id: &str, to: &str| {
        json!({ "kind": "service", "id": format!("gate-{id}"), "workers": 10_000,
                "endpoints": { "work": [{ "call": { "to": to } }] } })
    };
    // The gate of an endpoint with a class of its own: it counts, and not the callers'.
    let parts = json!([
        clients("high", 60.0, 0), clients("low", 60.0, 3), clients("own", 10.0, 3),
        gate("high", "s.work"), gate("low", "s.work"), gate("own", "s.urgent"),
        { "kind": "service", "id": "s", "queue": { "capacity": 50, "order": "priority", "when_full": "drop_oldest" },
          "endpoints": {
              "work": [{ "cpu": { "exponential": "10ms" } }],
              "urgent": { "priority": 0, "steps": [{ "cpu": { "exponential": "10ms" } }] }
          } }
    ]);
    let mut simulation = simulation(&parts, 1);
    simulation.advance_until(SimTime(200_000_000_000), u64::MAX);
    let period = simulation.period(0);
    let stay_ms = |index: usize| {
        let part = &period.parts[index];
        part.busy.as_ms() / part.visits as f64
    };
    // M/M/1 with 70 of 100 a second of the high classes: 10 + 7 / 0.3 + what is being served, 33 ms
    // in all without the low ones, up to 10 ms more with them.
    assert!((30.0..55.0).contains(&stay_ms(0)), "{}", stay_ms(0));
    assert!((stay_ms(2) / stay_ms(0) - 1.0).abs() < 0.2, "{} {}", stay_ms(2), stay_ms(0));
    assert!(stay_ms(1) > 4.0 * stay_ms(0), "{}", stay_ms(1));
    // 130 come for 100 that are served: 30 a second are dropped, none of the high classes.
    let shed = period.totals.of(Outcome::Shed) as f64 / 200.0;
    assert!((shed - 30.0).abs() < 3.0, "{shed}");
    assert_eq!(period.totals.of(Outcome::Rejected), 0);
}

#[test]
fn a_discipline_survives_faults_and_wait_limits() {
    for effect in ["stop", "crash"] {
        let parts = json!([
            { "kind": "clients", "id": "c", "arrivals": { "open": { "rate_per_s": 90 } },
              "call": { "to": "s.work", "timeout": "5s", "cancels": true } },
            { "kind": "service", "id": "s", "queue": { "order": "lifo", "wait_limit": "2s" },
              "endpoints": { "work": [{ "cpu": { "exponential": "10ms" } }] } },
            { "kind": "fault", "id": "f", "part": "s", "from": "10s", "for": "10s", "effect": effect }
        ]);
        let mut simulation = simulation(&parts, 1);
        simulation.advance_until(SimTime(15_000_000_000), u64::MAX);
        let middle = simulation.period(0);
        simulation.advance_until(SimTime(40_000_000_000), u64::MAX);
        let period = simulation.period(0);
        let lost = period.totals.of(Outcome::Failed) as f64;
        let gave_up = period.totals.of(Outcome::GaveUp) as f64;
        if effect == "crash" {
            assert!((lost / 900.0 - 1.0).abs() < 0.2, "{lost}");
            assert_eq!(middle.parts[0].queue_now, 0);
        } else {
            // Whoever came in the first eight seconds of the stop, and a few whom the newest outran.
            assert!((gave_up / 800.0 - 1.0).abs() < 0.3, "{gave_up}");
            assert!((middle.parts[0].queue_now as f64 - 180.0).abs() < 50.0, "{middle:?}");
        }
        assert_eq!(period.totals.sent, period.totals.finished() + period.in_flight);
    }
}
