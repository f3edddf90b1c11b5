//! Systems of the cases that are about what a caller does.

use kneepoint::engine::{Distribution, SimDuration};
use kneepoint::model::guard::Hedge;
use kneepoint::model::system::{Arrivals, Call, Clients, Part, Queue, Step, System};
use kneepoint::policy::backoff::{Backoff, Jitter};
use kneepoint::policy::breaker::{self, Probing, Window};
use kneepoint::policy::retry::FOR_EVER;
use kneepoint::policy::{budget, hedge, throttle};

use super::{Entry, call, exponential, service};

/// Workers enough for everyone.
const ENOUGH: u32 = 100_000;

/// The system of a case; `None` if it is not about callers.
pub(crate) fn system_of(entry: &Entry) -> Option<System> {
    let n = |name: &str| entry.number(name);
    let secs = |name: &str| SimDuration::from_secs(n(name));
    let retrying = |retries_count, backoff| Call { retries_count, backoff, ..call("s") };
    Some(match entry.family.as_str() {
        "retry_amplification" => failing(100.0, retrying(n("n") as u32, Backoff::None), n("p")),
        "retry_budget" => {
            let mut call = retrying(n("n") as u32, Backoff::None);
            let (tokens_max, ratio) = (10.0, n("ratio"));
            call.guard.budget = Some(budget::Settings::Bucket { tokens_max, ratio });
            failing(100.0, call, n("p"))
        }
        "retry_layered" => layered(n("layers") as usize, n("n") as u32, n("p")),
        "backoff_delay" => {
            let (base, cap) = (secs("base"), secs("cap"));
            let exponential = |jitter| Backoff::Exponential { base, cap, jitter };
            let backoff = match entry.measure.as_str() {
                "mean_total_delay_fixed" => Backoff::Fixed { base },
                "mean_total_delay_expo" => exponential(Jitter::None),
                "mean_total_delay_equal_jitter" => exponential(Jitter::Equal),
                "mean_total_delay_full_jitter" => exponential(Jitter::Full),
                _ => return None,
            };
            let mut call = retrying(n("n") as u32, backoff);
            // Requests that fail for good have waited as well: count them.
            call.guard.fallback = Some(Vec::new());
            failing(100.0, call, n("p"))
        }
        "hedged" => {
            let when = hedge::Settings {
                after: hedge::After::Fixed(secs("hedge_after")),
                copies_max: 1,
                budget: None,
            };
            let mut call = call("s");
            call.guard.hedge = Some(Hedge { when, cancels: false, elsewhere: false });
            let leaf = vec![Step::Wait(exponential(n("mean_leaf")))];
            sent(100.0, call, vec![service("s", ENOUGH, Queue::default(), leaf)])
        }
        "breaker_consecutive" => {
            let k = n("k") as u32;
            let mut call = call("s");
            call.guard.breaker = Some(breaker::Settings {
                window: Window::Calls(k),
                calls_min: k,
                failures_share: 1.0,
                slow_share: 2.0,
                open_wait: secs("open_s"),
                probes_count: 1,
                probing: Probing::AllSucceed,
                ..breaker::Settings::default()
            });
            failing(n("lam"), call, n("p"))
        }
        "adaptive_throttle" => {
            let mut call = call("s");
            let k = n("K");
            call.guard.throttle = Some(throttle::Settings { k, ..throttle::Settings::default() });
            let queue = Queue { capacity: Some(50), ..Queue::default() };
            let work = vec![Step::Cpu(Distribution::Constant(1.0 / n("capacity")))];
            sent(n("demand"), call, vec![service("s", 1, queue, work)])
        }
        "retrial_queue" => {
            let base = SimDuration::from_secs(1.0 / n("theta"));
            let jitter = Jitter::Exponential;
            let call = retrying(FOR_EVER, Backoff::Linear { base, cap: base, jitter });
            let queue = Queue { capacity: Some(0), ..Queue::default() };
            let work = vec![Step::Cpu(exponential(1.0 / n("mu")))];
            sent(n("lam"), call, vec![service("s", 1, queue, work)])
        }
        "tail_at_scale" => {
            let slow = Step::Choice {
                probability: n("p_slow"),
                then: vec![Step::Wait(Distribution::Constant(1.0))],
                otherwise: Vec::new(),
            };
            let branches = vec![vec![slow]; n("n") as usize];
            let needed = branches.len() as u32;
            let steps = vec![Step::Parallel { branches, needed }];
            sent(10.0, call("s"), vec![service("s", ENOUGH, Queue::default(), steps)])
        }
        _ => return None,
    })
}

/// Open clients and what they call.
pub(crate) fn sent(rate: f64, call: Call, services: Vec<Part>) -> System {
    let arrivals = Arrivals::Open { gap: exponential(1.0 / rate) };
    let mut parts = vec![Part::Clients(Clients::new("clients", arrivals, call))];
    parts.extend(services);
    parts.into()
}

fn failure(share: f64) -> Step {
    Step::Choice { probability: share, then: vec![Step::Fail], otherwise: Vec::new() }
}

/// A callee that answers a share of the attempts with an error, at once.
fn failing(rate: f64, call: Call, share: f64) -> System {
    sent(rate, call, vec![service("s", ENOUGH, Queue::default(), vec![failure(share)])])
}

/// Callers of callers, each of which tries again; the innermost fails.
fn layered(layers: usize, retries_count: u32, share: f64) -> System {
    let name = |layer: usize| if layer == layers { "s".to_owned() } else { format!("l{layer}") };
    let to = |layer: usize| Call { retries_count, ..call(&name(layer)) };
    let mut services = vec![service("s", ENOUGH, Queue::default(), vec![failure(share)])];
    for layer in 1..layers {
        let steps = vec![Step::Call(to(layer + 1))];
        services.push(service(&name(layer), ENOUGH, Queue::default(), steps));
    }
    sent(100.0, to(1), services)
}
