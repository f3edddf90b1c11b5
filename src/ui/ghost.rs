//! The state before: what it was, how far the knee has moved since, and how to keep or drop it.

use yew::prelude::*;

use crate::session::{Action, Session};

/// A line of the legend.
pub(super) fn ghost_line(session: &Session, act: &Callback<Action>) -> Html {
    let pin = act.reform(|_: MouseEvent| Action::Pin);
    let unpin = act.reform(|_: MouseEvent| Action::Unpin);
    let Some(words) = session.ghost_words() else {
        let enabled = session.curve.is_some();
        return html! {
            <span class="ghost">
                <button type="button" class="small" onclick={pin} disabled={!enabled}
                    title="Keeps this curve, to compare others with it">{ "Keep to compare" }</button>
            </span>
        };
    };
    html! {
        <span class="ghost">
            <svg class="sample" width="26" height="8" aria-hidden="true"><line x1="0" y1="4" x2="26" y2="4" /></svg>
            <span class="before">{ format!("before: {words}") }</span>
            if let Some(gain) = session.knee_words() {
                <b class="gain">{ gain }</b>
            }
            <button type="button" class="small" onclick={unpin} aria-label="Drop the curve before">{ "×" }</button>
        </span>
    }
}
