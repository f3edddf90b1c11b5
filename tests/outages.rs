//! Cold starts, cut networks and bad versions in documents: what breaks, for how long, and what not.

mod document;

use std::sync::Arc;

use document::{report, scenario};
use kneepoint::analysis::explain::explain;
use kneepoint::engine::SimTime;
use kneepoint::model::Outcome;
use kneepoint::model::{Simulation, Totals};
use kneepoint::scenario::{Scenario, Settings};
use serde_json::{Value, json};

/// 100 requests a second for two instances that work 10 ms on each, and what else there is.
fn document(service: Value, call: Value, more: Value) -> Value {
    let mut app = json!({ "kind": "service", "id": "app", "instances": 2, "workers": 100,
                          "endpoints": { "page": [{ "cpu": "10ms" }] } });
    let mut to = json!({ "to": "app.page" });
    for (part, fields) in [(&mut app, service), (&mut to, call)] {
        for (name, value) in fields.as_object().expect("fields") {
            part[name] = value.clone();
        }
    }
    let mut parts = vec![
        json!({ "kind": "clients", "id": "users", "call": to,
                "arrivals": { "open": { "rate_per_s": { "knob": "rate" } } } }),
        app,
    ];
    parts.extend(more.as_array().expect("a list of parts").iter().cloned());
    json!({
        "format": 1, "id": "out", "title": "Why?", "group": "failure", "summary": "It is out.",
        "seed": 1, "run": { "time": "100s" },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "rate", "label": "Requests", "about": "", "unit": "per_second",
                    "min": 1, "max": 10000, "default": 100 }],
        "parts": parts
    })
}

/// Totals of stretches of ten seconds.
fn stretches(document: &Value) -> Vec<Totals> {
    let system = scenario(document).system(&Settings::default()).expect("a valid setting");
    let mut simulation = Simulation::new(&system, 3).expect("a system that can be built");
    let mut ends = vec![Totals::default()];
    for stretch in 1..=10 {
        let end = SimTime::from_secs(10.0 * f64::from(stretch));
        simulation.advance_until(end, u64::MAX);
        ends.push(simulation.totals());
        let totals = simulation.totals();
        let under_way = simulation.requests_under_way();
        assert_eq!(totals.sent, totals.finished() + under_way, "none is lost");
    }
    ends.windows(2).map(|pair| pair[1].since(&pair[0])).collect()
}

fn mean_ms(document: &Value, phase: &str) -> f64 {
    report(document).phases[phase].latency_ms.mean.expect("requests are answered")
}

fn share(totals: &Totals, outcome: Outcome) -> f64 {
    totals.of(outcome) as f64 / totals.finished().max(1) as f64
}

fn fault(effect: &str, fields: Value) -> Value {
    let mut fault = json!({ "kind": "fault", "id": "fault", "part": "app", "effect": effect,
                            "from": "20s", "for": "20s" });
    for (name, value) in fields.as_object().expect("fields") {
        fault[name] = value.clone();
    }
    json!([fault])
}

#[test]
fn an_instance_that_starts_again_is_down_first_and_slow_then() {
    let cold = json!({ "cold_start": { "down": "10s", "slow": "20s", "factor": 3 } });
    let crash = fault("crash", json!({ "instance": 1 }));
    let mut document = document(cold, json!({}), crash);
    let found = stretches(&document);
    for (index, totals) in found.iter().enumerate() {
        // Crashed from 20 to 40 s, down to 50 s: half of what comes goes there.
        let expected = if (2..5).contains(&index) { 0.5 } else { 0.0 };
        let failed = share(totals, Outcome::Failed);
        assert!((failed - expected).abs() < 0.01, "stretch {index}: {failed}");
    }
    document["run"]["phases"] = json!([
        { "id": "slow", "from": "50s", "to": "70s" }, { "id": "warm", "from": "71s", "to": "100s" }]);
    // One in two takes three times as long.
    let (slow, warm) = (mean_ms(&document, "slow"), mean_ms(&document, "warm"));
    assert!((slow - 20.0).abs() < 0.5 && (warm - 10.0).abs() < 0.1, "{slow} ms, {warm} ms");
}

#[test]
fn a_run_can_begin_with_all_instances_cold() {
    let cold =
        json!({ "cold_start": { "down": "10s", "slow": "10s", "factor": 4, "from_begin": true } });
    let mut document = document(cold, json!({}), json!([]));
    let found = stretches(&document);
    assert!(share(&found[0], Outcome::Failed) > 0.999, "{:?}", found[0]);
    assert!(found[1..].iter().all(|totals| totals.of(Outcome::Failed) == 0));
    document["run"]["phases"] = json!([{ "id": "slow", "from": "10s", "to": "19s" }]);
    assert!((mean_ms(&document, "slow") - 40.0).abs() < 0.5);
}

#[test]
fn a_health_check_keeps_requests_from_an_instance_that_is_not_there_yet() {
    let cold = json!({ "cold_start": { "down": "40s" },
        "balancer": { "algorithm": "round_robin",
                      "health": { "interval": "1s", "rise": 2, "fall": 2 } } });
    let crash = fault("crash", json!({ "instance": 1, "for": "1s" }));
    let found = stretches(&document(cold, json!({}), crash));
    // Two checks of a second each until it is out, and none of the rest of 41 s fails.
    let failed: u64 = found.iter().map(|totals| totals.of(Outcome::Failed)).sum();
    assert!(failed > 20 && failed < 200, "{failed}");
    assert!(found[3..].iter().all(|totals| totals.of(Outcome::Failed) == 0));
}

#[test]
fn settings_of_a_start_that_never_comes_change_nothing() {
    let plain = document(json!({}), json!({}), json!([]));
    let cold = json!({ "cold_start": { "down": "10s", "slow": "20s", "factor": 3 } });
    assert_eq!(report(&plain).latency_ms, report(&document(cold, json!({}), json!([]))).latency_ms);
    let never = fault("partition", json!({ "peer": "users", "for": 0 }));
    assert_eq!(
        report(&plain).latency_ms,
        report(&document(json!({}), json!({}), never)).latency_ms
    );
}

#[test]
fn calls_over_a_cut_network_end_with_their_timeout() {
    let cut = fault("partition", json!({ "peer": "users" }));
    let found = stretches(&document(json!({}), json!({ "timeout": "500ms" }), cut));
    for (index, totals) in found.iter().enumerate() {
        let is_cut = (2..4).contains(&index);
        let timed_out = share(totals, Outcome::TimedOut);
        // Some of those sent in the last half second end in the next stretch.
        let expected = if is_cut { 0.94..1.0001 } else { 0.0..0.06 };
        assert!(expected.contains(&timed_out), "stretch {index}: {timed_out}");
        // An answer under way when the network is cut is lost, too; the service did its work.
        assert_eq!(totals.of(Outcome::Failed), 0);
    }
    assert!((share(&found[5], Outcome::InTime) - 1.0).abs() < 1e-9);
}

#[test]
fn a_part_cut_off_without_a_peer_is_cut_off_from_everything() {
    let timeout = || json!({ "timeout": "500ms" });
    let of = |fields| stretches(&document(json!({}), timeout(), fault("partition", fields)));
    assert_eq!(of(json!({})), of(json!({ "peer": "users" })));
    // Nobody has to do with it: nothing happens.
    let lonely = json!({ "kind": "service", "id": "lonely", "workers": 1,
                         "endpoints": { "page": [{ "cpu": "1ms" }] } });
    let mut more = fault("partition", json!({ "part": "lonely" }));
    more.as_array_mut().expect("a list of parts").push(lonely);
    let found = stretches(&document(json!({}), timeout(), more));
    assert_eq!(found, stretches(&document(json!({}), timeout(), json!([]))));
}

/// Each call is two messages, so that 1 - 0.9 x 0.9 of the calls wait for their timeout.
#[test]
fn calls_over_a_network_that_loses_messages_end_with_their_timeout() {
    let lossy = || fault("drop", json!({ "share": 0.1 }));
    let found = stretches(&document(json!({}), json!({ "timeout": "500ms" }), lossy()));
    let lost = share(&found[3], Outcome::TimedOut);
    // 1,000 calls: four standard deviations.
    assert!((lost - 0.19).abs() < 0.05, "{lost}");
    for whole in [1, 5] {
        assert_eq!(found[whole].of(Outcome::InTime), found[whole].finished());
    }
    // A message is sent for the (n + 1)th time with 0.1^n, 200 ms x (2^n - 1) after the first:
    // 25 ms more in the mean, for each of two.
    let mut always = lossy();
    always[0]["from"] = json!("0s");
    always[0]["for"] = json!("1h");
    let mean =
        |more| report(&document(json!({}), json!({}), more)).latency_ms.mean.expect("answers");
    let (with, without) = (mean(always), mean(json!([])));
    assert!((with - without - 50.0).abs() < 6.0, "{with} {without}");
}

#[test]
fn what_has_no_timeout_waits_until_the_network_is_back() {
    let cut = fault("partition", json!({ "peer": "users" }));
    let found = stretches(&document(json!({}), json!({}), cut));
    let finished: Vec<u64> = found.iter().map(Totals::finished).collect();
    assert!(finished[2] + finished[3] <= 2, "{finished:?}");
    // All that came in 20 s, and what comes in the next ten.
    assert!((finished[4] as f64 - 3_000.0).abs() < 5.0 * 3_000_f64.sqrt(), "{finished:?}");
    assert!(found.iter().all(|totals| totals.finished() == totals.of(Outcome::InTime)));
}

#[test]
fn a_service_cut_off_from_its_database_keeps_its_workers_until_callers_give_up() {
    let query = json!({ "endpoints": { "page": [{ "query": { "via": "db", "work": "1ms" } }],
                                       "plain": [{ "cpu": "1ms" }] }, "workers": 20 });
    let mut more = fault("partition", json!({ "peer": "db" }));
    more.as_array_mut()
        .expect("a list")
        .push(json!({ "kind": "database", "id": "db", "cores": 4 }));
    let document = document(query, json!({ "timeout": "1s", "cancels": true }), more);
    let found = stretches(&document);
    assert!(share(&found[2], Outcome::TimedOut) > 0.85, "{:?}", found[2]);
    assert!(share(&found[6], Outcome::InTime) > 0.999, "{:?}", found[6]);
    assert!(report(&document).parts["app"].utilisation > 0.15, "{:?}", report(&document).parts);
}

#[test]
fn nothing_else_is_cut() {
    let query = json!({ "endpoints": { "page": [{ "query": { "via": "db", "work": "1ms" } }] } });
    let mut more = fault("partition", json!({ "part": "users", "peer": "db" }));
    more.as_array_mut().expect("a list").push(json!({ "kind": "database", "id": "db" }));
    let mistakes = Scenario::parse(&document(query, json!({}), more).to_string());
    let mistakes = mistakes.expect_err("users do not ask the database").to_string();
    assert!(mistakes.contains("nothing goes between it and `db`"), "{mistakes}");
}

#[test]
fn a_bad_version_fails_its_share_until_it_is_rolled_back() {
    let bad = fault("deploy", json!({ "share": 0.25, "errors": 0.4, "factor": 5 }));
    let mut document = document(json!({ "instances": 4 }), json!({}), bad);
    for (index, totals) in stretches(&document).iter().enumerate() {
        // A quarter goes to the one bad instance, and of that 40 % fails.
        let expected = if (2..4).contains(&index) { 0.1 } else { 0.0 };
        let failed = share(totals, Outcome::Failed);
        // Standard error of 250 draws of 0.4 among 1000: 0.008; allow 4.
        assert!((failed - expected).abs() < 0.031, "stretch {index}: {failed}");
        assert!(expected > 0.0 || failed < 1e-9, "stretch {index}: {failed}");
    }
    document["run"]["phases"] = json!([
        { "id": "bad", "from": "20s", "to": "40s" }, { "id": "good", "from": "41s", "to": "100s" }]);
    // Of those answered 15 in 90 take 50 ms.
    let expected = 10.0 + 40.0 * 15.0 / 90.0;
    let (bad, good) = (mean_ms(&document, "bad"), mean_ms(&document, "good"));
    assert!((bad - expected).abs() < 1.0 && (good - 10.0).abs() < 0.1, "{bad} ms, {good} ms");
}

#[test]
fn a_new_version_starts_cold_both_ways() {
    let new = fault("deploy", json!({ "share": 1 }));
    let cold = json!({ "cold_start": { "down": "10s", "slow": "10s", "factor": 2 } });
    let mut document = document(cold, json!({}), new);
    document["run"]["phases"] = json!([
        { "id": "new", "from": "20s", "to": "30s" }, { "id": "warm", "from": "31s", "to": "40s" },
        { "id": "back", "from": "40s", "to": "50s" }, { "id": "end", "from": "51s", "to": "100s" }]);
    for (phase, expected) in [("new", 20.0), ("warm", 10.0), ("back", 20.0), ("end", 10.0)] {
        let found = mean_ms(&document, phase);
        assert!((found - expected).abs() < 0.2, "{phase}: {found} ms");
    }
    // Versions are exchanged one after the other: nobody finds nobody there.
    assert!(report(&document).error_share < 1e-9);
}

fn sentences(document: &Value) -> Vec<String> {
    let scenario = Arc::new(scenario(document));
    let explanation = explain(&scenario, &Settings::default()).expect("it can be explained");
    explanation.sentences.into_iter().map(|sentence| sentence.text).collect()
}

#[test]
fn what_was_out_is_said() {
    let bad = fault("deploy", json!({ "share": 0.5, "errors": 1 }));
    let bad = document(json!({}), json!({}), bad);
    let refused = report(&bad).parts["app"].instance_refusals;
    assert_eq!(refused, report(&bad).outcomes.failed);
    let expected = "Instances of app that were starting, or had a fault, refused ";
    let said = sentences(&bad);
    assert!(said.iter().any(|text| text.starts_with(expected)), "{said:?}");

    let cut = fault("partition", json!({ "peer": "users" }));
    for (call, expected) in [
        (json!({ "timeout": "1s" }), "messages were lost"),
        (json!({}), "sent again until they passed"),
    ] {
        let document = document(json!({}), call, cut.clone());
        let said = sentences(&document);
        let begins = "Over the network between users and app, ";
        let is_it = |text: &String| text.starts_with(begins) && text.contains(expected);
        assert!(said.iter().any(is_it), "{said:?}");
    }
    let cut = document(json!({}), json!({ "timeout": "1s" }), cut);
    let network = &report(&cut).networks[0];
    assert_eq!(network.lost, report(&cut).outcomes.timed_out);
    let whole = document(json!({}), json!({}), json!([]));
    assert!(report(&whole).networks.is_empty());
}

#[test]
fn only_services_have_versions() {
    let bad = fault("deploy", json!({ "part": "users", "share": 1, "errors": 1 }));
    let mistakes = Scenario::parse(&document(json!({}), json!({}), bad).to_string());
    let mistakes = mistakes.expect_err("users have no versions").to_string();
    assert!(mistakes.contains("service `users` does not exist"), "{mistakes}");
}
