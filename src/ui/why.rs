//! Why the operating point is as it is: sentences, and where the time goes.

use std::rc::Rc;

use yew::prelude::*;

use crate::analysis::report::TimeShare;
use crate::scenario::Unit;
use crate::scenario::quantity::format;
use crate::session::Session;

#[derive(PartialEq, Properties)]
pub(super) struct WhyProps {
    pub(super) session: Rc<Session>,
}

/// The explanation.
#[component]
pub(super) fn Why(props: &WhyProps) -> Html {
    let session = &props.session;
    let Some(explanation) = &session.explanation else {
        return html! { <section class="why"><h2>{ "Why" }</h2><p class="quiet">{ "Measuring …" }</p></section> };
    };
    let sentences = explanation.sentences.iter().map(|sentence| html! { <li>{ &sentence.text }</li> });
    html! {
        <section class="why" aria-label="Explanation">
            <h2>{ "Why" }</h2>
            <ul class="sentences">{ for sentences }</ul>
            if !explanation.time.is_empty() {
                <h2>{ "Where the time goes" }</h2>
                { bars("a median request", &explanation.time, |share| share.median_ms) }
                { bars("the slowest 1 %", &explanation.time, |share| share.slow_ms) }
            }
            <h2>{ "Notice" }</h2>
            <ul class="notes">{ for session.scenario.notice.iter().map(|text| html! { <li>{ text }</li> }) }</ul>
        </section>
    }
}

/// One bar a way of spending time, with its number.
fn bars(title: &str, shares: &[TimeShare], value: impl Fn(&TimeShare) -> f64) -> Html {
    let total: f64 = shares.iter().map(&value).sum();
    let bar = |share: &TimeShare| {
        let ms = value(share);
        let width = format!("{:.1}%", 100.0 * ms / total.max(1e-9));
        let class = if share.waiting { "waits" } else { "works" };
        html! {
            <tr>
                <th scope="row">{ &share.label }</th>
                <td class="bar"><svg height="10" width="100%" aria-hidden="true"><rect {class} {width} height="10" rx="2" /></svg></td>
                <td class="number">{ format(ms, Unit::Ms) }</td>
            </tr>
        }
    };
    html! {
        <table class="bars">
            <caption>{ format!("{title}: {}", format(total, Unit::Ms)) }</caption>
            <tbody>{ for shares.iter().map(bar) }</tbody>
        </table>
    }
}
