//! Books the time of tasks to accounts, when a breakdown is wanted.

use crate::engine::SimDuration;

use super::program::Op;
use super::record::Outcome;
use super::recorder::{Booked, Place, Present};
use super::simulation::Simulation;
use super::task::{NO_TASK, State, Task};
use super::trace::Breakdown;

impl Simulation {
    /// A task has begun.
    #[cold]
    pub(super) fn book_begin(&mut self, id: u32) {
        let task = &self.tasks[id];
        let parent = (task.parent != NO_TASK).then(|| &self.tasks[task.parent]);
        if let Some(breakdown) = &mut self.breakdown {
            breakdown.begin(id, task, parent);
        }
    }

    /// A time of a task has passed, or will.
    #[cold]
    pub(super) fn book(&mut self, id: u32, account: u16, span: SimDuration) {
        let task = &self.tasks[id];
        let stands = matches!(task.state, State::Queued | State::Admitted | State::BackingOff);
        let op = if stands { task.pc } else { task.pc.saturating_sub(1) };
        self.book_at(id, Booked { op, account, is_pause: false, span });
    }

    fn book_at(&mut self, id: u32, time: Booked) {
        if let Some(breakdown) = &mut self.breakdown {
            breakdown.book(id, &self.tasks[id], time);
        }
    }

    #[cold]
    pub(super) fn book_hold(&mut self, id: u32) {
        let Task { pc, since, .. } = self.tasks[id];
        let op = pc - 1;
        if self.is_thinking(pc) {
            return;
        }
        if let Some(account) = self.account_of_hold(op) {
            let span = self.now.since(since);
            self.book_at(id, Booked { op, account, is_pause: false, span });
        }
    }

    /// What comes next is a user's request: the time before is none of it.
    fn is_thinking(&self, pc: u32) -> bool {
        match self.model.program[pc as usize] {
            Op::Send => true,
            Op::Jump { to } => matches!(self.model.program[to as usize], Op::Send),
            _ => false,
        }
    }

    fn account_of_hold(&self, op: u32) -> Option<u16> {
        Some(match self.model.program[op as usize] {
            Op::Hold { sampler } | Op::HoldAt { sampler, .. } | Op::HoldBeside { sampler, .. } => {
                self.model.samplers[usize::from(sampler)].account
            }
            Op::Knock { door } => {
                let group = self.model.doors[usize::from(door)].group;
                self.model.groups[usize::from(group)].account
            }
            Op::Compute { compute } => {
                let sampler = self.model.computes[usize::from(compute)].sampler;
                self.model.samplers[usize::from(sampler)].account
            }
            Op::Cross { wire, .. } => self.model.wires[usize::from(wire)].account,
            Op::Connect { pool, .. } => self.model.pools[usize::from(pool)].account,
            Op::ReadPages { reads } => self.model.page_reads[usize::from(reads)].account,
            _ => return None,
        })
    }

    #[cold]
    pub(super) fn book_wait(&mut self, id: u32) {
        let Task { pc, since, .. } = self.tasks[id];
        if let Some(account) = self.account_of_wait(pc) {
            let span = self.now.since(since);
            self.book_at(id, Booked { op: pc, account, is_pause: false, span });
        }
    }

    fn account_of_wait(&self, op: u32) -> Option<u16> {
        let group = match self.model.program[op as usize] {
            Op::LockFile { access } | Op::CloseFile { access } => {
                return Some(self.file_of(access).account);
            }
            Op::LockRow { update, .. } => return Some(self.row_locks_of(update).account),
            Op::Acquire { group, .. } | Op::AskAndAcquire { group, .. } => group,
            Op::Enter { entrance, .. } => self.model.entrances[usize::from(entrance)].group,
            Op::Borrow { borrow, .. } => {
                let pool = self.model.borrows[usize::from(borrow)].pool;
                self.model.pools[usize::from(pool)].group
            }
            Op::Lookup { cached } => {
                let cache = self.model.cached_steps[usize::from(cached)].cache;
                return Some(self.model.caches[usize::from(cache)].account);
            }
            _ => return None,
        };
        Some(self.model.groups[usize::from(group)].account)
    }

    /// Where the lost attempts of the call are booked that a task stands at.
    fn account_of_loss(&self, id: u32) -> Option<u16> {
        match self.model.program[self.tasks[id].pc as usize] {
            Op::Call { edge } => Some(self.model.edges[usize::from(edge)].lost),
            Op::Guarded { edge } => Some(self.model.guarded[usize::from(edge)].lost),
            Op::ChooseRows { update } => Some(self.row_locks_of(update).lost),
            _ => None,
        }
    }

    /// The pause between two attempts is over.
    #[cold]
    pub(super) fn book_pause(&mut self, id: u32) {
        let Task { pc, since, .. } = self.tasks[id];
        // Whoever looks into a cache again later has booked that wait.
        if let Some(account) = self.account_of_loss(id) {
            let span = self.now.since(since);
            self.book_at(id, Booked { op: pc, account, is_pause: true, span });
        }
    }

    /// The attempt that a task waited for came to nothing.
    #[cold]
    pub(super) fn book_attempt(&mut self, id: u32, outcome: Outcome) {
        let span = self.now.since(self.tasks[id].since);
        self.book_loss(id, span);
        self.book_ends(id, Some(outcome));
    }

    /// So much of the time of a task led to nothing.
    #[cold]
    pub(super) fn book_loss(&mut self, id: u32, span: SimDuration) {
        if let Some(account) = self.account_of_loss(id)
            && let Some(breakdown) = &mut self.breakdown
        {
            breakdown.book_lost(id, account, span);
        }
    }

    /// A task goes on with the answer of another, and waits for no further one.
    #[cold]
    pub(super) fn book_answer(&mut self, parent: u32, from: u32) {
        if let Some(breakdown) = &mut self.breakdown {
            breakdown.adopt(parent, from);
        }
        self.book_end(from, Outcome::InTime);
        self.book_ends(parent, None);
    }

    /// A task has answered whoever waits for it, who may wait for others still.
    #[cold]
    pub(super) fn book_end(&mut self, id: u32, outcome: Outcome) {
        self.with_recorder(|simulation, breakdown| {
            if let Some(recorder) = &mut breakdown.recorder {
                recorder.end(id, simulation.now, outcome, &|task| simulation.present(task));
            }
        });
    }

    /// A task waits no more for those it waited for.
    fn book_ends(&mut self, parent: u32, outcome: Option<Outcome>) {
        self.with_recorder(|simulation, breakdown| {
            if let Some(recorder) = &mut breakdown.recorder {
                let present = |task| simulation.present(task);
                recorder.end_tasks_of(parent, simulation.now, outcome, &present);
            }
        });
    }

    /// A request has ended.
    #[cold]
    pub(super) fn book_request(&mut self, id: u32, outcome: Outcome) {
        self.book_end(id, outcome);
        let Task { started, clients, .. } = self.tasks[id];
        if let Some(breakdown) = &mut self.breakdown
            && !self.model.clients[usize::from(clients)].is_background
        {
            breakdown.finish(id, clients, (started, self.now), outcome);
        }
    }

    fn with_recorder(&mut self, act: impl FnOnce(&Self, &mut Breakdown)) {
        if let Some(mut breakdown) = self.breakdown.take_if(|breakdown| breakdown.is_recording()) {
            act(self, &mut breakdown);
            self.breakdown = Some(breakdown);
        }
    }

    /// What a task spends its time on right now.
    fn present(&self, id: u32) -> Option<Present> {
        let Task { pc, since, state, registers, .. } = self.tasks[id];
        let (op, account) = match state {
            State::Holding => (pc.checked_sub(1)?, self.account_of_hold(pc.checked_sub(1)?)?),
            // Work on a machine waits for its share of the cores.
            State::Queued => (pc, self.account_of_wait(pc).or_else(|| self.account_of_hold(pc))?),
            State::BackingOff | State::Pausing => (pc, self.account_of_loss(id)?),
            State::Admitted => {
                let edge = self.guarding.edge(id)?;
                let guard = self.model.guarded[usize::from(edge)].guard;
                (pc, self.model.guards[usize::from(guard)].account)
            }
            State::Running | State::Calling | State::Joining | State::Guarded => return None,
        };
        let is_pause = matches!(state, State::BackingOff | State::Pausing);
        Some(Present { at: Place { op, registers }, account, is_pause, since })
    }
}
