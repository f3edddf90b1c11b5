//! The address bar: the state of the session as a link, one step of the history for each commit.

use wasm_bindgen::JsValue;
use web_sys::Window;

use crate::scenario::link::{Decoded, decode};

/// What the address says.
pub(super) fn read() -> Decoded {
    decode(&current().unwrap_or_default())
}

/// The text after `#`, or the query where a chat tool dropped that.
fn current() -> Option<String> {
    let location = web_sys::window()?.location();
    let fragment = location.hash().ok()?;
    if fragment.len() > 1 {
        return Some(fragment);
    }
    // The query also says how the page is shown, which is no business of the session.
    let query = location.search().ok()?;
    let is_shown = |pair: &&str| !SHOWN.iter().any(|key| pair.split('=').next() == Some(key));
    let pairs: Vec<&str> = query.trim_start_matches('?').split('&').filter(is_shown).collect();
    Some(pairs.join("&"))
}

/// Parameters of the query that only say how the page is shown.
const SHOWN: [&str; 2] = ["embed", "theme"];

/// Shows a link in the address bar; as a new step of the history if `is_step`, unless the page is a
/// guest in another.
pub(super) fn write(link: &str, is_step: bool) {
    let Some(window) = web_sys::window() else { return };
    let now = window.location().hash().unwrap_or_default();
    if now.trim_start_matches('#') == link {
        return;
    }
    let address = format!("#{link}");
    let Ok(history) = window.history() else { return };
    // Browsers refuse too many changes in a short time; the next one will be written.
    let _ = if is_step && !is_guest(&window) {
        history.push_state_with_url(&JsValue::NULL, "", Some(&address))
    } else {
        history.replace_state_with_url(&JsValue::NULL, "", Some(&address))
    };
}

/// The whole address with this link, without what only says how the page is shown here.
pub(super) fn full(link: &str) -> String {
    let address = web_sys::window().and_then(|window| window.location().href().ok());
    let address = address.unwrap_or_default();
    let base = address.split(['#', '?']).next().unwrap_or_default();
    format!("{base}#{link}")
}

fn is_guest(window: &Window) -> bool {
    window.parent().ok().flatten().is_some_and(|parent| parent != *window)
}

/// A parameter of the query.
pub(super) fn parameter(name: &str) -> Option<String> {
    let query = web_sys::window()?.location().search().ok()?;
    let mut pairs = query.trim_start_matches('?').split('&').filter_map(|p| p.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}
