//! What a simulation asks of memory.

use kneepoint::engine::{Distribution, SimDuration};
use kneepoint::model::guard;
use kneepoint::model::reference::{mm4, mm4_with_retries};
use kneepoint::model::system::{Arrivals, Part, System};
use kneepoint::model::{Progress, Simulation};
use kneepoint::policy::{breaker, budget, bulkhead, hedge, throttle};
use kneepoint::scenario::{Scenario, Settings};
use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

/// The second with everything a caller can do.
fn guarded() -> System {
    let mut system = mm4_with_retries();
    if let Part::Clients(clients) = &mut system.parts[0] {
        let when = hedge::Settings {
            after: hedge::After::Quantile { share: 0.95, answers_min: 100, half_life: 1_000 },
            copies_max: 1,
            budget: None,
        };
        *clients.call.guard = guard::Settings {
            patience: Some(SimDuration::from_secs(20.0)),
            budget: Some(budget::Settings::Bucket { tokens_max: 10.0, ratio: 0.1 }),
            throttle: Some(throttle::Settings::default()),
            breaker: Some(breaker::Settings::default()),
            bulkhead: Some(bulkhead::Settings { running_max: 8, waiting_max: 50 }),
            hedge: Some(guard::Hedge { when, cancels: true, elsewhere: false }),
            ..guard::Settings::default()
        };
    }
    system
}

/// Rows that are updated, a file, a replica, and jobs with keys.
fn written() -> System {
    let document = json!({
        "format": 1, "id": "written", "title": "Why?", "group": "data", "summary": "All that is written.",
        "seed": 1, "run": { "requests": 1000 }, "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "rate", "label": "Requests", "about": "", "unit": "per_second",
                    "min": 1, "max": 1000, "default": 50 }],
        "parts": [
            { "kind": "clients", "id": "users", "call": { "to": "app.page" },
              "arrivals": { "open": { "rate_per_s": { "knob": "rate" } } } },
            { "kind": "service", "id": "app", "workers": 100, "endpoints": { "page": [
                { "update": { "database": "db", "table": "rows", "way": "lock", "lock_wait": "50ms",
                              "steps": [{ "wait": { "exponential": "5ms" } }],
                              "after": [{ "read": { "database": "copy", "table": "rows", "own": true } }] } },
                { "transaction": { "on": "file", "begin": "immediate", "steps": [
                    { "query": { "via": "file", "work": { "exponential": "5ms" }, "writes": true } }] } },
                { "enqueue": { "to": "jobs" } }] } },
            { "kind": "service", "id": "worker", "workers": 100, "endpoints": { "do": [
                { "once": { "in": "seen", "keep": 1000, "steps": [{ "record": { "in": "orders" } }] } },
                { "wait": { "exponential": "20ms" } }] } },
            { "kind": "jobs", "id": "jobs", "call": { "to": "worker.do" }, "handlers": 5,
              "visibility": "60ms", "deliveries": 5 },
            { "kind": "database", "id": "db", "tables": { "rows": { "rows": 20 } } },
            { "kind": "database", "id": "copy",
              "replica": { "primary": "db", "travel": "5ms", "apply": { "exponential": "2ms" } } },
            { "kind": "database", "id": "file", "cores": 4, "sqlite": { "busy_timeout": "1s" } }
        ]
    });
    let scenario = Scenario::parse(&document.to_string()).expect("a valid document");
    scenario.system(&Settings::default()).expect("a system")
}

/// One test, because the counters are those of the whole process.
#[test]
fn events_allocate_nothing_and_a_million_requests_in_flight_fit() {
    for system in [mm4(), mm4_with_retries(), guarded()] {
        let mut simulation = Simulation::new(&system, 1).unwrap();
        simulation.advance(300_000, u64::MAX);
        let before = simulation.events_count();
        let region = Region::new(GLOBAL);
        assert_eq!(simulation.advance(600_000, u64::MAX), Progress::Finished);
        let events = simulation.events_count() - before;
        // The counters are kept at the end of each batch, of which a doubled run has 16 more; a
        // rare peak of the queue may make room for more tasks.
        let allocations = region.change().allocations + region.change().reallocations;
        assert!(allocations <= 40, "{allocations} allocations in {events} events");
    }

    let mut simulation = Simulation::new(&written(), 1).unwrap();
    simulation.advance(100_000, u64::MAX);
    let before = simulation.events_count();
    let region = Region::new(GLOBAL);
    assert_eq!(simulation.advance(200_000, u64::MAX), Progress::Finished);
    let events = simulation.events_count() - before;
    let allocations = region.change().allocations + region.change().reallocations;
    // Each mark keeps the counters of six more kinds of parts.
    assert!(allocations <= 200, "{allocations} allocations in {events} events");
    assert!(events > 500_000, "{events}");

    let mut system = mm4();
    if let Part::Clients(clients) = &mut system.parts[0] {
        clients.arrivals = Arrivals::Open { gap: Distribution::Exponential { mean: 1e-6 } };
    }
    let mut simulation = Simulation::new(&system, 1).unwrap();
    assert_eq!(simulation.advance(u64::MAX, 1_000_100), Progress::Running);
    assert!(simulation.tasks_count() >= 1_000_000);
    let each = simulation.bytes() / simulation.tasks_count();
    assert!(each <= 160, "{each} bytes a request in flight");
}
