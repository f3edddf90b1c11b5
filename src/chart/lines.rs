//! Strokes, areas and words in pixels, on a backend that is scaled for sharp lines.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::clip::{Bounds, polyline};
use super::palette::Rgb;

/// What drawing can fail with.
pub(super) type DrawResult<DB> =
    Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// How a line is broken up: lengths of dash and gap, in pixels of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Dash {
    Solid,
    Broken(f64, f64),
}

/// An area to draw on in pixels of the page.
pub(super) struct Canvas<'a, DB: DrawingBackend> {
    pub(super) area: &'a DrawingArea<DB, plotters::coord::Shift>,
    /// Pixels of the backend in a pixel of the page.
    pub(super) scale: f64,
    pub(super) font: &'a str,
}

impl<DB: DrawingBackend> Canvas<'_, DB> {
    fn pixel(&self, (x, y): (f64, f64)) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    /// A line through points, cut off at the bounds.
    pub(super) fn line(
        &self,
        points: &[(f64, f64)],
        bounds: Bounds,
        (colour, alpha): (Rgb, f64),
        width: f64,
        dash: Dash,
    ) -> DrawResult<DB> {
        let style = ShapeStyle {
            color: RGBColor(colour.0, colour.1, colour.2).mix(alpha),
            filled: false,
            stroke_width: (width * self.scale).round().max(1.0) as u32,
        };
        for piece in polyline(points, bounds) {
            let strokes = match dash {
                Dash::Solid => vec![piece],
                Dash::Broken(on, off) => dashes(&piece, on, off),
            };
            for stroke in strokes {
                let pixels: Vec<(i32, i32)> = stroke.into_iter().map(|p| self.pixel(p)).collect();
                self.area.draw(&PathElement::new(pixels, style))?;
            }
        }
        Ok(())
    }

    /// A filled polygon; its points must lie inside what may be drawn on.
    pub(super) fn fill(&self, points: &[(f64, f64)], colour: Rgb, alpha: f64) -> DrawResult<DB> {
        if points.len() < 3 {
            return Ok(());
        }
        let pixels: Vec<(i32, i32)> = points.iter().map(|&point| self.pixel(point)).collect();
        let colour = RGBColor(colour.0, colour.1, colour.2).mix(alpha);
        self.area.draw(&Polygon::new(pixels, colour))
    }

    pub(super) fn dot(&self, at: (f64, f64), radius: f64, colour: Rgb) -> DrawResult<DB> {
        let colour = RGBColor(colour.0, colour.1, colour.2).filled();
        self.area.draw(&Circle::new(self.pixel(at), (radius * self.scale).round() as i32, colour))
    }

    /// Words at a point, anchored there.
    pub(super) fn words(
        &self,
        words: &str,
        at: (f64, f64),
        colour: Rgb,
        size: f64,
        (horizontal, vertical): (HPos, VPos),
    ) -> DrawResult<DB> {
        let colour = RGBColor(colour.0, colour.1, colour.2);
        let style = TextStyle::from((self.font, size * self.scale).into_font())
            .color(&colour)
            .pos(Pos::new(horizontal, vertical));
        self.area.draw_text(words, &style, self.pixel(at))
    }
}

/// Cuts a line into dashes, going on around corners.
fn dashes(points: &[(f64, f64)], on: f64, off: f64) -> Vec<Vec<(f64, f64)>> {
    let mut strokes = Vec::new();
    let mut stroke = points.first().map_or_else(Vec::new, |&first| vec![first]);
    let (mut drawing, mut left) = (true, on);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = (dx * dx + dy * dy).sqrt();
            if length <= left {
                left -= length;
                if drawing {
                    stroke.push(to);
                }
                break;
            }
            from = (from.0 + dx * left / length, from.1 + dy * left / length);
            if drawing {
                stroke.push(from);
                strokes.push(std::mem::take(&mut stroke));
                left = off;
            } else {
                stroke = vec![from];
                left = on;
            }
            drawing = !drawing;
        }
    }
    if drawing && stroke.len() > 1 {
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
}
