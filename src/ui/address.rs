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
const SHOWN: [&str; 7] = ["embed", "theme", "controls", "hide", "lock", "run", "id"];

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

/// The address of this link as a guest in another page, shown as `query` says.
pub(super) fn guest(query: &str, link: &str) -> String {
    full(link).replacen('#', &format!("?{query}#"), 1)
}

/// What the address says of how the page is shown.
pub(super) fn query() -> String {
    web_sys::window().and_then(|window| window.location().search().ok()).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn history() -> u32 {
        web_sys::window().unwrap().history().unwrap().length().unwrap()
    }

    #[wasm_bindgen_test]
    fn a_link_in_the_address_reads_back_and_only_steps_lengthen_the_history() {
        let before = history();
        write("v=1&s=queue-knee&users=20&seed=1&m=1", true);
        assert_eq!(history(), before + 1);
        write("v=1&s=queue-knee&users=30&seed=1&m=1", false);
        write("v=1&s=queue-knee&users=30&seed=1&m=1", true);
        assert_eq!(history(), before + 1, "the same link is no step");
        let decoded = read();
        assert_eq!(decoded.notices, Vec::<String>::new());
        assert_eq!(decoded.link.scenario.id, "queue-knee");
        assert_eq!(decoded.link.settings.knobs["users"].to_bits(), 30.0_f64.to_bits());
    }

    #[wasm_bindgen_test]
    fn the_query_is_read_when_there_is_no_fragment_but_never_shared() {
        let history = web_sys::window().unwrap().history().unwrap();
        let go = |address| history.replace_state_with_url(&JsValue::NULL, "", Some(address));
        go("?embed=1&theme=dark&v=1&s=queue-knee&users=50").unwrap();
        assert_eq!(parameter("theme").as_deref(), Some("dark"));
        assert_eq!(parameter("users").as_deref(), Some("50"));
        assert_eq!(parameter("colour"), None);
        let decoded = read();
        assert_eq!(decoded.notices, Vec::<String>::new());
        assert_eq!(decoded.link.settings.knobs["users"].to_bits(), 50.0_f64.to_bits());
        let full = full("v=1&s=queue-knee");
        assert!(full.starts_with("http") && full.ends_with("/#v=1&s=queue-knee"), "{full}");
        go("?").unwrap();
    }
}
