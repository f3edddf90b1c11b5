//! The p99 of all requests, where enough of them fail that the p99 of those answered says too little:
//! the few that are answered may be the quick ones only.

use plotters::prelude::DrawingBackend;

use super::sheet::{Dash, Drawn, Stroke};
use super::stage::Stage;
use crate::analysis::report::{Curve, CurvePoint};

/// Share of requests that fail from which on p99 of all is another figure than p99 of those answered.
const FAILING: f64 = 0.01;

/// Where nobody is answered, what is over sooner was over at once.
const AT_ONCE_MS: f64 = 0.001;

/// Its name beside the curve.
pub(super) const NAME: &str = "p99 of all";

/// The p99 of all requests, in milliseconds, at a point where enough of them fail, unless most are turned
/// away at once: that is told by the errors, and no time that anybody waits.
pub(super) fn p99_of_all(point: &CurvePoint) -> Option<f64> {
    let is_wait = |ms: &f64| *ms >= point.latency_ms.p50.unwrap_or(AT_ONCE_MS);
    point.p99_all_ms.filter(|ms| point.error_share >= FAILING && is_wait(ms))
}

/// It at the last point of a curve where it is drawn.
pub(super) fn last(curve: &Curve) -> Option<f64> {
    curve.points.iter().rev().find_map(p99_of_all)
}

/// Draws it, from the last point before with hardly a failure.
pub(super) fn draw<DB: DrawingBackend>(stage: &mut Stage<'_, DB>) -> Drawn<DB> {
    let points = &stage.spec.curve.points;
    let dash = Dash::Broken(2.0, 3.0);
    let stroke = Stroke { dash, ..Stroke::solid(stage.palette.p99, 2.0) };
    let fails = |point: &CurvePoint| p99_of_all(point).is_some();
    let mut from = 0;
    while let Some(first) = points[from..].iter().position(fails).map(|first| from + first) {
        let rest = &points[first..];
        let end =
            rest.iter().position(|point| !fails(point)).map_or(points.len(), |end| first + end);
        let begin = first.saturating_sub(1);
        stage.series(&points[begin..end], &|point| point.p99_all_ms, stroke)?;
        from = end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(error_share: f64, p99_all_ms: f64) -> CurvePoint {
        CurvePoint { error_share, p99_all_ms: Some(p99_all_ms), ..CurvePoint::default() }
    }

    #[test]
    fn p99_of_all_is_another_figure_only_where_enough_requests_fail() {
        assert_eq!(p99_of_all(&point(0.009, 100.0)), None);
        assert_eq!(p99_of_all(&point(0.3, 1_000.0)), Some(1_000.0));
        assert_eq!(p99_of_all(&point(1.0, 0.0)), None, "turned away at once");
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn it_is_drawn_and_named_only_where_requests_fail() {
        use crate::analysis::report::LatencySummary;
        use crate::chart::measure::Measures;
        use crate::chart::svg::Picture;

        let scenario = crate::scenario::catalogue::find("queue-knee").unwrap();
        let picture = |error_share: f64| {
            let at = |x: f64| {
                let latency_ms = LatencySummary { p99: Some(1.0), ..LatencySummary::default() };
                CurvePoint { x, latency_ms, ..point(error_share, 500.0) }
            };
            let curve = Curve {
                knob: "users".to_owned(),
                points: [10.0, 50.0, 150.0].map(at).to_vec(),
                pass: 1,
                finished: true,
                knee: None,
                theory: Vec::new(),
                parts: Vec::new(),
            };
            let (knob, objective) = (&scenario.knobs[0], &scenario.objective);
            let (ghost, point, size, dark) = (None, 50.0, (900, 560), false);
            let (measures, walk) = (Measures::LOAD, None);
            Picture { curve: &curve, ghost, knob, objective, point, size, dark, measures, walk }
                .draw()
                .unwrap()
        };
        assert!(!picture(0.0).contains(NAME));
        assert!(picture(0.5).contains(NAME));
    }
}
