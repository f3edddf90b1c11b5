//! Every policy in steady use: one call is one decision, and what belongs to it.

use kneepoint::engine::{SimDuration, SimTime, Stream};
use kneepoint::policy::admission::adaptive::{self, AdaptiveLimit, Algorithm};
use kneepoint::policy::admission::concurrency::ConcurrencyLimit;
use kneepoint::policy::admission::deadline::{self, DeadlineShedder};
use kneepoint::policy::admission::keyed::{Keyed, Settings};
use kneepoint::policy::admission::priority::PriorityShedder;
use kneepoint::policy::admission::{Decision, fixed_window, gradient, leaky_bucket, token_bucket};
use kneepoint::policy::arrivals::phases::OnOff;
use kneepoint::policy::arrivals::wave::Wave;
use kneepoint::policy::arrivals::{self, Source};
use kneepoint::policy::backoff::Backoff;
use kneepoint::policy::balancer::ejection::{self, Ejections};
use kneepoint::policy::balancer::{self, Algorithm as Choice, Balancer};
use kneepoint::policy::breaker::{self, Breaker, Outcome, Window};
use kneepoint::policy::budget::{self, Budget};
use kneepoint::policy::bulkhead::{self, Bulkhead};
use kneepoint::policy::busy::BusyHandler;
use kneepoint::policy::hedge::{self, After, Hedge};
use kneepoint::policy::queue::{
    self, Entries, Order, Popped, Queue, Shed, codel, controlled_delay,
};
use kneepoint::policy::retry::{self, Attempts, Failure, RetryAfter, Shared};
use kneepoint::policy::throttle::{self, Throttle};

/// A policy and one use of it, numbered from 0.
pub(crate) type Stop = (&'static str, Box<dyn FnMut(u64) -> u64>);

const MS: u64 = 1_000_000;

/// One use every tenth of a millisecond.
fn time(k: u64) -> SimTime {
    SimTime(k * MS / 10)
}

fn limiter(name: &'static str, settings: Settings) -> Stop {
    let mut limiter = Keyed::new(&settings, 1_000);
    let decide = move |k: u64| match limiter.decide((k % 1_000) as u32, time(k)) {
        Decision::Admit => 1,
        Decision::Delay(wait) => wait.0,
        Decision::Reject { retry_after } => retry_after.0,
    };
    (name, Box::new(decide))
}

/// Rates of 9 a second for each of 1000 keys that come 10 times a second.
fn limiters() -> Vec<Stop> {
    let (rate_per_sec, burst, wait_max) = (9.0, 20.0, SimDuration::ZERO);
    let window = fixed_window::Settings { limit: 9, window: SimDuration(1_000 * MS) };
    let (undelayed, tick) = (20.0, SimDuration(MS));
    let leaky = leaky_bucket::Settings { rate_per_sec, burst, undelayed, tick };
    let bucket = token_bucket::Settings { rate_per_sec, burst, wait_max };
    vec![
        limiter("token bucket", Settings::TokenBucket(bucket)),
        limiter("leaky bucket", Settings::LeakyBucket(leaky)),
        limiter("fixed window", Settings::FixedWindow(window)),
        limiter("sliding log", Settings::SlidingLog(window)),
        limiter("sliding counter", Settings::SlidingCounter(window)),
    ]
}

fn adaptive(name: &'static str, algorithm: Algorithm) -> Stop {
    let settings = adaptive::Settings { algorithm, ..adaptive::Settings::default() };
    let (mut limit, mut random) = (AdaptiveLimit::new(&settings), Stream::new(1, 0, 0));
    let decide = move |k: u64| {
        let took = SimDuration(MS + random.below(MS));
        if limit.decide() != Decision::Admit || k.is_multiple_of(3) {
            limit.release(time(k), took, false, &mut random);
        }
        u64::from(limit.limit())
    };
    (name, Box::new(decide))
}

fn shedders() -> Vec<Stop> {
    let mut concurrency = ConcurrencyLimit::new(20);
    let service_first = SimDuration(MS);
    let mut deadline =
        DeadlineShedder::new(&deadline::Settings { service_first, weight: 0.1, caution: 1.0 });
    let priority = PriorityShedder { thresholds: [f64::INFINITY, 0.9, 0.8, 0.5] };
    let mut throttle = Throttle::new(&throttle::Settings::default());
    let mut random = Stream::new(1, 0, 0);
    let mut bulkhead = Bulkhead::new(&bulkhead::Settings { running_max: 20, waiting_max: 5 });
    vec![
        (
            "concurrency limit",
            Box::new(move |_| {
                if concurrency.decide() != Decision::Admit {
                    concurrency.release();
                }
                u64::from(concurrency.in_flight())
            }),
        ),
        adaptive("gradient", Algorithm::Gradient(gradient::Settings::default())),
        adaptive("vegas", Algorithm::Vegas),
        (
            "deadline",
            Box::new(move |k| {
                deadline.observe(SimDuration(MS + k % MS));
                let decision = deadline.decide(time(k), time(k + 50), k as u32 % 9, 2);
                u64::from(decision == Decision::Admit)
            }),
        ),
        (
            "priority",
            Box::new(move |k| {
                u64::from(priority.decide((k % 4) as u8, (k % 10) as f64 / 10.0) == Decision::Admit)
            }),
        ),
        (
            "throttle",
            Box::new(move |k| {
                let sends = throttle.sends(time(k), &mut random);
                if sends && k.is_multiple_of(2) {
                    throttle.on_accept(time(k));
                }
                u64::from(sends)
            }),
        ),
        (
            "bulkhead",
            Box::new(move |_| {
                if bulkhead.decide() == bulkhead::Decision::Reject {
                    bulkhead.release();
                }
                u64::from(bulkhead.waiting())
            }),
        ),
    ]
}

fn retried(name: &'static str, settings: budget::Settings) -> Stop {
    let (mut budget, mut random) = (Budget::new(&settings), Stream::new(1, 0, 0));
    let retries = retry::Settings {
        retries_count: 3,
        backoff: Backoff::Decorrelated { base: SimDuration(MS), cap: SimDuration(100 * MS) },
        retry_after: RetryAfter::AtLeast,
        ..retry::Settings::default()
    };
    let decide = move |k: u64| {
        budget.on_request(time(k));
        budget.on_outcome(!k.is_multiple_of(4));
        let attempts = Attempts {
            made: (k % 4) as u32 + 1,
            previous: SimDuration(k % 7 * MS),
            retry_after: SimDuration::ZERO,
        };
        let shared = Some(Shared { budget: &mut budget, retries: 1, in_flight: 10 });
        match retries.decide(time(k), Failure::TimedOut, attempts, shared, &mut random) {
            retry::Decision::Retry(wait) => wait.0,
            _ => 0,
        }
    };
    (name, Box::new(decide))
}

fn breaker(name: &'static str, window: Window) -> Stop {
    let open_wait = SimDuration(MS);
    let settings = breaker::Settings { window, open_wait, ..breaker::Settings::default() };
    let (mut breaker, mut random) = (Breaker::new(settings), Stream::new(1, 0, 0));
    let decide = move |k: u64| {
        let breaker::Decision::Admit(permit) = breaker.decide(time(k)) else { return 0 };
        let outcome = Outcome { failed: random.chance(0.4), took: SimDuration(MS) };
        breaker.record(time(k), permit, outcome);
        1
    };
    (name, Box::new(decide))
}

fn callers() -> Vec<Stop> {
    let window = SimDuration(10_000 * MS);
    let after = After::Quantile { share: 0.95, answers_min: 100, half_life: 1_000 };
    let budget = Some(budget::Settings::Bucket { tokens_max: 10.0, ratio: 0.1 });
    let mut hedge = Hedge::new(&hedge::Settings { after, copies_max: 1, budget });
    let mut random = Stream::new(1, 0, 0);
    let busy = BusyHandler { timeout: SimDuration(5_000 * MS) };
    vec![
        retried("retry, bucket", budget::Settings::Bucket { tokens_max: 10.0, ratio: 0.1 }),
        retried(
            "retry, window",
            budget::Settings::Window { ratio: 0.1, reserve_per_sec: 1.0, window },
        ),
        retried("retry, throttle", budget::Settings::Throttle { tokens_max: 10.0, ratio: 0.1 }),
        retried("retry, concurrent", budget::Settings::Concurrent { share: 0.2, least: 3 }),
        breaker("breaker, calls", Window::Calls(100)),
        breaker("breaker, time", Window::Time(window)),
        (
            "hedge",
            Box::new(move |k| {
                hedge.on_request(time(k));
                let took = SimDuration((random.exponential() * 2e7) as u64);
                let due = hedge.delay().is_some_and(|delay| took > delay);
                hedge.on_answer(took);
                u64::from(due && hedge.try_copy(time(k), 0, 0, 1))
            }),
        ),
        ("busy handler", Box::new(move |k| busy.sleep((k % 70) as u32).map_or(0, |s| s.0))),
    ]
}

/// Waiting tasks, as large as real ones.
#[derive(Clone, Copy, Default)]
struct Task {
    links: [u32; 2],
    since: u64,
    _rest: [u64; 7],
}

struct Tasks(Vec<Task>);

impl Entries for Tasks {
    fn previous(&self, id: u32) -> u32 {
        self.0[id as usize].links[0]
    }
    fn next(&self, id: u32) -> u32 {
        self.0[id as usize].links[1]
    }
    fn set_previous(&mut self, id: u32, previous: u32) {
        self.0[id as usize].links[0] = previous;
    }
    fn set_next(&mut self, id: u32, next: u32) {
        self.0[id as usize].links[1] = next;
    }
    fn enqueued(&self, id: u32) -> SimTime {
        SimTime(self.0[id as usize].since)
    }
    fn class(&self, id: u32) -> u8 {
        (id % 4) as u8
    }
}

/// A thousand tasks in turn: one comes, one is served, half of them wait.
fn discipline(name: &'static str, order: Order, shed: Shed) -> Stop {
    let mut queue = Queue::new(&queue::Settings { order, shed, ..queue::Settings::default() });
    let mut tasks = Tasks(vec![Task::default(); 1_000]);
    let mut free: Vec<u32> = (0..1_000).collect();
    let decide = move |k: u64| {
        let mut served = 0;
        while free.len() < 500 {
            match queue.pop(&mut tasks, time(k)) {
                Popped::Serve(id) => {
                    free.push(id);
                    served = u64::from(id);
                    break;
                }
                Popped::Drop(id) => free.push(id),
                Popped::Empty => break,
            }
        }
        if let Some(id) = free.pop() {
            tasks.0[id as usize].since = time(k).0;
            queue.push(&mut tasks, id, time(k));
        }
        served
    };
    (name, Box::new(decide))
}

/// The same with nothing but a list: what first in, first out cannot do without.
fn plain_list() -> Stop {
    let mut tasks = Tasks(vec![Task::default(); 1_000]);
    let mut free: Vec<u32> = (0..1_000).collect();
    let [mut oldest, mut newest] = [queue::NONE; 2];
    let decide = move |k: u64| {
        let mut served = 0;
        if free.len() < 500 {
            let id = oldest;
            oldest = tasks.next(id);
            if oldest == queue::NONE {
                newest = queue::NONE;
            } else {
                tasks.set_previous(oldest, queue::NONE);
            }
            free.push(id);
            served = u64::from(id);
        }
        if let Some(id) = free.pop() {
            tasks.0[id as usize].since = time(k).0;
            tasks.0[id as usize].links = [newest, queue::NONE];
            if newest == queue::NONE {
                oldest = id;
            } else {
                tasks.set_next(newest, id);
            }
            newest = id;
        }
        served
    };
    ("queue, plain list", Box::new(decide))
}

fn queues() -> Vec<Stop> {
    let (target, interval) = (SimDuration(5 * MS), SimDuration(100 * MS));
    let controlled = Shed::ControlledDelay(controlled_delay::Settings { target, interval });
    vec![
        plain_list(),
        discipline("queue, first in first out", Order::Fifo, Shed::Nobody),
        discipline("queue, last in first out", Order::Lifo, Shed::Nobody),
        discipline("queue, adaptive", Order::AdaptiveLifo { from: 100 }, Shed::Nobody),
        discipline("queue, priority", Order::Priority, Shed::Nobody),
        discipline("queue, expired", Order::Fifo, Shed::Expired),
        discipline("queue, controlled delay", Order::Fifo, controlled),
        discipline("queue, codel", Order::Fifo, Shed::CoDel(codel::Settings { target, interval })),
    ]
}

fn balanced(name: &'static str, algorithm: Choice, weights: Vec<u32>) -> Stop {
    let settings = balancer::Settings { algorithm, ..balancer::Settings::default() };
    let (mut balancer, mut random) = (Balancer::new(&settings, &weights), Stream::new(1, 0, 0));
    let mut under_way = [0_u16; 64];
    let decide = move |k: u64| {
        let place = (k % 64) as usize;
        if k >= 64 {
            balancer.finished(under_way[place]);
        }
        under_way[place] = balancer.pick(time(k), &mut random).unwrap_or(0);
        u64::from(under_way[place])
    };
    (name, Box::new(decide))
}

fn balancers() -> Vec<Stop> {
    let mut ejections = Ejections::new(&ejection::Settings::default(), 10);
    vec![
        balanced("round robin of 10", Choice::RoundRobin, vec![1; 10]),
        balanced("weighted of 10", Choice::RoundRobin, (1..=10).collect()),
        balanced("random of 10", Choice::Random, vec![1; 10]),
        balanced("least of 10", Choice::LeastConnections, vec![1; 10]),
        balanced("two choices of 10", Choice::TwoChoices, vec![1; 10]),
        balanced("least of 1000", Choice::LeastConnections, vec![1; 1_000]),
        balanced("two choices of 1000", Choice::TwoChoices, vec![1; 1_000]),
        (
            "ejection",
            Box::new(move |k| {
                let out = ejections.on_outcome(time(k), (k % 10) as u16, k % 10 != 3);
                if k.is_multiple_of(1_000) {
                    ejections.sweep(time(k), |_| ());
                }
                u64::from(out)
            }),
        ),
    ]
}

fn source(name: &'static str, settings: arrivals::Settings) -> Stop {
    let (mut source, mut random) = (Source::new(&settings), Stream::new(1, 0, 0));
    let mut now = SimTime::ZERO;
    let next = move |_| {
        now = source.next(now, &mut random);
        now.0
    };
    (name, Box::new(next))
}

fn sources() -> Vec<Stop> {
    let second = SimDuration(1_000 * MS);
    let wave =
        Wave { mean_per_sec: 1e3, swing: 0.5, period: SimDuration(86_400_000 * MS), peak: second };
    let bursts = OnOff {
        busy_per_sec: 1e3,
        quiet_per_sec: 10.0,
        busy: second,
        quiet: second,
        is_random: true,
    };
    vec![
        source("poisson", arrivals::Settings::Poisson { rate_per_sec: 1e3 }),
        source("constant", arrivals::Settings::Constant { rate_per_sec: 1e3, first: second }),
        source("on and off", arrivals::Settings::OnOff(bursts)),
        source("wave", arrivals::Settings::Wave(wave)),
        source(
            "cron",
            arrivals::Settings::Cron { period: second, offset: second, jitter: SimDuration(MS) },
        ),
    ]
}

/// All policies.
pub(crate) fn tour() -> Vec<Stop> {
    let families = [limiters(), shedders(), callers(), queues(), balancers(), sources()];
    families.into_iter().flatten().collect()
}
