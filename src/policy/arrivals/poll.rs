//! A poll loop: a client that asks, waits for the answer, waits for its interval, and asks again.
//!
//! Without jitter, clients that start together stay together: a deploy or a top of the hour turns
//! them into a burst that comes back every interval.
//! Source: Brooker, "Timeouts, retries, and backoff with jitter" (AWS Builders' Library, 2019),
//! section "Jitter".

use crate::engine::{SimDuration, Stream};
use crate::policy::setting::{BadSetting, in_range};

/// An interval and how it is spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Poll {
    /// Mean time from an answer to the next request, at least a microsecond.
    pub interval: SimDuration,
    /// Each wait is uniform in `interval * (1 - jitter)` to `interval * (1 + jitter)`, 0 to 1.
    pub jitter: f64,
    /// All clients ask at once first, instead of spread over the interval.
    pub starts_together: bool,
}

impl Poll {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        in_range("interval_ms", self.interval.as_ms(), [1e-3, 1e15], "at least 0.001")?;
        in_range("jitter", self.jitter, [0.0, 1.0], "0 to 1")
    }

    /// Time until a client asks first.
    pub fn first(&self, random: &mut Stream) -> SimDuration {
        if self.starts_together {
            return SimDuration::ZERO;
        }
        SimDuration(random.below(self.interval.0))
    }

    /// Time from an answer to the next request, at least a nanosecond.
    #[inline]
    pub fn wait(&self, random: &mut Stream) -> SimDuration {
        if self.jitter <= 0.0 {
            return self.interval.max(SimDuration(1));
        }
        let share = 1.0 + self.jitter * (2.0 * random.unit() - 1.0);
        SimDuration((self.interval.0 as f64 * share) as u64).max(SimDuration(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn poll(jitter: f64) -> Poll {
        Poll { interval: SimDuration(SECOND), jitter, starts_together: true }
    }

    #[test]
    fn waits_are_spread_around_the_interval() {
        let mut random = Stream::new(1, 0, 0);
        assert_eq!(poll(0.0).wait(&mut random), SimDuration(SECOND));
        let waits: Vec<f64> = (0..100_000).map(|_| poll(0.2).wait(&mut random).as_secs()).collect();
        assert!(waits.iter().all(|wait| (0.8..1.2).contains(wait)));
        let mean = waits.iter().sum::<f64>() / 1e5;
        // Standard error: 0.4 / sqrt(12) / 316 = 0.00037; allow 4.
        assert!((mean - 1.0).abs() < 0.0015, "{mean}");
    }

    #[test]
    fn clients_start_together_or_spread() {
        let mut random = Stream::new(2, 0, 0);
        assert_eq!(poll(0.5).first(&mut random), SimDuration::ZERO);
        let spread = Poll { starts_together: false, ..poll(0.0) };
        let early = (0..10_000).filter(|_| spread.first(&mut random).0 < SECOND / 4).count();
        // Standard deviation 43; allow 4.
        assert!(early.abs_diff(2_500) < 174, "{early}");
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert_eq!(poll(1.0).check(), Ok(()));
        assert!(poll(1.1).check().is_err());
        assert!(Poll { interval: SimDuration::ZERO, ..poll(0.0) }.check().is_err());
    }
}
