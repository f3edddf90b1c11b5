//! Calls and branches: attempts, their timeouts and retries, and who waits for whom.

use crate::engine::SimDuration;
use crate::engine::events::Ticket;

use super::entrance::Ending;
use super::program::Op;
use super::record::Outcome;
use super::simulation::Simulation;
use super::task::{NO_TASK, State, Task};

impl Simulation {
    /// Sends the next attempt of the call a task stands at.
    pub(super) fn send_attempt(&mut self, id: u32) {
        let Op::Call { edge } = self.model.program[self.tasks[id].pc as usize] else {
            // Sent away by a cache for a while.
            self.run(id);
            return;
        };
        let edge = &self.model.edges[usize::from(edge)];
        let (start, timeout) = (edge.start, edge.timeout);
        self.calls_count = self.calls_count.wrapping_add(1).max(1);
        let task = &mut self.tasks[id];
        task.state = State::Calling;
        task.since = self.now;
        task.expects = self.calls_count;
        task.attempts += 1;
        if task.attempts > 1 {
            self.record.of(task.clients).retries += 1;
        }
        let mut attempt = Task::new(self.now, start, task.clients);
        attempt.parent = id;
        attempt.answers = self.calls_count;
        let callee = self.new_task(attempt);
        if self.model.inherits {
            self.inherit_user(id, callee);
        }
        let ticket = timeout.map_or(Ticket::NONE, |delay| self.schedule_delay(delay, id));
        let task = &mut self.tasks[id];
        task.callee = callee;
        task.awaited = ticket;
        // Not at once: the caller may be in the middle of its own operation.
        self.ready.push_back(callee);
    }

    /// No answer came in time. Out of line: the loop over events is faster without it.
    #[inline(never)]
    pub(super) fn timeout_reached(&mut self, id: u32) {
        let task = &mut self.tasks[id];
        task.expects = 0;
        let callee = task.callee;
        if let Op::Call { edge } = self.model.program[task.pc as usize]
            && self.model.edges[usize::from(edge)].cancels
        {
            self.cancel(callee);
        }
        self.attempt_failed(id, Outcome::TimedOut);
    }

    /// Takes an attempt and all it called out of the system.
    pub(super) fn cancel(&mut self, id: u32) {
        match self.tasks[id].state {
            State::Queued => self.leave_queue(id, Ending::Dropped),
            State::Calling => self.cancel_callee(id),
            State::Guarded | State::Admitted | State::Pausing => self.leave_guarded(id, true),
            State::Joining => self.cancel_branches(id),
            // Given what it waited for in this very instant: it must not run any more.
            State::Running => self.ready.retain(|&ready| ready != id),
            State::Holding | State::BackingOff => {}
        }
        let task = &mut self.tasks[id];
        task.parent = NO_TASK;
        // Branches that go on must not answer whoever gets this place next.
        task.expects = 0;
        self.release_all(id, Ending::Dropped);
        self.remove(id);
    }

    /// Cancels the attempt a task waits for.
    fn cancel_callee(&mut self, id: u32) {
        let Task { callee, expects, .. } = self.tasks[id];
        if self.tasks[callee].answers == expects {
            self.cancel(callee);
        }
    }

    fn attempt_failed(&mut self, id: u32, outcome: Outcome) {
        if self.breakdown.is_some() {
            self.book_attempt(id, outcome);
        }
        let task = &mut self.tasks[id];
        let Op::Call { edge } = self.model.program[task.pc as usize] else { return };
        let edge = &self.model.edges[usize::from(edge)];
        if u32::from(task.attempts) > edge.retries {
            self.fail(id, outcome);
            return;
        }
        let random = &mut self.model.streams[usize::from(edge.stream)];
        let wait = edge.backoff.delay(u32::from(task.attempts), random);
        if wait == SimDuration::ZERO {
            self.send_attempt(id);
            return;
        }
        task.state = State::BackingOff;
        task.since = self.now;
        task.awaited = self.model.events.schedule(self.now + wait, id);
    }

    /// Starts all branches. Out of line: the interpreter's loop would keep a frame for it.
    #[inline(never)]
    pub(super) fn fork(&mut self, id: u32, fork: u16) {
        self.calls_count = self.calls_count.wrapping_add(1).max(1);
        let branches = self.model.forks[usize::from(fork)].starts.len();
        let needed = u32::from(self.model.forks[usize::from(fork)].needed);
        let task = &mut self.tasks[id];
        task.pc -= 1;
        task.state = State::Joining;
        task.since = self.now;
        task.expects = self.calls_count;
        task.callee = needed | ((branches as u32 - needed) << 16);
        let clients = task.clients;
        if let Some(known) = &mut self.guarding.branches {
            if known.len() <= id as usize {
                known.resize(id as usize + 1, Vec::new());
            }
            known[id as usize].clear();
        }
        for branch in 0..branches {
            let start = self.model.forks[usize::from(fork)].starts[branch];
            let mut task = Task::new(self.now, start, clients);
            task.parent = id;
            task.answers = self.calls_count;
            let task = self.new_task(task);
            if self.model.inherits {
                self.inherit_user(id, task);
            }
            if let Some(known) = &mut self.guarding.branches {
                known[id as usize].push(task);
            }
            self.ready.push_back(task);
        }
    }

    /// Gives the outcome of an attempt or a branch to the task that expects it.
    pub(super) fn answer(&mut self, parent: u32, from: u32, outcome: Outcome) {
        if outcome == Outcome::InTime {
            // What an attempt or branch has seen its caller has seen, too.
            self.tasks[parent].is_stale |= self.tasks[from].is_stale;
        }
        match (self.tasks[parent].state, outcome) {
            (State::Calling, Outcome::InTime) => self.resume(parent, from),
            (State::Calling, failure) => {
                let task = &mut self.tasks[parent];
                task.expects = 0;
                task.awaited = Ticket::NONE;
                self.attempt_failed(parent, failure);
            }
            (State::Guarded, outcome) => self.guarded_answer(parent, from, outcome),
            (State::Joining, outcome @ Outcome::InTime) => {
                let task = &mut self.tasks[parent];
                task.callee -= 1;
                if task.callee & 0xffff == 0 {
                    self.resume(parent, from);
                } else if self.breakdown.is_some() {
                    self.book_end(from, outcome);
                }
            }
            (State::Joining, failure) => {
                if self.breakdown.is_some() {
                    self.book_end(from, failure);
                }
                let task = &mut self.tasks[parent];
                if task.callee >> 16 == 0 {
                    task.expects = 0;
                    self.fail(parent, failure);
                } else {
                    task.callee -= 1 << 16;
                }
            }
            _ => {}
        }
    }

    pub(super) fn resume(&mut self, parent: u32, from: u32) {
        if self.breakdown.is_some() {
            self.book_answer(parent, from);
        }
        let task = &mut self.tasks[parent];
        task.expects = 0;
        task.awaited = Ticket::NONE;
        task.state = State::Running;
        task.pc += 1;
        self.ready.push_back(parent);
    }
}
