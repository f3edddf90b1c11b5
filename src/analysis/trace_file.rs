//! Traces as a file that trace viewers open: JSON of Chrome's trace events.
//!
//! Format: "Trace Event Format", complete events (`X`), times in microseconds. Perfetto and
//! `chrome://tracing` read it. Spans that overlap stand in rows (`tid`) of their own.

use super::trace::{Trace, TraceKind};

/// The traces as one file; each is a process of its own.
pub fn trace_events(traces: &[Trace], scenario: &str, seed: u64) -> String {
    let mut text = "{\"traceEvents\":[".to_owned();
    for (process, trace) in traces.iter().enumerate() {
        let name = quoted(&format!("{} of {scenario}: {}", trace.of, trace.outcome));
        text.push_str(&format!(
            "{{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":{process},\"args\":{{\"name\":{name}}}}},\n"
        ));
        add_spans(trace, process, &mut text);
    }
    // No comma after the last.
    text.truncate(text.trim_end_matches(",\n").len());
    let scenario = quoted(scenario);
    text.push_str(&format!(
        "],\"displayTimeUnit\":\"ms\",\"otherData\":{{\"scenario\":{scenario},\"seed\":\"{seed}\"}}}}"
    ));
    text
}

fn add_spans(trace: &Trace, process: usize, text: &mut String) {
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
        let [name, part, outcome] =
            [&label.text, &label.part, &label.outcome].map(|text| quoted(text));
        let (from, took) = (micros(span.from_ns), micros(span.until_ns - span.from_ns));
        text.push_str(&format!(
            "{{\"name\":{name},\"ph\":\"X\",\"pid\":{process},\"tid\":{row},\"ts\":{from},\
             \"dur\":{took},\"args\":{{\"part\":{part},\"outcome\":{outcome}}}}},\n"
        ));
    }
}

/// Exactly: three digits are nanoseconds.
fn micros(nanos: u64) -> String {
    format!("{}.{:03}", nanos / 1_000, nanos % 1_000)
}

fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control < ' ' => quoted.push(' '),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
