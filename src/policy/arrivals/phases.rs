//! Rates that are constant for a while: busy and quiet times, and steps at given instants.
//!
//! A unit exponential is used up at the rate of the moment: where it reaches zero, a request comes.
//! That is exact, and a quiet time costs one step, however long.
//! Source: Çinlar, "Introduction to Stochastic Processes" (1975), section 4.7 (time change); with
//! random times, an interrupted Poisson process (Kuczura 1973).

use crate::engine::{SimDuration, SimTime, Stream};
use crate::policy::setting::{BadSetting, in_range};

use super::rate_fits;

/// Busy and quiet times in turn, a busy one first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnOff {
    /// Requests per second in a busy time, above 0 to 10 million.
    pub busy_per_sec: f64,
    /// Requests per second in a quiet time, 0 to 10 million.
    pub quiet_per_sec: f64,
    /// How long a busy time is, or its mean; above zero.
    pub busy: SimDuration,
    /// How long a quiet time is, or its mean; above zero.
    pub quiet: SimDuration,
    /// Lengths are exponential instead of always the same.
    pub is_random: bool,
}

/// Least requests expected in a busy and a quiet time together: bounds the steps to the next one.
const PER_CYCLE_MIN: f64 = 1e-3;

impl OnOff {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not; both times together must bring a thousandth of a request.
    pub fn check(&self) -> Result<(), BadSetting> {
        rate_fits(self.busy_per_sec)?;
        in_range("quiet_per_sec", self.quiet_per_sec, [0.0, 1e7], "0 to 10 million")?;
        let per_cycle =
            self.busy_per_sec * self.busy.as_secs() + self.quiet_per_sec * self.quiet.as_secs();
        let most = [PER_CYCLE_MIN, f64::INFINITY];
        in_range("requests in a busy and a quiet time", per_cycle, most, "at least 0.001")
    }
}

/// An [`OnOff`] sender and the time it is in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Phases {
    settings: OnOff,
    is_busy: bool,
    /// When the present time ends; the first begins at zero.
    end: Option<SimTime>,
}

impl Phases {
    pub(super) fn new(settings: &OnOff) -> Self {
        Self { settings: *settings, is_busy: true, end: None }
    }

    pub(super) fn scale(&mut self, factor: f64) {
        self.settings.busy_per_sec *= factor;
        self.settings.quiet_per_sec *= factor;
    }

    pub(super) fn next(&mut self, now: SimTime, random: &mut Stream) -> SimTime {
        let mut left = random.exponential();
        let mut from = now;
        let mut end = match self.end {
            Some(end) => end,
            None => SimTime::ZERO + self.length(random),
        };
        loop {
            let OnOff { busy_per_sec, quiet_per_sec, .. } = self.settings;
            let rate = if self.is_busy { busy_per_sec } else { quiet_per_sec } / 1e9;
            let inside = end.since(from).0 as f64 * rate;
            if left < inside {
                self.end = Some(end);
                return after(from, left / rate).max(now + SimDuration(1));
            }
            left -= inside;
            from = end;
            if from == SimTime::NEVER {
                return from;
            }
            self.is_busy = !self.is_busy;
            end = from + self.length(random);
        }
    }

    fn length(&self, random: &mut Stream) -> SimDuration {
        let OnOff { busy, quiet, is_random, .. } = self.settings;
        let mean = if self.is_busy { busy } else { quiet };
        let length =
            if is_random { (mean.0 as f64 * random.exponential() + 0.5) as u64 } else { mean.0 };
        SimDuration(length.max(1))
    }
}

/// A rate from an instant on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// When it begins.
    pub from: SimTime,
    /// Requests per second from then on, 0 to 10 million.
    pub rate_per_sec: f64,
}

/// Most steps.
pub const STEPS_MAX: usize = 10_000;

/// Whether steps can be used: the first at zero, each later than the one before.
///
/// # Errors
/// Says what is wrong.
pub(super) fn check_steps(steps: &[Step]) -> Result<(), BadSetting> {
    in_range("steps", steps.len() as f64, [1.0, STEPS_MAX as f64], "1 to 10000")?;
    in_range("from_ms of the first step", steps[0].from.0 as f64, [0.0, 0.0], "0")?;
    for pair in steps.windows(2) {
        let least = pair[0].from.0.saturating_add(1) as f64;
        let possible = "later than the step before";
        in_range("from (ns) of a step", pair[1].from.0 as f64, [least, f64::INFINITY], possible)?;
    }
    for step in steps {
        in_range("rate_per_sec", step.rate_per_sec, [0.0, 1e7], "0 to 10 million")?;
    }
    Ok(())
}

/// Steps and which one holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Steps {
    steps: Box<[Step]>,
    present: usize,
}

impl Steps {
    pub(super) fn new(steps: Box<[Step]>) -> Self {
        Self { steps, present: 0 }
    }

    pub(super) fn scale(&mut self, factor: f64) {
        self.steps.iter_mut().for_each(|step| step.rate_per_sec *= factor);
    }

    pub(super) fn next(&mut self, now: SimTime, random: &mut Stream) -> SimTime {
        let mut left = random.exponential();
        let mut from = now;
        loop {
            let rate = self.steps[self.present].rate_per_sec / 1e9;
            let Some(following) = self.steps.get(self.present + 1) else {
                return after(from, left / rate).max(now + SimDuration(1));
            };
            let inside = following.from.since(from).0 as f64 * rate;
            if left < inside {
                return after(from, left / rate).max(now + SimDuration(1));
            }
            left -= inside;
            from = from.max(following.from);
            self.present += 1;
        }
    }
}

/// `nanos` later, which may be infinite.
fn after(from: SimTime, nanos: f64) -> SimTime {
    from + SimDuration((nanos + 0.5) as u64)
}

#[cfg(test)]
mod tests {
    use super::super::{Settings, Source};
    use super::*;

    /// Counts the instants of the first `secs` seconds in each window.
    fn counts(settings: &Settings, secs: f64, window: f64) -> Vec<f64> {
        let (mut source, mut random) = (Source::new(settings), Stream::new(3, 0, 0));
        let mut counts = vec![0.0; (secs / window).ceil() as usize];
        let mut now = source.next(SimTime::ZERO, &mut random);
        while now < SimTime::from_secs(secs) {
            counts[(now.as_secs() / window) as usize] += 1.0;
            let next = source.next(now, &mut random);
            assert!(next > now, "time passes");
            now = next;
        }
        counts
    }

    fn on_off(is_random: bool) -> OnOff {
        OnOff {
            busy_per_sec: 90.0,
            quiet_per_sec: 10.0,
            busy: SimDuration::from_secs(1.0),
            quiet: SimDuration::from_secs(3.0),
            is_random,
        }
    }

    #[test]
    fn bursts_come_in_their_time_at_their_rate() {
        let counts = counts(&Settings::OnOff(on_off(false)), 4_000.0, 1.0);
        for (second, expected) in [(0, 90.0), (1, 10.0), (2, 10.0), (3, 10.0)] {
            let all: f64 = counts.iter().skip(second).step_by(4).sum();
            // Poisson with 1000 times the expected count; allow 4 standard deviations.
            let allowed = 4.0 * (expected * 1e3_f64).sqrt();
            assert!((all - expected * 1e3).abs() < allowed, "{second}: {all}");
        }
    }

    #[test]
    fn random_bursts_have_the_rate_and_the_variance_of_theory() {
        let spans = counts(&Settings::OnOff(on_off(true)), 400_000.0, 100.0);
        let mean = spans.iter().sum::<f64>() / 4_000.0;
        let variance = spans.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / 3_999.0;
        // Rate 30/s. Variance over T: 30 T + 2 (80)^2 p (1-p) (T/g - 1/g^2), with p = 1/4 the share of
        // busy times and g = 1 + 1/3 the rate at which they change: 3000 + 2400 (75 - 0.5625).
        let expected = 3_000.0 + 2_400.0 * (75.0 - 0.5625);
        // Standard error of the mean sqrt(181 650 / 4000) = 6.7, of a variance 2.2 %; allow 4.
        assert!((mean - 3_000.0).abs() < 27.0, "{mean}");
        assert!((variance / expected - 1.0).abs() < 0.09, "{variance}, not {expected}");
    }

    #[test]
    fn a_spike_comes_and_goes() {
        let step = |from, rate_per_sec| Step { from: SimTime::from_secs(from), rate_per_sec };
        let steps = [step(0.0, 80.0), step(20.0, 150.0), step(40.0, 0.0), step(60.0, 80.0)];
        let settings = Settings::Steps(Box::new(steps));
        assert_eq!(settings.check(), Ok(()));
        let counts = counts(&settings, 80.0, 20.0);
        for (found, expected) in counts.iter().zip([1_600.0, 3_000.0, 0.0, 1_600.0]) {
            assert!((found - expected).abs() <= 4.0 * f64::sqrt(expected), "{counts:?}");
        }
    }

    #[test]
    fn nothing_comes_after_a_last_step_of_zero() {
        let steps = [
            Step { from: SimTime::ZERO, rate_per_sec: 1.0 },
            Step { from: SimTime(1), rate_per_sec: 0.0 },
        ];
        let mut source = Source::new(&Settings::Steps(Box::new(steps)));
        assert_eq!(source.next(SimTime::ZERO, &mut Stream::new(1, 0, 0)), SimTime::NEVER);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert_eq!(on_off(true).check(), Ok(()));
        assert!(OnOff { busy_per_sec: 0.0, ..on_off(false) }.check().is_err());
        assert!(
            OnOff { busy: SimDuration(1), quiet: SimDuration(1), ..on_off(true) }.check().is_err()
        );
        let step = |from, rate_per_sec| Step { from: SimTime(from), rate_per_sec };
        assert!(check_steps(&[]).is_err());
        assert!(check_steps(&[step(1, 1.0)]).is_err());
        assert!(check_steps(&[step(0, 1.0), step(5, 1.0), step(5, 1.0)]).is_err());
        assert!(check_steps(&[step(0, f64::NAN)]).is_err());
    }
}
