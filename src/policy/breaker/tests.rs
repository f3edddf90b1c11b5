use proptest::prelude::*;

use super::*;
use crate::engine::Stream;

const SECOND: u64 = 1_000_000_000;

fn at(secs: f64) -> SimTime {
    SimTime::from_secs(secs)
}

fn settings() -> Settings {
    Settings {
        window: Window::Calls(4),
        calls_min: 4,
        failures_share: 0.5,
        failures_min: 0,
        slow_after: SimDuration(SECOND),
        slow_share: 2.0,
        open_wait: SimDuration(5 * SECOND),
        probes_count: 2,
        probing: Probing::AllSucceed,
    }
}

const GOOD: Outcome = Outcome { failed: false, took: SimDuration::ZERO };
const BAD: Outcome = Outcome { failed: true, took: SimDuration::ZERO };
const SLUGGISH: Outcome = Outcome { failed: false, took: SimDuration(2 * SECOND) };

fn permit(breaker: &mut Breaker, now: SimTime) -> Permit {
    match breaker.decide(now) {
        Decision::Admit(permit) => permit,
        Decision::Reject { .. } => panic!("rejected at {now:?} while {:?}", breaker.state()),
    }
}

fn call(breaker: &mut Breaker, now: SimTime, outcome: Outcome) {
    let permit = permit(breaker, now);
    breaker.record(now, permit, outcome);
}

#[test]
fn a_walk_through_all_states() {
    let mut breaker = Breaker::new(settings());
    for outcome in [BAD, BAD, GOOD] {
        call(&mut breaker, at(1.0), outcome);
        assert_eq!(breaker.state(), State::Closed, "fewer than four calls decide nothing");
    }
    let late = permit(&mut breaker, at(1.0));
    call(&mut breaker, at(1.0), GOOD);
    assert_eq!(breaker.state(), State::Open, "two of four are half");
    let rejected = Decision::Reject { retry_after: SimDuration(SECOND) };
    assert_eq!(breaker.decide(at(5.0)), rejected);
    breaker.record(at(5.5), late, GOOD);
    assert_eq!(breaker.state(), State::Open, "a call from before says nothing");

    let first = permit(&mut breaker, at(6.0));
    assert_eq!(breaker.state(), State::HalfOpen);
    let second = permit(&mut breaker, at(6.1));
    assert_eq!(breaker.decide(at(6.2)), Decision::Reject { retry_after: SimDuration::ZERO });
    breaker.record(at(6.5), first, GOOD);
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(breaker.decide(at(6.6)), Decision::Reject { retry_after: SimDuration::ZERO });
    breaker.record(at(7.0), second, BAD);
    assert_eq!(breaker.state(), State::Open, "one probe failed");
    assert_eq!(breaker.decide(at(11.0)), rejected, "the wait begins anew");

    call(&mut breaker, at(12.0), GOOD);
    call(&mut breaker, at(12.0), GOOD);
    assert_eq!(breaker.state(), State::Closed);
    for outcome in [BAD, BAD, BAD] {
        call(&mut breaker, at(13.0), outcome);
        assert_eq!(breaker.state(), State::Closed, "the window is empty after closing");
    }
    call(&mut breaker, at(13.0), BAD);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_window_of_calls_forgets_the_oldest() {
    let mut breaker = Breaker::new(settings());
    for outcome in [BAD, GOOD, GOOD, GOOD, BAD, GOOD, GOOD, GOOD] {
        call(&mut breaker, at(0.0), outcome);
    }
    assert_eq!(breaker.state(), State::Closed, "never two of the last four");
    call(&mut breaker, at(0.0), BAD);
    assert_eq!(breaker.state(), State::Closed);
    call(&mut breaker, at(0.0), BAD);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_window_of_time_forgets_the_oldest() {
    let window = Window::Time(SimDuration(10 * SECOND));
    let mut breaker = Breaker::new(Settings { window, ..settings() });
    (0..3).for_each(|_| call(&mut breaker, at(0.5), BAD));
    (0..3).for_each(|_| call(&mut breaker, at(10.0), GOOD));
    assert_eq!(breaker.state(), State::Closed, "only three calls are in the window");
    call(&mut breaker, at(15.0), BAD);
    assert_eq!(breaker.state(), State::Closed, "one of four");
    call(&mut breaker, at(15.0), BAD);
    call(&mut breaker, at(16.0), BAD);
    assert_eq!(breaker.state(), State::Open, "three of six");
}

#[test]
fn a_few_failures_can_be_too_few_whatever_their_share() {
    let counted = Settings { calls_min: 1, failures_min: 3, ..settings() };
    let mut breaker = Breaker::new(counted);
    [BAD, BAD, GOOD].into_iter().for_each(|outcome| call(&mut breaker, at(0.0), outcome));
    assert_eq!(breaker.state(), State::Closed);
    call(&mut breaker, at(0.0), BAD);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn slow_calls_open_it_too() {
    let mut breaker = Breaker::new(Settings { slow_share: 1.0, ..settings() });
    (0..3).for_each(|_| call(&mut breaker, at(0.0), SLUGGISH));
    assert_eq!(breaker.state(), State::Closed);
    call(&mut breaker, at(0.0), SLUGGISH);
    assert_eq!(breaker.state(), State::Open);
    call(&mut breaker, at(5.0), SLUGGISH);
    assert_eq!(breaker.state(), State::Open, "a slow probe is no good");
}

#[test]
fn probes_can_be_judged_by_their_share() {
    let probing = Probing::SharesBelow;
    let mut breaker = Breaker::new(Settings { probes_count: 4, probing, ..settings() });
    (0..4).for_each(|_| call(&mut breaker, at(0.0), BAD));
    [BAD, GOOD, GOOD].into_iter().for_each(|outcome| call(&mut breaker, at(5.0), outcome));
    assert_eq!(breaker.state(), State::HalfOpen);
    call(&mut breaker, at(5.0), GOOD);
    assert_eq!(breaker.state(), State::Closed, "one of four is below half");
}

#[test]
fn a_cancelled_probe_makes_room_for_another() {
    let mut breaker = Breaker::new(Settings { probes_count: 1, ..settings() });
    (0..4).for_each(|_| call(&mut breaker, at(0.0), BAD));
    let probe = permit(&mut breaker, at(5.0));
    assert!(matches!(breaker.decide(at(5.0)), Decision::Reject { .. }));
    breaker.forget(probe);
    call(&mut breaker, at(5.0), GOOD);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn failures_in_a_row_open_it_as_often_as_theory_says() {
    // Calls until k failures in a row: (1 - p^k) / (p^k (1 - p)) = 62 for p = 1/2, k = 5.
    let mut random = Stream::new(11, 0, 0);
    let row = Settings {
        window: Window::Calls(5),
        calls_min: 5,
        failures_share: 1.0,
        open_wait: SimDuration::ZERO,
        probes_count: 1,
        ..settings()
    };
    let (runs, mut calls) = (20_000_u32, 0_u64);
    for _ in 0..runs {
        let mut breaker = Breaker::new(row);
        while breaker.state() == State::Closed {
            calls += 1;
            let outcome = if random.chance(0.5) { BAD } else { GOOD };
            call(&mut breaker, SimTime::ZERO, outcome);
        }
    }
    let mean = calls as f64 / f64::from(runs);
    // Standard deviation about 58 a run, 0.41 of the mean; allow 4.
    assert!((mean - 62.0).abs() < 1.7, "{mean}");
}

#[test]
fn settings_out_of_range_are_refused() {
    assert_eq!(Settings::default().check(), Ok(()));
    let wrong = [
        Settings { window: Window::Calls(0), ..settings() },
        Settings { window: Window::Time(SimDuration::ZERO), ..settings() },
        Settings { calls_min: 0, ..settings() },
        Settings { failures_share: 0.0, ..settings() },
        Settings { slow_share: f64::NAN, ..settings() },
        Settings { probes_count: 0, ..settings() },
    ];
    wrong.iter().for_each(|settings| assert!(settings.check().is_err(), "{settings:?}"));
}

proptest! {
    /// Counts kept by adding and taking away are those of a count anew.
    #[test]
    fn a_window_of_time_equals_a_recount(
        steps in prop::collection::vec((0_u64..400, any::<bool>()), 1..300),
    ) {
        let window = Window::Time(SimDuration(1_000));
        let kept = Settings { window, calls_min: 5, failures_share: 0.8, ..settings() };
        let mut breaker = Breaker::new(kept);
        let (mut now, mut all) = (0, Vec::new());
        for (gap, failed) in steps {
            now += gap;
            let permit = permit(&mut breaker, SimTime(now));
            let outcome = Outcome { failed, took: SimDuration::ZERO };
            breaker.record(SimTime(now), permit, outcome);
            all.push((now / 100, failed));
            let recent = || all.iter().filter(|(slot, _)| slot + 10 > now / 100);
            let calls = recent().count();
            let failures = recent().filter(|(_, failed)| *failed).count();
            let opens = calls >= 5 && failures as f64 >= 0.8 * calls as f64;
            prop_assert_eq!(breaker.state() == State::Open, opens);
            if opens {
                break;
            }
        }
    }
}
