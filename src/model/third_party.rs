//! A service of somebody else: its latency, its quota, and the times when it is down.
//!
//! It has no queue that we could see: what it takes is drawn, whatever the load. Calls beyond its quota
//! in a fixed window of time are refused, quickly; who is refused may ask again after the next window
//! begins. While it is down calls fail after a time, or hang until their caller gives up.
//!
//! Left out: a latency that grows with the load, quotas that depend on the caller's history beyond the
//! present window.
//! Source: RFC 6585, section 4 (429, too many requests).

use crate::engine::{Distribution, SimDuration, SimTime, Stream};
use crate::policy::admission::Decision;
use crate::policy::admission::fixed_window::{self, FixedWindow};

/// What is set about a third party.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Time to an answer, in seconds.
    pub latency: Distribution,
    /// How much it answers at most.
    pub quota: Option<Quota>,
    /// When it is down.
    pub outages: Outages,
    /// What a call sees then.
    pub outage: Outage,
}

/// At most so many calls in each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Calls answered in a window.
    pub calls: fixed_window::Settings,
    /// Time to a refusal.
    pub refusal: SimDuration,
}

/// When a third party is down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outages {
    /// In none of the times, or in these: from (included) to (excluded), ascending, apart.
    At(Vec<(SimTime, SimTime)>),
    /// For the last `outage` of each `period`.
    Every {
        /// Above 0.
        period: SimDuration,
        /// At most `period`.
        outage: SimDuration,
    },
}

/// What a call sees when the third party is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// No answer: the caller waits as long as it is patient.
    Hangs,
    /// An error after this long.
    Fails(SimDuration),
}

/// A third party and what it has answered.
#[derive(Debug, Clone)]
pub struct ThirdParty {
    settings: Settings,
    limiter: Option<FixedWindow>,
    /// The first outage that may not be over.
    outage: usize,
    counters: Counters,
}

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// With a result, after this long.
    Served(SimDuration),
    /// With "too many requests".
    Refused {
        /// Time to the refusal.
        after: SimDuration,
        /// Time from the call to the next window.
        retry_after: SimDuration,
    },
    /// With an error, after this long.
    Failed(SimDuration),
    /// Never.
    Hangs,
}

/// Calls so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// With a result.
    pub served: u64,
    /// Over the quota.
    pub refused: u64,
    /// While it was down.
    pub failed: u64,
}

impl Counters {
    /// What came after `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            served: self.served - before.served,
            refused: self.refused - before.refused,
            failed: self.failed - before.failed,
        }
    }
}

impl ThirdParty {
    /// A third party that nobody has called.
    pub fn new(settings: Settings) -> Self {
        let limiter = settings.quota.map(|quota| FixedWindow::new(&quota.calls));
        Self { settings, limiter, outage: 0, counters: Counters::default() }
    }

    /// A call begins; `now` must not go back.
    pub fn call(&mut self, now: SimTime, random: &mut Stream) -> Answer {
        if self.is_down(now) {
            self.counters.failed += 1;
            return match self.settings.outage {
                Outage::Hangs => Answer::Hangs,
                Outage::Fails(after) => Answer::Failed(after),
            };
        }
        if let Some(limiter) = &mut self.limiter
            && let Decision::Reject { retry_after } = limiter.decide(now)
        {
            self.counters.refused += 1;
            let after = self.settings.quota.map_or(SimDuration::ZERO, |quota| quota.refusal);
            return Answer::Refused { after, retry_after };
        }
        self.counters.served += 1;
        Answer::Served(SimDuration::from_secs(self.settings.latency.sample(random)))
    }

    /// Calls a second that its quota lets in.
    pub fn quota_per_s(&self) -> Option<f64> {
        let quota = self.settings.quota?;
        Some(f64::from(quota.calls.limit) / quota.calls.window.as_secs())
    }

    /// Whether it is down; `now` must not go back.
    pub fn is_down(&mut self, now: SimTime) -> bool {
        match &self.settings.outages {
            Outages::At(times) => {
                while times.get(self.outage).is_some_and(|(_, to)| *to <= now) {
                    self.outage += 1;
                }
                times.get(self.outage).is_some_and(|(from, _)| *from <= now)
            }
            Outages::Every { period, outage } => {
                let phase = now.0 % period.0.max(1);
                phase >= period.0.saturating_sub(outage.0)
            }
        }
    }

    /// Calls so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> SimTime {
        SimTime(secs * 1_000_000_000)
    }

    fn settings(quota: Option<Quota>, outages: Outages) -> Settings {
        let latency = Distribution::Constant(0.1);
        Settings { latency, quota, outages, outage: Outage::Fails(SimDuration(5)) }
    }

    #[test]
    fn a_quota_counts_from_window_to_window() {
        let calls = fixed_window::Settings { limit: 2, window: SimDuration(10_000_000_000) };
        let quota = Some(Quota { calls, refusal: SimDuration(3) });
        let mut party = ThirdParty::new(settings(quota, Outages::At(Vec::new())));
        let mut random = Stream::new(1, 0, 0);
        let served = Answer::Served(SimDuration(100_000_000));
        let mut call = |secs| party.call(at(secs), &mut random);
        assert_eq!([call(8), call(9)], [served; 2]);
        let (after, retry_after) = (SimDuration(3), SimDuration(1_000_000_000));
        assert_eq!(call(9), Answer::Refused { after, retry_after });
        assert_eq!([call(10), call(11)], [served; 2], "twice the quota around a boundary");
    }

    #[test]
    fn outages_come_when_they_are_set() {
        let times = vec![(at(10), at(20)), (at(30), at(40))];
        let period = SimDuration(20_000_000_000);
        let outage = SimDuration(10_000_000_000);
        for outages in [Outages::At(times), Outages::Every { period, outage }] {
            let mut party = ThirdParty::new(settings(None, outages));
            let down: Vec<u64> = (0..45).filter(|secs| party.is_down(at(*secs))).collect();
            assert_eq!(down, (10..20).chain(30..40).collect::<Vec<u64>>());
        }
    }
}
