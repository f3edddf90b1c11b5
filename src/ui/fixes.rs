//! The fixes of the scenario as switches.

use yew::prelude::*;

use crate::session::{Action, Session};

/// All fixes.
pub(super) fn fixes(session: &Session, act: &Callback<Action>) -> Html {
    let switch = |fix: &crate::scenario::Fix| {
        let id = fix.id.clone();
        let checked = session.settings.fixes.contains(&id);
        let onchange = act.reform(move |_: Event| Action::Toggle(id.clone()));
        let describes = format!("fix-{}", fix.id);
        html! {
            <div class="fix">
                <label>
                    <input type="checkbox" {checked} {onchange} aria-describedby={describes.clone()} />
                    { &fix.label }
                </label>
                <p id={describes}>
                    { &fix.about }
                    { fix.price.as_ref().map(|price| html! { <>{ " " }<small>{ price.to_string() }</small></> }) }
                </p>
            </div>
        }
    };
    html! {
        <section class="fixes" aria-labelledby="fixes">
            <h2 id="fixes">{ "Fixes" }</h2>
            { for session.scenario.fixes.iter().map(switch) }
        </section>
    }
}
