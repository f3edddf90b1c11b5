//! Play, step, speed and start; and the palette of faults.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::Panel;
use crate::scenario::by_hand::{FAULTS_MAX, FaultKind, HandFault};
use crate::scenario::quantity::decimal;
use crate::session::Action;
use crate::session::playback::{Move, SPEEDS};

/// The buttons that drive the run.
pub(super) fn bar(view: &Panel<'_>) -> Html {
    let playback = view.playback;
    let (word, go) = match (playback.is_playing, playback.is_at_end()) {
        (true, _) => ("Pause", Move::Pause),
        (false, false) => ("Play", Move::Play),
        (false, true) => ("Go on", Move::Play),
    };
    let on = |step: Move| view.play.reform(move |_: MouseEvent| step.clone());
    let speed = view.play.reform(|event: Event| {
        let value = event.target_unchecked_into::<HtmlSelectElement>().value();
        Move::Speed(decimal(&value).unwrap_or(1.0))
    });
    let options = SPEEDS.iter().map(|speed| {
        let selected = (speed - playback.speed()).abs() < 1e-9;
        html! { <option value={speed.to_string()} {selected}>{ format!("× {speed}") }</option> }
    });
    let new_seed = view.act.reform(|_: MouseEvent| Action::NextSeed);
    html! {
        <div class="transport" role="group" aria-label="Playback">
            <button class="play" onclick={on(go)}>
                <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
                    if playback.is_playing {
                        <path d="M2 1h3v10H2zM7 1h3v10H7z" />
                    } else {
                        <path d="M2 1l9 5-9 5z" />
                    }
                </svg>
                { word }
            </button>
            <button onclick={on(Move::Step)} title="One window further">{ "Step" }</button>
            <label class="speed">{ "Speed" }
                <select onchange={speed}>{ for options }</select>
            </label>
            <button onclick={on(Move::Restart)} title="From the start, with the present settings">{ "Restart" }</button>
            <button onclick={new_seed} title="From the start, with other random numbers">{ "New seed" }</button>
        </div>
    }
}

/// What can be let go wrong: a part, and a button for each thing that can be done to it.
pub(super) fn palette(view: &Panel<'_>, part: &UseStateHandle<String>) -> Html {
    let session = view.session;
    let possible = &view.playback.breakable;
    let chosen = possible.iter().find(|(id, _)| *id == **part);
    let Some((chosen, kinds)) = chosen.or(possible.first()) else { return Html::default() };
    let pick = {
        let part = part.clone();
        Callback::from(move |event: Event| {
            part.set(event.target_unchecked_into::<HtmlSelectElement>().value());
        })
    };
    let options = possible.iter().map(|(id, _)| {
        html! { <option value={id.clone()} selected={id == chosen}>{ id }</option> }
    });
    let is_full = session.settings.faults.len() >= FAULTS_MAX;
    let buttons = kinds.iter().map(|kind| {
        let fault = new_fault(view, *kind, chosen);
        let (act, looked_at) = (view.act.clone(), view.chosen.clone());
        let number = session.settings.faults.len();
        let drop_it = move |_: MouseEvent| {
            act.emit(Action::DropFault(fault.clone()));
            looked_at.set(Some(number));
        };
        html! {
            <button class="small" data-kind={kind.word()} disabled={is_full} onclick={Callback::from(drop_it)}>
                { label(*kind) }
            </button>
        }
    });
    html! {
        <div class="palette" role="group" aria-label="Let something go wrong">
            <span>{ "Break" }</span>
            <select aria-label="Part that goes wrong" onchange={pick}>{ for options }</select>
            { for buttons }
        </div>
    }
}

fn label(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Spike => "Spike",
        FaultKind::Slow => "Slow down",
        FaultKind::Delay => "Slow network",
        FaultKind::Stop => "Stop",
        FaultKind::Crash => "Crash",
        FaultKind::Refuse => "Refuse half",
        FaultKind::Flush => "Flush",
        FaultKind::Partition => "Cut off",
        FaultKind::Drop => "Lose messages",
        FaultKind::Deploy => "Bad deploy",
    }
}

/// A fault at the playhead, a tenth of the time axis long.
fn new_fault(view: &Panel<'_>, kind: FaultKind, part: &str) -> HandFault {
    let span = view.playback.span_ms();
    let step = view.playback.strip.length_ms.max(1.0);
    let snapped = |ms: f64| ((ms / step).round() * step).round() as u64;
    // At the end of the axis there would be nothing to see.
    let from = view.playback.strip.now_ms.min(span * 0.9);
    let amount = kind.range().map_or(1.0, |(.., usual)| usual);
    let (from_ms, to_ms) = (snapped(from), snapped(from + span * 0.1));
    HandFault { kind, part: part.to_owned(), from_ms, to_ms, amount }.clamped()
}
