//! How many retries a caller may make beside its requests.
//!
//! Without a budget a failing callee gets `1 + retries` times its load; with one, retries stay a
//! share of requests however much fails. Four kinds that are in use:
//!
//! * [`Budget::Bucket`]: every request pays in a share of a token, every retry takes a whole one.
//! * [`Budget::Window`]: at most a share of the requests of the last seconds, and a reserve for
//!   callers that send little.
//! * [`Budget::Throttle`]: failures take a token, successes give a share of one; no retries while
//!   half the tokens or fewer are left.
//! * [`Budget::Concurrent`]: at most a share of the attempts in flight are retries.
//!
//! Tokens are counted in whole millionths: ten times 0.1 is a token, which floating point denies.
//!
//! Source: Finagle `RetryBudget` (Twitter, 2016; window, defaults 0.2, 10/s, 10 s); gRPC proposal A6,
//! "Throttling Retry Attempts and Hedged RPCs" (throttle, example 10 tokens, ratio 0.1); Envoy
//! `CircuitBreakers.Thresholds.RetryBudget` (concurrent, defaults 0.2, at least 3).

use crate::engine::{SimDuration, SimTime};

use super::setting::{BadSetting, in_range};

/// One token.
const TOKEN: i64 = 1_000_000;
/// Parts a sliding window is made of: requests expire a tenth of it late at most.
const SLOTS: usize = 10;

/// What limits the retries of a caller.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Settings {
    /// Each request adds `ratio` tokens up to `tokens_max`, each retry takes one; full at first.
    Bucket {
        /// Most tokens, 1 to a million.
        tokens_max: f64,
        /// Tokens a request adds, 0 to 1000.
        ratio: f64,
    },
    /// Retries are at most `ratio` of the requests within `window`, plus a reserve.
    Window {
        /// Retries a request allows, 0 to 1000.
        ratio: f64,
        /// Retries always allowed, per second of the window, 0 to a million.
        reserve_per_sec: f64,
        /// How long a request counts, above zero.
        window: SimDuration,
    },
    /// No retries while half of `tokens_max` or fewer are left.
    Throttle {
        /// Most tokens, above 0 to 1000; as many at first.
        tokens_max: f64,
        /// Tokens a success adds, 0 to 1000; a failure takes one.
        ratio: f64,
    },
    /// Retries in flight are at most `share` of all attempts in flight, or `least` if that is more.
    Concurrent {
        /// Share of the attempts in flight, 0 to 1.
        share: f64,
        /// Retries in flight that are always allowed.
        least: u32,
    },
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        let ratio_fits = |ratio| in_range("ratio", ratio, [0.0, 1_000.0], "0 to 1000");
        match *self {
            Self::Bucket { tokens_max, ratio } => {
                ratio_fits(ratio)?;
                in_range("tokens_max", tokens_max, [1.0, 1e6], "1 to 1000000")
            }
            Self::Window { ratio, reserve_per_sec, window } => {
                ratio_fits(ratio)?;
                in_range("reserve_per_sec", reserve_per_sec, [0.0, 1e6], "0 to 1000000")?;
                in_range("window_ms", window.as_ms(), [1e-3, 1e9], "0.001 to a billion")
            }
            Self::Throttle { tokens_max, ratio } => {
                ratio_fits(ratio)?;
                in_range("tokens_max", tokens_max, [1e-6, 1_000.0], "above 0, at most 1000")
            }
            Self::Concurrent { share, .. } => in_range("share", share, [0.0, 1.0], "0 to 1"),
        }
    }
}

/// The retries a caller has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// See [`Settings::Bucket`].
    Bucket(Tokens),
    /// See [`Settings::Window`].
    Window(Window),
    /// See [`Settings::Throttle`].
    Throttle(Tokens),
    /// See [`Settings::Concurrent`].
    Concurrent {
        /// Most retries a million attempts in flight allow.
        share: i64,
        /// Retries always allowed.
        least: u32,
    },
}

/// Millionths of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    left: i64,
    most: i64,
    gain: i64,
}

/// Requests less retries, in slots of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// What was paid in less what was taken out in each slot, in millionths of a retry.
    slots: [i64; SLOTS],
    /// Number of the latest slot since the run began.
    latest: u64,
    slot_length: u64,
    reserve: i64,
    gain: i64,
}

fn millionths(amount: f64) -> i64 {
    (amount * TOKEN as f64 + 0.5) as i64
}

impl Budget {
    /// A budget nobody has used yet.
    pub fn new(settings: &Settings) -> Self {
        let full = |tokens_max: f64, ratio| {
            let most = millionths(tokens_max);
            Tokens { left: most, most, gain: millionths(ratio) }
        };
        match *settings {
            Settings::Bucket { tokens_max, ratio } => Self::Bucket(full(tokens_max, ratio)),
            Settings::Throttle { tokens_max, ratio } => Self::Throttle(full(tokens_max, ratio)),
            Settings::Window { ratio, reserve_per_sec, window } => Self::Window(Window {
                slots: [0; SLOTS],
                latest: 0,
                slot_length: (window.0 / SLOTS as u64).max(1),
                reserve: millionths(reserve_per_sec * window.as_secs()),
                gain: millionths(ratio),
            }),
            Settings::Concurrent { share, least } => {
                Self::Concurrent { share: millionths(share), least }
            }
        }
    }

    /// A request is sent for the first time.
    #[inline]
    pub fn on_request(&mut self, now: SimTime) {
        match self {
            Self::Bucket(tokens) => tokens.left = (tokens.left + tokens.gain).min(tokens.most),
            Self::Window(window) => window.slot(now, |slot, gain| *slot += gain),
            Self::Throttle(_) | Self::Concurrent { .. } => {}
        }
    }

    /// An attempt has ended.
    #[inline]
    pub fn on_outcome(&mut self, succeeded: bool) {
        if let Self::Throttle(tokens) = self {
            tokens.left = if succeeded {
                (tokens.left + tokens.gain).min(tokens.most)
            } else {
                (tokens.left - TOKEN).max(0)
            };
        }
    }

    /// Takes leave for one retry, when `retries` of `in_flight` attempts are retries; only
    /// [`Budget::Concurrent`] looks at these.
    #[inline]
    pub fn try_retry(&mut self, now: SimTime, retries: u32, in_flight: u32) -> bool {
        match self {
            Self::Bucket(tokens) => {
                let enough = tokens.left >= TOKEN;
                tokens.left -= if enough { TOKEN } else { 0 };
                enough
            }
            Self::Window(window) => {
                window.slot(now, |_, _| ());
                let enough = window.balance() >= TOKEN;
                if enough {
                    window.slot(now, |slot, _| *slot -= TOKEN);
                }
                enough
            }
            Self::Throttle(tokens) => tokens.left > tokens.most / 2,
            Self::Concurrent { share, least } => {
                let allowed = i64::from(in_flight) * *share / TOKEN;
                i64::from(retries) < allowed.max(i64::from(*least))
            }
        }
    }
}

impl Window {
    fn balance(&self) -> i64 {
        self.reserve + self.slots.iter().sum::<i64>()
    }

    fn slot(&mut self, now: SimTime, change: impl FnOnce(&mut i64, i64)) {
        let number = now.0 / self.slot_length;
        let passed = number.saturating_sub(self.latest).min(SLOTS as u64);
        for back in 0..passed {
            self.slots[((number - back) % SLOTS as u64) as usize] = 0;
        }
        self.latest = self.latest.max(number);
        change(&mut self.slots[(self.latest % SLOTS as u64) as usize], self.gain);
    }
}

#[cfg(test)]
mod tests;
