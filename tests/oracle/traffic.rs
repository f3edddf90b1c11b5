//! Cases of overload, balancers, bursts and copies, measured by the stories of their requests.

use kneepoint::engine::{Distribution, SimTime};
use kneepoint::model::guard::Hedge;
use kneepoint::model::system::{
    Admission, Arrivals, Balancing, Clients, Effect, Fault, Part, Queue, Step, System,
};
use kneepoint::model::{Outcome, Simulation};
use kneepoint::policy::admission::keyed::{self, Scope};
use kneepoint::policy::admission::{fixed_window, token_bucket};
use kneepoint::policy::arrivals::batch::Batch;
use kneepoint::policy::arrivals::{self, phases};
use kneepoint::policy::balancer::{self, Algorithm};
use kneepoint::policy::hedge;
use kneepoint::policy::queue::{Order, Shed, codel, controlled_delay};

use super::stories::{Stories, Window, keep, secs, spread};
use super::{Entry, Found, Measures, averaged, call, exponential, open, service};

/// Workers enough for everyone.
const ENOUGH: u32 = 100_000;
const RUNS: u64 = 40;

/// What a case of these families measures; `None` for any other.
pub(super) fn simulate(entry: &Entry) -> Option<Measures> {
    Some(match entry.family.as_str() {
        "queue_discipline" => averaged(&discipline(entry)?, RUNS, |run| pulse(run, entry)),
        "load_balancer" => averaged(&balanced(entry)?, RUNS, |run| backends(run, entry)),
        "fanout_hedge" => averaged(&shards(entry), RUNS, |run| fanout(run, entry)),
        "token_bucket_pool" => averaged(&shaped(entry), RUNS, |run| bucket(run, entry)),
        "window_double_burst" => burst(entry),
        _ => return None,
    })
}

/// Poisson arrivals at rates that change, and end.
pub(super) fn stepped(id: &str, to: &str, rates: &[(f64, f64)]) -> Part {
    let step =
        |(from, rate): &(f64, f64)| phases::Step { from: super::at(*from), rate_per_sec: *rate };
    let source = arrivals::Settings::Steps(rates.iter().map(step).collect());
    timed(id, to, source, Batch::One)
}

fn timed(id: &str, to: &str, source: arrivals::Settings, batch: Batch) -> Part {
    let arrivals = Arrivals::Timed { source, batch, overlap: None };
    Part::Clients(Clients::new(id, arrivals, call(to)))
}

/// One server before which more come for a while than it can serve.
fn discipline(entry: &Entry) -> Option<System> {
    let time = |name: &str| secs(entry.number(name));
    let mut queue = Queue::default();
    match entry.text("disc") {
        "fifo" => {}
        "lifo" => queue.order = Order::Lifo,
        "cd" => {
            let (target, interval) = (time("M"), time("N"));
            queue.shed = Shed::ControlledDelay(controlled_delay::Settings { target, interval });
        }
        "codel" => {
            let (target, interval) = (time("target"), time("interval"));
            queue.shed = Shed::CoDel(codel::Settings { target, interval });
        }
        _ => return None,
    }
    let (usual, [from, to]) = (entry.number("lam"), entry.pair("pulse"));
    let rates =
        [(0.0, usual), (from, entry.number("lam_pulse")), (to, usual), (entry.number("H"), 0.0)];
    let work = vec![Step::Cpu(exponential(entry.number("service")))];
    Some(vec![stepped("clients", "s", &rates), service("s", 1, queue, work)].into())
}

fn pulse(simulation: &mut Simulation, entry: &Entry) -> Found {
    let window = Window::of(simulation, entry, 1e5);
    let (deadline, [from, to]) = (entry.number("deadline"), entry.pair("pulse"));
    let useful = |from: f64, to: f64| {
        let of = |sent: f64| from <= sent && sent < to;
        let all = window.stories.requests.iter();
        let those = all.filter(|request| of(request.sent.since(SimTime::ZERO).as_secs()));
        let (mut count, mut good) = (0, 0);
        for request in those {
            count += 1;
            good += i32::from(request.is_in_time() && request.latency() <= deadline);
        }
        f64::from(good) / f64::from(count)
    };
    let mut found = spread("latency_served", window.stories.latencies(|_| true));
    found.extend([
        ("useful_frac_pulse".to_owned(), useful(from, to)),
        ("useful_frac_after".to_owned(), useful(to, to + entry.number("after"))),
        ("useful_frac_all".to_owned(), useful(0.0, f64::INFINITY)),
        ("drop_frac".to_owned(), window.share(Outcome::Shed)),
    ]);
    found
}

/// Instances of one worker, some slower than the first.
fn balanced(entry: &Entry) -> Option<System> {
    let algorithm = match entry.text("policy") {
        "random" => Algorithm::Random,
        "rr" => Algorithm::RoundRobin,
        "lc" => Algorithm::LeastConnections,
        "p2c" => Algorithm::TwoChoices,
        _ => return None,
    };
    let services = entry.numbers("service");
    let mut parts = vec![
        open(entry.number("lam"), "s"),
        replicas("s", services.len() as u32, algorithm, vec![Step::Cpu(exponential(services[0]))]),
    ];
    for (index, mean) in services.iter().enumerate() {
        parts.push(Part::Fault(Fault {
            id: format!("pace{index}"),
            part: "s".to_owned(),
            instance: Some(index as u32 + 1),
            peer: None,
            from: SimTime::ZERO,
            until: super::at(1e9),
            effect: Effect::Slow { factor: mean / services[0] },
        }));
    }
    Some(parts.into())
}

/// Instances of one worker behind a balancer.
fn replicas(id: &str, count: u32, algorithm: Algorithm, steps: Vec<Step>) -> Part {
    let mut part = service(id, 1, Queue::default(), steps);
    if let Part::Service(service) = &mut part {
        service.instances_count = count;
        let settings = balancer::Settings { algorithm, ..balancer::Settings::default() };
        service.balancer = Some(Balancing { settings, ..Balancing::default() });
    }
    part
}

fn backends(simulation: &mut Simulation, entry: &Entry) -> Found {
    let window = Window::of(simulation, entry, 600.0);
    let last = entry.numbers("service").len() - 1;
    let sent = |index: usize| window.since(|period| period.parts[0].sent[index] as f64);
    let busy = |index: usize| window.since(|period| period.parts[0].busy_each[index].as_secs());
    let all: f64 = (0..=last).map(sent).sum();
    let mut found = spread("response", window.stories.latencies(|_| true));
    found.extend([
        ("share_last_backend".to_owned(), sent(last) / all),
        ("util_last_backend".to_owned(), busy(last) / window.secs()),
        ("util_first_backend".to_owned(), busy(0) / window.secs()),
    ]);
    found
}

/// Requests to all shards at once, each with two replicas.
fn shards(entry: &Entry) -> System {
    let n = |name: &str| entry.number(name);
    let slow = Step::Choice {
        probability: n("p_slow"),
        then: vec![Step::Cpu(exponential(n("slow")))],
        otherwise: vec![Step::Cpu(exponential(n("fast")))],
    };
    let name = |shard: usize| format!("shard{shard}");
    let count = n("shards") as usize;
    let ask = |shard: usize| {
        let mut call = call(&name(shard));
        call.guard.hedge = entry.maybe("hedge_after").map(|after| Hedge {
            when: hedge::Settings {
                after: hedge::After::Fixed(secs(after)),
                copies_max: 1,
                budget: None,
            },
            cancels: false,
            elsewhere: true,
        });
        vec![Step::Call(call)]
    };
    let all = Step::Parallel { branches: (0..count).map(ask).collect(), needed: count as u32 };
    let mut parts =
        vec![open(n("lam"), "front"), service("front", ENOUGH, Queue::default(), vec![all])];
    let shard = |shard| replicas(&name(shard), 2, Algorithm::Random, vec![slow.clone()]);
    parts.extend((0..count).map(shard));
    parts.into()
}

fn fanout(simulation: &mut Simulation, entry: &Entry) -> Found {
    let window = Window::of(simulation, entry, 120.0);
    let shards = entry.number("shards");
    let utilisation = (1..=shards as usize).map(|part| window.busy(part)).sum::<f64>() / shards;
    let copies = window.since(|period| period.totals.retries as f64);
    let sent = window.since(|period| period.totals.sent as f64);
    let mut found = spread("response", window.stories.latencies(|_| true));
    found.push(("server_util".to_owned(), utilisation));
    found.push(("hedge_frac".to_owned(), copies / sent / shards));
    found
}

/// Batches before a token bucket, and a pool of workers behind it.
fn shaped(entry: &Entry) -> System {
    let n = |name: &str| entry.number(name);
    let bucket = keyed::Settings::TokenBucket(token_bucket::Settings {
        rate_per_sec: n("rate"),
        burst: n("burst"),
        wait_max: secs(if entry.text("mode") == "shape" { 1e6 } else { 0.0 }),
    });
    let mut front = service("front", ENOUGH, Queue::default(), vec![Step::Call(call("s"))]);
    if let Part::Service(service) = &mut front {
        service.admission = vec![Admission::Rate { limit: bucket, scope: Scope::Global }];
    }
    let source = arrivals::Settings::Poisson { rate_per_sec: n("batch_rate") };
    let batches = timed("batches", "front", source, Batch::Geometric { mean: n("batch_mean") });
    let work = vec![Step::Cpu(exponential(n("service")))];
    vec![batches, front, service("s", n("c") as u32, Queue::default(), work)].into()
}

fn bucket(simulation: &mut Simulation, entry: &Entry) -> Found {
    let window = Window::of(simulation, entry, 600.0);
    let done = window.since(|period| period.totals.of(Outcome::InTime) as f64);
    let mut found = spread("response", window.stories.latencies(|_| true));
    found.extend(spread("shaper_wait", window.stories.waits(Some("front"))));
    found.push(("throughput".to_owned(), done / window.secs()));
    found.push(("pool_util".to_owned(), window.busy(1)));
    found.push(("reject_frac".to_owned(), window.share(Outcome::Shed)));
    found
}

/// A full limit of requests on both sides of a border between windows.
fn burst(entry: &Entry) -> Measures {
    let window =
        fixed_window::Settings { limit: entry.number("N") as u32, window: secs(entry.number("W")) };
    let limits = [
        ("accepted_fixed", keyed::Settings::FixedWindow(window)),
        ("accepted_sliding_log", keyed::Settings::SlidingLog(window)),
    ];
    let mut measures = Measures::new();
    for (name, limit) in limits {
        let mut limited = service("s", ENOUGH, Queue::default(), Vec::new());
        if let Part::Service(service) = &mut limited {
            service.admission = vec![Admission::Rate { limit, scope: Scope::Global }];
        }
        let times = entry.numbers("t_burst");
        let mut parts = vec![limited];
        for (index, time) in times.iter().enumerate() {
            let source = arrivals::Settings::Cron {
                period: secs(1e6),
                offset: secs(*time),
                jitter: secs(0.0),
            };
            let size = Batch::Constant(entry.number("burst_each") as u32);
            parts.push(timed(&format!("burst{index}"), "s", source, size));
        }
        let found = averaged(&parts.into(), 1, |simulation| {
            simulation.advance_until(super::at(times.iter().sum::<f64>() + 1.0), u64::MAX);
            let accepted = simulation.period(0).totals.of(Outcome::InTime);
            vec![(name.to_owned(), accepted as f64)]
        });
        measures.extend(found);
    }
    measures
}

/// The first answers of a breaker's closed times: calls until it opens, on average.
pub(super) fn calls_to_open(system: &System, seeds: u64) -> Measures {
    averaged(system, seeds, |simulation| {
        keep(simulation);
        simulation.advance(400_000, u64::MAX);
        let told = Stories::of(simulation);
        // An open breaker refuses exactly one call; the next is a probe.
        let (mut lengths, mut length, mut is_probe) = (Vec::new(), 0.0, false);
        for request in &told.requests {
            match (request.outcome, is_probe) {
                (Outcome::Shed, _) => {
                    if length > 0.0 {
                        lengths.push(length);
                    }
                    (length, is_probe) = (0.0, true);
                }
                (_, true) => is_probe = false,
                (_, false) => length += 1.0,
            }
        }
        let mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
        vec![("mean_calls_to_open".to_owned(), mean)]
    })
}

/// Calls at equal gaps that fail by chance, through a breaker.
pub(super) fn even(call: kneepoint::model::system::Call, share: f64) -> System {
    let failure =
        Step::Choice { probability: share, then: vec![Step::Fail], otherwise: Vec::new() };
    let gap = Distribution::Constant(1.0);
    let mut sender = super::clients(Arrivals::Open { gap }, "s");
    if let Part::Clients(clients) = &mut sender {
        clients.call = call;
    }
    vec![sender, service("s", ENOUGH, Queue::default(), vec![failure])].into()
}
