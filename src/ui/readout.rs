//! The operating point in numbers.

use std::rc::Rc;

use yew::prelude::*;

use crate::analysis::ceiling::meets;
use crate::scenario::Unit;
use crate::scenario::quantity::format;
use crate::session::Session;

#[derive(PartialEq, Properties)]
pub(super) struct ReadoutProps {
    pub(super) session: Rc<Session>,
}

/// Latency, goodput and errors at the operating point.
#[component]
pub(super) fn Readout(props: &ReadoutProps) -> Html {
    let session = &props.session;
    let knob = session.x();
    let at = format(session.value(&knob.id), knob.unit);
    let report = session.report.as_deref();
    let latency = report.map(|report| report.latency_ms).unwrap_or_default();
    let ms = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |ms| format(ms, Unit::Ms));
    let figure = |class: &'static str, name: &'static str, value: String| {
        html! { <div class={classes!("figure", class)}><dt>{ name }</dt><dd>{ value }</dd></div> }
    };
    let rate = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format(v, Unit::PerSecond));
    let errors = report.map_or_else(|| "–".to_owned(), |r| format(r.error_share, Unit::Share));
    let verdict = report.map(|report| {
        if meets(&session.scenario, report) {
            ("met", "✓ objective met")
        } else if report.overloaded {
            ("missed", "✗ overloaded")
        } else {
            ("missed", "✗ objective missed")
        }
    });
    html! {
        <section class="readout" aria-label="Operating point">
            <div class="at">
                <b>{ format!("{at} {}", knob.label.to_lowercase()) }</b>
                if let Some((class, words)) = verdict {
                    <span class={classes!("verdict", class)}>{ words }</span>
                }
                if let Some(report) = report {
                    <code class="digest" title="Equal for equal runs on every machine">{ &report.digest }</code>
                }
            </div>
            <dl>
                { figure("mean", "mean", ms(latency.mean)) }
                { figure("p50", "p50", ms(latency.p50)) }
                { figure("p95", "p95", ms(latency.p95)) }
                { figure("p99", "p99", ms(latency.p99)) }
                { figure("goodput", "goodput", rate(report.map(|report| report.goodput_per_s))) }
                { figure("errors", "errors", errors) }
            </dl>
        </section>
    }
}
