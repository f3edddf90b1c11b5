//! One part of the system: what was measured of it, and how it is set.

use yew::prelude::*;

use crate::session::diagram::{Facts, Node};

/// Measures and settings of a part.
pub(super) fn part_card(node: &Node, facts: &Facts, close: Callback<()>) -> Html {
    let close = move |_: MouseEvent| close.emit(());
    let list = |pairs: &[(&'static str, String)]| -> Html {
        let pair = |(name, value): &(&'static str, String)| {
            html! { <div><dt>{ *name }</dt><dd>{ value }</dd></div> }
        };
        html! { <dl>{ for pairs.iter().map(pair) }</dl> }
    };
    html! {
        <div class="part-card" role="region" aria-label={format!("{} in detail", node.id)}>
            <div class="title">
                <h3>{ &node.id }</h3>
                <span class="quiet">{ format!("{}, {}", node.kind, node.size) }</span>
                <button class="small" aria-label="Close" onclick={close}>{ "×" }</button>
            </div>
            if !facts.lost.is_empty() {
                <p class="lost">{ facts.lost.join(", ") }</p>
            }
            { list(&facts.measures) }
            if !node.settings.is_empty() {
                <h4>{ "Settings" }</h4>
                { list(&node.settings) }
            }
        </div>
    }
}
