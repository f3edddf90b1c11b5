//! The knobs of the scenario: the first few at once, the rest under "more".

use yew::prelude::*;

use super::knob::KnobControl;
use crate::scenario::Knob;
use crate::session::{Action, Session};

/// All knobs.
pub(super) fn knobs(session: &Session, act: &Callback<Action>) -> Html {
    let control = |knob: &Knob| {
        let value = session.value(&knob.id);
        let key = format!("{}/{}", session.scenario.id, knob.id);
        html! { <KnobControl {key} knob={knob.clone()} {value} act={act.clone()} /> }
    };
    let knobs = &session.scenario.knobs;
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
