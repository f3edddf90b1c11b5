//! The knobs of the scenario: the first few at once, the rest under "more".

use yew::prelude::*;

use super::knob::KnobControl;
use super::view::View;
use crate::scenario::Knob;
use crate::session::{Action, Session};

/// All knobs.
pub(super) fn knobs(session: &Session, act: &Callback<Action>, view: &View) -> Html {
    let control = |knob: &Knob| {
        let value = session.value(&knob.id);
        let key = format!("{}/{}", session.scenario.id, knob.id);
        html! { <KnobControl {key} knob={knob.clone()} {value} act={act.clone()} is_locked={view.locks(&knob.id)} /> }
    };
    // A host that names its controls wants them seen.
    let is_at_once = |knob: &Knob| knob.visible || view.names_controls();
    let knobs: Vec<&Knob> =
        session.scenario.knobs.iter().filter(|knob| view.shows(&knob.id)).collect();
    let hidden: Vec<&Knob> = knobs.iter().copied().filter(|knob| !is_at_once(knob)).collect();
    html! {
        <section aria-label="Knobs">
            { for knobs.into_iter().filter(|knob| is_at_once(knob)).map(control) }
            if !hidden.is_empty() {
                <details>
                    <summary>{ format!("{} more", hidden.len()) }</summary>
                    { for hidden.into_iter().map(control) }
                </details>
            }
        </section>
    }
}
