//! Query plans: the rows that the planner expects beside those there are.

use yew::prelude::*;

use crate::analysis::plans::QueryPlan;
use crate::scenario::Unit;
use crate::scenario::quantity::format;

/// A table of plans; nothing if no query is planned.
pub(super) fn plans(plans: &[QueryPlan]) -> Html {
    if plans.is_empty() {
        return Html::default();
    }
    let count = |rows: f64| format(rows.round(), Unit::Count);
    let row = |plan: &QueryPlan| {
        html! {
            <tr>
                <th scope="row">{ &plan.table }<span class="quiet">{ format!(" {}", plan.plan) }</span></th>
                <td>{ count(plan.expected_rows) }</td>
                <td>{ count(plan.true_rows) }</td>
                <td>{ format(plan.core_ms, Unit::Ms) }</td>
            </tr>
        }
    };
    html! {
        <>
            <h2>{ "Query plans" }</h2>
            <table class="plans">
                <thead><tr><th scope="col">{ "Query" }</th><th scope="col">{ "Rows expected" }</th><th scope="col">{ "true" }</th><th scope="col">{ "CPU" }</th></tr></thead>
                <tbody>{ for plans.iter().map(row) }</tbody>
            </table>
        </>
    }
}
