//! Balancers and queue disciplines before single servers.

use kneepoint::engine::events::FutureEvents;
use kneepoint::engine::{SimDuration, SimTime};
use kneepoint::policy::arrivals::phases::Step;
use kneepoint::policy::arrivals::{self, Source};
use kneepoint::policy::balancer::{Algorithm, Balancer, Settings};
use kneepoint::policy::queue::{
    self, Entries, Order, Popped, Queue, Shed, codel, controlled_delay,
};

use super::{ARRIVAL, Case, Measures, at, mean, overlap, spread, stream};

/// What one request saw.
struct Seen {
    came: f64,
    backend: usize,
    start: f64,
    end: f64,
}

/// First-in-first-out servers of these mean services behind a balancer; calls `seen` for each of
/// the requests until `stops` says so of one.
fn behind(
    algorithm: Algorithm,
    services: &[f64],
    rate_per_sec: f64,
    seed: u64,
    mut seen: impl FnMut(Seen) -> bool,
) {
    let settings = Settings { algorithm, ..Settings::default() };
    let mut balancer = Balancer::new(&settings, &vec![1; services.len()]);
    let mut source = Source::new(&arrivals::Settings::Poisson { rate_per_sec });
    let [mut random, mut draws, mut choices] = [0, 1, 2].map(|purpose| stream(seed, purpose));
    let mut free = vec![0.0_f64; services.len()];
    let mut departures = FutureEvents::default();
    let mut now = SimTime::ZERO;
    loop {
        now = source.next(now, &mut random);
        while let Some(departure) = departures.pop_until(now) {
            balancer.finished(departure.subject as u16);
        }
        let chosen = balancer.pick(now, &mut choices).expect("none is out");
        let backend = usize::from(chosen);
        let came = now.as_secs();
        let start = free[backend].max(came);
        let end = start + services[backend] * draws.exponential();
        free[backend] = end;
        departures.schedule(at(end).max(now), u32::from(chosen));
        if !seen(Seen { came, backend, start, end }) {
            return;
        }
    }
}

const NAMES: [&str; 4] = ["mean_response", "response_p50", "response_p95", "response_p99"];

/// Equal servers in steady state.
pub(super) fn balanced(case: &Case<'_>) -> Measures {
    let (mu, count) = (case.number("mu"), case.count("n") as usize);
    let algorithm = match case.family {
        "lb_random" => Algorithm::Random,
        "lb_round_robin" => Algorithm::RoundRobin,
        "lb_jsq2" => Algorithm::LeastConnections,
        _ => Algorithm::TwoChoices,
    };
    let rate = if case.family == "lb_p2c" {
        case.number("rho") * mu * count as f64
    } else {
        case.number("lam")
    };
    let (mut responses, mut waits, mut busy) = (Vec::new(), Vec::new(), 0.0);
    let (warm_up, total) = (400_000, 4_400_000);
    let mut arrived = 0;
    behind(algorithm, &vec![1.0 / mu; count], rate, 0, |seen| {
        arrived += 1;
        if arrived > warm_up {
            responses.push(seen.end - seen.came);
            waits.push(seen.start - seen.came);
            busy += f64::from(u8::from(seen.start > seen.came));
        }
        arrived < total
    });
    let mut measures: Measures =
        [("mean_wait", mean(&waits)), ("prob_wait", busy / waits.len() as f64)].into();
    spread(&mut measures, NAMES, &mut responses);
    // Little's law.
    measures.insert("mean_in_system", rate * measures["mean_response"]);
    measures
}

/// Servers of which the last is slow.
pub(super) fn load_balancer(case: &Case<'_>, seed: u64) -> Measures {
    let (from, to) = (case.number("W"), case.number("H"));
    let services = case.numbers("service");
    let algorithm = match case.text("policy") {
        "random" => Algorithm::Random,
        "rr" => Algorithm::RoundRobin,
        "lc" => Algorithm::LeastConnections,
        _ => Algorithm::TwoChoices,
    };
    let last = services.len() - 1;
    let mut busy = vec![0.0; services.len()];
    let (mut responses, mut to_last) = (Vec::new(), 0.0);
    behind(algorithm, &services, case.number("lam"), seed, |seen| {
        if seen.came >= to {
            return false;
        }
        busy[seen.backend] += overlap(seen.start, seen.end, from, to);
        if seen.came >= from {
            responses.push(seen.end - seen.came);
            to_last += f64::from(u8::from(seen.backend == last));
        }
        true
    });
    let mut measures: Measures = [
        ("share_last_backend", to_last / responses.len() as f64),
        ("util_last_backend", busy[last] / (to - from)),
        ("util_first_backend", busy[0] / (to - from)),
    ]
    .into();
    let names = ["response_mean", "response_p50", "response_p95", "response_p99"];
    spread(&mut measures, names, &mut responses);
    measures
}

#[derive(Clone, Copy)]
struct Waiting {
    previous: u32,
    next: u32,
    came: SimTime,
}

#[derive(Default)]
struct Room(Vec<Waiting>);

impl Entries for Room {
    fn previous(&self, id: u32) -> u32 {
        self.0[id as usize].previous
    }
    fn next(&self, id: u32) -> u32 {
        self.0[id as usize].next
    }
    fn set_previous(&mut self, id: u32, previous: u32) {
        self.0[id as usize].previous = previous;
    }
    fn set_next(&mut self, id: u32, next: u32) {
        self.0[id as usize].next = next;
    }
    fn enqueued(&self, id: u32) -> SimTime {
        self.0[id as usize].came
    }
}

fn discipline_of(case: &Case<'_>) -> queue::Settings {
    let secs = |name| SimDuration::from_secs(case.number(name));
    let (order, shed) = match case.text("disc") {
        "lifo" => (Order::Lifo, Shed::Nobody),
        "cd" => {
            let settings = controlled_delay::Settings { target: secs("M"), interval: secs("N") };
            (Order::Fifo, Shed::ControlledDelay(settings))
        }
        "codel" => {
            let settings = codel::Settings { target: secs("target"), interval: secs("interval") };
            (Order::Fifo, Shed::CoDel(settings))
        }
        _ => (Order::Fifo, Shed::Nobody),
    };
    queue::Settings { order, shed, ..queue::Settings::default() }
}

/// One server and a pulse of load.
pub(super) fn discipline(case: &Case<'_>, seed: u64) -> Measures {
    let [begin, end] = case.numbers("pulse")[..] else { panic!("a pulse has two ends") };
    let step = |from, rate_per_sec| Step { from: at(from), rate_per_sec };
    let (lam, pulse) = (case.number("lam"), case.number("lam_pulse"));
    let steps = [step(0.0, lam), step(begin, pulse), step(end, lam), step(case.number("H"), 0.0)];
    let mut source = Source::new(&arrivals::Settings::Steps(Box::new(steps)));
    let (mut random, mut services) = (stream(seed, 0), stream(seed, 1));
    let (mut room, mut queue) = (Room::default(), Queue::new(&discipline_of(case)));
    let mut served = Vec::<(f64, f64)>::new();
    let mut events = FutureEvents::default();
    let mut is_busy = false;
    events.schedule(source.next(SimTime::ZERO, &mut random), ARRIVAL);
    while let Some(event) = events.pop_until(SimTime(SimTime::NEVER.0 - 1)) {
        let now = event.time;
        let mut next = None;
        if event.subject == ARRIVAL {
            let following = source.next(now, &mut random);
            if following < SimTime::NEVER {
                events.schedule(following, ARRIVAL);
            }
            room.0.push(Waiting { previous: queue::NONE, next: queue::NONE, came: now });
            let id = room.0.len() as u32 - 1;
            if is_busy {
                queue.push(&mut room, id, now);
            } else {
                next = Some(id);
            }
        } else {
            let came = room.0[event.subject as usize].came.as_secs();
            served.push((came, now.as_secs() - came));
            is_busy = false;
            next = loop {
                match queue.pop(&mut room, now) {
                    Popped::Serve(id) => break Some(id),
                    Popped::Drop(_) => {}
                    Popped::Empty => break None,
                }
            };
        }
        if let Some(id) = next {
            is_busy = true;
            let service = case.number("service") * services.exponential();
            events.schedule(now + SimDuration::from_secs(service), id);
        }
    }
    let deadline = case.number("deadline");
    let useful = |from: f64, to: f64| {
        let here = |came: f64| (from..to).contains(&came);
        let all = room.0.iter().filter(|entry| here(entry.came.as_secs())).count();
        let good = served.iter().filter(|(came, took)| here(*came) && *took <= deadline).count();
        good as f64 / all as f64
    };
    let mut measures: Measures = [
        ("useful_frac_pulse", useful(begin, end)),
        ("useful_frac_after", useful(end, end + case.number("after"))),
        ("useful_frac_all", useful(0.0, f64::INFINITY)),
        ("drop_frac", 1.0 - served.len() as f64 / room.0.len() as f64),
    ]
    .into();
    let names =
        ["latency_served_mean", "latency_served_p50", "latency_served_p95", "latency_served_p99"];
    let mut latencies: Vec<f64> = served.into_iter().map(|(_, took)| took).collect();
    spread(&mut measures, names, &mut latencies);
    measures
}
