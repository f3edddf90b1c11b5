//! Active health checks: a backend is out after some failed probes, and in after some good ones.
//!
//! Probes go to each backend every `interval`, spread over the interval so that they do not come
//! all at once. A probe shares the fate of requests: it fails while its backend is stopped or crashed,
//! and with the share of requests that the backend refuses.
//!
//! Left out: the time that a probe takes, of a worker and on the network.
//! Source: `HAProxy`, `check inter 2s fall 3 rise 2`; Envoy, `HealthCheck`.

use crate::engine::SimDuration;
use crate::policy::setting::{BadSetting, in_range};

/// How a backend is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Time between two probes of a backend, above zero.
    pub interval: SimDuration,
    /// Good probes in a row that bring it back, at least 1.
    pub rise: u32,
    /// Failed probes in a row that take it out, at least 1.
    pub fall: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { interval: SimDuration(2_000_000_000), rise: 2, fall: 3 }
    }
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        let least = [1.0, f64::INFINITY];
        in_range("interval_ms", self.interval.as_ms(), [1e-3, 1e9], "0.001 to a billion")?;
        in_range("rise", f64::from(self.rise), least, "at least 1")?;
        in_range("fall", f64::from(self.fall), least, "at least 1")
    }

    /// When the first probe of backend `index` of `count` is sent; then every interval.
    pub fn first_probe(&self, index: u16, count: u16) -> SimDuration {
        let share = u128::from(self.interval.0) * u128::from(index) / u128::from(count.max(1));
        SimDuration(share as u64)
    }
}

/// What the probes of one backend have shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    is_healthy: bool,
    /// Latest probes that contradict the state.
    against: u32,
}

impl Default for Health {
    fn default() -> Self {
        Self { is_healthy: true, against: 0 }
    }
}

/// What a probe changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// The backend is out from now on.
    Out,
    /// The backend is back from now on.
    Back,
}

impl Health {
    /// Whether the backend is held for healthy.
    pub fn is_healthy(self) -> bool {
        self.is_healthy
    }

    /// Learns how a probe ended.
    pub fn on_probe(&mut self, settings: &Settings, succeeded: bool) -> Change {
        if succeeded == self.is_healthy {
            self.against = 0;
            return Change::None;
        }
        self.against += 1;
        if self.against < if succeeded { settings.rise } else { settings.fall } {
            return Change::None;
        }
        *self = Self { is_healthy: succeeded, against: 0 };
        if succeeded { Change::Back } else { Change::Out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_take_out_and_two_successes_bring_back() {
        let mut health = Health::default();
        let probes =
            [false, false, true, false, false, false, false, true, false, true, true, true];
        let changes: Vec<Change> =
            probes.into_iter().map(|good| health.on_probe(&Settings::default(), good)).collect();
        let expected = |index| match index {
            5 => Change::Out,
            10 => Change::Back,
            _ => Change::None,
        };
        assert_eq!(changes, (0..12).map(expected).collect::<Vec<_>>());
        assert!(health.is_healthy());
    }

    #[test]
    fn probes_are_spread_over_the_interval() {
        let starts: Vec<u64> =
            (0..4).map(|index| Settings::default().first_probe(index, 4).0 / 1_000_000).collect();
        assert_eq!(starts, [0, 500, 1_000, 1_500]);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert_eq!(Settings::default().check(), Ok(()));
        assert!(Settings { rise: 0, ..Settings::default() }.check().is_err());
        assert!(Settings { fall: 0, ..Settings::default() }.check().is_err());
        assert!(Settings { interval: SimDuration::ZERO, ..Settings::default() }.check().is_err());
    }
}
