//! Two settings on the same arrivals.

use crate::engine::interval::{half_width, mean};
use crate::scenario::{Mistakes, Scenario, Settings};

use super::report::Comparison;
use super::run::run;

/// Pairs of runs that the interval is made from.
const PAIRS: u64 = 5;

/// Compares `before` with `after` on five pairs of runs, each pair with the same seed.
///
/// # Errors
/// Names what is wrong with the settings.
pub fn compare(
    scenario: &Scenario,
    before: &Settings,
    after: &Settings,
) -> Result<Comparison, Mistakes> {
    let seed = scenario.seed(after);
    let mut ratios = Vec::new();
    let mut gains = Vec::new();
    for pair in 0..PAIRS {
        let with_seed = |settings: &Settings| {
            let seed = Some(seed.wrapping_add(pair));
            run(scenario, &Settings { seed, ..settings.clone() })
        };
        let (first, second) = (with_seed(before)?, with_seed(after)?);
        gains.push(second.goodput_per_s - first.goodput_per_s);
        if let (Some(first), Some(second)) = (first.latency_ms.p99, second.latency_ms.p99)
            && second > 0.0
        {
            ratios.push(first / second);
        }
    }
    let complete = ratios.len() == gains.len();
    Ok(Comparison {
        p99_ratio: complete.then(|| mean(&ratios)),
        p99_ratio_half_width: half_width(&ratios).filter(|_| complete),
        goodput_gain_per_s: mean(&gains),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::catalogue;

    #[test]
    fn a_join_is_faster_and_nothing_is_as_fast_as_itself() {
        let scenario = catalogue::find("n-plus-one").unwrap();
        let before = Settings::default();
        let same = compare(&scenario, &before, &before).unwrap();
        assert_eq!(same.p99_ratio, Some(1.0));
        let join = Settings { fixes: ["join".to_owned()].into(), ..Settings::default() };
        let faster = compare(&scenario, &before, &join).unwrap();
        assert!(faster.p99_ratio.unwrap() > 2.0, "{faster:?}");
    }
}
