//! What holds for every scenario, whatever it is made of: random documents that use every part, step,
//! policy and fault are run and watched.
//!
//! A plain test tries a given number of them; `cargo xtask fuzz` goes on for a given time.

mod agree;
mod found;
mod generate;
mod mend;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use cpu_time::ThreadTime;
use kneepoint::engine::SimTime;
use kneepoint::model::guard;
use kneepoint::model::system::{Arrivals, Call, Clients, Part, Queue, System};
use kneepoint::model::{Breakdown, Simulation};
use kneepoint::policy::backoff::Backoff;
use kneepoint::scenario::Settings;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Scenarios of a plain test.
const SCENARIOS: u32 = 300;
/// Simulated seconds and events of each run; the first events are followed one by one.
const SECS: f64 = 20.0;
const EVENTS: u64 = 20_000;
const FOLLOWED: u64 = 2_000;
/// Most processor time for all runs of one of them.
const TIME_MAX: Duration = Duration::from_secs(20);
/// Most memory for requests under way, which are 2 million at most.
const BYTES_MAX: usize = 400 << 20;

type Checked = Result<(), TestCaseError>;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

#[test]
fn every_scenario_keeps_the_laws() {
    let time = setting("KNEEPOINT_FUZZ_SECS").map(Duration::from_secs);
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&setting("KNEEPOINT_FUZZ_SEED").unwrap_or(1).to_le_bytes());
    let config = Config { cases: SCENARIOS, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let begin = ThreadTime::now();
    let (tried, valid) = (Cell::new(0), Cell::new(0));
    loop {
        // Each number is another document: nothing in between is simpler.
        let found = runner.run(&any::<u64>().no_shrink(), |number| {
            tried.set(tried.get() + 1);
            let Some((document, scenario)) = generate::scenario(number) else { return Ok(()) };
            valid.set(valid.get() + 1);
            let checked = catch_unwind(AssertUnwindSafe(|| {
                let system = scenario.system(&Settings::default());
                keeps_the_laws(&system.expect("what was read can be built"))
            }));
            match checked {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(TestCaseError::fail(format!("{error}: {document}"))),
                Err(_) => Err(TestCaseError::fail(format!("panics: {document}"))),
            }
        });
        found.unwrap_or_else(|error| panic!("{error}"));
        if time.is_none_or(|time| begin.elapsed() >= time) {
            break;
        }
    }
    println!("{} of {} scenarios were valid, and kept the laws", valid.get(), tried.get());
    assert!(valid.get() * 2 > tried.get(), "only {} of {} are valid", valid.get(), tried.get());
}

fn simulation(system: &System) -> Simulation {
    Simulation::new(system, 7).expect("what was read can be built")
}

fn end() -> SimTime {
    SimTime::from_secs(SECS)
}

fn keeps_the_laws(system: &System) -> Checked {
    let begin = ThreadTime::now();
    let mut at_once = simulation(system);
    at_once.advance_until(end(), EVENTS);
    let mut again = simulation(system);
    again.advance_until(end(), EVENTS);
    prop_assert_eq!(at_once.digest(), again.digest(), "the same seed gives another run");
    prop_assert!(at_once.bytes() <= BYTES_MAX, "takes {} bytes", at_once.bytes());
    let in_slices = followed(system)?;
    prop_assert_eq!(at_once.digest(), in_slices.digest(), "a run in slices is another one");
    arrivals_stay(system)?;
    prop_assert!(begin.elapsed() <= TIME_MAX, "takes {:?}", begin.elapsed());
    Ok(())
}

/// A run in slices, with the story of every request.
fn followed(system: &System) -> Result<Simulation, TestCaseError> {
    let mut simulation = simulation(system);
    simulation.set_breakdown(Breakdown::of_all());
    // Requests under way, times nanoseconds.
    let mut area = 0_u128;
    let mut slice = 1;
    while simulation.events_count() < EVENTS {
        let (before, events, finished) =
            (simulation.now(), simulation.events_count(), simulation.finished());
        let under_way = simulation.requests_under_way();
        let left = EVENTS - simulation.events_count();
        simulation.advance_until(end(), left.min(slice));
        if slice == 1 {
            // All of this instant, so that what is under way stays so until the next.
            let left = EVENTS - simulation.events_count();
            simulation.advance_until(simulation.now(), left);
        }
        prop_assert!(simulation.now() >= before, "the clock runs back");
        conserved(&simulation)?;
        if slice == 1 {
            area += u128::from(under_way) * u128::from(simulation.now().since(before).0);
        }
        if simulation.events_count() > FOLLOWED {
            if slice == 1 {
                little(system, &simulation, area)?;
            }
            slice = slice * 3 % 1_009 + 1;
        }
        let stands = (before, events, finished)
            == (simulation.now(), simulation.events_count(), simulation.finished());
        if stands {
            break;
        }
    }
    Ok(simulation)
}

/// What was sent has ended, or is under way.
fn conserved(simulation: &Simulation) -> Checked {
    let period = simulation.period(0);
    let (sent, finished) = (period.totals.sent, period.totals.finished());
    let under_way = simulation.requests_under_way();
    prop_assert_eq!(sent, finished + under_way, "requests are lost, or come from nowhere");
    Ok(())
}

/// The requests under way over time are the times that requests spend: of those that have ended, and
/// at most all of the run for each of the others.
fn little(system: &System, simulation: &Simulation, area: u128) -> Checked {
    let is_background: Vec<bool> = clients(system).map(|clients| clients.is_background).collect();
    let breakdown = simulation.breakdown().expect("stories are kept");
    let told = breakdown.stories().filter(|story| !is_background[story.clients]);
    let spent: u128 = told.map(|story| u128::from(story.latency().0)).sum();
    let most = u128::from(simulation.now().since(SimTime::ZERO).0)
        * u128::from(simulation.requests_under_way() + 1);
    prop_assert!(spent <= area, "requests spent {spent} ns, and were under way for {area}");
    prop_assert!(area - spent <= most, "{area} ns under way, {spent} spent, {most} still");
    Ok(())
}

fn clients(system: &System) -> impl Iterator<Item = &Clients> {
    system.parts.iter().filter_map(|part| match part {
        Part::Clients(clients) => Some(clients),
        _ => None,
    })
}

/// Whoever does not wait for answers comes when it comes, whatever is done about failures.
fn arrivals_stay(system: &System) -> Checked {
    let waits = |clients: &Clients| match clients.arrivals {
        Arrivals::Open { .. } | Arrivals::Timed { overlap: None, .. } => false,
        Arrivals::Timed { .. } | Arrivals::Poll { .. } | Arrivals::Closed { .. } => true,
    };
    if clients(system).any(waits) {
        return Ok(());
    }
    let mut plain = system.clone();
    for part in &mut plain.parts {
        match part {
            Part::Clients(clients) => {
                careless(&mut clients.call);
                clients.others.iter_mut().for_each(|other| careless(&mut other.call));
            }
            Part::Service(service) => {
                service.admission.clear();
                service.queue = Queue::default();
            }
            _ => {}
        }
    }
    let (mut one, mut other) = (simulation(system), simulation(&plain));
    for quarter in 1..=4_u32 {
        let time = SimTime::from_secs(SECS / 4.0 * f64::from(quarter));
        for simulation in [&mut one, &mut other] {
            simulation.advance_until(time, EVENTS);
            if simulation.now() < time {
                // So many events that it did not get there.
                return Ok(());
            }
        }
        let sent = [&one, &other].map(|simulation| simulation.period(0).totals.sent);
        prop_assert_eq!(sent[0], sent[1], "policies change the arrivals");
    }
    Ok(())
}

/// A caller that does nothing about failures.
fn careless(call: &mut Call) {
    call.timeout = None;
    call.retries_count = 0;
    call.backoff = Backoff::None;
    *call.guard = guard::Settings::default();
}
