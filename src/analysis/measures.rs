//! Figures of a period at one value of a knob.

use super::measured::Measured;
use super::report::CurvePoint;
use crate::model::Outcome;

impl Measured {
    /// What a curve says of this period at the value `x` of its knob.
    pub(super) fn point(&self, x: f64) -> CurvePoint {
        let totals = self.period.totals;
        let per = |count: u64, of: u64| count as f64 / of.max(1) as f64;
        let busy = self.period.parts.iter().map(|part| self.utilisation(part));
        let megabytes = |bytes: u64| bytes as f64 / (1024.0 * 1024.0);
        let fullest = self.period.machines.iter().max_by_key(|machine| machine.memory_most);
        CurvePoint {
            x,
            latency_ms: self.latency(),
            p99_all_ms: self.latency_of_all().p99,
            offered_per_s: self.rate(totals.sent + totals.retries),
            goodput_per_s: self.rate(totals.right()),
            error_share: self.error_share(),
            overloaded: self.overloaded(),
            settled: false,
            busiest: self.busiest().map(|(part, ratio)| (part.id.clone(), ratio)),
            stopped: None,
            amplification: if totals.sent == 0 {
                1.0
            } else {
                per(totals.sent + totals.retries, totals.sent)
            },
            stale_share: per(totals.stale, totals.of(Outcome::InTime)),
            lost_per_s: self.rate(totals.lost_updates()),
            memory_mb: fullest.map_or(0.0, |machine| megabytes(machine.memory_mean)),
            memory_most_mb: fullest.map_or(0.0, |machine| megabytes(machine.memory_most)),
            utilisation: busy.collect(),
        }
    }
}
