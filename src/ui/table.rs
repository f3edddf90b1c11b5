//! The curve as numbers.

use std::rc::Rc;

use yew::prelude::*;

use crate::chart::describe::{headings, rows};
use crate::session::Session;

#[derive(PartialEq, Properties)]
pub(super) struct TableProps {
    pub(super) session: Rc<Session>,
}

/// All points, behind a button.
#[component]
pub(super) fn Table(props: &TableProps) -> Html {
    // Rows that nobody sees would cost time in every drag.
    let is_open = use_state(|| false);
    let toggle = {
        let is_open = is_open.clone();
        Callback::from(move |event: Event| {
            is_open.set(event.target_unchecked_into::<web_sys::Element>().has_attribute("open"));
        })
    };
    let Some(curve) = &props.session.curve else { return Html::default() };
    let knob = props.session.x();
    let head = headings(knob).map(|words| html! { <th scope="col">{ words }</th> });
    let body = rows(curve, knob).into_iter().filter(|_| *is_open).map(|row| {
        let [x, rest @ ..] = row;
        html! { <tr><th scope="row">{ x }</th>{ for rest.into_iter().map(|cell| html! { <td>{ cell }</td> }) }</tr> }
    });
    html! {
        <details class="table" ontoggle={toggle}>
            <summary>{ "Numbers of the curve" }</summary>
            <div class="scroll" tabindex="0">
                <table>
                    <caption>{ format!("Latency and load over {}", knob.label.to_ascii_lowercase()) }</caption>
                    <thead><tr>{ for head }</tr></thead>
                    <tbody>{ for body }</tbody>
                </table>
            </div>
        </details>
    }
}
