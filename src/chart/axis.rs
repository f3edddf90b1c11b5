//! Axes: where values lie, and which of them carry a label.

use crate::engine::math::{exp, ln, log10, pow};
use crate::scenario::{Knob, Scale, Unit, quantity};

/// One axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// Value at the start.
    pub min: f64,
    /// Value at the end, above `min`.
    pub max: f64,
    /// How values are spread.
    pub scale: Scale,
    /// What the values are.
    pub unit: Unit,
}

impl Axis {
    /// The axis of a knob.
    pub fn of_knob(knob: &Knob) -> Self {
        Self { min: knob.min, max: knob.max, scale: knob.scale, unit: knob.unit }
    }

    /// A logarithmic axis of latencies that holds all values, from and to a 1, 2 or 5.
    ///
    /// The present axis is kept while it holds the values and they fill at least half of it, so
    /// that a curve visibly moves while a knob is dragged.
    pub fn of_latencies(values: impl Iterator<Item = f64>, present: Option<Self>) -> Self {
        let (low, high) = range(values.filter(|value| *value > 0.0)).unwrap_or((1.0, 1_000.0));
        let (low, high) = (round_down(low * 0.8), round_up((high * 1.2).max(low * 20.0)));
        if let Some(axis) = present
            && axis.min <= low * 1.01
            && high <= axis.max * 1.01
            && ln(high / low) >= 0.5 * ln(axis.max / axis.min)
        {
            return axis;
        }
        Self { min: low, max: high, scale: Scale::Log, unit: Unit::Ms }
    }

    /// A linear axis of rates from zero.
    pub fn of_rates(values: impl Iterator<Item = f64>, present: Option<Self>) -> Self {
        let high = range(values).map_or(1.0, |(_, high)| high).max(1e-3);
        let high = round_up(high * 1.05);
        if let Some(axis) = present
            && high <= axis.max * 1.01
            && high >= axis.max * 0.4
        {
            return axis;
        }
        Self { min: 0.0, max: high, scale: Scale::Linear, unit: Unit::PerSecond }
    }

    /// Where a value lies, 0..=1 on the axis, outside it beyond.
    pub fn position(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.min) / (self.max - self.min),
            Scale::Log => ln(value.max(1e-300) / self.min) / ln(self.max / self.min),
        }
    }

    /// The value at a position.
    pub fn value(&self, position: f64) -> f64 {
        match self.scale {
            Scale::Linear => self.min + (self.max - self.min) * position,
            Scale::Log => self.min * exp(ln(self.max / self.min) * position),
        }
    }

    /// Values that carry a label, with their words: 1-2-5 steps, at most `most` of them.
    pub fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        let values = match self.scale {
            Scale::Linear => linear_ticks(self.min, self.max, most),
            Scale::Log => log_ticks(self.min, self.max, most),
        };
        values.into_iter().map(|value| (value, quantity::format(value, self.unit))).collect()
    }
}

fn linear_ticks(min: f64, max: f64, most: usize) -> Vec<f64> {
    let step = round_up((max - min) / most.max(1) as f64);
    let first = (min / step).ceil() as i64;
    let last = (max / step + 1e-9).floor() as i64;
    (first..=last).map(|index| index as f64 * step).collect()
}

/// 1-2-5 in every decade if they fit, else 1 in every decade, else every second decade..
fn log_ticks(min: f64, max: f64, most: usize) -> Vec<f64> {
    let first = log10(min).floor() as i32 - 1;
    let last = log10(max).ceil() as i32 + 1;
    let within = |value: &f64| (min * 0.999..=max * 1.001).contains(value);
    let ticks = |mantissas: &[f64], every: i32| -> Vec<f64> {
        let decades = (first..=last).filter(|decade| decade.rem_euclid(every) == 0);
        let values = decades.flat_map(|decade| {
            mantissas.iter().map(move |mantissa| mantissa * pow(10.0, f64::from(decade)))
        });
        values.filter(within).collect()
    };
    let all = ticks(&[1.0, 2.0, 5.0], 1);
    if all.len() <= most {
        return all;
    }
    let mut every = 1;
    loop {
        let fewer = ticks(&[1.0], every);
        if fewer.len() <= most.max(2) || every > 400 {
            return fewer;
        }
        every += 1;
    }
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((value.min(low), value.max(high)))
    })
}

/// The next 1, 2 or 5 times a power of ten at or above a positive value.
fn round_up(value: f64) -> f64 {
    let decade = pow(10.0, log10(value).floor());
    let mantissa = value / decade;
    let steps = [1.0, 2.0, 5.0, 10.0];
    steps.into_iter().find(|step| mantissa <= step * 1.000_001).unwrap_or(10.0) * decade
}

/// The next 1, 2 or 5 times a power of ten at or below a positive value.
fn round_down(value: f64) -> f64 {
    let decade = pow(10.0, log10(value).floor());
    let mantissa = value / decade;
    let steps = [5.0, 2.0, 1.0];
    steps.into_iter().find(|step| mantissa >= step * 0.999_999).unwrap_or(1.0) * decade
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_round_numbers_with_units_and_fit() {
        let axis = Axis { min: 10.0, max: 5_000.0, scale: Scale::Log, unit: Unit::Ms };
        let words: Vec<String> = axis.ticks(12).into_iter().map(|(_, words)| words).collect();
        assert_eq!(
            words,
            ["10 ms", "20 ms", "50 ms", "100 ms", "200 ms", "500 ms", "1 s", "2 s", "5 s"]
        );
        for most in 2..20 {
            assert!(axis.ticks(most).len() <= most, "{most}");
            let rates = Axis { min: 0.0, max: 200.0, scale: Scale::Linear, unit: Unit::PerSecond };
            assert!(rates.ticks(most).len() <= most + 1, "{most}");
        }
    }

    #[test]
    fn positions_and_values_are_inverse() {
        for scale in [Scale::Linear, Scale::Log] {
            let axis = Axis { min: 2.0, max: 900.0, scale, unit: Unit::Count };
            for share in [0.0, 0.2, 0.7, 1.0] {
                assert!((axis.position(axis.value(share)) - share).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn an_axis_stays_while_the_values_fill_it() {
        let first = Axis::of_latencies([50.0, 3_000.0].into_iter(), None);
        assert!(first.min <= 50.0 && first.max >= 3_000.0);
        assert_eq!(Axis::of_latencies([60.0, 1_500.0].into_iter(), Some(first)), first);
        let wider = Axis::of_latencies([60.0, 90_000.0].into_iter(), Some(first));
        assert!(wider.max >= 90_000.0);
    }
}
