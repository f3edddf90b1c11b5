//! How long a caller waits before it tries again.
//!
//! Growth, cap and spread are separate: the wait of retry `k` grows, is cut off at the cap, and is
//! then spread by jitter. Decorrelated jitter is a chain of its own: each wait is drawn from the
//! one before.
//!
//! Source: Brooker, "Exponential Backoff And Jitter" (AWS, 2015), and its simulator
//! `aws-samples/aws-arch-backoff-simulator` for the order of cutting off and drawing.

use crate::engine::math::product;
use crate::engine::{SimDuration, Stream};

use super::setting::{BadSetting, in_range};

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
    /// `base * k`, at most `cap`, spread by `jitter`.
    Linear {
        /// The wait before the first retry.
        base: SimDuration,
        /// The longest wait.
        cap: SimDuration,
        /// How the wait is spread.
        jitter: Jitter,
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
    /// Uniform from `base` to three times the wait before, at most `cap`.
    Decorrelated {
        /// The shortest wait, and what the first one is drawn from.
        base: SimDuration,
        /// The longest wait.
        cap: SimDuration,
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
    /// Exponential with mean `d`, and so at times beyond the cap: callers return as if they had
    /// never met, as in the theory of retrial queues.
    Exponential,
}

impl Jitter {
    fn spread(self, longest: u64, random: &mut Stream) -> SimDuration {
        let share = match self {
            Self::None => return SimDuration(longest),
            Self::Equal => 0.5 + 0.5 * random.unit(),
            Self::Full => random.unit(),
            Self::Exponential => random.exponential(),
        };
        SimDuration((longest as f64 * share) as u64)
    }
}

impl Backoff {
    /// The wait before retry `k`, counted from 1, for a caller that keeps no state.
    ///
    /// A decorrelated back-off begins its chain anew: use [`Backoff::delay_after`] for it.
    pub fn delay(self, k: u32, random: &mut Stream) -> SimDuration {
        self.delay_after(k, SimDuration::ZERO, random)
    }

    /// The wait before retry `k`, counted from 1, when the wait before it was `previous`: zero for
    /// the first.
    pub fn delay_after(self, k: u32, previous: SimDuration, random: &mut Stream) -> SimDuration {
        match self {
            Self::None => SimDuration::ZERO,
            Self::Fixed { base } => base,
            Self::Linear { base, cap, jitter } => {
                let longest = times(base, u64::from(k.max(1))).min(cap.0);
                jitter.spread(longest, random)
            }
            Self::Exponential { base, cap, jitter } => {
                let doublings = k.saturating_sub(1).min(63);
                let longest = times(base, 1 << doublings).min(cap.0);
                jitter.spread(longest, random)
            }
            Self::Decorrelated { base, cap } => {
                let widest = times(previous.max(base), 3);
                let spread = (widest - base.0) as f64 * random.unit();
                SimDuration(base.0.saturating_add(spread as u64)).min(cap)
            }
        }
    }

    /// Whether the waits make sense.
    ///
    /// # Errors
    /// The cap is below the base.
    pub fn check(self) -> Result<(), BadSetting> {
        let (base, cap) = match self {
            Self::None | Self::Fixed { .. } => return Ok(()),
            Self::Linear { base, cap, .. }
            | Self::Exponential { base, cap, .. }
            | Self::Decorrelated { base, cap } => (base, cap),
        };
        in_range("cap_ms", cap.as_ms(), [base.as_ms(), f64::INFINITY], "at least the base")
    }
}

/// So many times as long, in nanoseconds.
fn times(base: SimDuration, count: u64) -> u64 {
    product(base.0, count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
