//! How attempts and guarded calls end.

use crate::engine::events::Ticket;
use crate::engine::{SimDuration, SimTime};
use crate::policy::breaker;
use crate::policy::bulkhead::Bulkhead;
use crate::policy::retry::{Attempts, Decision, FOR_EVER, Failure, Shared};

use super::{Guard, Pending};
use crate::model::record::Outcome;
use crate::model::simulation::Simulation;
use crate::model::task::{NO_TASK, State};

impl Simulation {
    /// The call ends or waits for another attempt (false), or makes one at once (true).
    pub(super) fn tries_again(&mut self, id: u32, failure: Failure) -> bool {
        let named = std::mem::take(&mut self.guarding.named);
        let pending = &mut self.guarding.calls[id as usize];
        let edge = &self.model.guarded[usize::from(pending.edge)];
        let guard = &mut self.model.guards[usize::from(edge.guard)];
        let attempts =
            Attempts { made: pending.made, previous: pending.previous, retry_after: named };
        let (retries, in_flight) = (guard.retries, guard.in_flight);
        let shared = guard.budget.as_mut().map(|budget| Shared { budget, retries, in_flight });
        let random = &mut self.model.streams[usize::from(guard.stream)];
        let Decision::Retry(wait) = guard.retry.decide(self.now, failure, attempts, shared, random)
        else {
            // Whoever called the caller may be told as well.
            self.guarding.named = named;
            self.give_up(id, outcome_of(failure));
            self.guarding.named = SimDuration::ZERO;
            return false;
        };
        // Time must pass for a client that never stops.
        let is_endless = guard.retry.retries_count == FOR_EVER;
        let wait = if is_endless { wait.max(SimDuration(1)) } else { wait };
        pending.previous = wait;
        if wait == SimDuration::ZERO {
            return true;
        }
        let until = (self.now + wait).min(pending.deadline);
        self.rest(id, State::Pausing, until);
        false
    }

    /// The call has failed for good: the fallback follows, or the caller fails.
    pub(super) fn give_up(&mut self, id: u32, outcome: Outcome) {
        let edge = self.guarding.calls[id as usize].edge;
        let Some(fallback) = self.model.guarded[usize::from(edge)].fallback else {
            self.fail(id, outcome);
            return;
        };
        let task = &mut self.tasks[id];
        task.pc = fallback;
        task.state = State::Running;
        task.awaited = Ticket::NONE;
        self.ready.push_back(id);
    }

    /// Ends the present attempt for the caller, as an outcome or as if it had never been.
    pub(super) fn stop_attempt(&mut self, id: u32, cancels: bool, outcome: Option<Outcome>) {
        let pending = self.guarding.calls[id as usize];
        let edge = &self.model.guarded[usize::from(pending.edge)];
        let index = usize::from(edge.guard);
        if self.tasks[id].state == State::Admitted {
            self.book_admitted(id, index);
            let guard = &mut self.model.guards[index];
            guard.waiting.retain(|&waiting| waiting != id);
            if let Some(bulkhead) = &mut guard.bulkhead {
                bulkhead.leave();
            }
            guard.forget(&pending);
            return;
        }
        let task = &mut self.tasks[id];
        let number = std::mem::take(&mut task.expects);
        task.awaited = Ticket::NONE;
        if cancels {
            for &copy in &pending.copies[..usize::from(pending.sent)] {
                if copy != NO_TASK && self.tasks[copy].answers == number {
                    self.cancel(copy);
                }
            }
        }
        let guard = &mut self.model.guards[index];
        guard.in_flight -= u32::from(pending.sent);
        guard.copies -= u32::from(pending.sent) - 1;
        guard.retries -= u32::from(pending.made > 1);
        match outcome {
            None => guard.forget(&pending),
            Some(outcome) => guard.learn(self.now, &pending, outcome),
        }
        if guard.bulkhead.as_mut().is_some_and(Bulkhead::release)
            && let Some(next) = guard.waiting.pop_front()
        {
            self.book_admitted(next, index);
            self.send_guarded(next);
        }
    }

    /// Takes a task that is cancelled or lost out of its guarded call.
    pub(in crate::model) fn leave_guarded(&mut self, id: u32, cancels: bool) {
        if self.tasks[id].state != State::Pausing {
            self.stop_attempt(id, cancels, None);
        }
    }

    /// Cancels the branches of a task.
    pub(in crate::model) fn cancel_branches(&mut self, id: u32) {
        let number = self.tasks[id].expects;
        let Some(branches) = &mut self.guarding.branches else { return };
        let Some(own) = branches.get_mut(id as usize).map(std::mem::take) else { return };
        for &branch in &own {
            if self.tasks[branch].answers == number {
                self.cancel(branch);
            }
        }
        if let Some(branches) = &mut self.guarding.branches {
            branches[id as usize] = own;
        }
    }

    /// The attempt is turned away, with microseconds until it may come again.
    pub(in crate::model) fn reject(&mut self, id: u32, after: u32) {
        self.fail_naming(id, Outcome::Rejected, SimDuration(u64::from(after) * 1_000));
    }

    /// The attempt is turned away, with the time until it may come again, zero for nothing said.
    pub(in crate::model) fn fail_naming(&mut self, id: u32, outcome: Outcome, named: SimDuration) {
        self.guarding.named = named;
        self.fail(id, outcome);
        self.guarding.named = SimDuration::ZERO;
    }
}

impl Guard {
    /// The attempt never was, as far as the breaker can tell.
    pub(super) fn forget(&mut self, pending: &Pending) {
        if let (Some(breaker), Some(permit)) = (&mut self.breaker, pending.permit) {
            breaker.forget(permit);
        }
    }

    /// How the attempt ended.
    pub(super) fn learn(&mut self, now: SimTime, pending: &Pending, outcome: Outcome) {
        let has_succeeded = outcome == Outcome::InTime;
        if let (Some(breaker), Some(permit)) = (&mut self.breaker, pending.permit) {
            let took = now.since(pending.since);
            breaker.record(now, permit, breaker::Outcome { failed: !has_succeeded, took });
        }
        if let Some(budget) = &mut self.budget {
            budget.on_outcome(has_succeeded);
        }
        if let Some((hedge, _)) = &mut self.hedge {
            hedge.on_outcome(has_succeeded);
        }
        let is_accepted = has_succeeded || outcome == Outcome::Failed;
        if let Some(throttle) = &mut self.throttle
            && is_accepted
        {
            throttle.on_accept(now);
        }
    }
}

/// What a caller calls the end of an attempt.
pub(super) fn failure_of(outcome: Outcome) -> Failure {
    match outcome {
        Outcome::TimedOut => Failure::TimedOut,
        Outcome::Rejected => Failure::Rejected,
        Outcome::Shed => Failure::Shed,
        Outcome::GaveUp => Failure::GaveUp,
        Outcome::InTime | Outcome::Failed => Failure::Error,
    }
}

/// How a call ends whose last attempt ended so.
fn outcome_of(failure: Failure) -> Outcome {
    match failure {
        Failure::TimedOut => Outcome::TimedOut,
        Failure::Rejected => Outcome::Rejected,
        Failure::Shed | Failure::BreakerOpen => Outcome::Shed,
        Failure::GaveUp => Outcome::GaveUp,
        Failure::Error | Failure::Unreachable => Outcome::Failed,
    }
}
