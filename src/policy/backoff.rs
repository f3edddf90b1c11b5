//! How long a caller waits before it tries again.
//!
//! Source: Brooker, "Exponential Backoff And Jitter" (AWS, 2015) for the kinds of jitter.

use crate::engine::{SimDuration, Stream};

/// The wait before retry number `k` (1 for the first).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Backoff {
    /// Tries again at once.
    #[default]
    None,
    /// Always the same wait.
    Fixed {
        /// The wait.
        base: SimDuration,
    },
    /// `base * 2^(k-1)`, at most `cap`, spread by `jitter`.
    Exponential {
        /// The wait before the first retry.
        base: SimDuration,
        /// The longest wait.
        cap: SimDuration,
        /// How the wait is spread.
        jitter: Jitter,
    },
}

/// How a back-off `d` is spread, so that callers that failed together do not return together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Jitter {
    /// Exactly `d`.
    #[default]
    None,
    /// Uniform in `d/2..d`.
    Equal,
    /// Uniform in `0..d`.
    Full,
}

impl Backoff {
    /// The wait before retry `k`, counted from 1.
    pub fn delay(self, k: u32, random: &mut Stream) -> SimDuration {
        match self {
            Self::None => SimDuration::ZERO,
            Self::Fixed { base } => base,
            Self::Exponential { base, cap, jitter } => {
                let doublings = k.saturating_sub(1).min(63);
                let longest = base.0.saturating_mul(1 << doublings).min(cap.0);
                let share = match jitter {
                    Jitter::None => 1.0,
                    Jitter::Equal => 0.5 + 0.5 * random.unit(),
                    Jitter::Full => random.unit(),
                };
                SimDuration((longest as f64 * share) as u64)
            }
        }
    }
}
