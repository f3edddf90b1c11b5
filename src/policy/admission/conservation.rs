//! What every rate limiter must keep to, whatever comes.

use proptest::prelude::*;

use super::keyed::{Limiter, Settings};
use super::{Decision, fixed_window, leaky_bucket, token_bucket};
use crate::engine::{SimDuration, SimTime};

/// A limiter, and the most it may let through in a span of nanoseconds.
type Case = (Settings, Box<dyn Fn(u64) -> f64>);

fn cases(limit: u32, window: u64, wait: u64) -> Vec<Case> {
    let rate = f64::from(limit) / window as f64;
    let (burst, rate_per_sec) = (f64::from(limit), rate * 1e9);
    let windows = fixed_window::Settings { limit, window: SimDuration(window) };
    let bucket =
        |wait_max| Settings::TokenBucket(token_bucket::Settings { rate_per_sec, burst, wait_max });
    let leaky = |undelayed| {
        let tick = SimDuration::ZERO;
        Settings::LeakyBucket(leaky_bucket::Settings { rate_per_sec, burst, undelayed, tick })
    };
    // A request due within a nanosecond counts as due.
    let steady = move |most: f64| {
        Box::new(move |span: u64| most + rate * (span + 2) as f64 + 1e-6) as Box<dyn Fn(u64) -> f64>
    };
    // Windows that a span touches: one more than it can hold, and the one it begins in.
    let touched = move |span: u64| (span / window + 2) as f64 * f64::from(limit);
    let logged = move |span: u64| (span / window + 1) as f64 * f64::from(limit);
    vec![
        (bucket(SimDuration::ZERO), steady(burst)),
        (bucket(SimDuration(wait)), steady(burst)),
        (leaky(burst), steady(burst + 1.0)),
        (leaky(0.0), steady(1.0)),
        (Settings::FixedWindow(windows), Box::new(touched)),
        (Settings::SlidingCounter(windows), Box::new(touched)),
        (Settings::SlidingLog(windows), Box::new(logged)),
    ]
}

/// When each request came in, waits included.
fn admissions(settings: &Settings, gaps: &[u64]) -> Vec<u64> {
    let (mut limiter, mut now, mut admitted) = (Limiter::new(settings), 0, Vec::new());
    for gap in gaps {
        now += gap;
        match limiter.decide(SimTime(now)) {
            Decision::Admit => admitted.push(now),
            Decision::Delay(wait) => admitted.push(now + wait.0),
            Decision::Reject { .. } => {}
        }
    }
    admitted
}

proptest! {
    #[test]
    fn no_interval_lets_more_through_than_its_limit(
        limit in 1_u32..20,
        window in 1_000_u64..1_000_000_000,
        wait in 0_u64..1_000_000_000,
        gaps in prop::collection::vec(prop_oneof![0_u64..10, 0_u64..200_000_000], 1..200),
    ) {
        for (settings, most) in cases(limit, window, wait) {
            let admitted = admissions(&settings, &gaps);
            prop_assert!(!admitted.is_empty(), "the first request is always let in");
            for (first, from) in admitted.iter().enumerate() {
                for (last, to) in admitted.iter().enumerate().skip(first) {
                    prop_assert!(from <= to, "{settings:?} lets a later request overtake");
                    let passed = (last - first + 1) as f64;
                    prop_assert!(
                        passed <= most(to - from),
                        "{settings:?} let {passed} through in {}", to - from
                    );
                }
            }
        }
    }

    #[test]
    fn coming_back_when_told_is_neither_too_early_nor_too_late(
        limit in 1_u32..20,
        window in 1_000_u64..1_000_000_000,
        gaps in prop::collection::vec(0_u64..100_000_000, 1..60),
    ) {
        for (settings, _) in cases(limit, window, 0) {
            let (mut limiter, mut now) = (Limiter::new(&settings), 0);
            for gap in &gaps {
                now += gap;
                let Decision::Reject { retry_after } = limiter.decide(SimTime(now)) else { continue };
                let back = SimTime(now) + retry_after;
                // Two nanoseconds of rounding for the limits that are not counted in integers.
                let early = SimTime(back.0.saturating_sub(4).max(now));
                if early.0 + 4 == back.0 {
                    let refused = matches!(limiter.clone().decide(early), Decision::Reject { .. });
                    prop_assert!(refused, "{settings:?} would have let it in before {retry_after:?}");
                }
                let answer = limiter.clone().decide(back);
                let refused = matches!(answer, Decision::Reject { .. });
                prop_assert!(!refused, "{settings:?} does not let it in after {retry_after:?}");
            }
        }
    }
}
