//! The concurrency limit called Gradient2: shrinks when latency rises above its long-term mean.
//!
//! With each sample the limit moves by `smoothing` towards `limit * gradient + queue`, where the
//! gradient is the long-term over the present latency, between 0.5 and 1: an unloaded callee lets
//! the limit grow by `queue`, a slower one lets it shrink by up to half.
//!
//! Source: Netflix concurrency-limits, `Gradient2Limit` and `ExpAvgMeasurement`; its defaults are
//! those here.

use crate::policy::setting::{BadSetting, in_range};

/// How the limit follows latency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Requests that may queue at the callee, 0 to 10 000.
    pub queue: f64,
    /// Share of the way to the new limit that a sample goes, above 0 to 1.
    pub smoothing: f64,
    /// Samples over which the long-term latency is smoothed, at least 1.
    pub long_samples: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { queue: 4.0, smoothing: 0.2, long_samples: 600 }
    }
}

/// Samples whose plain mean is the long-term latency at first.
const WARM_UP: u32 = 10;

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        in_range("queue", self.queue, [0.0, 1e4], "0 to 10000")?;
        let share = [f64::MIN_POSITIVE, 1.0];
        in_range("smoothing", self.smoothing, share, "above 0, at most 1")?;
        in_range("long_samples", f64::from(self.long_samples), [1.0, f64::INFINITY], "at least 1")
    }
}

/// The long-term latency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gradient {
    settings: Settings,
    long_nanos: f64,
    samples: u32,
}

impl Gradient {
    /// No sample has been seen.
    pub fn new(settings: &Settings) -> Self {
        Self { settings: *settings, long_nanos: 0.0, samples: 0 }
    }

    /// The limit after a sample of `nanos`, not yet cut off at its least and most, with `in_flight`
    /// requests under the present `limit`.
    pub fn update(&mut self, limit: f64, nanos: f64, in_flight: u32) -> f64 {
        self.smooth(nanos);
        let long = self.long_nanos;
        // After a long overload the mean is far too high, and would forget it too slowly.
        if long > 2.0 * nanos {
            self.long_nanos *= 0.9;
        }
        // Few in flight say nothing about how many would be too many.
        if f64::from(in_flight) < limit / 2.0 {
            return limit;
        }
        let gradient = (long / nanos).clamp(0.5, 1.0);
        let Settings { queue, smoothing, .. } = self.settings;
        limit * (1.0 - smoothing) + (limit * gradient + queue) * smoothing
    }

    fn smooth(&mut self, nanos: f64) {
        let weight = if self.samples < WARM_UP {
            self.samples += 1;
            1.0 / f64::from(self.samples)
        } else {
            2.0 / (f64::from(self.settings.long_samples) + 1.0)
        };
        self.long_nanos += (nanos - self.long_nanos) * weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_latency_lets_the_limit_grow_by_a_share_of_the_queue() {
        let mut gradient = Gradient::new(&Settings::default());
        let limit = gradient.update(20.0, 1e6, 20);
        assert!((limit - 20.8).abs() < 1e-12, "20 * 0.8 + 24 * 0.2: {limit}");
        assert!((gradient.update(limit, 1e6, 21) - 21.6).abs() < 1e-12);
    }

    #[test]
    fn twice_the_latency_lets_it_shrink() {
        let mut gradient = Gradient::new(&Settings::default());
        for _ in 0..10 {
            gradient.update(100.0, 1e6, 100);
        }
        // The long-term mean moves by 2/601 of the step: gradient 1.003328 / 2.
        let long = 1.0 + 2.0 / 601.0;
        let expected = 80.0 + (100.0 * long / 2.0 + 4.0) * 0.2;
        let limit = gradient.update(100.0, 2e6, 100);
        assert!((limit - expected).abs() < 1e-9, "{limit}, not {expected}");
        // Ten times the latency counts as twice.
        let limit = gradient.update(100.0, 1e7, 100);
        assert!((limit - (80.0 + 54.0 * 0.2)).abs() < 1e-9, "{limit}");
    }

    #[test]
    fn an_idle_callee_says_nothing() {
        let mut gradient = Gradient::new(&Settings::default());
        let limit = gradient.update(20.0, 1e6, 9);
        assert!((limit - 20.0).abs() < f64::EPSILON, "fewer than half in flight: {limit}");
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert_eq!(Settings::default().check(), Ok(()));
        assert!(Settings { queue: -1.0, ..Settings::default() }.check().is_err());
        assert!(Settings { smoothing: 0.0, ..Settings::default() }.check().is_err());
        assert!(Settings { long_samples: 0, ..Settings::default() }.check().is_err());
    }
}
