//! Where a curve bends.

use crate::analysis::report::{CurvePoint, Knee, KneeLimit};
use crate::engine::math::{exp, ln};
use crate::scenario::{Objective, Scale};

/// Where the objective stops being met: the first of its limits to be crossed between the last point
/// that meets it and the first that does not.
pub(super) fn knee(points: &[CurvePoint], objective: &Objective, scale: Scale) -> Option<Knee> {
    let p99 = |point: &CurvePoint| point.latency_ms.p99.unwrap_or(f64::INFINITY);
    let is_slow = |point: &CurvePoint| p99(point) > objective.p99_ms;
    let fails = |point: &CurvePoint| point.error_share > objective.error_share;
    let is_bad = |point: &CurvePoint| is_slow(point) || fails(point) || point.overloaded;
    let first = points.iter().position(is_bad)?;
    let (before, bad) = (points.get(first.checked_sub(1)?)?, &points[first]);
    // How far from `before` to `bad` a limit between their values lies.
    let between = |low: f64, limit: f64, high: f64| {
        let share = (limit - low) / (high - low);
        if high > limit && share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 }
    };
    // Latency grows by factors, so its logarithm is interpolated.
    let (fast, slow) = (ln(p99(before)), ln(p99(bad).min(1e12)));
    // Demand grows like the knob; on a log scale its logarithm grows like the slider.
    let demand =
        |point: &CurvePoint| point.busiest.as_ref().map_or(0.0, |(_, ratio)| ratio.max(1e-6));
    let saturates = between(ln(demand(before)), 0.0, ln(demand(bad)));
    // Errors that come with overload start there: they do not grow from the point before.
    let is_clean = before.error_share < 0.1 * objective.error_share;
    let loses = if bad.overloaded && is_clean {
        saturates
    } else {
        between(before.error_share, objective.error_share, bad.error_share)
    };
    let slows = between(fast, ln(objective.p99_ms), slow);
    let crossings = [
        (is_slow(bad), slows, KneeLimit::P99),
        (fails(bad), loses, KneeLimit::Errors),
        (bad.overloaded, saturates, KneeLimit::Overload),
    ];
    let crossed = crossings.into_iter().filter(|(is_crossed, ..)| *is_crossed);
    let (_, share, limit) = crossed.min_by(|one, other| one.1.total_cmp(&other.1))?;
    let x = match scale {
        Scale::Linear => before.x + (bad.x - before.x) * share,
        Scale::Log => before.x * exp(ln(bad.x / before.x) * share),
    };
    let p99_ms = match limit {
        KneeLimit::P99 => objective.p99_ms,
        _ => exp(fast + (slow - fast) * share).min(objective.p99_ms),
    };
    Some(Knee { x, p99_ms, limit })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::report::LatencySummary;

    /// A point with p99 in milliseconds, share of errors and demand of the busiest part.
    fn point(x: f64, p99: f64, error_share: f64, demand: f64) -> CurvePoint {
        CurvePoint {
            x,
            latency_ms: LatencySummary { p99: Some(p99), ..LatencySummary::default() },
            error_share,
            overloaded: demand > 1.0,
            busiest: Some(("db".to_owned(), demand)),
            ..CurvePoint::default()
        }
    }

    #[test]
    fn the_knee_is_where_the_first_limit_is_crossed_and_says_which() {
        let objective = Objective { p99_ms: 1_000.0, error_share: 0.01, stale_is_wrong: false };
        let before = point(100.0, 100.0, 0.0, 0.8);
        let knee = |bad: CurvePoint| knee(&[before.clone(), bad], &objective, Scale::Linear);
        let found = |bad| knee(bad).map(|Knee { x, p99_ms, limit }| (x.round(), p99_ms, limit));
        // Ten times as slow is half way to a hundred times.
        let slow = point(200.0, 10_000.0, 0.0, 0.9);
        assert_eq!(found(slow), Some((150.0, 1_000.0, KneeLimit::P99)));
        // A tenth of the way to 10 % errors, where p99 is still 100 * 100^0.1.
        let (x, p99_ms, limit) = found(point(200.0, 10_000.0, 0.1, 0.9)).unwrap();
        assert_eq!((x, limit), (110.0, KneeLimit::Errors));
        assert!((p99_ms - 158.5).abs() < 0.1, "{p99_ms}");
        // Demand 1 between 0.8 and 1.25 is half way in logarithms; p99 is met throughout.
        let overloaded = point(200.0, 400.0, 0.0, 1.25);
        let (x, p99_ms, limit) = found(overloaded).unwrap();
        assert_eq!((x, limit), (150.0, KneeLimit::Overload));
        assert!((p99_ms - 200.0).abs() < 0.1, "{p99_ms}");
        // Refused for want of capacity: from where there is none left, not from the point before.
        let refused = found(point(200.0, 400.0, 0.5, 1.25)).unwrap();
        assert_eq!((refused.0, refused.2), (150.0, KneeLimit::Errors));
        assert_eq!(found(point(200.0, 900.0, 0.01, 0.99)), None);
    }
}
