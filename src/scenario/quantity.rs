//! Numbers with units, as people write and read them: `2.5k`, `250ms`, `10%`, `40/s`.
//!
//! A plain number is in milliseconds where a time is meant, per second for a rate, and from 0 to 1 for a
//! share. Times may end in `ns`, `us`, `ms`, `s`, `min` or `h`, memory in `MB`, `GB` or `TB`, each a thousand
//! of the one before; other numbers in `k` or `m`, a million.

use super::Unit;
use crate::engine::math::{log10, pow};

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not {expected}")]
pub struct QuantityError {
    /// The text.
    pub found: String,
    /// What it should have been, with an example.
    pub expected: &'static str,
}

/// Reads a number in `unit`: durations come out in milliseconds, shares in 0..=1.
///
/// # Errors
/// Says what was found and what is possible.
pub fn parse(text: &str, unit: Unit) -> Result<f64, QuantityError> {
    let expected = match unit {
        Unit::Count => "a number such as 40 or 2.5k",
        Unit::Ms => "a time such as 250ms or 4s",
        Unit::Share => "a share such as 0.1 or 10%",
        Unit::PerSecond => "a rate such as 40 or 2.5k/s",
        Unit::Mb | Unit::Gb => "memory such as 50MB or 4GB",
    };
    let error = || QuantityError { found: text.chars().take(40).collect(), expected };
    let mut cleaned: String =
        text.chars().filter(|c| !c.is_whitespace() && *c != ',' && *c != '_').collect();
    cleaned.make_ascii_lowercase();
    let ends: &[(&str, f64)] = match unit {
        Unit::Count => &[("k", 1e3), ("m", 1e6)],
        Unit::Ms => &[
            ("ms", 1.0),
            ("us", 1e-3),
            ("µs", 1e-3),
            ("ns", 1e-6),
            ("min", 60e3),
            ("h", 3_600e3),
            ("s", 1e3),
        ],
        Unit::Share => &[("%", 0.01)],
        Unit::PerSecond => &[("k/s", 1e3), ("m/s", 1e6), ("/s", 1.0), ("k", 1e3), ("m", 1e6)],
        Unit::Mb => &[("mb", 1.0), ("gb", 1e3), ("tb", 1e6)],
        Unit::Gb => &[("mb", 1e-3), ("gb", 1.0), ("tb", 1e3)],
    };
    let found = ends.iter().find_map(|&(end, factor)| Some((cleaned.strip_suffix(end)?, factor)));
    let (digits, factor) = found.unwrap_or((cleaned.as_str(), 1.0));
    let number = decimal(digits).ok_or_else(error)?;
    let value = number * factor;
    if value.is_finite() { Ok(value) } else { Err(error()) }
}

/// The number nearest to a decimal such as `-12.5e3`; `None` for anything else.
///
/// The browser's parser rounds as exactly as `std`'s, whose tables would be a twentieth of what
/// the page downloads.
pub fn decimal(text: &str) -> Option<f64> {
    let is_plain = |b: u8| b.is_ascii_digit() || b".e+-".contains(&b);
    if text.is_empty() || !text.bytes().all(is_plain) {
        return None;
    }
    #[cfg(target_arch = "wasm32")]
    let number = wasm_bindgen::JsValue::from_str(text).unchecked_into_f64();
    #[cfg(not(target_arch = "wasm32"))]
    let number = text.parse().ok()?;
    (!f64::is_nan(number)).then_some(number)
}

/// Writes a number in `unit` for eyes, with three digits: `2.5k`, `250 ms`, `1.2 s`, `10 %`.
pub fn format(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Count => short(value),
        Unit::Ms => match value.abs() {
            0.0 => "0 ms".to_owned(),
            ms if ms < 0.9995 => format!("{} µs", digits(value * 1e3)),
            ms if ms < 999.5 => format!("{} ms", digits(value)),
            ms if ms < 119_500.0 => format!("{} s", digits(value / 1e3)),
            ms if ms < 7_170_000.0 => format!("{} min", digits(value / 60e3)),
            _ => format!("{} h", digits(value / 3_600e3)),
        },
        Unit::Share => format!("{} %", digits(value * 100.0)),
        Unit::PerSecond => format!("{}/s", short(value)),
        Unit::Mb => match value.abs() {
            mb if mb < 999.5 => format!("{} MB", digits(value)),
            mb if mb < 999_500.0 => format!("{} GB", digits(value / 1e3)),
            _ => format!("{} TB", digits(value / 1e6)),
        },
        Unit::Gb => format(value * 1e3, Unit::Mb),
    }
}

/// Writes a number in `unit` for ears: no abbreviations.
pub fn spoken(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Count => digits(value),
        Unit::Ms if value.abs() < 999.5 => format!("{} milliseconds", digits(value)),
        Unit::Ms => format!("{} seconds", digits(value / 1e3)),
        Unit::Share => format!("{} percent", digits(value * 100.0)),
        Unit::PerSecond => format!("{} per second", digits(value)),
        Unit::Mb if value.abs() < 999.5 => format!("{} megabytes", digits(value)),
        Unit::Mb => format!("{} gigabytes", digits(value / 1e3)),
        Unit::Gb => spoken(value * 1e3, Unit::Mb),
    }
}

/// What may follow a number after a space.
const UNITS: [&str; 10] = ["%", "ns", "µs", "ms", "s", "min", "h", "MB", "GB", "TB"];

/// The same text for a page, where no line ends between a number and its unit.
pub fn unbroken(text: &str) -> String {
    let mut words = text.split(' ').peekable();
    let mut joined = String::with_capacity(text.len());
    while let Some(word) = words.next() {
        joined.push_str(word);
        let Some(next) = words.peek() else { break };
        let is_number = word.ends_with(|last: char| last.is_ascii_digit());
        let next = next.trim_end_matches(|last: char| !last.is_alphanumeric() && last != '%');
        joined.push(if is_number && UNITS.contains(&next) { '\u{a0}' } else { ' ' });
    }
    joined
}

fn short(value: f64) -> String {
    match value.abs() {
        size if size < 999.5 => digits(value),
        size if size < 999_500.0 => format!("{}k", digits(value / 1e3)),
        _ => format!("{}M", digits(value / 1e6)),
    }
}

/// Three significant digits, without trailing zeros; whole numbers in full.
fn digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { value.to_string() };
    }
    let magnitude = log10(value.abs()).floor();
    let unit = pow(10.0, magnitude - 2.0);
    let rounded = if magnitude >= 2.0 { value.round() } else { (value / unit).round() * unit };
    let decimals = (2.0 - magnitude).clamp(0.0, 9.0) as usize;
    let text = format!("{rounded:.decimals$}");
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_may_write_numbers_as_they_do() {
        for (text, unit, value) in [
            ("2.5k", Unit::Count, 2_500.0),
            ("1e6", Unit::Count, 1e6),
            ("12,000", Unit::Count, 12_000.0),
            ("10 %", Unit::Share, 0.1),
            ("0.1", Unit::Share, 0.1),
            ("250ms", Unit::Ms, 250.0),
            ("4 s", Unit::Ms, 4_000.0),
            ("1.5 min", Unit::Ms, 90_000.0),
            ("250", Unit::Ms, 250.0),
            ("40/s", Unit::PerSecond, 40.0),
            ("1.2k/s", Unit::PerSecond, 1_200.0),
            ("512 MB", Unit::Mb, 512.0),
            ("4GB", Unit::Mb, 4_000.0),
            ("4GB", Unit::Gb, 4.0),
            ("500mb", Unit::Gb, 0.5),
        ] {
            let found = parse(text, unit).unwrap();
            assert!((found - value).abs() < 1e-9 * value, "{text}: {found}");
        }
        for text in ["", "abc", "inf", "nan", "1e999", "--1", "5 apples"] {
            assert!(parse(text, Unit::Count).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_stay_with_their_units() {
        let text = "In 5 s, 90 % of 12 users (250 ms) wait.  So 3 minutes, 40/s and s 1";
        assert_eq!(
            unbroken(text),
            "In 5\u{a0}s, 90\u{a0}% of 12 users (250\u{a0}ms) wait.  So 3 minutes, 40/s and s 1"
        );
        assert_eq!(unbroken(""), "");
    }

    #[test]
    fn numbers_are_written_with_three_digits() {
        for (value, unit, text) in [
            (2_500.0, Unit::Count, "2.5k"),
            (36.0, Unit::Count, "36"),
            (999.6, Unit::Count, "1k"),
            (48.249, Unit::Ms, "48.2 ms"),
            (1_234.0, Unit::Ms, "1.23 s"),
            (0.5, Unit::Ms, "500 µs"),
            (3_660e3, Unit::Ms, "61 min"),
            (10_000e3, Unit::Ms, "2.78 h"),
            (0.012_34, Unit::Share, "1.23 %"),
            (99.0, Unit::PerSecond, "99/s"),
            (0.5, Unit::Mb, "0.5 MB"),
            (4_096.0, Unit::Mb, "4.1 GB"),
            (16.0, Unit::Gb, "16 GB"),
        ] {
            assert_eq!(format(value, unit), text);
        }
        assert_eq!(spoken(2_500.0, Unit::Count), "2500");
        assert_eq!(spoken(0.5, Unit::Gb), "500 megabytes");
        assert_eq!(spoken(16_000.0, Unit::Mb), "16 gigabytes");
    }
}
