//! What a simulation remembers: outcomes and latencies, marked at the ends of batches.

use crate::engine::SimTime;
use crate::engine::batches::{Batches, Boundary};

use super::station::Counters;

/// How a request or an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Answered while the caller waited.
    InTime,
    /// Refused because a queue was full.
    Rejected,
    /// Waited longer than a queue allows.
    GaveUp,
    /// No answer within the caller's timeout.
    TimedOut,
}

/// Requests by outcome, and attempts and requests sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Requests sent.
    pub sent: u64,
    /// Attempts beyond the first of each call.
    pub retries: u64,
    /// Requests answered while the user waited.
    pub in_time: u64,
    /// Requests refused in the end.
    pub rejected: u64,
    /// Requests that left a queue in the end.
    pub gave_up: u64,
    /// Requests whose last attempt timed out.
    pub timed_out: u64,
}

impl Totals {
    /// Requests that ended.
    pub fn finished(&self) -> u64 {
        self.in_time + self.rejected + self.gave_up + self.timed_out
    }
}

/// The state of all counters at the end of a batch.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) time: SimTime,
    pub(super) totals: Totals,
    pub(super) counters: Vec<Counters>,
}

/// Totals so far, latencies in batches, and a mark at the end of each batch.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    pub(super) totals: Totals,
    pub(super) batches: Batches,
    /// `marks[i]` is the end of batch `i`.
    pub(super) marks: Vec<Mark>,
}

impl Record {
    /// Counts a finished request; true if a mark is due.
    #[inline(always)]
    pub(super) fn finish(&mut self, outcome: Outcome, latency_nanos: u64) -> bool {
        let boundary = match outcome {
            Outcome::InTime => {
                self.totals.in_time += 1;
                self.batches.record(latency_nanos)
            }
            other => self.finish_unanswered(other),
        };
        if boundary == Boundary::Merged {
            // Batches 2i and 2i+1 became batch i, which ends where 2i+1 ended; the mark of the
            // batch just filled is still to come, as the last of an odd place.
            let mut place = 0;
            self.marks.retain(|_| {
                place += 1;
                place % 2 == 0
            });
        }
        boundary != Boundary::Inside
    }

    #[cold]
    fn finish_unanswered(&mut self, outcome: Outcome) -> Boundary {
        match outcome {
            Outcome::InTime => {}
            Outcome::Rejected => self.totals.rejected += 1,
            Outcome::GaveUp => self.totals.gave_up += 1,
            Outcome::TimedOut => self.totals.timed_out += 1,
        }
        self.batches.record_unanswered()
    }
}
