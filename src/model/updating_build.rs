//! Builds tables whose rows are updated, and compiles the steps that update them.

use super::build::{BuildError, Builder, in_range, unknown};
use super::cache::Popularity;
use super::database::{RowLocks, Updates};
use super::program::{Op, SamplerKind, Spent};
use super::system::{Database, Part, TableSettings, UPDATED_ROWS_MAX, Update, Way};
use super::updating::{Counters, RowLocksModel, TableModel, UpdateStep};

/// Most rows of a table that are updated.
const HOT_ROWS_MAX: u32 = 1_000_000;

impl Builder<'_> {
    pub(super) fn add_row_locks(&mut self, database: &Database) {
        if database.tables.is_empty() {
            return;
        }
        let account = self.account(&database.id, Spent::Waiting);
        let lost = self.account(&database.id, Spent::LostAttempts);
        self.model.row_locks.push(RowLocksModel {
            database: database.id.clone(),
            locks: RowLocks::new(64),
            deadlock_after: database.deadlock_after,
            account,
            lost,
        });
    }

    /// The number of a table that is updated, made if it is new.
    fn updated_table(&mut self, update: &Update) -> Result<u16, BuildError> {
        let id = format!("{}.{}", update.database, update.table);
        if let Some(found) = self.model.tables.iter().position(|table| table.id == id) {
            return Ok(found as u16);
        }
        let settings = self.table_settings(&update.database, &update.table);
        let settings = settings.ok_or_else(|| unknown("table", &id))?;
        let rows = settings.hot_rows_count;
        in_range(&id, "rows that are updated", rows, HOT_ROWS_MAX)?;
        let popularity = Popularity::new(rows, settings.popularity);
        let popularity = popularity.ok().ok_or_else(|| unknown("a popularity of", &id))?;
        let mut locks = self.model.row_locks.iter();
        let locks = locks.position(|locks| locks.database == update.database);
        let locks = locks.ok_or_else(|| unknown("database", &update.database))? as u16;
        let stream = self.stream(&id, "rows updated");
        let (updates, counters) = (Updates::new(rows), Counters::default());
        self.model.tables.push(TableModel { id, locks, updates, popularity, stream, counters });
        Ok((self.model.tables.len() - 1) as u16)
    }

    fn table_settings(&self, database: &str, table: &str) -> Option<TableSettings> {
        let found = self.system.parts.iter().find_map(|part| match part {
            Part::Database(found) if found.id == database => Some(found),
            _ => None,
        })?;
        found.tables.iter().find(|(name, _)| name == table).map(|(_, found)| found.clone())
    }

    /// Compiles an update of rows.
    pub(super) fn update(
        &mut self,
        update: &Update,
        service: &str,
        register: usize,
    ) -> Result<(), BuildError> {
        let table = self.updated_table(update)?;
        let id = self.model.tables[usize::from(table)].id.clone();
        let keys = self.model.tables[usize::from(table)].popularity.keys();
        in_range(&id, "rows of an update", update.rows_count, keys.min(UPDATED_ROWS_MAX))?;
        if self.open.tables.contains(&table) {
            let reason = "an update inside another one of the same table; update `rows` together";
            return Err(BuildError::Setting { part: id, reason: reason.to_owned() });
        }
        let inside = self.register(register)?;
        let locks = self.model.tables[usize::from(table)].locks;
        let search = self.model.row_locks[usize::from(locks)].deadlock_after;
        let first = update.lock_wait.map_or(search, |wait| wait.min(search));
        let number = self.model.updates.len() as u16;
        let step = UpdateStep {
            table,
            register: register as u8,
            way: update.way,
            rows: update.rows_count as u8,
            is_sorted: update.is_sorted,
            attempts: update.attempts_count.max(1),
            pause: SamplerKind::new(&update.pause),
            stream: self.stream(&id, "pause"),
            lock_wait: update.lock_wait,
            first_wait: self.delay(first.as_secs()),
            start: self.here(),
        };
        self.model.updates.push(step);
        self.emit(Op::ChooseRows { update: number });
        self.open.tables.push(table);
        let rows = 0..update.rows_count as u8;
        if update.way != Way::Atomic {
            for row in rows.clone() {
                if update.way == Way::Lock {
                    self.emit(Op::LockRow { update: number, row });
                }
                self.steps(&update.read, service, inside)?;
                self.emit(Op::ReadRow { update: number, row });
            }
        }
        self.steps(&update.steps, service, inside)?;
        for row in rows {
            if update.way != Way::Lock {
                self.emit(Op::LockRow { update: number, row });
            }
            self.steps(&update.write, service, inside)?;
        }
        self.open.tables.pop();
        self.emit(Op::Conclude { update: number });
        Ok(())
    }
}
