//! Streams of random numbers that are the same everywhere and for ever.
//!
//! Each part of a system draws from its own stream, derived from the seed and the part: a change
//! to one part leaves the numbers of all others as they were, so that two variants can be compared
//! on the same arrivals.

mod ziggurat;

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::math::wide_product;

/// One sequence of random numbers.
///
/// Generator: xoshiro256++ (Blackman and Vigna, 2019), by name, because general-purpose generators
/// may change between versions and differ between targets.
#[derive(Debug, Clone)]
pub struct Stream {
    generator: Xoshiro256PlusPlus,
    /// Kept here, so that a draw need not look whether they are made.
    exponential: &'static ziggurat::Tables,
}

impl Stream {
    /// The stream of one `purpose` of one `part` under `seed`.
    pub fn new(seed: u64, part: u64, purpose: u64) -> Self {
        // Each word passes through SplitMix64's finaliser, so that near seeds give far streams.
        let mut state = [0; 32];
        for (index, word) in state.chunks_exact_mut(8).enumerate() {
            let salt = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mixed = mix(mix(mix(seed ^ salt) ^ part).wrapping_add(purpose) ^ salt);
            word.copy_from_slice(&mixed.to_le_bytes());
        }
        let generator = Xoshiro256PlusPlus::from_seed(state);
        Self { generator, exponential: ziggurat::exponential_tables() }
    }

    /// 64 random bits.
    #[inline(always)]
    pub fn next_u64(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Uniform in 0 (included) to 1 (excluded), 53 bits.
    #[inline(always)]
    pub fn unit(&mut self) -> f64 {
        // Signed, because processors convert nothing else in one instruction.
        (self.next_u64() >> 11).cast_signed() as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform in 0 (excluded) to 1 (included): its logarithm is finite.
    #[inline(always)]
    pub fn unit_open(&mut self) -> f64 {
        1.0 - self.unit()
    }

    /// Uniform in `0..limit`, exactly; 0 if the limit is 0.
    ///
    /// Source: Lemire, "Fast Random Integer Generation in an Interval" (2019).
    #[inline]
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 {
            return 0;
        }
        loop {
            let (high, low) = wide_product(self.next_u64(), limit);
            if low >= limit || low >= limit.wrapping_neg() % limit {
                return high;
            }
        }
    }

    /// True with chance `probability`.
    #[inline]
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Exponential with mean 1.
    #[inline(always)]
    pub fn exponential(&mut self) -> f64 {
        ziggurat::exponential(self.exponential, self)
    }

    /// Normal with mean 0 and variance 1.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        ziggurat::normal(self)
    }
}

/// SplitMix64's finaliser (Steele, Lea and Flood, 2014).
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A number for the name of a part that never changes (FNV-1a, 64 bits).
pub fn id_of(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_never_change() {
        let mut stream = Stream::new(1, id_of("app"), 0);
        let first: Vec<u64> = (0..3).map(|_| stream.next_u64()).collect();
        let mut again = Stream::new(1, id_of("app"), 0);
        assert_eq!(first, (0..3).map(|_| again.next_u64()).collect::<Vec<_>>());
        assert_eq!(id_of("a"), 0xaf63_dc4c_8601_ec8c);
        assert_ne!(first[0], Stream::new(2, id_of("app"), 0).next_u64());
        assert_ne!(first[0], Stream::new(1, id_of("db"), 0).next_u64());
        assert_ne!(first[0], Stream::new(1, id_of("app"), 1).next_u64());
    }

    #[test]
    fn units_are_uniform() {
        let mut stream = Stream::new(3, 0, 0);
        let draws = 1_000_000;
        let mean = (0..draws).map(|_| stream.unit()).sum::<f64>() / f64::from(draws);
        // Standard error: sqrt(1/12) / 1000 = 0.000289; allow 4 of them.
        assert!((mean - 0.5).abs() < 0.001_16, "mean {mean}");
    }

    #[test]
    fn numbers_below_a_limit_are_equally_likely() {
        let mut stream = Stream::new(4, 0, 0);
        let mut counts = [0_u32; 7];
        for _ in 0..700_000 {
            counts[stream.below(7) as usize] += 1;
        }
        // Standard deviation of a count: sqrt(700 000 * 1/7 * 6/7) = 293; allow 4 of them.
        for count in counts {
            assert!((f64::from(count) - 100_000.0).abs() < 1_172.0, "{counts:?}");
        }
    }
}
