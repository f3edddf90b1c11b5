//! What both charts share: ground, axes, the overloaded range, names of lines, the operating point.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend};
use plotters::style::text_anchor::HPos;

use super::clip::{Bounds, Point, polyline};
use super::labels::{Block, Room, spread};
use super::palette::{Palette, Rgb};
use super::plot::{Frame, Layout, Spec};
use super::sheet::{Drawn, Sheet, Stroke};
use super::ticks::{self, Tick};
use crate::analysis::report::CurvePoint;
use crate::scenario::quantity;

/// Height of a line of text, in font sizes.
pub(super) const LINE: f64 = 1.25;

/// A chart being drawn.
pub(super) struct Stage<'a, DB: DrawingBackend> {
    pub(super) spec: &'a Spec<'a>,
    pub(super) palette: &'a Palette,
    pub(super) layout: Layout,
    pub(super) sheet: Sheet<'a, DB>,
    pub(super) room: Room,
}

impl<'a, DB: DrawingBackend> Stage<'a, DB> {
    pub(super) fn new(area: &DrawingArea<DB, Shift>, spec: &'a Spec<'a>, layout: Layout) -> Self {
        let sheet = Sheet::new(area, spec.scale, spec.font);
        let room = Room::new(layout.frame.bounds());
        Self { spec, palette: spec.palette, layout, sheet, room }
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.layout.frame.bounds()
    }

    /// Background, grid, labels of the axes, and the names of both if nothing around says them.
    pub(super) fn ground(&self, title: &str) -> Drawn<DB> {
        self.sheet.clear(self.palette.background)?;
        self.overload()?;
        self.rows()?;
        self.columns()?;
        if !self.spec.titled {
            return Ok(());
        }
        let Frame { left, right, bottom, .. } = self.layout.frame;
        let text = self.spec.text_px;
        let title_at = (text * 0.6, text * 1.1);
        self.sheet.words(title, title_at, (self.palette.text, text), HPos::Left)?;
        let name_at = (f64::midpoint(left, right), bottom + text * 2.6);
        let name = &self.spec.knob.label;
        self.sheet.words(name, name_at, (self.palette.text, text), HPos::Center)
    }

    fn rows(&self) -> Drawn<DB> {
        let Frame { left, right, .. } = self.layout.frame;
        let text = self.spec.text_px;
        let y = |tick: &Tick| self.layout.frame.y(self.layout.y.position(tick.value));
        let ticks = ticks::fitting(&self.layout.y, |ticks| {
            ticks.windows(2).all(|pair| y(&pair[0]) - y(&pair[1]) >= text * 1.9)
        });
        for tick in ticks {
            let y = y(&tick);
            self.sheet.rule([(left, y), (right, y)], Stroke::solid(self.palette.grid, 1.0))?;
            let style = (self.palette.text, text);
            self.sheet.words(&tick.words, (left - text * 0.6, y), style, HPos::Right)?;
        }
        Ok(())
    }

    fn columns(&self) -> Drawn<DB> {
        let Frame { top, bottom, left, right } = self.layout.frame;
        let text = self.spec.text_px;
        let x = |tick: &Tick| self.layout.x_of(tick.value);
        let half = |tick: &Tick| self.sheet.width(&tick.words, text).unwrap_or(0.0) / 2.0;
        let ticks = ticks::fitting(&self.layout.x, |ticks| {
            let gap = |a: &Tick, b: &Tick| x(b) - half(b) - x(a) - half(a);
            ticks.windows(2).all(|pair| gap(&pair[0], &pair[1]) >= text)
        });
        let stroke = Stroke::solid(self.palette.grid, 1.0);
        for tick in ticks {
            let x = x(&tick);
            self.sheet.rule([(x, top), (x, bottom)], stroke)?;
            let at = (x, bottom + text * 1.1);
            self.sheet.words(&tick.words, at, (self.palette.text, text), HPos::Center)?;
        }
        let ground = Stroke { colour: self.palette.quiet, ..stroke };
        self.sheet.rule([(left, bottom), (right, bottom)], ground)
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
        for index in 0..((right - from + height) / step).ceil() as u32 {
            let foot = from - height + f64::from(index) * step;
            self.sheet.line(&[(foot, bottom), (foot + height, top)], zone, stroke)?;
        }
        Ok(())
    }

    /// A line through the values of points, interrupted where a point has none.
    pub(super) fn series(
        &mut self,
        points: &[CurvePoint],
        value: impl Fn(&CurvePoint) -> Option<f64>,
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
        value: impl Fn(&CurvePoint) -> Option<f64>,
    ) -> Vec<Vec<Point>> {
        let pixel = |point: &CurvePoint| Some(self.layout.pixel(point.x, value(point)?));
        points
            .split(|point| value(point).is_none())
            .map(|run| run.iter().filter_map(pixel).collect())
            .filter(|run: &Vec<Point>| !run.is_empty())
            .collect()
    }

    /// Names of lines right of the plot, at the height of their last values; with an arrow where
    /// that is above the axis.
    pub(super) fn names(&self, names: &[(&str, Rgb, Option<f64>)]) -> Drawn<DB> {
        let Frame { top, right, bottom, .. } = self.layout.frame;
        let text = self.spec.text_px;
        let height = |value: f64| self.layout.frame.y(self.layout.y.position(value));
        let shown: Vec<(&str, Rgb, f64)> = names
            .iter()
            .filter_map(|&(name, colour, value)| Some((name, colour, height(value?))))
            .collect();
        let mut middles: Vec<f64> = shown.iter().map(|(.., y)| y.clamp(top, bottom)).collect();
        spread(&mut middles, text * LINE, (top, bottom + text * 0.5));
        for ((name, colour, y), middle) in shown.into_iter().zip(middles) {
            let words = if y < top - 0.5 { format!("↑ {name}") } else { name.to_owned() };
            self.sheet.words(&words, (right + text * 0.6, middle), (colour, text), HPos::Left)?;
        }
        Ok(())
    }

    /// Marks the first place where a line leaves the plot upwards with the most it reaches there.
    pub(super) fn beyond(
        &mut self,
        points: &[CurvePoint],
        value: impl Fn(&CurvePoint) -> Option<f64>,
        colour: Rgb,
    ) -> Drawn<DB> {
        let top = self.layout.frame.top;
        let values = points.iter().filter_map(&value);
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

    /// Writes words at the first of the places (left, top) where they hide the least.
    pub(super) fn label<I: IntoIterator<Item = Point>>(
        &mut self,
        words: &str,
        colour: Rgb,
        places: impl FnOnce(f64, f64) -> I,
    ) -> Drawn<DB> {
        let text = self.spec.text_px;
        let width = self.sheet.width(words, text)?;
        let height = text * LINE;
        let block = |(left, top)| Block { left, top, width, height };
        let Some(found) = self.room.place(places(width, height).into_iter().map(block)) else {
            return Ok(());
        };
        let under = Bounds {
            x: (found.left - text * 0.2, found.left + width + text * 0.2),
            y: (found.top, found.top + height),
        };
        self.sheet.block(under, self.palette.background, 0.75)?;
        self.sheet.words(words, found.start(), (colour, text), HPos::Left)
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
