//! One knob: a slider, a number that can be typed, and two buttons for small steps.

use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use super::clock;
use crate::scenario::Knob;
use crate::scenario::quantity::{format, parse, spoken, unbroken};
use crate::session::Action;
use crate::session::readout::round;

/// Positions of the slider.
const POSITIONS: f64 = 1_000.0;

#[derive(PartialEq, Properties)]
pub(super) struct KnobProps {
    pub(super) knob: Knob,
    pub(super) value: f64,
    pub(super) act: Callback<Action>,
    /// It can be seen and not changed.
    pub(super) is_locked: bool,
}

/// One knob.
#[component]
pub(super) fn KnobControl(props: &KnobProps) -> Html {
    let KnobProps { knob, value, act, is_locked } = props;
    let (slider, about) = (format!("knob-{}", knob.id), format!("about-{}", knob.id));
    html! {
        <div class="knob">
            <label for={slider.clone()}>{ &knob.label }</label>
            <Typed knob={knob.clone()} value={*value} act={act.clone()} is_locked={*is_locked} />
            { step_button(props, -2.0) }
            <Slider id={slider} about={about.clone()} knob={knob.clone()} value={*value} act={act.clone()} is_locked={*is_locked} />
            { step_button(props, 2.0) }
            <p id={about} class="about">{ unbroken(&knob.about) }</p>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct SliderProps {
    id: String,
    about: String,
    knob: Knob,
    value: f64,
    act: Callback<Action>,
    is_locked: bool,
}

/// The slider; a double click resets it.
#[component]
fn Slider(props: &SliderProps) -> Html {
    let SliderProps { id, about, knob, value, act, is_locked } = props;
    let node = use_node_ref();
    let position = knob.position(*value);
    {
        let node = node.clone();
        // Through the object model: the page's policy forbids styles in attributes.
        use_effect_with(position.to_bits(), move |_| {
            if let Some(element) = node.cast::<HtmlElement>() {
                let filled = format!("{:.2}%", position * 100.0);
                let _ = element.style().set_property("--filled", &filled);
            }
        });
    }
    let turn = {
        let (knob, act, shown) = (knob.clone(), act.clone(), *value);
        move |value: f64| {
            // What changes nothing is not answered.
            if value.to_bits() != shown.to_bits() {
                clock::input();
            }
            act.emit(Action::Turn(knob.id.clone(), value));
        }
    };
    let oninput = {
        let (knob, turn) = (knob.clone(), turn.clone());
        Callback::from(move |event: InputEvent| {
            let position = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
            turn(round(&knob, knob.at(position / POSITIONS)));
        })
    };
    let onkeydown = {
        let (id, act) = (knob.id.clone(), act.clone());
        Callback::from(move |event: KeyboardEvent| {
            if let Some(steps) = steps_of_key(&event) {
                event.prevent_default();
                clock::input();
                act.emit(Action::Step(id.clone(), steps));
            }
        })
    };
    let commit = act.reform(|_: Event| Action::Commit);
    let onkeyup = act.reform(|_: KeyboardEvent| Action::Commit);
    let ondblclick = {
        let (knob, act) = (knob.clone(), act.clone());
        Callback::from(move |_: MouseEvent| {
            turn(knob.default);
            act.emit(Action::Commit);
        })
    };
    html! {
        <input ref={node} id={id.clone()} type="range" disabled={*is_locked} min="0" max="1000" step="any"
            value={(position * POSITIONS).to_string()}
            aria-valuetext={spoken(*value, knob.unit)} aria-describedby={about.clone()}
            onchange={commit} {oninput} {onkeydown} {onkeyup} {ondblclick} />
    }
}

/// How many steps a key goes: arrows one, with shift a quarter of one, page keys eight.
pub(super) fn steps_of_key(event: &KeyboardEvent) -> Option<f64> {
    let size = if event.shift_key() { 0.25 } else { 1.0 };
    match event.key().as_str() {
        "ArrowRight" | "ArrowUp" => Some(size),
        "ArrowLeft" | "ArrowDown" => Some(-size),
        "PageUp" => Some(8.0),
        "PageDown" => Some(-8.0),
        _ => None,
    }
}

/// A button for a small step, down if `steps` is negative.
fn step_button(props: &KnobProps, steps: f64) -> Html {
    let KnobProps { knob, act, is_locked, .. } = props;
    let is_more = steps > 0.0;
    let label =
        format!("{} {}", if is_more { "More" } else { "Less" }, knob.label.to_ascii_lowercase());
    let onclick = {
        let (id, act) = (knob.id.clone(), act.clone());
        Callback::from(move |_: MouseEvent| {
            clock::input();
            act.emit(Action::Step(id.clone(), steps));
            act.emit(Action::Commit);
        })
    };
    html! {
        <button type="button" class="step" disabled={*is_locked} {onclick} aria-label={label}>{ if is_more { "+" } else { "−" } }</button>
    }
}

/// The value as text: `2.5k`, `250ms`, `10%` are understood.
#[component]
fn Typed(props: &KnobProps) -> Html {
    let KnobProps { knob, value, act, is_locked } = props;
    let wrong = use_state_eq(|| None::<String>);
    let shown = format(*value, knob.unit);
    {
        let wrong = wrong.clone();
        use_effect_with(value.to_bits(), move |_| wrong.set(None));
    }
    let onchange = {
        let (knob, act, wrong) = (knob.clone(), act.clone(), wrong.clone());
        Callback::from(move |event: Event| {
            let field = event.target_unchecked_into::<HtmlInputElement>();
            match parse(&field.value(), knob.unit) {
                Ok(value) => {
                    wrong.set(None);
                    // Also where the value stays as it is, as at the end of the range.
                    field.set_value(&format(knob.clamp(value), knob.unit));
                    clock::input();
                    act.emit(Action::Turn(knob.id.clone(), value));
                    act.emit(Action::Commit);
                }
                Err(error) => wrong.set(Some(error.to_string())),
            }
        })
    };
    let error = format!("wrong-{}", knob.id);
    html! {
        <>
            <input class="typed" type="text" disabled={*is_locked} inputmode="text" autocomplete="off" spellcheck="false" value={shown}
                aria-label={format!("{}, typed", knob.label)} aria-invalid={wrong.is_some().to_string()}
                aria-errormessage={wrong.is_some().then(|| error.clone())} {onchange} />
            if let Some(text) = &*wrong {
                <span id={error} class="wrong" role="alert">{ text }</span>
            }
        </>
    }
}
