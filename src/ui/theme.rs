//! Light or dark: as the system says, unless the address or the user says otherwise.

use web_sys::Window;

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

    /// Applies it to the page and keeps it, where the browser lets us.
    pub(super) fn apply(self) {
        let Some(window) = web_sys::window() else { return };
        if let Some(root) = window.document().and_then(|document| document.document_element()) {
            let _ = root.set_attribute("data-theme", self.word());
        }
        if let Ok(Some(storage)) = window.local_storage() {
            let _ = storage.set_item(KEY, self.word());
        }
    }

    /// Whether the page is dark now.
    pub(super) fn is_dark(self) -> bool {
        let system = |window: Window| window.match_media("(prefers-color-scheme: dark)").ok()?;
        match self {
            Self::Light => false,
            Self::Dark => true,
            Self::Auto => {
                web_sys::window().and_then(system).is_some_and(|query| query.matches())
            }
        }
    }
}
