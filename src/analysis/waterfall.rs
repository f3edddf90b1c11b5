//! A trace to look at: the same step done again and again becomes one line.

use super::trace::{Trace, TraceKind, TraceLabel, TraceSpan};

/// Equal steps within one span are one line from this many on; rounds of a loop always are.
const FOLDED_FROM: usize = 4;

/// A line of a waterfall: one span, or several equal ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Index of the label.
    pub label: u32,
    /// How many lines it lies in.
    pub depth: u16,
    /// How many spans it stands for.
    pub times: u64,
    /// When the first of them begins, in nanoseconds.
    pub from_ns: u64,
    /// When the last of them ends, in nanoseconds.
    pub until_ns: u64,
    /// All of them together, in nanoseconds.
    pub total_ns: u64,
}

/// The lines of a trace, each before those in it.
///
/// Lines below one are together as long as it is, except below branches that happen at once.
pub fn lines(trace: &Trace) -> Vec<Line> {
    let mut lines = Vec::new();
    if !trace.spans.is_empty() {
        write(trace, &[0], 0, &mut lines);
    }
    lines
}

/// Writes equal spans as one line, and what lies in them.
fn write(trace: &Trace, equal: &[usize], depth: u16, lines: &mut Vec<Line>) {
    let Some(first) = equal.first().map(|index| trace.spans[*index]) else { return };
    let groups = groups(trace, equal);
    if let [only] = &groups[..]
        && only.len() == equal.len()
        && total(trace, only) == total(trace, equal)
        && is_needless(trace.label(&first), trace.label(&trace.spans[only[0]]))
    {
        write(trace, only, depth, lines);
        return;
    }
    let from = equal.iter().map(|index| trace.spans[*index].from_ns).min();
    let until = equal.iter().map(|index| trace.spans[*index].until_ns).max();
    lines.push(Line {
        label: first.label,
        depth,
        times: equal.len() as u64,
        from_ns: from.unwrap_or_default(),
        until_ns: until.unwrap_or_default(),
        total_ns: total(trace, equal),
    });
    for group in groups {
        write(trace, &group, depth + 1, lines);
    }
}

/// A span says nothing more than the only one in it.
fn is_needless(outer: &TraceLabel, inner: &TraceLabel) -> bool {
    match outer.kind {
        TraceKind::Round => true,
        TraceKind::Attempt => outer.outcome == "in time",
        TraceKind::Held => matches!(inner.kind, TraceKind::Working | TraceKind::Network),
        _ => false,
    }
}

fn total(trace: &Trace, spans: &[usize]) -> u64 {
    let length = |index: &usize| trace.spans[*index].until_ns - trace.spans[*index].from_ns;
    spans.iter().map(length).sum()
}

/// What lies directly in some equal spans, equal ones together where there are many.
fn groups(trace: &Trace, equal: &[usize]) -> Vec<Vec<usize>> {
    let each: Vec<Vec<usize>> =
        equal.iter().map(|span| inside(&trace.spans, *span).collect()).collect();
    // The order is that of the longest of them: others leave out what they did not wait for.
    let longest = each
        .iter()
        .enumerate()
        .max_by_key(|(place, inside)| (inside.len(), std::cmp::Reverse(*place)));
    let longest = longest.map_or(0, |(place, _)| place);
    let others = each.iter().enumerate().filter(|(place, _)| *place != longest);
    let rest = others.flat_map(|(_, inside)| inside);
    let inside: Vec<usize> =
        each.iter().skip(longest).take(1).flatten().chain(rest).copied().collect();
    let mut counts = vec![0; trace.labels.len()];
    inside.iter().for_each(|index| counts[trace.spans[*index].label as usize] += 1);
    let mut places: Vec<Option<usize>> = vec![None; trace.labels.len()];
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for index in inside {
        let span = &trace.spans[index];
        let label = span.label as usize;
        let is_folded = equal.len() > 1
            || counts[label] >= FOLDED_FROM
            || trace.label(span).kind == TraceKind::Round;
        if let Some(place) = places[label].filter(|_| is_folded) {
            groups[place].push(index);
        } else {
            places[label] = Some(groups.len());
            groups.push(vec![index]);
        }
    }
    groups
}

/// The spans directly in one, in their order.
fn inside(spans: &[TraceSpan], outer: usize) -> impl Iterator<Item = usize> + '_ {
    let depth = spans[outer].depth;
    let rest = spans.iter().enumerate().skip(outer + 1);
    let all = rest.take_while(move |(_, span)| span.depth > depth);
    all.filter(move |(_, span)| span.depth == depth + 1).map(|(index, _)| index)
}
