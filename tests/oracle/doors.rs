//! Systems of classes, balancers and limits.

use kneepoint::engine::{Distribution, SimDuration};
use kneepoint::model::system::{
    Admission, Arrivals, Balancing, Clients, Part, Queue, Step, System,
};
use kneepoint::model::{Outcome, Simulation};
use kneepoint::policy::admission::keyed::{self, Scope};
use kneepoint::policy::admission::{fixed_window, leaky_bucket, token_bucket};
use kneepoint::policy::balancer::{self, Algorithm};
use kneepoint::policy::queue::Order;

use super::{Entry, call, clients, exponential, open, service};

/// Two kinds of clients before one worker and a queue by priority, each behind a service of its own
/// that takes no time, so that their waits can be told apart.
pub(super) fn classes(entry: &Entry) -> System {
    let steps = vec![Step::Cpu(exponential(1.0 / entry.number("mu")))];
    let by_class = Queue { order: Order::Priority, ..Queue::default() };
    let mut parts = Vec::new();
    for (id, rate, priority) in [("high", "lam_high", 0), ("low", "lam_low", 1)] {
        let arrivals = Arrivals::Open { gap: exponential(1.0 / entry.number(rate)) };
        parts.push(service(id, 100_000, Queue::default(), vec![Step::Call(call("s"))]));
        let plain = Clients::new(id, arrivals, call(id));
        parts.push(Part::Clients(Clients { priority, ..plain }));
    }
    parts.push(service("s", 1, by_class, steps));
    parts.into()
}

/// Equal instances of one worker behind a balancer.
pub(super) fn balanced(entry: &Entry) -> System {
    let (mu, instances_count) = (entry.number("mu"), entry.number("n") as u32);
    let (algorithm, rate) = match entry.family.as_str() {
        "lb_random" => (Algorithm::Random, entry.number("lam")),
        "lb_jsq2" => (Algorithm::LeastConnections, entry.number("lam")),
        "lb_p2c" => {
            let rate = entry.number("rho") * mu * f64::from(instances_count);
            (Algorithm::TwoChoices, rate)
        }
        _ => (Algorithm::RoundRobin, entry.number("lam")),
    };
    let settings = balancer::Settings { algorithm, ..balancer::Settings::default() };
    let balancing = Balancing { settings, ..Balancing::default() };
    let steps = vec![Step::Cpu(exponential(1.0 / mu))];
    let mut part = service("s", 1, Queue::default(), steps);
    if let Part::Service(service) = &mut part {
        service.instances_count = instances_count;
        service.balancer = Some(balancing);
    }
    vec![open(rate, "s"), part].into()
}

/// A service that takes no time behind a limit on the rate.
pub(super) fn limited(entry: &Entry) -> System {
    let rate = entry.number("lam");
    let window = || fixed_window::Settings {
        limit: entry.number("N") as u32,
        window: SimDuration::from_secs(entry.number("W")),
    };
    let limit = match entry.family.as_str() {
        "fixed_window" => keyed::Settings::FixedWindow(window()),
        "sliding_log" => keyed::Settings::SlidingLog(window()),
        "leaky_bucket_queue" => keyed::Settings::LeakyBucket(leaky_bucket::Settings {
            rate_per_sec: entry.number("r"),
            burst: f64::INFINITY,
            undelayed: 0.0,
            tick: SimDuration::ZERO,
        }),
        _ => keyed::Settings::TokenBucket(token_bucket::Settings {
            rate_per_sec: entry.number("r"),
            burst: entry.number("B"),
            wait_max: SimDuration::ZERO,
        }),
    };
    let gap = match entry.family.as_str() {
        "token_bucket_det" => Distribution::Constant(1.0 / rate),
        _ => exponential(1.0 / rate),
    };
    let mut part = service("s", 1, Queue::default(), Vec::new());
    if let Part::Service(service) = &mut part {
        service.admission = vec![Admission::Rate { limit, scope: Scope::Global }];
    }
    vec![clients(Arrivals::Open { gap }, "s"), part].into()
}

/// How many of the first requests a limit lets in, and which it turns away first.
pub(super) fn first_of(simulation: &mut Simulation, entry: &Entry) -> [(&'static str, f64); 2] {
    let requests = (entry.number("lam") * entry.number("T") - 1e-9).ceil() as u64;
    let mut first = f64::NAN;
    for request in 0..requests {
        simulation.advance(request + 1, u64::MAX);
        if first.is_nan() && simulation.period(0).totals.of(Outcome::Shed) > 0 {
            first = request as f64;
        }
    }
    let accepted = simulation.period(0).totals.of(Outcome::InTime) as f64;
    [("accepted", accepted), ("first_rejected_index", first)]
}
