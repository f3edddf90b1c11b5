//! A sliding window made of two counters: nearly exact, at a few bytes.
//!
//! The requests of the last window are estimated as those of the present window and the part of
//! the one before that still counts, as if these had come evenly. A request is let in while the
//! estimate is below the limit. Turned-away requests are not counted.
//! Source: Cloudflare, "Counting things, a lot of different things" (2017): 42 requests in the
//! minute before and 18 in the first 15 s of this one are 42 * 45/60 + 18 = 49.5; 0.003 % of 400
//! million requests were decided wrongly.

use crate::engine::{SimDuration, SimTime};

use super::Decision;
use super::fixed_window::Settings;

/// The counts of two windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlidingCounter {
    settings: Settings,
    before: u32,
    count: u32,
    /// When the window of `count` ends.
    end: SimTime,
}

impl SlidingCounter {
    /// Nobody has come yet.
    pub fn new(settings: &Settings) -> Self {
        let window = SimDuration(settings.window.0.max(1));
        let settings = Settings { window, ..*settings };
        Self { settings, before: 0, count: 0, end: SimTime::ZERO + window }
    }

    /// Decides about a request that comes `now`, not before an earlier one.
    #[inline]
    pub fn decide(&mut self, now: SimTime) -> Decision {
        self.advance(now);
        let Settings { limit, window } = self.settings;
        // Exact: the estimate and the limit are multiplied by the window.
        let left = self.end.since(now).0;
        if product(self.before, left) + product(self.count, window.0) < product(limit, window.0) {
            self.count += 1;
            return Decision::Admit;
        }
        Decision::Reject { retry_after: self.retry_after(now) }
    }

    /// Requests estimated to have come within the window up to `now`.
    pub fn estimate(&mut self, now: SimTime) -> f64 {
        self.advance(now);
        let share = self.end.since(now).0 as f64 / self.settings.window.0 as f64;
        f64::from(self.before) * share + f64::from(self.count)
    }

    #[inline]
    fn advance(&mut self, now: SimTime) {
        if now < self.end {
            return;
        }
        let window = self.settings.window;
        let follows = now < self.end + window;
        self.before = if follows { self.count } else { 0 };
        self.count = 0;
        self.end = SimTime(now.0 - now.0 % window.0) + window;
    }

    /// Time until the estimate falls below the limit.
    fn retry_after(&self, now: SimTime) -> SimDuration {
        let Settings { limit, window } = self.settings;
        let left = self.end.since(now).0;
        // With `before` requests before and `count` now, less than `keep` of the window may be left.
        let keep = |before: u32, count: u32| {
            let room = product(limit.saturating_sub(count), window.0);
            (room.saturating_sub(1) / u128::from(before.max(1))).min(u128::from(window.0)) as u64
        };
        if self.count < limit {
            return SimDuration(left - keep(self.before, self.count));
        }
        SimDuration(left + window.0 - keep(self.count, 0))
    }
}

fn product(requests: u32, nanos: u64) -> u128 {
    u128::from(requests) * u128::from(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(limiter: &mut SlidingCounter, secs: f64, requests: u32) -> usize {
        let now = SimTime::from_secs(secs);
        (0..requests).filter(|_| limiter.decide(now) == Decision::Admit).count()
    }

    #[test]
    fn the_published_example_holds() {
        let window = SimDuration::from_secs(60.0);
        let mut limiter = SlidingCounter::new(&Settings { limit: 50, window });
        assert_eq!(passed(&mut limiter, 30.0, 42), 42);
        assert_eq!(passed(&mut limiter, 74.0, 18), 18);
        let estimate = limiter.estimate(SimTime::from_secs(75.0));
        assert!((estimate - 49.5).abs() < 1e-9, "{estimate}");
        assert_eq!(passed(&mut limiter, 75.0, 10), 1, "one more, and the estimate is 50.5");
    }

    #[test]
    fn a_burst_at_the_border_passes_once_only() {
        let window = SimDuration::from_secs(60.0);
        let mut limiter = SlidingCounter::new(&Settings { limit: 100, window });
        assert_eq!(passed(&mut limiter, 59.9, 150), 100);
        assert_eq!(passed(&mut limiter, 60.0, 150), 0);
        assert_eq!(passed(&mut limiter, 60.1, 150), 1, "a sixth of a request has expired");
        assert_eq!(passed(&mut limiter, 240.0, 150), 100, "two windows later all is forgotten");
    }

    #[test]
    fn who_is_turned_away_learns_when_to_come_back() {
        let window = SimDuration::from_secs(60.0);
        let mut limiter = SlidingCounter::new(&Settings { limit: 2, window });
        assert_eq!(passed(&mut limiter, 15.0, 3), 2);
        for now in [30.0, 60.0] {
            let now = SimTime::from_secs(now);
            let mut copy = limiter;
            let Decision::Reject { retry_after } = copy.decide(now) else { panic!("let in") };
            let back = now + retry_after;
            // Two requests before: below the limit as soon as the new window has begun.
            assert_eq!(back, SimTime(60_000_000_001));
            assert!(matches!(copy.decide(SimTime(back.0 - 1)), Decision::Reject { .. }));
            assert_eq!(copy.decide(back), Decision::Admit);
        }
    }
}
