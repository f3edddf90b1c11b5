//! Sharding: which backend an attempt goes to follows from its key.
//!
//! Keys are asked for by their popularity (Zipf). Their places follow from their order, in ranges of
//! equal numbers of keys, or from a hash. A popular key may be stored in several parts that are
//! placed each by itself, so that each attempt asks for one of them.
//!
//! Left out: moving keys when backends come and go, copies of keys at several backends.
//! Source: for the popularity: Breslau et al., "Web Caching and Zipf-like Distributions" (1999).

use crate::engine::Stream;
use crate::engine::distribution::Zipf;

use super::{BACKENDS_MAX, BadSetting, in_range};

/// Most keys.
const KEYS_MAX: f64 = 1e9;

/// Where keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Placement {
    /// Neighbours together: the most popular keys are at the first backend.
    #[default]
    Range,
    /// By a hash of the key.
    Hash,
}

/// What is asked for, and where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// How many keys, 1 to 1,000,000,000.
    pub keys_count: u32,
    /// Exponent of their popularity, 0 to 4: 0 for equally popular ones.
    pub popularity: f64,
    /// Where they are.
    pub placement: Placement,
    /// How many of the most popular keys are split.
    pub split_keys: u32,
    /// Into how many parts, at least 1.
    pub split_parts: u32,
}

impl Settings {
    /// Whether keys can be placed so.
    ///
    /// # Errors
    /// Names the first value out of range.
    pub fn check(&self) -> Result<(), BadSetting> {
        in_range("count", f64::from(self.keys_count), [1.0, KEYS_MAX], "1 to 1000000000")?;
        in_range("popularity", self.popularity, [0.0, 4.0], "0 to 4")?;
        let parts = f64::from(self.split_parts);
        in_range("split_parts", parts, [1.0, BACKENDS_MAX as f64], "1 to 1000")
    }
}

/// Keys at work.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sharding {
    settings: Settings,
    zipf: Zipf,
}

impl Sharding {
    /// For settings that were checked.
    pub(super) fn new(settings: &Settings) -> Self {
        let zipf = Zipf::new(u64::from(settings.keys_count.max(1)), settings.popularity.max(0.0));
        let zipf = zipf.expect("there is a key, and the exponent is not negative");
        Self { settings: *settings, zipf }
    }

    /// The backend, of so many, that has the key of the next attempt.
    pub(super) fn pick(&self, backends: usize, random: &mut Stream) -> usize {
        let Settings { keys_count, placement, split_keys, split_parts, .. } = self.settings;
        let key = self.zipf.sample(random) - 1;
        if key < u64::from(split_keys) && split_parts > 1 {
            let part = random.below(u64::from(split_parts));
            // Parts are spread: the first by the key, the others behind it.
            return ((hash(key) + part) % backends as u64) as usize;
        }
        match placement {
            Placement::Range => (key * backends as u64 / u64::from(keys_count)) as usize,
            Placement::Hash => (hash(key) % backends as u64) as usize,
        }
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): its finaliser.
fn hash(key: u64) -> u64 {
    let mut mixed = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKENDS: usize = 8;
    const DRAWS: u32 = 100_000;

    /// Share of the attempts that each backend gets.
    fn shares(settings: Settings) -> Vec<f64> {
        let sharding = Sharding::new(&settings);
        let mut random = Stream::new(1, 0, 0);
        let mut counts = vec![0.0; BACKENDS];
        for _ in 0..DRAWS {
            counts[sharding.pick(BACKENDS, &mut random)] += 1.0 / f64::from(DRAWS);
        }
        counts
    }

    fn most(shares: &[f64]) -> f64 {
        shares.iter().copied().fold(0.0, f64::max)
    }

    #[test]
    fn a_popular_key_takes_its_share_to_one_backend_unless_it_is_split() {
        let keys_count = 1_000;
        let popularity = 1.0;
        let zipf = Zipf::new(u64::from(keys_count), popularity).expect("a valid exponent");
        let range = Settings {
            keys_count,
            popularity,
            placement: Placement::Range,
            split_keys: 0,
            split_parts: 1,
        };
        // The first eighth of the keys; 4 standard errors of a share near 0.7 are 0.006.
        let first: f64 = (1..=125).map(|rank| zipf.probability(rank)).sum();
        assert!((shares(range)[0] - first).abs() < 0.006, "{:?}", shares(range));
        let hash = Settings { placement: Placement::Hash, ..range };
        let hashed = most(&shares(hash));
        assert!(hashed > zipf.probability(1) && hashed < 0.5 * first, "{hashed}");
        let split = Settings { split_keys: 8, split_parts: 8, ..hash };
        // What is left of unevenness is that of keys from the ninth on.
        assert!(most(&shares(split)) < 0.2, "{:?}", shares(split));
        let even = Settings { popularity: 0.0, ..range };
        assert!(shares(even).iter().all(|share| (share - 0.125).abs() < 0.005));
    }
}
