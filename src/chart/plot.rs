//! The two charts over a knob: latency above, goodput and errors below, on one x axis.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend, RGBColor};
use plotters::style::text_anchor::{HPos, VPos};

use super::axis::Axis;
use super::clip::Bounds;
use super::lines::{Canvas, Dash, DrawResult};
use super::palette::{Palette, Rgb};
use crate::analysis::report::{Curve, CurvePoint, LatencySummary};
use crate::scenario::{Knob, Objective, Unit, quantity};

/// Room left of the plot for labels, in pixels.
const LEFT: f64 = 58.0;
/// Room right of it for the names of lines.
const RIGHT: f64 = 62.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 24.0;
const SMALL: f64 = 12.0;
/// Least distance between the baselines of two labels.
const LINE_HEIGHT: f64 = 14.0;

/// The three axes of the two charts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axes {
    /// The knob.
    pub x: Axis,
    /// Latency, in milliseconds.
    pub latency: Axis,
    /// Requests per second.
    pub rate: Axis,
}

impl Axes {
    /// Axes for a curve and its ghost, kept from before where they still fit.
    pub fn of(
        knob: &Knob,
        curve: &Curve,
        ghost: Option<&Curve>,
        objective: &Objective,
        present: Option<Self>,
    ) -> Self {
        let x = Axis::of_knob(knob);
        let present = present.filter(|axes| axes.x == x);
        let curves = || std::iter::once(curve).chain(ghost);
        let points = || curves().flat_map(|curve| curve.points.iter());
        let latencies = points().flat_map(|point| [point.latency_ms.p50, point.latency_ms.p99]);
        let latencies = latencies.flatten().chain([objective.p99_ms]);
        // Offered load beyond three times what is answered tells nothing more.
        let answered = points().map(|point| point.goodput_per_s).fold(0.0, f64::max);
        let offered = points().map(|point| point.offered_per_s.min(answered * 1.6));
        Self {
            x,
            latency: Axis::of_latencies(latencies, present.map(|axes| axes.latency)),
            rate: Axis::of_rates(offered, present.map(|axes| axes.rate)),
        }
    }
}

/// Everything that is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Spec<'a> {
    /// The present state.
    pub curve: &'a Curve,
    /// The state before.
    pub ghost: Option<&'a Curve>,
    /// The knob on the x axis.
    pub knob: &'a Knob,
    /// What users must get.
    pub objective: &'a Objective,
    /// Value of the knob at the operating point.
    pub point: f64,
    /// Axes of both charts.
    pub axes: Axes,
    /// Width and height in pixels of the page.
    pub size: (f64, f64),
    /// Pixels of the backend in a pixel of the page.
    pub scale: f64,
    /// Colours.
    pub palette: &'a Palette,
    /// Names of fonts, as in a style sheet.
    pub font: &'a str,
}

/// The rectangle of a plot, in pixels of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Lower edge.
    pub bottom: f64,
}

/// The rectangle that values are drawn in, on a chart of this size.
pub fn frame(size: (f64, f64)) -> Frame {
    let right = (size.0 - RIGHT).max(LEFT + 40.0);
    Frame { left: LEFT, top: TOP, right, bottom: (size.1 - BOTTOM).max(TOP + 20.0) }
}

impl Frame {
    /// Where a position 0..=1 of the x axis lies.
    pub fn x(&self, position: f64) -> f64 {
        self.left + position * (self.right - self.left)
    }

    /// Where a position 0..=1 of the y axis lies.
    pub fn y(&self, position: f64) -> f64 {
        self.bottom - position * (self.bottom - self.top)
    }

    /// The position on the x axis of a pixel, 0..=1.
    pub fn position(&self, x: f64) -> f64 {
        ((x - self.left) / (self.right - self.left)).clamp(0.0, 1.0)
    }

    fn bounds(&self) -> Bounds {
        Bounds { x: (self.left, self.right), y: (self.top, self.bottom) }
    }
}

/// A plot under way.
struct Plot<'a, DB: DrawingBackend> {
    canvas: Canvas<'a, DB>,
    spec: &'a Spec<'a>,
    frame: Frame,
    y: Axis,
}

/// Draws latency over the knob.
///
/// # Errors
/// What the backend reports.
pub fn latency<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    spec: &Spec<'_>,
) -> DrawResult<DB> {
    let plot = Plot::new(area, spec, spec.axes.latency);
    plot.ground(6)?;
    plot.overload()?;
    let palette = spec.palette;
    if let Some(ghost) = spec.ghost {
        let p99 = |point: &CurvePoint| point.latency_ms.p99;
        plot.series(&ghost.points, p99, (palette.quiet, 0.9), 1.5, Dash::Broken(2.0, 3.0))?;
        plot.series(
            &ghost.points,
            |point| point.latency_ms.p50,
            (palette.quiet, 0.5),
            1.0,
            Dash::Broken(2.0, 3.0),
        )?;
    }
    plot.interval()?;
    for point in &spec.curve.theory {
        for value in [point.p50_ms, point.p95_ms, point.p99_ms.or(Some(point.mean_ms))] {
            if let Some(at) = value.and_then(|value| plot.place(point.x, value)) {
                plot.canvas.dot(at, 2.0, palette.quiet)?;
            }
        }
    }
    for (name, colour, dash, _) in lines_of(palette).into_iter().rev() {
        let value = |point: &CurvePoint| percentile(&point.latency_ms, name);
        plot.series(&spec.curve.points, value, (colour, 1.0), 2.0, dash)?;
    }
    plot.objective()?;
    plot.knee()?;
    plot.names()?;
    plot.beyond()?;
    plot.operating_point(true)
}

/// Draws offered load, goodput and errors over the knob.
///
/// # Errors
/// What the backend reports.
pub fn load<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, spec: &Spec<'_>) -> DrawResult<DB> {
    let plot = Plot::new(area, spec, spec.axes.rate);
    plot.ground(4)?;
    plot.overload()?;
    let palette = spec.palette;
    let points = &spec.curve.points;
    if let Some(ghost) = spec.ghost {
        let goodput = |point: &CurvePoint| Some(point.goodput_per_s);
        plot.series(&ghost.points, goodput, (palette.quiet, 0.9), 1.5, Dash::Broken(2.0, 3.0))?;
    }
    let offered = |point: &CurvePoint| Some(point.offered_per_s);
    plot.series(points, offered, (palette.quiet, 1.0), 1.0, Dash::Solid)?;
    plot.series(
        points,
        |point| Some(point.goodput_per_s),
        (palette.goodput, 1.0),
        2.0,
        Dash::Solid,
    )?;
    let failed = |point: &CurvePoint| {
        (point.error_share > 0.0).then_some(point.offered_per_s * point.error_share)
    };
    plot.series(points, failed, (palette.errors, 1.0), 1.5, Dash::Broken(6.0, 3.0))?;
    let last = points.last();
    plot.labels(vec![
        ("offered", palette.quiet, last.map(|point| point.offered_per_s)),
        ("goodput", palette.goodput, last.map(|point| point.goodput_per_s)),
        ("errors", palette.errors, last.and_then(failed)),
    ])?;
    plot.operating_point(false)
}

fn lines_of(palette: &Palette) -> [(&'static str, Rgb, Dash, f64); 3] {
    [
        ("p99", palette.p99, Dash::Solid, 0.99),
        ("p95", palette.p95, Dash::Broken(7.0, 3.0), 0.95),
        ("p50", palette.p50, Dash::Broken(2.0, 2.5), 0.5),
    ]
}

fn percentile(latency: &LatencySummary, name: &str) -> Option<f64> {
    match name {
        "p50" => latency.p50,
        "p95" => latency.p95,
        _ => latency.p99,
    }
}

impl<'a, DB: DrawingBackend> Plot<'a, DB> {
    fn new(area: &'a DrawingArea<DB, Shift>, spec: &'a Spec<'a>, y: Axis) -> Self {
        let canvas = Canvas { area, scale: spec.scale, font: spec.font };
        Self { canvas, spec, frame: frame(spec.size), y }
    }

    /// Where a value at an x lies; `None` outside the plot.
    fn place(&self, x: f64, value: f64) -> Option<(f64, f64)> {
        let (x, y) = self.pixel(x, value);
        let Frame { left, top, right, bottom } = self.frame;
        ((left..=right).contains(&x) && (top..=bottom).contains(&y)).then_some((x, y))
    }

    fn pixel(&self, x: f64, value: f64) -> (f64, f64) {
        let position = self.y.position(value);
        (self.frame.x(self.spec.axes.x.position(x)), self.frame.y(position.clamp(-50.0, 50.0)))
    }

    /// Background, grid and labels of the axes.
    fn ground(&self, y_labels: usize) -> DrawResult<DB> {
        let Spec { palette, axes, .. } = self.spec;
        let back = palette.background;
        self.canvas.area.fill(&RGBColor(back.0, back.1, back.2))?;
        let Frame { left, top, right, bottom } = self.frame;
        let bounds = self.frame.bounds();
        let most = ((bottom - top) / 26.0).max(2.0) as usize;
        for (value, words) in self.y.ticks(most.min(y_labels * 2)) {
            let y = self.frame.y(self.y.position(value));
            self.canvas.line(
                &[(left, y), (right, y)],
                bounds,
                (palette.grid, 1.0),
                1.0,
                Dash::Solid,
            )?;
            let anchor = (HPos::Right, VPos::Center);
            self.canvas.words(&words, (left - 8.0, y), palette.text, SMALL, anchor)?;
        }
        let most = ((right - left) / 52.0).max(2.0) as usize;
        for (value, words) in axes.x.ticks(most) {
            let x = self.frame.x(axes.x.position(value));
            self.canvas.line(
                &[(x, top), (x, bottom)],
                bounds,
                (palette.grid, 1.0),
                1.0,
                Dash::Solid,
            )?;
            let anchor = (HPos::Center, VPos::Top);
            self.canvas.words(&words, (x, bottom + 6.0), palette.text, SMALL, anchor)?;
        }
        Ok(())
    }

    /// Shades the range in which more is asked for than can be done.
    fn overload(&self) -> DrawResult<DB> {
        let points = &self.spec.curve.points;
        let Some(first) = points.iter().position(|point| point.overloaded) else { return Ok(()) };
        let left = self.frame.x(self.spec.axes.x.position(points[first].x));
        let Frame { top, right, bottom, .. } = self.frame;
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        self.canvas.fill(&corners, self.spec.palette.errors, 0.06)?;
        let fits = right - left > 76.0 && self.y.unit == Unit::Ms;
        let anchor = (HPos::Right, VPos::Top);
        let words = if fits { "overloaded" } else { "" };
        self.canvas.words(words, (right - 6.0, top + 4.0), self.spec.palette.errors, SMALL, anchor)
    }

    fn series(
        &self,
        points: &[CurvePoint],
        value: impl Fn(&CurvePoint) -> Option<f64>,
        colour: (Rgb, f64),
        width: f64,
        dash: Dash,
    ) -> DrawResult<DB> {
        // A point without a value interrupts the line.
        for run in points.split(|point| value(point).is_none()) {
            let pixels: Vec<(f64, f64)> =
                run.iter().filter_map(|point| Some(self.pixel(point.x, value(point)?))).collect();
            self.canvas.line(&pixels, self.frame.bounds(), colour, width, dash)?;
        }
        Ok(())
    }

    /// The 95 % interval of p99.
    fn interval(&self) -> DrawResult<DB> {
        let edge = |point: &CurvePoint, sign: f64| {
            let latency = &point.latency_ms;
            let (p99, half) = (latency.p99?, latency.p99_half_width?);
            let (x, y) = self.pixel(point.x, (p99 + sign * half).max(p99 * 0.05));
            Some((x, y.clamp(self.frame.top, self.frame.bottom)))
        };
        let has = |point: &CurvePoint| edge(point, 1.0).is_some();
        for run in self.spec.curve.points.split(|point| !has(point)) {
            let upper = run.iter().filter_map(|point| edge(point, 1.0));
            let lower = run.iter().rev().filter_map(|point| edge(point, -1.0));
            let corners: Vec<(f64, f64)> = upper.chain(lower).collect();
            self.canvas.fill(&corners, self.spec.palette.p99, 0.16)?;
        }
        Ok(())
    }

    fn objective(&self) -> DrawResult<DB> {
        let Spec { palette, objective, .. } = self.spec;
        let Frame { left, right, .. } = self.frame;
        let Some((_, y)) = self.place(self.spec.axes.x.min, objective.p99_ms) else {
            return Ok(());
        };
        let line = [(left, y), (right, y)];
        let dash = Dash::Broken(10.0, 4.0);
        self.canvas.line(&line, self.frame.bounds(), (palette.mark, 0.9), 1.0, dash)?;
        let words = format!("objective {}", quantity::format(objective.p99_ms, Unit::Ms));
        let anchor = (HPos::Left, VPos::Bottom);
        self.canvas.words(&words, (left + 6.0, y - 3.0), palette.mark, SMALL, anchor)
    }

    fn knee(&self) -> DrawResult<DB> {
        let Spec { palette, knob, .. } = self.spec;
        let Some(knee) = &self.spec.curve.knee else { return Ok(()) };
        let Frame { top, bottom, left, right } = self.frame;
        let x = self.frame.x(self.spec.axes.x.position(knee.x));
        let bounds = Bounds { x: (left, right), y: (0.0, bottom) };
        let line = [(x, top), (x, bottom)];
        self.canvas.line(&line, bounds, (palette.mark, 1.0), 1.5, Dash::Solid)?;
        let value = quantity::format(knee.x, knob.unit);
        let words = format!("knee at {value} {}", knob.label.to_ascii_lowercase());
        let half = words.chars().count() as f64 * 3.2;
        let at = x.clamp(left + half, (right + RIGHT - half).max(left + half));
        let anchor = (HPos::Center, VPos::Bottom);
        self.canvas.words(&words, (at, top - 4.0), palette.mark, SMALL, anchor)
    }

    /// Names of the percentiles at the right ends of their lines.
    fn names(&self) -> DrawResult<DB> {
        let last = self.spec.curve.points.iter().rev().find(|point| point.latency_ms.p99.is_some());
        let value = |name| last.and_then(|point| percentile(&point.latency_ms, name));
        let lines = lines_of(self.spec.palette);
        self.labels(
            lines.into_iter().map(|(name, colour, ..)| (name, colour, value(name))).collect(),
        )
    }

    /// Labels right of the plot, moved apart where they would overlap.
    fn labels(&self, labels: Vec<(&str, Rgb, Option<f64>)>) -> DrawResult<DB> {
        let Frame { top, right, bottom, .. } = self.frame;
        let place =
            |value| self.pixel(self.spec.axes.x.max, value).1.clamp(top + 6.0, bottom - 6.0);
        let mut placed: Vec<(&str, Rgb, f64)> = labels
            .into_iter()
            .filter_map(|(words, colour, value)| Some((words, colour, place(value?))))
            .collect();
        placed.sort_unstable_by(|a, b| a.2.total_cmp(&b.2));
        for index in 1..placed.len() {
            placed[index].2 = placed[index].2.max(placed[index - 1].2 + LINE_HEIGHT);
        }
        // Back up from the bottom if they were pushed below it.
        let mut lowest = bottom - 4.0;
        for label in placed.iter_mut().rev() {
            label.2 = label.2.min(lowest);
            lowest = label.2 - LINE_HEIGHT;
        }
        for (words, colour, y) in placed {
            let anchor = (HPos::Left, VPos::Center);
            self.canvas.words(words, (right + 8.0, y), colour, SMALL, anchor)?;
        }
        Ok(())
    }

    /// Marks what lies above the axis, so that nothing is cut off in silence.
    fn beyond(&self) -> DrawResult<DB> {
        let above = |point: &&CurvePoint| point.latency_ms.p99.is_some_and(|p99| p99 > self.y.max);
        let Some(point) = self.spec.curve.points.iter().rev().find(above) else { return Ok(()) };
        let p99 = quantity::format(point.latency_ms.p99.unwrap_or(0.0), Unit::Ms);
        let x = self.frame.x(self.spec.axes.x.position(point.x)) - 8.0;
        let anchor = (HPos::Right, VPos::Top);
        self.canvas.words(
            &format!("↑ {p99}"),
            (x, self.frame.top + 20.0),
            self.spec.palette.p99,
            SMALL,
            anchor,
        )
    }

    fn operating_point(&self, with_handle: bool) -> DrawResult<DB> {
        let Spec { palette, point, .. } = self.spec;
        let Frame { top, bottom, .. } = self.frame;
        let x = self.frame.x(self.spec.axes.x.position(*point).clamp(0.0, 1.0));
        let line = [(x, top), (x, bottom)];
        self.canvas.line(&line, self.frame.bounds(), (palette.text, 0.8), 1.0, Dash::Solid)?;
        if !with_handle {
            return Ok(());
        }
        let y = value_at(&self.spec.curve.points, &self.spec.axes, *point)
            .map_or(f64::midpoint(top, bottom), |p99| self.pixel(*point, p99).1.clamp(top, bottom));
        self.canvas.dot((x, y), 8.0, palette.text)?;
        self.canvas.dot((x, y), 6.0, palette.background)?;
        self.canvas.dot((x, y), 4.0, palette.p99)
    }
}

/// p99 on the drawn line at `x`.
fn value_at(points: &[CurvePoint], axes: &Axes, x: f64) -> Option<f64> {
    let position = axes.x.position(x);
    let pair = points.windows(2).find(|pair| pair[0].x <= x && x <= pair[1].x)?;
    let (low, high) = (axes.x.position(pair[0].x), axes.x.position(pair[1].x));
    let share = if high > low { (position - low) / (high - low) } else { 0.0 };
    let (from, to) = (pair[0].latency_ms.p99?, pair[1].latency_ms.p99?);
    let height = |value: f64| axes.latency.position(value);
    Some(axes.latency.value(height(from) + (height(to) - height(from)) * share))
}
