//! Charts as they come out of the backend: geometry and words are read back from the SVG.

use kneepoint::analysis::report::{
    Curve, CurvePoint, Knee, KneeLimit, LatencySummary, TheoryPoint,
};
use kneepoint::chart::axis::Axis;
use kneepoint::chart::backend::{FINE, MeasureText};
use kneepoint::chart::measure::{Measure, Measures};
use kneepoint::chart::palette::{DARK, LIGHT, Rgb};
use kneepoint::chart::plot::{self, Axes, Layout, Spec};
use kneepoint::chart::svg::{Picture, document};
use kneepoint::chart::text::WidthTable;
use kneepoint::scenario::{Knob, Objective, Scale, Unit, catalogue, quantity};
use proptest::prelude::*;

#[path = "charts/picture.rs"]
mod picture;
#[path = "charts/small.rs"]
mod small;

const OBJECTIVE: Objective =
    Objective { p99_ms: 1_000.0, error_share: 0.01, stale_is_wrong: false };

/// Rounding to whole units moves a point by up to half a unit in both directions: 0.71 in all.
const ROUNDING_UNITS: f64 = 0.75;

fn users() -> Knob {
    catalogue::find("n-plus-one").expect("a scenario that ships").knobs[0].clone()
}

fn point(x: f64, p99: Option<f64>) -> CurvePoint {
    CurvePoint {
        x,
        latency_ms: LatencySummary {
            p50: p99.map(|ms| ms * 0.4),
            p95: p99.map(|ms| ms * 0.8),
            p99,
            p99_half_width: p99.map(|ms| ms * 0.1),
            ..LatencySummary::default()
        },
        offered_per_s: x / 10.0,
        goodput_per_s: (x / 10.0).min(190.0),
        error_share: if x > 1_900.0 { 1.0 - 1_900.0 / x } else { 0.0 },
        overloaded: x > 2_500.0,
        settled: x < 1_000.0,
        ..CurvePoint::default()
    }
}

/// A curve over `users` with these values of p99 at equal distances.
fn curve(p99s: &[Option<f64>]) -> Curve {
    let axis = Axis::of_knob(&users());
    let last = (p99s.len().max(2) - 1) as f64;
    let x = |index: usize| axis.value(index as f64 / last);
    Curve {
        knob: "users".to_owned(),
        points: p99s.iter().enumerate().map(|(index, p99)| point(x(index), *p99)).collect(),
        pass: 3,
        finished: true,
        knee: Some(Knee { x: 2_100.0, p99_ms: 1_000.0, limit: KneeLimit::P99 }),
        theory: Vec::new(),
        parts: Vec::new(),
    }
}

/// Flat, then bent at the knee, then overloaded.
fn bent() -> Curve {
    let p99 = |index: u32| match index {
        0..17 => 92.0,
        17 => 140.0,
        18 => 1_800.0,
        _ => 40_000.0,
    };
    let mut curve = curve(&(0..24).map(|index| Some(p99(index))).collect::<Vec<_>>());
    let exact = |point: &CurvePoint| TheoryPoint {
        x: point.x,
        mean_ms: 50.0,
        p50_ms: point.latency_ms.p50,
        p95_ms: None,
        p99_ms: point.latency_ms.p99,
    };
    curve.theory = curve.points[..12].iter().map(exact).collect();
    curve
}

/// Everything drawn, on axes that fit.
fn spec<'a>(curve: &'a Curve, knob: &'a Knob, size: (u32, u32)) -> Spec<'a> {
    Spec {
        curve,
        ghost: None,
        walk: None,
        knob,
        objective: &OBJECTIVE,
        point: 38.0,
        measured_p99: None,
        hover: None,
        axes: Axes::of(knob, (curve, None, None), &OBJECTIVE, None),
        size: (f64::from(size.0), f64::from(size.1)),
        scale: FINE,
        palette: &LIGHT,
        font: "sans-serif",
        text_px: 12.0,
        titled: false,
        labelled: true,
    }
}

fn latency_svg(spec: &Spec<'_>) -> String {
    let size = (spec.size.0 as u32, spec.size.1 as u32);
    document(size, "words", |area| match plot::latency(area, spec) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    })
    .expect("text can be written")
}

fn load_svg(spec: &Spec<'_>) -> String {
    small_svg(spec, Measure::Load)
}

fn small_svg(spec: &Spec<'_>, measure: Measure) -> String {
    let size = (spec.size.0 as u32, spec.size.1 as u32);
    document(size, "words", |area| match plot::small(area, spec, measure) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    })
    .expect("text can be written")
}

/// An attribute of an element's text.
fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = element.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn number(element: &str, name: &str) -> f64 {
    attribute(element, name).and_then(|value| value.parse().ok()).expect("a number")
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02X}{g:02X}{b:02X}")
}

/// Lines of a colour, in units.
fn polylines(svg: &str, colour: Rgb) -> Vec<Vec<(f64, f64)>> {
    shapes(svg, "polyline", "stroke", colour)
}

/// Dashes of a colour, in units: their ends. All of a line are one polygon of rectangles, each with
/// its first corner again at its end.
fn dashes(svg: &str, colour: Rgb) -> Vec<[(f64, f64); 2]> {
    let middle = |a: (f64, f64), b: (f64, f64)| (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1));
    let found = shapes(svg, "polygon", "fill", colour);
    let rectangles = found
        .iter()
        .flat_map(|corners| corners.chunks_exact(5).take_while(|corners| corners[0] == corners[4]));
    rectangles.map(|c| [middle(c[0], c[3]), middle(c[1], c[2])]).collect()
}

/// Points of all elements of a kind whose attribute has a colour.
fn shapes(svg: &str, kind: &str, paint: &str, colour: Rgb) -> Vec<Vec<(f64, f64)>> {
    let colour = hex(colour);
    let points = |element: &str| {
        let pairs = attribute(element, "points").unwrap_or_default().split_whitespace();
        let pair = |pair: &str| {
            let (x, y) = pair.split_once(',').expect("x and y");
            (x.parse().expect("a number"), y.parse().expect("a number"))
        };
        pairs.map(pair).collect()
    };
    svg.split('<')
        .filter(|element| element.starts_with(kind))
        .filter(|element| attribute(element, paint) == Some(&colour))
        .map(points)
        .collect()
}

/// What a text takes up, in pixels, and what it says.
struct Label {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    words: String,
}

fn words(svg: &str) -> Vec<Label> {
    let read = |element: &str| {
        let (head, content) = element.split_once('>').expect("the end of a tag");
        let words = content.trim().to_owned();
        let size = number(head, "font-size") / FINE;
        let (x, y) = (number(head, "x") / FINE, number(head, "y") / FINE);
        let width = WidthTable.width(&words, "", size);
        let left = match attribute(head, "text-anchor") {
            Some("end") => x - width,
            Some("middle") => x - width / 2.0,
            _ => x,
        };
        Label { left, right: left + width, top: y - size / 2.0, bottom: y + size / 2.0, words }
    };
    svg.split('<').filter(|element| element.starts_with("text ")).map(read).collect()
}

fn distance(point: (f64, f64), from: (f64, f64), to: (f64, f64)) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let along = (point.0 - from.0) * dx + (point.1 - from.1) * dy;
    let share = if length > 0.0 { (along / length).clamp(0.0, 1.0) } else { 0.0 };
    let (ex, ey) = (from.0 + share * dx - point.0, from.1 + share * dy - point.1);
    (ex * ex + ey * ey).sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_stroke_lies_on_the_true_curve_and_what_is_off_the_axis_is_said(
        p99s in prop::collection::vec(prop::option::weighted(0.9, 1e0..1e7_f64), 2..24),
        small in prop::collection::vec(any::<bool>(), 24),
        decades in 2_u32..5,
    ) {
        let knob = users();
        // Half of the values are small, so that lines go in and out of the axis.
        let scaled = |(p99, small): (Option<f64>, bool)| p99.map(|ms| if small { ms / 1e4 } else { ms });
        let p99s: Vec<_> = p99s.into_iter().zip(small).map(scaled).collect();
        let curve = curve(&p99s);
        let mut spec = spec(&curve, &knob, (900, 380));
        let max = f64::from(10_u32.pow(decades)) * 5.0;
        spec.axes.latency = Axis { min: 5.0, max, scale: Scale::Log, unit: Unit::Ms, whole: false };
        let svg = latency_svg(&spec);
        let layout = Layout::of_latency(&spec);
        let truth = |point: &CurvePoint| {
            let (x, y) = layout.pixel(point.x, point.latency_ms.p99?);
            Some((x * FINE, y * FINE))
        };
        for piece in polylines(&svg, LIGHT.p99) {
            for pair in piece.windows(2) {
                let middle = (f64::midpoint(pair[0].0, pair[1].0), f64::midpoint(pair[0].1, pair[1].1));
                let is_true = curve.points.windows(2).any(|points| {
                    let (Some(from), Some(to)) = (truth(&points[0]), truth(&points[1])) else {
                        return false;
                    };
                    let on_it = |at: &(f64, f64)| distance(*at, from, to) <= ROUNDING_UNITS;
                    [pair[0], middle, pair[1]].iter().all(on_it)
                });
                prop_assert!(is_true, "{pair:?} is on no segment");
            }
        }
        let most = p99s.iter().flatten().copied().fold(0.0, f64::max);
        if most > max * 1.001 {
            let said = format!("↑ {}", quantity::format(most, Unit::Ms));
            prop_assert!(words(&svg).iter().any(|text| text.words == said), "{said} is missing");
        }
    }

    #[test]
    fn what_is_dragged_to_a_place_is_drawn_there(share in 0.0..1.0_f64, width in 320_u32..1_920) {
        let (knob, curve) = (users(), bent());
        let layout = Layout::of_latency(&spec(&curve, &knob, (width, 380)));
        let x = layout.frame.x(share);
        prop_assert!((layout.x_of(layout.setting_at(&knob, x)) - x).abs() < 1e-6);
        let nearest = layout.nearest(&curve.points, x).expect("there are points");
        let step = layout.x_of(curve.points[1].x) - layout.x_of(curve.points[0].x);
        prop_assert!((layout.x_of(curve.points[nearest].x) - x).abs() <= step / 2.0 + 1e-6);
    }
}

#[test]
fn lines_go_through_the_points() {
    let (knob, curve) = (users(), bent());
    let spec = spec(&curve, &knob, (900, 380));
    let drawn: Vec<(f64, f64)> = polylines(&latency_svg(&spec), LIGHT.p99).concat();
    let layout = Layout::of_latency(&spec);
    let inside = |point: &&CurvePoint| point.latency_ms.p99.is_some_and(|p99| p99 < layout.y.max);
    assert!(curve.points.iter().filter(inside).count() >= 19);
    for point in curve.points.iter().filter(inside) {
        let (x, y) = layout.pixel(point.x, point.latency_ms.p99.expect("filtered"));
        let (x, y) = (x * FINE, y * FINE);
        let near = |at: &(f64, f64)| (at.0 - x).abs() <= 0.51 && (at.1 - y).abs() <= 0.51;
        assert!(drawn.iter().any(near), "no vertex at {x}, {y}");
    }
}

/// No two texts touch, and none sticks out.
fn assert_is_legible(svg: &str, (width, height): (f64, f64), about: &str) {
    let texts = words(svg);
    for (index, text) in texts.iter().enumerate() {
        let Label { left, right, top, bottom, words } = text;
        let is_inside = *left >= 0.0 && *right <= width && *top >= 0.0 && *bottom <= height;
        assert!(is_inside, "{about}: `{words}` at {left}..{right}, {top}..{bottom}");
        for other in &texts[..index] {
            let overlap = *left < other.right
                && other.left < *right
                && *top < other.bottom
                && other.top < *bottom;
            assert!(!overlap, "{about}: `{words}` over `{}`", other.words);
        }
    }
}

#[test]
fn no_label_touches_another_from_320_to_1920_pixels() {
    let (knob, before) = (users(), bent());
    let now = curve(&(0..24).map(|index| Some(20.0 + f64::from(index))).collect::<Vec<_>>());
    let texts = [(11.0, false, 260), (12.0, true, 380), (18.0, true, 420)];
    for width in (320..=1_920).step_by(50) {
        for (curve, ghost) in [(&before, None), (&now, Some(&before))] {
            for (text_px, titled, height) in texts {
                for point in [1.0, 38.0, 1_700.0, 20_000.0] {
                    let axes = Axes::of(&knob, (curve, ghost, None), &OBJECTIVE, None);
                    let spec = spec(curve, &knob, (width, height));
                    let spec = Spec { ghost, axes, text_px, titled, point, ..spec };
                    let about = format!("{width} px, text {text_px}, at {point}");
                    assert_is_legible(&latency_svg(&spec), spec.size, &about);
                    assert_is_legible(&load_svg(&spec), spec.size, &about);
                }
            }
        }
    }
}

#[test]
fn axes_have_at_least_three_labels_where_there_is_room() {
    let curve = bent();
    for scenario in catalogue::all() {
        for knob in &scenario.knobs {
            let spec = spec(&curve, knob, (640, 300));
            let layout = Layout::of_latency(&spec);
            let below = |text: &&Label| text.top > layout.frame.bottom;
            let labels = words(&latency_svg(&spec)).iter().filter(below).count();
            assert!(labels >= 3, "{}: {labels} labels under the axis", knob.id);
        }
    }
}

#[test]
fn every_state_of_a_curve_can_be_drawn() {
    let knob = users();
    let mut overloaded = curve(&[Some(90_000.0); 24]);
    for point in &mut overloaded.points {
        point.overloaded = true;
    }
    for curve in [
        curve(&[]),
        curve(&[Some(40.0)]),
        curve(&[None; 24]),
        curve(&[Some(1e-9), Some(1e12), None, Some(40.0)]),
        overloaded,
    ] {
        for (hover, point) in [(None, 38.0), (Some(0), f64::MAX), (Some(99), 0.0)] {
            let spec = Spec { hover, point, ..spec(&curve, &knob, (340, 260)) };
            for svg in [latency_svg(&spec), load_svg(&spec)] {
                assert!(!svg.contains("NaN") && svg.trim_end().ends_with("</svg>"));
            }
        }
    }
}

#[test]
fn what_is_looked_at_is_said_in_words() {
    let (knob, curve) = (users(), bent());
    for (index, point) in curve.points.iter().enumerate() {
        let spec = Spec { hover: Some(index), ..spec(&curve, &knob, (340, 260)) };
        let p99 = quantity::format(point.latency_ms.p99.expect("all points have it"), Unit::Ms);
        let said = format!("p99 {p99}");
        let svg = latency_svg(&spec);
        let found = words(&svg).into_iter().find(|text| text.words == said).expect("the card");
        assert!(found.left >= 0.0 && found.right <= 340.0, "{index}: to {}", found.right);
    }
}

#[test]
fn the_operating_point_can_be_taken_hold_of() {
    let (knob, curve) = (users(), bent());
    let layout = Layout::of_latency(&spec(&curve, &knob, (900, 380)));
    let handle = layout.handle.expect("the latency chart has one");
    assert!((layout.x_of(38.0) - handle.0).abs() < 1e-9);
    assert!((layout.pixel(38.0, 92.0).1 - handle.1).abs() < 1e-6);
    assert!(layout.grabs((handle.0 + 20.0, handle.1), 22.0));
    assert!(layout.grabs((handle.0, layout.frame.top + 1.0), 22.0));
    assert!(!layout.grabs((handle.0 + 30.0, handle.1), 22.0));
    let load = Layout::of_measure(&spec(&curve, &knob, (900, 200)), Measure::Load);
    assert!((load.frame.left - layout.frame.left).abs() < 1e-9);
    assert!((load.frame.right - layout.frame.right).abs() < 1e-9);
}
