//! What a window of the run holds, in words: for ears, and for a card beside the pointer.

use super::{goodput, lost, offered};
use crate::analysis::timeline::Strip;
use crate::scenario::{Unit, quantity};

/// One window in words for ears.
pub fn spoken_window(strip: &Strip, index: usize) -> Option<String> {
    let window = strip.windows.get(index)?;
    let per_s = 1e3 / strip.length_ms;
    let ms = |value: Option<f64>| {
        value.map_or_else(|| "none".to_owned(), |ms| quantity::spoken(ms, Unit::Ms))
    };
    let rate = |count: f64| quantity::spoken(count * per_s, Unit::PerSecond);
    Some(format!(
        "{}: p99 {}, median {}, goodput {}, errors {}, waiting {}",
        quantity::spoken(index as f64 * strip.length_ms, Unit::Ms),
        ms(window.p99_ms),
        ms(window.p50_ms),
        rate(goodput(window)),
        rate(lost(window)),
        quantity::spoken(window.queue, Unit::Count),
    ))
}

/// The values of a window, each with its name, for a card beside the pointer.
pub fn readings(strip: &Strip, index: usize) -> Vec<(&'static str, String)> {
    let Some(window) = strip.windows.get(index) else { return Vec::new() };
    let per_s = 1e3 / strip.length_ms;
    let ms = |value: Option<f64>| {
        value.map_or_else(|| "–".to_owned(), |ms| quantity::format(ms, Unit::Ms))
    };
    let rate = |count: f64| quantity::format(count * per_s, Unit::PerSecond);
    vec![
        ("p99", ms(window.p99_ms)),
        ("p95", ms(window.p95_ms)),
        ("p50", ms(window.p50_ms)),
        ("offered", rate(offered(window))),
        ("goodput", rate(goodput(window))),
        ("errors", rate(lost(window))),
        ("waiting", quantity::format(window.queue, Unit::Count)),
    ]
}
