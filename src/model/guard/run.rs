//! Runs guarded calls.

use crate::engine::events::Ticket;
use crate::engine::{SimDuration, SimTime};
use crate::policy::breaker::Decision as Asked;
use crate::policy::bulkhead::{Bulkhead, Decision as Place};
use crate::policy::retry::Failure;

use super::ends::failure_of;
use super::{COPIES_MAX, Pending};
use crate::model::record::Outcome;
use crate::model::simulation::Simulation;
use crate::model::task::{NO_TASK, State, Task};

/// Whether an attempt can be sent.
enum Admission {
    Send,
    /// It waits for a place in the bulkhead.
    Wait,
    /// The caller itself refuses it.
    Refuse(Failure),
}

impl Simulation {
    /// Begins the call a task has come to.
    pub(in crate::model) fn start_guarded(&mut self, id: u32, edge: u16) {
        let guard = self.model.guarded[usize::from(edge)].guard;
        let guard = &mut self.model.guards[usize::from(guard)];
        if let Some(budget) = &mut guard.budget {
            budget.on_request(self.now);
        }
        if let Some((hedge, _)) = &mut guard.hedge {
            hedge.on_request(self.now);
        }
        let deadline = guard.patience.map_or(SimTime::NEVER, |patience| self.now + patience);
        let pending = Pending { edge, deadline, ..Pending::NEW };
        let calls = &mut self.guarding.calls;
        if calls.len() <= id as usize {
            calls.resize(id as usize + 1, pending);
        }
        calls[id as usize] = pending;
        self.tasks[id].pc -= 1;
        self.guarded_attempt(id);
    }

    /// Makes attempts until one is sent or waits, or the call fails.
    fn guarded_attempt(&mut self, id: u32) {
        loop {
            match self.admit(id) {
                Admission::Send => {
                    self.send_guarded(id);
                    return;
                }
                Admission::Wait => return,
                Admission::Refuse(failure) => {
                    if !self.tries_again(id, failure) {
                        return;
                    }
                }
            }
        }
    }

    fn admit(&mut self, id: u32) -> Admission {
        let pending = &mut self.guarding.calls[id as usize];
        let edge = &self.model.guarded[usize::from(pending.edge)];
        let guard = &mut self.model.guards[usize::from(edge.guard)];
        pending.made = pending.made.saturating_add(1);
        pending.permit = None;
        let timeout = edge.timeout.map_or(SimTime::NEVER, |delay| self.now + delay.span);
        pending.until = timeout.min(pending.deadline);
        if let Some(throttle) = &mut guard.throttle {
            let random = &mut self.model.streams[usize::from(guard.stream)];
            if !throttle.sends(self.now, random) {
                return Admission::Refuse(Failure::BreakerOpen);
            }
        }
        if let Some(breaker) = &mut guard.breaker {
            match breaker.decide(self.now) {
                Asked::Admit(permit) => pending.permit = Some(permit),
                Asked::Reject { retry_after } => {
                    self.guarding.named = retry_after;
                    return Admission::Refuse(Failure::BreakerOpen);
                }
            }
        }
        match guard.bulkhead.as_mut().map_or(Place::Run, Bulkhead::decide) {
            Place::Run => Admission::Send,
            Place::Reject => {
                guard.forget(pending);
                Admission::Refuse(Failure::Rejected)
            }
            Place::Wait => {
                guard.waiting.push_back(id);
                let until = pending.until;
                self.rest(id, State::Admitted, until);
                Admission::Wait
            }
        }
    }

    /// Sends the attempt of a task that was admitted.
    pub(super) fn send_guarded(&mut self, id: u32) {
        self.calls_count = self.calls_count.wrapping_add(1).max(1);
        let pending = &mut self.guarding.calls[id as usize];
        let edge = &self.model.guarded[usize::from(pending.edge)];
        let guard = &mut self.model.guards[usize::from(edge.guard)];
        pending.since = self.now;
        (pending.sent, pending.outstanding) = (0, 0);
        let delay = guard.hedge.as_ref().and_then(|(hedge, _)| hedge.delay());
        pending.copy_at = delay.map_or(SimTime::NEVER, |delay| self.now + delay);
        if pending.made > 1 {
            guard.retries += 1;
            self.record.of(self.tasks[id].clients).retries += 1;
        }
        self.tasks[id].expects = self.calls_count;
        self.send_copy(id);
        let pending = &self.guarding.calls[id as usize];
        let next = pending.until.min(pending.copy_at);
        self.rest(id, State::Guarded, next);
    }

    /// Lets a task wait until something happens or a time is reached.
    pub(super) fn rest(&mut self, id: u32, state: State, until: SimTime) {
        let is_timed = until != SimTime::NEVER;
        let ticket = if is_timed { self.model.events.schedule(until, id) } else { Ticket::NONE };
        let task = &mut self.tasks[id];
        task.state = state;
        task.since = self.now;
        task.awaited = ticket;
    }

    /// Sends a copy of the present attempt, or the first one.
    fn send_copy(&mut self, id: u32) {
        let pending = self.guarding.calls[id as usize];
        let edge = &self.model.guarded[usize::from(pending.edge)];
        self.model.guards[usize::from(edge.guard)].in_flight += 1;
        let Task { clients, expects, .. } = self.tasks[id];
        let mut copy = Task::new(self.now, edge.start, clients);
        copy.parent = id;
        copy.answers = expects;
        let copy = self.new_task(copy);
        if self.model.inherits {
            self.inherit_user(id, copy);
        }
        let pending = &mut self.guarding.calls[id as usize];
        pending.copies[usize::from(pending.sent)] = copy;
        pending.sent += 1;
        pending.outstanding += 1;
        // Not at once: the caller may be in the middle of its own operation.
        self.ready.push_back(copy);
    }

    /// The time has come that a guarded call waits for. Out of line: the loop over events is faster
    /// without it.
    #[inline(never)]
    pub(in crate::model) fn guard_due(&mut self, id: u32) {
        let pending = self.guarding.calls[id as usize];
        let is_over = self.now >= pending.deadline;
        match self.tasks[id].state {
            State::Pausing => {
                if self.breakdown.is_some() {
                    self.book_pause(id);
                }
                if is_over {
                    self.give_up(id, Outcome::TimedOut);
                } else {
                    self.guarded_attempt(id);
                }
            }
            State::Guarded if self.now < pending.until => self.copy_due(id),
            _ => {
                let cancels = self.model.guarded[usize::from(pending.edge)].cancels;
                self.book_lost_if_wanted(id, Outcome::TimedOut);
                self.stop_attempt(id, cancels, Some(Outcome::TimedOut));
                if is_over {
                    self.give_up(id, Outcome::TimedOut);
                } else if self.tries_again(id, Failure::TimedOut) {
                    self.guarded_attempt(id);
                }
            }
        }
    }

    fn copy_due(&mut self, id: u32) {
        let pending = &mut self.guarding.calls[id as usize];
        let edge = &self.model.guarded[usize::from(pending.edge)];
        let guard = &mut self.model.guards[usize::from(edge.guard)];
        pending.copy_at = SimTime::NEVER;
        let (copies, hedges, in_flight) = (pending.sent - 1, guard.copies, guard.in_flight);
        let mut is_allowed = false;
        if let Some((hedge, _)) = &mut guard.hedge
            && usize::from(copies) < COPIES_MAX
            && hedge.try_copy(self.now, u32::from(copies), hedges, in_flight)
        {
            is_allowed = true;
            pending.copy_at = hedge.delay().map_or(SimTime::NEVER, |delay| self.now + delay);
        }
        let next = pending.until.min(pending.copy_at);
        if is_allowed {
            guard.copies += 1;
            self.record.of(self.tasks[id].clients).retries += 1;
            self.send_copy(id);
        }
        let since = self.tasks[id].since;
        self.rest(id, State::Guarded, next);
        self.tasks[id].since = since;
    }

    /// An attempt or a copy of it has ended.
    pub(in crate::model) fn guarded_answer(&mut self, id: u32, from: u32, outcome: Outcome) {
        let pending = &mut self.guarding.calls[id as usize];
        let guard = self.model.guarded[usize::from(pending.edge)].guard;
        if outcome == Outcome::InTime {
            let took = self.now.since(pending.since);
            let mut cancels = false;
            if let Some((hedge, loser_cancelled)) = &mut self.model.guards[usize::from(guard)].hedge
            {
                hedge.on_answer(took);
                cancels = *loser_cancelled;
            }
            for place in 0..usize::from(pending.sent) {
                if pending.copies[place] == from {
                    pending.copies[place] = NO_TASK;
                }
            }
            if self.breakdown.is_some() {
                // Nobody but the copies before worked until this one was sent.
                let lost = self.tasks[from].started.since(pending.since);
                self.book_loss(id, lost);
            }
            self.stop_attempt(id, cancels, Some(Outcome::InTime));
            self.resume(id, from);
            return;
        }
        pending.outstanding -= 1;
        if pending.outstanding > 0 {
            if self.breakdown.is_some() {
                self.book_end(from, outcome);
            }
            return;
        }
        self.book_lost_if_wanted(id, outcome);
        self.stop_attempt(id, false, Some(outcome));
        if self.tries_again(id, failure_of(outcome)) {
            self.guarded_attempt(id);
        }
    }

    fn book_lost_if_wanted(&mut self, id: u32, outcome: Outcome) {
        if self.breakdown.is_some() && self.tasks[id].state != State::Admitted {
            self.book_attempt(id, outcome);
        }
    }

    pub(super) fn book_admitted(&mut self, id: u32, guard: usize) {
        if self.breakdown.is_some() {
            let waited = self.now.since(self.tasks[id].since);
            self.book(id, self.model.guards[guard].account, waited);
        }
    }
}

impl Pending {
    const NEW: Self = Self {
        edge: 0,
        sent: 0,
        outstanding: 0,
        made: 0,
        copies: [NO_TASK; COPIES_MAX + 1],
        permit: None,
        deadline: SimTime::NEVER,
        until: SimTime::NEVER,
        since: SimTime::ZERO,
        copy_at: SimTime::NEVER,
        previous: SimDuration::ZERO,
    };
}
