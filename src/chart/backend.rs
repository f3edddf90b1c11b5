//! A backend between `plotters` and the one that really draws, which evens out three things.
//!
//! - **Text is measured by what is given**, never by `plotters`: on wasm32 that would add a `span`
//!   to the page for every label, with a forced layout each, and break a strict content policy.
//! - **Size**: backends count whole pixels. Charts are drawn [`FINE`] units to a pixel of the
//!   device, so that lines neither jitter while a knob is dragged nor blur on dense screens.
//! - **Text is placed alike**: backends disagree on what a font size is and where the middle of a
//!   line of text lies.

use plotters_backend::text_anchor::Pos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontFamily, FontStyle, FontTransform,
};

/// Units of the backend in one pixel of the device, in both directions.
pub const FINE: f64 = 4.0;

/// Tells how wide text is.
pub trait MeasureText {
    /// Width of `text` in a font of this family and size, in the unit of `size`.
    fn width(&self, text: &str, family: &str, size: f64) -> f64;
}

/// How a backend draws text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextHabits {
    /// What a font size is multiplied with before it is handed over.
    pub size_factor: f64,
    /// How far text anchored at its middle is moved down so that figures are centred, in em.
    pub middle_shift_em: f64,
}

impl TextHabits {
    /// `plotters-canvas`: sizes as in a style sheet; `middle` is the middle of the em square.
    pub const CANVAS: Self = Self { size_factor: 1.0, middle_shift_em: 0.0 };
    /// `plotters-svg`: divides sizes by 1.24, and centres on the middle of an `x`.
    pub const SVG: Self = Self { size_factor: 1.24, middle_shift_em: 0.1 };
}

/// A backend whose text is measured by `M` and whose size is given.
#[derive(Debug)]
pub struct Measured<B, M> {
    inner: B,
    measure: M,
    size: (u32, u32),
    habits: TextHabits,
}

impl<B, M> Measured<B, M> {
    /// Wraps a backend of this size in units.
    pub fn new(inner: B, measure: M, size: (u32, u32), habits: TextHabits) -> Self {
        Self { inner, measure, size, habits }
    }
}

type Drawn<B> = Result<(), DrawingErrorKind<<B as DrawingBackend>::ErrorType>>;

impl<B: DrawingBackend, M: MeasureText> DrawingBackend for Measured<B, M> {
    type ErrorType = B::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn<B> {
        self.inner.ensure_prepared()
    }

    fn present(&mut self) -> Drawn<B> {
        self.inner.present()
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Drawn<B> {
        self.inner.draw_pixel(at, color)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn<B> {
        // Not `draw_line`: the canvas moves level lines by half a unit there.
        self.inner.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn<B> {
        self.inner.draw_rect(upper_left, bottom_right, style, fill)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn<B> {
        self.inner.draw_path(path, style)
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn<B> {
        self.inner.draw_circle(center, radius, style, fill)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn<B> {
        self.inner.fill_polygon(corners, style)
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        at: BackendCoord,
    ) -> Drawn<B> {
        let TextHabits { size_factor, middle_shift_em } = self.habits;
        let down = (style.size() * middle_shift_em).round() as i32;
        let style = Resized { style, factor: size_factor };
        self.inner.draw_text(text, &style, (at.0, at.1 + down))
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Self::ErrorType>> {
        let width = self.measure.width(text, style.family().as_str(), style.size());
        Ok((width.ceil() as u32, style.size().ceil() as u32))
    }
}

/// A style of text with another font size.
struct Resized<'a, S> {
    style: &'a S,
    factor: f64,
}

impl<S: BackendTextStyle> BackendTextStyle for Resized<'_, S> {
    type FontError = S::FontError;

    fn color(&self) -> BackendColor {
        self.style.color()
    }

    fn size(&self) -> f64 {
        self.style.size() * self.factor
    }

    fn transform(&self) -> FontTransform {
        self.style.transform()
    }

    fn style(&self) -> FontStyle {
        self.style.style()
    }

    fn anchor(&self) -> Pos {
        self.style.anchor()
    }

    fn family(&self) -> FontFamily<'_> {
        self.style.family()
    }

    fn layout_box(&self, text: &str) -> Result<((i32, i32), (i32, i32)), Self::FontError> {
        self.style.layout_box(text)
    }

    fn draw<E, F: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        text: &str,
        at: BackendCoord,
        draw: F,
    ) -> Result<Result<(), E>, Self::FontError> {
        self.style.draw(text, at, draw)
    }
}
