//! What all charts over a knob share: ground, the overloaded range, lines, the operating point.

use std::ops::{Deref, DerefMut};

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend};
use plotters::style::text_anchor::HPos;

use super::clip::{Bounds, Point, polyline};
use super::palette::Rgb;
use super::paper::{Look, Paper};
use super::plot::{Frame, Layout, Spec};
use super::sheet::{Drawn, Stroke};
use crate::analysis::report::CurvePoint;
use crate::scenario::quantity;

/// A chart being drawn.
pub(super) struct Stage<'a, DB: DrawingBackend> {
    pub(super) spec: &'a Spec<'a>,
    paper: Paper<'a, DB>,
}

impl<'a, DB: DrawingBackend> Deref for Stage<'a, DB> {
    type Target = Paper<'a, DB>;

    fn deref(&self) -> &Self::Target {
        &self.paper
    }
}

impl<DB: DrawingBackend> DerefMut for Stage<'_, DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.paper
    }
}

impl<'a, DB: DrawingBackend> Stage<'a, DB> {
    pub(super) fn new(area: &DrawingArea<DB, Shift>, spec: &'a Spec<'a>, layout: Layout) -> Self {
        let Spec { palette, font, text_px, scale, .. } = *spec;
        Self { spec, paper: Paper::new(area, Look { palette, font, text_px, scale }, layout) }
    }

    /// Background, grid, labels of the axes, and the names of both if nothing around says them.
    pub(super) fn ground(&self, title: &str) -> Drawn<DB> {
        self.sheet.clear(self.palette.background)?;
        self.overload()?;
        self.rows()?;
        self.columns(self.spec.labelled)?;
        if !self.spec.titled {
            return Ok(());
        }
        let Frame { left, right, bottom, .. } = self.layout.frame;
        let text = self.spec.text_px;
        let title_at = (text * 0.6, text * 1.1);
        self.sheet.words(title, title_at, (self.palette.text, text), HPos::Left)?;
        if !self.spec.labelled {
            return Ok(());
        }
        let name_at = (f64::midpoint(left, right), bottom + text * 2.6);
        let name = &self.spec.knob.label;
        self.sheet.words(name, name_at, (self.palette.text, text), HPos::Center)
    }

    /// Left edge of the range in which more is asked for than can be done.
    pub(super) fn overloaded_from(&self) -> Option<f64> {
        let first = self.spec.curve.points.iter().find(|point| point.overloaded)?;
        Some(self.layout.x_of(first.x))
    }

    /// Shades and hatches that range.
    fn overload(&self) -> Drawn<DB> {
        let Some(from) = self.overloaded_from() else { return Ok(()) };
        let Frame { top, right, bottom, .. } = self.layout.frame;
        let zone = Bounds { x: (from, right), y: (top, bottom) };
        self.sheet.block(zone, self.palette.errors, 0.05)?;
        let height = bottom - top;
        let stroke = Stroke { opacity: 0.12, ..Stroke::solid(self.palette.errors, 1.0) };
        let step = self.spec.text_px * 0.9;
        let count = ((right - from + height) / step).ceil() as u32;
        let lines = (0..count).map(|index| {
            let foot = from - height + f64::from(index) * step;
            [(foot, bottom), (foot + height, top)]
        });
        self.sheet.hatch(lines, zone, stroke)
    }

    /// A line through the values of points, interrupted where a point has none.
    pub(super) fn series(
        &mut self,
        points: &[CurvePoint],
        value: &dyn Fn(&CurvePoint) -> Option<f64>,
        stroke: Stroke,
    ) -> Drawn<DB> {
        for run in self.pixels(points, value) {
            self.sheet.line(&run, self.bounds(), stroke)?;
            self.room.avoid(&run);
        }
        Ok(())
    }

    /// Where the values of points lie: one run for each stretch without a gap.
    pub(super) fn pixels(
        &self,
        points: &[CurvePoint],
        value: &dyn Fn(&CurvePoint) -> Option<f64>,
    ) -> Vec<Vec<Point>> {
        let pixel = |point: &CurvePoint| Some(self.layout.pixel(point.x, value(point)?));
        points
            .split(|point| value(point).is_none())
            .map(|run| run.iter().filter_map(pixel).collect())
            .filter(|run: &Vec<Point>| !run.is_empty())
            .collect()
    }

    /// Marks the first place where a line leaves the plot upwards with the most it reaches there.
    pub(super) fn beyond(
        &mut self,
        points: &[CurvePoint],
        value: &dyn Fn(&CurvePoint) -> Option<f64>,
        colour: Rgb,
    ) -> Drawn<DB> {
        let top = self.layout.frame.top;
        let values = points.iter().filter_map(value);
        let most = values.fold(f64::NEG_INFINITY, f64::max);
        let runs = self.pixels(points, value);
        let line = runs.iter().find(|run| run.iter().any(|pixel| pixel.1 < top));
        let Some(line) = line else { return Ok(()) };
        let pieces = polyline(line, self.bounds());
        let exits = pieces.iter().filter_map(|piece| piece.last());
        let exit = exits.copied().find(|exit| (exit.1 - top).abs() < 1e-6).unwrap_or(line[0]);
        let words = format!("↑ {}", quantity::format(most, self.layout.y.unit));
        let gap = self.spec.text_px * 0.5;
        self.label(&words, colour, |width, height| {
            let lefts = [exit.0 - gap - width, exit.0 + gap, exit.0 - 4.0 * gap - width];
            lefts.into_iter().flat_map(move |left| {
                (0..3).map(move |row| (left, top + gap * 0.5 + f64::from(row) * height))
            })
        })
    }

    /// The line of the operating point.
    pub(super) fn operating_line(&mut self) -> Drawn<DB> {
        let Frame { top, bottom, .. } = self.layout.frame;
        let x = self.layout.x_of(self.spec.point);
        let line = [(x, top), (x, bottom)];
        self.room.avoid(&line);
        self.sheet.rule(line, Stroke::solid(self.palette.text, 1.0))
    }
}
