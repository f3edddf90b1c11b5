//! The two reference queues through the general interpreter, beside hand-written loops.
//!
//! Takes turns with the program that `KNEEPOINT_CPP` names, if it does (`benches/cpp/queues.cpp`),
//! and counts processor time on both sides, so that neighbours on the machine disturb neither more
//! than the other; nine rounds, or `KNEEPOINT_ROUNDS`. Prints lines `who name number`: medians in
//! nanoseconds a request of `cpp` and `native`, their `ratio`, the best time of `native` by the clock
//! as `wall`, and `bytes` of memory of one request in flight. `cargo xtask bench` makes a table of them.
#![expect(clippy::print_stdout, reason = "prints its results")]

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Instant;

use cpu_time::ProcessTime;
use kneepoint::engine::Distribution;
use kneepoint::model::Simulation;
use kneepoint::model::reference::{mm4, mm4_with_retries};
use kneepoint::model::system::{Arrivals, Part, System};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

/// Counts for the memory; during the timed runs hardly anything is allocated.
#[global_allocator]
static GLOBAL: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

const REQUESTS: u64 = 1_000_000;
/// Requests in flight when their memory is counted.
const IN_FLIGHT: usize = 1_000_000;

fn main() {
    let loops = std::env::var_os("KNEEPOINT_CPP");
    let rounds =
        std::env::var("KNEEPOINT_ROUNDS").map_or(9, |text| text.parse().expect("a number"));
    let queues = [("mm4", mm4()), ("retries", mm4_with_retries())];
    let mut times: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    for round in 1..=rounds {
        if let Some(program) = &loops {
            let output = Command::new(program).output().expect("the hand-written loops start");
            let text = String::from_utf8(output.stdout).expect("they print text");
            for (name, _) in &queues {
                times.entry(("cpp", name)).or_default().push(number_of(&text, name));
            }
        }
        for (name, system) in &queues {
            let (processor, clock) = nanos_a_request(system, round);
            times.entry(("native", name)).or_default().push(processor);
            times.entry(("wall", name)).or_default().push(clock);
        }
    }
    for ((who, name), times) in &mut times {
        times.sort_by(f64::total_cmp);
        let typical = if *who == "wall" { times[0] } else { times[times.len() / 2] };
        println!("{who} {name} {typical:.2}");
    }
    if loops.is_some() {
        for (name, _) in &queues {
            let median = |who| {
                let times = &times[&(who, *name)];
                times[times.len() / 2]
            };
            println!("ratio {name} {:.3}", median("native") / median("cpp"));
        }
    }
    println!("bytes plain {}", bytes_in_flight(mm4()));
    println!("bytes timeout {}", bytes_in_flight(mm4_with_retries()));
}

/// Nanoseconds of processor and of clock for one request.
fn nanos_a_request(system: &System, seed: u64) -> (f64, f64) {
    let mut simulation = Simulation::new(system, seed).expect("a reference model is valid");
    #[expect(clippy::disallowed_methods, reason = "a benchmark needs a clock")]
    let clock = Instant::now();
    let processor = ProcessTime::now();
    simulation.advance(REQUESTS, u64::MAX);
    let each = |secs: f64| secs * 1e9 / REQUESTS as f64;
    (each(processor.elapsed().as_secs_f64()), each(clock.elapsed().as_secs_f64()))
}

/// The number after a name at the beginning of a line.
fn number_of(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|text| text.parse().ok()).expect("the hand-written loops print each queue")
}

/// Memory of one request in flight while a million wait, in bytes, as the allocator counts it.
fn bytes_in_flight(mut system: System) -> usize {
    if let Part::Clients(clients) = &mut system.parts[0] {
        clients.arrivals = Arrivals::Open { gap: Distribution::Exponential { mean: 1e-6 } };
    }
    let memory = Region::new(GLOBAL);
    let mut simulation = Simulation::new(&system, 1).expect("a reference model is valid");
    while simulation.tasks_count() < IN_FLIGHT {
        simulation.advance(u64::MAX, 10_000);
    }
    let change = memory.change();
    (change.bytes_allocated - change.bytes_deallocated) / simulation.tasks_count()
}
