//! A rate limit of any kind, and one for each user or tenant.
//!
//! Keys are small numbers given by whoever builds the model; a key has a limiter of its own from
//! the start, so that nothing is allocated while requests come.
//!
//! Left out: that a gateway forgets keys which nobody used for a while, which makes no difference to a
//! limiter that is full again.

use crate::engine::SimTime;
use crate::policy::setting::{BadSetting, in_range};

use super::Decision;
use super::fixed_window::{self, FixedWindow};
use super::leaky_bucket::{self, LeakyBucket};
use super::sliding_counter::SlidingCounter;
use super::sliding_log::{self, SlidingLog};
use super::token_bucket::{self, TokenBucket};

/// Most admissions that logs remember over all keys: 80 MB.
pub const LOGGED_MAX: u64 = 10_000_000;
/// Most keys.
pub const KEYS_MAX: u32 = 1_000_000;

/// A kind of rate limit with its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Settings {
    /// Bursts up to a size, a rate in the long run.
    TokenBucket(token_bucket::Settings),
    /// A steady rate, with or without waiting.
    LeakyBucket(leaky_bucket::Settings),
    /// Counts from border to border.
    FixedWindow(fixed_window::Settings),
    /// Remembers every admission.
    SlidingLog(fixed_window::Settings),
    /// Estimates from two counts.
    SlidingCounter(fixed_window::Settings),
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// Everybody's.
    #[default]
    Global,
    /// Those of the users of one tenant.
    PerTenant,
    /// Those of one user.
    PerUser,
}

impl Scope {
    /// The key of a user of a tenant.
    #[inline]
    pub fn key(self, user: u32, tenant: u32) -> u32 {
        match self {
            Self::Global => 0,
            Self::PerTenant => tenant,
            Self::PerUser => user,
        }
    }
}

/// A rate limiter of any kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Limiter {
    /// See [`token_bucket`].
    TokenBucket(TokenBucket),
    /// See [`leaky_bucket`].
    LeakyBucket(LeakyBucket),
    /// See [`fixed_window`].
    FixedWindow(FixedWindow),
    /// See [`sliding_log`].
    SlidingLog(SlidingLog),
    /// See [`sliding_counter`](super::sliding_counter).
    SlidingCounter(SlidingCounter),
}

impl Settings {
    /// Most requests a second in the long run.
    pub fn rate_per_s(&self) -> f64 {
        match self {
            Self::TokenBucket(settings) => settings.rate_per_sec,
            Self::LeakyBucket(settings) => settings.rate_per_sec,
            Self::FixedWindow(settings)
            | Self::SlidingLog(settings)
            | Self::SlidingCounter(settings) => {
                f64::from(settings.limit) / settings.window.as_secs()
            }
        }
    }

    /// Whether `keys` limiters can be made with these settings.
    ///
    /// # Errors
    /// Names the first value out of range.
    pub fn check(&self, keys: u32) -> Result<(), BadSetting> {
        in_range("keys", f64::from(keys), [1.0, f64::from(KEYS_MAX)], "1 to a million")?;
        match self {
            Self::TokenBucket(settings) => settings.check(),
            Self::LeakyBucket(settings) => settings.check(),
            Self::FixedWindow(settings) | Self::SlidingCounter(settings) => settings.check(),
            Self::SlidingLog(settings) => {
                sliding_log::check(settings)?;
                let logged = u64::from(settings.limit) * u64::from(keys);
                let possible = "at most 10 million over all keys";
                in_range("limit", logged as f64, [1.0, LOGGED_MAX as f64], possible)
            }
        }
    }
}

impl Limiter {
    /// A limiter that nobody has come to yet.
    pub fn new(settings: &Settings) -> Self {
        match settings {
            Settings::TokenBucket(settings) => Self::TokenBucket(TokenBucket::new(settings)),
            Settings::LeakyBucket(settings) => Self::LeakyBucket(LeakyBucket::new(settings)),
            Settings::FixedWindow(settings) => Self::FixedWindow(FixedWindow::new(settings)),
            Settings::SlidingLog(settings) => Self::SlidingLog(SlidingLog::new(settings)),
            Settings::SlidingCounter(settings) => {
                Self::SlidingCounter(SlidingCounter::new(settings))
            }
        }
    }

    /// Decides about a request that comes `now`, not before an earlier one.
    #[inline]
    pub fn decide(&mut self, now: SimTime) -> Decision {
        match self {
            Self::TokenBucket(limiter) => limiter.decide(now),
            Self::LeakyBucket(limiter) => limiter.decide(now),
            Self::FixedWindow(limiter) => limiter.decide(now),
            Self::SlidingLog(limiter) => limiter.decide(now),
            Self::SlidingCounter(limiter) => limiter.decide(now),
        }
    }
}

/// One limiter for each key.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyed {
    limiters: Box<[Limiter]>,
}

impl Keyed {
    /// `keys` limiters, at least one, that nobody has come to yet.
    pub fn new(settings: &Settings, keys: u32) -> Self {
        let limiters = vec![Limiter::new(settings); keys.max(1) as usize];
        Self { limiters: limiters.into_boxed_slice() }
    }

    /// Decides about a request of `key`; keys beyond the last start again at the first.
    #[inline]
    pub fn decide(&mut self, key: u32, now: SimTime) -> Decision {
        let count = self.limiters.len();
        let key = key as usize;
        self.limiters[if key < count { key } else { key % count }].decide(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SimDuration;

    fn window(limit: u32) -> Settings {
        let window = SimDuration::from_secs(1.0);
        Settings::FixedWindow(fixed_window::Settings { limit, window })
    }

    #[test]
    fn one_abusive_user_uses_up_only_what_is_its_own() {
        for (scope, left_for_others) in
            [(Scope::PerUser, 10), (Scope::PerTenant, 5), (Scope::Global, 0)]
        {
            let mut limiter = Keyed::new(&window(10), 100);
            let mut passed = |user, requests| {
                let key = scope.key(user, user / 50);
                let now = SimTime::ZERO;
                (0..requests).filter(|_| limiter.decide(key, now) == Decision::Admit).count()
            };
            assert_eq!(passed(7, 1_000), 10);
            // Ten others send one each, five of them of the same tenant.
            let others = (45..55).map(|user| passed(user, 1)).sum::<usize>();
            assert_eq!(others, left_for_others, "{scope:?}");
        }
    }

    #[test]
    fn keys_beyond_the_last_share_a_limiter() {
        let mut limiter = Keyed::new(&window(1), 2);
        assert_eq!(limiter.decide(0, SimTime::ZERO), Decision::Admit);
        assert!(matches!(limiter.decide(2, SimTime::ZERO), Decision::Reject { .. }));
        assert_eq!(limiter.decide(u32::MAX, SimTime::ZERO), Decision::Admit);
    }

    #[test]
    fn logs_of_all_keys_together_are_bounded() {
        let log = |limit| {
            Settings::SlidingLog(fixed_window::Settings { limit, window: SimDuration(1_000) })
        };
        assert_eq!(log(100).check(100_000), Ok(()));
        assert!(log(101).check(100_000).is_err());
        assert!(window(1).check(0).is_err());
    }

    #[test]
    fn a_key_takes_a_cache_line_at_most() {
        assert!(size_of::<Limiter>() <= 64, "{} bytes", size_of::<Limiter>());
    }
}
