//! What a task holds or waits for besides servers: a load under way, a place in a line.
//!
//! A register that names such a thing has its top bit set, the rest is its place among the holdings.
//! Like a server it is let go when the task ends badly or is cancelled, whatever it was doing.

use crate::engine::SimTime;
use crate::engine::arena::Arena;

use super::cache::Load;
use super::filing::FileUse;
use super::jobs::queue::Receipt;
use super::lines;
use super::placing::Computing;
use super::simulation::Simulation;

/// Registers from here on name holdings; stations have smaller numbers.
pub(super) const HOLDING: u32 = 1 << 31;

/// Something held.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holding {
    /// A load of a value; it comes back as a fill, or is abandoned.
    Loading {
        cache: u16,
        key: u32,
        load: Load,
        began: SimTime,
        /// Known once it has been read.
        version: Option<u32>,
    },
    /// A place in the line for somebody else's load.
    Awaiting { cache: u16, key: u32, place: lines::Place },
    /// A value that is looked for again later, or whose write the cache is not told of yet.
    Key { key: u32 },
    /// Work on a machine.
    Computing(Computing),
    /// The memory of a request.
    Memory { placed: u16 },
    /// How often a third party has refused it.
    Tries(u32),
    /// A job that is being done.
    Job { jobs: u16, receipt: Receipt, sent: SimTime },
    /// Something that is done once, by its key.
    Once { store: u16, key: u32 },
    /// A transaction of a file.
    File(FileUse),
    /// Rows that are being updated, by the number of their list.
    Updating { update: u16, rows: u32 },
    /// What an update has written: the row in the history of its database, and its version.
    Wrote { row: u32, version: u32 },
    /// A write on its way from the cache to the database.
    Writing { key: u32, version: u32 },
}

/// All that tasks hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Holdings {
    slab: Arena<Holding>,
}

impl Holdings {
    /// Keeps something; what a register says that holds it.
    pub(super) fn keep(&mut self, holding: Holding) -> u32 {
        HOLDING | self.slab.insert(holding)
    }

    /// What a register holds.
    #[inline(always)]
    pub(super) fn get(&self, register: u32) -> Holding {
        self.slab[register & !HOLDING]
    }

    /// The same, to be changed in place.
    #[inline(always)]
    pub(super) fn get_mut(&mut self, register: u32) -> &mut Holding {
        &mut self.slab[register & !HOLDING]
    }

    /// Holds something else instead.
    pub(super) fn set(&mut self, register: u32, holding: Holding) {
        self.slab[register & !HOLDING] = holding;
    }

    /// Takes it out of a register.
    #[inline(always)]
    pub(super) fn take(&mut self, register: u32) -> Holding {
        self.slab.remove(register & !HOLDING);
        self.get(register)
    }
}

impl Simulation {
    /// Takes what a register of a task holds.
    #[inline(always)]
    pub(super) fn take_holding(&mut self, id: u32, register: u8) -> Holding {
        let task = &mut self.tasks[id];
        task.held &= !(1 << register);
        self.holdings.take(task.registers[usize::from(register)])
    }

    /// Lets a task hold something in a register.
    pub(super) fn hold_in(&mut self, id: u32, register: u8, holding: Holding) {
        let task = &mut self.tasks[id];
        let place = &mut task.registers[usize::from(register)];
        if task.held & (1 << register) == 0 {
            task.held |= 1 << register;
            *place = self.holdings.keep(holding);
        } else {
            self.holdings.set(*place, holding);
        }
    }

    /// A task that ends before it should lets go what a register held.
    #[cold]
    pub(super) fn let_go(&mut self, register: u32) {
        match self.holdings.take(register) {
            Holding::Loading { cache, key, .. } => self.abandon_load(cache, key),
            Holding::Awaiting { cache, key, place } => {
                self.model.caches[usize::from(cache)].cache.leave(key, place);
            }
            Holding::Computing(computing) => self.stop_computing(computing),
            Holding::Memory { placed } => self.give_memory(placed),
            Holding::Job { jobs, receipt, .. } => self.job_failed(jobs, receipt),
            Holding::Once { store, key } => self.once_failed(store, key),
            Holding::File(file) => self.abandon_file(file),
            Holding::Updating { update, rows } => self.give_up_rows(update, rows),
            Holding::Wrote { .. }
            | Holding::Key { .. }
            | Holding::Writing { .. }
            | Holding::Tries(_) => {}
        }
    }
}
