//! Books the time of tasks to accounts, when a breakdown is wanted.

use super::program::Op;
use super::simulation::Simulation;
use super::task::Task;

impl Simulation {
    #[cold]
    pub(super) fn book_hold(&mut self, id: u32) {
        let Task { pc, since, .. } = self.tasks[id];
        let account = match self.model.program[pc as usize - 1] {
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
            Op::ReadPages { reads } => self.model.page_reads[usize::from(reads)].account,
            _ => return,
        };
        if let Some(breakdown) = &mut self.breakdown {
            breakdown.book(id, account, self.now.since(since));
        }
    }

    #[cold]
    pub(super) fn book_wait(&mut self, id: u32) {
        let Task { pc, since, .. } = self.tasks[id];
        let group = match self.model.program[pc as usize] {
            Op::Acquire { group, .. } | Op::AskAndAcquire { group, .. } => group,
            Op::Enter { entrance, .. } => self.model.entrances[usize::from(entrance)].group,
            _ => return,
        };
        if let Some(breakdown) = &mut self.breakdown {
            let account = self.model.groups[usize::from(group)].account;
            breakdown.book(id, account, self.now.since(since));
        }
    }

    #[cold]
    pub(super) fn book_lost(&mut self, id: u32) {
        let Task { pc, since, .. } = self.tasks[id];
        // Whoever looks into a cache again later has booked that wait.
        if matches!(self.model.program[pc as usize], Op::Lookup { .. }) {
            return;
        }
        if let Some(breakdown) = &mut self.breakdown {
            breakdown.book_lost(id, self.now.since(since));
        }
    }
}
