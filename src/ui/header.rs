//! The bar at the top: which scenario, undo, what can be opened, theme.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::keys::Wish;
use super::panel::Panel;
use super::theme::Theme;
use crate::scenario::Settings;
use crate::scenario::catalogue::{self, Entry};
use crate::session::{Action, Session};

/// What the bar can do besides actions of the session.
pub(super) struct Means<'a> {
    pub(super) theme: Theme,
    pub(super) turn_theme: &'a Callback<()>,
    pub(super) wish: &'a Callback<Wish>,
    /// The page is shown large.
    pub(super) is_presenting: bool,
}

/// The bar.
pub(super) fn header(session: &Session, act: &Callback<Action>, means: &Means<'_>) -> Html {
    let button = |label: &'static str, action: Action, enabled: bool| {
        let onclick = act.reform(move |_: MouseEvent| action.clone());
        html! { <button type="button" {onclick} disabled={!enabled}>{ label }</button> }
    };
    let wish = |wish: Wish| means.wish.reform(move |_: MouseEvent| wish);
    let open = |panel: Panel, label: &'static str| {
        html! { <button type="button" onclick={wish(Wish::Open(panel))}>{ label }</button> }
    };
    let step = |steps: isize, sign: &'static str, label: &'static str| {
        html! { <button type="button" class="turn" onclick={wish(Wish::Step(steps))} aria-label={label}>{ sign }</button> }
    };
    let is_changed = session.settings != Settings::default();
    html! {
        <header>
            <span class="name">
                <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true"><path d="M2 17h8c5 0 7-5 8-14" /><circle cx="12.6" cy="16" r="2.6" /></svg>
                { "Kneepoint" }
            </span>
            { step(-1, "‹", "Previous question") }
            { picker(session, act) }
            { step(1, "›", "Next question") }
            { open(Panel::Gallery, "All") }
            <span class="gap" />
            { button("Undo", Action::Undo, session.can_undo()) }
            { button("Redo", Action::Redo, session.can_redo()) }
            { button("Reset", Action::Reset, is_changed) }
            <span class="gap" />
            { open(Panel::Share, "Share") }
            { open(Panel::Verify, "Verify") }
            <button type="button" onclick={wish(Wish::Present)} aria-pressed={means.is_presenting.to_string()}>{ "Present" }</button>
            <button type="button" onclick={means.turn_theme.reform(|_: MouseEvent| ())}>
                { format!("Theme: {}", means.theme.word()) }
            </button>
            <button type="button" class="turn" onclick={wish(Wish::Open(Panel::Keys))} aria-label="Keys">{ "?" }</button>
        </header>
    }
}

/// The menu of scenarios; one that came with a link is its last entry.
fn picker(session: &Session, act: &Callback<Action>) -> Html {
    let pick = act.reform(|event: Event| {
        let id = event.target_unchecked_into::<HtmlSelectElement>().value();
        Action::Open(catalogue::find(&id).unwrap_or_else(catalogue::first))
    });
    let is_own = session.document.is_some();
    let option = |entry: &Entry| {
        let selected = !is_own && entry.id == session.scenario.id;
        html! { <option value={entry.id} {selected}>{ name_of(entry.id) }</option> }
    };
    let groups = catalogue::GROUPS.iter().filter_map(|(group, title)| {
        let mut found =
            catalogue::entries().iter().filter(|entry| entry.group == *group).peekable();
        found.peek()?;
        Some(html! { <optgroup label={*title}>{ for found.map(option) }</optgroup> })
    });
    html! {
        <label class="picker">
            <span class="hidden">{ "Scenario" }</span>
            <select onchange={pick}>
                { for groups }
                if is_own {
                    <option value="" selected=true disabled=true>{ format!("{} (from the link)", name_of(&session.scenario.id)) }</option>
                }
            </select>
        </label>
    }
}

/// Words that are not written as they stand in an id.
const SPELLED: [(&str, &str); 4] =
    [("gil", "GIL"), ("mvp", "MVP"), ("sqlite", "SQLite"), ("vm", "VM")];

/// The id in words: `n-plus-one` as `N plus one`, `single-vm` as `Single VM`.
pub(super) fn name_of(id: &str) -> String {
    let spelled = |word| {
        let known = SPELLED.iter().find(|(plain, _)| *plain == word);
        known.map_or(word, |&(_, spelled)| spelled)
    };
    let mut words = id.split('-').map(spelled).collect::<Vec<_>>().join(" ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}
