//! Counters over simulated time in constant memory.
//!
//! Time is cut into windows of equal length; when a run outlives them all, neighbours are added
//! together and windows become twice as long.

use super::{SimDuration, SimTime};

/// Windows kept.
const WINDOWS: usize = 128;

/// `N` counters for each window of time.
#[derive(Debug, Clone)]
pub struct Windows<const N: usize> {
    counts: Box<[[u64; N]; WINDOWS]>,
    length: u64,
    /// Window of the last record, and when it ends.
    current: usize,
    current_end: u64,
}

impl<const N: usize> Windows<N> {
    /// Windows that begin at zero with this length, at least a nanosecond.
    pub fn new(length: SimDuration) -> Self {
        let length = length.0.max(1);
        let counts = vec![[0; N]; WINDOWS].into_boxed_slice();
        Self {
            counts: counts.try_into().expect("the length is WINDOWS"),
            length,
            current: 0,
            current_end: length,
        }
    }

    /// Adds to counter `index` at `time`, which must not be before an earlier one's window.
    #[inline]
    pub fn add(&mut self, time: SimTime, index: usize, amount: u64) {
        if time.0 >= self.current_end {
            self.advance(time.0);
        }
        self.counts[self.current][index] += amount;
    }

    /// Length of a window.
    pub fn length(&self) -> SimDuration {
        SimDuration(self.length)
    }

    /// Counters of the windows up to the last record, oldest first.
    pub fn counts(&self) -> &[[u64; N]] {
        &self.counts[..=self.current]
    }

    #[cold]
    fn advance(&mut self, time: u64) {
        while time / self.length >= WINDOWS as u64 {
            for window in 0..WINDOWS / 2 {
                for index in 0..N {
                    self.counts[window][index] =
                        self.counts[2 * window][index] + self.counts[2 * window + 1][index];
                }
            }
            self.counts[WINDOWS / 2..].fill([0; N]);
            self.length = self.length.saturating_mul(2);
        }
        self.current = (time / self.length) as usize;
        self.current_end = (self.current as u64 + 1).saturating_mul(self.length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_count_is_lost_when_windows_grow() {
        let mut windows = Windows::<2>::new(SimDuration(10));
        for time in 0..100_000 {
            windows.add(SimTime(time), 0, 1);
            windows.add(SimTime(time), 1, time % 2);
        }
        let sums = windows.counts().iter().fold([0, 0], |sum, w| [sum[0] + w[0], sum[1] + w[1]]);
        assert_eq!(sums, [100_000, 50_000]);
        assert_eq!(windows.length(), SimDuration(1_280));
        assert_eq!(windows.counts()[0], [1_280, 640]);
    }
}
