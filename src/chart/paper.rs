//! What all charts are drawn on: a sheet with a frame, grid and labels of both axes, names of lines,
//! and room for words.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend};
use plotters::style::text_anchor::HPos;

use super::clip::{Bounds, Point};
use super::labels::{Block, Room, spread};
use super::palette::{Palette, Rgb};
use super::plot::{Frame, Layout};
use super::sheet::{Drawn, Sheet, Stroke};
use super::ticks::{self, Tick};

/// Height of a line of text, in font sizes.
pub(super) const LINE: f64 = 1.25;

/// How charts look, whatever they show.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// Colours.
    pub palette: &'a Palette,
    /// Names of fonts, as in a style sheet.
    pub font: &'a str,
    /// Size of text, in pixels of the page; margins grow with it.
    pub text_px: f64,
    /// Units of the backend in a pixel of the page: `FINE` times the device pixel ratio.
    pub scale: f64,
}

/// A chart without its content.
pub(super) struct Paper<'a, DB: DrawingBackend> {
    pub(super) palette: &'a Palette,
    pub(super) text_px: f64,
    pub(super) layout: Layout,
    pub(super) sheet: Sheet<'a, DB>,
    pub(super) room: Room,
}

impl<'a, DB: DrawingBackend> Paper<'a, DB> {
    pub(super) fn new(area: &DrawingArea<DB, Shift>, look: Look<'a>, layout: Layout) -> Self {
        let sheet = Sheet::new(area, look.scale, look.font);
        let room = Room::new(layout.frame.bounds());
        Self { palette: look.palette, text_px: look.text_px, layout, sheet, room }
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.layout.frame.bounds()
    }

    pub(super) fn rows(&self) -> Drawn<DB> {
        let Frame { left, right, .. } = self.layout.frame;
        let text = self.text_px;
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

    pub(super) fn columns(&self, is_labelled: bool) -> Drawn<DB> {
        let Frame { top, bottom, left, right } = self.layout.frame;
        let text = self.text_px;
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
            if is_labelled {
                self.sheet.words(&tick.words, at, (self.palette.text, text), HPos::Center)?;
            }
        }
        let ground = Stroke { colour: self.palette.quiet, ..stroke };
        self.sheet.rule([(left, bottom), (right, bottom)], ground)
    }

    /// Names of lines right of the plot, at the height of their last values; with an arrow where
    /// that is above the axis.
    pub(super) fn names(&self, names: &[(&str, Rgb, Option<f64>)]) -> Drawn<DB> {
        let Frame { top, right, bottom, .. } = self.layout.frame;
        let text = self.text_px;
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

    /// Writes words at the first of the places (left, top) where they hide the least.
    pub(super) fn label<I: IntoIterator<Item = Point>>(
        &mut self,
        words: &str,
        colour: Rgb,
        places: impl FnOnce(f64, f64) -> I,
    ) -> Drawn<DB> {
        let width = self.sheet.width(words, self.text_px)?;
        let places: Vec<Point> = places(width, self.text_px * LINE).into_iter().collect();
        self.label_at(words, colour, width, &places)
    }

    /// As [`Paper::label`]; one for all kinds of lists of places.
    fn label_at(&mut self, words: &str, colour: Rgb, width: f64, places: &[Point]) -> Drawn<DB> {
        let (text, height) = (self.text_px, self.text_px * LINE);
        let block = |&(left, top): &Point| Block { left, top, width, height };
        let Some(found) = self.room.place(places.iter().map(block)) else {
            return Ok(());
        };
        let under = Bounds {
            x: (found.left - text * 0.2, found.left + width + text * 0.2),
            y: (found.top, found.top + height),
        };
        self.sheet.block(under, self.palette.background, 0.75)?;
        self.sheet.words(words, found.start(), (colour, text), HPos::Left)
    }
}
