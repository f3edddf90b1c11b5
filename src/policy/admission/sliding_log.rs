//! A sliding window that remembers every request it let in: exact, at eight bytes each.
//!
//! A request is let in if fewer than the limit were let in within the last window; that is, if the
//! one that many admissions ago is at least a window old. Nothing is counted, and nothing expires.
//!
//! Under Poisson arrivals it loses as an Erlang loss system with as many servers as its limit.
//! Source: Figma, "An alternative approach to rate limiting" (2017).

use crate::engine::SimTime;
use crate::policy::setting::{BadSetting, in_range};

use super::Decision;
use super::fixed_window::Settings;

/// Most a log remembers.
pub const LIMIT_MAX: u32 = 1_000_000;

/// Whether a log can be kept with these settings.
///
/// # Errors
/// Names the setting out of range: as for every window, and at most [`LIMIT_MAX`] requests.
pub fn check(settings: &Settings) -> Result<(), BadSetting> {
    settings.check()?;
    let most = f64::from(LIMIT_MAX);
    in_range("limit", f64::from(settings.limit), [1.0, most], "1 to a million")
}

/// The instants of the last admissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlidingLog {
    settings: Settings,
    /// Until when each of the last admissions counts, oldest at `next`; zero if there was none.
    ends: Box<[SimTime]>,
    next: u32,
}

impl SlidingLog {
    /// Nobody has come yet.
    pub fn new(settings: &Settings) -> Self {
        let length = settings.limit.clamp(1, LIMIT_MAX) as usize;
        let ends = vec![SimTime::ZERO; length].into_boxed_slice();
        Self { settings: *settings, ends, next: 0 }
    }

    /// Decides about a request that comes `now`, not before an earlier one.
    #[inline]
    pub fn decide(&mut self, now: SimTime) -> Decision {
        let end = &mut self.ends[self.next as usize];
        if *end > now {
            return Decision::Reject { retry_after: end.since(now) };
        }
        *end = now + self.settings.window;
        self.next = if self.next as usize + 1 == self.ends.len() { 0 } else { self.next + 1 };
        Decision::Admit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{SimDuration, Stream};

    fn passed(limiter: &mut SlidingLog, secs: f64, requests: u32) -> usize {
        let now = SimTime::from_secs(secs);
        (0..requests).filter(|_| limiter.decide(now) == Decision::Admit).count()
    }

    #[test]
    fn no_border_lets_more_than_the_limit_through() {
        let window = SimDuration::from_secs(60.0);
        let mut limiter = SlidingLog::new(&Settings { limit: 100, window });
        assert_eq!(passed(&mut limiter, 30.0, 40), 40);
        assert_eq!(passed(&mut limiter, 59.9, 150), 60);
        assert_eq!(passed(&mut limiter, 60.1, 150), 0);
        assert_eq!(passed(&mut limiter, 89.999_999_999, 1), 0);
        assert_eq!(passed(&mut limiter, 90.0, 150), 40, "exactly a window ago counts no more");
        let retry_after = SimDuration::from_secs(19.9);
        assert_eq!(limiter.decide(SimTime::from_secs(100.0)), Decision::Reject { retry_after });
    }

    #[test]
    fn poisson_arrivals_are_lost_as_erlang_says() {
        let mut random = Stream::new(3, 0, 0);
        let mut limiter =
            SlidingLog::new(&Settings { limit: 10, window: SimDuration::from_secs(1.0) });
        let (mut now, mut lost, arrivals) = (0.0, 0_u32, 1_000_000);
        for _ in 0..arrivals {
            now += random.exponential() / 10.0;
            lost += u32::from(limiter.decide(SimTime::from_secs(now)) != Decision::Admit);
        }
        let erlang = (1..=10).fold(1.0, |b, n| 10.0 * b / (f64::from(n) + 10.0 * b));
        let found = f64::from(lost) / f64::from(arrivals);
        // Lost 21.5 %. A window holds 10 arrivals, so losses of 100 000 windows are independent to
        // within a small factor: 3 * sqrt(0.215 * 0.785 / 1e6) = 0.0012; allow 3 of them.
        assert!((found - erlang).abs() < 0.004, "{found}, not {erlang}");
    }

    #[test]
    fn a_log_that_would_be_too_long_is_refused() {
        let good = Settings { limit: LIMIT_MAX, window: SimDuration(1_000) };
        assert_eq!(check(&good), Ok(()));
        assert!(check(&Settings { limit: LIMIT_MAX + 1, ..good }).is_err());
    }
}
