//! The fixes of the scenario as switches.

use std::rc::Rc;

use yew::prelude::*;

use crate::session::{Action, Session};

#[derive(PartialEq, Properties)]
pub(super) struct FixesProps {
    pub(super) session: Rc<Session>,
    pub(super) act: Callback<Action>,
}

/// All fixes.
#[component]
pub(super) fn Fixes(props: &FixesProps) -> Html {
    let switch = |fix: &crate::scenario::Fix| {
        let id = fix.id.clone();
        let checked = props.session.settings.fixes.contains(&id);
        let onchange = props.act.reform(move |_: Event| Action::Toggle(id.clone()));
        let describes = format!("fix-{}", fix.id);
        html! {
            <div class="fix">
                <label>
                    <input type="checkbox" {checked} {onchange} aria-describedby={describes.clone()} />
                    { &fix.label }
                </label>
                <p id={describes}>{ &fix.about }</p>
            </div>
        }
    };
    html! {
        <section class="fixes" aria-labelledby="fixes">
            <h2 id="fixes">{ "Fixes" }</h2>
            { for props.session.scenario.fixes.iter().map(switch) }
        </section>
    }
}
