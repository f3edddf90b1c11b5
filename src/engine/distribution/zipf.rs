//! Popularity: rank `i` of `n` is drawn with a chance proportional to `i^-s`.

use crate::engine::Stream;
use crate::engine::math::{exp, ln};

/// A Zipf distribution over the ranks `1..=n`.
///
/// Sampled by rejection-inversion, whose cost does not depend on `n`.
/// Source: Hörmann and Derflinger, "Rejection-inversion to generate variates from monotone discrete
/// distributions" (1996).
#[derive(Debug, Clone, PartialEq)]
pub struct Zipf {
    ranks: u64,
    exponent: f64,
    /// Integral of the density up to 1.5, less its value at 1.
    start: f64,
    /// Integral of the density up to `n + 0.5`.
    end: f64,
    /// Within this distance of a rank no rejection is needed.
    squeeze: f64,
}

impl Zipf {
    /// Ranks `1..=ranks` (at least one) with chances `i^-exponent` (at least 0), normalised.
    ///
    /// # Errors
    /// Says which parameter is wrong.
    pub fn new(ranks: u64, exponent: f64) -> Result<Self, String> {
        if ranks == 0 {
            return Err("ranks is 0, but must be at least 1".to_owned());
        }
        if !exponent.is_finite() || exponent < 0.0 {
            return Err(format!("exponent is {exponent}, but must be at least 0"));
        }
        let start = integral(1.5, exponent) - 1.0;
        let end = integral(ranks as f64 + 0.5, exponent);
        let squeeze = 2.0 - inverse(integral(2.5, exponent) - density(2.0, exponent), exponent);
        Ok(Self { ranks, exponent, start, end, squeeze })
    }

    /// One rank.
    pub fn sample(&self, random: &mut Stream) -> u64 {
        loop {
            let area = self.end + random.unit() * (self.start - self.end);
            let x = inverse(area, self.exponent);
            let rank = (x + 0.5).clamp(1.0, self.ranks as f64).trunc();
            if rank - x <= self.squeeze
                || area >= integral(rank + 0.5, self.exponent) - density(rank, self.exponent)
            {
                return rank as u64;
            }
        }
    }

    /// The chance of a rank; sums over all ranks, so it is meant for tests and small tables.
    pub fn probability(&self, rank: u64) -> f64 {
        let sum: f64 = (1..=self.ranks).map(|i| density(i as f64, self.exponent)).sum();
        density(rank as f64, self.exponent) / sum
    }
}

fn density(x: f64, exponent: f64) -> f64 {
    exp(-exponent * ln(x))
}

/// Integral of the density: `(x^(1-s) - 1) / (1-s)`, and `ln x` for `s = 1`.
fn integral(x: f64, exponent: f64) -> f64 {
    let log = ln(x);
    let power = (1.0 - exponent) * log;
    if power.abs() < 1e-8 { log * (1.0 + power / 2.0) } else { log * libm::expm1(power) / power }
}

fn inverse(area: f64, exponent: f64) -> f64 {
    let power = (area * (1.0 - exponent)).max(-1.0);
    let log = if power.abs() < 1e-8 { 1.0 - power / 2.0 } else { libm::log1p(power) / power };
    exp(area * log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_come_as_often_as_their_chance_says() {
        for exponent in [0.0, 0.5, 1.0, 1.3] {
            let zipf = Zipf::new(50, exponent).unwrap();
            let mut random = Stream::new(9, 0, 0);
            let mut counts = [0_u32; 51];
            for _ in 0..500_000 {
                counts[zipf.sample(&mut random) as usize] += 1;
            }
            for rank in 1..=50 {
                let chance = zipf.probability(rank);
                // Standard deviation of a count; allow 4.5 of them over 200 comparisons.
                let allowed = 4.5 * (500_000.0 * chance * (1.0 - chance)).sqrt();
                let found = f64::from(counts[rank as usize]);
                assert!((found - 500_000.0 * chance).abs() < allowed, "rank {rank}, s {exponent}");
            }
        }
    }
}
