//! Slow start: a backend that comes back gets its share little by little.
//!
//! Its weight is multiplied by `(t / window)^(1 / aggression)`, at least `share_min`, where `t` is
//! the time since it came back and at least a second.
//! Source: Envoy, "Slow start mode" (aggression 1, at least 10 %); nginx, `slow_start` for the
//! return of a server that was out.

use crate::engine::SimDuration;
use crate::engine::math::pow;
use crate::policy::setting::{BadSetting, in_range};

/// How the share grows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// When the whole weight is reached, above zero.
    pub window: SimDuration,
    /// 1 for a straight line; more is faster at first; 0.01 to 100.
    pub aggression: f64,
    /// Least share, above 0 to 1.
    pub share_min: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { window: SimDuration(60_000_000_000), aggression: 1.0, share_min: 0.1 }
    }
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        in_range("window_ms", self.window.as_ms(), [1e-3, 1e9], "0.001 to a billion")?;
        in_range("aggression", self.aggression, [0.01, 100.0], "0.01 to 100")?;
        in_range("share_min", self.share_min, [1e-3, 1.0], "0.001 to 1")
    }

    /// The share of its weight that a backend has this long after it came back.
    pub fn share(&self, since: SimDuration) -> f64 {
        if since >= self.window {
            return 1.0;
        }
        let second = SimDuration(1_000_000_000);
        let passed = (since.max(second).0 as f64 / self.window.0 as f64).min(1.0);
        pow(passed, 1.0 / self.aggression).max(self.share_min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_grows_to_the_whole() {
        let ramp = Settings::default();
        let share = |ramp: &Settings, secs| ramp.share(SimDuration::from_secs(secs));
        for (secs, expected) in [(0.0, 0.1), (5.9, 0.1), (15.0, 0.25), (59.9, 0.998), (60.0, 1.0)] {
            assert!((share(&ramp, secs) - expected).abs() < 0.001, "{secs}");
        }
        let faster = Settings { aggression: 2.0, ..ramp };
        assert!((share(&faster, 15.0) - 0.5).abs() < 1e-12, "a quarter of the time, half of it");
        let short = Settings { window: SimDuration(1_000), ..ramp };
        assert!((share(&short, 0.0) - 1.0).abs() < 1e-12, "a second has passed at least");
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert_eq!(Settings::default().check(), Ok(()));
        assert!(Settings { share_min: 0.0, ..Settings::default() }.check().is_err());
        assert!(Settings { aggression: 0.0, ..Settings::default() }.check().is_err());
        assert!(Settings { window: SimDuration::ZERO, ..Settings::default() }.check().is_err());
    }
}
