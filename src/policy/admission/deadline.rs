//! Shedding by deadline: turns away whoever would wait longer than its caller does.
//!
//! The wait is estimated as the work ahead, `waiting / servers` services, with an exponentially
//! smoothed mean of the service time; a request is let in if it would be *served* by its deadline.
//! Working on it any later would be for nobody.
//!
//! Source: Google SRE book, chapter 22 ("Deadline propagation", "Picking a deadline"); Netflix
//! concurrency-limits `DeadlineLimiter`.

use crate::engine::{SimDuration, SimTime};
use crate::policy::setting::{BadSetting, in_range};

use super::{Decision, REJECT};

/// How a wait is estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Mean service time before any was measured.
    pub service_first: SimDuration,
    /// Weight of the latest service time, above 0 to 1.
    pub weight: f64,
    /// The estimate is multiplied by this before it is compared, 0 to 100; more than 1 sheds early.
    pub caution: f64,
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        in_range("weight", self.weight, [f64::MIN_POSITIVE, 1.0], "above 0, at most 1")?;
        in_range("caution", self.caution, [0.0, 100.0], "0 to 100")
    }
}

/// The estimate of the service time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeadlineShedder {
    settings: Settings,
    service_nanos: f64,
}

impl DeadlineShedder {
    /// No service has been measured.
    pub fn new(settings: &Settings) -> Self {
        Self { settings: *settings, service_nanos: settings.service_first.0 as f64 }
    }

    /// Learns from a service that has ended.
    #[inline]
    pub fn observe(&mut self, service: SimDuration) {
        self.service_nanos += (service.0 as f64 - self.service_nanos) * self.settings.weight;
    }

    /// Time until a request would be served that has `waiting` before it at `servers` busy ones.
    pub fn latency(&self, waiting: u32, servers: u32) -> SimDuration {
        let rounds = f64::from(waiting) / f64::from(servers.max(1)) + 1.0;
        SimDuration((rounds * self.service_nanos * self.settings.caution) as u64)
    }

    /// Decides about a request that is wanted by `deadline`.
    #[inline]
    pub fn decide(&self, now: SimTime, deadline: SimTime, waiting: u32, servers: u32) -> Decision {
        if self.latency(waiting, servers) <= deadline.since(now) { Decision::Admit } else { REJECT }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn shedder() -> DeadlineShedder {
        let service_first = SimDuration(10 * MS);
        DeadlineShedder::new(&Settings { service_first, weight: 0.5, caution: 1.0 })
    }

    #[test]
    fn who_would_be_late_is_turned_away() {
        // Four servers of 10 ms with 16 waiting: 40 ms of waiting and 10 ms of service.
        let decide = |ms: u64| shedder().decide(SimTime(MS), SimTime(MS + ms * MS), 16, 4);
        assert_eq!(decide(50), Decision::Admit);
        assert_eq!(decide(49), REJECT);
        assert_eq!(shedder().decide(SimTime(MS), SimTime::ZERO, 0, 4), REJECT, "long over");
        assert_eq!(shedder().decide(SimTime(MS), SimTime::NEVER, 1_000, 4), Decision::Admit);
    }

    #[test]
    fn the_estimate_follows_the_service_times() {
        let mut shedder = shedder();
        shedder.observe(SimDuration(30 * MS));
        assert_eq!(shedder.latency(0, 1), SimDuration(20 * MS));
        (0..60).for_each(|_| shedder.observe(SimDuration(30 * MS)));
        assert_eq!(shedder.latency(2, 1).as_ms().round() as u64, 90);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let good = shedder().settings;
        assert_eq!(good.check(), Ok(()));
        assert!(Settings { weight: 0.0, ..good }.check().is_err());
        assert!(Settings { caution: -1.0, ..good }.check().is_err());
    }
}
