//! Latencies in constant memory: a histogram whose bins grow with the value.
//!
//! Each octave is cut into 64 equal bins, so a bin is at most 1/64 of its value wide and its middle
//! is within 0.8 % of every value in it. Merging adds counts, so the result does not depend on the
//! order of merging.

use std::ops::Range;

/// Bins an octave.
const SUB_BITS: u32 = 6;
const SUB: u64 = 1 << SUB_BITS;
/// Values below `SUB` have a bin each; every further octave of `u64` has `SUB`.
const BINS: usize = ((64 - SUB_BITS as usize) + 1) * SUB as usize;

/// Counts of whole nanoseconds in bins of at most 1.6 % width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    bins: Box<[u32; BINS]>,
    /// No bin below this one holds a value: latencies fill a few octaves of sixty.
    low: usize,
    count: u64,
    sum: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        let bins: Box<[u32]> = vec![0; BINS].into_boxed_slice();
        let bins = bins.try_into().expect("the length is BINS");
        Self { bins, low: BINS, count: 0, sum: 0, max: 0 }
    }
}

/// The bin of a value: its octave and the next six bits.
#[inline]
fn bin_of(value: u64) -> usize {
    let shift = (value | SUB).ilog2() - SUB_BITS;
    ((u64::from(shift) << SUB_BITS) + (value >> shift)) as usize
}

/// Smallest value of a bin, and how many values it holds.
fn range_of(bin: usize) -> (u64, u64) {
    let bin = bin as u64;
    if bin < SUB {
        return (bin, 1);
    }
    let shift = (bin >> SUB_BITS) - 1;
    ((SUB + (bin & (SUB - 1))) << shift, 1 << shift)
}

impl Histogram {
    /// Half the width of the bin of a value in nanoseconds: a quantile there is known no better.
    pub fn half_bin(value: f64) -> f64 {
        range_of(bin_of(value as u64)).1 as f64 / 2.0
    }

    /// All bins that may hold a value.
    fn filled(&self) -> Range<usize> {
        let end = bin_of(self.max) + 1;
        self.low.min(end)..end
    }

    /// Bins that hold values, and how many, ascending.
    fn counts(&self) -> impl Iterator<Item = (usize, u32)> {
        let filled = self.filled();
        let counts = filled.clone().zip(self.bins[filled].iter().copied());
        counts.filter(|&(_, count)| count > 0)
    }

    /// Counts one value, in nanoseconds.
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        let bin = bin_of(nanos);
        self.bins[bin] += 1;
        self.count += 1;
        self.sum = self.sum.wrapping_add(nanos);
        // Rarely so, and then not worth a store each time.
        if bin < self.low {
            self.low = bin;
        }
        if nanos > self.max {
            self.max = nanos;
        }
    }

    /// Values counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Exact mean in nanoseconds; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// Exact maximum in nanoseconds; `None` without values.
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The value that a share `q` (0..=1) stays below, in nanoseconds, linear within a bin; `None`
    /// without values.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let wanted = q.clamp(0.0, 1.0) * self.count as f64;
        let mut below = 0_u64;
        for (bin, count) in self.counts() {
            let through = below + u64::from(count);
            if through as f64 >= wanted {
                let (start, width) = range_of(bin);
                let inside = ((wanted - below as f64) / f64::from(count)).clamp(0.0, 1.0);
                return Some((start as f64 + width as f64 * inside).min(self.max as f64));
            }
            below = through;
        }
        Some(self.max as f64)
    }

    /// Share of the values above one, in nanoseconds, linear within a bin; `None` without values.
    pub fn share_above(&self, nanos: f64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let mut above = 0.0;
        for (bin, count) in self.counts() {
            let (start, width) = range_of(bin);
            let below = ((nanos - start as f64) / width as f64).clamp(0.0, 1.0);
            above += f64::from(count) * (1.0 - below);
        }
        Some(above / self.count as f64)
    }

    /// Adds all counts of another histogram.
    pub fn merge(&mut self, other: &Self) {
        let filled = other.filled();
        for (mine, &theirs) in self.bins[filled.clone()].iter_mut().zip(&other.bins[filled]) {
            *mine += theirs;
        }
        self.low = self.low.min(other.low);
        self.count += other.count;
        self.sum = self.sum.wrapping_add(other.sum);
        self.max = self.max.max(other.max);
    }

    /// The values recorded after `before`, an earlier state of this histogram. Its greatest value is
    /// known to a bin only.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let mut later = self.clone();
        let filled = before.filled();
        for (mine, &theirs) in later.bins[filled.clone()].iter_mut().zip(&before.bins[filled]) {
            *mine -= theirs;
        }
        let left = later.counts().map(|(bin, _)| bin);
        let (first, last) = left.fold((BINS, None), |(first, _), bin| (first.min(bin), Some(bin)));
        later.low = first;
        later.count -= before.count;
        later.sum = later.sum.wrapping_sub(before.sum);
        if self.max == before.max {
            later.max = last.map_or(0, |bin| {
                let (start, width) = range_of(bin);
                (start + width - 1).min(self.max)
            });
        }
        later
    }

    /// Forgets all values, keeping the memory.
    pub fn clear(&mut self) {
        let filled = self.filled();
        self.bins[filled].fill(0);
        (self.low, self.count, self.sum, self.max) = (BINS, 0, 0, 0);
    }

    /// Halves all counts, so that later values weigh more; the maximum stays, and the mean becomes
    /// that of the middles of the bins.
    ///
    /// What halving a bin leaves over goes to the next one: rounding each down would lose the tail,
    /// whose bins hold one value each.
    pub fn halve(&mut self) {
        (self.count, self.sum) = (0, 0);
        let mut left_over = 0;
        let filled = self.filled();
        for (bin, count) in filled.clone().zip(&mut self.bins[filled]) {
            if *count > 0 {
                let both = *count + left_over;
                (*count, left_over) = (both / 2, both % 2);
                let (start, width) = range_of(bin);
                self.count += u64::from(*count);
                let middle = start + width / 2;
                self.sum = self.sum.wrapping_add(middle.wrapping_mul(u64::from(*count)));
            }
        }
    }

    /// Calls `visit` with the middle of each bin that holds values, and its count, ascending.
    pub fn for_each(&self, mut visit: impl FnMut(u64, u32)) {
        for (bin, count) in self.counts() {
            let (start, width) = range_of(bin);
            visit(start + width / 2, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stream;

    #[test]
    fn every_value_lies_in_its_bin_and_bins_are_narrow() {
        let mut random = Stream::new(1, 0, 0);
        let edges = [0, 1, 63, 64, 65, 127, 128, u64::MAX - 1, u64::MAX];
        let draws = (0..100_000).map(|_| random.next_u64() >> random.below(64));
        for value in edges.into_iter().chain(draws.collect::<Vec<_>>()) {
            let (start, width) = range_of(bin_of(value));
            assert!(start <= value && value - start < width, "{value}");
            assert!(width == 1 || width as f64 <= start as f64 / 63.9, "{value}");
        }
    }

    #[test]
    fn quantiles_are_within_one_percent_of_a_sort() {
        let mut random = Stream::new(2, 0, 0);
        let mut histogram = Histogram::default();
        let mut values: Vec<u64> =
            (0..200_000).map(|_| (random.exponential() * 1e7) as u64).collect();
        values.iter().for_each(|&value| histogram.record(value));
        values.sort_unstable();
        for q in [0.01, 0.5, 0.95, 0.99, 0.999] {
            let exact = values[(q * values.len() as f64) as usize] as f64;
            let found = histogram.quantile(q).unwrap();
            assert!((found / exact - 1.0).abs() < 0.01, "{q}: {found}, not {exact}");
        }
        let exact = values.iter().sum::<u64>() as f64 / values.len() as f64;
        assert!((histogram.mean().unwrap() - exact).abs() < 1e-6);
        assert_eq!(histogram.max(), values.last().copied());
    }

    #[test]
    fn merging_equals_recording_everything_in_one() {
        let mut random = Stream::new(3, 0, 0);
        let (mut one, mut two, mut all) = Default::default();
        for step in 0..10_000_u32 {
            let value = random.next_u64() >> 30;
            Histogram::record(if step % 3 == 0 { &mut one } else { &mut two }, value);
            Histogram::record(&mut all, value);
        }
        one.merge(&two);
        assert_eq!(one, all);
    }

    #[test]
    fn halving_lets_later_values_weigh_more() {
        let mut histogram = Histogram::default();
        (0..1_000).for_each(|_| histogram.record(1_000_000));
        histogram.halve();
        assert_eq!(histogram.count(), 500);
        assert!((histogram.mean().unwrap() / 1e6 - 1.0).abs() < 0.008);
        (10..110).for_each(|ms| histogram.record(ms * 1_000_000));
        histogram.halve();
        assert_eq!(histogram.count(), 300, "bins with a single value keep half their weight");
        histogram.clear();
        (0..500).for_each(|_| histogram.record(1_000_000));
        (0..600).for_each(|_| histogram.record(2_000_000));
        let median = histogram.quantile(0.5).unwrap();
        assert!((median / 2e6 - 1.0).abs() < 0.016, "{median}");
    }

    #[test]
    fn an_empty_histogram_has_no_quantile() {
        assert_eq!(Histogram::default().quantile(0.5), None);
        assert_eq!(Histogram::default().mean(), None);
    }
}
