//! Balancers, faults of one instance, and locks.

use kneepoint::engine::SimTime;
use kneepoint::model::Outcome;
use serde_json::{Value, json};

use super::{document, simulation};

/// Four instances of ten workers, 10 ms a request each, of which the first is broken from just after 10 s on:
/// shares of all requests that it gets and that fail, until 110 s.
fn sinkhole(balancer: Value, effect: Value) -> (f64, f64) {
    let mut fault = json!({ "kind": "fault", "id": "f", "part": "s", "instance": 1, "from": "10.001s", "for": "1h" });
    for (name, value) in effect.as_object().expect("fields of a fault") {
        fault[name] = value.clone();
    }
    let parts = json!([
        { "kind": "clients", "id": "c", "arrivals": { "open": { "rate_per_s": 2000 } }, "call": { "to": "s.work" } },
        { "kind": "service", "id": "s", "instances": 4, "workers": 10, "balancer": balancer,
          "endpoints": { "work": [{ "cpu": { "exponential": "10ms" } }] } },
        fault
    ]);
    let mut simulation = simulation(&parts, 1);
    simulation.advance_until(SimTime(10_000_000_000), u64::MAX);
    let before = simulation.period(0);
    assert_eq!(before.totals.of(Outcome::Failed), 0);
    simulation.advance_until(SimTime(110_000_000_000), u64::MAX);
    let totals = simulation.period(0).totals.since(&before.totals);
    let busy = simulation.period(0).parts[0].visits - before.parts[0].visits;
    let failed = totals.of(Outcome::Failed);
    // What is sent to the broken one fails, and what it worked on when it broke.
    let sent = simulation.period(0).parts[0].sent[0] - before.parts[0].sent[0];
    assert!(failed == 0 || (sent..=sent + 10).contains(&failed), "{sent} {failed}");
    (failed as f64 / totals.finished() as f64, busy as f64 / totals.finished() as f64)
}

#[test]
fn a_server_that_fails_fast_attracts_the_load_of_least_connections() {
    let broken = json!({ "effect": "crash" });
    let (in_turn, _) = sinkhole(json!({ "algorithm": "round_robin" }), broken.clone());
    assert!((in_turn - 0.25).abs() < 0.01, "{in_turn}");
    let (random, _) = sinkhole(json!({ "algorithm": "random" }), broken.clone());
    assert!((random - 0.25).abs() < 0.01, "{random}");
    let (two, _) = sinkhole(json!({ "algorithm": "two_choices" }), broken.clone());
    // It is among two drawn of four half of the time, and then has the fewer.
    assert!((two - 0.5).abs() < 0.05, "{two}");
    let (least, _) = sinkhole(json!({ "algorithm": "least_connections" }), broken);
    // Others get something only while they have nothing. With n of three busy, new work comes to them
    // at 2,000 (3 - n) / (4 - n) and is done at 100 n a second: 3 are busy 74 % of the time, 2 are 22 %,
    // 1 is 3 %, and so 270 a second are served and the other 86.5 % fail.
    assert!((least - 0.865).abs() < 0.01, "{least}");
}

#[test]
fn health_checks_and_ejection_take_the_broken_server_out() {
    let broken = json!({ "effect": "crash" });
    let health =
        json!({ "algorithm": "least_connections", "health": { "interval": "1s", "fall": 3 } });
    let (failed, _) = sinkhole(health, broken.clone());
    // Three probes, a second apart: two to three seconds of a hundred.
    assert!((0.01..0.04).contains(&failed), "{failed}");
    let ejection = json!({ "algorithm": "least_connections",
        "ejection": { "failures": 5, "interval": "1s", "base_time": "30s", "time_max": "300s" } });
    let (failed, _) = sinkhole(ejection, broken);
    // Five at once, and five more each time it comes back.
    assert!(failed < 0.001, "{failed}");
    assert!(failed > 0.0);
}

#[test]
fn a_slow_or_stopped_instance_is_hit_alone() {
    // Ten times as slow, the first one serves 100 of the 500 a second that come in turn.
    let slow = json!({ "effect": "slow", "factor": 10 });
    let (failed, served) = sinkhole(json!({}), slow.clone());
    assert!(failed < 1e-9, "{failed}");
    assert!((served - 0.95).abs() < 0.1, "{served}");
    let parts = |algorithm: &str| {
        json!([
            { "kind": "clients", "id": "c", "arrivals": { "open": { "rate_per_s": 2000 } }, "call": { "to": "s.work", "timeout": "1s" } },
            { "kind": "service", "id": "s", "instances": 4, "workers": 10, "balancer": { "algorithm": algorithm },
              "endpoints": { "work": [{ "cpu": { "exponential": "10ms" } }] } },
            { "kind": "fault", "id": "f", "part": "s", "instance": 3, "from": "0s", "for": "1h", "effect": "slow", "factor": 10 }
        ])
    };
    let late = |algorithm: &str| {
        let mut simulation = simulation(&parts(algorithm), 1);
        simulation.advance_until(SimTime(60_000_000_000), u64::MAX);
        let totals = simulation.period(0).totals;
        totals.of(Outcome::TimedOut) as f64 / totals.finished() as f64
    };
    // 400 of 2,000 a second cannot be served in turn; the fewest connections find the fast ones.
    assert!((late("round_robin") - 0.2).abs() < 0.05, "{}", late("round_robin"));
    assert!(late("least_connections") < 0.001, "{}", late("least_connections"));
}

#[test]
fn weights_say_how_much_each_instance_gets() {
    let parts = json!([
        { "kind": "clients", "id": "c", "arrivals": { "open": { "rate_per_s": 100 } }, "call": { "to": "s.work" } },
        { "kind": "service", "id": "s", "instances": 2, "balancer": { "weights": [3, 1] },
          "endpoints": { "work": [{ "cpu": "1ms" }] } },
        { "kind": "fault", "id": "f", "part": "s", "instance": 2, "from": "0s", "for": "1h", "effect": "crash" }
    ]);
    let mut simulation = simulation(&parts, 1);
    simulation.advance(10_000, u64::MAX);
    let totals = simulation.period(0).totals;
    let share = totals.of(Outcome::Failed) as f64 / totals.finished() as f64;
    assert!((share - 0.25).abs() < 0.001, "{share}");
}

#[test]
fn threads_add_no_throughput_to_what_holds_the_interpreter_lock() {
    // 10 ms under the lock and 30 ms without: 100 a second at most, however many threads.
    let throughput = |threads: u32| {
        let parts = json!([
            { "kind": "clients", "id": "c", "arrivals": { "closed": { "users": 100, "think": "0s" } }, "call": { "to": "s.work" } },
            { "kind": "service", "id": "s", "workers": threads,
              "endpoints": { "work": [{ "lock": { "on": "gil", "steps": [{ "cpu": { "exponential": "10ms" } }] } }, { "wait": { "exponential": "30ms" } }] } },
            { "kind": "lock", "id": "gil" }
        ]);
        let mut simulation = simulation(&parts, 1);
        simulation.advance_until(SimTime(200_000_000_000), u64::MAX);
        simulation.period(0).totals.of(Outcome::InTime) as f64 / 200.0
    };
    assert!((throughput(1) - 25.0).abs() < 1.5, "{}", throughput(1));
    assert!((throughput(32) - 100.0).abs() < 2.0, "{}", throughput(32));
    assert!(throughput(4) < 80.0, "{}", throughput(4));
}

#[test]
fn what_names_no_lock_or_no_instance_is_a_mistake() {
    let mistake = |parts: &Value| {
        let text = document(parts).to_string();
        kneepoint::scenario::Scenario::parse(&text).map(|_| ()).expect_err("a mistake").to_string()
    };
    let service = |more: Value| {
        let mut service = json!({ "kind": "service", "id": "s", "instances": 2,
            "endpoints": { "work": [{ "cpu": "1ms" }] } });
        for (name, value) in more.as_object().expect("fields") {
            service[name] = value.clone();
        }
        service
    };
    let clients = json!({ "kind": "clients", "id": "c", "arrivals": { "open": { "rate_per_s": 1 } }, "call": { "to": "s.work" } });
    let no_lock =
        service(json!({ "endpoints": { "work": [{ "lock": { "on": "gil", "steps": [] } }] } }));
    assert!(mistake(&json!([clients, no_lock])).contains("`gil` does not exist"));
    let weights = service(json!({ "balancer": { "weights": [1, 1, 1] } }));
    assert!(mistake(&json!([clients, weights])).contains("weights of `s` is 3"));
    let fault = |instance: u32, effect: &str| {
        json!({ "kind": "fault", "id": "f", "part": "s", "instance": instance,
        "from": 0, "for": "1s", "effect": effect })
    };
    assert!(mistake(&json!([clients, service(json!({})), fault(3, "stop")])).contains("1 to 2"));
    let many = service(json!({ "admission": [
        { "concurrency": { "limit": 1 } }, { "concurrency": { "limit": 1 } }, { "concurrency": { "limit": 1 } },
        { "concurrency": { "limit": 1 } }, { "concurrency": { "limit": 1 } } ] }));
    assert!(mistake(&json!([clients, many])).contains("at most 4"));
}
