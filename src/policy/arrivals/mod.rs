//! When requests come, whatever becomes of them: a clock for each kind of sender.
//!
//! A [`Source`] is asked for the next instant after the last one and draws from a stream of its
//! own, so that a change elsewhere leaves the arrivals as they were. How many come at an instant is
//! a [`batch`]; users who wait for an answer before they ask again are a [`poll`] loop.
//!
//! Constant gaps and cron are computed from the start and never drift.

pub mod batch;

pub mod phases;

pub mod poll;

pub mod wave;

use crate::engine::{SimDuration, SimTime, Stream};

use self::phases::{OnOff, Phases, Step, Steps};
use self::wave::Wave;
use super::setting::{BadSetting, in_range};

/// A kind of sender.
#[derive(Debug, Clone, PartialEq)]
pub enum Settings {
    /// Many independent users: exponential gaps.
    Poisson {
        /// Requests per second, above 0 to 10 million.
        rate_per_sec: f64,
    },
    /// A load generator: equal gaps.
    Constant {
        /// Requests per second, above 0 to 10 million.
        rate_per_sec: f64,
        /// When the first one comes.
        first: SimDuration,
    },
    /// Busy and quiet times in turn.
    OnOff(OnOff),
    /// A rate that changes at given instants: a spike, a ramp, a load test.
    Steps(Box<[Step]>),
    /// A rate that rises and falls with the time of day.
    Wave(Wave),
    /// A clock: at `offset + k * period`, up to `jitter` late, uniformly.
    Cron {
        /// Time between two instants, at least a microsecond.
        period: SimDuration,
        /// The first instant.
        offset: SimDuration,
        /// Most that one is late, less than the period.
        jitter: SimDuration,
    },
}

/// A range for rates: above 0 to 10 million a second.
fn rate_fits(rate_per_sec: f64) -> Result<(), BadSetting> {
    let possible = "above 0, at most 10 million";
    in_range("rate_per_sec", rate_per_sec, [f64::MIN_POSITIVE, 1e7], possible)
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        match self {
            Self::Poisson { rate_per_sec } | Self::Constant { rate_per_sec, .. } => {
                rate_fits(*rate_per_sec)
            }
            Self::OnOff(settings) => settings.check(),
            Self::Steps(steps) => phases::check_steps(steps),
            Self::Wave(wave) => wave.check(),
            Self::Cron { period, jitter, .. } => {
                in_range("period_ms", period.as_ms(), [1e-3, 1e15], "at least 0.001")?;
                let most = SimDuration(period.0.saturating_sub(1)).as_ms();
                in_range("jitter_ms", jitter.as_ms(), [0.0, most], "0 to below the period")
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// Mean gap in nanoseconds.
    Poisson(f64),
    /// Gap in nanoseconds, not a whole number of them, and those that came.
    Constant {
        gap: f64,
        first: SimDuration,
        count: u64,
    },
    OnOff(Phases),
    Steps(Steps),
    Wave(Wave),
    Cron {
        period: SimDuration,
        next: SimTime,
        jitter: SimDuration,
    },
}

/// A sender and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    kind: Kind,
}

impl Source {
    /// A sender at time zero.
    pub fn new(settings: &Settings) -> Self {
        let kind = match settings {
            Settings::Poisson { rate_per_sec } => Kind::Poisson(1.0 / rate_per_sec * 1e9),
            Settings::Constant { rate_per_sec, first } => {
                Kind::Constant { gap: 1e9 / rate_per_sec, first: *first, count: 0 }
            }
            Settings::OnOff(settings) => Kind::OnOff(Phases::new(settings)),
            Settings::Steps(steps) => Kind::Steps(Steps::new(steps.clone())),
            Settings::Wave(wave) => Kind::Wave(*wave),
            Settings::Cron { period, offset, jitter } => {
                Kind::Cron { period: *period, next: SimTime::ZERO + *offset, jitter: *jitter }
            }
        };
        Self { kind }
    }

    /// From the next instant on, everything comes `factor` times as often; above 0.
    pub fn scale(&mut self, factor: f64) {
        match &mut self.kind {
            Kind::Poisson(gap) => *gap /= factor,
            Kind::Constant { gap, first, count } => {
                // From the last instant that was given on.
                if *count > 0 {
                    let given = (*gap * (*count - 1) as f64 + 0.5) as u64;
                    first.0 += given;
                    *count = 1;
                }
                *gap /= factor;
            }
            Kind::OnOff(phases) => phases.scale(factor),
            Kind::Steps(steps) => steps.scale(factor),
            Kind::Wave(wave) => wave.mean_per_sec *= factor,
            Kind::Cron { period, jitter, .. } => {
                period.0 = ((period.0 as f64 / factor + 0.5) as u64).max(1);
                *jitter = (*jitter).min(SimDuration(period.0 - 1));
            }
        }
    }

    /// The instant after `now`, which is the last one that was given, or zero for the first.
    ///
    /// [`SimTime::NEVER`] if nothing comes any more. Random gaps are at least a nanosecond.
    #[inline]
    pub fn next(&mut self, now: SimTime, random: &mut Stream) -> SimTime {
        match &mut self.kind {
            Kind::Poisson(gap) => {
                let gap = (*gap * random.exponential() + 0.5) as u64;
                now + SimDuration(gap.max(1))
            }
            Kind::Constant { gap, first, count } => {
                let offset = SimDuration((*gap * *count as f64 + 0.5) as u64);
                *count += 1;
                SimTime::ZERO + *first + offset
            }
            Kind::OnOff(phases) => phases.next(now, random),
            Kind::Steps(steps) => steps.next(now, random),
            Kind::Wave(wave) => wave.next(now, random),
            Kind::Cron { period, next, jitter } => {
                let late = SimDuration(random.below(jitter.0.saturating_add(1)));
                let due = *next + late;
                *next = *next + *period;
                due
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds of the first instants.
    fn instants(settings: &Settings, count: usize) -> Vec<f64> {
        let (mut source, mut random) = (Source::new(settings), Stream::new(1, 2, 3));
        let mut now = SimTime::ZERO;
        let mut next = || {
            now = source.next(now, &mut random);
            now.as_secs()
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn poisson_gaps_are_exponential() {
        let all = instants(&Settings::Poisson { rate_per_sec: 50.0 }, 1_000_000);
        let end = all[999_999];
        // A sum of a million exponentials: standard deviation 20 s of 20 000.
        assert!((end - 20_000.0).abs() < 80.0, "{end}");
        let squares: f64 =
            all.windows(2).map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0])).sum();
        // E[gap^2] = 2 / 2500; standard error sqrt(20) / 2500 / 1000.
        assert!((squares / 1e6 - 8e-4).abs() < 4.0 * 1.8e-6, "{squares}");
    }

    #[test]
    fn constant_gaps_never_drift() {
        let first = SimDuration::from_ms(250.0);
        let settings = Settings::Constant { rate_per_sec: 3.0, first };
        let all = instants(&settings, 3_000_001);
        assert!(
            all[..4]
                .iter()
                .zip([0.25, 0.583_333_333, 0.916_666_667, 1.25])
                .all(|(found, expected)| (found - expected).abs() < 1e-9)
        );
        assert!((all[3_000_000] - 1_000_000.25).abs() < 2e-9, "{}", all[3_000_000]);
    }

    #[test]
    fn cron_ticks_stay_on_their_period() {
        let ms = SimDuration::from_ms;
        let cron =
            |jitter| Settings::Cron { period: ms(60e3), offset: ms(5e3), jitter: ms(jitter) };
        assert!(
            instants(&cron(0.0), 3)
                .iter()
                .zip([5.0, 65.0, 125.0])
                .all(|(found, expected)| (found - expected).abs() < 1e-9)
        );
        let late: Vec<f64> = instants(&cron(10e3), 10_000)
            .into_iter()
            .enumerate()
            .map(|(k, at)| at - 5.0 - 60.0 * k as f64)
            .collect();
        assert!(late.iter().all(|late| (-1e-6..=10.000_001).contains(late)));
        let mean = late.iter().sum::<f64>() / 1e4;
        // Standard error: 10 / sqrt(12) / 100 = 0.029; allow 4.
        assert!((mean - 5.0).abs() < 0.12, "{mean}");
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert_eq!(Settings::Poisson { rate_per_sec: 1.0 }.check(), Ok(()));
        assert!(Settings::Poisson { rate_per_sec: 0.0 }.check().is_err());
        assert!(Settings::Poisson { rate_per_sec: f64::INFINITY }.check().is_err());
        let second = SimDuration(1_000_000_000);
        let cron = |period, jitter| Settings::Cron { period, offset: SimDuration::ZERO, jitter };
        assert_eq!(cron(second, SimDuration(999_999_999)).check(), Ok(()));
        assert!(cron(second, second).check().is_err());
        assert!(cron(SimDuration::ZERO, SimDuration::ZERO).check().is_err());
    }
}
