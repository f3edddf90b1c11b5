//! What a chart over a knob is drawn from, and where things lie on it.

use super::axis::Axis;
use super::clip::{Bounds, Point};
use super::lost;
use super::measure::Measure;
use super::palette::Palette;
use crate::analysis::hysteresis::Hysteresis;
use crate::analysis::report::{Curve, CurvePoint, LatencySummary};
use crate::scenario::{Knob, Objective};

pub use super::latency::draw as latency;
pub use super::sheet::Failure;
pub use super::small::draw as small;

/// Latency of overloaded points depends on how long they ran; it is drawn up to this many times
/// the objective, and marked with its value beyond.
const OVERLOADED_MOST: f64 = 8.0;

/// Offered load beyond this many times the best goodput tells nothing more.
const OFFERED_MOST: f64 = 1.6;

/// Radius of the handle of the operating point, in pixels of the page.
pub(super) const HANDLE_PX: f64 = 8.0;

/// The axes of all charts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axes {
    /// The knob.
    pub x: Axis,
    /// Latency, in milliseconds.
    pub latency: Axis,
    /// The measures, in the order of [`Measure::ALL`].
    pub small: [Axis; Measure::ALL.len()],
}

impl Axes {
    /// Axes for a curve, its ghost and a walk, kept from before where they still fit.
    pub fn of(
        knob: &Knob,
        (curve, ghost, walk): (&Curve, Option<&Curve>, Option<&Hysteresis>),
        objective: &Objective,
        present: Option<Self>,
    ) -> Self {
        let x = Axis::of_knob(knob);
        let present = present.filter(|axes| axes.x == x);
        let mut points: Vec<&CurvePoint> =
            std::iter::once(curve).chain(ghost).flat_map(|curve| &curve.points).collect();
        let steady = points.iter().filter(|point| !point.overloaded);
        let p99s = steady.filter_map(|point| point.latency_ms.p99);
        let most = p99s.fold(OVERLOADED_MOST * objective.p99_ms, f64::max);
        points.extend(walk.into_iter().flat_map(|walk| walk.up.iter().chain(&walk.down)));
        let drawn = |p: &&CurvePoint| [p.latency_ms.p50, p.latency_ms.p99, lost::p99_of_all(p)];
        let latencies = points.iter().flat_map(drawn);
        let latencies = latencies.flatten().map(|ms| ms.min(most)).chain([objective.p99_ms]);
        Self {
            x,
            latency: Axis::of_latencies(latencies, present.map(|axes| axes.latency)),
            small: Measure::ALL.map(|measure| {
                let present = present.map(|axes| axes.small[measure as usize]);
                axis_of(measure, &points, present)
            }),
        }
    }
}

/// The axis of a measure.
fn axis_of(measure: Measure, points: &[&CurvePoint], present: Option<Axis>) -> Axis {
    let answered = points.iter().map(|point| point.goodput_per_s).fold(0.0, f64::max);
    let most = match measure {
        Measure::Load if answered > 0.0 => answered * OFFERED_MOST,
        // The whole of it is what a share is compared with.
        Measure::Utilisation => 1.0,
        _ => f64::INFINITY,
    };
    let high = |point: &&CurvePoint| match measure {
        Measure::Load => point.offered_per_s.min(most).max(point.goodput_per_s),
        Measure::Utilisation => 1.0,
        Measure::Memory => point.memory_most_mb.max(point.memory_mb),
        one => one.main().of(point),
    };
    Axis::of_values(measure.unit(), points.iter().map(high), present)
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
    /// Load up and down, drawn in place of both.
    pub walk: Option<&'a Hysteresis>,
    /// Value of the knob at the operating point.
    pub point: f64,
    /// Measured p99 at the operating point in milliseconds, said in place of the curve's.
    pub measured_p99: Option<f64>,
    /// Index of the point of `curve` that is looked at.
    pub hover: Option<usize>,
    /// Axes of all charts.
    pub axes: Axes,
    /// Width and height in pixels of the page.
    pub size: (f64, f64),
    /// Units of the backend in a pixel of the page: `FINE` times the device pixel ratio.
    pub scale: f64,
    /// Colours.
    pub palette: &'a Palette,
    /// Names of fonts, as in a style sheet.
    pub font: &'a str,
    /// Size of text, in pixels of the page; margins grow with it.
    pub text_px: f64,
    /// Names the chart and its axes, where no page around it does.
    pub titled: bool,
    /// The x axis has labels, as the last of several charts does.
    pub labelled: bool,
}

impl Spec<'_> {
    /// The points whose p99 the operating point lies on.
    pub(super) fn main_points(&self) -> &[CurvePoint] {
        self.walk.map_or(&self.curve.points, |walk| &walk.up)
    }
}

/// Size of text on a chart of this width, both in pixels, where nobody asked for another.
pub fn text_px(width: f64) -> f64 {
    if width < 480.0 { 11.0 } else { 12.0 }
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

impl Frame {
    /// The rectangle that values are drawn in, on a chart of this size and text.
    ///
    /// Left and right edges are the same for all charts, so that they lie under each other.
    pub fn of((width, height): (f64, f64), text_px: f64, titled: bool) -> Self {
        let (left, top) = (text_px * 4.6, text_px * if titled { 3.6 } else { 2.0 });
        let below = text_px * if titled { 3.4 } else { 2.0 };
        Self {
            left,
            top,
            right: (width - text_px * 5.8).max(left + 40.0),
            bottom: (height - below).max(top + 20.0),
        }
    }

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

    pub(super) fn bounds(&self) -> Bounds {
        Bounds { x: (self.left, self.right), y: (self.top, self.bottom) }
    }
}

/// Where things lie on a chart: what a page needs to place HTML on it and to follow a pointer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// The rectangle of the plot.
    pub frame: Frame,
    /// The knob.
    pub x: Axis,
    /// Latency, or a measure.
    pub y: Axis,
    /// Middle of the handle of the operating point, on the latency chart.
    pub handle: Option<Point>,
}

impl Layout {
    /// Of the latency chart.
    pub fn of_latency(spec: &Spec<'_>) -> Self {
        let mut layout = Self::of(spec, spec.axes.latency);
        let Frame { top, bottom, .. } = layout.frame;
        let points = spec.main_points();
        // Where nobody is answered any more it lies on what is drawn there, if anything is.
        let next = || points.iter().find(|point| point.x >= spec.point);
        let p99 = layout.p99_at(points, spec.point).or_else(|| lost::p99_of_all(next()?));
        let is_overloaded = points.iter().any(|point| point.overloaded && point.x <= spec.point);
        let y = match p99 {
            Some(p99) if p99 <= layout.y.max => layout.pixel(spec.point, p99).1.min(bottom),
            None if !is_overloaded => f64::midpoint(top, bottom),
            // Below the flag of the knee, which stands on the upper edge.
            _ => top + HANDLE_PX,
        };
        layout.handle = Some((layout.x_of(spec.point), y));
        layout
    }

    /// Of the chart of a measure.
    pub fn of_measure(spec: &Spec<'_>, measure: Measure) -> Self {
        Self::of(spec, spec.axes.small[measure as usize])
    }

    fn of(spec: &Spec<'_>, y: Axis) -> Self {
        let mut frame = Frame::of(spec.size, spec.text_px, spec.titled);
        if !spec.labelled {
            frame.bottom = spec.size.1 - spec.text_px * 0.8;
        }
        Self { frame, x: spec.axes.x, y, handle: None }
    }

    /// Where a value of the knob lies from the left; the nearest edge if it is beyond the axis.
    pub fn x_of(&self, value: f64) -> f64 {
        self.frame.x(self.x.position(value).clamp(0.0, 1.0))
    }

    /// What the knob is set to when the operating point is dragged to `x`.
    pub fn setting_at(&self, knob: &Knob, x: f64) -> f64 {
        knob.at(self.frame.position(x))
    }

    /// The point of the curve nearest to `x`, to be looked at.
    pub fn nearest(&self, points: &[CurvePoint], x: f64) -> Option<usize> {
        let distance = |point: &CurvePoint| (self.x_of(point.x) - x).abs();
        (0..points.len()).min_by(|a, b| distance(&points[*a]).total_cmp(&distance(&points[*b])))
    }

    /// A press at this place takes hold of the operating point: within `reach` of its handle, or
    /// of its line within the plot.
    pub fn grabs(&self, (x, y): Point, reach: f64) -> bool {
        let Some((handle_x, handle_y)) = self.handle else { return false };
        let is_on_line = (self.frame.top..=self.frame.bottom).contains(&y);
        (x - handle_x).abs() <= reach && (is_on_line || (y - handle_y).abs() <= reach)
    }

    /// Where a value at an `x` of the knob lies, which may be far outside the plot.
    pub fn pixel(&self, x: f64, value: f64) -> Point {
        (self.frame.x(self.x.position(x)), self.frame.y(self.y.position(value)))
    }

    /// p99 at `x`, in milliseconds, on the straight line that is drawn between the points around it.
    pub fn p99_at(&self, points: &[CurvePoint], x: f64) -> Option<f64> {
        let value = |point: &CurvePoint| point.latency_ms.p99;
        let after = points.iter().position(|point| point.x >= x)?;
        let to = &points[after];
        let Some(from) = after.checked_sub(1).map(|before| &points[before]) else {
            return value(to).filter(|_| to.x <= x || points.len() == 1);
        };
        let (Some(low), Some(high)) = (value(from), value(to)) else {
            return value(from).or(value(to));
        };
        let place = |x| self.x.position(x);
        let share = (place(x) - place(from.x)) / (place(to.x) - place(from.x));
        let (low, high) = (self.y.position(low), self.y.position(high));
        Some(self.y.value(low + share * (high - low)))
    }
}

/// A percentile of latency that has a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Percentile {
    P50,
    P95,
    P99,
}

impl Percentile {
    pub(super) const ALL: [Self; 3] = [Self::P99, Self::P95, Self::P50];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }

    pub(super) fn of(self, latency: &LatencySummary) -> Option<f64> {
        match self {
            Self::P50 => latency.p50,
            Self::P95 => latency.p95,
            Self::P99 => latency.p99,
        }
    }
}
