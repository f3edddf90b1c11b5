//! Load up, then down: both ways as lines with arrows, and the range in which two states are
//! possible.

use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::HPos;

use super::clip::{Bounds, Point};
use super::palette::Rgb;
use super::plot::Frame;
use super::sheet::{Dash, Drawn, Stroke};
use super::stage::Stage;
use crate::analysis::hysteresis::{Finding, Hysteresis};
use crate::analysis::report::CurvePoint;
use crate::scenario::quantity;

/// Distance of arrows along a line, in pixels of the page.
const ARROWS_PX: f64 = 90.0;

/// A figure of a point.
type Value<'a> = &'a dyn Fn(&CurvePoint) -> Option<f64>;

/// Both ways, each with arrows and its name. What is not on the axis lies on its upper edge.
pub(super) fn paths<DB: DrawingBackend>(
    stage: &mut Stage<'_, DB>,
    found: &Hysteresis,
    value: Value<'_>,
    up: Rgb,
) -> Drawn<DB> {
    let dashed = Stroke { dash: Dash::Broken(7.0, 3.0), ..Stroke::solid(stage.palette.mark, 2.25) };
    let ways = [
        (found.up.as_slice(), Stroke::solid(up, 2.25), "load rises"),
        (&way_down(found), dashed, "load falls"),
    ];
    let mut lines = Vec::new();
    for (points, stroke, _) in &ways {
        let line: Vec<Point> = points.iter().map(|point| place(stage, point, value)).collect();
        stage.sheet.line(&line, stage.bounds(), *stroke)?;
        stage.room.avoid(&line);
        arrows(stage, &line, stroke.colour)?;
        lines.push(line);
    }
    for (line, (points, stroke, words)) in lines.iter().zip(&ways) {
        name(stage, line, words, stroke.colour)?;
        let unanswered = |place: &usize| value(&points[*place]).is_none();
        let lost: Vec<Point> = (0..points.len()).filter(unanswered).map(|i| line[i]).collect();
        if lost.len() > 3 {
            name(stage, &lost, "nothing answered", stroke.colour)?;
        }
    }
    Ok(())
}

/// The way down begins where the way up ended.
fn way_down(found: &Hysteresis) -> Vec<CurvePoint> {
    let top = found.up.last().filter(|_| !found.down.is_empty());
    top.into_iter().chain(&found.down).cloned().collect()
}

/// Where a point lies; on the upper edge if it is above the axis, or nothing was answered.
fn place<DB: DrawingBackend>(stage: &Stage<'_, DB>, point: &CurvePoint, value: Value<'_>) -> Point {
    let (x, y) = stage.layout.pixel(point.x, value(point).unwrap_or(stage.layout.y.max));
    (x, y.max(stage.layout.frame.top + 1.0))
}

/// Arrows at equal distances along a line, in its direction.
fn arrows<DB: DrawingBackend>(stage: &Stage<'_, DB>, line: &[Point], colour: Rgb) -> Drawn<DB> {
    let mut left = ARROWS_PX * 0.5;
    for pair in line.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt();
        while left < length {
            let (ux, uy) = (dx / length, dy / length);
            let at = (from.0 + ux * left, from.1 + uy * left);
            let corner = |along: f64, across: f64| {
                (at.0 + ux * along - uy * across, at.1 + uy * along + ux * across)
            };
            let corners = [corner(5.5, 0.0), corner(-4.0, 4.5), corner(-4.0, -4.5)];
            stage.sheet.fill(&corners, stage.bounds(), colour, 1.0)?;
            left += ARROWS_PX;
        }
        left -= length;
    }
    Ok(())
}

/// The name of a way beside its line, where it hides the least.
fn name<DB: DrawingBackend>(
    stage: &mut Stage<'_, DB>,
    line: &[Point],
    words: &str,
    colour: Rgb,
) -> Drawn<DB> {
    let gap = stage.spec.text_px * 0.6;
    let anchors: Vec<Point> =
        [2, 3, 1, 4].iter().filter_map(|fifth| line.get(line.len() * fifth / 5)).copied().collect();
    stage.label(words, colour, |width, height| {
        anchors.into_iter().flat_map(move |(x, y)| {
            let tops = [y - height - gap, y + gap, y - 2.0 * height - gap, y + height + gap];
            tops.map(|top| (x - width / 2.0, top))
        })
    })
}

/// Shades the range in which the system can be in either of two states.
pub(super) fn zone<DB: DrawingBackend>(stage: &mut Stage<'_, DB>, found: &Hysteresis) -> Drawn<DB> {
    let Some((low, high)) = range(found) else { return Ok(()) };
    let Frame { top, bottom, .. } = stage.layout.frame;
    let x = (stage.layout.x_of(low), stage.layout.x_of(high));
    stage.sheet.block(Bounds { x, y: (top, bottom) }, stage.palette.mark, 0.08)?;
    for edge in [x.0, x.1] {
        let pole = [(edge, top), (edge, bottom)];
        stage.room.avoid(&pole);
        stage.sheet.rule(pole, Stroke::solid(stage.palette.mark, 1.0))?;
    }
    Ok(())
}

/// From where to where two states are possible, if they are.
fn range(found: &Hysteresis) -> Option<(f64, f64)> {
    let low = match found.finding {
        Finding::TwoStates => found.recovers_below?,
        Finding::NoWayBack => found.down.last()?.x,
        _ => return None,
    };
    Some((low, found.breaks_at?))
}

/// Flags above the chart that say where it breaks, and below what it recovers.
pub(super) fn flags<DB: DrawingBackend>(stage: &Stage<'_, DB>, found: &Hysteresis) -> Drawn<DB> {
    let unit = stage.spec.knob.unit;
    let said = |x: f64| quantity::format(x, unit);
    let Frame { left, .. } = stage.layout.frame;
    let most = stage.spec.size.0 - 2.0;
    let mut start_of_break = most;
    if let Some(x) = found.breaks_at {
        let words = format!("breaks at {}", said(x));
        let (at, width) = (stage.layout.x_of(x), flag_width(stage, &words)?);
        let start = if at + width <= most { at } else { (most - width).max(left) };
        start_of_break = start;
        flag(stage, start, width, &words)?;
    }
    let recovers = found.recovers_below.filter(|_| found.finding == Finding::TwoStates);
    if let Some(x) = recovers {
        let words = format!("recovers below {}", said(x));
        let (at, width) = (stage.layout.x_of(x), flag_width(stage, &words)?);
        let start = (at - width).max(left);
        // Where there is no room for it, the sentence below says it.
        if start + width + 2.0 <= start_of_break {
            flag(stage, start, width, &words)?;
        }
    }
    Ok(())
}

fn flag_width<DB: DrawingBackend>(
    stage: &Stage<'_, DB>,
    words: &str,
) -> Result<f64, super::sheet::Failure<DB>> {
    Ok(stage.sheet.width(words, stage.spec.text_px)? + stage.spec.text_px)
}

fn flag<DB: DrawingBackend>(
    stage: &Stage<'_, DB>,
    start: f64,
    width: f64,
    words: &str,
) -> Drawn<DB> {
    let (text, top, palette) = (stage.spec.text_px, stage.layout.frame.top, stage.palette);
    let block = Bounds { x: (start, start + width), y: (top - text * 1.6, top - text * 0.2) };
    stage.sheet.block(block, palette.mark, 1.0)?;
    let at = (start + text * 0.5, top - text * 0.9);
    stage.sheet.words(words, at, (palette.background, text), HPos::Left)
}
