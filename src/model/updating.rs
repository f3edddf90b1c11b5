//! Rows that programs read, change and write back, and what becomes of updates meanwhile.

use super::build::{BuildError, Builder, in_range, unknown};
use super::database::updates::Updates;
use super::holdings::Holding;
use super::program::Op;
use super::record::Outcome;
use super::simulation::Simulation;
use super::system::{Check, Rows, Step};

/// Most rows that are changed.
const ROWS_MAX: u32 = 1_000_000;

/// Rows at work.
#[derive(Debug, Clone)]
pub(super) struct RowsModel {
    id: String,
    count: u32,
    updates: Updates,
    /// Random stream of the rows that are changed.
    stream: u16,
}

/// A `change` step.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChangeStep {
    rows: u16,
    register: u8,
    check: Check,
}

/// What became of the updates of rows, since the run began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsMeasure {
    /// Id of the part.
    pub id: String,
    /// Updates that were acknowledged.
    pub acknowledged: u64,
    /// Those of them that no row contains any more.
    pub lost: u64,
    /// Writes refused by the check of a version.
    pub refused: u64,
}

impl Builder<'_> {
    pub(super) fn add_rows(&mut self, part: &Rows) -> Result<(), BuildError> {
        in_range(&part.id, "rows", part.rows_count, ROWS_MAX)?;
        let (id, count) = (part.id.clone(), part.rows_count);
        let stream = self.stream(&id, "rows changed");
        self.model.rows.push(RowsModel { id, count, updates: Updates::new(count), stream });
        Ok(())
    }

    /// Compiles a change: what is read first, the steps meanwhile, and the write.
    pub(super) fn change(
        &mut self,
        rows: &str,
        check: Check,
        steps: &[Step],
        service: &str,
        register: usize,
    ) -> Result<(), BuildError> {
        let found = self.model.rows.iter().position(|model| model.id == rows);
        let rows = found.ok_or_else(|| unknown("rows", rows))? as u16;
        let inside = self.register(register)?;
        let change = self.model.changes.len() as u16;
        self.model.changes.push(ChangeStep { rows, register: register as u8, check });
        self.emit(Op::ReadRow { change });
        self.steps(steps, service, inside)?;
        self.emit(Op::WriteRow { change });
        Ok(())
    }
}

impl Simulation {
    /// Reads a row, each as likely.
    pub(super) fn read_row(&mut self, id: u32, change: u16) {
        let ChangeStep { rows, register, .. } = self.model.changes[usize::from(change)];
        let model = &self.model.rows[usize::from(rows)];
        let random = &mut self.model.streams[usize::from(model.stream)];
        let row = random.below(u64::from(model.count)) as u32;
        let seen = model.updates.read(row);
        self.hold_in(id, register, Holding::Changing { row, seen });
    }

    /// Writes it back; false if the write was refused, and the task has failed.
    pub(super) fn write_row(&mut self, id: u32, change: u16) -> bool {
        let ChangeStep { rows, register, check } = self.model.changes[usize::from(change)];
        let Holding::Changing { row, seen } = self.take_holding(id, register) else { return true };
        let updates = &mut self.model.rows[usize::from(rows)].updates;
        let is_written = match check {
            Check::Nothing => {
                updates.write(row, seen);
                true
            }
            Check::Version => updates.write_if_unchanged(row, seen),
            Check::Atomic => {
                updates.change(row);
                true
            }
        };
        if !is_written {
            self.fail(id, Outcome::Failed);
        }
        is_written
    }

    pub(super) fn rows_measures(&self) -> Vec<RowsMeasure> {
        let measures = self.model.rows.iter().map(|model| RowsMeasure {
            id: model.id.clone(),
            acknowledged: model.updates.acknowledged(),
            lost: model.updates.lost(),
            refused: model.updates.refused(),
        });
        measures.collect()
    }
}
