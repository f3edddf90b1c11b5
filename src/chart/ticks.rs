//! Which values of an axis carry a label: round numbers, as many as fit.

use super::axis::Axis;
use crate::engine::math::{log10, pow};
use crate::scenario::{Scale, Unit, quantity};

/// A value with its label.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The value.
    pub value: f64,
    /// The value in words, with its unit.
    pub words: String,
}

/// Most labels on an axis, however long it is.
const MOST: usize = 16;

/// Most of them in equal steps, where fewer do.
const MOST_EVENLY: usize = 12;

/// The densest ticks that fit: 1-2-5 steps, or powers of ten where those are too many.
///
/// `fits` says whether the labels have room beside each other. Where nothing fits, the last
/// candidate is given, which is a single tick or none.
pub fn fitting(axis: &Axis, mut fits: impl FnMut(&[Tick]) -> bool) -> Vec<Tick> {
    let mut last = Vec::new();
    for values in candidates(axis) {
        if values.len() > MOST {
            continue;
        }
        let words = |value| Tick { value, words: quantity::format(value, axis.unit) };
        let ticks: Vec<Tick> = values.into_iter().map(words).collect();
        // Rounded labels that are the same would make the axis lie.
        let are_distinct = ticks.windows(2).all(|pair| pair[0].words != pair[1].words);
        if are_distinct && fits(&ticks) {
            return ticks;
        }
        last = ticks;
    }
    last.truncate(1);
    last
}

/// Sets of ticks from dense to sparse.
fn candidates(axis: &Axis) -> Vec<Vec<f64>> {
    let Axis { min, max, whole, unit, .. } = *axis;
    let by_factors = |factors: &[f64], every| {
        if unit != Unit::Ms {
            return by_factors(min, max, factors, every);
        }
        // One just outside may be round just inside.
        let mut values = by_factors(min / 1.5, max * 1.5, factors, every);
        values.iter_mut().for_each(|value| *value = as_on_clocks(*value));
        values.retain(|value| is_within(*value, min, max));
        values.dedup();
        values
    };
    let evenly = (1..=MOST_EVENLY).rev().map(|most| evenly(min, max, most, whole));
    match axis.scale {
        Scale::Linear => evenly.collect(),
        Scale::Log => {
            let mut sets = vec![by_factors(&[1.0, 2.0, 5.0], 1)];
            // A range of less than a decade has too few of them.
            if sets[0].len() < 3 {
                return evenly.chain(sets).collect();
            }
            sets.extend((1..=40).map(|every| by_factors(&[1.0], every)));
            sets.retain(|set| !set.is_empty());
            sets
        }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten, about `most` of them.
fn evenly(min: f64, max: f64, most: usize, whole: bool) -> Vec<f64> {
    let step = super::axis::round_up((max - min) / most as f64);
    let step = if whole { step.max(1.0) } else { step };
    let first = (min / step - 1e-9).ceil() as i64;
    let last = (max / step + 1e-9).floor() as i64;
    (first..=last).map(|index| index as f64 * step).collect()
}

/// These multiples of every so many powers of ten.
fn by_factors(min: f64, max: f64, factors: &[f64], every: i32) -> Vec<f64> {
    let decades = log10(min).floor() as i32 - 1..=log10(max).ceil() as i32 + 1;
    let values = decades
        .filter(|decade| decade.rem_euclid(every) == 0)
        .flat_map(|decade| factors.iter().map(move |factor| factor * pow(10.0, f64::from(decade))));
    values.filter(|value| is_within(*value, min, max)).collect()
}

/// From `min` to `max`, but for rounding.
fn is_within(value: f64, min: f64, max: f64) -> bool {
    (min * 0.999_999..=max * 1.000_001).contains(&value)
}

/// The time nearest to this one of those that are round in minutes or hours, past 100 s; in milliseconds.
fn as_on_clocks(ms: f64) -> f64 {
    const ROUND: [f64; 10] =
        [180e3, 300e3, 600e3, 1_200e3, 1_800e3, 3_600e3, 7_200e3, 18_000e3, 36_000e3, 86_400e3];
    if !(150e3..150_000e3).contains(&ms) {
        return ms;
    }
    let factor = |round: &f64| (round / ms).max(ms / round);
    let nearest = ROUND.into_iter().min_by(|a, b| factor(a).total_cmp(&factor(b)));
    nearest.unwrap_or(ms)
}

/// At most so many round times from zero on, with their labels.
pub fn of_time(span_ms: f64, most: usize) -> Vec<Tick> {
    /// Steps that clocks have, in milliseconds.
    const STEPS: [f64; 26] = [
        1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 10e3, 20e3, 30e3,
        60e3, 120e3, 300e3, 600e3, 1_200e3, 1_800e3, 3_600e3, 7_200e3, 18_000e3, 36_000e3,
        72_000e3,
    ];
    let fits = |step: &f64| span_ms / step < most as f64;
    let mut step = STEPS.into_iter().find(fits).unwrap_or(360_000e3);
    while span_ms / step >= most as f64 {
        step *= 10.0;
    }
    let tick = |index: u32| {
        let value = f64::from(index) * step;
        Tick { value, words: time_words(value, step) }
    };
    (0..=(span_ms / step + 1e-9) as u32).map(tick).collect()
}

/// A time on an axis with this step.
fn time_words(ms: f64, step: f64) -> String {
    let count = |value: f64| quantity::format(value, Unit::Count);
    match step {
        _ if ms == 0.0 => "0".to_owned(),
        step if step < 1e3 => quantity::format(ms, Unit::Ms),
        step if step < 60e3 && ms < 120e3 => format!("{} s", count(ms / 1e3)),
        step if step < 60e3 => format!("{}:{:02}", (ms / 60e3) as u64, (ms / 1e3) as u64 % 60),
        step if step < 3_600e3 => format!("{} min", count(ms / 60e3)),
        _ => format!("{} h", count(ms / 3_600e3)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn axis(min: f64, max: f64, scale: Scale, unit: Unit) -> Axis {
        Axis { min, max, scale, unit, whole: false }
    }

    fn words(axis: &Axis, most: usize) -> Vec<String> {
        let ticks = fitting(axis, |ticks| ticks.len() <= most);
        ticks.into_iter().map(|tick| tick.words).collect()
    }

    #[test]
    fn labels_are_round_numbers_with_units() {
        let ms = axis(10.0, 5_000.0, Scale::Log, Unit::Ms);
        let all = ["10 ms", "20 ms", "50 ms", "100 ms", "200 ms", "500 ms", "1 s", "2 s", "5 s"];
        assert_eq!(words(&ms, 12), all);
        assert_eq!(words(&ms, 8), ["10 ms", "100 ms", "1 s"]);
        let rates = axis(0.0, 400.0, Scale::Linear, Unit::PerSecond);
        assert_eq!(words(&rates, 5), ["0/s", "100/s", "200/s", "300/s", "400/s"]);
    }

    #[test]
    fn long_times_are_round_on_clocks() {
        let ms = axis(10_000.0, 40_000_000.0, Scale::Log, Unit::Ms);
        let all = [
            "10 s", "20 s", "50 s", "100 s", "3 min", "10 min", "20 min", "30 min", "60 min",
            "2 h", "5 h", "10 h",
        ];
        assert_eq!(words(&ms, 12), all);
        assert_eq!(words(&ms, 8), ["10 s", "100 s", "20 min", "2 h"]);
    }

    #[test]
    fn a_short_range_has_labels_too() {
        let narrow = axis(120.0, 180.0, Scale::Log, Unit::Count);
        assert_eq!(words(&narrow, 4), ["120", "140", "160", "180"]);
        let workers = Axis { whole: true, ..axis(1.0, 4.0, Scale::Linear, Unit::Count) };
        assert_eq!(words(&workers, 12), ["1", "2", "3", "4"]);
    }

    #[test]
    fn labels_that_would_read_the_same_are_not_used() {
        let fine = axis(100_000.0, 100_400.0, Scale::Linear, Unit::Count);
        let found = words(&fine, 12);
        assert!(found.windows(2).all(|pair| pair[0] != pair[1]), "{found:?}");
    }

    proptest! {
        #[test]
        fn ticks_lie_on_the_axis_in_order_and_within_what_fits(
            low in -3.0..6.0_f64, decades in 0.05..9.0_f64, most in 2_usize..14, is_log in any::<bool>(),
        ) {
            let (min, max) = (pow(10.0, low), pow(10.0, low + decades));
            let scale = if is_log { Scale::Log } else { Scale::Linear };
            let found = fitting(&axis(min, max, scale, Unit::Ms), |ticks| ticks.len() <= most);
            prop_assert!(!found.is_empty() && found.len() <= most, "{found:?}");
            let on_axis = |tick: &Tick| (min * 0.999..=max * 1.001).contains(&tick.value);
            prop_assert!(found.iter().all(on_axis), "{found:?}");
            prop_assert!(found.windows(2).all(|pair| pair[0].value < pair[1].value));
        }
    }
}
