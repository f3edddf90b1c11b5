//! Results as text for people, as JSON lines and as CSV.

use std::io::Write;

use super::CliError;
use super::args::{Format, Output};
use crate::analysis::claims::ClaimResult;
use crate::analysis::hysteresis::Hysteresis;
use crate::analysis::report::{Ceiling, Curve, CurvePoint, Explanation, RunReport};
use crate::analysis::trace::Trace;
use crate::analysis::waterfall::{Line, lines};
use crate::scenario::quantity::format;
use crate::scenario::{Bound, Claim, Scenario, Unit, catalogue};

/// The catalogue.
pub(super) fn list(out: &mut dyn Write, json: bool) -> Result<(), CliError> {
    for scenario in catalogue::all() {
        if json {
            let line = serde_json::json!({
                "id": scenario.id,
                "title": scenario.title,
                "group": scenario.group,
                "summary": scenario.summary,
                "knobs": scenario.knobs,
                "fixes": scenario.fixes.iter().map(|fix| &fix.id).collect::<Vec<_>>(),
                "claims": scenario.claims.len(),
            });
            writeln!(out, "{line}")?;
        } else {
            writeln!(out, "{:16} {}", scenario.id, scenario.title)?;
        }
    }
    Ok(())
}

/// One run.
pub(super) fn run(
    out: &mut dyn Write,
    report: &RunReport,
    met: bool,
    output: Output,
) -> Result<(), CliError> {
    let latency = &report.latency_ms;
    match output.format() {
        Format::Json => writeln!(out, "{}", serde_json::to_string(report)?)?,
        Format::Csv => {
            writeln!(
                out,
                "scenario,seed,digest,mean_ms,p50_ms,p95_ms,p99_ms,offered_per_s,goodput_per_s,\
                 error_share,overloaded"
            )?;
            writeln!(
                out,
                "{},{},{},{},{},{},{},{},{},{},{}",
                report.scenario,
                report.seed,
                report.digest,
                plain(latency.mean),
                plain(latency.p50),
                plain(latency.p95),
                plain(latency.p99),
                report.offered_per_s,
                report.goodput_per_s,
                report.error_share,
                report.overloaded
            )?;
        }
        Format::Text => {
            writeln!(out, "{}  seed {}  digest {}", report.scenario, report.seed, report.digest)?;
            let interval = |half_width: Option<f64>, unit| {
                half_width.map_or_else(String::new, |width| format!(" ± {}", format(width, unit)))
            };
            writeln!(
                out,
                "latency   mean {}  p50 {}  p95 {}  p99 {}{}",
                ms(latency.mean),
                ms(latency.p50),
                ms(latency.p95),
                ms(latency.p99),
                interval(latency.p99_half_width, Unit::Ms)
            )?;
            if report.error_share > 0.0 {
                let all = &report.latency_all_ms;
                let [mean, p50, p95, p99] = [all.mean, all.p50, all.p95, all.p99].map(ms);
                writeln!(out, "with lost mean {mean}  p50 {p50}  p95 {p95}  p99 {p99}")?;
            }
            writeln!(
                out,
                "rates     offered {}  goodput {}  errors {}{}",
                format(report.offered_per_s, Unit::PerSecond),
                format(report.goodput_per_s, Unit::PerSecond),
                format(report.error_share, Unit::Share),
                interval(report.error_share_half_width, Unit::Share)
            )?;
            let at_least = if report.outcomes.is_work_known() { "" } else { "at least " };
            for (id, part) in &report.parts {
                writeln!(
                    out,
                    "{id:9} {} busy  {} waiting  {at_least}{} visits a request",
                    format(part.utilisation, Unit::Share),
                    format(part.queue_mean, Unit::Count),
                    format(part.visits_per_request, Unit::Count)
                )?;
            }
            for (id, phase) in &report.phases {
                writeln!(
                    out,
                    "{id:9} {} to {}: sent {}  goodput {}  errors {}  p99 {}",
                    format(phase.from_secs * 1e3, Unit::Ms),
                    format(phase.to_secs * 1e3, Unit::Ms),
                    format(phase.sent_per_s, Unit::PerSecond),
                    format(phase.goodput_per_s, Unit::PerSecond),
                    format(phase.error_share, Unit::Share),
                    ms(phase.latency_ms.p99)
                )?;
            }
            let verdict = if met { "met" } else { "missed" };
            let overloaded = if report.overloaded { ", overloaded" } else { "" };
            writeln!(out, "objective {verdict}{overloaded}")?;
            if let Some(stopped) = &report.stopped {
                writeln!(out, "{stopped}")?;
            }
        }
    }
    Ok(())
}

/// A walk up and down: a table with the way of each level, and what was found.
pub(super) fn hysteresis(
    out: &mut dyn Write,
    scenario: &Scenario,
    found: &Hysteresis,
    output: Output,
) -> Result<(), CliError> {
    if output.format() == Format::Json {
        writeln!(out, "{}", serde_json::to_string(found)?)?;
        return Ok(());
    }
    let csv = output.format() == Format::Csv;
    if csv {
        writeln!(out, "way,{},{CSV_COLUMNS}", found.knob)?;
    } else {
        write!(out, "{:4} ", "way")?;
        text_head(out, &found.knob)?;
    }
    let ways = [("up", &found.up), ("down", &found.down)];
    for (way, point) in ways.iter().flat_map(|(way, points)| points.iter().map(move |p| (way, p))) {
        if csv {
            write!(out, "{way},")?;
            csv_point(out, point)?;
        } else {
            write!(out, "{way:4} ")?;
            text_point(out, point)?;
        }
    }
    if !csv && let Some(knob) = scenario.knob(&found.knob) {
        writeln!(out, "{}", found.sentence(knob))?;
        let digest = found.digest.as_deref().unwrap_or("-");
        writeln!(out, "digest {digest}")?;
    }
    Ok(())
}

/// A curve.
pub(super) fn curve(out: &mut dyn Write, curve: &Curve, output: Output) -> Result<(), CliError> {
    if output.format() == Format::Json {
        writeln!(out, "{}", serde_json::to_string(curve)?)?;
        return Ok(());
    }
    let csv = output.format() == Format::Csv;
    if csv {
        writeln!(out, "{},{CSV_COLUMNS}", curve.knob)?;
    } else {
        text_head(out, &curve.knob)?;
    }
    for point in &curve.points {
        if csv { csv_point(out, point)? } else { text_point(out, point)? }
    }
    if let (false, Some(knee)) = (csv, &curve.knee) {
        let x = format(knee.x, Unit::Count);
        writeln!(out, "knee at {x} {}{}", curve.knob, knee.limit.aside())?;
    }
    Ok(())
}

/// Columns of a point after the knob.
const CSV_COLUMNS: &str = "p50_ms,p95_ms,p99_ms,p99_half_width_ms,offered_per_s,goodput_per_s,\
    error_share,overloaded,amplification,stale_share,lost_per_s,memory_mb";

fn text_head(out: &mut dyn Write, knob: &str) -> Result<(), CliError> {
    writeln!(
        out,
        "{knob:>10} {:>9} {:>9} {:>9} {:>9} {:>8}",
        "p50", "p95", "p99", "goodput", "errors"
    )?;
    Ok(())
}

fn csv_point(out: &mut dyn Write, point: &CurvePoint) -> Result<(), CliError> {
    let latency = &point.latency_ms;
    writeln!(
        out,
        "{},{},{},{},{},{},{},{},{},{},{},{},{}",
        point.x,
        plain(latency.p50),
        plain(latency.p95),
        plain(latency.p99),
        plain(latency.p99_half_width),
        point.offered_per_s,
        point.goodput_per_s,
        point.error_share,
        point.overloaded,
        point.amplification,
        point.stale_share,
        point.lost_per_s,
        point.memory_mb
    )?;
    Ok(())
}

fn text_point(out: &mut dyn Write, point: &CurvePoint) -> Result<(), CliError> {
    let latency = &point.latency_ms;
    writeln!(
        out,
        "{:>10} {:>9} {:>9} {:>9} {:>9} {:>8}{}",
        format(point.x, Unit::Count),
        ms(latency.p50),
        ms(latency.p95),
        ms(latency.p99),
        format(point.goodput_per_s, Unit::PerSecond),
        format(point.error_share, Unit::Share),
        if point.overloaded { "  overloaded" } else { "" }
    )?;
    Ok(())
}

/// A ceiling.
pub(super) fn ceiling(
    out: &mut dyn Write,
    scenario: &Scenario,
    found: &Ceiling,
    json: bool,
) -> Result<(), CliError> {
    if json {
        writeln!(out, "{}", serde_json::to_string(found)?)?;
        return Ok(());
    }
    let unit = scenario.knob(&found.knob).map_or(Unit::Count, |knob| knob.unit);
    match found.value {
        Some(value) if found.beyond_range => {
            writeln!(out, "{}: beyond {}", found.knob, format(value, unit))?;
        }
        Some(value) => writeln!(out, "{}: {}", found.knob, format(value, unit))?,
        None => writeln!(out, "{}: the objective is missed everywhere", found.knob)?,
    }
    Ok(())
}

/// An explanation.
pub(super) fn explanation(
    out: &mut dyn Write,
    found: &Explanation,
    json: bool,
) -> Result<(), CliError> {
    if json {
        writeln!(out, "{}", serde_json::to_string(found)?)?;
        return Ok(());
    }
    for sentence in &found.sentences {
        writeln!(out, "{}", sentence.text)?;
    }
    for share in &found.time {
        let (median, slow) = (format(share.median_ms, Unit::Ms), format(share.slow_ms, Unit::Ms));
        writeln!(
            out,
            "{:28} {median:>9} in a median request, {slow:>9} in a slow one",
            share.label
        )?;
    }
    Ok(())
}

/// A claim.
pub(super) fn claim(
    out: &mut dyn Write,
    claim: &Claim,
    result: &ClaimResult,
    json: bool,
) -> Result<(), CliError> {
    if json {
        writeln!(out, "{}", serde_json::to_string(result)?)?;
        return Ok(());
    }
    let verdict = match (result.holds, result.counterfactual_fails) {
        (true, true) => "proven",
        (false, _) => "FAILED",
        (true, false) => "FAILED: holds without the mechanism too",
    };
    let bound = match claim.expect {
        Bound { min: Some(min), max: Some(max) } => format!("{min} to {max}"),
        Bound { min: Some(min), max: None } => format!("at least {min}"),
        Bound { min: None, max: Some(max) } => format!("at most {max}"),
        Bound { min: None, max: None } => "anything".to_owned(),
    };
    writeln!(out, "{} / {}: {}", result.scenario, result.claim, result.says)?;
    writeln!(
        out,
        "    measured {:.4} ({:.4} to {:.4}), expected {bound}: {verdict}",
        result.median, result.low, result.high
    )?;
    Ok(())
}

fn ms(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format(value, Unit::Ms))
}

fn plain(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Traces, each as a tree with a line for what was done again and again.
pub(super) fn traces(out: &mut dyn Write, traces: &[Trace]) -> Result<(), CliError> {
    let ms = |nanos: u64| format(nanos as f64 / 1e6, Unit::Ms);
    if traces.is_empty() {
        writeln!(out, "no request stands for the others: most were not answered")?;
    }
    for trace in traces {
        writeln!(out, "{}: {}, {}", trace.of, ms(trace.latency_ns()), trace.outcome)?;
        for line in lines(trace).iter().skip(1) {
            let Line { label, depth, times, from_ns, total_ns, .. } = *line;
            let label = &trace.labels[label as usize];
            let indent = "  ".repeat(usize::from(depth) - 1);
            let times = match times {
                1 => String::new(),
                several => format!(" × {several}, {} each", ms(total_ns / several)),
            };
            let outcome = match label.outcome.as_str() {
                "" | "in time" => String::new(),
                bad => format!(": {bad}"),
            };
            let (at, took) = (ms(from_ns), ms(total_ns));
            writeln!(out, "{at:>10} {took:>10}  {indent}{}{times}{outcome}", label.text)?;
        }
        writeln!(out)?;
    }
    Ok(())
}
