//! A chart in words and as a table, for those who cannot or would rather not look at it.

use crate::analysis::report::{Curve, CurvePoint};
use crate::scenario::quantity::{format as written, spoken};
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
    let x = |value| written(value, knob.unit);
    let p99 = |point: &CurvePoint| {
        point.latency_ms.p99.map_or_else(|| "no answer".to_owned(), |p99| written(p99, Unit::Ms))
    };
    let name = in_sentence(&knob.label);
    let (from, to) = (x(first.x), x(last.x));
    let mut parts =
        vec![format!("p99 latency over {name} from {from} to {to}: {} at {from}", p99(first))];
    if let Some(knee) = &curve.knee {
        let what = match knee.limit.as_str() {
            "errors" => "too many errors".to_owned(),
            _ => written(knee.p99_ms, Unit::Ms),
        };
        parts.push(format!("{what} at {} (knee)", x(knee.x)));
    }
    let overloaded = curve.points.iter().find(|point| point.overloaded);
    parts.push(match overloaded {
        Some(point) => format!("overloaded from {}", x(point.x)),
        None => format!("{} at {to}", p99(last)),
    });
    let end = match (&curve.knee, overloaded) {
        (Some(_), _) => ".",
        (None, Some(_)) => "; the objective is missed from the start.",
        (None, None) => "; no knee in this range.",
    };
    parts.join(", ") + end
}

/// One point in words for ears, such as a screen reader says while it moves along the curve.
pub fn spoken_point(point: &CurvePoint, knob: &Knob) -> String {
    let or_none = |value: Option<f64>| {
        value.map_or_else(|| "none".to_owned(), |value| spoken(value, Unit::Ms))
    };
    let mut parts = vec![
        format!(
            "{} {}: p99 {}",
            spoken(point.x, knob.unit),
            in_sentence(&knob.label),
            or_none(point.latency_ms.p99)
        ),
        format!("p95 {}", or_none(point.latency_ms.p95)),
        format!("median {}", or_none(point.latency_ms.p50)),
        format!("goodput {}", spoken(point.goodput_per_s, Unit::PerSecond)),
        format!("errors {}", spoken(point.error_share, Unit::Share)),
    ];
    parts.extend(Some(note(point).to_owned()).filter(|note| !note.is_empty()));
    parts.join(", ")
}

/// Headings of the table.
pub fn headings(knob: &Knob) -> [String; 7] {
    let words = ["p50", "p95", "p99", "Goodput", "Errors", "Note"].map(str::to_owned);
    let [p50, p95, p99, goodput, errors, note] = words;
    [knob.label.clone(), p50, p95, p99, goodput, errors, note]
}

/// Rows of the table, one a point.
pub fn rows(curve: &Curve, knob: &Knob) -> Vec<[String; 7]> {
    let ms = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |ms| written(ms, Unit::Ms));
    let row = |point: &CurvePoint| {
        let latency = &point.latency_ms;
        [
            written(point.x, knob.unit),
            ms(latency.p50),
            ms(latency.p95),
            ms(latency.p99),
            written(point.goodput_per_s, Unit::PerSecond),
            written(point.error_share, Unit::Share),
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
