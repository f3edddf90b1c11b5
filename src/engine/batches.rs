//! Latencies of one long run, cut into batches of equally many finished requests.
//!
//! Batches show how far a run's own halves disagree, which gives a confidence interval from a
//! single run, and where the run had settled. The memory is constant: when 32 batches are full,
//! neighbours are merged and batches become twice as long.
//!
//! Source: Law and Kelton, Simulation Modeling and Analysis, section 9.5.3 (batch means).

use super::histogram::Histogram;
use super::interval::half_width_of_correlated;
use super::warmup::mser;

/// Merged to half as many when reached.
const BATCHES_MAX: usize = 32;
/// Values in a batch at first.
const FIRST_LENGTH: u64 = 16;
/// An interval from fewer batches would be too wide to use.
pub const BATCHES_MIN: usize = 8;
/// Values above a quantile that a batch needs before its own quantile says anything.
const TAIL_MIN: f64 = 2.0;

/// What happened to the batches when a request was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// The current batch goes on.
    Inside,
    /// A batch was filled.
    Filled,
    /// A batch was filled, and then all neighbours were merged: half as many are left.
    Merged,
}

/// Latencies in batches of equally many finished requests.
#[derive(Debug, Clone)]
pub struct Batches {
    /// The last of the first `used` is being filled; cleared ones wait behind them.
    histograms: Vec<Histogram>,
    /// How long requests without an answer took to end, by batch; empty until there is one.
    failed: Vec<Histogram>,
    used: usize,
    /// Requests a batch spans, answered or not.
    length: u64,
    /// Requests in the batch that is being filled.
    filled: u64,
    /// Requests in all batches.
    count: u64,
}

impl Default for Batches {
    fn default() -> Self {
        Self {
            histograms: vec![Histogram::default()],
            failed: Vec::new(),
            used: 1,
            length: FIRST_LENGTH,
            filled: 0,
            count: 0,
        }
    }
}

impl Batches {
    /// Adds a request that was answered, with its latency in nanoseconds.
    #[inline]
    pub fn record(&mut self, nanos: u64) -> Boundary {
        self.histograms[self.used - 1].record(nanos);
        self.step()
    }

    /// Adds a request that ended without an answer, so many nanoseconds after it was sent.
    #[cold]
    pub fn record_failed(&mut self, nanos: u64) -> Boundary {
        if self.failed.is_empty() {
            self.failed = vec![Histogram::default(); self.histograms.len()];
        }
        self.failed[self.used - 1].record(nanos);
        self.step()
    }

    #[inline]
    fn step(&mut self) -> Boundary {
        self.count += 1;
        self.filled += 1;
        if self.filled < self.length {
            return Boundary::Inside;
        }
        self.start_batch()
    }

    /// Requests recorded, answered or not.
    #[inline(always)]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Batches that are full.
    pub fn full(&self) -> usize {
        self.used - 1
    }

    /// Requests in a full batch.
    pub fn batch_length(&self) -> u64 {
        self.length
    }

    /// How many leading batches belong to the warm-up, by MSER on the means of the full batches;
    /// at most half of them.
    pub fn settled_from(&self) -> usize {
        let full = &self.histograms[..self.full()];
        let means: Vec<f64> = full.iter().map(|batch| batch.mean().unwrap_or(0.0)).collect();
        mser(&means)
    }

    /// All values after the first `skipped` batches.
    pub fn total(&self, skipped: usize) -> Histogram {
        sum(&self.histograms[skipped.min(self.used)..self.used])
    }

    /// How long the requests without an answer took to end, after the first `skipped` batches.
    pub fn total_failed(&self, skipped: usize) -> Histogram {
        let used = self.used.min(self.failed.len());
        sum(&self.failed[skipped.min(used)..used])
    }

    /// Half the width of the 95 % confidence interval of the mean in nanoseconds, from the full
    /// batches after the first `skipped`; `None` with fewer than 8 of them.
    pub fn mean_half_width(&self, skipped: usize) -> Option<f64> {
        self.half_width(skipped, 1.0, Histogram::mean)
    }

    /// The same for the quantile `q`; `None` also if the batches are too short for it. Batches that agree
    /// know it no better than the bins of a histogram do.
    pub fn quantile_half_width(&self, q: f64, skipped: usize) -> Option<f64> {
        let mut largest = 0.0_f64;
        let half_width = self.half_width(skipped, TAIL_MIN / (1.0 - q), |batch| {
            batch.quantile(q).inspect(|quantile| largest = largest.max(*quantile))
        })?;
        Some(half_width.max(Histogram::half_bin(largest)))
    }

    /// Batches are joined in pairs, fours.. until each holds `values_min` values.
    fn half_width(
        &self,
        skipped: usize,
        values_min: f64,
        mut statistic: impl FnMut(&Histogram) -> Option<f64>,
    ) -> Option<f64> {
        let full = self.histograms.get(skipped..self.full())?;
        let mut joined = 1;
        while (self.length * joined as u64) as f64 <= values_min {
            joined *= 2;
        }
        if full.len() / joined < BATCHES_MIN {
            return None;
        }
        let values: Vec<f64> = full
            .chunks_exact(joined)
            .filter_map(|group| {
                if let [only] = group {
                    return statistic(only);
                }
                let mut sum = Histogram::default();
                group.iter().for_each(|batch| sum.merge(batch));
                statistic(&sum)
            })
            .collect();
        half_width_of_correlated(&values)
    }

    /// Opens the next batch, first halving their number if all are full.
    #[cold]
    fn start_batch(&mut self) -> Boundary {
        self.filled = 0;
        let merged = self.used == BATCHES_MAX;
        if merged {
            halve(&mut self.histograms);
            halve(&mut self.failed);
            self.used = BATCHES_MAX / 2;
            self.length *= 2;
        }
        self.used += 1;
        if self.used > self.histograms.len() {
            self.histograms.push(Histogram::default());
            if !self.failed.is_empty() {
                self.failed.push(Histogram::default());
            }
        }
        if merged { Boundary::Merged } else { Boundary::Filled }
    }
}

fn sum(batches: &[Histogram]) -> Histogram {
    let mut total = Histogram::default();
    for batch in batches {
        total.merge(batch);
    }
    total
}

/// Merges neighbours of all batches, if there are any; those left over are cleared.
fn halve(batches: &mut [Histogram]) {
    for pair in 0..batches.len() / 2 {
        let (left, right) = batches.split_at_mut(2 * pair + 1);
        left[2 * pair].merge(&right[0]);
        batches.swap(pair, 2 * pair);
    }
    let half = batches.len() / 2;
    batches[half..].iter_mut().for_each(Histogram::clear);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stream;

    /// All took 50 ms: that is known to half a bin, of 2^25 / 64 ns there, and no better.
    #[test]
    fn batches_that_agree_know_a_quantile_as_well_as_a_bin() {
        let mut batches = Batches::default();
        for _ in 0..100_000 {
            batches.record(50_000_000);
        }
        let half_width = batches.quantile_half_width(0.99, 0).unwrap();
        assert!((half_width - 262_144.0).abs() < 1e-9, "{half_width}");
        assert!(batches.mean_half_width(0).unwrap() < 1e-9, "means are exact");
    }

    #[test]
    fn no_value_is_lost_or_moved_by_merging() {
        let mut batches = Batches::default();
        let mut all = Histogram::default();
        for value in 0..100_000 {
            batches.record(value);
            all.record(value);
        }
        assert_eq!(batches.total(0), all);
        assert_eq!(batches.count(), 100_000);
        assert!((BATCHES_MAX / 2..BATCHES_MAX).contains(&batches.full()));
        // Values came in ascending order, so the last batches hold the largest.
        let skipped = batches.total(4);
        assert_eq!(skipped.count(), 100_000 - 4 * batches.batch_length());
        assert_eq!(skipped.max(), Some(99_999));
    }

    #[test]
    fn requests_without_an_answer_are_kept_apart() {
        let mut batches = Batches::default();
        let mut failed = Histogram::default();
        for value in 0..100_000 {
            // The first failure comes late, when there are many batches already.
            if value > 300 && value % 10 == 0 {
                batches.record_failed(value);
                failed.record(value);
            } else {
                batches.record(value);
            }
        }
        assert_eq!(batches.total_failed(0), failed);
        assert_eq!(batches.count(), batches.total(0).count() + failed.count());
        let last = batches.total_failed(batches.full());
        assert!(last.count() < failed.count() && last.max() == failed.max());
    }

    /// How often the interval of the mean covers the truth, for independent and for correlated
    /// values (an autoregressive process with correlation 0.9).
    #[test]
    fn intervals_cover_the_truth() {
        for correlation in [0.0, 0.9] {
            let mut covered = 0;
            for seed in 0..400 {
                let mut random = Stream::new(seed, 0, 0);
                let mut batches = Batches::default();
                let mut state = 0.0;
                for _ in 0..8_000 {
                    state = correlation * state + random.normal();
                    batches.record((state * 1e6 + 1e9) as u64);
                }
                let half_width = batches.mean_half_width(0).unwrap();
                let mean = batches.total(0).mean().unwrap();
                covered += u32::from((mean - 1e9).abs() < half_width);
            }
            // 95 % of 400 is 380, with a standard deviation of 4.4; allow 5 down.
            assert!(covered >= 358, "{covered} of 400 at correlation {correlation}");
        }
    }

    #[test]
    fn short_batches_give_no_interval_of_a_high_quantile() {
        let mut batches = Batches::default();
        for value in 0..400 {
            batches.record(value);
        }
        assert!(batches.mean_half_width(0).is_some());
        assert_eq!(batches.quantile_half_width(0.99, 0), None);
    }

    #[test]
    fn a_slow_start_is_found() {
        let mut random = Stream::new(1, 0, 0);
        let mut batches = Batches::default();
        for step in 0..32_000_u32 {
            let start = if step < 3_000 { 100.0 } else { 10.0 };
            batches.record(((start + random.unit()) * 1e6) as u64);
        }
        let skipped = batches.settled_from() as u64 * batches.batch_length();
        // The rule may leave out more than it must, but never more than half.
        assert!((3_000..=16_000).contains(&skipped), "{skipped}");
    }
}
