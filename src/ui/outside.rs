//! What the page's own scripts do for the simulator: see `assets/boot.js` and `assets/outside.js`.

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};

/// The object that holds those functions; undefined in Node and in unit tests.
fn scripts() -> JsValue {
    Reflect::get(&js_sys::global(), &"kneepoint".into()).unwrap_or_default()
}

/// What one of those functions gives.
///
/// # Errors
/// What it threw, or that there is none of this name.
pub(super) fn call(name: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let scripts = scripts();
    let function: Function = Reflect::get(&scripts, &name.into())?.dyn_into()?;
    function.apply(&scripts, &arguments.iter().collect::<Array>())
}

/// Leaves the reason of a crash for the card that tells of it.
pub(super) fn give_reason(text: &str) {
    let scripts = scripts();
    if scripts.is_object() {
        // Fails only for objects that are frozen; this one is not.
        let _ = Reflect::set(&scripts, &"reason".into(), &text.into());
    }
}
