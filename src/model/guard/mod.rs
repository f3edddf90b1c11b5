//! Guarded calls: what a caller does beyond waiting for a timeout and trying again.
//!
//! The attempts of a call pass the caller's throttle, its breaker and its bulkhead, in this order;
//! then a copy of a slow one may follow (hedging). A failed attempt is tried again if its failure
//! is of a kind that is, and if retries and budget are left. Patience bounds all attempts of a call
//! together. What fails for good may be replaced by the steps of a fallback.
//!
//! What throttle and breaker refuse is *shed* and what the bulkhead refuses is *rejected*, without
//! having been sent. A call of a caller that is itself cancelled or crashes is neither a success nor a
//! failure for the breaker.
//!
//! Budget, throttle, breaker and bulkhead are shared by all requests of one caller to one callee,
//! however many instances the caller has. A call without any of these costs nothing more.

mod compile;

mod run;

mod ends;

mod elsewhere;

use std::collections::VecDeque;

use crate::engine::{Distribution, SimDuration, SimTime};
use crate::policy::breaker::{self, Breaker, Permit};
use crate::policy::budget::{self, Budget};
use crate::policy::bulkhead::{self, Bulkhead};
use crate::policy::hedge;
use crate::policy::retry::{self, Failures, RetryAfter};
use crate::policy::throttle::{self, Throttle};

use super::program::Delay;
use super::system::{Call, Step};

/// Most copies of an attempt beside the first.
pub const COPIES_MAX: usize = 3;

/// What a caller does about failures and slowness, beside timeout and retries.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// How long the caller waits for the call as a whole, over all attempts and back-offs.
    pub patience: Option<SimDuration>,
    /// Failures that are tried again.
    pub retried: Failures,
    /// What becomes of a time that the callee names for the next attempt.
    pub retry_after: RetryAfter,
    /// What limits the retries of all requests together.
    pub budget: Option<budget::Settings>,
    /// Sends less while most is turned away.
    pub throttle: Option<throttle::Settings>,
    /// Stops calling a callee that fails.
    pub breaker: Option<breaker::Settings>,
    /// So many attempts at once.
    pub bulkhead: Option<bulkhead::Settings>,
    /// Sends copies of attempts that take long.
    pub hedge: Option<Hedge>,
    /// Steps that are done instead of failing.
    ///
    /// When a call has failed for good the caller does these steps in its place, itself, and goes on as
    /// if it had been answered: the request ends in time, however little the answer was worth. If one
    /// of the steps fails, so does the caller.
    ///
    /// Left out: that an answer of this kind is worth less than a real one.
    /// Source: Hystrix, "How it Works" (Netflix, 2012), "Get the Fallback".
    pub fallback: Option<Vec<Step>>,
    /// The way to the callee and back.
    pub network: Network,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            patience: None,
            retried: Failures::USUAL,
            retry_after: RetryAfter::Ignored,
            budget: None,
            throttle: None,
            breaker: None,
            bulkhead: None,
            hedge: None,
            fallback: None,
            network: Network::default(),
        }
    }
}

/// Copies of attempts that take long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hedge {
    /// When a copy is due, and how many.
    pub when: hedge::Settings,
    /// Whether the copies that lose are cancelled at the callee.
    pub cancels: bool,
    /// Whether a copy goes to an instance that no other copy is at, where a balancer chooses.
    pub elsewhere: bool,
}

/// The way to a callee and back.
///
/// Each message takes a delay of its own, and may be lost: the caller then hears nothing until its
/// timeout or the end of its patience.
///
/// Left out: bandwidth, and the transport's own repetitions.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Time of each message in seconds, drawn anew for each way.
    pub delay: Distribution,
    /// Share of messages that never arrive, 0..=1; needs a timeout or patience.
    pub loss: f64,
}

impl Default for Network {
    fn default() -> Self {
        Self { delay: Distribution::Constant(0.0), loss: 0.0 }
    }
}

/// The way of a guarded call, by number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GuardedEdge {
    /// First operation of an attempt.
    start: u32,
    timeout: Option<Delay>,
    /// A timed-out attempt is cancelled at the callee.
    cancels: bool,
    /// First operation of the fallback.
    fallback: Option<u32>,
    /// Index of the guard.
    pub(super) guard: u16,
    /// Where attempts that came to nothing are booked.
    pub(super) lost: u16,
}

/// What all requests of a caller to a callee share.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    /// Service of the caller, and its call.
    of: (String, Call),
    retry: retry::Settings,
    patience: Option<SimDuration>,
    budget: Option<Budget>,
    throttle: Option<Throttle>,
    breaker: Option<Breaker>,
    bulkhead: Option<Bulkhead>,
    /// Tasks that wait for a place in the bulkhead, in their order.
    waiting: VecDeque<u32>,
    hedge: Option<(hedge::Hedge, bool)>,
    /// Attempts under way, copies included.
    in_flight: u32,
    /// Those of them that are retries.
    retries: u32,
    /// Those of them that are copies.
    copies: u32,
    /// Random stream of back-off and throttle.
    stream: u16,
    /// Where waiting for the bulkhead is booked.
    pub(super) account: u16,
}

/// A guarded call under way.
#[derive(Debug, Clone, Copy)]
struct Pending {
    edge: u16,
    /// Copies sent of the present attempt, the first included.
    sent: u8,
    /// Those of them that have not failed.
    outstanding: u8,
    /// Attempts made or refused by the caller itself.
    made: u32,
    copies: [u32; COPIES_MAX + 1],
    permit: Option<Permit>,
    /// When the patience ends.
    deadline: SimTime,
    /// When the present attempt is given up.
    until: SimTime,
    /// When the present attempt was sent.
    since: SimTime,
    /// When the next copy is due.
    copy_at: SimTime,
    /// The wait before the present attempt.
    previous: SimDuration,
}

impl Guarding {
    /// The edge of the guarded call of a task.
    pub(super) fn edge(&self, id: u32) -> Option<u16> {
        self.calls.get(id as usize).map(|pending| pending.edge)
    }

    /// When the present attempt of a guarded call is given up.
    pub(super) fn until(&self, id: u32) -> SimTime {
        self.calls.get(id as usize).map_or(SimTime::NEVER, |pending| pending.until)
    }
}

/// Guarded calls under way, and branches that a cancelled call takes with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Guarding {
    /// By the task that waits.
    calls: Vec<Pending>,
    /// By the task that waits for its branches; `None` if no call is ever cancelled.
    pub(super) branches: Option<Vec<Vec<u32>>>,
    /// Time that whoever turns an attempt away names for the next one; taken by the caller at once.
    named: SimDuration,
}
