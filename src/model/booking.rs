//! Books the time of tasks to accounts, when a breakdown is wanted.

use super::program::Op;
use super::simulation::Simulation;
use super::task::Task;

impl Simulation {
    #[cold]
    pub(super) fn book_hold(&mut self, id: u32) {
        let Task { pc, since, .. } = self.tasks[id];
        let account = match self.model.program[pc as usize - 1] {
            Op::Hold { sampler } | Op::HoldBeside { sampler, .. } => {
                self.model.samplers[usize::from(sampler)].account
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
        if let Op::Acquire { group, .. } | Op::AskAndAcquire { group, .. } =
            self.model.program[pc as usize]
            && let Some(breakdown) = &mut self.breakdown
        {
            let account = self.model.groups[usize::from(group)].account;
            breakdown.book(id, account, self.now.since(since));
        }
    }

    #[cold]
    pub(super) fn book_lost(&mut self, id: u32) {
        let since = self.tasks[id].since;
        if let Some(breakdown) = &mut self.breakdown {
            breakdown.book_lost(id, self.now.since(since));
        }
    }
}
