//! Operations that few programs have, kept apart so that the others stay fast.

use super::holdings::Holding;
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
            Op::Borrow { borrow, register } => self.borrow(id, borrow, register),
            Op::Connect { pool, register } => self.connect(id, pool, register),
            Op::Knock { door } => self.knock(id, door),
            Op::Identify { range } => {
                self.identify(id, range);
                true
            }
            Op::Guarded { edge } => {
                self.start_guarded(id, edge);
                false
            }
            Op::Cross { wire, vanishes } => self.cross(id, wire, vanishes),
            Op::Vanish => {
                self.remove(id);
                false
            }
            Op::Reject { after } => {
                self.reject(id, after);
                false
            }
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
            Op::Once { once, end } => {
                self.begin_once(id, once, end);
                true
            }
            Op::Enqueue { jobs } => self.enqueue(id, jobs),
            Op::TakeJob { jobs } => self.take_job(id, jobs),
            Op::FinishJob { jobs } => {
                self.finish_job(id, jobs);
                false
            }
            Op::LockFile { access } => self.lock_file(id, access),
            Op::CloseFile { access } => self.close_file(id, access),
            Op::LockRow { update, row } => self.lock_row(id, update, row),
            Op::Conclude { update } => self.conclude(id, update),
            op => {
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
            Op::Connected { pool, register } => self.connected(id, pool, register),
            Op::Read { cached } => self.read(id, cached),
            Op::NextKey { cached, register } => self.next_key(id, cached, register),
            Op::Fill { cached } => self.fill(id, cached),
            Op::Commit { write } => self.commit(id, write),
            Op::Tell { write } => self.tell_cache(id, write),
            Op::Written { write } => self.written(id, write),
            Op::Number => self.number_origin(id),
            Op::Record { ledger } => self.make_record(id, ledger),
            Op::OnceDone { once } => self.once_done(id, once),
            Op::OpenFile { access } => self.open_file(id, access),
            Op::Forget { register } => {
                self.take_holding(id, register);
            }
            Op::ReadCopy { read } => self.read_a_copy(id, read),
            Op::ChooseRows { update } => self.choose_rows(id, update),
            Op::ReadRow { update, row } => self.read_row(id, update, row),
            // The others are done where they stand.
            _ => {}
        }
    }
}
