//! The form that makes the element with which the page is shown in another.

use std::rc::Rc;

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::address;
use super::share::Copy;
use crate::scenario::link::encode;
use crate::session::Session;
use crate::session::embed::{Embed, HIDEABLE, Start};
use crate::session::share::frame;

/// What a tick changes, and whether it is set.
type Apply = Rc<dyn Fn(&mut Embed, bool)>;

#[derive(PartialEq, Properties)]
pub(super) struct BuilderProps {
    pub(super) session: Rc<Session>,
}

/// The element, and what can be chosen of it.
#[component]
pub(super) fn Builder(props: &BuilderProps) -> Html {
    let session = &props.session;
    let embed = use_state(Embed::default);
    let address = address::guest(&embed.query(), &encode(&session.link()));
    let snippet = frame(&session.scenario.title, &address);
    let change = |apply: Apply| {
        let embed = embed.clone();
        Callback::from(move |event: Event| {
            let is_on = event.target_unchecked_into::<HtmlInputElement>().checked();
            let mut next = (*embed).clone();
            apply(&mut next, is_on);
            embed.set(next);
        })
    };
    let tick = |label: &str, checked: bool, onchange: Callback<Event>| {
        html! { <label class="tick"><input type="checkbox" {checked} {onchange} />{ label.to_owned() }</label> }
    };
    let scenario = &session.scenario;
    let controls: Vec<(String, String)> = scenario
        .knobs
        .iter()
        .map(|knob| (knob.id.clone(), knob.label.clone()))
        .chain(scenario.fixes.iter().map(|fix| (fix.id.clone(), fix.label.clone())))
        .collect();
    let ids: Rc<Vec<String>> = Rc::new(controls.iter().map(|(id, _)| id.clone()).collect());
    let shown = controls.iter().map(|(id, label)| {
        let (id_of, ids) = (id.clone(), Rc::clone(&ids));
        let apply = change(Rc::new(move |embed: &mut Embed, is_on| {
            let now = |known: &String| if *known == id_of { is_on } else { embed.shows(known) };
            let kept: Vec<String> = ids.iter().filter(|known| now(known)).cloned().collect();
            embed.controls = (kept.len() < ids.len()).then_some(kept);
        }));
        tick(label, embed.shows(id), apply)
    });
    let pieces = HIDEABLE.iter().map(|&(key, label)| {
        let apply = change(Rc::new(move |embed: &mut Embed, is_on| {
            embed.hide.retain(|hidden| hidden != key);
            if !is_on {
                embed.hide.push(key.to_owned());
            }
        }));
        tick(label, !embed.hide.iter().any(|hidden| hidden == key), apply)
    });
    let lock = change(Rc::new(|embed: &mut Embed, is_on| {
        embed.lock = if is_on { vec!["all".to_owned()] } else { Vec::new() };
    }));
    html! {
        <>
            <Copy name="Element" text={snippet} />
            <details class="builder">
                <summary>{ "What the element shows" }</summary>
                <fieldset><legend>{ "Controls" }</legend>{ for shown }</fieldset>
                <fieldset><legend>{ "Pieces" }</legend>{ for pieces }</fieldset>
                <fieldset>
                    <legend>{ "Manners" }</legend>
                    { tick("Nothing can be changed", embed.locks("all"), lock) }
                    { choices(&embed) }
                    <a href={address} target="_blank" rel="noopener">{ "Look at it" }</a>
                </fieldset>
            </details>
        </>
    }
}

/// The theme, and when the simulation begins.
fn choices(embed: &UseStateHandle<Embed>) -> Html {
    let pick = |apply: fn(&mut Embed, String)| {
        let embed = embed.clone();
        Callback::from(move |event: Event| {
            let mut next = (*embed).clone();
            apply(&mut next, event.target_unchecked_into::<HtmlSelectElement>().value());
            embed.set(next);
        })
    };
    let theme = pick(|embed, value| embed.theme = Some(value).filter(|value| value != "auto"));
    let run = pick(|embed, value| {
        let found = Start::ALL.into_iter().find(|(_, key)| *key == value);
        embed.run = found.map(|(run, _)| run).unwrap_or_default();
    });
    let options = |keys: &[&'static str], now: &str| -> Html {
        keys.iter()
            .map(|&key| html! { <option value={key} selected={key == now}>{ key }</option> })
            .collect()
    };
    let now =
        Start::ALL.into_iter().find(|(run, _)| *run == embed.run).map_or("auto", |(_, key)| key);
    html! {
        <>
            <label>{ "Theme " }<select onchange={theme}>{ options(&["auto", "light", "dark"], embed.theme.as_deref().unwrap_or("auto")) }</select></label>
            <label>{ "Starts " }<select onchange={run}>{ options(&Start::ALL.map(|(_, key)| key), now) }</select></label>
        </>
    }
}
