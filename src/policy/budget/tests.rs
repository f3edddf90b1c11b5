use proptest::prelude::*;

use super::*;

fn at(secs: f64) -> SimTime {
    SimTime::from_secs(secs)
}

#[test]
fn ten_requests_at_a_tenth_pay_for_one_retry() {
    let mut budget = Budget::new(&Settings::Bucket { tokens_max: 1.0, ratio: 0.1 });
    assert!(budget.try_retry(SimTime::ZERO, 0, 0), "the bucket is full at first");
    for _ in 0..9 {
        budget.on_request(SimTime::ZERO);
        assert!(!budget.try_retry(SimTime::ZERO, 0, 0));
    }
    budget.on_request(SimTime::ZERO);
    assert!(budget.try_retry(SimTime::ZERO, 0, 0));
}

#[test]
fn a_bucket_limits_attempts_to_one_and_the_ratio() {
    // Everything fails and three retries are wanted for each request: 1 + ratio attempts.
    let mut budget = Budget::new(&Settings::Bucket { tokens_max: 10.0, ratio: 0.1 });
    let mut attempts = 0_u32;
    for _ in 0..100_000 {
        budget.on_request(SimTime::ZERO);
        attempts += 1;
        attempts += (0..3).filter(|_| budget.try_retry(SimTime::ZERO, 0, 0)).count() as u32;
    }
    // The first 9 tokens beyond the one that a full bucket cannot take.
    assert_eq!(attempts, 100_000 + 10_000 + 9);
}

#[test]
fn grpc_stops_at_half_the_tokens_and_recovers_slowly() {
    // From the proposal: 10 tokens, ratio 0.1: the fifth failure stops retries.
    let mut budget = Budget::new(&Settings::Throttle { tokens_max: 10.0, ratio: 0.1 });
    for failures in 1..=4 {
        budget.on_outcome(false);
        assert!(budget.try_retry(SimTime::ZERO, 0, 0), "after {failures}");
    }
    budget.on_outcome(false);
    assert!(!budget.try_retry(SimTime::ZERO, 0, 0), "exactly half is not enough");
    budget.on_outcome(true);
    assert!(budget.try_retry(SimTime::ZERO, 0, 0));
    (0..100).for_each(|_| budget.on_outcome(false));
    (0..50).for_each(|_| budget.on_outcome(true));
    assert!(!budget.try_retry(SimTime::ZERO, 0, 0), "never below zero: 50 successes are 5 tokens");
    budget.on_outcome(true);
    assert!(budget.try_retry(SimTime::ZERO, 0, 0));
}

#[test]
fn requests_of_the_last_window_allow_retries_and_then_expire() {
    let settings =
        Settings::Window { ratio: 0.2, reserve_per_sec: 0.0, window: SimDuration::from_secs(10.0) };
    let mut budget = Budget::new(&settings);
    (0..100).for_each(|_| budget.on_request(at(0.5)));
    let allowed = (0..100).filter(|_| budget.try_retry(at(5.0), 0, 0)).count();
    assert_eq!(allowed, 20);
    (0..100).for_each(|_| budget.on_request(at(5.5)));
    // The requests of 0.5 s are gone at 10 s, the 20 retries of 5.0 s are not: 20 less 20.
    assert!(budget.try_retry(at(9.9), 0, 0));
    assert!(!budget.try_retry(at(10.0), 0, 0));
    // At 15 s all are gone; a window that was skipped entirely is empty.
    assert!(!budget.try_retry(at(15.0), 0, 0));
    (0..5).for_each(|_| budget.on_request(at(100.0)));
    assert!(budget.try_retry(at(100.0), 0, 0));
    assert!(!budget.try_retry(at(100.0), 0, 0));
}

#[test]
fn the_reserve_serves_callers_that_send_little() {
    let settings = Settings::Window {
        ratio: 0.2,
        reserve_per_sec: 10.0,
        window: SimDuration::from_secs(10.0),
    };
    let mut budget = Budget::new(&settings);
    let allowed = (0..1_000).filter(|_| budget.try_retry(at(0.0), 0, 0)).count();
    assert_eq!(allowed, 100);
    assert!(budget.try_retry(at(10.0), 0, 0), "the reserve is there again after the window");
}

#[test]
fn retries_in_flight_are_a_share_of_all_in_flight() {
    let mut budget = Budget::new(&Settings::Concurrent { share: 0.2, least: 3 });
    assert!(budget.try_retry(SimTime::ZERO, 2, 2));
    assert!(!budget.try_retry(SimTime::ZERO, 3, 3));
    assert!(budget.try_retry(SimTime::ZERO, 19, 100));
    assert!(!budget.try_retry(SimTime::ZERO, 20, 100));
}

#[test]
fn settings_out_of_range_are_refused() {
    let wrong = [
        Settings::Bucket { tokens_max: 0.5, ratio: 0.1 },
        Settings::Bucket { tokens_max: 10.0, ratio: -0.1 },
        Settings::Window { ratio: 0.1, reserve_per_sec: 1.0, window: SimDuration::ZERO },
        Settings::Throttle { tokens_max: f64::NAN, ratio: 0.1 },
        Settings::Concurrent { share: 1.5, least: 0 },
    ];
    for settings in wrong {
        assert!(settings.check().is_err(), "{settings:?}");
    }
    assert_eq!(Settings::Bucket { tokens_max: 10.0, ratio: 0.1 }.check(), Ok(()));
}

proptest! {
    #[test]
    fn no_window_holds_more_retries_than_its_share(
        steps in prop::collection::vec((0_u64..2_000, 0_u8..4), 1..400),
        ratio in 0.0_f64..2.0,
    ) {
        let window = 10_000_u64;
        let settings =
            Settings::Window { ratio, reserve_per_sec: 0.0, window: SimDuration(window) };
        let mut budget = Budget::new(&settings);
        let (mut now, mut requests, mut retries) = (0, Vec::new(), Vec::new());
        for (gap, kind) in steps {
            now += gap;
            if kind < 2 {
                budget.on_request(SimTime(now));
                requests.push(now);
            } else if budget.try_retry(SimTime(now), 0, 0) {
                retries.push(now);
                // The ten slots up to now, which is what a window is.
                let since = (now / 1_000).saturating_sub(9) * 1_000;
                let recent = |times: &[u64]| times.iter().filter(|&&t| t >= since).count() as f64;
                let allowed = ratio * recent(&requests);
                prop_assert!(recent(&retries) <= allowed + 1e-3, "{allowed}");
            }
        }
    }
}
