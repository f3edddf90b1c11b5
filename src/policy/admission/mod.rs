//! Admission: which requests are let in, which wait at the door, and which are turned away.
//!
//! Limits on the rate ([`token_bucket`], [`leaky_bucket`], [`fixed_window`], [`sliding_log`],
//! [`sliding_counter`]) forget a request once it is in. [`keyed`] keeps a limit for each user or
//! tenant.

pub mod token_bucket;

pub mod leaky_bucket;

pub mod fixed_window;

pub mod sliding_log;

pub mod sliding_counter;

pub mod keyed;

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

#[cfg(test)]
mod conservation;
