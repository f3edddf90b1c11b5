//! Whether a failed attempt is tried again, and when.
//!
//! Three things can end the attempts of a request: the failure is not of a kind that is retried,
//! the retries are used up, or the budget is. A client with a bug retries for ever, without budget.
//!
//! A caller that is told when to come again may wait at least so long, or exactly so long and a spread
//! more.
//!
//! Left out: that a retry goes to another instance on purpose, and requests that must not be repeated.
//! Source: Google SRE book, chapter 22 ("Retries"); for the time that is told: RFC 9110, section
//! 10.2.3 (`Retry-After`).

use crate::engine::{SimDuration, SimTime, Stream};

use super::backoff::Backoff;
use super::budget::Budget;
use super::setting::{BadSetting, in_range};

/// As many retries as it takes.
pub const FOR_EVER: u32 = u32::MAX;

/// How an attempt can fail, as its caller sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Failure {
    /// Nothing was heard within the timeout.
    TimedOut,
    /// Refused at the door: a queue was full, a rate limit hit (429, 503).
    Rejected,
    /// Dropped from a queue on purpose.
    Shed,
    /// The callee answered with an error (500).
    Error,
    /// The callee could not be reached: connection refused, packet lost.
    Unreachable,
    /// The caller's own breaker is open.
    BreakerOpen,
    /// A pool or lock was not free in time.
    GaveUp,
}

/// A set of failures, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures(u8);

impl Failures {
    /// No failure.
    pub const NONE: Self = Self(0);
    /// Every failure but the caller's own open breaker: what most libraries retry.
    pub const USUAL: Self = Self(0x7f).without(Failure::BreakerOpen);

    /// This set and `failure`.
    #[must_use]
    pub const fn with(self, failure: Failure) -> Self {
        Self(self.0 | 1 << failure as u8)
    }

    /// This set less `failure`.
    #[must_use]
    pub const fn without(self, failure: Failure) -> Self {
        Self(self.0 & !(1 << failure as u8))
    }

    /// Whether `failure` is in the set.
    pub const fn contains(self, failure: Failure) -> bool {
        self.0 & 1 << failure as u8 != 0
    }
}

/// What a caller does with a time that the callee names for the next attempt (`Retry-After`).
///
/// Source: RFC 9110, section 10.2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RetryAfter {
    /// Waits by its own back-off.
    #[default]
    Ignored,
    /// Waits by its back-off, but not less than the time named.
    AtLeast,
    /// Waits for the time named, and up to `spread` more, uniformly.
    Instead {
        /// So that callers do not return together; zero for none.
        spread: SimDuration,
    },
}

/// The retry policy of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Attempts after the first; [`FOR_EVER`] for a client that does not stop.
    pub retries_count: u32,
    /// Failures that are tried again.
    pub failures: Failures,
    /// The wait before each retry.
    pub backoff: Backoff,
    /// What becomes of a time that the callee names.
    pub retry_after: RetryAfter,
}

impl Default for Settings {
    /// No retries at all.
    fn default() -> Self {
        Self {
            retries_count: 0,
            failures: Failures::USUAL,
            backoff: Backoff::None,
            retry_after: RetryAfter::Ignored,
        }
    }
}

/// What becomes of a request after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Another attempt after this wait; the wait is what [`Attempts::previous`] is next time.
    Retry(SimDuration),
    /// The failure is not of a kind that is tried again.
    NotRetried,
    /// No retries are left.
    UsedUp,
    /// The budget has no retry left.
    OverBudget,
}

/// What a caller knows of a request whose attempt has just failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// Attempts made, at least 1.
    pub made: u32,
    /// The wait before the latest of them, zero for the first.
    pub previous: SimDuration,
    /// What the callee said about the next one; zero if nothing.
    pub retry_after: SimDuration,
}

/// A budget, and what it needs to know of the attempts in flight.
#[derive(Debug)]
pub struct Shared<'a> {
    /// Shared by all requests of the caller.
    pub budget: &'a mut Budget,
    /// Retries in flight.
    pub retries: u32,
    /// Attempts in flight.
    pub in_flight: u32,
}

impl Settings {
    /// Decides about the next attempt of a request that has just failed; takes it out of the budget.
    pub fn decide(
        &self,
        now: SimTime,
        failure: Failure,
        attempts: Attempts,
        budget: Option<Shared<'_>>,
        random: &mut Stream,
    ) -> Decision {
        if !self.failures.contains(failure) {
            return Decision::NotRetried;
        }
        if self.retries_count != FOR_EVER && attempts.made > self.retries_count {
            return Decision::UsedUp;
        }
        if let Some(Shared { budget, retries, in_flight }) = budget
            && !budget.try_retry(now, retries, in_flight)
        {
            return Decision::OverBudget;
        }
        Decision::Retry(self.wait(attempts, random))
    }

    fn wait(&self, attempts: Attempts, random: &mut Stream) -> SimDuration {
        let Attempts { made, previous, retry_after } = attempts;
        let backoff = self.backoff.delay_after(made, previous, random);
        match self.retry_after {
            RetryAfter::Ignored => backoff,
            RetryAfter::AtLeast => backoff.max(retry_after),
            RetryAfter::Instead { .. } if retry_after == SimDuration::ZERO => backoff,
            RetryAfter::Instead { spread } => {
                retry_after + SimDuration((spread.0 as f64 * random.unit()) as u64)
            }
        }
    }

    /// Whether the policy makes sense.
    ///
    /// # Errors
    /// The back-off does not, or a client that never stops would not let time pass.
    pub fn check(&self) -> Result<(), BadSetting> {
        if self.retries_count == FOR_EVER && self.backoff == Backoff::None {
            let possible = "a back-off above zero for a client that retries for ever";
            return in_range("backoff_ms", 0.0, [1e-6, f64::INFINITY], possible);
        }
        self.backoff.check()
    }
}

#[cfg(test)]
mod tests {
    use super::super::budget;
    use super::*;

    const SECOND: SimDuration = SimDuration(1_000_000_000);

    fn after(made: u32) -> Attempts {
        Attempts { made, previous: SimDuration::ZERO, retry_after: SimDuration::ZERO }
    }

    fn decide(settings: Settings, failure: Failure, attempts: Attempts) -> Decision {
        settings.decide(SimTime::ZERO, failure, attempts, None, &mut Stream::new(1, 0, 0))
    }

    #[test]
    fn a_set_holds_exactly_the_failures_put_in() {
        let set = Failures::NONE.with(Failure::TimedOut).with(Failure::GaveUp);
        assert!(set.contains(Failure::TimedOut) && set.contains(Failure::GaveUp));
        assert!(!set.contains(Failure::Rejected) && !set.contains(Failure::BreakerOpen));
        assert_eq!(set.without(Failure::GaveUp), Failures::NONE.with(Failure::TimedOut));
        assert!(Failures::USUAL.contains(Failure::GaveUp));
        assert!(!Failures::USUAL.contains(Failure::BreakerOpen));
    }

    #[test]
    fn attempts_end_when_the_retries_are_used_up() {
        let settings = Settings { retries_count: 2, ..Settings::default() };
        let retry = Decision::Retry(SimDuration::ZERO);
        assert_eq!(decide(settings, Failure::TimedOut, after(1)), retry);
        assert_eq!(decide(settings, Failure::TimedOut, after(2)), retry);
        assert_eq!(decide(settings, Failure::TimedOut, after(3)), Decision::UsedUp);
        assert_eq!(decide(settings, Failure::BreakerOpen, after(1)), Decision::NotRetried);
    }

    #[test]
    fn a_broken_client_never_stops_but_lets_time_pass() {
        let backoff = Backoff::Fixed { base: SECOND };
        let settings = Settings { retries_count: FOR_EVER, backoff, ..Settings::default() };
        assert_eq!(settings.check(), Ok(()));
        let much = after(u32::MAX);
        assert_eq!(decide(settings, Failure::Error, much), Decision::Retry(SECOND));
        assert!(Settings { backoff: Backoff::None, ..settings }.check().is_err());
    }

    #[test]
    fn an_empty_budget_ends_the_attempts() {
        let settings = Settings { retries_count: 5, ..Settings::default() };
        let kind = budget::Settings::Bucket { tokens_max: 1.0, ratio: 0.0 };
        let mut budget = Budget::new(&kind);
        let mut random = Stream::new(1, 0, 0);
        let mut next = |failure| {
            let shared = Shared { budget: &mut budget, retries: 0, in_flight: 0 };
            settings.decide(SimTime::ZERO, failure, after(1), Some(shared), &mut random)
        };
        assert_eq!(next(Failure::BreakerOpen), Decision::NotRetried);
        assert_eq!(next(Failure::Error), Decision::Retry(SimDuration::ZERO));
        assert_eq!(next(Failure::Error), Decision::OverBudget);
    }

    #[test]
    fn a_named_time_is_ignored_kept_or_taken_instead() {
        let named = Attempts { retry_after: SimDuration(3 * SECOND.0), ..after(1) };
        let backoff = Backoff::Fixed { base: SECOND };
        let with = |retry_after| Settings {
            retries_count: 1,
            backoff,
            retry_after,
            ..Settings::default()
        };
        let wait =
            |retry_after, attempts| match decide(with(retry_after), Failure::Rejected, attempts) {
                Decision::Retry(wait) => wait.0,
                _ => 0,
            };
        let instead = RetryAfter::Instead { spread: SECOND };
        assert_eq!(wait(RetryAfter::Ignored, named), SECOND.0);
        assert_eq!(wait(RetryAfter::AtLeast, named), 3 * SECOND.0);
        assert!((3 * SECOND.0..4 * SECOND.0).contains(&wait(instead, named)));
        assert_eq!(wait(instead, after(1)), SECOND.0, "nothing was named");
    }
}
