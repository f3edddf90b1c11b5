//! What a simulation asks of memory.

use kneepoint::engine::{Distribution, SimDuration};
use kneepoint::model::guard;
use kneepoint::model::reference::{mm4, mm4_with_retries};
use kneepoint::model::system::{Arrivals, Part, System};
use kneepoint::model::{Progress, Simulation};
use kneepoint::policy::{breaker, budget, bulkhead, hedge, throttle};
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
