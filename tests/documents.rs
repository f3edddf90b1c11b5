//! Scenario documents: every mistake is found and named, and nothing a document says gets out of
//! hand.

use kneepoint::analysis::report::LatencySummary;
use kneepoint::analysis::run::{Run, run};
use kneepoint::analysis::trace::trace;
use kneepoint::scenario::{RunEnd, Scenario, Settings, catalogue};
use serde_json::{Value, json};

/// A small valid document.
fn document() -> Value {
    json!({
        "format": 1, "id": "small", "title": "Why?", "group": "users", "summary": "One queue.",
        "seed": 1, "run": { "requests": 1000 },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "users", "label": "Users", "about": "Who come.", "min": 1, "max": 100, "default": 10 }],
        "parts": [
            { "kind": "clients", "id": "c", "arrivals": { "open": { "rate_per_s": { "knob": "users" } } },
              "call": { "to": "s.work" } },
            { "kind": "service", "id": "s", "endpoints": { "work": [{ "cpu": "20ms" }] } }
        ]
    })
}

/// The paths of all mistakes of a document after one change.
fn mistakes(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = document();
    change(&mut document);
    let mistakes =
        Scenario::parse(&document.to_string()).map(|_| ()).expect_err("the change is a mistake");
    mistakes.0.into_iter().map(|mistake| mistake.path).collect()
}

#[test]
fn a_small_document_runs() {
    let scenario = Scenario::parse(&document().to_string()).unwrap();
    let report = run(&scenario, &Settings::default()).unwrap();
    assert!((report.parts["s"].visits_per_request - 1.0).abs() < 0.1);
    assert!((report.parts["s"].utilisation - 0.2).abs() < 0.05, "{report:?}");
    assert!(report.latency_ms.p50.unwrap() >= 20.0);
}

#[test]
fn all_mistakes_of_the_parts_are_reported_with_their_paths() {
    let found = mistakes(|document| {
        document["parts"][0]["arrivals"]["open"]["rate_per_s"] = json!({ "knob": "nobody" });
        document["parts"][1]["endpoints"]["work"] =
            json!([{ "cpu": "soon" }, { "dance": 1 }, { "repeat": { "times": -1, "steps": [] } }]);
        document["parts"][1]["colour"] = json!("red");
    });
    for path in [
        "parts.c.arrivals.open.rate_per_s.knob",
        "parts.s.endpoints.work[0].cpu",
        "parts.s.endpoints.work[1].dance",
        "parts.s.endpoints.work[2].repeat.times",
        "parts.s.colour",
    ] {
        assert!(found.iter().any(|other| other == path), "{path} is not among {found:?}");
    }
}

#[test]
fn all_mistakes_of_the_whole_document_are_reported_at_once() {
    let found = mistakes(|document| {
        document["title"] = json!(7);
        document["colour"] = json!("red");
        document["seed"] = json!(-1);
        document["run"] = json!({ "requests": 5, "minutes": 2 });
        document["objective"] = json!({ "p99_ms": 0 });
        document["knobs"][0]["unit"] = json!("apples");
        document["knobs"][0]["max"] = json!(null);
        document["knobs"][0]["maximum"] = json!(100);
        let other =
            json!({ "id": "wide", "label": "", "about": "", "min": 2, "max": 1, "default": 1 });
        document["knobs"].as_array_mut().unwrap().push(other);
        document["parts"][0]["arrivals"]["open"] = json!({});
        document["parts"][0]["call"]["retries"] = json!("often");
        document["parts"][1]["endpoints"]["work"][0]["cpu"] = json!("soon");
        document["fixes"] = json!([
            { "id": "f", "label": "F", "about": "", "excludes": ["g"],
              "patch": [{ "at": "x.y", "value": 1 }, { "at": "s.workers", "value": 0 }, { "at": "s.queue" }] },
            "faster"
        ]);
        document["claims"] = json!([{
            "id": "c", "says": "It is slow.", "measure": { "kind": "colour" }, "because": "It is."
        }, {
            "id": "d", "says": "It is slow.", "measure": { "kind": "utilisation" },
            "in": { "knobs": { "nobody": 1 } }, "expect": { "min": "much" }, "without": {}, "because": ["x"]
        }]);
        document["theory"] = json!({ "kind": "string", "clients": "c", "service": "s" });
        document["assumptions"] = json!("none");
        document["sources"] = json!([{ "what": "A number." }]);
    });
    let expected = [
        "title",
        "seed",
        "run.requests",
        "run.minutes",
        "objective.p99_ms",
        "objective.error_share",
        "knobs.users.unit",
        "knobs.users.max",
        "knobs.users.maximum",
        "knobs.wide.label",
        "fixes.f.patch[2].value",
        "fixes[1]",
        "claims.c.measure.kind",
        "claims.c.in",
        "claims.c.expect",
        "claims.c.without",
        "claims.d.measure.part",
        "claims.d.expect.min",
        "claims.d.because",
        "theory.kind",
        "assumptions",
        "sources[0].from",
        "colour",
        "fixes.f.excludes",
        "claims.d.in.knobs.nobody",
        "parts.c.arrivals.open.gap",
        "parts.c.call.retries",
        "parts.s.endpoints.work[0].cpu",
        "fixes.f.patch",
        "parts.s.workers",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_mistake_says_what_was_found_and_what_is_expected() {
    let mut document = document();
    document["run"]["requests"] = json!("many");
    document["knobs"][0]["scale"] = json!({ "log": 2 });
    document["parts"][1]["endpoints"]["work"] = json!([{}]);
    let mistakes = Scenario::parse(&document.to_string()).expect_err("three mistakes");
    let lines = mistakes.to_string();
    assert_eq!(
        lines.lines().collect::<Vec<_>>(),
        [
            "run.requests: found \"many\", expected a whole number",
            "knobs.users.scale: found an object with log, expected one of: linear, log",
            "parts.s.endpoints.work[0]: found an object with nothing, expected an object with one field that names the step",
        ]
    );
}

#[test]
fn wrong_knobs_names_and_fixes_are_found() {
    let knob = mistakes(|document| document["knobs"][0]["default"] = json!(1e9));
    assert_eq!(knob, ["knobs.users"]);
    let circle = mistakes(|document| {
        document["parts"][1]["endpoints"]["work"] = json!([{ "call": { "to": "s.work" } }]);
    });
    assert_eq!(circle, ["parts"]);
    let fix = mistakes(|document| {
        document["fixes"] = json!([{ "id": "f", "label": "F", "about": "", "patch": [{ "at": "x.y", "value": 1 }] }]);
    });
    assert_eq!(fix, ["fixes.f.patch"]);
    for far in [0.5, 101.0, 1e300] {
        let claim = mistakes(|document| {
            document["claims"] = json!([{
                "id": "c", "says": "It is slow.", "measure": { "kind": "mean_ms" },
                "in": { "knobs": { "users": far } }, "expect": { "min": 1 },
                "without": { "knobs": { "users": 100 } }, "because": "It is."
            }]);
        });
        assert_eq!(claim, ["claims.c.in.knobs.users"], "{far}");
    }
    assert_eq!(mistakes(|document| document["format"] = json!(2)), ["format"]);
    let newer = Scenario::parse(&json!({ "format": 9 }).to_string()).map(|_| ()).unwrap_err();
    assert!(newer.to_string().contains("made by a newer Kneepoint"), "{newer}");
    assert!(Scenario::parse("[").is_err() && Scenario::parse("{}").is_err());
    assert!(Scenario::parse(&" ".repeat(70_000)).is_err());
}

#[test]
fn a_fix_reaches_a_step_by_its_place_in_the_list() {
    let with = |at: &str| {
        let mut document = document();
        document["fixes"] = json!([{ "id": "f", "label": "F", "about": "", "patch": [{ "at": at, "value": "10ms" }] }]);
        Scenario::parse(&document.to_string())
    };
    let scenario = with("s.endpoints.work.0.cpu").unwrap();
    let settings = Settings { fixes: ["f".to_owned()].into(), ..Settings::default() };
    assert!((run(&scenario, &settings).unwrap().parts["s"].utilisation - 0.1).abs() < 0.02);
    for at in ["s.endpoints.work.1.cpu", "s.endpoints.work.x.cpu"] {
        let found = with(at).map(|_| ()).unwrap_err().0;
        assert_eq!(found[0].path, "fixes.f.patch", "{at}");
    }
}

#[test]
fn a_factor_may_be_a_knob() {
    let mut document = document();
    let each = json!({ "id": "each", "label": "Each", "about": "Requests of each.", "min": 0, "max": 10, "default": 2 });
    document["knobs"].as_array_mut().unwrap().push(each);
    document["parts"][0]["arrivals"]["open"]["rate_per_s"] = json!({ "knob": "users", "times": { "knob": "each" }, "most": { "knob": "users", "times": 3 } });
    let scenario = Scenario::parse(&document.to_string()).unwrap();
    for (each, expected) in [(2.0, 20.0), (5.0, 30.0)] {
        let knobs = [("each".to_owned(), each)].into();
        let report = run(&scenario, &Settings { knobs, ..Settings::default() }).unwrap();
        // 1,000 arrivals at random: 3 % of the rate is one standard deviation.
        assert!((report.offered_per_s / expected - 1.0).abs() < 0.12, "{report:?}");
    }
}

#[test]
fn a_scenario_that_explodes_stops_at_its_limit_with_a_message() {
    let mut document = document();
    document["run"]["requests"] = json!(100_000_000);
    document["parts"][0]["arrivals"] = json!({ "open": { "rate_per_s": 1_000_000_000 } });
    document["parts"][1]["endpoints"]["work"] = json!([{ "cpu": "1h" }]);
    let scenario = Scenario::parse(&document.to_string()).unwrap();
    let report = run(&scenario, &Settings::default()).unwrap();
    assert!(report.stopped.unwrap().contains("2 million"));
    assert!(report.overloaded || report.latency_ms.p99.is_none());
}

/// At most ten in a thousand are answered before the limit: their latencies are none of the others'.
#[test]
fn latencies_of_the_few_who_were_quick_are_not_told_of_a_run_that_was_stopped() {
    let mut document = document();
    document["run"]["requests"] = json!(100_000_000);
    document["parts"][0]["arrivals"] = json!({ "open": { "rate_per_s": 1_000_000 } });
    document["parts"][1]["endpoints"]["work"] = json!([{ "cpu": "100us" }]);
    let scenario = Scenario::parse(&document.to_string()).unwrap();
    let report = run(&scenario, &Settings::default()).unwrap();
    assert!(report.overloaded && report.stopped.is_some());
    assert!((1_000..report.outcomes.in_flight / 50).contains(&report.outcomes.in_time));
    assert_eq!(report.latency_ms, LatencySummary::default());
    assert_eq!(report.latency_all_ms, LatencySummary::default());
    assert!(trace(&scenario, &Settings::default(), 99.0).unwrap().is_empty());
    // Where most were answered before a run was stopped, theirs are told.
    document["parts"][1]["workers"] = json!(80);
    let scenario = Scenario::parse(&document.to_string()).unwrap();
    let report = run(&scenario, &Settings::default()).unwrap();
    assert!(report.overloaded && report.stopped.is_some(), "{report:?}");
    assert!(report.latency_ms.p99.is_some(), "{report:?}");
}

/// A chain of services, each calling the next `calls` times.
fn chain(links: usize, calls: usize, call: impl Fn(String) -> Value) -> Value {
    let mut document = document();
    let parts = document["parts"].as_array_mut().expect("a list");
    parts[0]["call"] = json!({ "to": "s0.x" });
    for link in 0..links {
        let steps = vec![json!({ "call": call(format!("s{}.x", link + 1)) }); calls];
        parts.push(
            json!({ "kind": "service", "id": format!("s{link}"), "endpoints": { "x": steps } }),
        );
    }
    let last = json!({ "kind": "service", "id": format!("s{links}"), "endpoints": { "x": [{ "cpu": 1 }] } });
    parts.push(last);
    document
}

#[test]
fn calls_that_multiply_are_compiled_once() {
    let plain = chain(12, 20, |to| json!({ "to": to }));
    let timed = chain(12, 20, |to| json!({ "to": to, "timeout": "1h" }));
    for document in [plain, timed] {
        let scenario = Scenario::parse(&document.to_string()).unwrap();
        let mut run = Run::new(&scenario.system(&Settings::default()).unwrap(), 1, 100).unwrap();
        run.advance(300_000);
        assert_eq!(run.events(), 300_000, "20^12 calls take longer than that, slice by slice");
    }
}

#[test]
fn half_a_million_users_who_all_come_at_once_are_simulated_in_a_moment() {
    let mut document = document();
    document["parts"][0]["arrivals"] = json!({ "closed": { "users": 500_000, "think": "1s" } });
    let scenario = Scenario::parse(&document.to_string()).unwrap();
    let report = run(&scenario, &Settings::default()).unwrap();
    assert!((report.throughput_per_s / 50.0 - 1.0).abs() < 0.1, "{report:?}");
}

#[test]
fn loops_that_take_no_time_end_with_the_budget_and_not_with_the_memory() {
    let mut document = document();
    let nothing = json!({ "repeat": { "times": 1_000_000, "steps": [] } });
    document["parts"][0]["arrivals"] = json!({ "closed": { "users": 10_000, "think": "1s" } });
    document["parts"][1]["workers"] = json!(10_000);
    document["parts"][1]["endpoints"]["work"] = json!([nothing]);
    let scenario = Scenario::parse(&document.to_string()).unwrap();
    let mut run = Run::new(&scenario.system(&Settings::default()).unwrap(), 1, 1_000_000).unwrap();
    for slice in 1..=10 {
        run.advance(100_000);
        assert_eq!(run.events(), slice * 100_000);
    }
}

#[test]
fn every_knob_at_its_ends_gives_numbers_that_make_sense() {
    for scenario in catalogue::all() {
        for knob in &scenario.knobs {
            for value in [knob.min, knob.max] {
                let knobs = [(knob.id.clone(), value)].into();
                let settings = Settings { knobs, ..Settings::default() };
                let mut short = (**scenario).clone();
                short.run.end = RunEnd::Requests(500);
                let report = run(&short, &settings).unwrap();
                let latency = report.latency_ms;
                let place = format!("{} {}={value}", scenario.id, knob.id);
                assert!(latency.p50 <= latency.p95 && latency.p95 <= latency.p99, "{place}");
                assert!(latency.p50.is_none_or(|ms| ms.is_finite() && ms > 0.0), "{place}");
                assert!((0.0..=1.0).contains(&report.error_share), "{place}");
            }
        }
    }
}

#[test]
fn phases_before_in_and_after_a_fault_are_measured_apart() {
    let mut document = document();
    document["run"] = json!({
        "time": "400s",
        "phases": [
            { "id": "before", "from": "0s", "to": "100s" },
            { "id": "during", "from": "100s", "to": "200s" },
            { "id": "after", "from": "300s", "to": "400s" },
            { "id": "all", "from": "0s", "to": "400s" }
        ]
    });
    let fault = json!({ "kind": "fault", "id": "down", "part": "s", "from": "100s", "for": "100s", "effect": "crash" });
    document["parts"].as_array_mut().expect("a list").push(fault);
    let scenario = Scenario::parse(&document.to_string()).unwrap();
    let mut whole = Run::of(&scenario, &Settings::default()).unwrap();
    assert!(whole.advance(u64::MAX));
    let report = whole.report(&scenario, &Settings::default());
    let phase = |id: &str| &report.phases[id];
    assert_eq!((phase("before").error_share, phase("after").error_share), (0.0, 0.0));
    assert!(phase("during").goodput_per_s < 0.1, "{:?}", phase("during"));
    assert!((phase("all").throughput_per_s - 10.0).abs() < 1.0, "{:?}", phase("all"));
    assert!((report.measured_secs - 400.0).abs() < 1e-9);
    // The same in slices.
    let mut sliced = Run::of(&scenario, &Settings::default()).unwrap();
    while !sliced.advance(777) {}
    assert_eq!(sliced.report(&scenario, &Settings::default()), report);
}
