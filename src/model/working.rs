//! Jobs at work: sent, delivered to handlers, done, or delivered again.
//!
//! A handler is a task without a caller that takes a job, calls for it, and takes the next; when there
//! is none it ends, and the next job starts it again. Jobs are no requests: latencies and outcomes are
//! those of who sent them.
//!
//! Left out: the cost of sending a job and of looking for one.

use crate::engine::SimTime;

use super::build::{BuildError, Builder, in_range, unknown};
use super::holdings::Holding;
use super::jobs::queue::{Counters as QueueCounters, Receipt};
use super::jobs::{JobQueue, queue};
use super::program::Op;
use super::record::{Mark, Outcome};
use super::simulation::Simulation;
use super::system::{self, Part};
use super::task::{State, Task};
use super::turning::Turn;

/// Most handlers of a queue.
const HANDLERS_MAX: u32 = 100_000;
/// Most jobs that wait, if the document has no smaller bound.
const JOBS_MAX: u32 = 2_000_000;

/// A queue of jobs at work.
#[derive(Debug, Clone)]
pub(super) struct JobsModel {
    id: String,
    queue: JobQueue,
    shows_failed: bool,
    /// First operation of a handler.
    start: u32,
    /// Handlers that have nothing to do.
    idle: u32,
    /// An event comes when the next job is hidden no more.
    is_watched: bool,
    waited: u64,
    taken: u64,
}

/// What came of jobs so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Jobs and deliveries.
    pub queue: QueueCounters,
    /// Time from sending to the first delivery, summed, in nanoseconds.
    pub waited: u64,
    /// Time from sending to the end, over jobs done in time, in nanoseconds.
    pub taken: u64,
}

/// What came of the jobs of a queue in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobsMeasure {
    /// Id of the part.
    pub id: String,
    /// What came of them.
    pub counters: Counters,
    /// Jobs waiting now.
    pub waiting: u64,
}

impl Builder<'_> {
    pub(super) fn add_jobs(&mut self, part: &system::Jobs) -> Result<(), BuildError> {
        in_range(&part.id, "handlers", part.handlers_count, HANDLERS_MAX)?;
        let capacity = Some(part.settings.capacity.unwrap_or(JOBS_MAX).min(JOBS_MAX));
        let settings = queue::Settings { capacity, ..part.settings };
        self.model.jobs.push(JobsModel {
            id: part.id.clone(),
            queue: JobQueue::new(settings),
            shows_failed: part.shows_failed || part.settings.visibility.is_none(),
            start: 0,
            idle: part.handlers_count,
            is_watched: false,
            waited: 0,
            taken: 0,
        });
        Ok(())
    }

    pub(super) fn jobs_of(&self, id: &str) -> Result<u16, BuildError> {
        let found = self.model.jobs.iter().position(|jobs| jobs.id == id);
        found.map(|jobs| jobs as u16).ok_or_else(|| unknown("jobs", id))
    }

    /// Compiles the handlers of all jobs.
    pub(super) fn add_handlers(&mut self) -> Result<(), BuildError> {
        let system = self.system;
        for part in &system.parts {
            let Part::Jobs(part) = part else { continue };
            let jobs = self.jobs_of(&part.id)?;
            self.sender.clone_from(&part.id);
            let start = self.emit(Op::TakeJob { jobs });
            self.call(&part.call, 1)?;
            self.emit(Op::FinishJob { jobs });
            self.emit(Op::Jump { to: start });
            self.model.jobs[usize::from(jobs)].start = start;
        }
        Ok(())
    }
}

impl Simulation {
    /// A task sends a job; false if there is no room for it, and the task has failed.
    pub(super) fn enqueue(&mut self, id: u32, jobs: u16) -> bool {
        let about = self.origins.by_task.of(id);
        let payload = u64::from(self.tasks[id].clients) << 32 | u64::from(about);
        if !self.model.jobs[usize::from(jobs)].queue.send(self.now, payload) {
            self.fail(id, Outcome::Rejected);
            return false;
        }
        self.start_handlers(jobs, 1);
        true
    }

    /// So many jobs are there that were not: handlers with nothing to do take them.
    fn start_handlers(&mut self, jobs: u16, count: u32) {
        let model = &mut self.model.jobs[usize::from(jobs)];
        let count = count.min(model.idle);
        let start = model.start;
        model.idle -= count;
        for _ in 0..count {
            self.calls_count = self.calls_count.wrapping_add(1).max(1);
            let mut task = Task::new(self.now, start, 0);
            task.answers = self.calls_count;
            let handler = self.new_task(task);
            // Time need not pass from one job to the next: jobs count as events.
            self.events_count += 1;
            self.ready.push_back(handler);
        }
    }

    /// A handler takes a job; false if there is none, and the handler has ended.
    pub(super) fn take_job(&mut self, id: u32, jobs: u16) -> bool {
        let model = &mut self.model.jobs[usize::from(jobs)];
        let Some(delivery) = model.queue.receive(self.now) else {
            model.idle += 1;
            self.finish(id, Outcome::InTime);
            return false;
        };
        if delivery.deliveries == 1 {
            model.waited += self.now.since(delivery.sent).0;
        }
        self.origins.by_task.set(id, delivery.payload as u32);
        self.tasks[id].clients = (delivery.payload >> 32) as u16;
        let (receipt, sent) = (delivery.receipt, delivery.sent);
        self.hold_in(id, 0, Holding::Job { jobs, receipt, sent });
        self.watch_jobs(jobs);
        true
    }

    /// A handler has done its job, and looks for the next.
    pub(super) fn finish_job(&mut self, id: u32, jobs: u16) {
        if let Holding::Job { receipt, sent, .. } = self.take_holding(id, 0) {
            let model = &mut self.model.jobs[usize::from(jobs)];
            if model.queue.finish(receipt) {
                model.taken += self.now.since(sent).0;
            }
        }
        self.tasks[id].state = State::Running;
        self.events_count += 1;
        self.ready.push_back(id);
    }

    /// A handler has failed or was lost; another takes its place.
    pub(super) fn job_failed(&mut self, jobs: u16, receipt: Receipt) {
        let model = &mut self.model.jobs[usize::from(jobs)];
        model.idle += 1;
        if model.shows_failed {
            model.queue.give_back(receipt);
        }
        let waiting = model.queue.ready();
        self.start_handlers(jobs, waiting.min(1));
    }

    /// Makes sure that an event comes when the next job is hidden no more.
    fn watch_jobs(&mut self, jobs: u16) {
        let model = &mut self.model.jobs[usize::from(jobs)];
        if model.is_watched {
            return;
        }
        if let Some(at) = model.queue.next_expiry() {
            model.is_watched = true;
            let at: SimTime = at.max(self.now);
            self.model.events.schedule(at, Turn::Jobs.about(u32::from(jobs)));
        }
    }

    /// Jobs may be hidden no more.
    pub(super) fn jobs_due(&mut self, jobs: u16) {
        let model = &mut self.model.jobs[usize::from(jobs)];
        model.is_watched = false;
        let shown = model.queue.expire(self.now);
        self.start_handlers(jobs, shown);
        self.watch_jobs(jobs);
    }

    /// The counters of all jobs.
    pub(super) fn jobs_counters(&self) -> Vec<Counters> {
        let counters = self.model.jobs.iter().map(|jobs| Counters {
            queue: jobs.queue.counters(),
            waited: jobs.waited,
            taken: jobs.taken,
        });
        counters.collect()
    }

    pub(super) fn jobs_measures(&self, begin: Option<&Mark>) -> Vec<JobsMeasure> {
        let now = self.jobs_counters();
        let measures = self.model.jobs.iter().zip(now).enumerate().map(|(index, (jobs, now))| {
            let before = begin.map_or_else(Counters::default, |mark| mark.jobs[index]);
            let counters = Counters {
                queue: now.queue.since(&before.queue),
                waited: now.waited - before.waited,
                taken: now.taken - before.taken,
            };
            JobsMeasure { id: jobs.id.clone(), counters, waiting: u64::from(jobs.queue.ready()) }
        });
        measures.collect()
    }

    /// Numbers that are equal only if all that came of jobs and records is equal.
    pub(super) fn jobs_numbers(&self, add: &mut impl FnMut(u64)) {
        for Counters { queue, waited, taken } in self.jobs_counters() {
            let QueueCounters { sent, deliveries, finished, late, dead, .. } = queue;
            [sent, deliveries, finished, late, dead, waited, taken].into_iter().for_each(&mut *add);
        }
        if !self.model.ledgers.is_empty() {
            let totals = self.record.totals();
            [totals.records, totals.duplicates].into_iter().for_each(&mut *add);
        }
    }
}
