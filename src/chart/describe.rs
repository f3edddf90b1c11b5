//! A chart in words and as a table, for those who cannot or would rather not look at it.

use crate::analysis::report::{Curve, CurvePoint};
use crate::scenario::quantity::{format, spoken};
use crate::scenario::{Knob, Unit};

/// A label as it stands in a sentence: `Posts per page` as `posts per page`, but `TTL` as it is.
pub(super) fn in_sentence(label: &str) -> String {
    let mut letters = label.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain([second]).chain(letters).collect()
        }
        _ => label.to_owned(),
    }
}

/// One sentence: ends, knee and overload of the latency curve.
pub fn summary(curve: &Curve, knob: &Knob) -> String {
    let (Some(first), Some(last)) = (curve.points.first(), curve.points.last()) else {
        return "No curve yet.".to_owned();
    };
    let x = |value| format(value, knob.unit);
    let p99 = |point: &CurvePoint| {
        point.latency_ms.p99.map_or_else(|| "no answer".to_owned(), |p99| format(p99, Unit::Ms))
    };
    let name = in_sentence(&knob.label);
    let (from, to) = (x(first.x), x(last.x));
    let mut text = format!("p99 latency over {name} from {from} to {to}: {} at {from}", p99(first));
    if let Some(knee) = &curve.knee {
        let limit = match knee.limit.as_str() {
            "errors" => "errors pass the objective".to_owned(),
            _ => format(knee.p99_ms, Unit::Ms),
        };
        text += &format!(", {limit} at {} (knee)", x(knee.x));
    }
    match curve.points.iter().find(|point| point.overloaded) {
        Some(point) => text += &format!(", overloaded from {}", x(point.x)),
        None => text += &format!(", {} at {to}", p99(last)),
    }
    if curve.knee.is_none() {
        let is_bad = curve.points.iter().any(|point| point.overloaded);
        text += if is_bad { "; the objective is missed from the start" } else { "; no knee in this range" };
    }
    text + "."
}

/// One point in words for ears, such as a screen reader says while it moves along the curve.
pub fn spoken_point(point: &CurvePoint, knob: &Knob) -> String {
    let x = spoken(point.x, knob.unit);
    let p99 = point.latency_ms.p99.map(|p99| spoken(p99, Unit::Ms));
    let mut text = format!("{x} {}: p99 {}", in_sentence(&knob.label), p99.as_deref().unwrap_or("none"));
    if let Some(p50) = point.latency_ms.p50 {
        text += &format!(", median {}", spoken(p50, Unit::Ms));
    }
    text += &format!(", goodput {}", spoken(point.goodput_per_s, Unit::PerSecond));
    if point.error_share > 0.0 {
        text += &format!(", errors {}", spoken(point.error_share, Unit::Share));
    }
    match note(point) {
        "" => text,
        note => text + ", " + note,
    }
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
        [
            format(point.x, knob.unit),
            ms(latency.p50),
            ms(latency.p95),
            ms(latency.p99),
            format(point.goodput_per_s, Unit::PerSecond),
            format(point.error_share, Unit::Share),
            note(point).to_owned(),
        ]
    };
    curve.points.iter().map(row).collect()
}

fn note(point: &CurvePoint) -> &'static str {
    match (point.overloaded, point.settled) {
        (true, _) => "overloaded",
        (false, true) => "",
        (false, false) => "still settling",
    }
}
