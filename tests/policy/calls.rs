//! What a caller does about failures, without queues: back-off, budgets, breakers, hedges.

use kneepoint::engine::{SimDuration, SimTime};
use kneepoint::policy::arrivals::{self, Source};
use kneepoint::policy::backoff::{Backoff, Jitter};
use kneepoint::policy::breaker::{self, Breaker, Outcome, Probing, State, Window};
use kneepoint::policy::budget::{self, Budget};
use kneepoint::policy::hedge::{self, After, Hedge};
use kneepoint::policy::retry::{self, Attempts, Decision, Failure};

use super::{Case, Measures, spread, stream};

pub(super) fn backoff(case: &Case<'_>) -> Measures {
    let [base, cap] = ["base", "cap"].map(|name| SimDuration::from_secs(case.number(name)));
    let exponential = |jitter| Backoff::Exponential { base, cap, jitter };
    let kinds = [
        ("mean_total_delay_fixed", Backoff::Fixed { base }),
        ("mean_total_delay_expo", exponential(Jitter::None)),
        ("mean_total_delay_equal_jitter", exponential(Jitter::Equal)),
        ("mean_total_delay_full_jitter", exponential(Jitter::Full)),
    ];
    let measured = kinds.into_iter().map(|(name, backoff)| {
        let retries_count = case.count("n");
        let settings = retry::Settings { retries_count, backoff, ..retry::Settings::default() };
        let mut random = stream(0, 0);
        let (mut total, requests) = (0.0, 2_000_000);
        for _ in 0..requests {
            let (mut made, mut previous) = (1, SimDuration::ZERO);
            while random.chance(case.number("p")) {
                let attempts = Attempts { made, previous, retry_after: SimDuration::ZERO };
                let now = SimTime::ZERO;
                match settings.decide(now, Failure::Error, attempts, None, &mut random) {
                    Decision::Retry(wait) => previous = wait,
                    Decision::UsedUp | Decision::NotRetried | Decision::OverBudget => break,
                }
                total += previous.as_secs();
                made += 1;
            }
        }
        (name, total / f64::from(requests))
    });
    measured.collect()
}

pub(super) fn retry_budget(case: &Case<'_>) -> Measures {
    let settings = budget::Settings::Bucket { tokens_max: 10.0, ratio: case.number("ratio") };
    let (mut budget, mut random) = (Budget::new(&settings), stream(0, 0));
    let (mut attempts, requests) = (0_u32, 1_000_000);
    for _ in 0..requests {
        budget.on_request(SimTime::ZERO);
        attempts += 1;
        for _ in 0..case.count("n") {
            if !random.chance(case.number("p")) || !budget.try_retry(SimTime::ZERO, 0, 0) {
                break;
            }
            attempts += 1;
        }
    }
    [("attempts_per_request", f64::from(attempts) / f64::from(requests))].into()
}

pub(super) fn breaker_of(
    window: u32,
    calls_min: u32,
    failures_min: u32,
    open_s: f64,
) -> breaker::Settings {
    breaker::Settings {
        window: Window::Calls(window),
        calls_min,
        failures_share: f64::MIN_POSITIVE,
        failures_min,
        slow_share: 2.0,
        open_wait: SimDuration::from_secs(open_s),
        probes_count: 1,
        probing: Probing::AllSucceed,
        ..breaker::Settings::default()
    }
}

pub(super) fn outcome(failed: bool) -> Outcome {
    Outcome { failed, took: SimDuration::ZERO }
}

pub(super) fn breaker_in_a_row(case: &Case<'_>) -> Measures {
    let k = case.count("k");
    let mut breaker = Breaker::new(breaker_of(k, k, k, case.number("open_s")));
    let mut source = Source::new(&arrivals::Settings::Poisson { rate_per_sec: case.number("lam") });
    let (mut random, mut now, calls) = (stream(0, 0), SimTime::ZERO, 10_000_000);
    let (mut rejected, mut succeeded, mut closed, mut opened) = (0_u32, 0_u32, 0_u32, 0_u32);
    for _ in 0..calls {
        now = source.next(now, &mut random);
        let was_closed = breaker.state() == State::Closed;
        let breaker::Decision::Admit(permit) = breaker.decide(now) else {
            rejected += 1;
            continue;
        };
        let failed = random.chance(case.number("p"));
        breaker.record(now, permit, outcome(failed));
        succeeded += u32::from(!failed);
        closed += u32::from(was_closed);
        opened += u32::from(was_closed && breaker.state() == State::Open);
    }
    let share = |count: u32| f64::from(count) / f64::from(calls);
    [
        ("mean_calls_to_open", f64::from(closed) / f64::from(opened)),
        ("rejected_fraction", share(rejected)),
        ("attempted_fraction", 1.0 - share(rejected)),
        ("success_fraction", share(succeeded)),
    ]
    .into()
}

pub(super) fn breaker_window(case: &Case<'_>) -> Measures {
    let [window, calls_min, failures] =
        ["window", "min_calls", "fail_threshold"].map(|name| case.count(name));
    let settings = breaker_of(window, calls_min, failures, 1.0);
    let (mut random, trips) = (stream(0, 0), 200_000);
    let mut calls = 0_u64;
    for _ in 0..trips {
        let mut breaker = Breaker::new(settings);
        while let breaker::Decision::Admit(permit) = breaker.decide(SimTime::ZERO) {
            calls += 1;
            breaker.record(SimTime::ZERO, permit, outcome(random.chance(case.number("p"))));
        }
    }
    [("mean_calls_to_open", calls as f64 / f64::from(trips))].into()
}

pub(super) fn hedged(case: &Case<'_>) -> Measures {
    let after = SimDuration::from_secs(case.number("hedge_after"));
    let settings = hedge::Settings { after: After::Fixed(after), copies_max: 1, budget: None };
    let (mut hedge, mut random) = (Hedge::new(&settings), stream(0, 0));
    let (mut responses, mut copies) = (Vec::new(), 0_u32);
    for _ in 0..4_000_000 {
        let mut response = case.number("mean_leaf") * random.exponential();
        let due = hedge.delay().expect("a fixed delay").as_secs();
        if response > due && hedge.try_copy(SimTime::ZERO, 0, 0, 1) {
            copies += 1;
            response = response.min(due + case.number("mean_leaf") * random.exponential());
        }
        responses.push(response);
    }
    let mut measures: Measures =
        [("extra_load", f64::from(copies) / responses.len() as f64)].into();
    let names = ["mean", "response_p50", "response_p95", "response_p99"];
    spread(&mut measures, names, &mut responses);
    measures
}
