//! What was measured in a run, and the figures derived from it.

use crate::engine::SimDuration;
use crate::engine::histogram::Histogram;
use crate::model::{Outcome, PartMeasure, Period};

use super::report::{LatencySummary, Outcomes};

/// A part of which this share of its capacity is asked is called saturated.
pub const SATURATED: f64 = 0.9;

/// A period with the figures derived from it.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The counters.
    pub period: Period,
}

impl Measured {
    pub(super) fn new(period: Period) -> Self {
        Self { period }
    }

    /// The same without latencies, unless more were answered than wait still: of a run that was
    /// stopped early they are those of the few who were quick.
    pub(super) fn if_most_are_answered(mut self) -> Self {
        if !self.outcomes().is_work_known() {
            let period = &mut self.period;
            (period.latencies, period.failures) = (Histogram::default(), Histogram::default());
            (period.mean_half_width, period.p99_half_width) = (None, None);
        }
        self
    }

    /// Something else than users' requests makes load.
    pub(super) fn has_background(&self) -> bool {
        self.period.clients.iter().any(|clients| clients.is_background)
    }

    /// Latency of requests answered in time.
    pub fn latency(&self) -> LatencySummary {
        LatencySummary {
            mean_half_width: self.period.mean_half_width.map(|nanos| nanos / 1e6),
            p99_half_width: self.period.p99_half_width.map(|nanos| nanos / 1e6),
            ..summary(&self.period.latencies)
        }
    }

    /// How long all requests took until they ended. Those answered in time may be the quick ones
    /// only; a request that fails at once is quick too.
    pub fn latency_of_all(&self) -> LatencySummary {
        let mut all = self.period.latencies.clone();
        all.merge(&self.period.failures);
        summary(&all)
    }

    /// A count per second.
    pub fn rate(&self, count: u64) -> f64 {
        let secs = self.period.span.as_secs();
        if secs > 0.0 { count as f64 / secs } else { 0.0 }
    }

    /// Share of finished requests that were not answered in time.
    pub fn error_share(&self) -> f64 {
        self.period.totals.error_share()
    }

    /// Busy share of the capacity of a part, 0..=1.
    pub(super) fn utilisation(&self, part: &PartMeasure) -> f64 {
        let secs = self.period.span.as_secs().max(1e-9);
        part.busy.as_secs() / secs / f64::from(part.capacity.max(1))
    }

    /// More is asked of some part than it can ever do.
    pub fn overloaded(&self) -> bool {
        self.period.parts.iter().any(|part| self.demand_ratio(part) >= 1.0)
    }

    /// The innermost part that is saturated, else the one with the highest demand.
    ///
    /// A part that is held while an inner one is waited for is busy too, but not the cause.
    pub fn busiest(&self) -> Option<(&PartMeasure, f64)> {
        let ratios = || self.period.parts.iter().map(|part| (part, self.demand_ratio(part)));
        let saturated = ratios().filter(|(_, ratio)| *ratio >= SATURATED);
        saturated
            .max_by_key(|(part, _)| part.depth)
            .or_else(|| ratios().max_by(|a, b| a.1.total_cmp(&b.1)))
    }

    pub(super) fn outcomes(&self) -> Outcomes {
        let totals = &self.period.totals;
        Outcomes {
            in_time: totals.of(Outcome::InTime),
            rejected: totals.of(Outcome::Rejected),
            gave_up: totals.of(Outcome::GaveUp),
            timed_out: totals.of(Outcome::TimedOut),
            failed: totals.of(Outcome::Failed),
            shed: totals.of(Outcome::Shed),
            in_flight: self.period.in_flight,
        }
    }

    /// Busy time that one request asks of a part, in seconds (its demand).
    pub fn demand_secs(&self, part: &PartMeasure) -> f64 {
        part.busy.as_secs() / self.outcomes().served().max(1) as f64
    }

    /// What is asked of a part as a share of its capacity (utilisation law: rate times demand). Those
    /// who are shed ask nothing of it, which is what they are shed for, and lower what one asks on
    /// average.
    pub fn demand_ratio(&self, part: &PartMeasure) -> f64 {
        let outcomes = self.outcomes();
        let ended = (outcomes.served() + outcomes.shed).max(1) as f64;
        let rate = self.rate(self.period.totals.sent);
        rate * part.busy.as_secs() / ended / f64::from(part.capacity)
    }
}

fn summary(latencies: &Histogram) -> LatencySummary {
    let quantile = |q| latencies.quantile(q).map(|nanos| nanos / 1e6);
    LatencySummary {
        mean: latencies.mean().map(|nanos| nanos / 1e6),
        p50: quantile(0.5),
        p95: quantile(0.95),
        p99: quantile(0.99),
        max: latencies.max().map(|nanos| SimDuration(nanos).as_ms()),
        ..LatencySummary::default()
    }
}
