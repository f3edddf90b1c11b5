//! The two queues that speed is measured on.

use crate::engine::{Distribution, SimDuration};
use crate::policy::backoff::{Backoff, Jitter};

use super::system::{Arrivals, Call, Clients, Endpoint, Part, Service, Step, System};

/// M/M/4 at 80 %: arrivals 3.2 a second, service 1 s.
pub fn mm4() -> System {
    queue(None, 0)
}

/// The same with a timeout of 4 s that cancels the attempt, and up to 3 retries after 1, 2 and 4 s
/// times U(0.5, 1).
pub fn mm4_with_retries() -> System {
    queue(Some(SimDuration::from_secs(4.0)), 3)
}

fn queue(timeout: Option<SimDuration>, retries_count: u32) -> System {
    let backoff = Backoff::Exponential {
        base: SimDuration::from_secs(1.0),
        cap: SimDuration::from_secs(4.0),
        jitter: Jitter::Equal,
    };
    let plain = Call::new("server", "work");
    let call = Call { timeout, cancels: true, retries_count, backoff, ..plain };
    let arrivals = Arrivals::Open { gap: Distribution::Exponential { mean: 1.0 / 3.2 } };
    let clients = Clients::new("clients", arrivals, call);
    let steps = vec![Step::Cpu(Distribution::Exponential { mean: 1.0 })];
    let endpoint = Endpoint { name: "work".to_owned(), steps, ..Endpoint::default() };
    let service = Service::new("server", 4, vec![endpoint]);
    vec![Part::Clients(clients), Part::Service(service)].into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Progress, Simulation};

    /// Erlang C gives a mean wait of 0.745 54 s and so a mean latency of 1.745 54 s; with retries
    /// independent programs give 1.7415 to 1.7539 s, with standard errors of 0.005.
    #[test]
    fn mean_latencies_agree_with_theory_and_other_programs() {
        for (system, expected) in [(mm4(), 1.745_54), (mm4_with_retries(), 1.746)] {
            let mut means = Vec::new();
            for seed in 0..5 {
                let mut simulation = Simulation::new(&system, seed).unwrap();
                assert_eq!(simulation.advance(400_000, u64::MAX), Progress::Finished);
                means.push(simulation.period(0).latencies.mean().unwrap() / 1e9);
            }
            let mean = means.iter().sum::<f64>() / 5.0;
            // Standard error of one such run: about 0.02 s; of five: 0.009. Allow 4.
            assert!((mean - expected).abs() < 0.036, "{mean}, not {expected}: {means:?}");
        }
    }
}
