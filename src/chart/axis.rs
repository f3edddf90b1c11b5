//! Axes: where values lie, and how far an axis reaches.

use crate::engine::math::{exp, ln, log10, pow};
use crate::scenario::{Knob, Scale, Unit};

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
    /// Only whole numbers make sense.
    pub whole: bool,
}

impl Axis {
    /// The axis of a knob.
    pub fn of_knob(knob: &Knob) -> Self {
        let Knob { min, max, scale, unit, whole, .. } = *knob;
        Self { min, max: if max > min { max } else { min + 1.0 }, scale, unit, whole }
    }

    /// A logarithmic axis of latencies that holds all values, from and to a 1, 2 or 5.
    ///
    /// The present axis is kept while it holds the values and they fill at least half of it, so
    /// that a curve visibly moves while a knob is dragged.
    pub fn of_latencies(values: impl Iterator<Item = f64>, present: Option<Self>) -> Self {
        let (low, high) = range(values.filter(|value| *value > 0.0)).unwrap_or((1.0, 1_000.0));
        let (min, max) = (round_down(low * 0.85), round_up((high * 1.15).max(low * 20.0)));
        let new = Self { min, max, scale: Scale::Log, unit: Unit::Ms, whole: false };
        new.unless_kept(present, (low, high))
    }

    /// A linear axis of rates from zero, kept as that of latencies is.
    pub fn of_rates(values: impl Iterator<Item = f64>, present: Option<Self>) -> Self {
        Self::of_values(Unit::PerSecond, values, present)
    }

    /// A linear axis of values in this unit from zero, kept as that of latencies is. Shares end at
    /// the whole.
    pub fn of_values(unit: Unit, values: impl Iterator<Item = f64>, present: Option<Self>) -> Self {
        let high = range(values).map_or(1.0, |(_, high)| high).max(1e-3);
        let max = round_up_finely(high * 1.05);
        let max = if unit == Unit::Share { max.min(1.0) } else { max };
        let new = Self { min: 0.0, max, scale: Scale::Linear, unit, whole: false };
        new.unless_kept(present, (0.0, high))
    }

    /// The present axis, if values from `low` to `high` lie on it and it is at most twice as long
    /// as the new one.
    fn unless_kept(self, present: Option<Self>, (low, high): (f64, f64)) -> Self {
        let length = |axis: &Self| match axis.scale {
            Scale::Linear => axis.max - axis.min,
            Scale::Log => ln(axis.max / axis.min),
        };
        let is_kept = |axis: &Self| {
            let same_kind = axis.scale == self.scale && axis.unit == self.unit;
            let holds = axis.min <= low && high <= axis.max;
            same_kind && holds && length(&self) >= 0.5 * length(axis)
        };
        present.filter(is_kept).unwrap_or(self)
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
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((value.min(low), value.max(high)))
    })
}

/// The next 1, 2 or 5 times a power of ten at or above a positive value.
pub(super) fn round_up(value: f64) -> f64 {
    round_up_to(&[1.0, 2.0, 5.0, 10.0], value)
}

/// As `round_up`, in smaller steps, so that little of an axis stays empty.
fn round_up_finely(value: f64) -> f64 {
    round_up_to(&[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0], value)
}

fn round_up_to(steps: &[f64], value: f64) -> f64 {
    let decade = pow(10.0, log10(value).floor());
    let mantissa = value / decade;
    let step = steps.iter().find(|step| mantissa <= **step * 1.000_001);
    step.copied().unwrap_or(10.0) * decade
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn positions_and_values_are_inverse(
            min in 1e-3..1e3_f64, factor in 1.5..1e5_f64, share in 0.0..1.0_f64, is_log in any::<bool>(),
        ) {
            let scale = if is_log { Scale::Log } else { Scale::Linear };
            let axis = Axis { min, max: min * factor, scale, unit: Unit::Count, whole: false };
            prop_assert!((axis.position(axis.value(share)) - share).abs() < 1e-9);
        }

        #[test]
        fn an_axis_holds_its_values_kept_or_not_and_is_filled_to_a_quarter(
            before in prop::collection::vec(-1.0..5.0_f64, 2..8),
            after in prop::collection::vec(-1.0..5.0_f64, 2..8),
        ) {
            let values = |powers: &[f64]| powers.iter().map(|p| pow(10.0, *p)).collect::<Vec<_>>();
            let (before, after) = (values(&before), values(&after));
            let first = Axis::of_latencies(before.into_iter(), None);
            let axis = Axis::of_latencies(after.iter().copied(), Some(first));
            prop_assert!(after.iter().all(|v| (-1e-9..=1.0 + 1e-9).contains(&axis.position(*v))));
            let new = Axis::of_latencies(after.iter().copied(), None);
            prop_assert!(ln(new.max / new.min) >= 0.499 * ln(axis.max / axis.min));
        }
    }

    #[test]
    fn an_axis_stays_while_the_values_fill_it() {
        let first = Axis::of_latencies([50.0, 3_000.0].into_iter(), None);
        assert!(first.min <= 50.0 && first.max >= 3_000.0);
        assert_eq!(Axis::of_latencies([60.0, 1_500.0].into_iter(), Some(first)), first);
        let wider = Axis::of_latencies([60.0, 90_000.0].into_iter(), Some(first));
        assert!(wider.max >= 90_000.0);
        let rates = Axis::of_rates([190.0].into_iter(), None);
        assert!((rates.max - 200.0).abs() < 1e-9);
        assert_eq!(Axis::of_rates([120.0].into_iter(), Some(rates)), rates);
        assert!(Axis::of_rates([60.0].into_iter(), Some(rates)).max < 100.0);
    }
}
