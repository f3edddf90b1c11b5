//! The point of the curve that is looked at: a line through it, and its values in words.

use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::HPos;

use super::clip::{Bounds, Point};
use super::describe::in_sentence;
use super::labels::Block;
use super::palette::Rgb;
use super::paper::LINE;
use super::plot::Frame;
use super::sheet::{Dash, Drawn, Failure, Stroke};
use super::stage::Stage;
use crate::analysis::report::CurvePoint;
use crate::scenario::quantity;

/// One value of the point looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    pub(super) words: String,
    pub(super) colour: Rgb,
    /// Where it is on the y axis, if it has a line there.
    pub(super) value: Option<f64>,
}

/// A card with values, beside the line of the point they belong to.
pub(super) struct Card {
    at: f64,
    rings: Vec<(Point, Rgb)>,
    rows: Vec<(String, Rgb)>,
    bounds: Bounds,
}

impl Card {
    /// Lays out the card and keeps other words off its place; `None` if no point is looked at.
    pub(super) fn reserve<DB: DrawingBackend>(
        stage: &mut Stage<'_, DB>,
        readings: impl Fn(&CurvePoint) -> Vec<Reading>,
    ) -> Result<Option<Self>, Failure<DB>> {
        let spec = stage.spec;
        let looked_at = spec.hover.and_then(|index| spec.curve.points.get(index));
        let Some(point) = looked_at else { return Ok(None) };
        let Frame { left, top, right, bottom } = stage.layout.frame;
        let (at, text) = (stage.layout.x_of(point.x), spec.text_px);
        let x = quantity::format(point.x, spec.knob.unit);
        let mut rows = vec![(format!("{x} {}", in_sentence(&spec.knob.label)), stage.palette.text)];
        let mut rings = Vec::new();
        for Reading { words, colour, value } in readings(point) {
            let pixel = value.map(|value| stage.layout.pixel(point.x, value));
            rings.extend(pixel.filter(|at| (top..=bottom).contains(&at.1)).map(|at| (at, colour)));
            rows.push((words, colour));
        }
        let mut widest: f64 = 0.0;
        for (words, _) in &rows {
            widest = widest.max(stage.sheet.width(words, text)?);
        }
        let (width, height) = (widest + text, text * (LINE * rows.len() as f64 + 0.6));
        // Beside the line, on the side with more room.
        let is_left = at > f64::midpoint(left, right);
        let start = if is_left { at - width - text } else { at + text };
        let start = start.min(right + text * 5.6 - width).max(2.0);
        stage.room.take(Block { left: start, top, width, height });
        let bounds = Bounds { x: (start, start + width), y: (top + 2.0, top + 2.0 + height) };
        Ok(Some(Self { at, rings, rows, bounds }))
    }

    /// Draws the card over everything else.
    pub(super) fn show<DB: DrawingBackend>(&self, stage: &Stage<'_, DB>) -> Drawn<DB> {
        let Frame { top, bottom, .. } = stage.layout.frame;
        let (palette, text) = (stage.palette, stage.spec.text_px);
        let dash = Dash::Broken(2.0, 2.0);
        let line = [(self.at, top), (self.at, bottom)];
        stage.sheet.rule(line, Stroke { dash, ..Stroke::solid(palette.text, 1.0) })?;
        for &(at, colour) in &self.rings {
            stage.sheet.ring(at, 3.5, Stroke::solid(colour, 2.0), palette.background)?;
        }
        let Bounds { x, y } = self.bounds;
        let edge = Bounds { x: (x.0 - 1.0, x.1 + 1.0), y: (y.0 - 1.0, y.1 + 1.0) };
        stage.sheet.block(edge, palette.quiet, 1.0)?;
        stage.sheet.block(self.bounds, palette.background, 1.0)?;
        for (row, (words, colour)) in self.rows.iter().enumerate() {
            let middle = y.0 + text * (0.3 + LINE * (row as f64 + 0.5));
            stage.sheet.words(words, (x.0 + text * 0.5, middle), (*colour, text), HPos::Left)?;
        }
        Ok(())
    }
}
