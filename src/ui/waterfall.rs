//! What single requests did: a line for each step, with a bar where it lies in time.

use std::rc::Rc;

use yew::prelude::*;

use super::save::save;
use crate::analysis::trace::{Trace, TraceKind};
use crate::analysis::trace_file::trace_events;
use crate::analysis::waterfall::{Line, lines};
use crate::scenario::Unit;
use crate::scenario::quantity::format;
use crate::session::{Known, Session};

/// Lines shown of one request.
const LINES_MAX: usize = 60;

/// The exemplar requests of the operating point, one open at a time, in a section of this class.
pub(super) fn waterfalls(session: &Session, class: Option<&'static str>) -> Html {
    let Some(traces) = session.traces.as_ref().filter(|traces| !traces.is_empty()) else {
        return Html::default();
    };
    let (scenario, seed) = (&session.scenario, session.scenario.seed(&session.settings));
    let download = {
        let (id, traces) = (scenario.id.clone(), Rc::clone(traces));
        Callback::from(move |_: MouseEvent| {
            let text = trace_events(&traces, &id, seed);
            save(&format!("{id}.trace.json"), "application/json", &text);
        })
    };
    html! {
        <section class={classes!("traces", class)} aria-label="Traces of single requests" aria-busy={(session.known < Known::Traced).to_string()}>
            <h2>{ "Single requests" }</h2>
            { for traces.iter().map(waterfall) }
            <p class="quiet">
                <button class="small" onclick={download}>{ "Save traces" }</button>
                { " for Perfetto or chrome://tracing" }
            </p>
        </section>
    }
}

fn ms(nanos: u64) -> String {
    format(nanos as f64 / 1e6, Unit::Ms)
}

fn waterfall(trace: &Trace) -> Html {
    let all = lines(trace);
    let name = match trace.of.as_str() {
        "p50" => "A median request".to_owned(),
        "failed" => "A failed request".to_owned(),
        other => format!("A {other} request"),
    };
    let outcome = if trace.outcome == "in time" { String::new() } else { trace.outcome.clone() };
    let shown = all.iter().skip(1).take(LINES_MAX);
    let left_out = all.len().saturating_sub(1 + LINES_MAX);
    let summary = format!("{name}: {}", ms(trace.latency_ns()));
    html! {
        <details class="trace" name="trace" open={trace.of == "p99"}>
            <summary>{ &summary } if !outcome.is_empty() { <span class="lost">{ outcome }</span> }</summary>
            <div class="scroll" tabindex="0" role="group" aria-label={summary.clone()}>
                <table class="waterfall">
                    <thead class="spoken"><tr><th scope="col">{ "Step" }</th><th scope="col">{ "Begins" }</th><th scope="col">{ "Takes" }</th></tr></thead>
                    <tbody>{ for shown.map(|line| row(trace, line)) }</tbody>
                </table>
                if left_out > 0 {
                    <p class="quiet">{ format!("and {left_out} more steps, all in the saved file") }</p>
                }
            </div>
        </details>
    }
}

fn row(trace: &Trace, line: &Line) -> Html {
    let label = &trace.labels[line.label as usize];
    let percent =
        |nanos: u64| format!("{:.2}%", 100.0 * nanos as f64 / trace.latency_ns().max(1) as f64);
    let class = match label.kind {
        TraceKind::Working => "works",
        TraceKind::Waiting => "waits",
        TraceKind::Network => "travels",
        TraceKind::Pause | TraceKind::Silence => "idles",
        _ => "frame",
    };
    let each = (line.times > 1)
        .then(|| format!(" × {}, {} each", line.times, ms(line.total_ns / line.times)));
    let bad = !label.outcome.is_empty() && label.outcome != "in time";
    let (x, wide) = (percent(line.from_ns), percent(line.until_ns - line.from_ns));
    html! {
        <tr>
            <th scope="row" class={format!("in{}", line.depth.min(7))}>
                { &label.text }{ each }
                if bad { <span class="lost">{ &label.outcome }</span> }
                <svg class="time-bar" width="100%" height="7" aria-hidden="true">
                    if line.times > 1 {
                        <rect {class} x={x.clone()} width={wide} height="7" opacity="0.35" />
                        <rect {class} {x} width={percent(line.total_ns)} height="7" />
                    } else {
                        <rect {class} {x} width={wide} height="7" />
                    }
                </svg>
            </th>
            <td class="spoken">{ ms(line.from_ns) }</td>
            <td>{ ms(line.total_ns) }</td>
        </tr>
    }
}
