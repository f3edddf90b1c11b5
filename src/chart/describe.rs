//! A chart in words and as a table, for those who cannot or would rather not look at it.

use crate::analysis::report::{Curve, CurvePoint};
use crate::scenario::quantity::format;
use crate::scenario::{Knob, Unit};

/// One sentence: ends, knee and overload of the latency curve.
pub fn summary(curve: &Curve, knob: &Knob) -> String {
    let (Some(first), Some(last)) = (curve.points.first(), curve.points.last()) else {
        return "No curve yet.".to_owned();
    };
    let name = knob.label.to_ascii_lowercase();
    let x = |value| format(value, knob.unit);
    let p99 = |point: &CurvePoint| {
        point.latency_ms.p99.map_or_else(|| "no answer".to_owned(), |p99| format(p99, Unit::Ms))
    };
    let mut text = format!(
        "p99 latency is {} at {} {name} and {} at {} {name}",
        p99(first),
        x(first.x),
        p99(last),
        x(last.x)
    );
    match &curve.knee {
        Some(knee) => text += &format!("; the objective is met up to {} {name}", x(knee.x)),
        None if curve.points.iter().any(|point| point.overloaded) => {
            text += "; the objective is missed from the start";
        }
        None => text += "; there is no knee in this range",
    }
    if let Some(point) = curve.points.iter().find(|point| point.overloaded) {
        text += &format!("; overloaded from {} {name}", x(point.x));
    }
    text + "."
}

/// Headings of the table.
pub fn headings(knob: &Knob) -> [String; 7] {
    let words = ["p50", "p95", "p99", "Goodput", "Errors", "Note"].map(str::to_owned);
    let [p50, p95, p99, goodput, errors, note] = words;
    [knob.label.clone(), p50, p95, p99, goodput, errors, note]
}

/// Rows of the table, one a point.
pub fn rows(curve: &Curve, knob: &Knob) -> Vec<[String; 7]> {
    let ms = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |ms| format(ms, Unit::Ms));
    let row = |point: &CurvePoint| {
        let latency = &point.latency_ms;
        let note = match (point.overloaded, point.settled) {
            (true, _) => "overloaded",
            (false, true) => "",
            (false, false) => "still settling",
        };
        [
            format(point.x, knob.unit),
            ms(latency.p50),
            ms(latency.p95),
            ms(latency.p99),
            format(point.goodput_per_s, Unit::PerSecond),
            format(point.error_share, Unit::Share),
            note.to_owned(),
        ]
    };
    curve.points.iter().map(row).collect()
}
