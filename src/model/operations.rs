//! Operations of parts that most systems do not have, kept out of the loop that runs the others.

use super::holdings::Holding;
use super::program::Op;
use super::simulation::Simulation;

impl Simulation {
    /// Runs an operation that the loop does not know; false if the task waits or has ended.
    #[inline(never)]
    pub(super) fn run_rare(&mut self, id: u32, op: Op) -> bool {
        match op {
            Op::ReadPages { reads } => self.read_pages(id, reads),
            Op::HoldBeside { sampler, crowd } => {
                self.hold_beside(id, sampler, crowd);
                false
            }
            Op::Compute { compute } => self.compute(id, compute),
            Op::TakeMemory { placed, register } => self.take_memory(id, placed, register),
            Op::Ask { ask } => {
                self.ask(id, ask);
                false
            }
            Op::Lookup { cached } => self.look_up(id, cached),
            Op::TakeWrite { write } => self.take_write(id, write),
            _ => {
                self.run_instant(id, op);
                true
            }
        }
    }

    /// The same for operations that never make a task wait.
    fn run_instant(&mut self, id: u32, op: Op) {
        match op {
            Op::GiveMemory { register } => {
                if let Holding::Memory { placed } = self.take_holding(id, register) {
                    self.give_memory(placed);
                }
            }
            Op::Read { cached } => self.read(id, cached),
            Op::Fill { cached } => self.fill(id, cached),
            Op::Commit { write } => self.commit(id, write),
            Op::Tell { write } => self.tell(id, write),
            Op::Written { write } => self.written(id, write),
            // The loop knows all others.
            _ => {}
        }
    }
}
