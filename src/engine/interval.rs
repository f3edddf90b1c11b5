//! Confidence intervals of means.

use super::math::{sqrt, student_t_quantile};

/// Half the width of the 95 % confidence interval of the mean of independent values, by Student's
/// t; `None` with fewer than two.
pub fn half_width(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let count = values.len() as f64;
    let degrees = (values.len() - 1) as u32;
    Some(student_t_quantile(0.975, degrees) * sqrt(variance(values) / count))
}

/// The same for values in order of time that may depend on their neighbours: the variance grows by
/// the factor `(1 + r) / (1 - r)` of an autoregressive series, where `r` is the correlation of
/// neighbours, if positive.
pub fn half_width_of_correlated(values: &[f64]) -> Option<f64> {
    let plain = half_width(values)?;
    let mean = mean(values);
    let squares = variance(values) * (values.len() - 1) as f64;
    if squares <= 0.0 {
        return Some(plain);
    }
    let products: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    let correlation = (products / squares).clamp(0.0, 0.9);
    Some(plain * sqrt((1.0 + correlation) / (1.0 - correlation)))
}

/// Arithmetic mean; 0 without values.
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// Variance of a sample (divided by one less than the count); 0 with fewer than two values.
pub fn variance(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    squares / (values.len() - 1) as f64
}

/// The middle value, the mean of the two middle ones for an even count; 0 without values.
pub fn median(values: &[f64]) -> f64 {
    let order = ascending(values);
    let sorted = |place: usize| values[order[place]];
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted(count / 2),
        count => f64::midpoint(sorted(count / 2 - 1), sorted(count / 2)),
    }
}

/// Indices of values in ascending order of the values, equal ones as they stand.
///
/// Whatever is sorted by a number is sorted through this, so that sorting is compiled once.
pub fn ascending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_equals_the_textbook() {
        // Mean 3, standard deviation sqrt(2.5), t(4) = 2.776: 2.776 * sqrt(2.5 / 5) = 1.963.
        let found = half_width(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert!((found - 1.963).abs() < 0.002, "{found}");
        assert_eq!(half_width(&[1.0]), None);
    }

    #[test]
    fn neighbours_that_agree_widen_the_interval() {
        let rising: Vec<f64> = (0..20).map(f64::from).collect();
        assert!(half_width_of_correlated(&rising) > half_width(&rising));
    }
}
