//! Why the operating point is as it is: sentences, and where the time goes.

use std::rc::Rc;
use std::sync::Arc;

use yew::prelude::*;

use super::late::use_late;
use super::plans::plans;
use super::waterfall::waterfalls;
use crate::analysis::report::TimeShare;
use crate::scenario::Unit;
use crate::scenario::quantity::{format, unbroken};
use crate::session::{Known, Session};

#[derive(Properties)]
pub(super) struct WhyProps {
    pub(super) session: Rc<Session>,
}

impl PartialEq for WhyProps {
    /// What is said is the same: most changes of a session are none of it.
    fn eq(&self, other: &Self) -> bool {
        let said = |session: &Session| {
            let explanation = session.explanation.as_ref().map(Rc::as_ptr);
            let comparison = session.comparison.as_ref().map(Rc::as_ptr);
            let traces = session.traces.as_ref().map(Rc::as_ptr);
            let state = (session.known, session.ghost.is_some());
            (Arc::as_ptr(&session.scenario), explanation, comparison, traces, state)
        };
        said(&self.session) == said(&other.session)
    }
}

/// The explanation; each piece of the state before the last change until that of the present one is
/// known, and paler if that takes long.
#[component]
pub(super) fn Why(props: &WhyProps) -> Html {
    let session = &props.session;
    let pale = |is_old: bool| is_old.then_some("old");
    let explained = pale(use_late(session.known < Known::Explained));
    let compared = pale(use_late(session.known < Known::Compared));
    let traced = pale(use_late(session.known < Known::Traced));
    let notice = html! {
        <>
            <h2>{ "Notice" }</h2>
            <ul class="notes">{ for session.scenario.notice.iter().map(|text| html! { <li>{ unbroken(text) }</li> }) }</ul>
        </>
    };
    let Some(explanation) = &session.explanation else {
        return html! {
            <section class="why" aria-label="Explanation"><h2>{ "Why" }</h2><p class="quiet">{ "Measuring …" }</p>{ notice }</section>
        };
    };
    let sentences =
        explanation.sentences.iter().map(|said| html! { <li>{ unbroken(&said.text) }</li> });
    html! {
        <section class="why" aria-label="Explanation">
            <div class={classes!("explained", explained)} aria-busy={(session.known < Known::Explained).to_string()}>
                <h2>{ "Why" }</h2>
                <ul class="sentences">
                    { for sentences }
                    if let Some(text) = session.comparison_words() {
                        <li class={classes!("compared", compared)}>{ unbroken(&text) }</li>
                    }
                </ul>
                if !explanation.time.is_empty() {
                    <h2>{ "Where the time goes" }</h2>
                    { bars("a median request", &explanation.time, |share| share.median_ms) }
                    { bars("the slowest 1 %", &explanation.time, |share| share.slow_ms) }
                }
                { plans(&explanation.plans) }
                { waterfalls(session, traced) }
            </div>
            { notice }
        </section>
    }
}

/// One stacked bar, and a line with the number for each of its parts.
fn bars(title: &str, shares: &[TimeShare], value: fn(&TimeShare) -> f64) -> Html {
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
                { format!("{}: {}", title, format(total, Unit::Ms)) }
                <svg class="stack" width="100%" height="12" aria-hidden="true">{ pieces }</svg>
            </caption>
            <tbody>{ for shares.iter().enumerate().map(row) }</tbody>
        </table>
    }
}

/// Waiting is warm, work is cold; neighbours differ in strength.
fn class_of(share: &TimeShare, index: usize) -> Classes {
    let strength = ["first", "second", "third", "fourth", "fifth"][index.min(4)];
    classes!(if share.waiting { "waits" } else { "works" }, strength)
}
