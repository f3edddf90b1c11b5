//! What must hold for every input.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use kneepoint::analysis::run::Run;
use kneepoint::scenario::link::{LINK_BYTES_MAX, decode, encode};
use kneepoint::scenario::{Scenario, Settings};
use serde_json::json;
use stats_alloc::{Region, StatsAlloc};

/// Most processor time for one input.
const TIME_MAX: Duration = Duration::from_millis(200);
/// Times an input is read that took longer: a machine that stands still for a moment counts that as
/// time of the thread it was running, but hardly every time.
const TRIES: usize = 4;
/// Most memory for one input, even if all of it were held at once.
const BYTES_MAX: usize = 32 << 20;
/// Events simulated of each document that can be read.
const EVENTS: u64 = 2_000;

type Allocator = &'static StatsAlloc<std::alloc::System>;

/// What an input took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    time: Duration,
    bytes: usize,
}

impl Cost {
    pub(crate) fn most(self, other: Self) -> Self {
        Self { time: self.time.max(other.time), bytes: self.bytes.max(other.bytes) }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} and {} kB", self.time, self.bytes / 1024)
    }
}

#[expect(clippy::disallowed_methods, reason = "the time given is that of a clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Calls a reader; fails with the input if it panics or takes too much every time.
fn measured<T>(text: &str, allocator: Allocator, read: impl Fn() -> T) -> (T, Cost) {
    let mut tries = (0..TRIES).map(|_| measured_once(text, allocator, &read));
    let is_fast = |(_, cost): &(T, Cost)| cost.time <= TIME_MAX;
    let Some((result, cost)) = tries.find(is_fast) else {
        panic!("takes more than {TIME_MAX:?}, {TRIES} times: {text}")
    };
    assert!(cost.bytes <= BYTES_MAX, "takes {cost}: {text}");
    (result, cost)
}

fn measured_once<T>(text: &str, allocator: Allocator, read: impl Fn() -> T) -> (T, Cost) {
    let region = Region::new(allocator);
    let begin = ThreadTime::now();
    let result = catch_unwind(AssertUnwindSafe(read));
    let cost = Cost { time: begin.elapsed(), bytes: region.change().bytes_allocated };
    let Ok(result) = result else { panic!("panics: {text}") };
    (result, cost)
}

/// Checks a link; whether it was read without a notice.
pub(crate) fn link(text: &str, allocator: Allocator) -> (Cost, bool) {
    let (decoded, cost) = measured(text, allocator, || decode(text));
    let link = decoded.link;
    let canonical = encode(&link);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~=&".contains(c);
    assert!(canonical.chars().all(plain), "{canonical} of {text}");
    let again = decode(&canonical);
    if canonical.len() <= LINK_BYTES_MAX {
        assert_eq!(again.notices, Vec::<String>::new(), "{canonical} of {text}");
        assert_eq!(again.link, link, "{canonical} of {text}");
        assert_eq!(encode(&again.link), canonical, "of {text}");
    }
    (cost, decoded.notices.is_empty())
}

/// Checks a document; whether it was read. `turn` says which of its knobs is turned to an end.
pub(crate) fn document(text: &str, allocator: Allocator, turn: u64) -> (Cost, bool) {
    let (read, cost) = measured(text, allocator, || Scenario::parse(text));
    let scenario = match read {
        Ok(scenario) => scenario,
        Err(mistakes) => {
            assert!(!mistakes.0.is_empty(), "refused for nothing: {text}");
            return (cost, false);
        }
    };
    let mut states = vec![Settings::default()];
    for knob in &scenario.knobs {
        for value in [knob.min, knob.max] {
            assert!(knob.clamp(value).to_bits() == knob.clamp(knob.clamp(value)).to_bits());
            states
                .push(Settings { knobs: [(knob.id.clone(), value)].into(), ..Settings::default() });
        }
    }
    let settings = &states[turn as usize % states.len()];
    let ran = catch_unwind(AssertUnwindSafe(|| {
        if let Ok(mut run) = Run::of(&scenario, settings) {
            run.advance(EVENTS);
            let report = run.report(&scenario, settings);
            serde_json::to_string(&report).expect("a report can be written");
        }
    }));
    assert!(ran.is_ok(), "panics when run with {settings:?}: {text}");
    (cost, true)
}

/// Documents made to explode, beyond what chance would find.
pub(crate) fn hostile_documents_end_soon(allocator: Allocator) {
    let clients = json!([
        { "kind": "clients", "id": "c", "arrivals": { "open": { "rate_per_s": 1 } }, "call": { "to": "s.e0" } }
    ]);
    let mut branches = json!([{ "cpu": "1ms" }]);
    for _ in 0..6 {
        branches = json!([{ "parallel": { "times": 1000, "steps": branches } }]);
    }
    // Each endpoint calls the next many times: the calls multiply.
    let mut calls = serde_json::Map::new();
    for level in 0..14 {
        let next = json!({ "call": { "to": format!("s.e{}", level + 1), "timeout": "1s" } });
        calls.insert(format!("e{level}"), vec![next; 20].into());
    }
    calls.insert("e14".to_owned(), json!([{ "cpu": "1ms" }]));
    for (what, endpoints, expected) in [
        ("branches of branches", json!({ "e0": branches }), Some("steps in all branches")),
        ("calls of calls", calls.into(), None),
    ] {
        let text = hostile(&clients, endpoints);
        let (read, _) = measured(&text, allocator, || Scenario::parse(&text).map(|_| ()));
        let refused = read.err().map(|mistakes| mistakes.to_string());
        assert_eq!(refused.is_some(), expected.is_some(), "{what}: {refused:?}");
        if let (Some(refused), Some(expected)) = (refused, expected) {
            assert!(refused.contains(expected), "{what}: {refused}");
        }
    }

    // Everybody starts at once: the run ends at its limit of requests in flight.
    let crowds: Vec<serde_json::Value> = (0..60)
        .map(|index| {
            let closed = json!({ "closed": { "users": 5_000_000, "think": "1s" } });
            json!({ "kind": "clients", "id": format!("c{index}"), "arrivals": closed, "call": { "to": "s.e0" } })
        })
        .collect();
    let text = hostile(&json!(crowds), json!({ "e0": [{ "cpu": "1ms" }] }));
    let scenario = Scenario::parse(&text).expect("a crowd is possible");
    let mut run = Run::of(&scenario, &Settings::default()).expect("it can be built");
    run.advance(EVENTS);
    assert!(run.stopped().is_some_and(|why| why.contains("2 million")), "{:?}", run.stopped());
}

/// A document with these clients, and one service with these endpoints.
fn hostile(clients: &serde_json::Value, endpoints: serde_json::Value) -> String {
    let mut parts = clients.as_array().cloned().unwrap_or_default();
    parts.push(json!({ "kind": "service", "id": "s", "endpoints": endpoints }));
    json!({
        "format": 1, "id": "hostile", "title": "Why?", "group": "users", "summary": "Grows.",
        "seed": 1, "run": { "requests": 1000 },
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "users", "label": "Users", "about": "Who come.", "min": 1, "max": 9, "default": 2 }],
        "parts": parts
    })
    .to_string()
}
