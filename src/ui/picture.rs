//! The charts as pictures to keep.

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::HtmlCanvasElement;

use super::charts::{Print, axes_of};
use super::outside;
use crate::chart::measure::Measure;
use crate::chart::plot;
use crate::session::Session;

/// Size of the latency chart, in pixels.
const SIZE: (f64, f64) = (900.0, 360.0);
/// Height of each chart below it.
const BELOW: f64 = 200.0;

/// The charts as they are on the screen, as an address that holds a PNG.
pub(super) fn png(session: &Session, address: &str) -> Option<String> {
    let over = session.x().label.to_ascii_lowercase();
    let below = session.measures().each().map(Measure::name);
    let captions = std::iter::once("Latency").chain(below);
    let captions: Array =
        captions.map(|name| JsValue::from(format!("{name} over {over}"))).collect();
    let title = &session.scenario.title;
    let found = outside::call("png", &[title.into(), captions.into(), address.into()]);
    found.ok()?.as_string()
}

/// The charts as SVG: drawn by the code that draws them on the screen, on something that keeps
/// every stroke instead of showing it.
pub(super) fn svg(session: &Session, is_dark: bool) -> Option<String> {
    let axes = axes_of(session, None)?;
    let mut body = String::new();
    let mut down = 0.0;
    let below = session.measures().each().map(Some);
    let last = session.measures().each().last();
    for measure in std::iter::once(None).chain(below) {
        let size = if measure.is_none() { SIZE } else { (SIZE.0, BELOW) };
        let recorder = outside::call("recorder", &[]).ok()?;
        let sheet: HtmlCanvasElement = recorder.clone().unchecked_into();
        let font = "Source Sans 3, Helvetica, Arial, sans-serif";
        let text_px = plot::text_px(size.0);
        let labelled = measure.is_none() || measure == last;
        let print =
            Print { axes, size, ratio: 1.0, is_dark, font, text_px, titled: true, labelled };
        print.draw(session, measure, &sheet)?;
        let text = Reflect::get(&recorder, &"text".into()).ok()?;
        let text = text.dyn_into::<js_sys::Function>().ok()?.call0(&recorder).ok()?.as_string()?;
        body += &format!("<g transform=\"translate(0 {down})\">{text}</g>");
        down += size.1;
    }
    let width = SIZE.0;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{down}\" \
         viewBox=\"0 0 {width} {down}\" role=\"img\"><title>Latency and load</title>{body}</svg>"
    ))
}
