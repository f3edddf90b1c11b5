//! What each policy costs: one line a policy, its name and nanoseconds a decision.
#![expect(clippy::print_stdout, reason = "prints its results")]

#[path = "../tests/tour/mod.rs"]
mod tour;

use std::hint::black_box;
use std::time::Instant;

fn main() {
    let decisions = 1_000_000;
    for (name, mut decide) in tour::tour() {
        let mut best = f64::INFINITY;
        for round in 0..5 {
            #[expect(clippy::disallowed_methods, reason = "a benchmark needs a clock")]
            let begin = Instant::now();
            for k in 0..decisions {
                black_box(decide(black_box(round * decisions + k)));
            }
            best = best.min(begin.elapsed().as_secs_f64() * 1e9 / decisions as f64);
        }
        println!("{name}: {best:.1}");
    }
}
