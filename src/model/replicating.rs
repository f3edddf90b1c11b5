//! Replicas at work: they show what was committed at their primary, some time later, in its order.

use crate::engine::SimDuration;

use super::build::{BuildError, Builder, unknown};
use super::cache::Versions;
use super::database::Replica;
use super::holdings::{HOLDING, Holding};
use super::program::{Op, SamplerKind};
use super::record::Mark;
use super::simulation::Simulation;
use super::system::{Part, Read};

/// All writes to the rows of one database that has replicas.
#[derive(Debug, Clone)]
pub(super) struct HistoryModel {
    database: String,
    rows: u32,
    versions: Versions,
}

/// A replica of a database.
#[derive(Debug, Clone)]
pub(super) struct ReplicaModel {
    id: String,
    history: u16,
    replica: Replica,
    travel: SamplerKind,
    apply: SamplerKind,
    /// Random stream of both.
    stream: u16,
    counters: Counters,
}

/// What came of writes and reads at a replica so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counters {
    /// Rows read.
    pub reads: u64,
    /// Those of them that did not show what they should.
    pub stale: u64,
    /// Writes on their way, or shown already.
    pub writes: u64,
    /// Time from their commits until they can be seen, summed, in nanoseconds.
    pub delay_nanos: u64,
}

/// A step that reads a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct CopyRead {
    table: u16,
    /// `None` at the primary.
    replica: Option<u16>,
    /// The register that names the row that the task has written.
    own: Option<u8>,
    /// Random stream of other rows.
    stream: u16,
}

/// What was read at a replica in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaMeasure {
    /// Id of the database.
    pub id: String,
    /// Rows read.
    pub reads: u64,
    /// Those of them that did not show what they should.
    pub stale: u64,
    /// Writes committed at its primary.
    pub writes: u64,
    /// Time from their commits until they can be seen here, summed.
    pub delay: SimDuration,
    /// How far behind it is now, in nanoseconds.
    pub lag: u64,
}

impl Builder<'_> {
    pub(super) fn add_replicas(&mut self) -> Result<(), BuildError> {
        let system = self.system;
        for part in &system.parts {
            let Part::Database(database) = part else { continue };
            let Some(settings) = &database.replica else { continue };
            let is_primary = |part: &Part| match part {
                Part::Database(found) => found.id == settings.of && found.replica.is_none(),
                _ => false,
            };
            if !system.parts.iter().any(is_primary) {
                return Err(unknown("primary", &settings.of));
            }
            let histories = &mut self.model.histories;
            let found = histories.iter().position(|history| history.database == settings.of);
            let history = found.unwrap_or_else(|| {
                let (database, versions) = (settings.of.clone(), Versions::new(0));
                histories.push(HistoryModel { database, rows: 0, versions });
                histories.len() - 1
            }) as u16;
            let stream = self.stream(&database.id, "replication");
            self.model.replicas.push(ReplicaModel {
                id: database.id.clone(),
                history,
                replica: Replica::default(),
                travel: SamplerKind::new(&settings.travel),
                apply: SamplerKind::new(&settings.apply),
                stream,
                counters: Counters::default(),
            });
        }
        Ok(())
    }

    /// Room for the rows of a table in the history of its database, if that has replicas.
    pub(super) fn history_of(&mut self, database: &str, rows: u32) -> Option<(u16, u32)> {
        let histories = &mut self.model.histories;
        let found = histories.iter().position(|history| history.database == database)?;
        let history = &mut histories[found];
        let first = history.rows;
        history.rows += rows;
        history.versions = Versions::new(history.rows);
        Some((found as u16, first))
    }

    /// Compiles a read of a row.
    pub(super) fn read_copy(
        &mut self,
        read: &Read,
        service: &str,
        register: usize,
    ) -> Result<(), BuildError> {
        let replica = self.model.replicas.iter().position(|replica| replica.id == read.database);
        let primary = replica.map_or(&read.database, |replica| {
            let history = self.model.replicas[replica].history;
            &self.model.histories[usize::from(history)].database
        });
        let primary = primary.clone();
        let table = self.updated_table(&primary, &read.table)?;
        self.steps(&read.steps, service, register)?;
        let own = self.open.written.iter().rev().find(|(written, _)| *written == table);
        let own = own.map(|(_, register)| *register);
        if read.is_own && own.is_none() {
            let reason = "an own row is read `after` an `update` of the table, and nowhere else";
            let part = read.database.clone();
            return Err(BuildError::Setting { part, reason: reason.to_owned() });
        }
        let read_step = CopyRead {
            table,
            replica: replica.map(|replica| replica as u16),
            own: own.filter(|_| read.is_own),
            stream: self.stream(&read.database, "rows read"),
        };
        self.model.copy_reads.push(read_step);
        let read = (self.model.copy_reads.len() - 1) as u16;
        self.emit(Op::ReadCopy { read });
        Ok(())
    }
}

impl Simulation {
    /// Rows of a table are committed, and on their way to all replicas. What was written first.
    pub(super) fn replicate(&mut self, table: u16, rows: &[u32]) -> Holding {
        let Some((number, first)) = self.model.tables[usize::from(table)].history else {
            return Holding::Wrote { row: 0, version: 0 };
        };
        let history = &mut self.model.histories[usize::from(number)];
        for row in rows {
            history.versions.commit(first + row, self.now);
        }
        for model in self.model.replicas.iter_mut().filter(|model| model.history == number) {
            let random = &mut self.model.streams[usize::from(model.stream)];
            for _ in rows {
                let (travel, apply) = (model.travel.sample(random), model.apply.sample(random));
                let visible = model.replica.commit(self.now, travel, apply);
                model.counters.writes += 1;
                model.counters.delay_nanos += visible.since(self.now).0;
            }
        }
        let row = first + rows.first().copied().unwrap_or_default();
        Holding::Wrote { row, version: history.versions.current(row) }
    }

    /// A task reads a row, and may see an old state of it.
    pub(super) fn read_a_copy(&mut self, id: u32, read: u16) {
        let CopyRead { table, replica, own, stream } = self.model.copy_reads[usize::from(read)];
        let Some(replica) = replica else { return };
        let model = &self.model.tables[usize::from(table)];
        let Some((history, first)) = model.history else { return };
        let versions = &self.model.histories[usize::from(history)].versions;
        let named = own.map(|own| self.tasks[id].registers[usize::from(own)]);
        let written = named.filter(|named| *named >= HOLDING).map(|own| self.holdings.get(own));
        let (row, expected) = if let Some(Holding::Wrote { row, version }) = written {
            (row, version)
        } else {
            let random = &mut self.model.streams[usize::from(stream)];
            let row = first + model.popularity.sample(random);
            (row, versions.current(row))
        };
        let model = &mut self.model.replicas[usize::from(replica)];
        let is_stale = versions.as_of(row, model.replica.applied(self.now)) < expected;
        model.counters.reads += 1;
        model.counters.stale += u64::from(is_stale);
        self.tasks[id].is_stale |= is_stale;
    }

    /// The counters of all replicas.
    pub(super) fn replica_counters(&self) -> Vec<Counters> {
        self.model.replicas.iter().map(|model| model.counters).collect()
    }

    pub(super) fn replica_measures(&self, begin: Option<&Mark>) -> Vec<ReplicaMeasure> {
        let measures = self.model.replicas.iter().enumerate().map(|(index, model)| {
            let before = begin.map_or_else(Counters::default, |mark| mark.replicas[index]);
            let now = &model.counters;
            ReplicaMeasure {
                id: model.id.clone(),
                reads: now.reads - before.reads,
                stale: now.stale - before.stale,
                writes: now.writes - before.writes,
                delay: SimDuration(now.delay_nanos - before.delay_nanos),
                lag: model.replica.lag(self.now).0,
            }
        });
        measures.collect()
    }
}
