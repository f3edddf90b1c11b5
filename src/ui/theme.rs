//! Light or dark: as the system says, unless the address or the user says otherwise.

use web_sys::MediaQueryList;

use super::address::parameter;

const KEY: &str = "kneepoint-theme";

/// What the user chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theme {
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// From the address, else from an earlier visit.
    pub(super) fn load() -> Self {
        let stored = || web_sys::window()?.local_storage().ok()??.get_item(KEY).ok()?;
        // What a visitor chose for the page itself says nothing of pages it is a guest in.
        let is_guest = parameter("embed").as_deref() == Some("1");
        let stored = || if is_guest { None } else { stored() };
        match parameter("theme").or_else(stored).as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::Auto,
        }
    }

    pub(super) fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Applies it to the page.
    pub(super) fn apply(self) {
        let document = web_sys::window().and_then(|window| window.document());
        if let Some(root) = document.and_then(|document| document.document_element()) {
            let _ = root.set_attribute("data-theme", self.word());
        }
    }

    /// Keeps it for the next visit, where the browser lets us.
    pub(super) fn keep(self) {
        let Some(window) = web_sys::window() else { return };
        if let Ok(Some(storage)) = window.local_storage() {
            let _ = storage.set_item(KEY, self.word());
        }
    }

    /// What the system wants, and a way to hear when that changes.
    pub(super) fn system() -> Option<MediaQueryList> {
        web_sys::window()?.match_media("(prefers-color-scheme: dark)").ok()?
    }

    /// Whether the page is dark now.
    pub(super) fn is_dark(self) -> bool {
        match self {
            Self::Light => false,
            Self::Dark => true,
            Self::Auto => Self::system().is_some_and(|query| query.matches()),
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_theme_is_applied_kept_and_loaded() {
        let root = web_sys::window().unwrap().document().unwrap().document_element().unwrap();
        let mut theme = Theme::Auto;
        for (word, is_dark) in [("light", Some(false)), ("dark", Some(true)), ("auto", None)] {
            theme = theme.next();
            theme.apply();
            assert_eq!(root.get_attribute("data-theme").as_deref(), Some(word));
            theme.keep();
            assert_eq!(Theme::load(), theme);
            let system = Theme::system().is_some_and(|query| query.matches());
            assert_eq!(theme.is_dark(), is_dark.unwrap_or(system));
        }
        assert_eq!(theme, Theme::Auto);
    }
}
