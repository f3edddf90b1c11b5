//! How many requests come at one instant.

use crate::engine::Stream;
use crate::engine::math::ln;
use crate::policy::setting::{BadSetting, in_range};

/// The size of a batch, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Batch {
    /// A single request.
    #[default]
    One,
    /// Always as many, 1 to a million.
    Constant(u32),
    /// 1, 2, .. with falling chances.
    Geometric {
        /// Mean size, 1 to a million.
        mean: f64,
    },
}

/// Largest batch.
pub const SIZE_MAX: u32 = 1_000_000;

impl Batch {
    /// Whether the size is in its range.
    ///
    /// # Errors
    /// It is not.
    pub fn check(self) -> Result<(), BadSetting> {
        let size = match self {
            Self::One => 1.0,
            Self::Constant(size) => f64::from(size),
            Self::Geometric { mean } => mean,
        };
        in_range("batch", size, [1.0, f64::from(SIZE_MAX)], "1 to a million")
    }

    /// The size of the next batch, at most [`SIZE_MAX`].
    #[inline]
    pub fn size(self, random: &mut Stream) -> u32 {
        match self {
            Self::One => 1,
            Self::Constant(size) => size.clamp(1, SIZE_MAX),
            Self::Geometric { mean } => {
                let failures = ln(random.unit_open()) / ln(1.0 - 1.0 / mean);
                // A mean of 1 divides by minus infinity.
                1 + (failures as u32).min(SIZE_MAX - 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometric_batches_have_their_mean_and_their_shares() {
        let mut random = Stream::new(1, 0, 0);
        let draws = 1_000_000;
        let (mut sum, mut ones) = (0_u64, 0_u32);
        for _ in 0..draws {
            let size = Batch::Geometric { mean: 10.0 }.size(&mut random);
            sum += u64::from(size);
            ones += u32::from(size == 1);
        }
        // Standard deviation sqrt(90) = 9.5, of the mean 0.0095; of the share 0.0003; allow 4.
        assert!((sum as f64 / f64::from(draws) - 10.0).abs() < 0.038, "{sum}");
        assert!((f64::from(ones) / f64::from(draws) - 0.1).abs() < 0.0012, "{ones}");
    }

    #[test]
    fn a_mean_of_one_is_always_one() {
        let mut random = Stream::new(2, 0, 0);
        assert!((0..1_000).all(|_| Batch::Geometric { mean: 1.0 }.size(&mut random) == 1));
        assert_eq!(Batch::Constant(600).size(&mut random), 600);
        assert_eq!(Batch::One.size(&mut random), 1);
    }

    #[test]
    fn sizes_out_of_range_are_refused() {
        assert_eq!(Batch::Constant(1).check(), Ok(()));
        assert!(Batch::Constant(0).check().is_err());
        assert!(Batch::Geometric { mean: 0.9 }.check().is_err());
        assert!(Batch::Geometric { mean: f64::NAN }.check().is_err());
    }
}
