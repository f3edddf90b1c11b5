//! Operations that few programs have, kept apart so that the others stay fast.

use super::program::Op;
use super::simulation::Simulation;

impl Simulation {
    /// Does the one that a task has just come past; false if the task does not go on now.
    ///
    /// It is read again: handing it over would make every operation go through memory.
    #[cold]
    #[inline(never)]
    pub(super) fn run_rare(&mut self, id: u32) -> bool {
        match self.model.program[self.tasks[id].pc as usize - 1] {
            Op::HoldAt { sampler, register } => {
                self.hold_at(id, sampler, register);
                false
            }
            Op::AskAndAcquire { group, register } => self.ask_and_acquire(id, group, register),
            Op::Enter { entrance, register } => self.enter(id, entrance, register),
            Op::Knock { door } => self.knock(id, door),
            Op::Identify { range } => {
                self.identify(id, range);
                true
            }
            Op::Guarded { edge } => {
                self.start_guarded(id, edge);
                false
            }
            Op::Vanish => {
                self.remove(id);
                false
            }
            Op::Reject { after } => {
                self.reject(id, after);
                false
            }
            // The others are done where they stand.
            _ => true,
        }
    }
}
