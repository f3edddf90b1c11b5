//! Simulated time in whole nanoseconds.
//!
//! Integers, because sums of floating-point delays depend on the order of summation, and because
//! ties between events must be exact. `u64` nanoseconds last 584 years.

use std::ops::{Add, AddAssign, Sub};

/// Nanoseconds in one second.
pub const NANOS_PER_SEC: f64 = 1e9;

/// A little less than the largest signed number of 64 bits.
const SIGNED_MAX: f64 = 9.2e18;

/// A point in simulated time: nanoseconds since the run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimTime(pub u64);

/// A span of simulated time in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimDuration(pub u64);

impl SimTime {
    /// The instant a run begins.
    pub const ZERO: Self = Self(0);
    /// Later than every event: "never".
    pub const NEVER: Self = Self(u64::MAX);

    /// The instant `secs` seconds after the start; negative and not-a-number give zero, beyond
    /// the range gives [`SimTime::NEVER`].
    pub fn from_secs(secs: f64) -> Self {
        Self(nanos_from_secs(secs))
    }

    /// Seconds since the start.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC
    }

    /// The span since `earlier`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of `secs` seconds; negative and not-a-number give zero.
    pub fn from_secs(secs: f64) -> Self {
        Self(nanos_from_secs(secs))
    }

    /// A span of `ms` milliseconds.
    pub fn from_ms(ms: f64) -> Self {
        Self(nanos_from_secs(ms / 1e3))
    }

    /// The span in seconds.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC
    }

    /// This many times as long, to the nearest nanosecond; `factor` is 0 or more.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self(rounded(self.0 as f64 * factor))
    }

    /// The span in milliseconds.
    pub fn as_ms(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

#[inline]
fn nanos_from_secs(secs: f64) -> u64 {
    rounded(secs * NANOS_PER_SEC)
}

/// Rounds to the nearest nanosecond; `as` saturates, so no input can panic or wrap.
#[inline]
fn rounded(nanos: f64) -> u64 {
    let nanos = nanos + 0.5;
    // Processors convert to signed numbers in one instruction, and to unsigned ones in several.
    if nanos < SIGNED_MAX { (nanos as i64).max(0).cast_unsigned() } else { nanos as u64 }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;

    #[inline]
    fn add(self, span: SimDuration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub for SimTime {
    type Output = SimDuration;

    #[inline]
    fn sub(self, earlier: Self) -> SimDuration {
        self.since(earlier)
    }
}

impl Add for SimDuration {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for SimDuration {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_to_the_nearest_nanosecond() {
        assert_eq!(SimDuration::from_secs(0.000_000_001_4), SimDuration(1));
        assert_eq!(SimDuration::from_secs(0.000_000_001_6), SimDuration(2));
        assert_eq!(SimDuration::from_ms(250.0), SimDuration(250_000_000));
    }

    #[test]
    fn impossible_seconds_saturate() {
        assert_eq!(SimDuration::from_secs(-1.0), SimDuration::ZERO);
        assert_eq!(SimDuration::from_secs(f64::NAN), SimDuration::ZERO);
        assert_eq!(SimTime::from_secs(f64::INFINITY), SimTime::NEVER);
        assert_eq!(SimTime::NEVER + SimDuration(1), SimTime::NEVER);
    }
}
