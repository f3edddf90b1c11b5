//! Stories of all requests of a run, for whoever asks for more than means and histograms.

use crate::engine::{SimDuration, SimTime};

use super::record::Outcome;

/// A request that has ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Story<'a> {
    /// Which clients sent it, in the order of the document.
    pub clients: usize,
    /// When it was sent.
    pub sent: SimTime,
    /// When it ended.
    pub ended: SimTime,
    /// How it ended.
    pub outcome: Outcome,
    /// Its time on each account, in nanoseconds.
    spent: &'a [u64],
}

impl Story<'_> {
    /// From the first attempt to the end.
    pub fn latency(&self) -> SimDuration {
        self.ended.since(self.sent)
    }

    /// Time spent on an account, by its place among all.
    pub fn spent_on(&self, account: usize) -> SimDuration {
        SimDuration(self.spent.get(account).copied().unwrap_or(0))
    }
}

/// All that has been told, in the order in which requests ended: 40 bytes a request and 8 for each
/// account.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Stories {
    ends: Vec<(usize, SimTime, SimTime, Outcome)>,
    /// One row of accounts for each.
    spent: Vec<u64>,
}

impl Stories {
    /// Adds a request with its row of accounts.
    pub(super) fn tell(
        &mut self,
        clients: u16,
        (sent, ended): (SimTime, SimTime),
        outcome: Outcome,
        spent: &[u64],
    ) {
        self.ends.push((usize::from(clients), sent, ended, outcome));
        self.spent.extend_from_slice(spent);
    }

    /// All of them.
    pub(super) fn iter(&self, accounts_count: usize) -> impl Iterator<Item = Story<'_>> {
        self.ends.iter().enumerate().map(move |(index, end)| {
            let (clients, sent, ended, outcome) = *end;
            let spent = &self.spent[index * accounts_count..(index + 1) * accounts_count];
            Story { clients, sent, ended, outcome, spent }
        })
    }
}
