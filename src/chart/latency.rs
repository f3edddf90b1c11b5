//! Latency over a knob: three percentiles, how sure p99 is, what theory says, the state before, the
//! objective, the knee and the operating point.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend};
use plotters::style::text_anchor::HPos;

#[cfg(not(target_arch = "wasm32"))]
use super::card::{Card, Reading};
use super::clip::{Bounds, Point};
use super::describe::in_sentence;
use super::labels::Block;
use super::lost;
use super::palette::{Palette, Rgb};
use super::plot::{Frame, HANDLE_PX, Layout, Percentile, Spec};
use super::sheet::{Dash, Drawn, Failure, Stroke};
use super::stage::Stage;
use super::walk;
use crate::analysis::report::CurvePoint;
use crate::scenario::{Unit, quantity};

/// Draws latency over the knob.
///
/// # Errors
/// What the backend reports.
pub fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    spec: &Spec<'_>,
) -> Result<Layout, Failure<DB>> {
    let layout = Layout::of_latency(spec);
    let mut stage = Stage::new(area, spec, layout);
    stage.ground("Latency of answered requests")?;
    // The page has a card of its own, over all charts.
    #[cfg(not(target_arch = "wasm32"))]
    let card = Card::reserve(&mut stage, |point| {
        let mut rows = Percentile::ALL.map(|one| reading(one, point, spec.palette)).to_vec();
        rows.extend(lost::p99_of_all(point).map(|ms| of_all(ms, spec.palette)));
        rows
    })?;
    let p99 = |point: &CurvePoint| point.latency_ms.p99;
    if let Some(found) = spec.walk {
        walk::zone(&mut stage, found)?;
        objective_line(&mut stage)?;
        walk::paths(&mut stage, found, &p99, spec.palette.p99)?;
        walk::flags(&stage, found)?;
        stage.operating_line()?;
        handle(&mut stage)?;
        words(&mut stage)?;
        return Ok(layout);
    }
    ghost(&mut stage)?;
    interval(&stage)?;
    lost::draw(&mut stage)?;
    percentiles(&mut stage)?;
    theory(&mut stage)?;
    objective_line(&mut stage)?;
    knee(&mut stage)?;
    stage.operating_line()?;
    handle(&mut stage)?;
    stage.beyond(&spec.curve.points, &p99, spec.palette.p99)?;
    words(&mut stage)?;
    names(&stage)?;
    #[cfg(not(target_arch = "wasm32"))]
    card.map_or(Ok(()), |card| card.show(&stage))?;
    Ok(layout)
}

#[cfg(not(target_arch = "wasm32"))]
fn reading(percentile: Percentile, point: &CurvePoint, palette: &Palette) -> Reading {
    let value = percentile.of(&point.latency_ms);
    let words = value.map_or_else(|| "–".to_owned(), |ms| quantity::format(ms, Unit::Ms));
    let colour = look(percentile, palette).colour;
    Reading { words: format!("{} {words}", percentile.name()), colour, value }
}

fn of_all(ms: f64, palette: &Palette) -> Reading {
    let words = format!("{} {}", lost::NAME, quantity::format(ms, Unit::Ms));
    Reading { words, colour: palette.p99, value: Some(ms) }
}

fn look(percentile: Percentile, palette: &Palette) -> Stroke {
    let (colour, width, dash) = match percentile {
        Percentile::P99 => (palette.p99, 2.25, Dash::Solid),
        Percentile::P95 => (palette.p95, 1.75, Dash::Broken(7.0, 3.0)),
        Percentile::P50 => (palette.p50, 1.75, Dash::Broken(2.0, 2.5)),
    };
    Stroke { colour, opacity: 1.0, width, dash }
}

/// How far the value of a point can be trusted, for better or worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    Settled,
    /// Still within a pass: the interval of p99 is wider than 5 %.
    Unsettled,
    /// Depends on how long the run was.
    Overloaded,
}

/// The trust in the line between two points.
fn trust(from: &CurvePoint, to: &CurvePoint) -> Trust {
    if from.overloaded && to.overloaded {
        Trust::Overloaded
    } else if from.settled && to.settled {
        Trust::Settled
    } else {
        Trust::Unsettled
    }
}

/// The percentiles, p99 on top; lighter where they are not settled, thinner where overloaded.
fn percentiles<DB: DrawingBackend>(stage: &mut Stage<'_, DB>) -> Drawn<DB> {
    let points = &stage.spec.curve.points;
    for percentile in Percentile::ALL.into_iter().rev() {
        let value = |point: &CurvePoint| percentile.of(&point.latency_ms);
        let look = look(percentile, stage.palette);
        let pairs = || points.windows(2).map(|pair| trust(&pair[0], &pair[1]));
        let mut start = 0;
        for (index, of_pair) in pairs().enumerate() {
            // One stroke for each stretch of equal trust, so that dashes run on.
            if pairs().nth(index + 1) == Some(of_pair) {
                continue;
            }
            let stroke = match of_pair {
                Trust::Settled => look,
                Trust::Unsettled => Stroke { opacity: 0.55, ..look },
                Trust::Overloaded => Stroke { opacity: 0.8, width: look.width * 0.6, ..look },
            };
            stage.series(&points[start..index + 2], &value, stroke)?;
            start = index + 1;
        }
    }
    let Frame { top, bottom, .. } = stage.layout.frame;
    for point in points.iter().filter(|point| point.overloaded) {
        let Some(p99) = point.latency_ms.p99 else { continue };
        let at = stage.layout.pixel(point.x, p99);
        if (top..=bottom).contains(&at.1) {
            let stroke = Stroke { width: 1.25, ..look(Percentile::P99, stage.palette) };
            stage.sheet.ring(at, 2.75, stroke, stage.palette.background)?;
        }
    }
    Ok(())
}

/// The state before the last change.
fn ghost<DB: DrawingBackend>(stage: &mut Stage<'_, DB>) -> Drawn<DB> {
    let Some(ghost) = stage.spec.ghost else { return Ok(()) };
    let dashed = Stroke { dash: Dash::Broken(4.0, 3.0), ..Stroke::solid(stage.palette.quiet, 1.5) };
    stage.series(&ghost.points, &|point: &CurvePoint| point.latency_ms.p99, dashed)?;
    let lighter = Stroke { opacity: 0.6, width: 1.0, ..dashed };
    stage.series(&ghost.points, &|point: &CurvePoint| point.latency_ms.p50, lighter)
}

/// The 95 % interval of p99, of points that are not overloaded.
fn interval<DB: DrawingBackend>(stage: &Stage<'_, DB>) -> Drawn<DB> {
    let edge = |point: &CurvePoint, sign: f64| {
        let (p99, half) = (point.latency_ms.p99?, point.latency_ms.p99_half_width?);
        // On a logarithmic axis zero lies infinitely low.
        let value = (p99 + sign * half).max(p99 * 0.01);
        (!point.overloaded).then(|| stage.layout.pixel(point.x, value))
    };
    for run in stage.spec.curve.points.split(|point| edge(point, 1.0).is_none()) {
        let upper = run.iter().filter_map(|point| edge(point, 1.0));
        let lower = run.iter().rev().filter_map(|point| edge(point, -1.0));
        let corners: Vec<Point> = upper.chain(lower).collect();
        stage.sheet.fill(&corners, stage.bounds(), stage.palette.p99, 0.18)?;
    }
    Ok(())
}

/// Exact values as small rings.
fn theory<DB: DrawingBackend>(stage: &mut Stage<'_, DB>) -> Drawn<DB> {
    let Frame { top, bottom, left, right } = stage.layout.frame;
    let mut last = None;
    for point in &stage.spec.curve.theory {
        for value in [point.p50_ms, point.p95_ms, point.p99_ms].into_iter().flatten() {
            let at = stage.layout.pixel(point.x, value);
            if !(top..=bottom).contains(&at.1) || !(left..=right).contains(&at.0) {
                continue;
            }
            let stroke = Stroke::solid(stage.palette.text, 1.0);
            stage.sheet.ring(at, 2.25, stroke, stage.palette.background)?;
            last = last.or(Some(at));
        }
    }
    let Some((x, y)) = last else { return Ok(()) };
    let (gap, colour) = (stage.spec.text_px * 0.5, stage.palette.text);
    stage.label("○ theory", colour, |_, height| [(x + gap, y + gap), (x + gap, y - height - gap)])
}

fn objective_line<DB: DrawingBackend>(stage: &mut Stage<'_, DB>) -> Drawn<DB> {
    let Frame { left, right, top, bottom } = stage.layout.frame;
    let (_, y) = stage.layout.pixel(stage.layout.x.min, stage.spec.objective.p99_ms);
    if !(top..=bottom).contains(&y) {
        return Ok(());
    }
    let line = [(left, y), (right, y)];
    let dash = Dash::Broken(10.0, 4.0);
    stage.room.avoid(&line);
    stage.sheet.rule(line, Stroke { dash, ..Stroke::solid(stage.palette.mark, 1.0) })
}

/// The place where the objective stops being met: a pole with a flag that says so.
fn knee<DB: DrawingBackend>(stage: &mut Stage<'_, DB>) -> Drawn<DB> {
    let Some(knee) = &stage.spec.curve.knee else { return Ok(()) };
    let (palette, text) = (stage.palette, stage.spec.text_px);
    let Frame { left, top, bottom, .. } = stage.layout.frame;
    let x = stage.layout.x_of(knee.x);
    let pole = [(x, top - text * 1.5), (x, bottom)];
    stage.sheet.rule(pole, Stroke::solid(palette.mark, 1.5))?;
    stage.room.avoid(&pole);
    let short = format!("knee at {}", quantity::format(knee.x, stage.spec.knob.unit));
    let label = in_sentence(&stage.spec.knob.label);
    let whole = format!("{short} {label}{}", knee.limit.aside());
    let most = stage.spec.size.0 - 2.0;
    let has_room = stage.sheet.width(&whole, text)? + text <= most - left;
    let words = if has_room { whole } else { short };
    let width = stage.sheet.width(&words, text)? + text;
    // To the right of the pole if there is room, as flags are drawn; never over the labels of y.
    let start = if x + width <= most { x } else { (x - width).max(left).min(most - width) };
    let flag = Bounds { x: (start, start + width), y: (top - text * 1.6, top - text * 0.2) };
    stage.sheet.block(flag, palette.mark, 1.0)?;
    let at = (start + text * 0.5, top - text * 0.9);
    stage.sheet.words(&words, at, (palette.background, text), HPos::Left)
}

/// The handle of the operating point and its value.
fn handle<DB: DrawingBackend>(stage: &mut Stage<'_, DB>) -> Drawn<DB> {
    let Some((x, y)) = stage.layout.handle else { return Ok(()) };
    let (palette, text) = (stage.palette, stage.spec.text_px);
    stage.sheet.dot((x, y), HANDLE_PX, palette.text)?;
    stage.sheet.dot((x, y), HANDLE_PX - 1.5, palette.background)?;
    stage.sheet.dot((x, y), HANDLE_PX - 3.5, palette.p99)?;
    let block = Block { left: x - 9.0, top: y - 9.0, width: 18.0, height: 18.0 };
    stage.room.take(block);
    // The run at the operating point is none of a walk's.
    let measured = stage.spec.measured_p99.filter(|_| stage.spec.walk.is_none());
    let drawn = || stage.layout.p99_at(stage.spec.main_points(), stage.spec.point);
    let Some(p99) = measured.or_else(drawn) else { return Ok(()) };
    let arrow = if p99 > stage.layout.y.max { "↑ " } else { "" };
    let value = quantity::format(stage.spec.point, stage.spec.knob.unit);
    let words = format!("{arrow}{} at {value}", quantity::format(p99, Unit::Ms));
    let gap = text * 0.8;
    stage.label(&words, palette.text, |width, height| {
        let beside = [x + gap, x - gap - width, x - width / 2.0];
        let rows = [y - gap - height, y + gap, y - gap - 2.0 * height, y + gap + height];
        rows.into_iter().flat_map(move |top| beside.map(|left| (left, top)))
    })
}

/// Words inside the plot.
fn words<DB: DrawingBackend>(stage: &mut Stage<'_, DB>) -> Drawn<DB> {
    let Frame { left, right, top, bottom } = stage.layout.frame;
    let gap = stage.spec.text_px * 0.5;
    let objective = stage.spec.objective.p99_ms;
    let (_, y) = stage.layout.pixel(stage.layout.x.min, objective);
    if (top..=bottom).contains(&y) {
        let said = format!("objective {}", quantity::format(objective, Unit::Ms));
        let colour = stage.palette.mark;
        stage.label(&said, colour, |width, height| {
            let rows = [y - height - gap * 0.3, y + gap * 0.3];
            let lefts = [left + gap, right - width - gap, (left + right - width) / 2.0];
            lefts.into_iter().flat_map(move |left| rows.map(|top| (left, top)))
        })?;
    }
    let Some(from) = stage.overloaded_from() else { return Ok(()) };
    let colour = stage.palette.errors;
    stage.label("overloaded", colour, |width, height| {
        let lefts = [right - width - gap, (from + right - width) / 2.0, from + gap];
        let inside = move |left: &f64| *left >= from;
        let rows = [bottom - height - gap, top + gap, bottom - 3.0 * height];
        lefts.into_iter().filter(inside).flat_map(move |left| rows.map(|top| (left, top)))
    })
}

/// Names of the lines, at their right ends.
fn names<DB: DrawingBackend>(stage: &Stage<'_, DB>) -> Drawn<DB> {
    let last = |points: &[CurvePoint], percentile: Percentile| {
        points.iter().rev().find_map(|point| percentile.of(&point.latency_ms))
    };
    let points = &stage.spec.curve.points;
    let name = |percentile: Percentile| -> (&str, Rgb, Option<f64>) {
        let colour = look(percentile, stage.palette).colour;
        (percentile.name(), colour, last(points, percentile))
    };
    let mut names = Percentile::ALL.map(name).to_vec();
    if let Some(ms) = lost::last(stage.spec.curve) {
        names.push((lost::NAME, stage.palette.p99, Some(ms)));
    }
    if let Some(ghost) = stage.spec.ghost {
        names.push(("before", stage.palette.quiet, last(&ghost.points, Percentile::P99)));
    }
    stage.names(&names)
}
