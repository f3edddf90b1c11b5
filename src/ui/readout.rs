//! The operating point in numbers.

use yew::prelude::*;

use crate::scenario::Unit;
use crate::scenario::quantity::format;
use crate::session::Session;
use crate::session::readout::Readout;

/// Latency, goodput and errors at the operating point.
pub(super) fn readout(session: &Session) -> Html {
    let knob = session.x();
    let readout = Readout::of(session);
    let ms = |value: fn(&Readout) -> Option<f64>| {
        readout.as_ref().and_then(value).map_or_else(dash, |ms| format(ms, Unit::Ms))
    };
    let number = |value: fn(&Readout) -> f64, unit| {
        readout.as_ref().map_or_else(dash, |readout| format(value(readout), unit))
    };
    let figure = |class: &'static str, value: String| {
        html! { <div class={classes!("figure", class)}><dt>{ class }</dt><dd>{ value }</dd></div> }
    };
    let verdict = readout.map(|readout| {
        if readout.meets(&session.scenario.objective) {
            ("met", "✓ objective met")
        } else if readout.overloaded {
            ("missed", "✗ overloaded")
        } else {
            ("missed", "✗ objective missed")
        }
    });
    let aside = if session.leaves_out_faults() { ", with faults" } else { "" };
    html! {
        <section class="readout" aria-label="Operating point" aria-busy={(!session.is_measured()).to_string()}>
            <div class="at">
                <b>{ format!("{} {}", format(session.point(), knob.unit), knob.label.to_ascii_lowercase()) }</b>
                if let Some((class, words)) = verdict {
                    <span class={classes!("verdict", class)}>{ words }{ aside }</span>
                }
                { provenance(session) }
            </div>
            <dl>
                { figure("mean", ms(|readout| readout.mean_ms)) }
                { figure("p50", ms(|readout| readout.p50_ms)) }
                { figure("p95", ms(|readout| readout.p95_ms)) }
                { figure("p99", ms(|readout| readout.p99_ms)) }
                { figure("goodput", number(|readout| readout.goodput_per_s, Unit::PerSecond)) }
                { figure("errors", number(|readout| readout.error_share, Unit::Share)) }
            </dl>
        </section>
    }
}

fn dash() -> String {
    "–".to_owned()
}

/// How sure the figures are, and the fingerprint of the run they come from.
fn provenance(session: &Session) -> Html {
    let Some(report) = session.measured() else {
        return html! { <span class="provenance">{ "read off the curve" }</span> };
    };
    let widths = [
        ("p99", report.latency_ms.p99_half_width, Unit::Ms),
        ("errors", report.error_share_half_width, Unit::Share),
    ];
    let known = widths.iter().filter_map(|&(name, half_width, unit)| {
        half_width.map(|half_width| format!("{name} ± {}", format(half_width, unit)))
    });
    let sure = match known.collect::<Vec<_>>() {
        none if none.is_empty() => "one run".to_owned(),
        some => some.join(", "),
    };
    html! {
        <span class="provenance">
            if let Some(limit) = &report.stopped {
                <span class="stopped">{ limit }</span>
            } else {
                { sure }
            }
            { " · run " }
            <code class="digest" title="Equal for equal runs on every machine">{ &report.digest }</code>
        </span>
    }
}
