//! The curve as numbers.

use std::rc::Rc;

use yew::prelude::*;

use crate::analysis::report::CurvePoint;
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
    let session = &props.session;
    let Some(curve) = &session.curve else { return Html::default() };
    let (knob, also) = (session.x(), session.offered());
    let head = headings(knob, also);
    let head = head.into_iter().map(|words| html! { <th scope="col">{ words }</th> });
    let part = |points: &[CurvePoint]| -> Html {
        let line = |row: Vec<String>| {
            let cells = row.iter().skip(1).map(|cell| html! { <td>{ cell }</td> });
            html! { <tr><th scope="row">{ row.first() }</th>{ for cells }</tr> }
        };
        rows(points, knob, also).into_iter().map(line).collect()
    };
    let body = match session.walk().filter(|_| *is_open) {
        Some(walk) => html! {
            <>
                <tbody><tr><th scope="rowgroup">{ "Load rises" }</th></tr>{ part(&walk.up) }</tbody>
                <tbody><tr><th scope="rowgroup">{ "Load falls" }</th></tr>{ part(&walk.down) }</tbody>
            </>
        },
        None if *is_open => html! { <tbody>{ part(&curve.points) }</tbody> },
        None => html! { <tbody /> },
    };
    html! {
        <details class="table" ontoggle={toggle}>
            <summary>{ "Numbers of the curve" }</summary>
            <div class="scroll" tabindex="0">
                <table>
                    <caption>{ format!("Latency and load over {}", knob.label.to_ascii_lowercase()) }</caption>
                    <thead><tr>{ for head }</tr></thead>
                    { body }
                </table>
            </div>
        </details>
    }
}
