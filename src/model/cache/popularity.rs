//! How often each key is asked for, and what share of requests a cache of some size answers.

use crate::engine::Stream;
use crate::engine::distribution::Zipf;
use crate::engine::math::{exp, pow};

/// Keys `0..n`, where key `i` is asked for with a chance proportional to `(i + 1)^-s`.
#[derive(Debug, Clone, PartialEq)]
pub struct Popularity {
    zipf: Zipf,
    keys: u32,
    exponent: f64,
}

impl Popularity {
    /// `keys` keys, at least one, with exponent `s`, at least 0: 0 is equally popular, 1 is typical.
    ///
    /// # Errors
    /// Says which parameter is wrong.
    pub fn new(keys: u32, exponent: f64) -> Result<Self, String> {
        Ok(Self { zipf: Zipf::new(u64::from(keys), exponent)?, keys, exponent })
    }

    /// The key of one request.
    #[inline]
    pub fn sample(&self, random: &mut Stream) -> u32 {
        (self.zipf.sample(random) - 1) as u32
    }

    /// How many keys there are.
    pub fn keys(&self) -> u32 {
        self.keys
    }

    /// Share of requests that find their key among the `capacity` entries of a least-recently-used
    /// cache, 0..=1, for independent requests.
    ///
    /// An entry stays for a *characteristic time* of `t` requests, the solution of
    /// `sum(1 - e^(-p t)) = capacity`; the hit ratio is then `sum p (1 - e^(-p t))`. Within 0.1 % of
    /// exact for 1,000 keys and more.
    /// Source: Che, Tung and Wang (2002); Fricker, Robert and Roberts (2012) on why it works.
    pub fn lru_hit_ratio(&self, capacity: f64) -> f64 {
        let Some(time) = self.characteristic_time(capacity) else { return 1.0 };
        self.groups().iter().map(|(p, keys)| keys * p * (1.0 - exp(-p * time))).sum()
    }

    /// How many requests an unused entry stays in such a cache; `None` if all keys fit.
    pub fn characteristic_time(&self, capacity: f64) -> Option<f64> {
        if capacity >= f64::from(self.keys) {
            return None;
        }
        let groups = self.groups();
        // The number of keys held grows ever more slowly with time, and at most by one a request:
        // Newton's steps from the left never go too far.
        let mut time = capacity;
        for _ in 0..100 {
            let (mut held, mut slope) = (0.0, 0.0);
            for (p, keys) in &groups {
                let gone = exp(-p * time);
                held += keys * (1.0 - gone);
                slope += keys * p * gone;
            }
            let step = (capacity - held) / slope;
            time += step;
            if step.abs() <= time * 1e-13 {
                break;
            }
        }
        Some(time)
    }

    /// Share of requests that are for the `count` most popular keys.
    pub fn share_of_top(&self, count: u32) -> f64 {
        let mut left = f64::from(count);
        let mut share = 0.0;
        for (p, keys) in self.groups() {
            share += p * keys.min(left);
            left = (left - keys).max(0.0);
        }
        share
    }

    /// The chance of a key and how many have about it: keys one by one at first, later in groups no
    /// wider than 1/256 of their rank, which changes sums over all keys by less than a millionth.
    fn groups(&self) -> Vec<(f64, f64)> {
        let mut groups = Vec::new();
        let mut rank = 1_u32;
        while rank <= self.keys {
            let keys = (rank / 256).max(1).min(self.keys - rank + 1);
            let middle = f64::from(rank) + f64::from(keys - 1) / 2.0;
            groups.push((pow(middle, -self.exponent), f64::from(keys)));
            rank = rank.saturating_add(keys);
            if rank == u32::MAX {
                break;
            }
        }
        let total: f64 = groups.iter().map(|(weight, keys)| weight * keys).sum();
        for (weight, _) in &mut groups {
            *weight /= total;
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values computed key by key by another program.
    #[test]
    fn hit_ratios_equal_those_of_the_full_sum() {
        for (keys, exponent, capacity, expected) in
            [(10_000, 0.9, 1_000.0, 0.556_490_46), (1_000, 1.0, 100.0, 0.576_524_62)]
        {
            let found = Popularity::new(keys, exponent).unwrap().lru_hit_ratio(capacity);
            assert!((found - expected).abs() < 2e-5, "{found}, not {expected}");
        }
    }

    #[test]
    fn all_keys_fit_or_are_equally_likely() {
        assert!(Popularity::new(100, 1.0).unwrap().lru_hit_ratio(100.0) >= 1.0);
        let half = Popularity::new(10_000, 0.0).unwrap().lru_hit_ratio(5_000.0);
        assert!((half - 0.5).abs() < 1e-9, "{half}");
        let top = Popularity::new(1_000, 1.0).unwrap().share_of_top(100);
        assert!((top - 0.692_992_81).abs() < 1e-5, "{top}");
    }
}
