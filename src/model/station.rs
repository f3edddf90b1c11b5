//! A station: servers of one kind and the queue before them.
//!
//! An instance of a service, a pool and a database are all stations; they differ in what their
//! servers are called. Waiting tasks form a list through the tasks themselves, so that a task can
//! leave from the middle and queueing allocates nothing.

use crate::engine::arena::Arena;
use crate::engine::{SimDuration, SimTime};

use super::discipline::NO_LINE;
use super::program::{Delay, SamplerKind};
use super::task::{NO_TASK, Task};

/// Stations that share the work of one part.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// Index of the first station.
    pub(super) first: u16,
    /// How many there are: instances of a service, 1 for others.
    pub(super) count: u16,
    /// Whose turn it is.
    pub(super) turn: u16,
    /// Where waiting is booked.
    pub(super) account: u16,
    /// Who chooses the station, if it is not its turn.
    pub(super) balancer: u16,
    pub(super) wait_limit: Option<WaitLimit>,
    /// Share of what comes that a fault refuses.
    pub(super) refused_share: f64,
    /// Random stream that decides which.
    pub(super) stream: u16,
}

/// How long a task waits in the queue before it gives up.
#[derive(Debug, Clone)]
pub(super) enum WaitLimit {
    /// Always as long.
    Constant(Delay),
    /// Drawn for each wait, from this stream.
    Drawn(SamplerKind, u16),
}

impl Group {
    /// Its stations.
    pub(super) fn stations(&self) -> std::ops::Range<u16> {
        self.first..self.first + self.count
    }

    /// The station whose turn it is.
    #[inline]
    pub(super) fn next_station(&mut self) -> u16 {
        if self.count == 1 {
            return self.first;
        }
        let station = self.first + self.turn;
        self.turn = if self.turn + 1 == self.count { 0 } else { self.turn + 1 };
        station
    }
}

/// Counters of one station since the run began; differences of two give any period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counters {
    /// Servers taken.
    pub(super) visits: u64,
    /// Servers taken after a wait.
    pub(super) waits: u64,
    /// Time waited by tasks that no longer wait, in nanoseconds.
    pub(super) waited: u64,
    /// Busy time summed over servers, in nanoseconds.
    pub(super) busy: u64,
    /// Tasks refused because the queue was full.
    pub(super) rejected: u64,
    /// Tasks that left the queue unserved.
    pub(super) left: u64,
    /// Tasks that were sent to it, whatever became of them; counted where instances are chosen.
    pub(super) sent: u64,
    /// The area under the length of the queue, in tasks times nanoseconds; known when asked for.
    pub(super) queue_area: u64,
}

/// Servers and a first-in-first-out queue, or a [`Line`](super::discipline::Line).
#[derive(Debug, Clone)]
pub(super) struct Station {
    pub(super) capacity: u32,
    /// Most that may wait.
    pub(super) queue_capacity: u32,
    /// Invariant: at least `capacity` while anyone waits, unless the station is stopped.
    pub(super) in_use: u32,
    /// No server is given to anyone.
    pub(super) is_stopped: bool,
    head: u32,
    tail: u32,
    pub(super) queue_length: u32,
    pub(super) queue_max: u32,
    /// Sum of the instants at which the tasks that wait came, in nanoseconds, wrapping.
    pub(super) since_sum: u64,
    /// Its queue, if that is not a plain one.
    pub(super) line: u16,
    changed: SimTime,
    pub(super) counters: Counters,
}

impl Station {
    pub(super) fn new(capacity: u32, queue_capacity: Option<u32>) -> Self {
        Self {
            capacity,
            queue_capacity: queue_capacity.unwrap_or(u32::MAX),
            in_use: 0,
            is_stopped: false,
            head: NO_TASK,
            tail: NO_TASK,
            queue_length: 0,
            queue_max: 0,
            since_sum: 0,
            line: NO_LINE,
            changed: SimTime::ZERO,
            counters: Counters::default(),
        }
    }

    /// Takes a free server; false if there is none.
    #[inline(always)]
    pub(super) fn try_take(&mut self, now: SimTime) -> bool {
        if self.in_use >= self.capacity || self.is_stopped {
            return false;
        }
        self.account_busy(now);
        self.in_use += 1;
        self.counters.visits += 1;
        true
    }

    /// Lets a task wait at the end; false if the queue is full.
    #[inline(always)]
    pub(super) fn enqueue(&mut self, tasks: &mut Arena<Task>, task: u32) -> bool {
        if self.queue_length >= self.queue_capacity {
            self.counters.rejected += 1;
            return false;
        }
        let last = self.tail;
        let waiting = &mut tasks[task];
        waiting.previous = last;
        waiting.next = NO_TASK;
        self.since_sum = self.since_sum.wrapping_add(waiting.since.0);
        if last == NO_TASK {
            self.head = task;
        } else {
            tasks[last].next = task;
        }
        self.tail = task;
        self.queue_length += 1;
        self.queue_max = self.queue_max.max(self.queue_length);
        true
    }

    /// Gives back a server; the task that takes it over, if one waits.
    #[inline(always)]
    pub(super) fn release(&mut self, tasks: &mut Arena<Task>, now: SimTime) -> Option<u32> {
        let task = self.head;
        // More may be in use than there are after a change in mid-run.
        if task == NO_TASK || self.is_stopped || self.in_use > self.capacity {
            self.account_busy(now);
            self.in_use -= 1;
            return None;
        }
        self.unlink(tasks, task);
        self.counters.visits += 1;
        self.counters.waits += 1;
        self.counters.waited += now.since(tasks[task].since).0;
        Some(task)
    }

    /// A server that was just given back is not: nobody gets it any more.
    pub(super) fn keep(&mut self) {
        self.in_use += 1;
    }

    /// So many servers that nobody has given back are free again.
    pub(super) fn regain(&mut self, servers: u32, now: SimTime) {
        self.account_busy(now);
        self.in_use -= servers;
    }

    /// Takes a free server for the first task that waits, if there is one of each.
    pub(super) fn serve_next(&mut self, tasks: &mut Arena<Task>, now: SimTime) -> Option<u32> {
        if self.head == NO_TASK || self.in_use >= self.capacity || self.is_stopped {
            return None;
        }
        self.account_busy(now);
        self.in_use += 1;
        self.release(tasks, now)
    }

    /// The tasks that wait, first to come first.
    pub(super) fn waiting<'a>(&self, tasks: &'a Arena<Task>) -> impl Iterator<Item = u32> + 'a {
        let known = |task: u32| (task != NO_TASK).then_some(task);
        std::iter::successors(known(self.head), move |task| known(tasks[*task].next))
    }

    /// Takes a task that gave up out of the queue.
    pub(super) fn leave(&mut self, tasks: &mut Arena<Task>, task: u32, now: SimTime) {
        self.unlink(tasks, task);
        self.counters.left += 1;
        self.counters.waited += now.since(tasks[task].since).0;
    }

    /// Counters up to `now`, with the busy time of servers in use.
    pub(super) fn counters(&self, now: SimTime) -> Counters {
        let open = now.since(self.changed).0 * u64::from(self.in_use);
        let (busy, queue_area) = (self.counters.busy + open, self.queue_area(now));
        Counters { busy, queue_area, ..self.counters }
    }

    /// Time waited so far by all tasks, those that wait included, in nanoseconds: the area under
    /// the length of the queue.
    pub(super) fn queue_area(&self, now: SimTime) -> u64 {
        let waiting = u64::from(self.queue_length).wrapping_mul(now.0).wrapping_sub(self.since_sum);
        self.counters.waited.wrapping_add(waiting)
    }

    #[inline(always)]
    fn unlink(&mut self, tasks: &mut Arena<Task>, task: u32) {
        let Task { previous, next, since, .. } = tasks[task];
        self.since_sum = self.since_sum.wrapping_sub(since.0);
        if previous == NO_TASK {
            self.head = next;
        } else {
            tasks[previous].next = next;
        }
        if next == NO_TASK {
            self.tail = previous;
        } else {
            tasks[next].previous = previous;
        }
        self.queue_length -= 1;
    }

    #[inline(always)]
    fn account_busy(&mut self, now: SimTime) {
        let SimDuration(span) = now.since(self.changed);
        self.counters.busy += span * u64::from(self.in_use);
        self.changed = now;
    }
}
