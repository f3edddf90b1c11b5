//! A token bucket: bursts up to its size, a rate in the long run.
//!
//! The bucket fills continuously and is full at first. A request takes a token, or is turned away
//! if there is no whole one; with `wait_max` it may wait for its token, behind those that already
//! wait.
//!
//! A token that is due within a nanosecond counts as there, because instants are rounded to whole
//! nanoseconds.
//! Source: Turner, "New Directions in Communications" (1986); as a limiter of requests: Stripe,
//! "Scaling your API with rate limiters" (2017). Under Poisson arrivals it is an M/D/1 queue with
//! `burst` places.

use crate::engine::{SimDuration, SimTime};
use crate::policy::setting::{BadSetting, in_range};

use super::Decision;

/// Rate and burst.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Tokens per second, above 0 to a billion.
    pub rate_per_sec: f64,
    /// Most tokens, 1 to a billion.
    pub burst: f64,
    /// How long a request may wait for its token; zero turns it away at once.
    pub wait_max: SimDuration,
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        let rate = [f64::MIN_POSITIVE, 1e9];
        in_range("rate_per_sec", self.rate_per_sec, rate, "above 0, at most a billion")?;
        in_range("burst", self.burst, [1.0, 1e9], "1 to a billion")
    }
}

/// A bucket with its tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenBucket {
    /// Below zero while requests wait for tokens.
    tokens: f64,
    burst: f64,
    /// Tokens per nanosecond.
    rate: f64,
    wait_max: SimDuration,
    last: SimTime,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(settings: &Settings) -> Self {
        Self {
            tokens: settings.burst,
            burst: settings.burst,
            rate: settings.rate_per_sec / 1e9,
            wait_max: settings.wait_max,
            last: SimTime::ZERO,
        }
    }

    /// Decides about a request that comes `now`, not before an earlier one.
    #[inline]
    pub fn decide(&mut self, now: SimTime) -> Decision {
        let passed = now.since(self.last).0 as f64;
        self.tokens = (self.tokens + passed * self.rate).min(self.burst);
        self.last = now;
        // The product of a nanosecond and the rate.
        if self.tokens + self.rate >= 1.0 {
            self.tokens -= 1.0;
            return Decision::Admit;
        }
        let wait = SimDuration(((1.0 - self.tokens) / self.rate).ceil() as u64);
        if wait > self.wait_max {
            return Decision::Reject { retry_after: wait };
        }
        self.tokens -= 1.0;
        Decision::Delay(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(rate_per_sec: f64, burst: f64, wait_max: f64) -> TokenBucket {
        let wait_max = SimDuration::from_secs(wait_max);
        TokenBucket::new(&Settings { rate_per_sec, burst, wait_max })
    }

    #[test]
    fn a_burst_goes_through_and_then_the_rate() {
        // Rate 10, burst 5, one request every 50 ms for 10 s: 5 + 10 * 9.95 tokens, rounded down.
        let mut bucket = bucket(10.0, 5.0, 0.0);
        let admitted: Vec<u32> = (0..200)
            .filter(|k| bucket.decide(SimTime::from_secs(f64::from(*k) * 0.05)) == Decision::Admit)
            .collect();
        assert_eq!(admitted.len(), 104);
        assert_eq!(admitted[..11], [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12]);
    }

    #[test]
    fn thirds_of_a_second_lose_no_token_to_rounding() {
        // Requests at exactly the rate, at instants that have no exact nanosecond.
        let mut bucket = bucket(3.0, 1.0, 0.0);
        for k in 0..100_000 {
            let now = SimTime::from_secs(f64::from(k) / 3.0);
            assert_eq!(bucket.decide(now), Decision::Admit, "{k}");
        }
    }

    #[test]
    fn who_is_turned_away_learns_when_to_come_back() {
        let mut bucket = bucket(10.0, 1.0, 0.0);
        assert_eq!(bucket.decide(SimTime::ZERO), Decision::Admit);
        let retry_after = SimDuration::from_ms(75.0);
        assert_eq!(bucket.decide(SimTime::from_secs(0.025)), Decision::Reject { retry_after });
        assert_eq!(bucket.decide(SimTime::from_secs(0.1)), Decision::Admit);
    }

    #[test]
    fn who_may_wait_waits_in_line() {
        let mut bucket = bucket(10.0, 1.0, 0.25);
        let wait = |ms| Decision::Delay(SimDuration::from_ms(ms));
        assert_eq!(bucket.decide(SimTime::ZERO), Decision::Admit);
        assert_eq!(bucket.decide(SimTime::ZERO), wait(100.0));
        assert_eq!(bucket.decide(SimTime::ZERO), wait(200.0));
        let retry_after = SimDuration::from_ms(300.0);
        assert_eq!(bucket.decide(SimTime::ZERO), Decision::Reject { retry_after });
        assert_eq!(bucket.decide(SimTime::from_secs(0.05)), wait(250.0));
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let good = Settings { rate_per_sec: 1.0, burst: 1.0, wait_max: SimDuration::ZERO };
        assert_eq!(good.check(), Ok(()));
        assert!(Settings { rate_per_sec: 0.0, ..good }.check().is_err());
        assert!(Settings { burst: 0.5, ..good }.check().is_err());
    }
}
