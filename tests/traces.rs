//! Traces of exemplar requests: they add up, fold without loss, and change nothing.

use kneepoint::analysis::trace::{Trace, TraceKind, trace};
use kneepoint::analysis::trace_file::trace_events;
use kneepoint::analysis::waterfall::{Line, lines};
use kneepoint::engine::SimDuration;
use kneepoint::model::{Breakdown, Progress, Simulation};
use kneepoint::scenario::{Scenario, Settings, catalogue};
use serde_json::{Value, json};

/// Clients with a call and what it leads to, at 100 requests a second.
fn document(call: &Value, parts: &Value) -> Scenario {
    let mut all = vec![json!({ "kind": "clients", "id": "c", "call": call,
        "arrivals": { "open": { "rate_per_s": { "knob": "users" } } } })];
    all.extend(parts.as_array().cloned().unwrap_or_default());
    let document = json!({
        "format": 1, "id": "small", "title": "Why?", "group": "users", "summary": "One call.",
        "seed": 1, "run": { "requests": 5_000 },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "users", "label": "Users", "about": "Who come.", "min": 1, "max": 1000, "default": 100 }],
        "parts": all,
    });
    Scenario::parse(&document.to_string()).expect("a valid document")
}

/// Two services, with everything that makes spans of its own.
fn busy() -> Scenario {
    let call = json!({ "to": "front.page", "timeout": "60ms", "retries": 3,
        "backoff": { "base": "20ms" } });
    let query = json!({ "query": { "via": "pool", "work": { "exponential": 2 } } });
    let steps = json!([
        { "cpu": { "exponential": 1 } },
        { "repeat": { "times": 3, "steps": [
            { "choice": { "probability": 0.5, "then": [query], "otherwise": [{ "cpu": 0.5 }] } },
            { "repeat": { "times": 2, "steps": [{ "cpu": 0.25 }] } },
        ] } },
        { "parallel": { "times": 3, "steps": [query, { "cpu": 0.5 }] } },
        { "call": { "to": "back.work", "timeout": "15ms", "retries": 2, "hedge": { "after": "6ms" } } },
    ]);
    let parts = json!([
        { "kind": "service", "id": "front", "workers": 5, "queue": { "capacity": 10 }, "endpoints": { "page": steps } },
        { "kind": "service", "id": "back", "workers": 2, "endpoints": { "work": [
            { "choice": { "probability": 0.05, "then": [{ "fail": true }] } },
            { "cpu": { "exponential": 5 } } ] } },
        { "kind": "pool", "id": "pool", "database": "db", "connections": 2 },
        { "kind": "database", "id": "db", "cores": 1, "round_trip": 0.2 },
    ]);
    document(&call, &parts)
}

fn scenarios() -> Vec<Scenario> {
    let mut all: Vec<Scenario> =
        catalogue::all().iter().map(|scenario| Scenario::clone(scenario)).collect();
    all.push(Scenario::parse(include_str!("data/everything.json")).expect("a valid document"));
    all.push(busy());
    all
}

/// Each span is as long as what lies in it, one after the other; branches lie inside.
fn assert_adds_up(trace: &Trace, id: &str) {
    for (index, outer) in trace.spans.iter().enumerate() {
        assert!(outer.from_ns <= outer.until_ns, "{id}");
        let rest = trace.spans[index + 1..].iter().take_while(|span| span.depth > outer.depth);
        let inner: Vec<_> = rest.filter(|span| span.depth == outer.depth + 1).collect();
        let (Some(first), Some(last)) = (inner.first(), inner.last()) else { continue };
        if trace.label(outer).kind == TraceKind::Branches {
            assert!(
                inner
                    .iter()
                    .all(|span| outer.from_ns <= span.from_ns && span.until_ns <= outer.until_ns)
            );
            assert_eq!(inner.iter().map(|span| span.until_ns).max(), Some(outer.until_ns));
            continue;
        }
        assert_eq!(first.from_ns, outer.from_ns, "{id}: {:?}", trace.label(outer));
        assert_eq!(last.until_ns, outer.until_ns, "{id}: {:?}", trace.label(outer));
        for pair in inner.windows(2) {
            assert_eq!(pair[0].until_ns, pair[1].from_ns, "{id}: {:?}", trace.label(outer));
        }
    }
}

/// Lines are together as long as the line they lie in.
fn assert_folds(trace: &Trace, id: &str) {
    let lines = lines(trace);
    assert_eq!(lines[0].total_ns, trace.latency_ns());
    for (index, outer) in lines.iter().enumerate() {
        let rest = lines[index + 1..].iter().take_while(|line| line.depth > outer.depth);
        let inner: Vec<&Line> = rest.filter(|line| line.depth == outer.depth + 1).collect();
        let kind = trace.labels[outer.label as usize].kind;
        if inner.is_empty() || kind == TraceKind::Branches {
            continue;
        }
        let sum: u64 = inner.iter().map(|line| line.total_ns).sum();
        assert_eq!(sum, outer.total_ns, "{id}: {:?}", trace.labels[outer.label as usize]);
    }
}

#[test]
fn spans_add_up_to_the_latency_and_folding_keeps_the_sums() {
    let seeds = [1, 2, 3];
    for (scenario, seed) in scenarios().iter().flat_map(|one| seeds.map(|seed| (one, seed))) {
        let settings = Settings { seed: Some(seed), ..Settings::default() };
        let traces = trace(scenario, &settings, 99.0).unwrap();
        assert!(!traces.is_empty(), "{}", scenario.id);
        let report = kneepoint::analysis::run::run(scenario, &settings).unwrap();
        for trace in &traces {
            let id = format!("{} {}", scenario.id, trace.of);
            assert_adds_up(trace, &id);
            assert_folds(trace, &id);
            let sought = match trace.of.as_str() {
                "p50" => report.latency_ms.p50,
                "p99" => report.latency_ms.p99,
                _ => None,
            };
            if let Some(sought) = sought {
                let found = SimDuration(trace.latency_ns()).as_ms();
                assert!((found / sought - 1.0).abs() < 0.02, "{id}: {found} for {sought} ms");
                assert_eq!(trace.outcome, "in time");
            }
            let silent = |span: &&_| trace.label(span).kind == TraceKind::Silence;
            assert_eq!(trace.spans.iter().filter(silent).count(), 0, "{id}: time that is not told");
        }
    }
}

#[test]
fn following_requests_changes_nothing() {
    for scenario in scenarios() {
        let settings = Settings::default();
        let system = scenario.system(&settings).unwrap();
        let untraced = Simulation::new(&system, 3).unwrap();
        let run = |breakdown: Option<Breakdown>| {
            let mut simulation = untraced.clone();
            if let Some(breakdown) = breakdown {
                simulation.set_breakdown(breakdown);
            }
            assert_ne!(simulation.advance(2_000, u64::MAX), Progress::Running);
            simulation
        };
        let seeking =
            Breakdown::default().seeking([SimDuration(1); 2], kneepoint::engine::SimTime::ZERO);
        let sought = run(Some(seeking));
        let exemplars = sought.breakdown().unwrap().exemplars();
        let followed = run(Some(Breakdown::of(&exemplars)));
        assert!(followed.breakdown().unwrap().is_complete());
        assert_eq!(run(None).digest(), sought.digest(), "{}", scenario.id);
        assert_eq!(run(None).digest(), followed.digest(), "{}", scenario.id);
    }
}

/// The line with this text.
fn line<'a>(trace: &Trace, lines: &'a [Line], text: &str) -> &'a Line {
    let found = lines.iter().find(|line| trace.labels[line.label as usize].text == text);
    found.unwrap_or_else(|| {
        let texts: Vec<&str> =
            lines.iter().map(|line| trace.labels[line.label as usize].text.as_str()).collect();
        panic!("no {text} among {texts:?}")
    })
}

#[test]
fn a_hundred_equal_queries_are_one_line() {
    let scenario = catalogue::find("n-plus-one").unwrap();
    let settings = Settings { knobs: [("posts".to_owned(), 100.0)].into(), ..Settings::default() };
    let traces = trace(&scenario, &settings, 99.0).unwrap();
    for trace in &traces {
        let lines = lines(trace);
        assert!(lines.len() < 20, "{lines:?}");
        let repeated = lines.iter().find(|line| line.times == 100).expect("100 times");
        assert!(repeated.total_ns > trace.latency_ns() / 2);
        assert!(trace.spans.len() > 300, "all are in the file");
    }
}

#[test]
fn attempts_and_pauses_are_told_with_their_ends() {
    let scenario = busy();
    let settings = Settings { knobs: [("users".to_owned(), 220.0)].into(), ..Settings::default() };
    let traces = trace(&scenario, &settings, 99.0).unwrap();
    let failed = traces.iter().find(|trace| trace.of == "failed").expect("some fail");
    let attempts = failed
        .spans
        .iter()
        .filter(|span| span.depth == 1 && failed.label(span).kind == TraceKind::Attempt);
    let ends: Vec<&str> = attempts.map(|span| failed.label(span).outcome.as_str()).collect();
    assert_eq!(ends.len(), 4, "{ends:?}");
    assert!(ends.iter().all(|end| ["timed out", "failed", "rejected"].contains(end)), "{ends:?}");
    let pauses = failed.spans.iter().filter(|span| failed.label(span).kind == TraceKind::Pause);
    assert!(pauses.filter(|span| span.depth == 1).count() >= 3);
    let all = lines(failed);
    assert_eq!(line(failed, &all, "request").total_ns, failed.latency_ns());
}

#[test]
fn what_is_lost_on_the_way_is_silence() {
    let call = json!({ "to": "s.work", "timeout": "50ms", "network": { "loss": 0.5, "delay": 1 } });
    let parts = json!([{ "kind": "service", "id": "s", "workers": 100, "endpoints": { "work": [{ "cpu": 1 }] } }]);
    let traces = trace(&document(&call, &parts), &Settings::default(), 99.0).unwrap();
    let lost = traces.iter().find(|trace| trace.of == "failed").expect("half are lost");
    assert_eq!(lost.latency_ns(), 50_000_000);
    let last = lost.spans.last().unwrap();
    assert_eq!(lost.label(last).kind, TraceKind::Silence);
    assert_adds_up(lost, "lost");
}

#[test]
fn users_who_think_are_not_waiting() {
    let mut parts = json!([{ "kind": "service", "id": "s", "workers": 100, "endpoints": { "work": [{ "cpu": 5 }] } }]);
    parts[0]["queue"] = json!({});
    let scenario = document(&json!({ "to": "s.work" }), &parts);
    let mut text: Value = serde_json::from_str(&scenario_text(&parts)).unwrap();
    text["parts"][0]["arrivals"] =
        json!({ "closed": { "users": { "knob": "users" }, "think": "1s" } });
    let closed = Scenario::parse(&text.to_string()).unwrap();
    for scenario in [scenario, closed] {
        for trace in trace(&scenario, &Settings::default(), 99.0).unwrap() {
            assert_eq!(trace.latency_ns(), 5_000_000);
            assert_eq!(trace.labels.len(), 3, "{:?}", trace.labels);
        }
    }
}

fn scenario_text(parts: &Value) -> String {
    let mut all = vec![json!({ "kind": "clients", "id": "c", "call": { "to": "s.work" } })];
    all.extend(parts.as_array().cloned().unwrap_or_default());
    json!({
        "format": 1, "id": "small", "title": "Why?", "group": "users", "summary": "One call.",
        "seed": 1, "run": { "requests": 5_000 }, "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "users", "label": "Users", "about": "Who come.", "min": 1, "max": 1000, "default": 100 }],
        "parts": all,
    })
    .to_string()
}

#[test]
fn the_file_has_an_event_for_each_span_and_rows_for_what_overlaps() {
    let traces = trace(&busy(), &Settings::default(), 90.0).unwrap();
    let file: Value = serde_json::from_str(&trace_events(&traces, "small", 7)).unwrap();
    let events = file["traceEvents"].as_array().unwrap();
    let spans: usize = traces.iter().map(|trace| trace.spans.len()).sum();
    assert_eq!(events.len(), spans + traces.len());
    for process in 0..traces.len() {
        let of = |event: &&Value| event["pid"] == process && event["ph"] == "X";
        let mut rows: Vec<Vec<(u64, u64)>> = vec![Vec::new(); 100];
        for event in events.iter().filter(of) {
            let nanos = |field: &str| (event[field].as_f64().unwrap() * 1e3).round() as u64;
            let (from, until) = (nanos("ts"), nanos("ts") + nanos("dur"));
            let row = &mut rows[event["tid"].as_u64().unwrap() as usize];
            // In one row a span lies inside another or outside it.
            row.retain(|(_, other_until)| *other_until > from);
            assert!(row.iter().all(|(_, other_until)| until <= *other_until), "{event}");
            row.push((from, until));
        }
    }
}
