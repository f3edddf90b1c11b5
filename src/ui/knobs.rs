//! The knobs of the scenario: the first few at once, the rest under "more".

use std::rc::Rc;

use yew::prelude::*;

use super::knob::KnobControl;
use crate::scenario::Knob;
use crate::session::{Action, Session};

#[derive(PartialEq, Properties)]
pub(super) struct KnobsProps {
    pub(super) session: Rc<Session>,
    pub(super) act: Callback<Action>,
}

/// All knobs.
#[component]
pub(super) fn Knobs(props: &KnobsProps) -> Html {
    let control = |knob: &Knob| {
        let value = props.session.value(&knob.id);
        let key = format!("{}/{}", props.session.scenario.id, knob.id);
        html! { <KnobControl {key} knob={knob.clone()} {value} act={props.act.clone()} /> }
    };
    let knobs = &props.session.scenario.knobs;
    let hidden: Vec<&Knob> = knobs.iter().filter(|knob| !knob.visible).collect();
    html! {
        <section aria-label="Knobs">
            { for knobs.iter().filter(|knob| knob.visible).map(control) }
            if !hidden.is_empty() {
                <details>
                    <summary>{ format!("{} more", hidden.len()) }</summary>
                    { for hidden.into_iter().map(control) }
                </details>
            }
        </section>
    }
}
