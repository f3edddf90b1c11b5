//! The figures at the operating point, of the same state as the curve shown: read off it at once,
//! measured a moment later.

use crate::analysis::report::{CurvePoint, LatencySummary, RunReport};
use crate::engine::math::{exp, ln};
use crate::scenario::quantity::decimal;
use crate::scenario::{Knob, Scale};

use super::Session;

/// Figures at the operating point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Readout {
    /// Arithmetic mean of latency, in milliseconds.
    pub mean_ms: Option<f64>,
    /// Half were faster.
    pub p50_ms: Option<f64>,
    /// 95 % were faster.
    pub p95_ms: Option<f64>,
    /// 99 % were faster.
    pub p99_ms: Option<f64>,
    /// Half the width of the 95 % interval of `p99_ms`.
    pub p99_half_width_ms: Option<f64>,
    /// Requests answered in time and right, per second.
    pub goodput_per_s: f64,
    /// Share of finished requests not answered in time and right, 0..=1.
    pub error_share: f64,
    /// More is asked for than the system can ever do.
    pub overloaded: bool,
    /// From a run at exactly this point, rather than from the curve's points around it.
    pub is_measured: bool,
}

impl Readout {
    /// The figures of a session; `None` before there is anything.
    pub fn of(session: &Session) -> Option<Self> {
        if let Some(report) = session.measured() {
            return Some(Self::of_report(report));
        }
        let points = &session.curve.as_ref()?.points;
        Self::between(points, session.x(), session.point())
    }

    /// What the objective asks for is met.
    pub fn meets(&self, objective: &crate::scenario::Objective) -> bool {
        let fast = self.p99_ms.is_some_and(|p99| p99 <= objective.p99_ms);
        fast && self.error_share <= objective.error_share && !self.overloaded
    }

    fn of_report(report: &RunReport) -> Self {
        let latency = report.latency_ms;
        Self {
            mean_ms: latency.mean,
            p50_ms: latency.p50,
            p95_ms: latency.p95,
            p99_ms: latency.p99,
            p99_half_width_ms: latency.p99_half_width,
            goodput_per_s: report.goodput_per_s,
            error_share: report.error_share,
            overloaded: report.overloaded,
            is_measured: true,
        }
    }

    /// Between the two points around `x`, as [`between`] says.
    pub fn between(points: &[CurvePoint], knob: &Knob, x: f64) -> Option<Self> {
        let point = between(points, knob, x)?;
        let LatencySummary { mean, p50, p95, p99, .. } = point.latency_ms;
        Some(Self {
            mean_ms: mean,
            p50_ms: p50,
            p95_ms: p95,
            p99_ms: p99,
            p99_half_width_ms: None,
            goodput_per_s: point.goodput_per_s,
            error_share: point.error_share,
            overloaded: point.overloaded,
            is_measured: false,
        })
    }
}

/// The point of a curve at `x`, between the two around it: latencies by factors, the rest by
/// differences.
pub fn between(points: &[CurvePoint], knob: &Knob, x: f64) -> Option<CurvePoint> {
    let after = points.iter().position(|point| point.x >= x).unwrap_or(points.len());
    let high = points.get(after).or(points.last())?;
    let low = after.checked_sub(1).and_then(|index| points.get(index)).unwrap_or(high);
    let (from, to) = (knob.position(low.x), knob.position(high.x));
    let share = if to > from { (knob.position(x) - from) / (to - from) } else { 1.0 };
    let share = share.clamp(0.0, 1.0);
    let factor = |of: fn(&LatencySummary) -> Option<f64>| match (
        of(&low.latency_ms),
        of(&high.latency_ms),
    ) {
        (Some(from), Some(to)) if from > 0.0 && to > 0.0 => {
            Some(exp(ln(from) + (ln(to) - ln(from)) * share))
        }
        (from, to) => {
            if share < 0.5 {
                from
            } else {
                to
            }
        }
    };
    let mix = |from: f64, to: f64| from + (to - from) * share;
    let of = |value: fn(&CurvePoint) -> f64| mix(value(low), value(high));
    let parts = low.utilisation.iter().zip(&high.utilisation);
    Some(CurvePoint {
        x,
        latency_ms: LatencySummary {
            mean: factor(|latency| latency.mean),
            p50: factor(|latency| latency.p50),
            p95: factor(|latency| latency.p95),
            p99: factor(|latency| latency.p99),
            ..LatencySummary::default()
        },
        offered_per_s: of(|point| point.offered_per_s),
        goodput_per_s: of(|point| point.goodput_per_s),
        error_share: of(|point| point.error_share),
        overloaded: if share < 1.0 { low.overloaded } else { high.overloaded },
        amplification: of(|point| point.amplification),
        stale_share: of(|point| point.stale_share),
        lost_per_s: of(|point| point.lost_per_s),
        memory_mb: of(|point| point.memory_mb),
        memory_most_mb: of(|point| point.memory_most_mb),
        utilisation: parts.map(|(low, high)| mix(*low, *high)).collect(),
        ..CurvePoint::default()
    })
}

/// A step of a knob by one key: a 48th of the slider, and at least 1 for whole numbers.
pub fn step(knob: &Knob, value: f64, steps: f64) -> f64 {
    let moved = knob.at(knob.position(value) + steps / 48.0);
    let is_stuck = knob.whole && (moved - value).abs() < 1.0;
    if is_stuck { knob.clamp(value + steps.signum()) } else { round(knob, moved) }
}

/// A value to three digits: what a slider can set, so that links stay short.
pub fn round(knob: &Knob, value: f64) -> f64 {
    if knob.whole || value == 0.0 {
        return knob.clamp(value);
    }
    let magnitude = crate::engine::math::log10(value.abs()).floor();
    let digits = match knob.scale {
        Scale::Log => 2.0 - magnitude,
        Scale::Linear => 2.0 - crate::engine::math::log10(knob.max.abs().max(1e-9)).floor(),
    };
    let text = format!("{value:.*}", digits.clamp(0.0, 9.0) as usize);
    knob.clamp(decimal(&text).unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::catalogue;

    #[test]
    fn every_step_of_every_knob_moves_it_and_comes_to_both_ends() {
        for scenario in catalogue::all() {
            for knob in &scenario.knobs {
                for sign in [1.0, -1.0] {
                    let (mut value, mut steps) = (knob.default, 0);
                    let end = if sign > 0.0 { knob.max } else { knob.min };
                    while (value - end).abs() > 1e-12 {
                        let next = step(knob, value, sign);
                        assert!((next - value) * sign > 0.0, "{}: {value} -> {next}", knob.id);
                        (value, steps) = (next, steps + 1);
                    }
                    assert!(steps <= 1_000, "{}: {steps}", knob.id);
                }
            }
        }
    }

    #[test]
    fn between_two_points_latency_lies_between_theirs() {
        let scenario = catalogue::find("queue-knee").unwrap();
        let settings = crate::scenario::Settings::default();
        let curve = crate::analysis::curve::curve(&scenario, &settings, "users", |_| {}).unwrap();
        let knob = scenario.knob("users").unwrap();
        // The last are overloaded, and have none.
        let known = curve.points.iter().take_while(|point| point.latency_ms.p50.is_some()).count();
        assert!(known >= curve.points.len() * 3 / 4, "{known} points");
        for pair in curve.points[..known].windows(2) {
            let x = knob.at(f64::midpoint(knob.position(pair[0].x), knob.position(pair[1].x)));
            let found = Readout::between(&curve.points, knob, x).unwrap().p50_ms.unwrap();
            let ends = [pair[0].latency_ms.p50.unwrap(), pair[1].latency_ms.p50.unwrap()];
            let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
            assert!((low..=high).contains(&found), "{x}: {found} in {low}..{high}");
        }
    }
}
