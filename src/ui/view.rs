//! How much of the page is shown, and how much of it can be changed: all of it, or what a host asks
//! for.

use yew::prelude::{Classes, classes};

use crate::scenario::Scenario;
use crate::session::embed::Embed;

/// What the address says of how the page is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    /// As a guest in another page.
    pub(super) embed: Option<Embed>,
}

impl View {
    /// Whether the knob or fix of this id is shown.
    pub(super) fn shows(&self, id: &str) -> bool {
        self.embed.as_ref().is_none_or(|embed| embed.shows(id))
    }

    /// Whether the knob or fix of this id cannot be changed.
    pub(super) fn locks(&self, id: &str) -> bool {
        self.embed.as_ref().is_some_and(|embed| embed.locks(id))
    }

    /// Whether a host says which controls are shown.
    pub(super) fn names_controls(&self) -> bool {
        self.embed.as_ref().is_some_and(|embed| embed.controls.is_some())
    }

    /// Whether there is any control.
    pub(super) fn has_controls(&self, scenario: &Scenario) -> bool {
        let mut knobs = scenario.knobs.iter().map(|knob| &knob.id);
        let mut fixes = scenario.fixes.iter().map(|fix| &fix.id);
        knobs.any(|id| self.shows(id)) || fixes.any(|id| self.shows(id))
    }

    /// Classes of the page in the style sheet.
    pub(super) fn classes(&self, is_presenting: bool) -> Classes {
        let mut classes = classes!("page", is_presenting.then_some("presenting"));
        if let Some(embed) = &self.embed {
            classes.push("embedded");
            classes.extend(embed.hide.iter().map(|key| format!("without-{key}")));
        }
        classes
    }
}
