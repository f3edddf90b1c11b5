use proptest::prelude::*;

use super::*;

const MS: u64 = 1_000_000;

fn ms(ms: u64) -> SimDuration {
    SimDuration(ms * MS)
}

fn waits(backoff: Backoff, retries: u32) -> Vec<u64> {
    let mut random = Stream::new(1, 2, 3);
    (1..=retries).map(|k| backoff.delay(k, &mut random).0 / MS).collect()
}

#[test]
fn waits_without_jitter_follow_their_rule_up_to_the_cap() {
    let (base, cap, jitter) = (ms(100), ms(1_000), Jitter::None);
    assert_eq!(waits(Backoff::None, 3), [0, 0, 0]);
    assert_eq!(waits(Backoff::Fixed { base }, 3), [100, 100, 100]);
    assert_eq!(waits(Backoff::Linear { base, cap: ms(350), jitter }, 5), [100, 200, 300, 350, 350]);
    assert_eq!(
        waits(Backoff::Exponential { base, cap, jitter }, 6),
        [100, 200, 400, 800, 1_000, 1_000]
    );
}

#[test]
fn a_long_row_of_retries_stays_at_the_cap() {
    let longest = Backoff::Exponential { base: ms(1), cap: ms(70), jitter: Jitter::None };
    let mut random = Stream::new(1, 2, 3);
    assert_eq!(longest.delay(u32::MAX, &mut random), ms(70));
}

/// Mean of `draws` sums of the waits of `retries` retries, in milliseconds.
fn mean_total(backoff: Backoff, retries: u32, draws: u32) -> f64 {
    let mut random = Stream::new(7, 0, 0);
    let mut total = 0.0;
    for _ in 0..draws {
        let mut previous = SimDuration::ZERO;
        for k in 1..=retries {
            previous = backoff.delay_after(k, previous, &mut random);
            total += previous.as_ms();
        }
    }
    total / f64::from(draws)
}

#[test]
fn jitter_has_the_mean_of_its_range() {
    let (base, cap) = (ms(100), ms(10_000));
    // Waits of 100, 200, 400 and 800 ms. Full: mean 750, standard deviation of the sum
    // sqrt(100^2+200^2+400^2+800^2)/sqrt(12) = 266; of the mean of 100 000 sums 0.84; allow 4.
    let full = mean_total(Backoff::Exponential { base, cap, jitter: Jitter::Full }, 4, 100_000);
    assert!((full - 750.0).abs() < 3.4, "{full}");
    // Equal: three quarters of 1500, half the deviation.
    let equal = mean_total(Backoff::Exponential { base, cap, jitter: Jitter::Equal }, 4, 100_000);
    assert!((equal - 1_125.0).abs() < 1.7, "{equal}");
}

#[test]
fn decorrelated_waits_grow_by_half_again_and_more_until_the_cap() {
    // E[next | previous] = (base + 3 previous) / 2: 200, 350, 575 from 100. The standard deviation
    // of the sum of three is below 3 x 390 = 1170, of the mean of 100 000 below 3.7; allow 4.
    let backoff = Backoff::Decorrelated { base: ms(100), cap: ms(1_000_000) };
    let mean = mean_total(backoff, 3, 100_000);
    assert!((mean - 1_125.0).abs() < 14.8, "{mean}");
}

#[test]
fn a_cap_below_the_base_is_refused() {
    let wrong = Backoff::Decorrelated { base: ms(100), cap: ms(99) };
    let error = wrong.check().unwrap_err();
    assert_eq!(error.to_string(), "cap_ms is 99, but must be at least the base");
    assert_eq!(Backoff::Decorrelated { base: ms(100), cap: ms(100) }.check(), Ok(()));
    assert_eq!(Backoff::None.check(), Ok(()));
}

proptest! {
    #[test]
    fn every_wait_stays_in_its_bounds(
        base in 0_u64..u64::MAX,
        more in 0_u64..u64::MAX,
        seed: u64,
        retries in 1_u32..40,
    ) {
        let (base, cap) = (SimDuration(base), SimDuration(base.saturating_add(more)));
        let mut random = Stream::new(seed, 0, 0);
        let mut previous = SimDuration::ZERO;
        for k in 1..=retries {
            let widest = previous.max(base).0.saturating_mul(3).min(cap.0);
            previous = Backoff::Decorrelated { base, cap }.delay_after(k, previous, &mut random);
            // Spans beyond 2^53 ns (104 days) are rounded to 53 bits.
            let slack = widest >> 52;
            prop_assert!(previous >= base.min(cap));
            prop_assert!(previous.0 <= widest.saturating_add(slack), "{previous:?} > {widest}");
            for jitter in [Jitter::None, Jitter::Equal, Jitter::Full] {
                let wait = Backoff::Exponential { base, cap, jitter }.delay(k, &mut random);
                prop_assert!(wait.0 <= cap.0.saturating_add(cap.0 >> 52));
                let wait = Backoff::Linear { base, cap, jitter }.delay(k, &mut random);
                prop_assert!(wait.0 <= cap.0.saturating_add(cap.0 >> 52));
            }
        }
    }
}
