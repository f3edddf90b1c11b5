//! The charts over time as they come out of the backend: geometry and words are read back from SVG.

use kneepoint::analysis::timeline::{Strip, Window};
use kneepoint::chart::backend::{FINE, MeasureText};
use kneepoint::chart::palette::LIGHT;
use kneepoint::chart::paper::Look;
use kneepoint::chart::svg::document;
use kneepoint::chart::text::WidthTable;
use kneepoint::chart::ticks;
use kneepoint::chart::time::{Band, Mark, TimeAxes, TimeSpec, draw, frames, readings};
use proptest::prelude::*;

const OBJECTIVE_MS: f64 = 1_000.0;

fn window(p99_ms: Option<f64>, queue: f64) -> Window {
    Window {
        sent: 100,
        retries: 20,
        right: if p99_ms.is_some() { 100 } else { 0 },
        lost: if p99_ms.is_some() { 0 } else { 100 },
        late: 0,
        p50_ms: p99_ms.map(|ms| ms * 0.4),
        p95_ms: p99_ms.map(|ms| ms * 0.8),
        p99_ms,
        queue,
    }
}

fn strip(p99s: &[Option<f64>]) -> Strip {
    let windows: Vec<Window> = p99s.iter().map(|p99| window(*p99, p99.unwrap_or(0.0))).collect();
    Strip {
        length_ms: 500.0,
        now_ms: 500.0 * windows.len() as f64,
        span_ms: 60_000.0,
        windows,
        queue_of: Some("db".to_owned()),
        restarts_ms: Vec::new(),
        trouble: None,
    }
}

fn svg(strip: &Strip, size: (u32, u32), span_ms: f64, bands: &[Band], marks: &[Mark]) -> String {
    let spec = TimeSpec {
        strip,
        bands,
        marks,
        objective_ms: OBJECTIVE_MS,
        axes: TimeAxes::of(strip, span_ms, OBJECTIVE_MS, None),
        size: (f64::from(size.0), f64::from(size.1)),
        look: Look { palette: &LIGHT, font: "sans-serif", text_px: 12.0, scale: FINE },
    };
    document(size, "words", |area| draw(area, &spec).map_err(|error| error.to_string()))
        .expect("text can be written")
}

fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = element.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// Words with their place: left, right, top, bottom, in pixels.
fn words(svg: &str) -> Vec<(String, [f64; 4])> {
    let read = |element: &str| {
        let (head, content) = element.split_once('>').expect("the end of a tag");
        let number = |name: &str| -> f64 {
            attribute(head, name).and_then(|value| value.parse().ok()).expect("a number")
        };
        let words = content.trim().to_owned();
        let size = number("font-size") / FINE;
        let (x, y) = (number("x") / FINE, number("y") / FINE);
        let width = WidthTable.width(&words, "", size);
        let left = match attribute(head, "text-anchor") {
            Some("end") => x - width,
            Some("middle") => x - width / 2.0,
            _ => x,
        };
        (words, [left, left + width, y - size / 2.0, y + size / 2.0])
    };
    svg.split('<').filter(|element| element.starts_with("text ")).map(read).collect()
}

/// Points of all lines of p99's colour, in pixels.
fn p99_lines(svg: &str) -> Vec<Vec<(f64, f64)>> {
    let (r, g, b) = LIGHT.p99;
    let colour = format!("#{r:02X}{g:02X}{b:02X}");
    let points = |element: &str| {
        let pairs = attribute(element, "points").unwrap_or_default().split_whitespace();
        let pair = |pair: &str| {
            let (x, y) = pair.split_once(',').expect("x and y");
            let unit = |text: &str| text.parse::<f64>().expect("a number") / FINE;
            (unit(x), unit(y))
        };
        pairs.map(pair).collect()
    };
    svg.split('<')
        .filter(|element| element.starts_with("polyline"))
        .filter(|element| attribute(element, "stroke") == Some(&colour))
        .map(points)
        .collect()
}

fn some_bands() -> Vec<Band> {
    vec![Band { from_ms: 10_000.0, to_ms: 20_000.0 }, Band { from_ms: 55_000.0, to_ms: 90_000.0 }]
}

fn some_marks() -> Vec<Mark> {
    let mark = |at_ms: f64, words: &str| Mark { at_ms, words: words.to_owned() };
    vec![mark(20_000.0, "trigger ends"), mark(21_000.0, "Users 300"), mark(59_000.0, "Join on")]
}

#[test]
fn a_line_runs_through_the_middles_of_its_windows_and_stops_where_nothing_was_answered() {
    let mut p99s = vec![Some(100.0); 40];
    p99s[20] = None;
    p99s[30] = Some(4_000.0);
    let strip = strip(&p99s);
    let lines = p99_lines(&svg(&strip, (700, 400), 60_000.0, &[], &[]));
    assert_eq!(lines.len(), 2, "one before the gap and one behind it");
    assert_eq!((lines[0].len(), lines[1].len()), (20, 19));
    let [frame, ..] = frames((700.0, 400.0), 12.0);
    let x = |index: f64| frame.left + (index + 0.5) * 500.0 / 60_000.0 * (frame.right - frame.left);
    assert!((lines[0][0].0 - x(0.0)).abs() < 0.5, "{:?}", lines[0][0]);
    assert!((lines[1][9].0 - x(30.0)).abs() < 0.5);
    assert!(lines[1][9].1 < lines[1][8].1 - 10.0, "the slow window stands out");
}

#[test]
fn everything_that_is_drawn_is_named() {
    let mut p99s = vec![Some(100.0); 100];
    p99s[30..36].fill(None);
    let svg = svg(&strip(&p99s), (700, 400), 60_000.0, &some_bands(), &some_marks());
    let said: Vec<String> = words(&svg).into_iter().map(|(words, _)| words).collect();
    for expected in [
        "Latency",
        "Requests per second",
        "Waiting before db",
        "p50",
        "p95",
        "p99",
        "offered",
        "goodput",
        "errors",
        "waiting",
        "trigger ends",
        "Users 300",
        "30 s",
    ] {
        assert!(said.iter().any(|words| words == expected), "`{expected}` is not among {said:?}");
    }
    let (r, g, b) = LIGHT.errors;
    let fill = format!("fill=\"#{r:02X}{g:02X}{b:02X}\"");
    let blocks = svg.split('<').filter(|e| e.starts_with("rect") && e.contains(&fill)).count();
    assert_eq!(blocks, 6, "two bands through three charts");
}

#[test]
fn no_label_touches_another_from_300_to_1200_pixels() {
    let p99s: Vec<Option<f64>> =
        (0..120).map(|i| Some(40.0 * f64::from(i % 7 + 1) * f64::from(i + 1))).collect();
    for width in (300..=1_200).step_by(60) {
        for span_ms in [60_000.0, 600_000.0, 7_200_000.0] {
            for marks in [Vec::new(), some_marks()] {
                let svg = svg(&strip(&p99s), (width, 330), span_ms, &some_bands(), &marks);
                let texts = words(&svg);
                for (index, (text, [left, right, top, bottom])) in texts.iter().enumerate() {
                    let about = format!("{width} px, {span_ms} ms: `{text}`");
                    assert!(*left >= 0.0 && *right <= f64::from(width), "{about} sticks out");
                    assert!(*top >= 0.0 && *bottom <= 330.0, "{about} sticks out");
                    for (other, [l, r, t, b]) in &texts[..index] {
                        let is_over = left < r && l < right && top < b && t < bottom;
                        assert!(!is_over, "{about} over `{other}`");
                    }
                }
            }
        }
    }
}

#[test]
fn every_state_of_a_run_can_be_drawn() {
    for strip in [
        Strip::default(),
        strip(&[]),
        strip(&[None; 150]),
        strip(&[Some(1e-9), Some(1e12), None, Some(40.0)]),
    ] {
        let svg = svg(&strip, (340, 300), strip.span_ms, &some_bands(), &some_marks());
        assert!(!svg.contains("NaN") && svg.trim_end().ends_with("</svg>"));
        assert!(readings(&strip, 9_999).is_empty());
    }
}

proptest! {
    #[test]
    fn ticks_of_time_are_round_few_and_read_differently(
        log_span in 1.0..9.5_f64, most in 1_usize..14,
    ) {
        let span_ms = kneepoint::engine::math::pow(10.0, log_span);
        let ticks = ticks::of_time(span_ms, most);
        prop_assert!(!ticks.is_empty() && ticks.len() <= most + 1, "{ticks:?}");
        prop_assert!(ticks.iter().all(|tick| (0.0..=span_ms).contains(&tick.value)));
        prop_assert!(ticks.windows(2).all(|pair| pair[0].words != pair[1].words), "{ticks:?}");
    }
}
