//! Both charts as one picture.

use super::*;

#[test]
fn a_picture_says_what_it_shows_in_both_themes() {
    let (knob, curve) = (users(), bent());
    for (dark, palette) in [(false, LIGHT), (true, DARK)] {
        let picture = Picture {
            curve: &curve,
            ghost: Some(&curve),
            walk: None,
            measures: Measures::LOAD,
            knob: &knob,
            objective: &OBJECTIVE,
            point: 38.0,
            size: (900, 560),
            dark,
        };
        let svg = picture.draw().expect("text can be written");
        assert!(svg.contains(&format!("fill=\"{}\"", hex(palette.background))));
        assert!(
            svg.contains("<desc>p99 latency over users from 1 to 20k: 92 ms at 1, knee at 2.1k")
        );
        assert!(svg.contains("width=\"900\" height=\"560\" viewBox=\"0 0 3600 2240\""));
        let said: Vec<String> = words(&svg).into_iter().map(|text| text.words).collect();
        for expected in [
            "p50",
            "p95",
            "p99",
            "before",
            "goodput",
            "knee at 2.1k users",
            "objective 1 s",
            "○ theory",
            "overloaded",
            "92 ms at 38",
            "Users",
            "Requests per second",
        ] {
            let is_said = said.iter().any(|words| words.trim_start_matches("↑ ") == expected);
            assert!(is_said, "`{expected}` is not among {said:?}");
        }
        assert_is_legible(&svg, (900.0, 560.0), "picture");
    }
}
