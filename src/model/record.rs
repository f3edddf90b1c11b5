//! What a simulation remembers: outcomes and latencies, marked at the ends of batches.

use crate::engine::SimTime;
use crate::engine::batches::{Batches, Boundary};

use super::cache::Counters as CacheCounters;
use super::filing::Counters as FileCounters;
use super::pooling::Counters as PoolCounters;
use super::replicating::Counters as ReplicaCounters;
use super::station::Counters;
use super::third_party::Counters as PartyCounters;
use super::updating::Counters as TableCounters;
use super::working::Counters as JobsCounters;

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
    /// Answered with an error, or lost with the part that worked on it.
    Failed,
    /// Turned away to protect the others: by a limit, a breaker, or a queue that sheds load.
    Shed,
}

impl Outcome {
    /// All of them, in the order of [`Totals::outcomes`].
    pub const ALL: [Self; 6] =
        [Self::InTime, Self::Rejected, Self::GaveUp, Self::TimedOut, Self::Failed, Self::Shed];
}

/// Requests by outcome, and attempts and requests sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Requests sent.
    pub sent: u64,
    /// Attempts beyond the first of each call.
    pub retries: u64,
    /// Attempts and branches answered when nobody waited for them any more: work for nothing.
    pub late: u64,
    /// Requests by how they ended, in the order of [`Outcome::ALL`].
    pub outcomes: [u64; Outcome::ALL.len()],
    /// Requests answered in time with a value from a cache that was not true any more.
    pub stale: u64,
    /// Those of them that count as wrong.
    pub wrong: u64,
    /// Updates that were overwritten by who had not seen them, and those of them that came back
    /// when somebody wrote back what they had read before.
    pub lost: u64,
    /// See `lost`.
    pub regained: u64,
    /// Records made.
    pub records: u64,
    /// Those of them about something that there was a record of already.
    pub duplicates: u64,
}

impl Totals {
    /// Requests that ended so.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome as usize]
    }

    /// Requests answered in time and right: each update that is lost was the wrong answer of one.
    pub fn right(&self) -> u64 {
        (self.of(Outcome::InTime) - self.wrong).saturating_sub(self.lost_updates())
    }

    /// Updates that were acknowledged and are gone.
    pub fn lost_updates(&self) -> u64 {
        self.lost.saturating_sub(self.regained)
    }

    /// Requests that ended.
    pub fn finished(&self) -> u64 {
        self.outcomes.iter().sum()
    }

    /// Share of the requests that ended that were not answered in time and right; 0 if none ended.
    pub fn error_share(&self) -> f64 {
        let finished = self.finished();
        (finished - self.right()) as f64 / finished.max(1) as f64
    }

    /// Both together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let outcome = |index| self.outcomes[index] + other.outcomes[index];
        Self {
            sent: self.sent + other.sent,
            retries: self.retries + other.retries,
            late: self.late + other.late,
            outcomes: std::array::from_fn(outcome),
            stale: self.stale + other.stale,
            wrong: self.wrong + other.wrong,
            lost: self.lost + other.lost,
            regained: self.regained + other.regained,
            records: self.records + other.records,
            duplicates: self.duplicates + other.duplicates,
        }
    }

    /// What came after `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let outcome = |index| self.outcomes[index] - before.outcomes[index];
        Self {
            sent: self.sent - before.sent,
            retries: self.retries - before.retries,
            late: self.late - before.late,
            outcomes: std::array::from_fn(outcome),
            stale: self.stale - before.stale,
            wrong: self.wrong - before.wrong,
            lost: self.lost - before.lost,
            regained: self.regained - before.regained,
            records: self.records - before.records,
            duplicates: self.duplicates - before.duplicates,
        }
    }
}

/// The state of all counters at the end of a batch.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) time: SimTime,
    pub(super) totals: Totals,
    pub(super) by_clients: Vec<Totals>,
    pub(super) counters: Vec<Counters>,
    pub(super) caches: Vec<CacheCounters>,
    /// Core time in nanoseconds, and pieces of work.
    pub(super) machines: Vec<(u64, u64)>,
    pub(super) parties: Vec<PartyCounters>,
    pub(super) tables: Vec<TableCounters>,
    pub(super) files: Vec<FileCounters>,
    pub(super) jobs: Vec<JobsCounters>,
    pub(super) pools: Vec<PoolCounters>,
    pub(super) replicas: Vec<ReplicaCounters>,
}

/// Totals so far, latencies in batches, and a mark at the end of each batch.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    /// Totals of each part of kind `clients`, and whether they are in the background.
    groups: Vec<(Totals, bool)>,
    pub(super) batches: Batches,
    /// `marks[i]` is the end of batch `i`.
    pub(super) marks: Vec<Mark>,
}

impl Record {
    /// Nothing yet; for each part of kind `clients` whether it is in the background.
    pub(super) fn new(background: impl Iterator<Item = bool>) -> Self {
        let groups = background.map(|is_background| (Totals::default(), is_background));
        Self { groups: groups.collect(), ..Self::default() }
    }

    /// Totals of one part of kind `clients`.
    #[inline(always)]
    pub(super) fn of(&mut self, clients: u16) -> &mut Totals {
        &mut self.groups[usize::from(clients)].0
    }

    /// Totals of each part of kind `clients`.
    pub(super) fn by_clients(&self) -> Vec<Totals> {
        self.groups.iter().map(|(totals, _)| *totals).collect()
    }

    /// Totals of all clients that are not in the background.
    pub(super) fn totals(&self) -> Totals {
        let counted = self.groups.iter().filter(|(_, is_background)| !is_background);
        counted.fold(Totals::default(), |sum, (totals, _)| sum.and(totals))
    }

    /// Counts a finished request; true if a mark is due.
    #[inline(always)]
    pub(super) fn finish(&mut self, clients: u16, outcome: Outcome, latency_nanos: u64) -> bool {
        let (totals, is_background) = &mut self.groups[usize::from(clients)];
        totals.outcomes[outcome as usize] += 1;
        if *is_background {
            return false;
        }
        let boundary = match outcome {
            Outcome::InTime => self.batches.record(latency_nanos),
            _ => self.batches.record_failed(latency_nanos),
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
}
