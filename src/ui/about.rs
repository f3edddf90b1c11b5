//! Everything the numbers rest on: parameters, assumptions, sources.

use std::rc::Rc;

use yew::prelude::*;

use crate::scenario::quantity::format;
use crate::session::Session;

#[derive(PartialEq, Properties)]
pub(super) struct AboutProps {
    pub(super) session: Rc<Session>,
}

/// What is taken for granted.
#[component]
pub(super) fn About(props: &AboutProps) -> Html {
    let session = &props.session;
    let scenario = &session.scenario;
    let knobs = scenario.knobs.iter().map(|knob| {
        let value = format(session.value(&knob.id), knob.unit);
        html! { <li><b>{ format!("{}: {value}", knob.label) }</b>{ format!(" ({}). {}", knob.id, knob.about) }</li> }
    });
    let list = |items: &[String]| items.iter().map(|text| html! { <li>{ text }</li> }).collect::<Html>();
    let sources = scenario.sources.iter().map(|source| {
        html! { <li>{ format!("{}: ", source.what) }<cite>{ &source.from }</cite></li> }
    });
    html! {
        <details class="about">
            <summary>{ "Assumptions and sources" }</summary>
            <h3>{ "Parameters now" }</h3>
            <ul>
                { for knobs }
                <li><b>{ format!("Seed: {}", scenario.seed(&session.settings)) }</b>{ ". All random numbers follow from it." }</li>
            </ul>
            <h3>{ "Assumptions" }</h3>
            <ul>{ list(&scenario.assumptions) }</ul>
            <h3>{ "Sources" }</h3>
            <ul>{ for sources }</ul>
        </details>
    }
}
