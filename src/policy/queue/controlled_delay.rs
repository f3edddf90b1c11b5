//! Controlled delay for requests: short patience while the queue does not become empty.
//!
//! An entry that came while somebody had been waiting for longer than `interval` is dropped if it
//! has waited for more than `target`; any other only after `interval`. In normal times bursts may
//! wait; under overload nothing waits for long, whatever the senders do.
//!
//! Nothing is stored with an entry: since it came, the queue has not been empty, so the time since
//! when somebody waits is still the one it found.
//! Source: Maurer, "Fail at Scale" (ACM Queue, 2015): M = 5 ms, N = 100 ms.

use crate::engine::{SimDuration, SimTime};
use crate::policy::setting::{BadSetting, in_range};

/// The two limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Longest wait under overload (M).
    pub target: SimDuration,
    /// Longest wait otherwise, and how long a queue may last before that is overload (N), at least
    /// the target.
    pub interval: SimDuration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { target: SimDuration(5_000_000), interval: SimDuration(100_000_000) }
    }
}

impl Settings {
    /// Whether the interval is at least the target.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        let least = self.target.as_ms();
        in_range(
            "interval_ms",
            self.interval.as_ms(),
            [least, f64::INFINITY],
            "at least the target",
        )
    }
}

/// The limits on waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlledDelay {
    settings: Settings,
}

impl ControlledDelay {
    /// A limit of its own for each queue.
    pub fn new(settings: &Settings) -> Self {
        Self { settings: *settings }
    }

    /// Whether an entry that came at `enqueued` is dropped, when somebody has been waiting since
    /// `waiting_since` without a break.
    #[inline]
    pub fn drops(&self, now: SimTime, enqueued: SimTime, waiting_since: SimTime) -> bool {
        let Settings { target, interval } = self.settings;
        let overload = enqueued.since(waiting_since) > interval;
        now.since(enqueued) > if overload { target } else { interval }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_short_when_the_queue_does_not_become_empty() {
        let limit = ControlledDelay::new(&Settings::default());
        let ms = |ms: u64| SimTime(ms * 1_000_000);
        let drops = |waited, came: u64| limit.drops(ms(came + waited), ms(came), ms(1_000));
        assert!(!drops(100, 1_000), "an interval is allowed at first");
        assert!(drops(101, 1_000));
        assert!(!drops(100, 1_100), "exactly an interval is not too long yet");
        assert!(!drops(5, 1_101));
        assert!(drops(6, 1_101));
    }

    #[test]
    fn an_interval_below_the_target_is_refused() {
        assert_eq!(Settings::default().check(), Ok(()));
        let wrong = Settings { interval: SimDuration(1), ..Settings::default() };
        assert!(wrong.check().is_err());
    }
}
