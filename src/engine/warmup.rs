//! Where a run had settled: how much of its start to leave out.

/// How many leading values to leave out so that the rest has the smallest standard error, at most
/// half of them: the marginal standard error rule (MSER).
///
/// The values should be means of groups, as in MSER-5.
/// Source: White, "An effective truncation heuristic for bias reduction in simulation output"
/// (1997); found the best of 44 methods by Hoad, Robinson and Davies (2010).
pub fn mser(values: &[f64]) -> usize {
    let mut best = 0;
    let mut smallest = f64::INFINITY;
    let mut count = 0.0;
    let mut mean = 0.0;
    let mut squares = 0.0;
    // From the end, so that each truncation point costs one step (Welford's recurrence).
    for skipped in (0..values.len()).rev() {
        count += 1.0;
        let apart = values[skipped] - mean;
        mean += apart / count;
        squares += apart * (values[skipped] - mean);
        // The last few values alone are always close together and say nothing.
        if skipped <= values.len() / 2 && count >= 5.0 {
            let error = squares / (count * count);
            if error <= smallest {
                smallest = error;
                best = skipped;
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_series_keeps_everything() {
        assert_eq!(mser(&[1.0; 20]), 0);
        assert_eq!(mser(&[]), 0);
        assert_eq!(mser(&[3.0, 1.0]), 0);
    }

    #[test]
    fn a_falling_start_is_left_out() {
        let mut values = vec![9.0, 5.0, 3.0, 2.0];
        values.extend((0..30).map(|step| 1.0 + 0.1 * f64::from(step % 3)));
        assert_eq!(mser(&values), 4);
    }
}
