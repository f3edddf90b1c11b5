//! The bar at the top: which scenario, undo, sharing, theme.

use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::address;
use super::theme::Theme;
use crate::scenario::catalogue;
use crate::scenario::link::encode;
use crate::scenario::{Scenario, Settings};
use crate::session::{Action, Session};

/// The bar.
pub(super) fn header(
    session: &Session,
    act: &Callback<Action>,
    theme: Theme,
    turn_theme: &Callback<()>,
) -> Html {
    let button = |label: &'static str, action: Action, enabled: bool| {
        let onclick = act.reform(move |_: MouseEvent| action.clone());
        html! { <button type="button" {onclick} disabled={!enabled}>{ label }</button> }
    };
    let is_changed = session.settings != Settings::default();
    html! {
        <header>
            <span class="name">
                <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true"><path d="M2 17h8c5 0 7-5 8-14" /><circle cx="12.6" cy="16" r="2.6" /></svg>
                { "Kneepoint" }
            </span>
            { picker(session, act) }
            <span class="gap" />
            { button("Undo", Action::Undo, session.can_undo()) }
            { button("Redo", Action::Redo, session.can_redo()) }
            { button("Reset", Action::Reset, is_changed) }
            <Share link={encode(&session.link())} />
            <button type="button" onclick={turn_theme.reform(|_: MouseEvent| ())}>
                { format!("Theme: {}", theme.word()) }
            </button>
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
    let options = catalogue::all().iter().map(|scenario| {
        let selected = !is_own && scenario.id == session.scenario.id;
        html! { <option value={scenario.id.clone()} {selected}>{ name_of(scenario) }</option> }
    });
    html! {
        <label class="picker">
            <span class="hidden">{ "Scenario" }</span>
            <select onchange={pick}>
                { for options }
                if is_own {
                    <option value="" selected=true disabled=true>{ format!("{} (from the link)", name_of(&session.scenario)) }</option>
                }
            </select>
        </label>
    }
}

/// The id in words: `n-plus-one` as `N plus one`.
fn name_of(scenario: &Scenario) -> String {
    let mut words = scenario.id.replace('-', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

#[derive(PartialEq, Properties)]
struct ShareProps {
    link: String,
}

/// Copies the link; where the browser forbids that, shows it for copying by hand.
#[component]
fn Share(props: &ShareProps) -> Html {
    let said = use_state(|| "Share");
    let by_hand = use_state(|| false);
    let onclick = {
        let (said, by_hand, link) = (said.clone(), by_hand.clone(), props.link.clone());
        Callback::from(move |_: MouseEvent| {
            let (said, by_hand) = (said.clone(), by_hand.clone());
            let text = address::full(&link);
            wasm_bindgen_futures::spawn_local(async move {
                if copy(&text).await {
                    said.set("Link copied");
                    gloo::timers::future::TimeoutFuture::new(2_000).await;
                    said.set("Share");
                } else {
                    by_hand.set(true);
                }
            });
        })
    };
    html! {
        <>
            <button type="button" class="share" {onclick} aria-live="polite">{ *said }</button>
            if *by_hand {
                <input class="link" readonly=true aria-label="Link to this state" value={address::full(&props.link)} />
            }
        </>
    }
}

async fn copy(text: &str) -> bool {
    let Some(window) = web_sys::window() else { return false };
    let clipboard = js_sys::Reflect::get(&window.navigator(), &"clipboard".into());
    // Missing where the page is not served safely.
    if clipboard.is_ok_and(|found| found.is_undefined()) {
        return false;
    }
    JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok()
}
