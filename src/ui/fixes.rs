//! The fixes of the scenario as switches.

use yew::prelude::*;

use super::view::View;
use crate::scenario::quantity::unbroken;
use crate::session::{Action, Session};

/// All fixes.
pub(super) fn fixes(session: &Session, act: &Callback<Action>, view: &View) -> Html {
    let switch = |fix: &crate::scenario::Fix| {
        let id = fix.id.clone();
        let checked = session.settings.fixes.contains(&id);
        let onchange = act.reform(move |_: Event| Action::Toggle(id.clone()));
        let describes = format!("fix-{}", fix.id);
        // The line is always there, lest everything below move when its words come.
        let (effect, class) = match session.effect_of(&fix.id) {
            Some((words, Some(true))) => (words, "better"),
            Some((words, Some(false))) => (words, "worse"),
            Some((words, None)) => (words, "same"),
            None if checked => ("on".to_owned(), "same"),
            None => ("knee …".to_owned(), "same"),
        };
        html! {
            <div class="fix">
                <label>
                    <input type="checkbox" {checked} disabled={view.locks(&fix.id)} {onchange} aria-describedby={describes.clone()} />
                    <span>{ &fix.label }</span>
                </label>
                <span class={classes!("effect", class)}>{ effect }</span>
                <p id={describes}>
                    { unbroken(&fix.about) }
                    { fix.price.as_ref().map(|price| html! { <>{ " " }<small>{ price.to_string() }</small></> }) }
                </p>
            </div>
        }
    };
    let mut shown = session.scenario.fixes.iter().filter(|fix| view.shows(&fix.id)).peekable();
    if shown.peek().is_none() {
        return Html::default();
    }
    html! {
        <section class="fixes" aria-labelledby="fixes">
            <h2 id="fixes">{ "Fixes" }</h2>
            { for shown.map(switch) }
        </section>
    }
}
