//! Load over a knob: what is asked for, what is answered in time and right, and what is not.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend};

use super::card::{Card, Reading};
use super::clip::Point;
use super::palette::Palette;
use super::plot::{Layout, Spec};
use super::sheet::{Dash, Drawn, Failure, Stroke};
use super::stage::Stage;
use crate::analysis::report::CurvePoint;
use crate::scenario::{Unit, quantity};

/// Draws offered load, goodput and errors over the knob.
///
/// # Errors
/// What the backend reports.
pub fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    spec: &Spec<'_>,
) -> Result<Layout, Failure<DB>> {
    let layout = Layout::of_load(spec);
    let mut stage = Stage::new(area, spec, layout);
    let (points, palette) = (&spec.curve.points, spec.palette);
    stage.ground("Requests per second")?;
    let card = Card::reserve(&mut stage, |point| readings(point, palette))?;
    if let Some(ghost) = spec.ghost {
        let dashed = Stroke { dash: Dash::Broken(4.0, 3.0), ..Stroke::solid(palette.quiet, 1.5) };
        stage.series(&ghost.points, |point| Some(point.goodput_per_s), dashed)?;
    }
    goodput_area(&stage)?;
    stage.series(points, |point| Some(point.offered_per_s), Stroke::solid(palette.quiet, 1.25))?;
    let dashed = Stroke { dash: Dash::Broken(6.0, 3.0), ..Stroke::solid(palette.errors, 1.75) };
    stage.series(with_errors(points), |point| Some(errors(point)), dashed)?;
    stage.series(
        points,
        |point| Some(point.goodput_per_s),
        Stroke::solid(palette.goodput, 2.25),
    )?;
    stage.operating_line()?;
    stage.beyond(points, |point| Some(point.offered_per_s), palette.quiet)?;
    let last = points.last();
    let before = spec.ghost.and_then(|ghost| ghost.points.last());
    stage.names(&[
        ("offered", palette.quiet, last.map(|point| point.offered_per_s)),
        ("goodput", palette.goodput, last.map(|point| point.goodput_per_s)),
        ("errors", palette.errors, last.map(errors).filter(|rate| *rate > 0.0)),
        ("before", palette.quiet, before.map(|point| point.goodput_per_s)),
    ])?;
    card.map_or(Ok(()), |card| card.show(&stage))?;
    Ok(layout)
}

fn readings(point: &CurvePoint, palette: &Palette) -> Vec<Reading> {
    let rate = |name: &str, value: f64, colour| {
        let words = format!("{name} {}", quantity::format(value, Unit::PerSecond));
        Reading { words, colour, value: Some(value) }
    };
    let share = quantity::format(point.error_share, Unit::Share);
    vec![
        rate("offered", point.offered_per_s, palette.quiet),
        rate("goodput", point.goodput_per_s, palette.goodput),
        Reading {
            words: format!("errors {share}"),
            colour: palette.errors,
            value: Some(errors(point)).filter(|rate| *rate > 0.0),
        },
    ]
}

/// Requests not answered in time and right, per second.
fn errors(point: &CurvePoint) -> f64 {
    point.offered_per_s * point.error_share
}

/// The stretch with errors and one point more at both ends: a line along the axis would say little.
fn with_errors(points: &[CurvePoint]) -> &[CurvePoint] {
    let has_errors = |point: &CurvePoint| point.error_share > 0.0;
    let Some(first) = points.iter().position(has_errors) else { return &[] };
    let last = points.iter().rposition(has_errors).unwrap_or(first);
    &points[first.saturating_sub(1)..(last + 2).min(points.len())]
}

fn goodput_area<DB: DrawingBackend>(stage: &Stage<'_, DB>) -> Drawn<DB> {
    let bottom = stage.layout.frame.bottom;
    for run in stage.pixels(&stage.spec.curve.points, |point| Some(point.goodput_per_s)) {
        let (first, last) = (run[0].0, run[run.len() - 1].0);
        let corners: Vec<Point> =
            run.into_iter().chain([(last, bottom), (first, bottom)]).collect();
        stage.sheet.fill(&corners, stage.bounds(), stage.palette.goodput, 0.14)?;
    }
    Ok(())
}
