//! One knob: a slider, a number that can be typed, and two buttons for small steps.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::scenario::Knob;
use crate::scenario::quantity::{format, parse, spoken};
use crate::session::Action;

/// Steps of the slider.
const STEPS: f64 = 1_000.0;
/// Share of the slider that a button moves it.
const BUTTON_STEP: f64 = 0.02;

#[derive(PartialEq, Properties)]
pub(super) struct KnobProps {
    pub(super) knob: Knob,
    pub(super) value: f64,
    pub(super) act: Callback<Action>,
}

/// One knob.
#[component]
pub(super) fn KnobControl(props: &KnobProps) -> Html {
    let KnobProps { knob, value, act } = props;
    let slider = format!("knob-{}", knob.id);
    let position = (knob.position(*value) * STEPS).round();
    let oninput = {
        let (knob, act) = (knob.clone(), act.clone());
        Callback::from(move |event: InputEvent| {
            mark("kneepoint:input");
            let position = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
            act.emit(Action::Turn(knob.id.clone(), knob.at(position / STEPS)));
        })
    };
    let onchange = act.reform(|_: Event| Action::Commit);
    let reset = {
        let (knob, act) = (knob.clone(), act.clone());
        Callback::from(move |_: MouseEvent| {
            act.emit(Action::Turn(knob.id.clone(), knob.default));
            act.emit(Action::Commit);
        })
    };
    let step = |direction: f64, label: &'static str| {
        let (knob, act, value) = (knob.clone(), act.clone(), *value);
        let title = format!("{} {}", if direction > 0.0 { "More" } else { "Less" }, knob.label);
        let onclick = Callback::from(move |_: MouseEvent| {
            let stepped = knob.at(knob.position(value) + direction * BUTTON_STEP);
            // A step of a whole knob must not round back to where it was.
            let same = stepped.to_bits() == value.to_bits();
            let stepped = if same { knob.clamp(value + direction) } else { stepped };
            act.emit(Action::Turn(knob.id.clone(), stepped));
            act.emit(Action::Commit);
        });
        html! { <button type="button" class="step" {onclick} aria-label={title}>{ label }</button> }
    };
    html! {
        <div class="knob">
            <label for={slider.clone()} title={knob.about.clone()}>{ &knob.label }</label>
            <Typed knob={knob.clone()} value={*value} act={act.clone()} />
            { step(-1.0, "−") }
            <input id={slider} type="range" min="0" max="1000" step="1" value={position.to_string()}
                aria-valuetext={spoken(*value, knob.unit)} {oninput} {onchange} ondblclick={reset} />
            { step(1.0, "+") }
        </div>
    }
}

/// The value as text: `2.5k`, `250ms`, `10%` are understood.
#[component]
fn Typed(props: &KnobProps) -> Html {
    let KnobProps { knob, value, act } = props;
    let wrong = use_state(|| None::<String>);
    let onchange = {
        let (knob, act, wrong) = (knob.clone(), act.clone(), wrong.clone());
        Callback::from(move |event: Event| {
            let text = event.target_unchecked_into::<HtmlInputElement>().value();
            match parse(&text, knob.unit) {
                Ok(value) => {
                    wrong.set(None);
                    act.emit(Action::Turn(knob.id.clone(), value));
                    act.emit(Action::Commit);
                }
                Err(error) => wrong.set(Some(error.to_string())),
            }
        })
    };
    html! {
        <>
            <input class="typed" type="text" inputmode="decimal" value={format(*value, knob.unit)}
                aria-label={format!("{}, typed", knob.label)} aria-invalid={wrong.is_some().to_string()} {onchange} />
            if let Some(text) = &*wrong {
                <span class="wrong" role="alert">{ text }</span>
            }
        </>
    }
}

/// Leaves a mark on the browser's time line, from which the tests read how fast the page answers.
pub(super) fn mark(name: &str) {
    if let Some(performance) = web_sys::window().and_then(|window| window.performance()) {
        let _ = performance.mark(name);
    }
}
