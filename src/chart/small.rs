//! A small chart of one measure over a knob, below that of latency.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend};
use plotters::style::text_anchor::HPos;

#[cfg(not(target_arch = "wasm32"))]
use super::card::{Card, Reading};
use super::clip::Point;
#[cfg(not(target_arch = "wasm32"))]
use super::measure::Figure;
use super::measure::{Measure, Series};
use super::palette::Rgb;
use super::plot::{Frame, Layout, Spec};
use super::sheet::{Dash, Drawn, Failure, Stroke};
use super::stage::Stage;
use super::walk;
use crate::analysis::report::CurvePoint;

/// Draws one measure over the knob.
///
/// # Errors
/// What the backend reports.
pub fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    spec: &Spec<'_>,
    measure: Measure,
) -> Result<Layout, Failure<DB>> {
    let layout = Layout::of_measure(spec, measure);
    let mut stage = Stage::new(area, spec, layout);
    stage.ground(measure.title())?;
    title(&stage, measure)?;
    if let Some(found) = spec.walk {
        let series = measure.main();
        let colour = series.stroke(0, spec.palette).colour;
        walk::zone(&mut stage, found)?;
        walk::paths(&mut stage, found, &|point| Some(series.of(point)), colour)?;
        stage.operating_line()?;
        return Ok(layout);
    }
    let points = &spec.curve.points;
    let all = measure.series(points);
    // The page has a card of its own, over all charts.
    #[cfg(not(target_arch = "wasm32"))]
    let card = Card::reserve(&mut stage, |point| readings(spec, measure, &all, point))?;
    if let Some(ghost) = spec.ghost {
        let dashed = Dash::Broken(4.0, 3.0);
        let stroke = Stroke { dash: dashed, ..Stroke::solid(spec.palette.quiet, 1.5) };
        let series = ghost_series(spec, measure, &all);
        stage.series(&ghost.points, &|point| Some(series.of(point)), stroke)?;
    }
    if measure == Measure::Load {
        area_under(&stage, Series::Goodput)?;
    }
    // The line that tells most lies on top.
    for (rank, series) in all.iter().enumerate().rev() {
        let stroke = series.stroke(rank, spec.palette);
        let shown = if *series == Series::ErrorRate { with_errors(points) } else { points };
        stage.series(shown, &|point| Some(series.of(point)), stroke)?;
    }
    stage.operating_line()?;
    if measure == Measure::Load {
        let colour = spec.palette.quiet;
        stage.beyond(points, &|point| Some(point.offered_per_s), colour)?;
    }
    names(&stage, measure, &all)?;
    #[cfg(not(target_arch = "wasm32"))]
    card.map_or(Ok(()), |card| card.show(&stage))?;
    Ok(layout)
}

/// The line of the state before, where the parts may be others.
fn ghost_series(spec: &Spec<'_>, measure: Measure, all: &[Series]) -> Series {
    match all.first() {
        Some(Series::Part(index)) => {
            let id = spec.curve.parts.get(*index);
            let parts = spec.ghost.map(|ghost| &ghost.parts);
            let place = parts.and_then(|parts| parts.iter().position(|part| Some(part) == id));
            place.map_or(Series::Busiest, Series::Part)
        }
        _ => measure.main(),
    }
}

/// What the chart shows, above it, where no page around it says so.
fn title<DB: DrawingBackend>(stage: &Stage<'_, DB>, measure: Measure) -> Drawn<DB> {
    if stage.spec.titled {
        return Ok(());
    }
    let (Frame { left, top, .. }, text) = (stage.layout.frame, stage.spec.text_px);
    let style = (stage.palette.text, text);
    let is_room = left + stage.sheet.width(measure.title(), text)? <= stage.spec.size.0;
    let words = if is_room { measure.title() } else { measure.name() };
    stage.sheet.words(words, (left, top - text * 0.8), style, HPos::Left)
}

#[cfg(not(target_arch = "wasm32"))]
fn readings(spec: &Spec<'_>, measure: Measure, all: &[Series], point: &CurvePoint) -> Vec<Reading> {
    let figures = measure.figures(&spec.curve.points, &spec.curve.parts, point);
    let reading = |((rank, series), Figure { name, value }): ((usize, &Series), Figure)| Reading {
        words: format!("{name} {value}"),
        colour: series.stroke(rank, spec.palette).colour,
        value: Some(series.of(point)).filter(|v| *series != Series::ErrorRate || *v > 0.0),
    };
    all.iter().enumerate().zip(figures).map(reading).collect()
}

/// The stretch with errors and one point more at both ends: a line along the axis would say little.
fn with_errors(points: &[CurvePoint]) -> &[CurvePoint] {
    let has_errors = |point: &CurvePoint| point.error_share > 0.0;
    let Some(first) = points.iter().position(has_errors) else { return &[] };
    let last = points.iter().rposition(has_errors).unwrap_or(first);
    &points[first.saturating_sub(1)..(last + 2).min(points.len())]
}

fn area_under<DB: DrawingBackend>(stage: &Stage<'_, DB>, series: Series) -> Drawn<DB> {
    let bottom = stage.layout.frame.bottom;
    for run in stage.pixels(&stage.spec.curve.points, &|point| Some(series.of(point))) {
        let (first, last) = (run[0].0, run[run.len() - 1].0);
        let corners: Vec<Point> =
            run.into_iter().chain([(last, bottom), (first, bottom)]).collect();
        stage.sheet.fill(&corners, stage.bounds(), stage.palette.goodput, 0.14)?;
    }
    Ok(())
}

/// Names of the lines, at their right ends.
fn names<DB: DrawingBackend>(stage: &Stage<'_, DB>, measure: Measure, all: &[Series]) -> Drawn<DB> {
    let spec = stage.spec;
    let last = spec.curve.points.last();
    let name = |(rank, series): (usize, &Series)| -> (&str, Rgb, Option<f64>) {
        let value = last.map(|point| series.of(point));
        let value = value.filter(|rate| *series != Series::ErrorRate || *rate > 0.0);
        (series.name(&spec.curve.parts), series.stroke(rank, spec.palette).colour, value)
    };
    let mut names: Vec<_> = all.iter().enumerate().map(name).collect();
    if let Some(before) = spec.ghost.and_then(|ghost| ghost.points.last()) {
        let value = ghost_series(spec, measure, all).of(before);
        names.push(("before", spec.palette.quiet, Some(value)));
    }
    stage.names(&names)
}
