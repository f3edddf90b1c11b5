//! Traces as a file that trace viewers open: JSON of Chrome's trace events.
//!
//! Format: "Trace Event Format", complete events (`X`), times in microseconds. Perfetto and
//! `chrome://tracing` read it. Spans that overlap stand in rows (`tid`) of their own.

use serde_json::{Value, json};

use super::trace::{Trace, TraceKind};

/// The traces as one file; each is a process of its own.
pub fn trace_events(traces: &[Trace], scenario: &str, seed: u64) -> String {
    let mut events = Vec::new();
    for (index, trace) in traces.iter().enumerate() {
        let name = format!("{} of {scenario}: {}", trace.of, trace.outcome);
        events.push(json!({
            "name": "process_name", "ph": "M", "pid": index, "args": { "name": name },
        }));
        add_spans(trace, index, &mut events);
    }
    let about = json!({ "scenario": scenario, "seed": seed.to_string() });
    json!({ "traceEvents": events, "displayTimeUnit": "ms", "otherData": about }).to_string()
}

fn add_spans(trace: &Trace, process: usize, events: &mut Vec<Value>) {
    // The rows of the spans that the present one lies in, and how many rows there are.
    let (mut rows, mut count) = (Vec::new(), 1_u32);
    for (index, span) in trace.spans.iter().enumerate() {
        rows.truncate(usize::from(span.depth));
        let label = trace.label(span);
        let is_first = index == 0 || trace.spans[index - 1].depth < span.depth;
        let row = match rows.last() {
            None => 0,
            Some((_, TraceKind::Branches)) if !is_first => {
                count += 1;
                count - 1
            }
            Some((row, _)) => *row,
        };
        rows.push((row, label.kind));
        let mut about = json!({ "part": label.part });
        if !label.outcome.is_empty() {
            about["outcome"] = Value::from(label.outcome.as_str());
        }
        events.push(json!({
            "name": label.text, "cat": label.kind, "ph": "X", "pid": process, "tid": row,
            "ts": micros(span.from_ns), "dur": micros(span.until_ns - span.from_ns),
            "args": about,
        }));
    }
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1e3
}
