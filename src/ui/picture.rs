//! The charts as pictures to keep.

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::HtmlCanvasElement;

use super::charts::{Print, axes_of};
use super::outside;
use crate::chart::plot;
use crate::session::Session;

/// Size of the latency chart and of the load chart below it, in pixels.
const SIZES: [(f64, f64); 2] = [(900.0, 360.0), (900.0, 220.0)];

/// The charts as they are on the screen, as an address that holds a PNG.
pub(super) fn png(session: &Session, address: &str) -> Option<String> {
    let over = session.x().label.to_ascii_lowercase();
    let captions = [format!("Latency over {over}"), format!("Load over {over}")];
    let captions: Array = captions.iter().map(JsValue::from).collect();
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
    for (index, size) in SIZES.into_iter().enumerate() {
        let recorder = outside::call("recorder", &[]).ok()?;
        let sheet: HtmlCanvasElement = recorder.clone().unchecked_into();
        let font = "Source Sans 3, Helvetica, Arial, sans-serif";
        let text_px = plot::text_px(size.0);
        let print = Print { axes, size, ratio: 1.0, is_dark, font, text_px, titled: true };
        print.draw(session, index, &sheet)?;
        let text = Reflect::get(&recorder, &"text".into()).ok()?;
        let text = text.dyn_into::<js_sys::Function>().ok()?.call0(&recorder).ok()?.as_string()?;
        body += &format!("<g transform=\"translate(0 {down})\">{text}</g>");
        down += size.1;
    }
    let width = SIZES[0].0;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{down}\" \
         viewBox=\"0 0 {width} {down}\" role=\"img\"><title>Latency and load</title>{body}</svg>"
    ))
}
