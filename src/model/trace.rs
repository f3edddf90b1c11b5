//! Where the time of requests goes: each nanosecond of a request is booked to one account.

use crate::engine::{SimDuration, SimTime};

use super::program::{Account, Spent};
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

/// Stories of all requests, in the order in which they ended.
#[derive(Debug, Clone, PartialEq, Default)]
struct Log {
    ends: Vec<(usize, SimTime, SimTime, Outcome)>,
    /// One row of accounts for each.
    spent: Vec<u64>,
}

/// Times of two classes of requests by account: around the median, and the slowest.
///
/// Of branches that run at once the one that ended last counts: it is the one that was waited for.
#[derive(Debug, Clone, PartialEq)]
pub struct Breakdown {
    /// Latencies of the class around the median.
    median: (SimDuration, SimDuration),
    /// Smallest latency of the slow class.
    slow_from: SimDuration,
    accounts: Vec<Account>,
    /// One row of accounts for each task, in nanoseconds.
    rows: Vec<u64>,
    median_sums: Vec<u64>,
    median_count: u64,
    slow_sums: Vec<u64>,
    slow_count: u64,
    log: Option<Log>,
}

impl Breakdown {
    /// Classes by latency: `median.0..=median.1`, and from `slow_from` on.
    pub fn new(median: (SimDuration, SimDuration), slow_from: SimDuration) -> Self {
        Self {
            median,
            slow_from,
            accounts: Vec::new(),
            rows: Vec::new(),
            median_sums: Vec::new(),
            median_count: 0,
            slow_sums: Vec::new(),
            slow_count: 0,
            log: None,
        }
    }

    /// Keeps the story of every request, with 40 bytes and 8 for each account.
    pub fn of_all() -> Self {
        Self { log: Some(Log::default()), ..Self::default() }
    }

    /// The accounts that time is booked to.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The requests that have ended, in that order; none unless all are kept.
    pub fn stories(&self) -> impl Iterator<Item = Story<'_>> {
        let width = self.accounts.len();
        self.log.iter().flat_map(move |log| {
            log.ends.iter().enumerate().map(move |(index, end)| {
                let (clients, sent, ended, outcome) = *end;
                let spent = &log.spent[index * width..(index + 1) * width];
                Story { clients, sent, ended, outcome, spent }
            })
        })
    }

    /// Each account with the mean time in milliseconds of a median and of a slow request.
    pub fn means_ms(&self) -> impl Iterator<Item = (&Account, f64, f64)> {
        let mean = |sum: u64, count: u64| SimDuration(sum).as_ms() / count.max(1) as f64;
        self.accounts.iter().enumerate().map(move |(index, account)| {
            let median = mean(self.median_sums[index], self.median_count);
            (account, median, mean(self.slow_sums[index], self.slow_count))
        })
    }

    /// Requests seen in the two classes.
    pub fn counts(&self) -> (u64, u64) {
        (self.median_count, self.slow_count)
    }

    pub(super) fn prepare(&mut self, accounts: Vec<Account>) {
        self.median_sums = vec![0; accounts.len()];
        self.slow_sums = vec![0; accounts.len()];
        self.accounts = accounts;
    }

    pub(super) fn clear(&mut self, task: u32) {
        let width = self.accounts.len();
        let start = task as usize * width;
        if self.rows.len() < start + width {
            self.rows.resize(start + width, 0);
        }
        self.rows[start..start + width].fill(0);
    }

    pub(super) fn book(&mut self, task: u32, account: u16, span: SimDuration) {
        let width = self.accounts.len();
        let place = task as usize * width + usize::from(account);
        // Tasks from before the breakdown was set have no row.
        if let Some(sum) = self.rows.get_mut(place) {
            *sum += span.0;
        }
    }

    pub(super) fn book_lost(&mut self, task: u32, span: SimDuration) {
        let lost = self.accounts.iter().position(|account| account.what == Spent::LostAttempts);
        if let Some(account) = lost {
            self.book(task, account as u16, span);
        }
    }

    /// Adds the times of a branch or attempt to those of the task that waited for it.
    pub(super) fn adopt(&mut self, parent: u32, child: u32) {
        for account in 0..self.accounts.len() {
            let place = child as usize * self.accounts.len() + account;
            let span = self.rows.get(place).copied().unwrap_or(0);
            self.book(parent, account as u16, SimDuration(span));
        }
    }

    pub(super) fn finish(
        &mut self,
        task: u32,
        clients: u16,
        (sent, ended): (SimTime, SimTime),
        outcome: Outcome,
    ) {
        let width = self.accounts.len();
        let Some(row) = self.rows.get(task as usize * width..(task as usize + 1) * width) else {
            return;
        };
        if let Some(log) = &mut self.log {
            log.ends.push((usize::from(clients), sent, ended, outcome));
            log.spent.extend_from_slice(row);
        }
        if outcome != Outcome::InTime {
            return;
        }
        let latency = ended.since(sent);
        if self.median.0 <= latency && latency <= self.median.1 {
            self.median_count += 1;
            self.median_sums.iter_mut().zip(row).for_each(|(sum, span)| *sum += span);
        }
        if latency >= self.slow_from {
            self.slow_count += 1;
            self.slow_sums.iter_mut().zip(row).for_each(|(sum, span)| *sum += span);
        }
    }
}

/// Never used by a run at rest.
impl Default for Breakdown {
    fn default() -> Self {
        Self::new((SimDuration::ZERO, SimDuration::ZERO), SimTime::NEVER.since(SimTime::ZERO))
    }
}
