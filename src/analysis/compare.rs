//! Two settings on the same arrivals.

use std::sync::Arc;

use crate::engine::interval::{half_width, mean};
use crate::scenario::{Mistakes, Scenario, Settings};

use super::report::Comparison;
use super::run::Run;

/// Pairs of runs that the interval is made from.
const PAIRS: u64 = 5;

/// Compares `before` with `after` on five pairs of runs, each pair with the same seed.
///
/// # Errors
/// Names what is wrong with the settings.
pub fn compare(
    scenario: &Arc<Scenario>,
    before: &Settings,
    after: &Settings,
) -> Result<Comparison, Mistakes> {
    let mut job = CompareJob::new(scenario, before, after)?;
    loop {
        if let Some(comparison) = job.step(u64::MAX) {
            return Ok(comparison);
        }
    }
}

/// A comparison under way.
#[derive(Debug)]
pub struct CompareJob {
    scenario: Arc<Scenario>,
    /// Settings of the runs to make, the last first.
    ahead: Vec<Settings>,
    /// The run under way.
    run: Option<Run>,
    /// p99 in milliseconds and goodput per second of the runs made: before, after, before..
    made: Vec<(Option<f64>, f64)>,
}

impl CompareJob {
    /// A comparison of two settings on the same arrivals.
    ///
    /// # Errors
    /// Names what is wrong with the settings.
    pub fn new(
        scenario: &Arc<Scenario>,
        before: &Settings,
        after: &Settings,
    ) -> Result<Self, Mistakes> {
        scenario.system(before)?;
        scenario.system(after)?;
        let seed = scenario.seed(after);
        let with = |settings: &Settings, pair: u64| Settings {
            seed: Some(seed.wrapping_add(pair)),
            ..settings.clone()
        };
        let pairs = (0..PAIRS).rev();
        let ahead = pairs.flat_map(|pair| [with(after, pair), with(before, pair)]).collect();
        Ok(Self { scenario: Arc::clone(scenario), ahead, run: None, made: Vec::new() })
    }

    /// Goes on for at most `events` events; the comparison when it is complete.
    pub fn step(&mut self, events: u64) -> Option<Comparison> {
        if self.run.is_none()
            && let Some(settings) = self.ahead.pop()
        {
            let run = Run::of(&self.scenario, &settings);
            self.run = Some(run.expect("settings were checked when the comparison began"));
        }
        if let Some(mut run) = self.run.take() {
            if !run.advance(events) {
                self.run = Some(run);
                return None;
            }
            let measured = run.measured();
            let goodput_per_s = measured.rate(measured.period.totals.right());
            self.made.push((measured.latency().p99, goodput_per_s));
        }
        self.ahead.is_empty().then(|| self.comparison())
    }

    fn comparison(&self) -> Comparison {
        let pairs = || self.made.chunks_exact(2).map(|pair| (pair[0], pair[1]));
        let gains: Vec<f64> = pairs().map(|(first, second)| second.1 - first.1).collect();
        let ratio = |(first, second): ((Option<f64>, f64), (Option<f64>, f64))| {
            Some(first.0? / second.0.filter(|p99| *p99 > 0.0)?)
        };
        let ratios: Vec<f64> = pairs().filter_map(ratio).collect();
        let complete = ratios.len() == gains.len();
        Comparison {
            p99_ratio: complete.then(|| mean(&ratios)),
            p99_ratio_half_width: half_width(&ratios).filter(|_| complete),
            goodput_gain_per_s: mean(&gains),
        }
    }
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
