//! What claims measure of runs: clients by themselves, what follows a fault, shares that are slow; and
//! amounts that knobs give within bounds.

use kneepoint::analysis::claims;
use kneepoint::analysis::report::RunReport;
use kneepoint::analysis::run::run;
use kneepoint::scenario::{Price, Scenario, Settings};
use serde_json::{Value, json};

fn scenario(run: Value, parts: Value, claims: Value) -> Scenario {
    let document = json!({
        "format": 1, "id": "measured", "title": "Why?", "group": "limits", "summary": "Measures.",
        "seed": 1, "run": run, "objective": { "p99_ms": 1000, "error_share": 0.05 },
        "knobs": [{ "id": "users", "label": "Users", "about": "", "min": 1, "max": 10, "default": 5 }],
        "parts": parts, "claims": claims
    });
    Scenario::parse(&document.to_string()).unwrap_or_else(|error| panic!("{error}"))
}

fn report(scenario: &Scenario) -> RunReport {
    run(scenario, &Settings::default()).expect("a valid setting")
}

/// Users who are served at once, and a script that a full queue refuses, of load or of note.
fn beside_a_script(background: bool) -> RunReport {
    let parts = json!([
        { "kind": "clients", "id": "people", "arrivals": { "constant": { "rate_per_s": 10 } },
          "call": { "to": "app.page" } },
        { "kind": "clients", "id": "script", "arrivals": { "constant": { "rate_per_s": 30 } },
          "call": { "to": "app.none", "retries": 1 }, "background": background },
        { "kind": "service", "id": "app", "workers": 1000, "endpoints": {
            "page": [{ "cpu": "10ms" }], "none": [{ "fail": true }] } }
    ]);
    report(&scenario(json!({ "time": "100s" }), parts, json!([])))
}

#[test]
fn clients_in_the_background_are_load_and_no_outcomes() {
    let counted = beside_a_script(false);
    assert!((counted.error_share - 0.75).abs() < 0.01, "{}", counted.error_share);
    assert!((counted.amplification - 1.75).abs() < 0.01, "{}", counted.amplification);
    let background = beside_a_script(true);
    assert!(background.error_share < 1e-12);
    assert!((background.amplification - 1.0).abs() < 1e-12);
    assert!((background.goodput_per_s - 10.0).abs() < 0.1, "{}", background.goodput_per_s);
    for report in [&counted, &background] {
        let script = &report.clients["script"];
        assert!((script.sent_per_s - 30.0).abs() < 0.1, "{script:?}");
        assert_eq!((script.error_share, script.amplification), (1.0, 2.0));
        assert!(report.clients["people"].error_share < 1e-12);
    }
    assert!(background.clients["script"].background && !counted.clients["script"].background);
    // The run itself is the same.
    assert_eq!(background.events, counted.events);
    assert_eq!(background.parts["app"], PartOf(&counted).app(&background));
}

/// What the part would report with the requests of all clients counted.
struct PartOf<'a>(&'a RunReport);

impl PartOf<'_> {
    /// Busy time is the same; what is counted for each request is not.
    fn app(&self, other: &RunReport) -> kneepoint::analysis::report::PartReport {
        let mut part = self.0.parts["app"].clone();
        let theirs = &other.parts["app"];
        part.demand_ratio = theirs.demand_ratio;
        part.visits_per_request = theirs.visits_per_request;
        part
    }
}

/// A worker that stands still from 20 s to 30 s; jobs of 100 ms come five times a second.
fn after_a_stop(timeout: &str, claims: Value) -> Scenario {
    let parts = json!([
        { "kind": "clients", "id": "people", "arrivals": { "constant": { "rate_per_s": 5 } },
          "call": { "to": "app.page", "timeout": timeout } },
        { "kind": "service", "id": "app", "queue": {}, "endpoints": { "page": [{ "cpu": "100ms" }] } },
        { "kind": "fault", "id": "still", "part": "app", "from": "20s", "for": "10s", "effect": "stop" }
    ]);
    scenario(
        json!({ "time": "94s", "phases": [{ "id": "late", "from": "60s", "to": "94s" }] }),
        parts,
        claims,
    )
}

#[test]
fn recovery_is_counted_from_the_end_of_the_last_fault() {
    // 50 jobs wait at 30 s, 10 a second are done and 5 come: the wait is below 1 s from 38 s on, as
    // 10 jobs are before the next then. A stretch is 1 s, and jobs fail 1 s after they came.
    let recovery = report(&after_a_stop("1s", json!([]))).recovery_secs.unwrap();
    assert!((8.0..=10.0).contains(&recovery), "{recovery}");
    let patient = report(&after_a_stop("20s", json!([])));
    assert_eq!(patient.recovery_secs, Some(0.0));
    let never = report(&after_a_stop("50ms", json!([])));
    assert_eq!(never.recovery_secs, None);
}

#[test]
fn claims_measure_clients_phases_shares_and_extremes() {
    let claim = |id: &str, measure: Value, min: f64, max: f64| {
        json!({ "id": id, "says": "So.", "measure": measure, "in": {},
                "expect": { "min": min, "max": max }, "without": {}, "because": "Nothing." })
    };
    let mut of_people = claim("of", json!({ "kind": "goodput_per_s" }), 4.9, 5.1);
    of_people["clients"] = json!("people");
    of_people["phase"] = json!("late");
    // The first who comes in the stop waits for all of it, the others each 100 ms less, until 50 of
    // them have been served: about 100 of 470 wait, half of them for more than 5 s.
    let claims = json!([
        of_people,
        claim("longest", json!({ "kind": "max_ms" }), 9_900.0, 10_200.0),
        claim("slow", json!({ "kind": "slow_share", "over_ms": 5_000 }), 0.1, 0.12),
        claim("wait", json!({ "kind": "wait_ms", "part": "app" }), 1_000.0, 1_150.0),
        claim("recovery", json!({ "kind": "recovery_secs" }), 0.0, 0.0)
    ]);
    let scenario = after_a_stop("20s", claims);
    for claim in &scenario.claims {
        let result = claims::check(&scenario, claim, 1).expect("a valid state");
        assert!(result.holds, "{}: {:?}", claim.id, result.values);
    }
}

#[test]
fn only_rates_and_shares_are_of_clients_and_clients_are_there() {
    for (measure, clients) in [("p99_ms", "people"), ("error_share", "nobody")] {
        let claim = json!({ "id": "c", "says": "So.", "measure": { "kind": measure }, "clients": clients,
                            "in": {}, "expect": { "max": 1 }, "without": {}, "because": "Nothing." });
        let mut document: Value =
            serde_json::from_str(include_str!("data/everything.json")).unwrap();
        document["claims"] = json!([claim]);
        let mistakes = Scenario::parse(&document.to_string()).unwrap_err().to_string();
        assert!(mistakes.contains("claims.c.clients"), "{mistakes}");
    }
}

#[test]
fn what_a_knob_gives_stays_within_its_bounds() {
    let served = |users: f64| {
        let parts = json!([
            { "kind": "clients", "id": "c", "arrivals": { "constant": { "rate_per_s": {
                "knob": "users", "times": 10, "plus": -20, "least": 5, "most": 40 } } },
              "call": { "to": "app.page" } },
            { "kind": "service", "id": "app", "workers": 10, "endpoints": { "page": [{ "cpu": "1ms" }] } }
        ]);
        let scenario = scenario(json!({ "time": "100s" }), parts, json!([]));
        let knobs = [("users".to_owned(), users)].into();
        let report = run(&scenario, &Settings { knobs, ..Settings::default() });
        report.expect("a valid setting").goodput_per_s
    };
    for (users, rate) in [(1.0, 5.0), (4.0, 20.0), (9.0, 40.0)] {
        assert!((served(users) - rate).abs() < 0.2, "{users}: {}", served(users));
    }
}

#[test]
fn a_price_is_said_in_words() {
    let price = |hours, dollars_a_month, also: &str| {
        Price { hours, dollars_a_month, also: also.to_owned() }.to_string()
    };
    assert_eq!(price(1.0, 0.0, ""), "Costs 1 hour of work.");
    assert_eq!(
        price(0.5, 40.0, "More load."),
        "Costs 0.5 hours of work and $40 a month. More load."
    );
}
