//! Where the time of requests goes: each nanosecond of a request is booked to one account.

use crate::engine::{SimDuration, SimTime};

use super::program::Account;
use super::record::Outcome;
use super::recorder::{Booked, Recorder};
use super::stories::{Stories, Story};
use super::task::{NO_TASK, Task};

/// Times of two classes of requests by account: around the median, and the slowest.
///
/// Of branches that run at once the one that ended last counts: it is the one that was waited for.
#[derive(Debug, Clone)]
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
    /// Requests that have begun.
    begun: u64,
    /// The number of each task's request, by task.
    numbers: Vec<u64>,
    /// Requests that ended before are of no class, and no exemplars.
    settled: SimTime,
    exemplars: Exemplars,
    /// Latencies sought for exemplars.
    sought: [SimDuration; 2],
    /// How far from them the exemplars are.
    distances: [u64; 2],
    pub(super) recorder: Option<Recorder>,
    stories: Option<Stories>,
}

/// Requests that stand for many, by the order in which requests begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exemplars {
    /// The one whose latency is nearest to the smaller that was sought.
    pub median: Option<u64>,
    /// The one whose latency is nearest to the larger that was sought.
    pub slow: Option<u64>,
    /// The first that was not answered in time.
    pub failed: Option<u64>,
}

impl Exemplars {
    /// All there are.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + use<> {
        [self.median, self.slow, self.failed].into_iter().flatten()
    }
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
            begun: 0,
            numbers: Vec::new(),
            settled: SimTime::ZERO,
            exemplars: Exemplars::default(),
            sought: [SimDuration::ZERO; 2],
            distances: [u64::MAX; 2],
            recorder: None,
            stories: None,
        }
    }

    /// Keeps the story of every request.
    pub fn of_all() -> Self {
        Self { stories: Some(Stories::default()), ..Self::default() }
    }

    /// The accounts that time is booked to.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The requests that have ended, in that order; none unless all are kept.
    pub fn stories(&self) -> impl Iterator<Item = Story<'_>> {
        self.stories.iter().flat_map(|stories| stories.iter(self.accounts.len()))
    }

    /// Looks only at requests that end at `settled` or later, and seeks exemplars with these latencies
    /// among them.
    #[must_use]
    pub fn seeking(self, sought: [SimDuration; 2], settled: SimTime) -> Self {
        Self { settled, sought, ..self }
    }

    /// Follows these requests of the same run, and books nothing else.
    pub fn of(exemplars: &Exemplars) -> Self {
        let chosen: Vec<u64> = exemplars.numbers().collect();
        Self { recorder: Some(Recorder::new(&chosen)), ..Self::default() }
    }

    /// The exemplars found so far.
    pub fn exemplars(&self) -> Exemplars {
        self.exemplars
    }

    /// Follows single requests.
    pub(super) fn is_recording(&self) -> bool {
        self.recorder.is_some()
    }

    /// All requests to follow have ended.
    pub fn is_complete(&self) -> bool {
        self.recorder.as_ref().is_none_or(Recorder::is_complete)
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

    /// A task begins at `id`: a request, or what `parent` waits for.
    pub(super) fn begin(&mut self, id: u32, task: &Task, parent: Option<&Task>) {
        let (number, place) = (self.begun, id as usize);
        if task.parent == NO_TASK {
            if self.numbers.len() <= place {
                self.numbers.resize(place + place / 4 + 64, u64::MAX);
            }
            self.numbers[place] = number;
            self.begun += 1;
        }
        if let Some(recorder) = &mut self.recorder {
            match parent {
                Some(parent) => recorder.begin_task(id, task, parent),
                None => recorder.begin_request(number, id, task),
            }
            return;
        }
        let width = self.accounts.len();
        let start = place * width;
        if self.rows.len() < start + width {
            self.rows.resize(start + width, 0);
        }
        self.rows[start..start + width].fill(0);
    }

    /// A time of the task at `id` has passed.
    pub(super) fn book(&mut self, id: u32, task: &Task, time: Booked) {
        if let Some(recorder) = &mut self.recorder {
            recorder.book(id, task, time);
        } else {
            self.add(id, time.account, time.span);
        }
    }

    fn add(&mut self, task: u32, account: u16, span: SimDuration) {
        let width = self.accounts.len();
        let place = task as usize * width + usize::from(account);
        // Tasks from before the breakdown was set have no row.
        if let Some(sum) = self.rows.get_mut(place) {
            *sum += span.0;
        }
    }

    /// A time of the task at `id` led to nothing.
    pub(super) fn book_lost(&mut self, id: u32, account: u16, span: SimDuration) {
        self.add(id, account, span);
    }

    /// Adds the times of a branch or attempt to those of the task that waited for it.
    pub(super) fn adopt(&mut self, parent: u32, child: u32) {
        for account in 0..self.accounts.len() {
            let place = child as usize * self.accounts.len() + account;
            let span = self.rows.get(place).copied().unwrap_or(0);
            self.add(parent, account as u16, SimDuration(span));
        }
    }

    /// The request at `task` has ended.
    pub(super) fn finish(
        &mut self,
        task: u32,
        clients: u16,
        (sent, now): (SimTime, SimTime),
        outcome: Outcome,
    ) {
        let latency = now.since(sent);
        self.compare(task, now, outcome, latency);
        let width = self.accounts.len();
        let Some(row) = self.rows.get(task as usize * width..(task as usize + 1) * width) else {
            return;
        };
        if let Some(stories) = &mut self.stories {
            stories.tell(clients, (sent, now), outcome, row);
        }
        if outcome != Outcome::InTime || now < self.settled {
            return;
        }
        if self.median.0 <= latency && latency <= self.median.1 {
            self.median_count += 1;
            self.median_sums.iter_mut().zip(row).for_each(|(sum, span)| *sum += span);
        }
        if latency >= self.slow_from {
            self.slow_count += 1;
            self.slow_sums.iter_mut().zip(row).for_each(|(sum, span)| *sum += span);
        }
    }

    /// Keeps the request as an exemplar if none was nearer.
    fn compare(&mut self, task: u32, now: SimTime, outcome: Outcome, latency: SimDuration) {
        let number = self.numbers.get(task as usize).copied().filter(|number| *number < u64::MAX);
        let Some(number) = number.filter(|_| now >= self.settled) else { return };
        let Exemplars { median, slow, failed } = &mut self.exemplars;
        if outcome != Outcome::InTime {
            failed.get_or_insert(number);
            return;
        }
        let found = [median, slow].into_iter().zip(self.sought);
        for ((found, SimDuration(target)), distance) in found.zip(&mut self.distances) {
            if latency.0.abs_diff(target) < *distance {
                *distance = latency.0.abs_diff(target);
                *found = Some(number);
            }
        }
    }
}

/// Never used by a run at rest.
impl Default for Breakdown {
    fn default() -> Self {
        Self::new((SimDuration::ZERO, SimDuration::ZERO), SimTime::NEVER.since(SimTime::ZERO))
    }
}
