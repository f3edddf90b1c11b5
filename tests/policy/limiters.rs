//! Rate limiters: what they let through, and what waits for them.

use std::collections::VecDeque;

use kneepoint::engine::events::FutureEvents;
use kneepoint::engine::{SimDuration, SimTime};
use kneepoint::policy::admission::keyed::{Limiter, Settings};
use kneepoint::policy::admission::sliding_counter::SlidingCounter;
use kneepoint::policy::admission::{Decision, fixed_window, leaky_bucket, token_bucket};
use kneepoint::policy::arrivals::batch::Batch;
use kneepoint::policy::arrivals::{self, Source};

use super::{ARRIVAL, Case, Measures, at, mean, overlap, percentile, spread, stream};

/// Poisson arrivals after the first tenth, as in the reference runs.
const ARRIVALS: u32 = 4_000_000;

/// Feeds Poisson arrivals to a limiter; gives the share and the rate of those let in, and the waits
/// in seconds.
fn poisson(rate_per_sec: f64, settings: &Settings) -> (f64, f64, Vec<f64>) {
    let mut source = Source::new(&arrivals::Settings::Poisson { rate_per_sec });
    let (mut limiter, mut random) = (Limiter::new(settings), stream(0, 0));
    let (mut now, mut begin, mut passed, mut waits) = (SimTime::ZERO, 0.0, 0_u32, Vec::new());
    for k in 0..ARRIVALS + ARRIVALS / 10 {
        now = source.next(now, &mut random);
        if k == ARRIVALS / 10 {
            (begin, passed) = (now.as_secs(), 0);
            waits.clear();
        }
        match limiter.decide(now) {
            Decision::Admit => waits.push(0.0),
            Decision::Delay(wait) => waits.push(wait.as_secs()),
            Decision::Reject { .. } => continue,
        }
        passed += 1;
    }
    let passed = f64::from(passed);
    (passed / f64::from(ARRIVALS), passed / (now.as_secs() - begin), waits)
}

fn bucket(rate_per_sec: f64, burst: f64) -> token_bucket::Settings {
    token_bucket::Settings { rate_per_sec, burst, wait_max: SimDuration::ZERO }
}

fn windows(case: &Case<'_>) -> fixed_window::Settings {
    let window = SimDuration::from_secs(case.number("W"));
    fixed_window::Settings { limit: case.count("N"), window }
}

pub(super) fn token_bucket(case: &Case<'_>) -> Measures {
    let settings = Settings::TokenBucket(bucket(case.number("r"), case.number("B")));
    let (share, rate, _) = poisson(case.number("lam"), &settings);
    [("reject", 1.0 - share), ("accept_rate", rate)].into()
}

pub(super) fn token_bucket_even(case: &Case<'_>) -> Measures {
    let lam = case.number("lam");
    let mut limiter =
        Limiter::new(&Settings::TokenBucket(bucket(case.number("r"), case.number("B"))));
    let count = (lam * case.number("T")).ceil() as u32;
    let rejected: Vec<u32> =
        (0..count).filter(|&k| limiter.decide(at(f64::from(k) / lam)) != Decision::Admit).collect();
    let accepted = f64::from(count) - rejected.len() as f64;
    let first = rejected.first().map_or(f64::NAN, |&k| f64::from(k));
    [("accepted", accepted), ("first_rejected_index", first)].into()
}

pub(super) fn leaky_bucket(case: &Case<'_>) -> Measures {
    let (_, _, mut waits) = poisson(
        case.number("lam"),
        &Settings::LeakyBucket(leaky_bucket::Settings {
            rate_per_sec: case.number("r"),
            burst: f64::INFINITY,
            undelayed: 0.0,
            tick: SimDuration::ZERO,
        }),
    );
    let (p95, p99) = (percentile(&mut waits, 0.95), percentile(&mut waits, 0.99));
    [("mean_wait", mean(&waits)), ("wait_p95", p95), ("wait_p99", p99)].into()
}

pub(super) fn fixed_window(case: &Case<'_>) -> Measures {
    let lam = case.number("lam");
    let (share, rate, _) = poisson(lam, &Settings::FixedWindow(windows(case)));
    [("accept_ratio", share), ("accepted_per_window", rate * case.number("W"))].into()
}

pub(super) fn sliding_log(case: &Case<'_>) -> Measures {
    let (share, rate, _) = poisson(case.number("lam"), &Settings::SlidingLog(windows(case)));
    [("accept_ratio", share), ("accept_rate", rate)].into()
}

pub(super) fn sliding_counter(case: &Case<'_>) -> Measures {
    let window = SimDuration::from_secs(case.number("W"));
    let mut limiter = SlidingCounter::new(&fixed_window::Settings { limit: u32::MAX, window });
    (0..case.count("prev")).for_each(|_| assert_eq!(limiter.decide(at(0.0)), Decision::Admit));
    let border = SimTime::ZERO + window;
    (0..case.count("cur")).for_each(|_| assert_eq!(limiter.decide(border), Decision::Admit));
    let now = border + SimDuration::from_secs(case.number("elapsed"));
    [("estimate", limiter.estimate(now))].into()
}

pub(super) fn double_burst(case: &Case<'_>) -> Measures {
    let passed = |settings: &Settings| {
        let mut limiter = Limiter::new(settings);
        let mut passed = 0_u32;
        for burst in case.numbers("t_burst") {
            for _ in 0..case.count("burst_each") {
                passed += u32::from(limiter.decide(at(burst)) == Decision::Admit);
            }
        }
        f64::from(passed)
    };
    let windows = windows(case);
    [
        ("accepted_fixed_in_200ms", passed(&Settings::FixedWindow(windows))),
        ("accepted_sliding_log_in_200ms", passed(&Settings::SlidingLog(windows))),
    ]
    .into()
}

/// Batches through a token bucket to a few first-in-first-out servers.
pub(super) fn bucket_pool(case: &Case<'_>, seed: u64) -> Measures {
    let (from, to) = (case.number("W"), case.number("H"));
    let wait_max = if case.text("mode") == "shape" { u64::MAX } else { 0 };
    let mut limiter = Limiter::new(&Settings::TokenBucket(token_bucket::Settings {
        wait_max: SimDuration(wait_max),
        ..bucket(case.number("rate"), case.number("burst"))
    }));
    let rate_per_sec = case.number("batch_rate");
    let mut source = Source::new(&arrivals::Settings::Poisson { rate_per_sec });
    let batch = Batch::Geometric { mean: case.number("batch_mean") };
    let (mut random, mut services) = (stream(seed, 0), stream(seed, 1));
    let mut free = vec![0.0_f64; case.count("c") as usize];
    let (mut busy, mut done, mut measured, mut rejected) = (0.0, 0.0, 0.0, 0.0);
    let (mut responses, mut waits) = (Vec::new(), Vec::new());
    let mut now = source.next(SimTime::ZERO, &mut random);
    while now < at(to) {
        let came = now.as_secs();
        let counts = came >= from;
        for _ in 0..batch.size(&mut random) {
            measured += f64::from(u8::from(counts));
            let wait = match limiter.decide(now) {
                Decision::Admit => 0.0,
                Decision::Delay(wait) => wait.as_secs(),
                Decision::Reject { .. } => {
                    rejected += f64::from(u8::from(counts));
                    continue;
                }
            };
            let server = (0..free.len()).min_by(|&a, &b| free[a].total_cmp(&free[b]));
            let server = server.expect("there is a server");
            let start = free[server].max(came + wait);
            let end = start + case.number("service") * services.exponential();
            free[server] = end;
            busy += overlap(start, end, from, to);
            done += f64::from(u8::from((from..to).contains(&end)));
            if counts {
                responses.push(end - came);
                waits.push(wait);
            }
        }
        now = source.next(now, &mut random);
    }
    let mut measures: Measures = [
        ("reject_frac", rejected / measured),
        ("throughput", done / (to - from)),
        ("pool_util", busy / (to - from) / free.len() as f64),
        ("shaper_wait_mean", mean(&waits)),
    ]
    .into();
    let names = ["response_mean", "response_p50", "response_p95", "response_p99"];
    spread(&mut measures, names, &mut responses);
    measures
}

struct Job {
    came: f64,
    attempts: u32,
    rejections: u32,
    is_rejected: bool,
    since: f64,
}

/// Workers that call a third party which counts by fixed windows, and sleep until the next one.
pub(super) fn third_party(case: &Case<'_>, seed: u64) -> Measures {
    let (from, to, window) = (case.number("W"), case.number("H"), case.number("window"));
    let mut limiter = Limiter::new(&Settings::FixedWindow(fixed_window::Settings {
        limit: case.count("limit"),
        window: SimDuration::from_secs(window),
    }));
    let mut source = Source::new(&arrivals::Settings::Poisson { rate_per_sec: case.number("lam") });
    let (mut random, mut draws) = (stream(seed, 0), stream(seed, 1));
    let (mut events, mut jobs, mut queue) =
        (FutureEvents::default(), Vec::<Job>::new(), VecDeque::new());
    let mut idle = case.count("workers");
    let (mut done, mut busy, mut latencies) = (0.0, 0.0, Vec::new());
    let (mut measured, mut failed, mut rejections) = (0.0, 0.0, 0.0);
    events.schedule(source.next(SimTime::ZERO, &mut random), ARRIVAL);
    while let Some(event) = events.pop_until(SimTime::NEVER) {
        let (now, mut next) = (event.time.as_secs(), None);
        if event.subject == ARRIVAL {
            if event.time >= at(to) {
                continue;
            }
            events.schedule(source.next(event.time, &mut random), ARRIVAL);
            let job = Job { came: now, attempts: 0, rejections: 0, is_rejected: false, since: 0.0 };
            jobs.push(job);
            queue.push_back(jobs.len() as u32 - 1);
        } else {
            // The answer, or the end of the sleep.
            let job = &mut jobs[event.subject as usize];
            if job.attempts > job.rejections {
                if now < to && now >= from {
                    done += 1.0;
                }
                if job.came >= from {
                    latencies.push(now - job.came);
                }
            }
            let gives_up = job.is_rejected && job.attempts == case.count("max_attempts");
            if job.attempts > job.rejections || gives_up {
                busy += overlap(job.since, now, from, to);
                idle += 1;
                if job.came >= from {
                    measured += 1.0;
                    failed += f64::from(u8::from(gives_up));
                    rejections += f64::from(job.rejections);
                }
            } else if job.is_rejected {
                job.is_rejected = false;
                let border = (now / window).ceil() * window;
                let wake = border + case.number("jitter") * draws.unit();
                events.schedule(at(wake), event.subject);
            } else {
                next = Some(event.subject);
            }
        }
        if next.is_none() && idle > 0 {
            next = queue.pop_front();
            if let Some(id) = next {
                idle -= 1;
                jobs[id as usize].since = now;
            }
        }
        let Some(id) = next else { continue };
        let job = &mut jobs[id as usize];
        job.attempts += 1;
        let took = if limiter.decide(event.time) == Decision::Admit {
            case.number("api_fixed") + case.number("api_exp") * draws.exponential()
        } else {
            job.rejections += 1;
            job.is_rejected = true;
            case.number("reject_latency")
        };
        events.schedule(at(now + took), id);
    }
    let mut measures: Measures = [
        ("throughput", done / (to - from)),
        ("r429_per_job", rejections / measured),
        ("fail_frac", failed / measured),
        ("worker_util", busy / (to - from) / case.number("workers")),
    ]
    .into();
    spread(&mut measures, ["job_mean", "job_p50", "job_p95", "job_p99"], &mut latencies);
    measures
}

/// Clients that come back to a token bucket after an exponential time.
pub(super) fn retries_against_a_bucket(case: &Case<'_>) -> Measures {
    let settings = Settings::TokenBucket(bucket(case.number("C"), case.number("bucket")));
    let (lam, retries) = (case.number("lam"), case.count("n"));
    let (mut limiter, mut random) = (Limiter::new(&settings), stream(0, 0));
    let mut source = Source::new(&arrivals::Settings::Poisson { rate_per_sec: lam });
    let mut events = FutureEvents::default();
    let (end, begin) = (at(200_000.0), at(20_000.0));
    let (mut requests, mut attempts, mut rejected, mut successes) = (0.0, 0.0, 0.0, 0.0);
    // The subject is how many retries were made.
    events.schedule(source.next(SimTime::ZERO, &mut random), 0);
    while let Some(event) = events.pop_until(end) {
        let counts = f64::from(u8::from(event.time >= begin));
        if event.subject == 0 {
            events.schedule(source.next(event.time, &mut random), 0);
            requests += counts;
        }
        attempts += counts;
        if limiter.decide(event.time) == Decision::Admit {
            successes += counts;
            continue;
        }
        rejected += counts;
        if event.subject < retries {
            let wait = case.number("backoff_mean") * random.exponential();
            events.schedule(event.time + SimDuration::from_secs(wait), event.subject + 1);
        }
    }
    [
        ("success", successes / requests),
        ("attempt_reject_prob", rejected / attempts),
        ("attempt_rate", attempts / end.since(begin).as_secs()),
        ("attempts_per_request", attempts / requests),
    ]
    .into()
}
