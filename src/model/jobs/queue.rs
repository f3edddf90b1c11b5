//! A queue that delivers each job at least once.
//!
//! A delivered job is not gone but hidden. If its handler does not finish it within the visibility
//! timeout it is delivered again, although the first handler may still be at work: what it finishes
//! late was done twice. A job delivered too often goes to the dead letters. Jobs come in the order in
//! which they were sent or shown again.
//!
//! Left out: the loss of jobs, delays on sending, several consumers that each get all jobs.
//! Source: the terms are those of Amazon SQS (visibility timeout, receipt handle, maximum receives).

use std::collections::VecDeque;

use crate::engine::arena::Arena;
use crate::engine::{SimDuration, SimTime};
use crate::model::lines::{Line, Lines};

/// What is set about a queue of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long a delivered job is hidden; `None` until its handler ends.
    pub visibility: Option<SimDuration>,
    /// Deliveries of one job before it goes to the dead letters, at least 1; `None` for no end.
    pub deliveries: Option<u32>,
    /// Most jobs that wait; one more is rejected. `None` has no bound.
    pub capacity: Option<u32>,
}

/// Jobs that wait, and jobs that are being handled.
#[derive(Debug, Clone)]
pub struct JobQueue {
    settings: Settings,
    jobs: Arena<Job>,
    waiting: Lines,
    ready: Line,
    ready_count: u32,
    /// Ends of visibility timeouts, in order because all are equally long.
    hidden: VecDeque<(SimTime, Receipt)>,
    counters: Counters,
}

#[derive(Debug, Clone, Copy)]
struct Job {
    payload: u64,
    sent: SimTime,
    deliveries: u32,
    /// Number of the delivery whose handler may finish it, 0 while it waits or is gone.
    receipt: u64,
    /// When that delivery stops counting.
    until: SimTime,
}

/// Permission to finish one delivery of one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    job: u32,
    number: u64,
}

/// A job on its way to a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// To finish it with.
    pub receipt: Receipt,
    /// What was sent.
    pub payload: u64,
    /// When it was sent.
    pub sent: SimTime,
    /// How often it has been delivered, this time included.
    pub deliveries: u32,
}

/// What came of the jobs so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Jobs sent and accepted.
    pub sent: u64,
    /// Jobs refused because the queue was full.
    pub rejected: u64,
    /// Deliveries.
    pub deliveries: u64,
    /// Deliveries of jobs that had been delivered before.
    pub redeliveries: u64,
    /// Jobs finished in time.
    pub finished: u64,
    /// Handlers that finished a job after it was no longer theirs.
    pub late: u64,
    /// Jobs given up.
    pub dead: u64,
}

impl Counters {
    /// What came after `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            sent: self.sent - before.sent,
            rejected: self.rejected - before.rejected,
            deliveries: self.deliveries - before.deliveries,
            redeliveries: self.redeliveries - before.redeliveries,
            finished: self.finished - before.finished,
            late: self.late - before.late,
            dead: self.dead - before.dead,
        }
    }
}

impl JobQueue {
    /// An empty queue.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            jobs: Arena::default(),
            waiting: Lines::default(),
            ready: Line::EMPTY,
            ready_count: 0,
            hidden: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// Sends a job; false if the queue is full.
    pub fn send(&mut self, now: SimTime, payload: u64) -> bool {
        if self.settings.capacity.is_some_and(|capacity| self.ready_count >= capacity) {
            self.counters.rejected += 1;
            return false;
        }
        self.counters.sent += 1;
        let until = SimTime::ZERO;
        let job = self.jobs.insert(Job { payload, sent: now, deliveries: 0, receipt: 0, until });
        self.show(job);
        true
    }

    /// Delivers the job that waits longest, if any does.
    pub fn receive(&mut self, now: SimTime) -> Option<Delivery> {
        loop {
            let job = self.waiting.pop(&mut self.ready)?;
            self.ready_count -= 1;
            if self.settings.deliveries.is_some_and(|most| self.jobs[job].deliveries >= most.max(1))
            {
                self.counters.dead += 1;
                self.jobs.remove(job);
                continue;
            }
            return Some(self.deliver(job, now));
        }
    }

    fn deliver(&mut self, job: u32, now: SimTime) -> Delivery {
        self.counters.deliveries += 1;
        let receipt = Receipt { job, number: self.counters.deliveries };
        let until = self.settings.visibility.map_or(SimTime::NEVER, |visibility| now + visibility);
        let delivered = &mut self.jobs[job];
        delivered.deliveries += 1;
        delivered.receipt = receipt.number;
        delivered.until = until;
        self.counters.redeliveries += u64::from(delivered.deliveries > 1);
        if until < SimTime::NEVER {
            self.hidden.push_back((until, receipt));
        }
        let Job { payload, sent, deliveries, .. } = *delivered;
        Delivery { receipt, payload, sent, deliveries }
    }

    /// When a hidden job may have to be shown again.
    pub fn next_expiry(&self) -> Option<SimTime> {
        self.hidden.front().map(|(until, _)| *until)
    }

    /// Shows all jobs again whose time is over by `now`; how many.
    pub fn expire(&mut self, now: SimTime) -> u32 {
        let mut shown = 0;
        while let Some((until, receipt)) = self.hidden.front().copied()
            && until <= now
        {
            self.hidden.pop_front();
            let job = &mut self.jobs[receipt.job];
            if job.receipt == receipt.number && job.until == until {
                job.receipt = 0;
                self.show(receipt.job);
                shown += 1;
            }
        }
        shown
    }

    /// A handler has finished; false if the job was no longer its own and will be, or has been, done
    /// again.
    pub fn finish(&mut self, receipt: Receipt) -> bool {
        if !self.owns(receipt) {
            self.counters.late += 1;
            return false;
        }
        self.counters.finished += 1;
        self.jobs[receipt.job].receipt = 0;
        self.jobs.remove(receipt.job);
        true
    }

    /// A handler gives its job back: it is shown again at once.
    pub fn give_back(&mut self, receipt: Receipt) {
        if self.owns(receipt) {
            self.jobs[receipt.job].receipt = 0;
            self.show(receipt.job);
        }
    }

    /// A handler asks for another visibility timeout from `now`; false if it is too late.
    pub fn extend(&mut self, receipt: Receipt, now: SimTime) -> bool {
        let is_owner = self.owns(receipt);
        if is_owner && let Some(visibility) = self.settings.visibility {
            self.jobs[receipt.job].until = now + visibility;
            self.hidden.push_back((now + visibility, receipt));
        }
        is_owner
    }

    /// Jobs that wait to be delivered.
    pub fn ready(&self) -> u32 {
        self.ready_count
    }

    /// Jobs that wait or are being handled.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// There is no job.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// What came of the jobs so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn owns(&self, receipt: Receipt) -> bool {
        self.jobs[receipt.job].receipt == receipt.number
    }

    fn show(&mut self, job: u32) {
        self.waiting.push(&mut self.ready, job);
        self.ready_count += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::engine::Stream;

    const SECOND: SimDuration = SimDuration(1_000_000_000);

    fn at(secs: u64) -> SimTime {
        SimTime(secs * SECOND.0)
    }

    fn queue(visibility_secs: u64, deliveries: u32) -> JobQueue {
        JobQueue::new(Settings {
            visibility: Some(SimDuration(visibility_secs * SECOND.0)),
            deliveries: Some(deliveries),
            capacity: None,
        })
    }

    #[test]
    fn a_job_not_finished_in_time_is_delivered_again_until_it_is_given_up() {
        let mut queue = queue(10, 2);
        queue.send(at(0), 7);
        let first = queue.receive(at(0)).unwrap();
        assert_eq!(queue.receive(at(5)), None);
        assert_eq!((queue.next_expiry(), queue.expire(at(10))), (Some(at(10)), 1));
        let second = queue.receive(at(10)).unwrap();
        assert_eq!((second.payload, second.deliveries), (7, 2));
        assert!(!queue.finish(first.receipt), "it is no longer the first handler's");
        queue.expire(at(20));
        assert_eq!(queue.receive(at(20)), None);
        let counters = queue.counters();
        assert_eq!((counters.dead, counters.late, counters.redeliveries), (1, 1, 1));
        assert!(queue.is_empty());
    }

    #[test]
    fn a_handler_can_ask_for_more_time_or_give_the_job_back() {
        let mut queue = queue(10, 9);
        queue.send(at(0), 1);
        let receipt = queue.receive(at(0)).unwrap().receipt;
        assert!(queue.extend(receipt, at(8)));
        assert_eq!(queue.expire(at(17)), 0);
        queue.give_back(receipt);
        assert!(queue.receive(at(17)).is_some_and(|delivery| delivery.deliveries == 2));
        assert!(!queue.extend(receipt, at(17)));
    }

    /// Handlers without number that take an exponential time of mean 1, hidden for `v`: a delivery is
    /// late with chance p = e^-v, so a job is delivered 1/(1-p) times on average without a limit, and
    /// given up with chance p^n after n deliveries.
    #[test]
    fn repetition_follows_from_the_handling_time() {
        let mut random = Stream::new(1, 0, 0);
        let mut queue = queue(1, 4);
        // The instant, and a number that makes it unique.
        let mut handling: BTreeMap<(SimTime, u64), Receipt> = BTreeMap::new();
        let jobs = 200_000_u32;
        let mut now = SimTime::ZERO;
        for payload in 0..jobs {
            now = now + SimDuration(SECOND.0 / 100);
            queue.send(now, u64::from(payload));
            loop {
                while let Some(delivery) = queue.receive(now) {
                    let secs = random.exponential();
                    let number = delivery.receipt.number;
                    handling.insert((now + SimDuration::from_secs(secs), number), delivery.receipt);
                }
                let Some(entry) = handling.first_entry().filter(|e| e.key().0 <= now) else {
                    break;
                };
                let end = entry.key().0;
                let receipt = entry.remove();
                queue.expire(end);
                queue.finish(receipt);
            }
            queue.expire(now);
        }
        let counters = queue.counters();
        let late = crate::engine::math::exp(-1.0);
        let expected = 1.0 + late + late * late + late * late * late;
        let found = counters.deliveries as f64 / f64::from(jobs);
        // Standard deviation of the deliveries of a job below 0.8; allow 4 of the mean.
        assert!((found - expected).abs() < 0.0075, "{found}, not {expected}");
        let dead = counters.dead as f64 / f64::from(jobs);
        let expected = late * late * late * late;
        assert!((dead - expected).abs() < 0.0013, "{dead}, not {expected}");
        let open = queue.len() as u64;
        assert_eq!(counters.sent, counters.finished + counters.dead + open);
    }
}
