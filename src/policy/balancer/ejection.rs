//! Outlier ejection: a backend that fails several times in a row is out for a while.
//!
//! It is out for `base_time` times the number of its ejections, at most `time_max`; healthy sweeps
//! count the number down again. Only some of the backends may be out at once, but always one. A
//! sweep every `interval` brings back those whose time is over, so they are out a little longer.
//!
//! Errors, full queues, shedding and waits given up count as failures; attempts that the caller cancels
//! count as nothing.
//!
//! Left out: ejection by success rate or by failure percentage, jitter on the time.
//! Source: Envoy 1.22, `outlier_detection.proto` (5 in a row, 10 s, 30 s, 300 s, 10 %) and
//! `outlier_detection_impl.cc`.

use crate::engine::{SimDuration, SimTime};
use crate::policy::setting::{BadSetting, in_range};

/// When backends are ejected and for how long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Failures in a row, at least 1.
    pub failures: u32,
    /// Time between two sweeps, above zero.
    pub interval: SimDuration,
    /// Time of the first ejection.
    pub base_time: SimDuration,
    /// Longest time of one.
    pub time_max: SimDuration,
    /// Share of the backends that may be out, 0 to 1; one may always be.
    pub share_max: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            failures: 5,
            interval: SimDuration(10_000_000_000),
            base_time: SimDuration(30_000_000_000),
            time_max: SimDuration(300_000_000_000),
            share_max: 0.1,
        }
    }
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        in_range("failures", f64::from(self.failures), [1.0, f64::INFINITY], "at least 1")?;
        in_range("interval_ms", self.interval.as_ms(), [1e-3, 1e9], "0.001 to a billion")?;
        let least = self.base_time.as_ms();
        in_range("time_max_ms", self.time_max.as_ms(), [least, f64::INFINITY], "the base or more")?;
        in_range("share_max", self.share_max, [0.0, 1.0], "0 to 1")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Backend {
    /// Failures since the last success.
    failures: u32,
    /// What the base time is multiplied by.
    times: u32,
    ejected: Option<SimTime>,
}

/// Who is ejected.
#[derive(Debug, Clone, PartialEq)]
pub struct Ejections {
    settings: Settings,
    backends: Box<[Backend]>,
    out: usize,
}

impl Ejections {
    /// Nobody of `count` backends is out.
    pub fn new(settings: &Settings, count: u16) -> Self {
        let backends = vec![Backend::default(); usize::from(count)].into_boxed_slice();
        Self { settings: *settings, backends, out: 0 }
    }

    /// Learns how an attempt at `backend` ended; true if it must be taken out now.
    #[inline]
    pub fn on_outcome(&mut self, now: SimTime, backend: u16, succeeded: bool) -> bool {
        let entry = &mut self.backends[usize::from(backend)];
        if succeeded {
            entry.failures = 0;
            return false;
        }
        entry.failures += 1;
        if entry.failures < self.settings.failures || entry.ejected.is_some() {
            return false;
        }
        entry.failures = 0;
        let allowed = self.settings.share_max * self.backends.len() as f64;
        if self.out > 0 && self.out as f64 >= allowed {
            return false;
        }
        let Settings { base_time, time_max, .. } = self.settings;
        let entry = &mut self.backends[usize::from(backend)];
        if base_time.0.saturating_mul(u64::from(entry.times))
            < time_max.0.saturating_add(base_time.0)
        {
            entry.times += 1;
        }
        entry.ejected = Some(now);
        self.out += 1;
        true
    }

    /// What is done every interval: names those that are back from now on.
    pub fn sweep(&mut self, now: SimTime, mut back: impl FnMut(u16)) {
        for (index, entry) in self.backends.iter_mut().enumerate() {
            let Some(since) = entry.ejected else {
                entry.times = entry.times.saturating_sub(1);
                continue;
            };
            let time = self.settings.base_time.0.saturating_mul(u64::from(entry.times));
            if now.since(since).0 >= time.min(self.settings.time_max.0) {
                *entry = Backend { failures: 0, ejected: None, ..*entry };
                self.out -= 1;
                back(index as u16);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> SimTime {
        SimTime(secs * 1_000_000_000)
    }

    fn fails(ejections: &mut Ejections, secs: u64, backend: u16, times: u32) -> bool {
        (0..times).any(|_| ejections.on_outcome(at(secs), backend, false))
    }

    fn returned(ejections: &mut Ejections, secs: u64) -> Vec<u16> {
        let mut back = Vec::new();
        ejections.sweep(at(secs), |backend| back.push(backend));
        back
    }

    #[test]
    fn five_failures_in_a_row_take_a_backend_out() {
        let mut ejections = Ejections::new(&Settings::default(), 3);
        assert!(!fails(&mut ejections, 0, 1, 4));
        assert!(!ejections.on_outcome(at(0), 1, true));
        assert!(!fails(&mut ejections, 0, 1, 4), "a success in between");
        assert!(fails(&mut ejections, 1, 1, 1));
        assert!(!fails(&mut ejections, 1, 1, 50), "it is out already");
        assert_eq!(returned(&mut ejections, 30), [0; 0]);
        assert_eq!(returned(&mut ejections, 31), [1]);
    }

    #[test]
    fn who_fails_again_is_out_for_longer() {
        let mut ejections = Ejections::new(&Settings::default(), 3);
        assert!(fails(&mut ejections, 0, 0, 5));
        assert_eq!(returned(&mut ejections, 30), [0]);
        assert!(fails(&mut ejections, 30, 0, 5));
        assert_eq!(returned(&mut ejections, 80), [0; 0]);
        assert_eq!(returned(&mut ejections, 90), [0]);
        // Two healthy sweeps forget both.
        assert_eq!([returned(&mut ejections, 100), returned(&mut ejections, 110)], [[0; 0]; 2]);
        assert!(fails(&mut ejections, 110, 0, 5));
        assert_eq!(returned(&mut ejections, 140), [0]);
    }

    #[test]
    fn nobody_is_out_for_longer_than_the_longest_time() {
        let settings = Settings { time_max: SimDuration(45_000_000_000), ..Settings::default() };
        let mut ejections = Ejections::new(&settings, 1);
        for round in 0..10 {
            assert!(fails(&mut ejections, round * 45, 0, 5), "round {round}");
            assert_eq!(returned(&mut ejections, round * 45 + 45), [0]);
        }
    }

    #[test]
    fn only_a_share_is_out_but_always_one() {
        let out = |share_max, count| {
            let settings = Settings { share_max, ..Settings::default() };
            let mut ejections = Ejections::new(&settings, count);
            (0..count).filter(|&backend| fails(&mut ejections, 0, backend, 5)).count()
        };
        assert_eq!(
            [out(0.0, 10), out(0.1, 10), out(0.1, 11), out(0.5, 10), out(1.0, 10)],
            [1, 1, 2, 5, 10]
        );
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert_eq!(Settings::default().check(), Ok(()));
        assert!(Settings { failures: 0, ..Settings::default() }.check().is_err());
        assert!(Settings { time_max: SimDuration(1), ..Settings::default() }.check().is_err());
        assert!(Settings { share_max: 1.1, ..Settings::default() }.check().is_err());
        assert!(Settings { interval: SimDuration::ZERO, ..Settings::default() }.check().is_err());
    }
}
