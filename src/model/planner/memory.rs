//! The pages that a database keeps in memory: how many reads find theirs.
//!
//! The working set is the pages in use of all tables and indexes. Each read finds its page with the hit
//! ratio that Che's approximation gives for it; the others are read from the disk before the work, in
//! one request, first come, first served.
//!
//! Left out: reads that others have asked for already, that a long scan would let short reads pass, and
//! how memory fills after a start.
//! Source: Che, Tung and Wang, "Hierarchical Web Caching Systems" (2002).

use crate::engine::Stream;
use crate::model::cache::Popularity;

/// Reads above which the number of misses is not drawn one by one.
const DRAWN: f64 = 16.0;

/// Memory for pages, kept by least recent use.
#[derive(Debug, Clone, PartialEq)]
pub struct PageMemory {
    /// Pages it holds.
    pub frames: f64,
    /// How uneven the pages of a working set are used: the exponent of Zipf's law, 0 for evenly.
    pub exponent: f64,
}

impl PageMemory {
    /// Memory of `bytes` bytes for pages used with Zipf's `exponent`.
    pub fn new(bytes: f64, exponent: f64) -> Self {
        Self { frames: (bytes / super::table::PAGE_BYTES).floor().max(1.0), exponent }
    }

    /// Share of reads that find their page, for a working set of `pages` pages, 0..=1.
    ///
    /// By Che's approximation; 1 if all pages fit.
    pub fn hit_ratio(&self, pages: f64) -> f64 {
        if pages <= self.frames {
            return 1.0;
        }
        let keys = pages.min(f64::from(u32::MAX)) as u32;
        Popularity::new(keys, self.exponent)
            .map_or(0.0, |popularity| popularity.lru_hit_ratio(self.frames))
    }
}

/// How many of `pages` reads miss when each hits with chance `hit_ratio`.
///
/// Drawn one by one if there are few; otherwise the expected number, rounded up or down by chance.
pub fn misses(pages: f64, hit_ratio: f64, random: &mut Stream) -> u32 {
    let miss = 1.0 - hit_ratio;
    if miss <= 0.0 {
        return 0;
    }
    if pages <= DRAWN {
        let whole = pages.floor();
        let all = whole as u32 + u32::from(random.chance(pages - whole));
        return (0..all).map(|_| u32::from(random.chance(miss))).sum();
    }
    let expected = pages * miss;
    expected.floor() as u32 + u32::from(random.chance(expected - expected.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_fit_are_found_and_others_in_proportion() {
        let memory = PageMemory::new(8192.0 * 1000.0, 0.0);
        assert!((memory.hit_ratio(1000.0) - 1.0).abs() < 1e-12);
        assert!((memory.hit_ratio(4000.0) - 0.25).abs() < 1e-6);
        let uneven = PageMemory::new(8192.0 * 1000.0, 0.9);
        assert!(uneven.hit_ratio(4000.0) > 0.5);
    }

    /// PostgreSQL with 128 MB of buffers and look-ups of rows evenly over a working set: pages read a
    /// query, its index staying in memory.
    #[test]
    fn look_ups_miss_as_often_as_measured() {
        let megabyte = 1024.0 * 1024.0;
        let memory = PageMemory::new(128.0 * megabyte, 0.0);
        for (working_set_mb, measured) in
            [(192.0, 0.348), (256.0, 0.512), (512.0, 0.761), (1000.0, 0.883), (1900.0, 0.945)]
        {
            let found: f64 = 1.0 - memory.hit_ratio(working_set_mb * megabyte / 8192.0);
            assert!((found / measured - 1.0).abs() < 0.05, "{working_set_mb} MB: {found}");
        }
    }

    #[test]
    fn misses_are_as_many_as_expected() {
        let mut random = Stream::new(1, 0, 0);
        for pages in [0.4, 3.0, 15.5, 40.3, 1000.0] {
            let draws = 100_000;
            let sum: u64 = (0..draws).map(|_| u64::from(misses(pages, 0.7, &mut random))).sum();
            let mean = sum as f64 / f64::from(draws);
            // Standard error at most sqrt(16 * 0.25 / 100 000) = 0.0063; allow 4.
            assert!((mean - 0.3 * pages).abs() < 0.026, "{pages} pages: {mean}");
        }
    }
}
