//! Measures below latency, and load up and down.

use kneepoint::analysis::hysteresis::{Finding, Hysteresis};

use super::*;

/// A curve of which every measure says something.
fn telling() -> Curve {
    let mut curve = bent();
    curve.parts = ["app", "pool", "db", "idle"].map(str::to_owned).to_vec();
    for (index, point) in curve.points.iter_mut().enumerate() {
        let share = index as f64 / 23.0;
        point.amplification = 1.0 + 3.0 * share;
        (point.stale_share, point.lost_per_s) = (0.2 * share, 4.0 * share);
        (point.memory_mb, point.memory_most_mb) = (100.0 + 300.0 * share, 700.0);
        point.utilisation = vec![0.3 * share, share, 0.6 * share, 0.0];
    }
    curve
}

/// Up to 2000 users and down to 30, broken between 500 and 1500 on the way down.
fn walk(curve: &Curve) -> Hysteresis {
    let broken = |x: f64| CurvePoint { goodput_per_s: 0.0, error_share: 1.0, ..point(x, None) };
    let up = curve.points.iter().filter(|point| point.x <= 2_000.0).cloned().collect();
    let down = [1_500.0, 1_000.0, 500.0].map(broken).into_iter();
    let down = down.chain([200.0, 80.0, 30.0].map(|x| point(x, Some(92.0)))).collect();
    Hysteresis {
        knob: "users".to_owned(),
        up,
        down,
        breaks_at: Some(1_700.0),
        recovers_below: Some(500.0),
        finding: Finding::TwoStates,
        ..Hysteresis::default()
    }
}

#[test]
fn each_measure_has_a_chart_with_its_title_and_the_names_of_its_lines() {
    let (knob, curve) = (users(), telling());
    for (measure, names) in [
        (Measure::Load, &["offered", "goodput", "errors"][..]),
        (Measure::Errors, &["errors", "0 %"]),
        // The three busiest, and not the one that never does anything.
        (Measure::Utilisation, &["pool", "db", "app", "100 %"]),
        (Measure::Amplification, &["attempts", "4"]),
        (Measure::Staleness, &["stale", "20 %"]),
        (Measure::LostUpdates, &["lost", "4/s"]),
        (Measure::Memory, &["mean", "most"]),
    ] {
        let svg = small_svg(&spec(&curve, &knob, (640, 160)), measure);
        let said: Vec<String> = words(&svg).into_iter().map(|text| text.words).collect();
        for name in names.iter().chain([&measure.title()]) {
            assert!(said.iter().any(|text| text.trim_start_matches("↑ ") == *name), "{said:?}");
        }
        assert!(!said.iter().any(|text| text == "idle"), "{said:?}");
    }
}

#[test]
fn lines_of_a_measure_go_through_its_values() {
    let (knob, curve) = (users(), telling());
    let spec = spec(&curve, &knob, (900, 200));
    for (measure, colour, value) in [
        (Measure::Staleness, LIGHT.errors, (|p| p.stale_share) as fn(&CurvePoint) -> f64),
        (Measure::Amplification, LIGHT.p99, |p| p.amplification),
        (Measure::Utilisation, LIGHT.p99, |p| p.utilisation[1]),
    ] {
        let layout = Layout::of_measure(&spec, measure);
        let lines = polylines(&small_svg(&spec, measure), colour);
        let vertices: Vec<(f64, f64)> = lines.into_iter().flatten().collect();
        for point in &curve.points {
            let (x, y) = layout.pixel(point.x, value(point));
            let near = |&(px, py): &(f64, f64)| {
                (px - x * FINE).abs() <= ROUNDING_UNITS && (py - y * FINE).abs() <= ROUNDING_UNITS
            };
            assert!(vertices.iter().any(near), "{measure:?} at {}", point.x);
        }
    }
}

#[test]
fn measures_are_on_offer_where_they_are_told() {
    let telling = Measures::told_by(&telling().points);
    assert_eq!(telling.each().count(), Measure::ALL.len());
    let mut silent = bent();
    for point in &mut silent.points {
        (point.amplification, point.error_share) = (1.0, 0.0);
    }
    assert_eq!(Measures::told_by(&silent.points), Measures::LOAD);
}

#[test]
fn no_label_of_a_small_chart_or_a_walk_touches_another() {
    let (knob, curve) = (users(), telling());
    let walk = walk(&curve);
    for width in (320..=1_920).step_by(100) {
        for is_walked in [None, Some(&walk)] {
            for (text_px, height) in [(11.0, 120), (18.0, 220)] {
                let mut spec = spec(&curve, &knob, (width, height));
                (spec.walk, spec.text_px) = (is_walked, text_px);
                for measure in Measure::ALL {
                    for labelled in [false, true] {
                        spec.labelled = labelled;
                        let about = format!("{measure:?}, {width} px, text {text_px}");
                        let svg = small_svg(&spec, measure);
                        if labelled {
                            assert_is_legible(&svg, spec.size, &about);
                        } else {
                            let below = |text: &Label| text.bottom > f64::from(height);
                            assert!(!words(&svg).iter().any(below), "{about}");
                        }
                    }
                }
                spec.size.1 = 380.0;
                spec.labelled = true;
                assert_is_legible(&latency_svg(&spec), spec.size, &format!("{width} px"));
            }
        }
    }
}

#[test]
fn a_walk_shows_both_ways_where_it_breaks_and_where_it_recovers() {
    let (knob, curve) = (users(), bent());
    let walk = walk(&curve);
    let axes = Axes::of(&knob, (&curve, None, Some(&walk)), &OBJECTIVE, None);
    let spec = Spec { walk: Some(&walk), axes, ..spec(&curve, &knob, (900, 380)) };
    let svg = latency_svg(&spec);
    let said: Vec<String> = words(&svg).into_iter().map(|text| text.words).collect();
    for expected in ["breaks at 1.7k", "recovers below 500", "load rises", "load falls"] {
        assert!(said.iter().any(|text| text == expected), "{expected}: {said:?}");
    }
    for absent in ["p50", "p95", "knee at 2.1k users"] {
        assert!(!said.iter().any(|text| text == absent), "{absent}: {said:?}");
    }
    // Where nothing is answered the way down runs along the upper edge, and comes down after 500.
    let layout = Layout::of_latency(&spec);
    let down: Vec<(f64, f64)> = dashes(&svg, LIGHT.mark).concat();
    let at = |x: f64| {
        let x = layout.x_of(x) * FINE;
        down.iter()
            .filter(move |point| (point.0 - x).abs() < 3.0 * FINE)
            .map(|point| point.1 / FINE)
    };
    let (broken, well) = (at(1_000.0).fold(f64::INFINITY, f64::min), layout.pixel(80.0, 92.0).1);
    assert!((broken - layout.frame.top).abs() < 1.5, "{broken}");
    assert!(at(80.0).any(|y| (y - well).abs() < 0.5));
    // Arrows on both ways: triangles in their colours.
    for colour in [LIGHT.p99, LIGHT.mark] {
        let fill = format!("fill=\"{}\"", hex(colour));
        let arrows = svg.split('<').filter(|e| e.starts_with("polygon") && e.contains(&fill));
        assert!(arrows.count() >= 3);
    }
    let load = small_svg(&spec, Measure::Load);
    assert!(words(&load).iter().any(|text| text.words == "load falls"));
}
