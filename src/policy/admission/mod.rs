//! Admission: which requests are let in, which wait at the door, and which are turned away.
//!
//! Limits on the rate ([`token_bucket`], [`leaky_bucket`], [`fixed_window`], [`sliding_log`],
//! [`sliding_counter`]) forget a request once it is in; limits on concurrency ([`concurrency`],
//! [`adaptive`]) are told when it is out again. [`deadline`] and [`priority`] shed by what a
//! request is worth. [`keyed`] keeps a limit for each user or tenant.
//!
//! Limits stand at the door of a service or an endpoint. Those on the rate are asked first; then the
//! instance is chosen, and limits on what is inside it are asked. Whoever is turned away is shed at
//! once and costs nothing; its caller learns when it would be let in, if the limit knows. A limit on
//! concurrency counts what waits and what is served.
//!
//! Left out: limits shared by several services, and the time that asking a shared limiter takes.

pub mod token_bucket;

pub mod leaky_bucket;

pub mod fixed_window;

pub mod sliding_log;

pub mod sliding_counter;

pub mod keyed;

pub mod concurrency;

pub mod adaptive;

pub mod gradient;

pub mod vegas;

pub mod deadline;

pub mod priority;

use crate::engine::SimDuration;

/// What becomes of a request at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Comes in now.
    Admit,
    /// Comes in after this wait; its place is taken already.
    Delay(SimDuration),
    /// Turned away.
    Reject {
        /// Time until it would be let in if nobody else came; zero if that is not known.
        retry_after: SimDuration,
    },
}

/// Turned away without a hint.
pub(crate) const REJECT: Decision = Decision::Reject { retry_after: SimDuration::ZERO };

#[cfg(test)]
mod conservation;
