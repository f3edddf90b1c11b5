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

/// The explanation; of the state before the last change, and paler, until the present one is known.
#[component]
pub(super) fn Why(props: &WhyProps) -> Html {
    let session = &props.session;
    let notice = html! {
        <>
            <h2>{ "Notice" }</h2>
            <ul class="notes">{ for session.scenario.notice.iter().map(|text| html! { <li>{ text }</li> }) }</ul>
        </>
    };
    let Some(explanation) = &session.explanation else {
        return html! {
            <section class="why" aria-label="Explanation"><h2>{ "Why" }</h2><p class="quiet">{ "Measuring …" }</p>{ notice }</section>
        };
    };
    let is_old = !session.is_explained;
    let sentences =
        explanation.sentences.iter().map(|sentence| html! { <li>{ &sentence.text }</li> });
    html! {
        <section class="why" aria-label="Explanation">
            <div class={classes!("explained", is_old.then_some("old"))} aria-busy={is_old.to_string()}>
                <h2>{ "Why" }</h2>
                <ul class="sentences">
                    { for sentences }
                    if let Some(text) = session.comparison_words() {
                        <li class="compared">{ text }</li>
                    }
                </ul>
                if !explanation.time.is_empty() {
                    <h2>{ "Where the time goes" }</h2>
                    <Bars title="a median request" shares={Rc::clone(explanation)} is_slow={false} />
                    <Bars title="the slowest 1 %" shares={Rc::clone(explanation)} is_slow={true} />
                }
            </div>
            { notice }
        </section>
    }
}

#[derive(PartialEq, Properties)]
struct BarsProps {
    title: &'static str,
    shares: Rc<crate::analysis::report::Explanation>,
    is_slow: bool,
}

/// One stacked bar, and a line with the number for each of its parts.
#[component]
fn Bars(props: &BarsProps) -> Html {
    let shares = &props.shares.time;
    let value = |share: &TimeShare| if props.is_slow { share.slow_ms } else { share.median_ms };
    let total: f64 = shares.iter().map(value).sum();
    let percent = |ms: f64| format!("{:.2}%", 100.0 * ms / total.max(1e-9));
    let mut from = 0.0;
    let pieces: Html = shares
        .iter()
        .enumerate()
        .map(|(index, share)| {
            let x = percent(from);
            from += value(share);
            html! { <rect class={class_of(share, index)} {x} width={percent(value(share))} height="12" /> }
        })
        .collect();
    let row = |(index, share): (usize, &TimeShare)| {
        html! {
            <tr>
                <th scope="row">
                    <svg class="key" width="10" height="10" aria-hidden="true"><rect class={class_of(share, index)} width="10" height="10" rx="2" /></svg>
                    { &share.label }
                </th>
                <td>{ format(value(share), Unit::Ms) }</td>
            </tr>
        }
    };
    html! {
        <table class="bars">
            <caption>
                { format!("{}: {}", props.title, format(total, Unit::Ms)) }
                <svg class="stack" width="100%" height="12" aria-hidden="true">{ pieces }</svg>
            </caption>
            <tbody>{ for shares.iter().enumerate().map(row) }</tbody>
        </table>
    }
}

/// Waiting is warm, work is cold; neighbours differ in strength.
fn class_of(share: &TimeShare, index: usize) -> Classes {
    let strength = ["first", "second", "third"][index % 3];
    classes!(if share.waiting { "waits" } else { "works" }, strength)
}
