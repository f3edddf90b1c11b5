//! Everything the numbers rest on: parameters, assumptions, sources.

use std::rc::Rc;

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::scenario::Unit;
use crate::scenario::quantity::format;
use crate::session::{Action, Session};

#[derive(PartialEq, Properties)]
pub(super) struct AboutProps {
    pub(super) session: Rc<Session>,
    pub(super) act: Callback<Action>,
}

/// What is taken for granted.
#[component]
pub(super) fn About(props: &AboutProps) -> Html {
    let AboutProps { session, act } = props;
    let scenario = &session.scenario;
    let knobs = scenario.knobs.iter().map(|knob| {
        let value = format(session.value(&knob.id), knob.unit);
        html! { <li><b>{ format!("{}: {value}", knob.label) }</b>{ format!(" ({}). {}", knob.id, knob.about) }</li> }
    });
    let fixes = scenario.fixes.iter().map(|fix| {
        let state = if session.settings.fixes.contains(&fix.id) { "on" } else { "off" };
        html! { <li><b>{ format!("{}: {state}", fix.label) }</b>{ format!(" ({}).", fix.id) }</li> }
    });
    let list =
        |items: &[String]| items.iter().map(|text| html! { <li>{ text }</li> }).collect::<Html>();
    let sources = scenario.sources.iter().map(|source| {
        html! { <li>{ format!("{}: ", source.what) }<cite>{ &source.from }</cite></li> }
    });
    let objective = format!(
        "p99 of at most {}, and at most {} of requests not answered in time.",
        format(scenario.objective.p99_ms, Unit::Ms),
        format(scenario.objective.error_share, Unit::Share)
    );
    html! {
        <details class="about">
            <summary>{ "Parameters, assumptions and sources" }</summary>
            <h2>{ "Parameters now" }</h2>
            <ul>
                { for knobs }
                { for fixes }
                <li><b>{ "Objective: " }</b>{ objective }</li>
                <li><b>{ "Length: " }</b>{ format!("a run ends after {} requests.", scenario.run.requests) }</li>
                <li><Seed seed={scenario.seed(&session.settings)} act={act.clone()} /></li>
            </ul>
            <h2>{ "Assumptions" }</h2>
            <ul>{ list(&scenario.assumptions) }</ul>
            <h2>{ "Sources" }</h2>
            <ul>{ for sources }</ul>
        </details>
    }
}

#[derive(PartialEq, Properties)]
struct SeedProps {
    seed: u64,
    act: Callback<Action>,
}

/// The seed, and another one.
#[component]
fn Seed(props: &SeedProps) -> Html {
    let SeedProps { seed, act } = props;
    let typed = {
        let (act, seed) = (act.clone(), *seed);
        Callback::from(move |event: Event| {
            let field = event.target_unchecked_into::<HtmlInputElement>();
            let found = field.value().trim().parse().unwrap_or(seed);
            field.set_value(&found.to_string());
            act.emit(Action::Seed(found));
        })
    };
    let next = {
        let seed = seed.wrapping_add(1);
        act.reform(move |_: MouseEvent| Action::Seed(seed))
    };
    html! {
        <>
            <label><b>{ "Seed: " }</b>
                <input class="seed" type="text" inputmode="numeric" value={seed.to_string()} onchange={typed} />
            </label>
            <button type="button" class="small" onclick={next}>{ "Next" }</button>
            { " All random numbers follow from it; the same seed gives the same numbers everywhere." }
        </>
    }
}
