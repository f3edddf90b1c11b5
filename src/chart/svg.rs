//! Charts as files.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea};
use plotters_svg::SVGBackend;

use super::backend::{FINE, Measured, TextHabits};
use super::measure::{Measure, Measures};
use super::palette::{DARK, LIGHT};
use super::plot::{self, Axes, Spec};
use super::text::WidthTable;
use crate::analysis::hysteresis::Hysteresis;
use crate::analysis::report::Curve;
use crate::chart::describe::summary;
use crate::scenario::{Knob, Objective};

/// Height of the latency chart in a picture with one measure; the rest is for that.
const LATENCY_SHARE: f64 = 0.62;

/// Fonts, the metric-compatible ones first, for text is measured as Helvetica.
const FONT: &str = "Helvetica, Arial, sans-serif";

/// What a picture shows.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// The present state.
    pub curve: &'a Curve,
    /// The state before, if any.
    pub ghost: Option<&'a Curve>,
    /// The knob on the x axis.
    pub knob: &'a Knob,
    /// What users must get.
    pub objective: &'a Objective,
    /// Load up and down in place of both, if any.
    pub walk: Option<&'a Hysteresis>,
    /// What stands below latency.
    pub measures: Measures,
    /// Value of the knob at the operating point.
    pub point: f64,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// Light on dark.
    pub dark: bool,
}

impl Picture<'_> {
    /// The charts, one under the other, as one SVG.
    ///
    /// # Errors
    /// What the backend reports, in words.
    pub fn draw(&self) -> Result<String, String> {
        let Self { curve, ghost, walk, knob, objective, .. } = *self;
        let (width, height) = (f64::from(self.size.0), f64::from(self.size.1));
        let small: Vec<Measure> = self.measures.each().collect();
        let share = LATENCY_SHARE - 0.09 * (small.len() as f64 - 1.0);
        let upper = if small.is_empty() { height } else { (height * share.max(0.25)).round() };
        let lower = (height - upper) / small.len().max(1) as f64;
        let spec = Spec {
            curve,
            ghost,
            walk,
            knob,
            objective,
            point: self.point,
            measured_p99: None,
            hover: None,
            axes: Axes::of(knob, (curve, ghost, walk), objective, None),
            size: (width, upper),
            scale: FINE,
            palette: if self.dark { &DARK } else { &LIGHT },
            font: FONT,
            text_px: plot::text_px(width),
            titled: true,
            labelled: true,
        };
        let words = walk.map_or_else(|| summary(curve, knob), |walk| walk.sentence(knob));
        document(self.size, &words, |area| {
            let (above, mut below) = area.split_vertically((upper * FINE) as u32);
            plot::latency(&above, &spec).map_err(|error| error.to_string())?;
            for (index, &measure) in small.iter().enumerate() {
                let (this, rest) = below.split_vertically((lower * FINE) as u32);
                let labelled = index + 1 == small.len();
                let spec = Spec { size: (width, lower), labelled, ..spec };
                plot::small(&this, &spec, measure).map_err(|error| error.to_string())?;
                below = rest;
            }
            Ok(())
        })
    }
}

/// What charts in files are drawn on.
pub type SvgArea<'a> = DrawingArea<Measured<SVGBackend<'a>, WidthTable>, Shift>;

/// An SVG of this size in pixels, with words for those who cannot see it.
///
/// What is drawn on it has a `scale` of [`FINE`].
///
/// # Errors
/// What `content` reports, or the backend, in words.
pub fn document(
    (width, height): (u32, u32),
    words: &str,
    content: impl FnOnce(&SvgArea<'_>) -> Result<(), String>,
) -> Result<String, String> {
    let units = (width * FINE as u32, height * FINE as u32);
    let mut text = String::new();
    {
        let backend = SVGBackend::with_string(&mut text, units);
        let area = Measured::new(backend, WidthTable, units, TextHabits::SVG).into_drawing_area();
        content(&area)?;
        area.present().map_err(|error| error.to_string())?;
    }
    // The backend's own head says that a unit is a pixel.
    let body = text.split_once('>').map_or("", |(_, body)| body);
    let (right, bottom) = units;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {right} {bottom}\" stroke-linejoin=\"round\">\n\
         <title>Latency and load</title><desc>{}</desc>{body}",
        escaped(words)
    ))
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
