//! Proofs that anyone can repeat: the scenario's claims on many seeds, and theory beside simulation.

use std::rc::Rc;

use yew::prelude::*;

use crate::scenario::quantity::format;
use crate::scenario::{Bound, Claim, Unit};
use crate::session::proofs::{Proof, Proofs};
use crate::session::{Action, Session};

/// Seeds tried as soon as somebody looks.
const SEEDS_AT_ONCE: u32 = 2;
/// Seeds of a full proof, as in the test suite.
const SEEDS: u32 = 20;

#[derive(PartialEq, Properties)]
pub(super) struct VerifyProps {
    pub(super) session: Rc<Session>,
    pub(super) act: Callback<Action>,
}

/// The panel; claims are tried on a few seeds while it opens.
#[component]
pub(super) fn Verify(props: &VerifyProps) -> Html {
    let VerifyProps { session, act } = props;
    {
        let is_new = session.spare.proofs.is_none();
        let (act, text) = (act.clone(), claims_of(session));
        use_effect_with((), move |()| {
            if let Some(text) = text.filter(|_| is_new) {
                act.emit(Action::Verify(text, SEEDS_AT_ONCE));
            }
        });
    }
    html! {
        <>
            <p class="quiet">
                { "Every claim of this scenario is measured by this build, in this browser, as you watch; and again without the mechanism it speaks of, where it must fail. The command line gives the same numbers: " }
                <code>{ format!("kneepoint check {}", session.scenario.id) }</code>
            </p>
            { claims(session, act) }
            { theory(session) }
            <h3>{ "Sources" }</h3>
            <ul>{ for session.scenario.sources.iter().map(|source| html! { <li>{ format!("{}: ", source.what) }<cite>{ &source.from }</cite></li> }) }</ul>
        </>
    }
}

/// The claims of the scenario as text: the page holds those of the catalogue, apart from its module.
fn claims_of(session: &Session) -> Option<String> {
    if session.document.is_some() {
        return None;
    }
    let document = web_sys::window()?.document()?;
    let text = document.get_element_by_id("claims")?.text_content()?;
    let all: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(all.get(&session.scenario.id)?.to_string())
}

/// All claims, and the buttons that try them.
fn claims(session: &Session, act: &Callback<Action>) -> Html {
    let Some(proofs) = session.spare.proofs.as_ref().filter(|proofs| !proofs.claims.is_empty())
    else {
        return html! { <p>{ "This scenario came with a link and brings no claims that were tested." }</p> };
    };
    let (made, asked) = proofs.progress();
    let ask = |seeds: u32| {
        let text = claims_of(session).unwrap_or_default();
        act.reform(move |_: MouseEvent| Action::Verify(text.clone(), seeds))
    };
    let state = if proofs.is_running() {
        html! {
            <>
                <progress max={asked.to_string()} value={made.to_string()} aria-label="Trials made" />
                <span class="quiet">{ format!("{made} of {asked} trials") }</span>
                <button type="button" onclick={ask(0)}>{ "Cancel" }</button>
            </>
        }
    } else {
        let seeds = proofs.trials.iter().map(Vec::len).min().unwrap_or(0);
        html! {
            <>
                <button type="button" class="main" onclick={ask(SEEDS)}>{ format!("Run on {SEEDS} seeds") }</button>
                <span class="quiet">{ format!("Shown: seeds 1 to {seeds}, measured here.") }</span>
            </>
        }
    };
    let rows = proofs.claims.iter().enumerate().map(|(index, claim)| row(proofs, index, claim));
    html! {
        <>
            <div class="find" role="status">{ state }</div>
            <div class="scroll" tabindex="0">
                <table class="claims">
                    <caption class="hidden">{ "Claims" }</caption>
                    <thead><tr>
                        <th scope="col">{ "Claim" }</th><th scope="col">{ "Expected" }</th><th scope="col">{ "Measured" }</th>
                        <th scope="col">{ "Without it" }</th><th scope="col">{ "Proof" }</th>
                    </tr></thead>
                    <tbody>{ for rows }</tbody>
                </table>
            </div>
        </>
    }
}

/// One claim.
fn row(proofs: &Proofs, index: usize, claim: &Claim) -> Html {
    let number = |value: f64| {
        if value.is_finite() { format(value, Unit::Count) } else { "none".to_owned() }
    };
    let proof = proofs.of(index);
    let measured = proof.map_or_else(String::new, |Proof { median, low, high, .. }| {
        let middle = number(median);
        if number(low) == number(high) {
            middle
        } else {
            format!("{middle} ({} to {})", number(low), number(high))
        }
    });
    let without = proof.map_or_else(String::new, |proof| number(proof.without));
    let (class, verdict) = match proof {
        None => ("quiet", "…"),
        Some(Proof { holds: true, fails_without: true, .. }) => ("met", "✓ holds"),
        Some(Proof { holds: true, .. }) => ("missed", "✗ holds without it too"),
        Some(_) => ("missed", "✗ does not hold"),
    };
    html! {
        <tr>
            <th scope="row">{ &claim.says }<small>{ &claim.because }</small></th>
            <td>{ expected(claim.expect) }</td><td>{ measured }</td><td>{ without }</td>
            <td class={class}>{ verdict }</td>
        </tr>
    }
}

fn expected(bound: Bound) -> String {
    let number = |value: f64| format(value, Unit::Count);
    match (bound.min, bound.max) {
        (Some(min), Some(max)) => format!("{} to {}", number(min), number(max)),
        (Some(min), None) => format!("at least {}", number(min)),
        (None, Some(max)) => format!("at most {}", number(max)),
        (None, None) => "anything".to_owned(),
    }
}

/// Exact values beside those of the curve on the page, where theory has them.
fn theory(session: &Session) -> Html {
    let Some(curve) = session.curve.as_ref().filter(|curve| !curve.theory.is_empty()) else {
        return Html::default();
    };
    let knob = session.x();
    let ms = |value: f64| format(value, Unit::Ms);
    let pairs = curve.theory.iter().filter_map(|exact| {
        let point = curve.points.iter().find(|point| point.x.to_bits() == exact.x.to_bits())?;
        (!point.overloaded).then_some((point, exact))
    });
    let row = |(point, exact): (
        &crate::analysis::report::CurvePoint,
        &crate::analysis::report::TheoryPoint,
    )| {
        let mean = point.latency_ms.mean?;
        let off = 100.0 * (mean / exact.mean_ms - 1.0);
        let p99 = exact.p99_ms.zip(point.latency_ms.p99);
        Some(html! {
            <tr>
                <th scope="row">{ format(point.x, knob.unit) }</th>
                <td>{ ms(exact.mean_ms) }</td><td>{ ms(mean) }</td><td>{ format!("{off:+.1} %") }</td>
                <td>{ p99.map_or_else(String::new, |(exact, _)| ms(exact)) }</td>
                <td>{ p99.map_or_else(String::new, |(_, found)| ms(found)) }</td>
            </tr>
        })
    };
    html! {
        <>
            <h3>{ "Theory and simulation" }</h3>
            <p class="quiet">{ "Queueing theory knows this system exactly; the simulator knows nothing of the theory. The values of the curve on the page:" }</p>
            <div class="scroll" tabindex="0">
                <table class="claims">
                    <caption class="hidden">{ "Theory and simulation" }</caption>
                    <thead><tr>
                        <th scope="col">{ &knob.label }</th><th scope="col">{ "Mean, theory" }</th><th scope="col">{ "simulated" }</th>
                        <th scope="col">{ "apart" }</th><th scope="col">{ "p99, theory" }</th><th scope="col">{ "simulated" }</th>
                    </tr></thead>
                    <tbody>{ for pairs.filter_map(row) }</tbody>
                </table>
            </div>
        </>
    }
}
