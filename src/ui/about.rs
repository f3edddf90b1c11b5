//! Everything the numbers rest on: parameters, assumptions, sources.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::scenario::quantity::{format, spoken};
use crate::scenario::{RunEnd, Unit};
use crate::session::{Action, Session};

/// What is taken for granted.
pub(super) fn about(session: &Session, act: &Callback<Action>) -> Html {
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
                <li><b>{ "Length: " }</b>{ run_length(scenario.run.end) }</li>
                <li>{ seed_field(scenario.seed(&session.settings), act) }</li>
            </ul>
            <h2>{ "Assumptions" }</h2>
            <ul>{ list(&scenario.assumptions) }</ul>
            <h2>{ "Sources" }</h2>
            <ul>{ for sources }</ul>
        </details>
    }
}

/// The seed, and another one.
fn seed_field(seed: u64, act: &Callback<Action>) -> Html {
    let typed = {
        let act = act.clone();
        Callback::from(move |event: Event| {
            let field = event.target_unchecked_into::<HtmlInputElement>();
            let found = field.value().trim().parse().unwrap_or(seed);
            field.set_value(&found.to_string());
            act.emit(Action::Seed(found));
        })
    };
    let next = act.reform(|_: MouseEvent| Action::NextSeed);
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

/// When a run ends, in words.
fn run_length(end: RunEnd) -> String {
    match end {
        RunEnd::Requests(requests) => {
            format!("a run ends after {} requests.", spoken(requests as f64, Unit::Count))
        }
        RunEnd::Time(time) => format!("a run lasts {}.", format(time.as_secs() * 1e3, Unit::Ms)),
    }
}
