//! A rate that rises and falls: `mean * (1 + swing * cos(2 pi (t - peak) / period))`.
//!
//! Instants are drawn at the highest rate, and each is kept with the share of it that the rate has
//! then (thinning), which gives a Poisson process of exactly that rate.
//! Source: Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning" (1979).

use crate::engine::math::cos;
use crate::engine::{SimDuration, SimTime, Stream};
use crate::policy::setting::{BadSetting, in_range};

use super::rate_fits;

/// A daily wave, or one of any other period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wave {
    /// Requests per second on average, above 0 to 10 million.
    pub mean_per_sec: f64,
    /// How far the rate rises and falls, as a share of the mean, 0 to 0.99.
    pub swing: f64,
    /// Time from peak to peak, a microsecond to 30 years.
    pub period: SimDuration,
    /// When the first peak is.
    pub peak: SimDuration,
}

impl Wave {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not. A swing of 1 would take endless draws where the rate is zero.
    pub fn check(&self) -> Result<(), BadSetting> {
        rate_fits(self.mean_per_sec)?;
        in_range("swing", self.swing, [0.0, 0.99], "0 to 0.99")?;
        in_range("period_ms", self.period.as_ms(), [1e-3, 1e12], "0.001 to a trillion")
    }

    /// The rate at an instant, per second.
    pub fn rate_per_sec(&self, at: SimTime) -> f64 {
        self.mean_per_sec * (1.0 + self.swing * self.height(at))
    }

    /// From -1 in the trough to 1 at the peak.
    fn height(&self, at: SimTime) -> f64 {
        let period = self.period.0.max(1);
        // In whole nanoseconds: the angle stays exact after years.
        let phase = (at.0 % period + period - self.peak.0 % period) % period;
        cos(std::f64::consts::TAU * (phase as f64 / period as f64))
    }

    pub(super) fn next(&self, now: SimTime, random: &mut Stream) -> SimTime {
        let highest = 1.0 + self.swing;
        let gap = 1e9 / (self.mean_per_sec * highest);
        let mut at = now;
        loop {
            let step = (gap * random.exponential() + 0.5) as u64;
            at = at + SimDuration(step.max(1));
            let share = (1.0 + self.swing * self.height(at)) / highest;
            if at == SimTime::NEVER || random.unit() < share {
                return at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Settings, Source};
    use super::*;

    fn day(swing: f64) -> Wave {
        let hours = |hours: f64| SimDuration::from_secs(hours * 3_600.0);
        Wave { mean_per_sec: 1.0, swing, period: hours(24.0), peak: hours(14.0) }
    }

    #[test]
    fn each_hour_has_the_integral_of_the_rate() {
        let wave = day(0.8);
        let (mut source, mut random) = (Source::new(&Settings::Wave(wave)), Stream::new(5, 0, 0));
        let (mut counts, mut now) = ([0.0; 24], SimTime::ZERO);
        let days = 20.0;
        loop {
            now = source.next(now, &mut random);
            if now >= SimTime::from_secs(days * 86_400.0) {
                break;
            }
            counts[(now.as_secs() / 3_600.0) as usize % 24] += 1.0;
        }
        let mut chi_square = 0.0;
        for (hour, count) in counts.into_iter().enumerate() {
            let angle = |hour: f64| std::f64::consts::TAU * (hour - 14.0) / 24.0;
            let sine =
                |hour: f64| crate::engine::math::cos(angle(hour) - std::f64::consts::FRAC_PI_2);
            let hour = hour as f64;
            let waves = (sine(hour + 1.0) - sine(hour)) * 24.0 / std::f64::consts::TAU;
            let expected = 3_600.0 * days * (1.0 + 0.8 * waves);
            chi_square += (count - expected) * (count - expected) / expected;
        }
        // 24 degrees of freedom: mean 24, standard deviation 6.9; 99.9 % stay below 51.
        assert!((6.0..51.0).contains(&chi_square), "{chi_square}");
    }

    #[test]
    fn the_peak_is_where_it_was_put() {
        let wave = day(0.5);
        let rate = |hours: f64| wave.rate_per_sec(SimTime::from_secs(hours * 3_600.0));
        for (hours, expected) in [(14.0, 1.5), (2.0, 0.5), (8.0, 1.0), (24.0 * 365.0 + 14.0, 1.5)] {
            assert!((rate(hours) - expected).abs() < 1e-12, "{hours}: {}", rate(hours));
        }
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert_eq!(day(0.99).check(), Ok(()));
        assert!(day(1.0).check().is_err());
        assert!(Wave { period: SimDuration::ZERO, ..day(0.5) }.check().is_err());
        assert!(Wave { mean_per_sec: 0.0, ..day(0.5) }.check().is_err());
    }
}
