//! How the page is shown as a guest in another: what the host asks for in the query of the address.
//!
//! ```text
//! ?embed=1&controls=users,posts&hide=title,why&theme=dark&lock=all&run=click
//! ```

/// What a host can hide, by key, and what that is.
pub const HIDEABLE: [(&str, &str); 7] = [
    ("title", "Title"),
    ("readout", "Figures"),
    ("load", "Load chart"),
    ("caption", "Sentence"),
    ("time", "Time view"),
    ("diagram", "Diagram"),
    ("why", "Causes"),
];

/// When the simulation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// At once, and whatever moves moves.
    #[default]
    Auto,
    /// Curves at once; nothing moves before someone presses play.
    Paused,
    /// Nothing is computed before someone asks for it.
    Click,
}

impl Start {
    /// All of them, as they stand in addresses.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Auto, "auto"), (Self::Paused, "paused"), (Self::Click, "click")];
}

/// What a host asks for. Names that mean nothing here are kept out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Embed {
    /// Ids of the knobs and fixes that are shown; `None` shows those that the scenario shows.
    pub controls: Option<Vec<String>>,
    /// Keys of [`HIDEABLE`] that are not shown.
    pub hide: Vec<String>,
    /// `light` or `dark`; as the system says otherwise.
    pub theme: Option<String>,
    /// Ids of the knobs and fixes that cannot be changed; `all` is every one.
    pub lock: Vec<String>,
    /// When the simulation begins.
    pub run: Start,
}

impl Embed {
    /// From the query of an address, with or without its `?`; `None` if the page is no guest.
    pub fn read(query: &str) -> Option<Self> {
        let value = |name: &str| {
            let pairs = query.trim_start_matches('?').split('&');
            let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        if value("embed") != Some("1") {
            return None;
        }
        let controls = value("controls")
            .filter(|text| *text != "all")
            .map(|text| if text == "none" { Vec::new() } else { names(text) });
        let mut hide = value("hide").map(names).unwrap_or_default();
        hide.retain(|key| HIDEABLE.iter().any(|(known, _)| known == key));
        let theme = value("theme").filter(|theme| ["light", "dark"].contains(theme));
        let run = value("run").and_then(|run| Start::ALL.into_iter().find(|(_, key)| *key == run));
        Some(Self {
            controls,
            hide,
            theme: theme.map(str::to_owned),
            lock: value("lock").map(names).unwrap_or_default(),
            run: run.map(|(run, _)| run).unwrap_or_default(),
        })
    }

    /// The query that asks for this, without `?`; what is as usual is left out.
    pub fn query(&self) -> String {
        let mut text = "embed=1".to_owned();
        let mut add = |key: &str, value: &str| {
            if !value.is_empty() {
                text += &format!("&{key}={value}");
            }
        };
        if let Some(controls) = &self.controls {
            add("controls", if controls.is_empty() { "none" } else { "" });
            add("controls", &controls.join(","));
        }
        add("hide", &self.hide.join(","));
        add("theme", self.theme.as_deref().unwrap_or_default());
        add("lock", &self.lock.join(","));
        for (run, key) in Start::ALL {
            add("run", if run == self.run && run != Start::Auto { key } else { "" });
        }
        text
    }

    /// Whether the knob or fix of this id is shown.
    pub fn shows(&self, id: &str) -> bool {
        self.controls.as_ref().is_none_or(|ids| ids.iter().any(|shown| shown == id))
    }

    /// Whether the control of this id cannot be changed.
    pub fn locks(&self, id: &str) -> bool {
        self.lock.iter().any(|locked| locked == id || locked == "all")
    }
}

/// Ids in a list; hosts and chat tools write the commas between them in several ways.
fn names(text: &str) -> Vec<String> {
    let text = text.replace("%2C", ",").replace("%2c", ",");
    let is_apart = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '-');
    text.split(is_apart).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_guest_only_if_its_address_says_so() {
        assert_eq!(Embed::read(""), None);
        assert_eq!(Embed::read("?embed=0&controls=users"), None);
        assert_eq!(Embed::read("?embed=1"), Some(Embed::default()));
    }

    #[test]
    fn what_is_written_reads_back_and_what_is_usual_is_left_out() {
        assert_eq!(Embed::default().query(), "embed=1");
        let text = "embed=1&controls=users,posts&hide=title,why&theme=dark&lock=all&run=click";
        assert_eq!(Embed::read(text).map(|embed| embed.query()).as_deref(), Some(text));
        let none = Embed { controls: Some(Vec::new()), ..Embed::default() };
        assert_eq!(none.query(), "embed=1&controls=none");
        assert_eq!(Embed::read(&none.query()), Some(none));
    }

    #[test]
    fn mangled_lists_and_unknown_names_do_no_harm() {
        let text = "?v=1&embed=1&controls=users%2Cposts+pool&hide=title,nothing&theme=pink&run=now";
        let embed = Embed::read(text).unwrap();
        assert!(["users", "posts", "pool"].into_iter().all(|id| embed.shows(id)));
        assert!(!embed.shows("join") && !embed.locks("users"));
        assert_eq!(
            (embed.hide, embed.theme, embed.run),
            (vec!["title".to_owned()], None, Start::Auto)
        );
    }

    #[test]
    fn all_locks_everything() {
        let embed = Embed::read("embed=1&lock=all").unwrap();
        assert!(embed.locks("users") && embed.locks("join"));
        let embed = Embed::read("embed=1&lock=posts").unwrap();
        assert!(embed.locks("posts") && !embed.locks("users"));
    }
}
