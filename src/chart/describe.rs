//! A chart in words and as a table, for those who cannot or would rather not look at it.

use super::measure::{Measure, Measures};
use crate::analysis::report::{Curve, CurvePoint};
use crate::scenario::quantity::{format as written, spoken};
use crate::scenario::{Knob, Unit};

/// A label as it stands in a sentence: `Posts per page` as `posts per page`, but `TTL` as it is.
pub(super) fn in_sentence(label: &str) -> String {
    let mut letters = label.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second))
            if first.is_ascii_uppercase() && !second.is_ascii_uppercase() =>
        {
            [first.to_ascii_lowercase(), second].into_iter().chain(letters).collect()
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
        parts.push(format!("knee at {}{}", x(knee.x), knee.limit.aside()));
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

/// Headings of the table, which has the measures `also` beside load and errors.
pub fn headings(knob: &Knob, also: Measures) -> Vec<String> {
    let words = [&*knob.label, "p50", "p95", "p99", "Goodput", "Errors"];
    let also = further(also).map(|measure| -> &str { measure.name() });
    words.into_iter().chain(also).chain(["Note"]).map(str::to_owned).collect()
}

/// Rows of the table, one a point.
pub fn rows(points: &[CurvePoint], knob: &Knob, also: Measures) -> Vec<Vec<String>> {
    let ms = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |ms| written(ms, Unit::Ms));
    let row = |point: &CurvePoint| {
        let latency = &point.latency_ms;
        let mut row = vec![
            written(point.x, knob.unit),
            ms(latency.p50),
            ms(latency.p95),
            ms(latency.p99),
            written(point.goodput_per_s, Unit::PerSecond),
            written(point.error_share, Unit::Share),
        ];
        row.extend(further(also).map(|measure| measure.words(point)));
        row.push(note(point).to_owned());
        row
    };
    points.iter().map(row).collect()
}

/// Measures that have no column anyway.
fn further(also: Measures) -> impl Iterator<Item = Measure> {
    also.each().filter(|measure| !matches!(measure, Measure::Load | Measure::Errors))
}

fn note(point: &CurvePoint) -> &'static str {
    match (point.overloaded, point.settled) {
        (true, _) => "overloaded",
        (false, true) => "",
        (false, false) => "still settling",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::report::{Knee, KneeLimit, LatencySummary};
    use crate::scenario::catalogue;

    fn knob() -> Knob {
        catalogue::find("n-plus-one").unwrap().knobs[0].clone()
    }

    fn curve(overloaded_from: f64) -> Curve {
        let point = |(x, p99): (f64, f64)| CurvePoint {
            x,
            latency_ms: LatencySummary { p99: Some(p99), ..LatencySummary::default() },
            offered_per_s: x / 10.0,
            goodput_per_s: x / 10.0,
            overloaded: x >= overloaded_from,
            settled: true,
            ..CurvePoint::default()
        };
        Curve {
            knob: "users".to_owned(),
            points: [(1.0, 48.0), (2_400.0, 1_800.0), (20_000.0, 2_000.0)].map(point).to_vec(),
            pass: 1,
            finished: true,
            knee: None,
            theory: Vec::new(),
            parts: Vec::new(),
        }
    }

    #[test]
    fn the_summary_names_both_ends_the_knee_and_overload() {
        let mut bent = curve(2_400.0);
        bent.knee = Some(Knee { x: 2_100.0, p99_ms: 1_000.0, limit: KneeLimit::P99 });
        let start = "p99 latency over users from 1 to 20k: 48 ms at 1, ";
        let said = |curve: &Curve| summary(curve, &knob()).strip_prefix(start).map(str::to_owned);
        assert_eq!(said(&bent).as_deref(), Some("knee at 2.1k, overloaded from 2.4k."));
        let flat = curve(f64::INFINITY);
        assert_eq!(said(&flat).as_deref(), Some("2 s at 20k; no knee in this range."));
        let lost = "overloaded from 2.4k; the objective is missed from the start.";
        assert_eq!(said(&curve(2_400.0)).as_deref(), Some(lost));
        bent.points.clear();
        assert_eq!(summary(&bent, &knob()), "No curve yet.");
    }

    #[test]
    fn the_table_and_the_spoken_words_say_the_same() {
        let curve = curve(2_400.0);
        let also = Measures::LOAD.with(Measure::Staleness);
        let rows = rows(&curve.points, &knob(), also);
        assert_eq!(rows[1], ["2.4k", "–", "–", "1.8 s", "240/s", "0 %", "0 %", "overloaded"]);
        assert_eq!(headings(&knob(), also)[5..], ["Errors", "Staleness", "Note"]);
        assert_eq!(rows.len(), curve.points.len());
        let words = spoken_point(&curve.points[1], &knob());
        let expected = "2400 users: p99 1.8 seconds, p95 none, median none, \
                        goodput 240 per second, errors 0 percent, overloaded";
        assert_eq!(words, expected);
    }

    #[test]
    fn labels_keep_their_abbreviations_in_a_sentence() {
        for (label, words) in
            [("Posts per page", "posts per page"), ("TTL", "TTL"), ("Page CPU", "page CPU")]
        {
            assert_eq!(in_sentence(label), words);
        }
    }
}
