//! A fixed window: so many requests in each window of time, counted from zero at every border.
//!
//! Cheap, and lets twice its limit through around a border: a full window's worth just before it,
//! another just after. Windows begin at whole multiples of their length.
//! Source: the counter-per-minute pattern of the Redis documentation (`INCR`); the double burst:
//! Cloudflare, "Counting things, a lot of different things" (2017).

use crate::engine::{SimDuration, SimTime};
use crate::policy::setting::{BadSetting, in_range};

use super::Decision;

/// Limit and window; those of all limiters that count by windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Requests let in per window, at least 1.
    pub limit: u32,
    /// Length of the window, at least a microsecond.
    pub window: SimDuration,
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        in_range("limit", f64::from(self.limit), [1.0, f64::INFINITY], "at least 1")?;
        in_range("window_ms", self.window.as_ms(), [1e-3, 1e15], "at least 0.001")
    }
}

/// The count of the present window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedWindow {
    settings: Settings,
    count: u32,
    /// When the window of `count` ends.
    end: SimTime,
}

impl FixedWindow {
    /// Nobody has come yet.
    pub fn new(settings: &Settings) -> Self {
        Self { settings: *settings, count: 0, end: SimTime::ZERO }
    }

    /// Decides about a request that comes `now`, not before an earlier one.
    #[inline]
    pub fn decide(&mut self, now: SimTime) -> Decision {
        if now >= self.end {
            let window = self.settings.window;
            self.end = SimTime(now.0 - now.0 % window.0.max(1)) + window;
            self.count = 0;
        }
        if self.count == self.settings.limit {
            return Decision::Reject { retry_after: self.end.since(now) };
        }
        self.count += 1;
        Decision::Admit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(limiter: &mut FixedWindow, secs: f64, requests: u32) -> usize {
        let now = SimTime::from_secs(secs);
        (0..requests).filter(|_| limiter.decide(now) == Decision::Admit).count()
    }

    #[test]
    fn twice_the_limit_passes_around_a_border() {
        let window = SimDuration::from_secs(60.0);
        let mut limiter = FixedWindow::new(&Settings { limit: 100, window });
        assert_eq!(passed(&mut limiter, 59.9, 150), 100);
        assert_eq!(passed(&mut limiter, 59.999_999_999, 1), 0);
        assert_eq!(passed(&mut limiter, 60.0, 150), 100);
        assert_eq!(passed(&mut limiter, 300.5, 150), 100, "windows that nobody used are skipped");
    }

    #[test]
    fn who_is_turned_away_learns_when_the_window_ends() {
        let window = SimDuration::from_secs(1.0);
        let mut limiter = FixedWindow::new(&Settings { limit: 1, window });
        assert_eq!(passed(&mut limiter, 2.25, 1), 1);
        let retry_after = SimDuration::from_ms(500.0);
        assert_eq!(limiter.decide(SimTime::from_secs(2.5)), Decision::Reject { retry_after });
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let good = Settings { limit: 1, window: SimDuration(1_000) };
        assert_eq!(good.check(), Ok(()));
        assert!(Settings { limit: 0, ..good }.check().is_err());
        assert!(Settings { window: SimDuration::ZERO, ..good }.check().is_err());
    }
}
