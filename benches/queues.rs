//! The two reference queues through the general interpreter, as nanoseconds a request.
//!
//! Prints one line a model: name, nanoseconds a request, mean latency in seconds; then `bytes` and
//! the memory of a request in flight. Run beside the hand-written loops of
//! `benches/cpp/queues.cpp` by `cargo xtask bench`.
#![expect(clippy::print_stdout, reason = "prints its results")]

use std::time::Instant;

use kneepoint::engine::Distribution;
use kneepoint::model::Simulation;
use kneepoint::model::reference::{mm4, mm4_with_retries};
use kneepoint::model::system::{Arrivals, Part};

fn main() {
    let requests = 1_000_000;
    for (name, system) in [("mm4", mm4()), ("retries", mm4_with_retries())] {
        let mut best = f64::INFINITY;
        let mut mean = 0.0;
        for seed in 1..=5 {
            let mut simulation =
                Simulation::new(&system, seed).expect("a reference model is valid");
            #[expect(clippy::disallowed_methods, reason = "a benchmark needs a clock")]
            let begin = Instant::now();
            simulation.advance(requests, u64::MAX);
            let nanos = begin.elapsed().as_secs_f64() * 1e9 / requests as f64;
            best = best.min(nanos);
            mean = simulation.period(0).latencies.mean().unwrap_or(0.0) / 1e9;
        }
        println!("{name} {best:.2} {mean:.5}");
    }
    println!("bytes {}", bytes_in_flight());
}

/// Memory of one request in flight when a million wait, in bytes.
fn bytes_in_flight() -> usize {
    let mut system = mm4();
    if let Part::Clients(clients) = &mut system.parts[0] {
        clients.arrivals = Arrivals::Open { gap: Distribution::Exponential { mean: 1e-6 } };
    }
    let mut simulation = Simulation::new(&system, 1).expect("a reference model is valid");
    simulation.advance(u64::MAX, 1_000_100);
    simulation.bytes() / simulation.tasks_count().max(1)
}
