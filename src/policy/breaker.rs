//! A circuit breaker: stops calling a callee that fails, and tries it again with a few probes.
//!
//! Closed, it lets every call through and keeps the outcomes of the last calls or seconds; when at
//! least `calls_min` are in the window and the share of failures, or of slow calls, reaches its
//! threshold, it opens. Open, it rejects everything for a time. Then the first call makes it half
//! open: some probes go through, the others are rejected, until the probes have decided.
//!
//! A call belongs to the state it started in: outcomes that arrive after the state has changed are
//! ignored, as in `sony/gobreaker` (resilience4j counts them in the new state). `k` failures in a
//! row are a window of `k` calls with `calls_min` of `k` and a threshold of 1.
//!
//! Left out: forced states, ramping up after closing, a limit on how long probes may take (a probe
//! that is cancelled is given back with [`Breaker::forget`]).
//! Source: resilience4j 2, `CircuitBreakerConfig` (defaults 50 %, 100 calls, 100 at least, 60 s
//! open, 10 probes) and `CircuitBreakerMetrics` (a share *at* its threshold opens); Netflix Hystrix
//! (20 calls in 10 s, 50 %, 5 s, one probe).

use crate::engine::{SimDuration, SimTime};

use super::setting::{BadSetting, in_range};

/// When a breaker opens and closes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// What the shares are shares of.
    pub window: Window,
    /// Calls in the window before anything is decided, 1 to a million; for a window of calls at
    /// most the window.
    pub calls_min: u32,
    /// Share of failed calls that opens it, above 0 to 1.
    pub failures_share: f64,
    /// Failed calls in the window below which it stays closed, whatever their share.
    pub failures_min: u32,
    /// A call that takes longer is slow.
    pub slow_after: SimDuration,
    /// Share of slow calls that opens it, above 0; above 1 for never.
    pub slow_share: f64,
    /// How long it stays open.
    pub open_wait: SimDuration,
    /// Calls let through half open, 1 to 10 000.
    pub probes_count: u32,
    /// How the probes decide.
    pub probing: Probing,
}

/// The outcomes that a closed breaker looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The last calls, 1 to 10 000.
    Calls(u32),
    /// The calls of the last seconds, in ten slots: resolution is a tenth.
    Time(SimDuration),
}

/// What the probes of a half-open breaker must do to close it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Probing {
    /// All succeed and none is slow; the first that does not opens it again.
    #[default]
    AllSucceed,
    /// When all have ended, their shares are below the thresholds.
    SharesBelow,
}

impl Default for Settings {
    /// The defaults of resilience4j.
    fn default() -> Self {
        Self {
            window: Window::Calls(100),
            calls_min: 100,
            failures_share: 0.5,
            failures_min: 0,
            slow_after: SimDuration(60_000_000_000),
            slow_share: 1.0,
            open_wait: SimDuration(60_000_000_000),
            probes_count: 10,
            probing: Probing::SharesBelow,
        }
    }
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        let share = "above 0, at most 1";
        match self.window {
            Window::Calls(calls) => {
                in_range("window_calls", f64::from(calls), [1.0, 1e4], "1 to 10000")?;
            }
            Window::Time(span) => {
                in_range("window_ms", span.as_ms(), [1e-3, 1e9], "0.001 to a billion")?;
            }
        }
        in_range("calls_min", f64::from(self.calls_min), [1.0, 1e6], "1 to 1000000")?;
        in_range("failures_share", self.failures_share, [f64::MIN_POSITIVE, 1.0], share)?;
        in_range("slow_share", self.slow_share, [f64::MIN_POSITIVE, f64::INFINITY], "above 0")?;
        in_range("probes_count", f64::from(self.probes_count), [1.0, 1e4], "1 to 10000")
    }
}

/// What a breaker is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Lets every call through.
    Closed,
    /// Rejects every call.
    Open,
    /// Lets probes through.
    HalfOpen,
}

/// Leave to make one call; its outcome is reported with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    /// Number of the state it was given in.
    period: u32,
}

/// What a breaker says to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Go ahead.
    Admit(Permit),
    /// Not now; zero if it depends on probes.
    Reject {
        /// Time until a call may be let through.
        retry_after: SimDuration,
    },
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// It failed.
    pub failed: bool,
    /// How long it took.
    pub took: SimDuration,
}

/// Calls and how they ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    calls: u32,
    failed: u32,
    slow: u32,
}

/// Slots of a window of time.
const SLOTS: usize = 10;
const FAILED: u8 = 1;
const SLOW: u8 = 2;

/// A breaker and the outcomes in its window.
#[derive(Debug, Clone)]
pub struct Breaker {
    settings: Settings,
    state: State,
    /// Number of the present state; permits of earlier ones are void.
    period: u32,
    opened: SimTime,
    probes_sent: u32,
    /// Sums over the window; over the probes when half open.
    counts: Counts,
    /// Outcomes of the last calls, oldest at `next` once full; empty for a window of time.
    last: Box<[u8]>,
    next: u32,
    slots: [Counts; SLOTS],
    slot: u64,
}

impl Breaker {
    /// A closed breaker that has seen nothing.
    pub fn new(settings: Settings) -> Self {
        let length = match settings.window {
            Window::Calls(calls) => calls.max(1) as usize,
            Window::Time(_) => 0,
        };
        Self {
            settings,
            state: State::Closed,
            period: 0,
            opened: SimTime::ZERO,
            probes_sent: 0,
            counts: Counts::default(),
            last: vec![0; length].into_boxed_slice(),
            next: 0,
            slots: [Counts::default(); SLOTS],
            slot: 0,
        }
    }

    /// What it is doing; an open breaker becomes half open only when it is asked.
    pub fn state(&self) -> State {
        self.state
    }

    /// Asks for leave to call.
    #[inline]
    pub fn decide(&mut self, now: SimTime) -> Decision {
        match self.state {
            State::Closed => return Decision::Admit(Permit { period: self.period }),
            State::Open => {
                let until = self.opened + self.settings.open_wait;
                if now < until {
                    return Decision::Reject { retry_after: until.since(now) };
                }
                self.enter(State::HalfOpen, now);
            }
            State::HalfOpen => {}
        }
        if self.probes_sent == self.settings.probes_count {
            return Decision::Reject { retry_after: SimDuration::ZERO };
        }
        self.probes_sent += 1;
        Decision::Admit(Permit { period: self.period })
    }

    /// Reports how a call ended; nothing if the state has changed since it began.
    #[inline]
    pub fn record(&mut self, now: SimTime, permit: Permit, outcome: Outcome) {
        if permit.period != self.period {
            return;
        }
        let slow = outcome.took > self.settings.slow_after;
        let marks = u8::from(outcome.failed) * FAILED + u8::from(slow) * SLOW;
        if self.state == State::HalfOpen {
            self.record_probe(now, marks);
            return;
        }
        match self.settings.window {
            Window::Calls(_) => self.record_call(marks),
            Window::Time(window) => self.record_in_slot(now, window, marks),
        }
        if self.counts.calls >= self.calls_needed() && self.reaches_threshold() {
            self.enter(State::Open, now);
        }
    }

    /// Takes back the leave of a call that was never made, or whose outcome nobody will know.
    pub fn forget(&mut self, permit: Permit) {
        if permit.period == self.period && self.state == State::HalfOpen {
            self.probes_sent -= 1;
        }
    }

    fn calls_needed(&self) -> u32 {
        match self.settings.window {
            Window::Calls(calls) => self.settings.calls_min.min(calls).max(1),
            Window::Time(_) => self.settings.calls_min.max(1),
        }
    }

    fn reaches_threshold(&self) -> bool {
        let Counts { calls, failed, slow } = self.counts;
        let calls = f64::from(calls);
        (failed >= self.settings.failures_min
            && f64::from(failed) >= self.settings.failures_share * calls)
            || f64::from(slow) >= self.settings.slow_share * calls
    }

    fn record_call(&mut self, marks: u8) {
        let length = self.last.len();
        let place = &mut self.last[self.next as usize];
        if self.counts.calls as usize == length {
            self.counts.take(*place);
        }
        *place = marks;
        self.counts.add(marks);
        self.next = if self.next as usize + 1 == length { 0 } else { self.next + 1 };
    }

    fn record_in_slot(&mut self, now: SimTime, window: SimDuration, marks: u8) {
        let number = now.0 / (window.0 / SLOTS as u64).max(1);
        let passed = number.saturating_sub(self.slot).min(SLOTS as u64);
        for back in 0..passed {
            let old = &mut self.slots[((number - back) % SLOTS as u64) as usize];
            self.counts.calls -= old.calls;
            self.counts.failed -= old.failed;
            self.counts.slow -= old.slow;
            *old = Counts::default();
        }
        self.slot = self.slot.max(number);
        self.slots[(self.slot % SLOTS as u64) as usize].add(marks);
        self.counts.add(marks);
    }

    fn record_probe(&mut self, now: SimTime, marks: u8) {
        self.counts.add(marks);
        if self.settings.probing == Probing::AllSucceed && marks & self.fatal_marks() != 0 {
            self.enter(State::Open, now);
        } else if self.counts.calls == self.settings.probes_count {
            let opens = self.settings.probing == Probing::SharesBelow && self.reaches_threshold();
            self.enter(if opens { State::Open } else { State::Closed }, now);
        }
    }

    /// Slowness counts against a probe only if it can open the breaker at all.
    fn fatal_marks(&self) -> u8 {
        if self.settings.slow_share > 1.0 { FAILED } else { FAILED | SLOW }
    }

    /// Changes the state; all that was counted belongs to the one before.
    fn enter(&mut self, state: State, now: SimTime) {
        self.state = state;
        self.period = self.period.wrapping_add(1);
        self.opened = now;
        self.probes_sent = 0;
        self.counts = Counts::default();
        self.next = 0;
        self.slots = [Counts::default(); SLOTS];
    }
}

impl Counts {
    fn add(&mut self, marks: u8) {
        self.calls += 1;
        self.failed += u32::from(marks & FAILED);
        self.slow += u32::from(marks & SLOW != 0);
    }

    fn take(&mut self, marks: u8) {
        self.calls -= 1;
        self.failed -= u32::from(marks & FAILED);
        self.slow -= u32::from(marks & SLOW != 0);
    }
}

#[cfg(test)]
mod tests;
