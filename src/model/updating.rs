//! Rows at work: tasks read, change and write them back, wait for their locks, and lose updates.
//!
//! A row is locked while it is written, from before the steps of the write until the commit, whatever
//! the way, as in PostgreSQL; who locks it from the read on waits there already. Locks are those of a
//! database, so that a circle over several tables is found.

use crate::engine::SimDuration;
use crate::engine::events::Ticket;

use super::built::Model;
use super::cache::Popularity;
use super::database::row_locks::Asked;
use super::database::updates::Seen;
use super::database::{RowLocks, Updates};
use super::holdings::Holding;
use super::program::{Delay, SamplerKind};
use super::record::{Mark, Outcome};
use super::simulation::Simulation;
use super::system::{UPDATED_ROWS_MAX, Way};
use super::task::State;

const ROWS_MAX: usize = UPDATED_ROWS_MAX as usize;

/// A table whose rows are updated.
#[derive(Debug, Clone)]
pub(super) struct TableModel {
    /// Database and table.
    pub(super) id: String,
    /// The locks of its database.
    pub(super) locks: u16,
    pub(super) updates: Updates,
    pub(super) popularity: Popularity,
    /// Random stream of the rows chosen.
    pub(super) stream: u16,
    pub(super) counters: Counters,
}

/// The locks on rows of one database.
#[derive(Debug, Clone)]
pub(super) struct RowLocksModel {
    pub(super) database: String,
    pub(super) locks: RowLocks,
    pub(super) deadlock_after: SimDuration,
    /// Where waiting is booked.
    pub(super) account: u16,
    /// Where tries that came to nothing are booked.
    pub(super) lost: u16,
}

/// A step that updates rows.
#[derive(Debug, Clone)]
pub(super) struct UpdateStep {
    pub(super) table: u16,
    pub(super) register: u8,
    pub(super) way: Way,
    pub(super) rows: u8,
    pub(super) is_sorted: bool,
    pub(super) attempts: u32,
    pub(super) pause: SamplerKind,
    /// Random stream of the pause.
    pub(super) stream: u16,
    pub(super) lock_wait: Option<SimDuration>,
    /// The wait until the search for a deadlock or the end of patience, whichever is first.
    pub(super) first_wait: Delay,
    /// First operation of an attempt.
    pub(super) start: u32,
}

/// Rows that a task updates.
#[derive(Debug, Clone, Copy)]
pub(super) struct UpdatedRows {
    task: u32,
    tries: u32,
    rows: [u32; ROWS_MAX],
    seen: [Seen; ROWS_MAX],
}

/// What came of updates so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Updates acknowledged, each row for itself.
    pub updates: u64,
    /// Updates lost.
    pub lost: u64,
    /// Updates that had been lost and came back.
    pub regained: u64,
    /// Commits refused because somebody else had written.
    pub conflicts: u64,
    /// Waits for the lock of a row.
    pub waits: u64,
    /// Time waited by those who got the lock, in nanoseconds.
    pub waited: u64,
    /// Updates given up because all waited for each other.
    pub deadlocks: u64,
    /// Updates given up after too long a wait.
    pub given_up: u64,
}

impl Counters {
    /// What came after `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            updates: self.updates - before.updates,
            lost: self.lost - before.lost,
            regained: self.regained - before.regained,
            conflicts: self.conflicts - before.conflicts,
            waits: self.waits - before.waits,
            waited: self.waited - before.waited,
            deadlocks: self.deadlocks - before.deadlocks,
            given_up: self.given_up - before.given_up,
        }
    }
}

/// What became of updates in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableMeasure {
    /// Database and table.
    pub id: String,
    /// What came of updates.
    pub counters: Counters,
}

impl Model {
    /// Its tables are those of another model, and so are their updates, but for numbers.
    pub(super) fn tables_fit(&self, other: &Self) -> bool {
        let tables = self.tables.iter().zip(&other.tables);
        let updates = self.updates.iter().zip(&other.updates);
        let of = |step: &UpdateStep| (step.table, step.register, step.way, step.rows);
        self.tables.len() == other.tables.len()
            && self.updates.len() == other.updates.len()
            && tables.into_iter().all(|(a, b)| a.id == b.id && a.popularity == b.popularity)
            && updates.into_iter().all(|(a, b)| of(a) == of(b))
    }
}

/// The lock of a row among all of its database.
fn lock_of(table: u16, row: u32) -> u64 {
    u64::from(table) << 32 | u64::from(row)
}

impl Simulation {
    /// A task begins an update: its rows are drawn, if this is its first attempt.
    pub(super) fn choose_rows(&mut self, id: u32, update: u16) {
        let UpdateStep { table, register, rows: count, is_sorted, .. } =
            self.model.updates[usize::from(update)];
        if self.tasks[id].held & (1 << register) != 0 {
            return;
        }
        let model = &self.model.tables[usize::from(table)];
        let random = &mut self.model.streams[usize::from(model.stream)];
        let mut rows = [0; ROWS_MAX];
        for place in 0..usize::from(count) {
            let mut row = model.popularity.sample(random);
            // Drawn without putting back; a few rows take nearly all draws if one is very popular.
            for turn in 0.. {
                if !rows[..place].contains(&row) {
                    break;
                }
                let next = (row + 1) % model.popularity.keys();
                row = if turn < 8 { model.popularity.sample(random) } else { next };
            }
            rows[place] = row;
        }
        if is_sorted {
            rows[..usize::from(count)].sort_unstable();
        }
        let seen = [Seen::default(); ROWS_MAX];
        let rows = self.model.updated_rows.insert(UpdatedRows { task: id, tries: 0, rows, seen });
        self.hold_in(id, register, Holding::Updating { update, rows });
    }

    /// The locks that the rows of an update are under.
    pub(super) fn row_locks_of(&self, update: u16) -> &RowLocksModel {
        let table = self.model.updates[usize::from(update)].table;
        &self.model.row_locks[usize::from(self.model.tables[usize::from(table)].locks)]
    }

    /// The rows that a task updates.
    fn rows_of(&self, id: u32, register: u8) -> Option<u32> {
        let named = self.tasks[id].registers[usize::from(register)];
        match self.holdings.get(named) {
            Holding::Updating { rows, .. } => Some(rows),
            _ => None,
        }
    }

    /// A task takes the lock of a row; false if it has to wait.
    pub(super) fn lock_row(&mut self, id: u32, update: u16, row: u8) -> bool {
        let UpdateStep { table, register, first_wait, .. } =
            self.model.updates[usize::from(update)];
        let Some(rows) = self.rows_of(id, register) else { return true };
        let row = self.model.updated_rows[rows].rows[usize::from(row)];
        let model = &mut self.model.tables[usize::from(table)];
        let locks = &mut self.model.row_locks[usize::from(model.locks)].locks;
        if locks.ask(lock_of(table, row), id) == Asked::Granted {
            return true;
        }
        model.counters.waits += 1;
        let ticket = self.schedule_delay(first_wait, id);
        let task = &mut self.tasks[id];
        task.pc -= 1;
        task.state = State::Queued;
        task.since = self.now;
        task.awaited = ticket;
        false
    }

    /// A task has waited for the lock of a row for some time.
    #[cold]
    #[inline(never)]
    pub(super) fn row_wait_due(&mut self, id: u32, update: u16) {
        let UpdateStep { table, lock_wait, .. } = self.model.updates[usize::from(update)];
        let since = self.tasks[id].since;
        let table = &mut self.model.tables[usize::from(table)];
        let locks = &self.model.row_locks[usize::from(table.locks)].locks;
        let end = lock_wait.map(|wait| since + wait);
        if end.is_some_and(|end| end <= self.now) {
            table.counters.given_up += 1;
            self.fail(id, Outcome::GaveUp);
        } else if locks.is_deadlocked(id) {
            table.counters.deadlocks += 1;
            self.fail(id, Outcome::Failed);
        } else if let Some(end) = end {
            self.tasks[id].awaited = self.model.events.schedule(end, id);
        }
    }

    pub(super) fn read_row(&mut self, id: u32, update: u16, row: u8) {
        let UpdateStep { table, register, .. } = self.model.updates[usize::from(update)];
        let Some(rows) = self.rows_of(id, register) else { return };
        let updated = &mut self.model.updated_rows[rows];
        let place = usize::from(row);
        let updates = &self.model.tables[usize::from(table)].updates;
        updated.seen[place] = updates.read(updated.rows[place]);
    }

    /// Commits an update; false if the task fails or waits before it tries again.
    pub(super) fn conclude(&mut self, id: u32, update: u16) -> bool {
        let UpdateStep { table, register, way, rows: count, attempts, .. } =
            self.model.updates[usize::from(update)];
        let Some(number) = self.rows_of(id, register) else { return true };
        let UpdatedRows { rows, seen, .. } = self.model.updated_rows[number];
        let clients = self.tasks[id].clients;
        let both = rows.into_iter().zip(seen).take(usize::from(count));
        let TableModel { updates, counters, .. } = &mut self.model.tables[usize::from(table)];
        if way == Way::Version && both.clone().any(|(row, seen)| updates.read(row) != seen) {
            counters.conflicts += 1;
            let updated = &mut self.model.updated_rows[number];
            updated.tries += 1;
            if updated.tries >= attempts {
                self.fail(id, Outcome::Failed);
                return false;
            }
            self.unlock_rows(update, number);
            return self.update_again(id, update);
        }
        for (row, seen) in both {
            let before = updates.lost();
            match way {
                Way::Atomic => updates.change(row),
                Way::Plain | Way::Version | Way::Lock => updates.write(row, seen),
            }
            let (more, less) =
                (updates.lost().saturating_sub(before), before.saturating_sub(updates.lost()));
            counters.updates += 1;
            counters.lost += more;
            counters.regained += less;
            let totals = self.record.of(clients);
            totals.lost += more;
            totals.regained += less;
        }
        self.take_holding(id, register);
        self.give_up_rows(update, number);
        true
    }

    /// Tries an update again after its pause; false if there is one.
    fn update_again(&mut self, id: u32, update: u16) -> bool {
        let UpdateStep { start, pause, stream, .. } = &self.model.updates[usize::from(update)];
        let span = pause.sample(&mut self.model.streams[usize::from(*stream)]);
        let task = &mut self.tasks[id];
        task.pc = *start;
        if span == SimDuration::ZERO {
            return true;
        }
        task.state = State::BackingOff;
        task.since = self.now;
        task.awaited = self.model.events.schedule(self.now + span, id);
        false
    }

    /// An update is over, committed or not: others may have its rows.
    pub(super) fn give_up_rows(&mut self, update: u16, rows: u32) {
        self.unlock_rows(update, rows);
        self.model.updated_rows.remove(rows);
    }

    fn unlock_rows(&mut self, update: u16, rows: u32) {
        let UpdateStep { table, rows: count, .. } = self.model.updates[usize::from(update)];
        let UpdatedRows { task, rows, .. } = self.model.updated_rows[rows];
        let number = self.model.tables[usize::from(table)].locks;
        let locks = &mut self.model.row_locks[usize::from(number)].locks;
        locks.leave(task);
        for row in rows.into_iter().take(usize::from(count)) {
            locks.release(lock_of(table, row), task);
        }
        while let Some(next) = self.model.row_locks[usize::from(number)].locks.take_granted() {
            self.row_granted(next, table, number);
        }
    }

    fn row_granted(&mut self, id: u32, table: u16, locks: u16) {
        let span = self.now.since(self.tasks[id].since);
        self.model.tables[usize::from(table)].counters.waited += span.0;
        if self.breakdown.is_some() {
            self.book(id, self.model.row_locks[usize::from(locks)].account, span);
        }
        let task = &mut self.tasks[id];
        task.pc += 1;
        task.state = State::Running;
        task.awaited = Ticket::NONE;
        self.ready.push_back(id);
    }

    /// The counters of all tables.
    pub(super) fn table_counters(&self) -> Vec<Counters> {
        self.model.tables.iter().map(|table| table.counters).collect()
    }

    pub(super) fn table_measures(&self, begin: Option<&Mark>) -> Vec<TableMeasure> {
        let measures = self.model.tables.iter().enumerate().map(|(index, table)| {
            let before = begin.map_or_else(Counters::default, |mark| mark.tables[index]);
            TableMeasure { id: table.id.clone(), counters: table.counters.since(&before) }
        });
        measures.collect()
    }

    /// Numbers that are equal only if all that became of updates is equal.
    pub(super) fn table_numbers(&self, add: &mut impl FnMut(u64)) {
        for Counters { updates, lost, regained, conflicts, waits, waited, .. } in
            self.table_counters()
        {
            [updates, lost, regained, conflicts, waits, waited].into_iter().for_each(&mut *add);
        }
    }
}
