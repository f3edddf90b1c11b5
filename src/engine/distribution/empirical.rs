//! A distribution given by measured values.

use crate::engine::interval::ascending;

/// Measured values, with every value between two neighbours equally likely.
#[derive(Debug, Clone, PartialEq)]
pub struct Empirical {
    /// Ascending, finite, at least 0, at least one.
    values: Vec<f64>,
}

impl Empirical {
    /// A distribution over these values in any order; `None` if there are none, or if one of them
    /// is negative or not finite.
    pub fn new(values: Vec<f64>) -> Option<Self> {
        if values.is_empty() || values.iter().any(|value| !value.is_finite() || *value < 0.0) {
            return None;
        }
        let values = ascending(&values).into_iter().map(|index| values[index]).collect();
        Some(Self { values })
    }

    /// Linear between order statistics.
    pub(super) fn quantile(&self, p: f64) -> f64 {
        let place = p.clamp(0.0, 1.0) * (self.values.len() - 1) as f64;
        let below = place as usize;
        let low = self.values[below];
        let high = self.values[(below + 1).min(self.values.len() - 1)];
        low + (high - low) * (place - below as f64)
    }

    pub(super) fn mean(&self) -> f64 {
        self.over_pieces(f64::midpoint)
    }

    pub(super) fn variance(&self) -> f64 {
        let mean = self.mean();
        self.over_pieces(|low, high| (low * low + low * high + high * high) / 3.0) - mean * mean
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self { values: self.values.iter().map(|value| value * factor).collect() }
    }

    /// Mean over the pieces between neighbours, each equally likely.
    fn over_pieces(&self, moment: impl Fn(f64, f64) -> f64) -> f64 {
        if self.values.len() == 1 {
            return moment(self.values[0], self.values[0]);
        }
        let pieces = self.values.windows(2).map(|pair| moment(pair[0], pair[1]));
        pieces.sum::<f64>() / (self.values.len() - 1) as f64
    }
}
