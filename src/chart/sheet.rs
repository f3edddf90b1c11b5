//! Strokes, areas and words in pixels of the page, through the elements and series of `plotters`.
//!
//! The coordinate system handed to `plotters` is the page's own, with fractions of a pixel:
//! positions on logarithmic axes are computed and clipped before, so nothing is left to distort.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::backend::FINE;
use super::clip::{self, Bounds, Point};
use super::palette::Rgb;

/// What drawing on `DB` can fail with.
pub type Failure<DB> = DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>;

pub(super) type Drawn<DB> = Result<(), Failure<DB>>;

/// Pixels of the page along one axis, as a coordinate of `plotters`.
#[derive(Debug, Clone)]
struct PagePixels {
    /// Units of the backend in a pixel.
    scale: f64,
}

impl Ranged for PagePixels {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, _): (i32, i32)) -> i32 {
        start.saturating_add((value * self.scale).round() as i32)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        Vec::new() // The chart draws its own grid.
    }

    fn range(&self) -> Range<f64> {
        0.0..f64::MAX
    }
}

/// How a line is broken up: lengths of dash and gap, in pixels of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Dash {
    Solid,
    Broken(f64, f64),
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    pub(super) colour: Rgb,
    /// 0..=1.
    pub(super) opacity: f64,
    /// In pixels of the page.
    pub(super) width: f64,
    pub(super) dash: Dash,
}

impl Stroke {
    pub(super) fn solid(colour: Rgb, width: f64) -> Self {
        Self { colour, opacity: 1.0, width, dash: Dash::Solid }
    }
}

/// An area to draw on in pixels of the page.
pub(super) struct Sheet<'a, DB: DrawingBackend> {
    area: DrawingArea<DB, Cartesian2d<PagePixels, PagePixels>>,
    scale: f64,
    font: &'a str,
}

impl<'a, DB: DrawingBackend> Sheet<'a, DB> {
    /// `scale` is in units of the backend a pixel of the page.
    pub(super) fn new(area: &DrawingArea<DB, Shift>, scale: f64, font: &'a str) -> Self {
        let pixels = || PagePixels { scale };
        let page =
            Cartesian2d::<PagePixels, PagePixels>::new(pixels(), pixels(), area.get_pixel_range());
        Self { area: area.apply_coord_spec(page), scale, font }
    }

    /// Covers everything.
    pub(super) fn clear(&self, colour: Rgb) -> Drawn<DB> {
        self.area.fill(&paint(colour, 1.0))
    }

    /// A line through points, cut off at the bounds.
    pub(super) fn line(&self, points: &[Point], bounds: Bounds, stroke: Stroke) -> Drawn<DB> {
        let pieces = clip::polyline(points, bounds);
        match stroke.dash {
            Dash::Solid => pieces.into_iter().try_for_each(|piece| self.unbroken(piece, stroke)),
            Dash::Broken(on, off) => {
                let dashes = pieces.iter().flat_map(|piece| dashes(piece, on, off)).collect();
                self.many(dashes, stroke)
            }
        }
    }

    /// Straight lines that look alike, each cut off at the bounds.
    pub(super) fn hatch(
        &self,
        lines: impl Iterator<Item = [Point; 2]>,
        bounds: Bounds,
        stroke: Stroke,
    ) -> Drawn<DB> {
        self.many(lines.flat_map(|line| clip::polyline(&line, bounds)).collect(), stroke)
    }

    /// A line through points that lie within the bounds.
    fn unbroken(&self, points: Vec<Point>, stroke: Stroke) -> Drawn<DB> {
        LineSeries::new(points, self.pen(stroke)).try_for_each(|element| self.area.draw(&element))
    }

    /// Lines that look alike, as one polygon: nine in ten strokes of a chart are dashes and hatches,
    /// and a canvas takes each stroke by itself.
    fn many(&self, mut lines: Vec<Vec<Point>>, stroke: Stroke) -> Drawn<DB> {
        if lines.len() < 2 {
            return lines.pop().map_or(Ok(()), |line| self.unbroken(line, stroke));
        }
        let corners = outline(&lines, stroke.width / 2.0);
        self.area.draw(&Polygon::new(corners, paint(stroke.colour, stroke.opacity)))
    }

    /// A level or upright line from end to end, on whole pixels of the device, so that it is sharp.
    pub(super) fn rule(&self, ends: [Point; 2], stroke: Stroke) -> Drawn<DB> {
        let device = self.scale / FINE;
        let width = (stroke.width * device).round().max(1.0);
        let sharp = |at: f64| ((at * device - width / 2.0).round() + width / 2.0) / device;
        let [mut from, mut to] = ends;
        if (from.0 - to.0).abs() < 1e-9 {
            (from.0, to.0) = (sharp(from.0), sharp(to.0));
        } else {
            (from.1, to.1) = (sharp(from.1), sharp(to.1));
        }
        let around = |a: f64, b: f64| (a.min(b), a.max(b));
        let bounds = Bounds { x: around(from.0, to.0), y: around(from.1, to.1) };
        self.line(&[from, to], bounds, Stroke { width: width / device, ..stroke })
    }

    /// The part of a polygon within the bounds, filled.
    pub(super) fn fill(
        &self,
        corners: &[Point],
        bounds: Bounds,
        colour: Rgb,
        opacity: f64,
    ) -> Drawn<DB> {
        let kept = clip::polygon(corners, bounds);
        if kept.len() < 3 {
            return Ok(());
        }
        self.area.draw(&Polygon::new(kept, paint(colour, opacity)))
    }

    /// A rectangle, filled.
    pub(super) fn block(&self, bounds: Bounds, colour: Rgb, opacity: f64) -> Drawn<DB> {
        let Bounds { x, y } = bounds;
        self.area.draw(&Rectangle::new([(x.0, y.0), (x.1, y.1)], paint(colour, opacity).filled()))
    }

    /// A disc.
    pub(super) fn dot(&self, at: Point, radius: f64, colour: Rgb) -> Drawn<DB> {
        let radius = (radius * self.scale).round() as i32;
        self.area.draw(&Circle::new(at, radius, paint(colour, 1.0).filled()))
    }

    /// A circle with nothing but the background in it.
    pub(super) fn ring(&self, at: Point, radius: f64, stroke: Stroke, inner: Rgb) -> Drawn<DB> {
        self.dot(at, radius, inner)?;
        self.area.draw(&Circle::new(at, (radius * self.scale).round() as i32, self.pen(stroke)))
    }

    /// Words whose middle line runs through the point.
    pub(super) fn words(
        &self,
        words: &str,
        at: Point,
        (colour, size): (Rgb, f64),
        side: HPos,
    ) -> Drawn<DB> {
        let colour = paint(colour, 1.0);
        let style = self.style(size).color(&colour).pos(Pos::new(side, VPos::Center));
        self.area.draw(&Text::new(words, at, style))
    }

    /// Width of words, in pixels of the page.
    pub(super) fn width(&self, words: &str, size: f64) -> Result<f64, Failure<DB>> {
        let (width, _) = self.area.estimate_text_size(words, &self.style(size))?;
        Ok(f64::from(width) / self.scale)
    }

    fn pen(&self, stroke: Stroke) -> ShapeStyle {
        ShapeStyle {
            color: paint(stroke.colour, stroke.opacity),
            filled: false,
            stroke_width: (stroke.width * self.scale).round().max(1.0) as u32,
        }
    }

    fn style(&self, size: f64) -> TextStyle<'a> {
        let family = FontFamily::Name(self.font);
        TextStyle::from(FontDesc::new(family, size * self.scale, FontStyle::Normal))
    }
}

fn paint(colour: Rgb, opacity: f64) -> RGBAColor {
    RGBColor(colour.0, colour.1, colour.2).mix(opacity)
}

/// The polygon that covers lines by so much on both sides: a rectangle for each of their straight
/// parts, joined by ways that are gone to and fro, which have no area.
fn outline(lines: &[Vec<Point>], half: f64) -> Vec<Point> {
    let (mut corners, mut starts) = (Vec::new(), Vec::new());
    for [from, to] in lines.iter().flat_map(|line| line.array_windows()) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt();
        if length > 0.0 {
            let (x, y) = (-dy / length * half, dx / length * half);
            let left = |at: &Point| (at.0 + x, at.1 + y);
            let right = |at: &Point| (at.0 - x, at.1 - y);
            let start = left(from);
            corners.extend([start, left(to), right(to), right(from), start]);
            starts.push(start);
        }
    }
    corners.extend(starts.into_iter().rev());
    corners
}

/// Cuts a line into dashes, going on around corners.
fn dashes(points: &[Point], on: f64, off: f64) -> Vec<Vec<Point>> {
    let mut strokes = Vec::new();
    let mut stroke = points.first().map_or_else(Vec::new, |&first| vec![first]);
    let (mut is_drawing, mut left) = (true, on);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = (dx * dx + dy * dy).sqrt();
            if length <= left {
                left -= length;
                if is_drawing {
                    stroke.push(to);
                }
                break;
            }
            from = (from.0 + dx * left / length, from.1 + dy * left / length);
            if is_drawing {
                stroke.push(from);
                strokes.push(std::mem::take(&mut stroke));
                left = off;
            } else {
                stroke = vec![from];
                left = on;
            }
            is_drawing = !is_drawing;
        }
    }
    if is_drawing && stroke.len() > 1 {
        strokes.push(stroke);
    }
    strokes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_have_their_lengths_around_corners() {
        let found = dashes(&[(0.0, 0.0), (5.0, 0.0), (5.0, 7.0)], 4.0, 2.0);
        assert_eq!(found[0], vec![(0.0, 0.0), (4.0, 0.0)]);
        assert_eq!(found[1], vec![(5.0, 1.0), (5.0, 5.0)]);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn many_lines_are_covered_as_wide_as_they_are_and_nothing_between_them() {
        let lines =
            [vec![(0.0, 0.0), (4.0, 0.0), (4.0, 3.0)], vec![(9.0, 9.0), (9.0, 4.0)], vec![]];
        let corners = outline(&lines, 0.5);
        let next = corners.iter().skip(1).chain(corners.first());
        // Twice the area, by the shoelace formula.
        let twice: f64 = corners.iter().zip(next).map(|(a, b)| a.0 * b.1 - a.1 * b.0).sum();
        assert!((twice.abs() / 2.0 - (4.0 + 3.0 + 5.0)).abs() < 1e-9, "{twice}");
        assert_eq!(corners.first(), corners.last(), "closed");
    }

    #[test]
    fn fractions_of_a_pixel_reach_the_backend() {
        let pixels = PagePixels { scale: 8.0 };
        assert_eq!(pixels.map(&10.25, (100, 900)), 182);
        assert_eq!(pixels.map(&f64::MAX, (100, 900)), i32::MAX);
    }
}
