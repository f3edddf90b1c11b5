//! Charts as files.

use plotters::prelude::*;
use plotters_svg::SVGBackend;

use super::palette::{DARK, LIGHT};
use super::plot::{self, Axes, Spec};
use crate::analysis::report::Curve;
use crate::chart::describe::summary;
use crate::scenario::{Knob, Objective};

/// Height of the latency chart in a picture; the rest is the load chart.
const LATENCY_SHARE: f64 = 0.66;

/// Both charts of a curve as one SVG of this width and height.
///
/// # Errors
/// What the backend reports, in words.
pub fn picture(
    curve: &Curve,
    knob: &Knob,
    objective: &Objective,
    (width, height): (u32, u32),
    dark: bool,
) -> Result<String, String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        let upper = (f64::from(height) * LATENCY_SHARE) as u32;
        let (above, below) = area.split_vertically(upper);
        let size = (f64::from(width), f64::from(upper));
        let spec = Spec {
            curve,
            ghost: None,
            knob,
            objective,
            point: knob.default,
            axes: Axes::of(knob, curve, None, objective, None),
            size,
            scale: 1.0,
            palette: if dark { &DARK } else { &LIGHT },
            font: "sans-serif",
        };
        plot::latency(&above, &spec).map_err(|error| error.to_string())?;
        let spec = Spec { size: (size.0, f64::from(height - upper)), ..spec };
        plot::load(&below, &spec).map_err(|error| error.to_string())?;
        area.present().map_err(|error| error.to_string())?;
    }
    let words = summary(curve, knob).replace('&', "&amp;").replace('<', "&lt;");
    let title = format!("<title>Latency and load</title><desc>{words}</desc>");
    Ok(match text.find('>') {
        Some(end) => format!("{}{title}{}", &text[..=end], &text[end + 1..]),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::curve::curve;
    use crate::scenario::{Settings, catalogue};

    #[test]
    fn every_scenario_has_a_picture_whose_strokes_stay_inside() {
        for scenario in catalogue::all() {
            let knob = &scenario.knobs[0];
            let found = curve(scenario, &Settings::default(), &knob.id, |_| {}).unwrap();
            for (size, dark) in [((900, 560), false), ((340, 400), true)] {
                let text = picture(&found, knob, &scenario.objective, size, dark).unwrap();
                assert!(
                    text.contains("<desc>p99 latency is") && text.contains("p99</text>")
                        || text.contains("p99\n")
                );
                for points in text.split("points=\"").skip(1).filter_map(|t| t.split('"').next()) {
                    for pair in points.split_whitespace() {
                        let (x, y) = pair.split_once(',').unwrap();
                        let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                        assert!((0.0..=f64::from(size.0)).contains(&x), "{pair}");
                        assert!((0.0..=f64::from(size.1)).contains(&y), "{pair}");
                    }
                }
            }
        }
    }
}
