//! Charts on a canvas of the page: sharp at every device pixel ratio, and without a touch of the
//! document while they are drawn.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea};
use plotters_canvas::CanvasBackend;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::backend::{FINE, MeasureText, Measured, TextHabits};

/// Measures text as the canvas will draw it.
#[derive(Debug, Clone)]
pub struct CanvasText(CanvasRenderingContext2d);

impl MeasureText for CanvasText {
    fn width(&self, text: &str, family: &str, size: f64) -> f64 {
        self.0.set_font(&format!("normal {size}px {family}"));
        // Rather too wide than none, should the browser fail to measure.
        self.0.measure_text(text).map_or(size * text.len() as f64, |found| found.width())
    }
}

/// What charts of the page are drawn on.
pub type CanvasArea = DrawingArea<Measured<CanvasBackend, CanvasText>, Shift>;

/// Makes a canvas ready to be drawn anew; `None` if the browser gives no context.
///
/// `size` is in pixels of the page, `ratio` the pixels of the device in one of them. The chart's
/// `Spec` must have the same two, with `scale` as [`scale`] says.
pub fn area(canvas: &HtmlCanvasElement, size: (f64, f64), ratio: f64) -> Option<CanvasArea> {
    let device = |css: f64| (css * ratio).round().clamp(1.0, 16_384.0) as u32;
    let (width, height) = (device(size.0), device(size.1));
    // Only when needed: setting a size clears the canvas and allocates it anew.
    if canvas.width() != width {
        canvas.set_width(width);
    }
    if canvas.height() != height {
        canvas.set_height(height);
    }
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    context.set_transform(1.0 / FINE, 0.0, 0.0, 1.0 / FINE, 0.0, 0.0).ok()?;
    context.set_line_join("round");
    let backend = CanvasBackend::with_canvas_object(canvas.clone())?;
    let units = (width * FINE as u32, height * FINE as u32);
    let measured = Measured::new(backend, CanvasText(context), units, TextHabits::CANVAS);
    Some(measured.into_drawing_area())
}

/// Units of the backend in a pixel of the page, at this device pixel ratio.
pub fn scale(ratio: f64) -> f64 {
    FINE * ratio
}
