//! Plans the queries of a document while the model is built: what is chosen by what the planner
//! believes is paid at its true price.

use crate::engine::Distribution;

use super::build::{BuildError, Builder, unknown};
use super::database::Connections;
use super::machine::Disk;
use super::planner::{
    Chosen, Fact, Index, Join, Order, PRICES, PageMemory, Query, SPEEDS, Table, plan,
};
use super::program::{Op, Spent};
use super::querying::{Crowd, DiskModel, NO_CROWD, PageReads, PagesBeside};
use super::system::{Database, DiskSettings, Select, TableSettings};

/// The plan of a query of the document.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedQuery {
    /// Id of the database.
    pub database: String,
    /// Name of the table.
    pub table: String,
    /// What was chosen and what it costs.
    pub chosen: Chosen,
    /// Share of its pages that is in memory, 0..=1.
    pub hit_ratio: f64,
}

impl TableSettings {
    /// The table with its true number of rows.
    fn table(&self) -> Table {
        Table::new(self.rows, self.row_bytes)
    }

    fn rows(&self) -> Fact {
        Fact { truth: self.rows, believed: self.believed_rows }
    }

    fn index(&self, by: Option<&String>) -> Option<Index> {
        let by = by?;
        self.indexes.iter().find(|(name, _)| name == by).map(|(_, index)| *index)
    }

    /// Pages in use, those of the indexes included.
    fn working_set(&self) -> f64 {
        let indexes = self.indexes.iter().map(|(_, index)| index.pages(self.rows));
        self.table().pages * self.hot_share + indexes.sum::<f64>()
    }
}

impl Builder<'_> {
    /// The number of the crowd of a database, if many connections slow it down.
    pub(super) fn crowd(&mut self, database: &Database) -> Result<Option<u16>, BuildError> {
        if database.crowd_loss <= 0.0 {
            return Ok(None);
        }
        self.connections_of(database).map(Some)
    }

    /// The number of the connections of a database, made if they are new.
    pub(super) fn connections_of(&mut self, database: &Database) -> Result<u16, BuildError> {
        let group = self.place(&database.id)?.group;
        let station = self.model.groups[usize::from(group)].first;
        let found = self.model.crowds.iter().position(|crowd| crowd.station == station);
        let number = found.unwrap_or_else(|| {
            let limit = database.connections_limit.unwrap_or(u32::MAX);
            let connections = Connections::new(limit, database.cores_count, database.crowd_loss);
            let each = database.connection_bytes;
            let disk = database.disk.as_ref().filter(|_| each > 0.0);
            let most = limit.min(self.pooled(&database.id));
            let pages =
                disk.map(|disk| PagesBeside::new(disk, working_set_of(database), each, most));
            self.model.crowds.push(Crowd { connections, station, pages });
            self.model.crowds.len() - 1
        });
        Ok(number as u16)
    }

    /// Plans a query; gives its time on a core, and emits the reads of pages that miss.
    pub(super) fn planned(
        &mut self,
        database: &Database,
        select: &Select,
    ) -> Result<Distribution, BuildError> {
        let query = query_of(database, select)?;
        let chosen = plan(&query, &PRICES);
        let working_set = working_set_of(database);
        let hit_ratio = match &database.disk {
            None => 1.0,
            Some(disk) => {
                PageMemory::new(disk.memory_bytes, disk.unevenness).hit_ratio(working_set)
            }
        };
        if let Some(disk) = &database.disk {
            self.page_reads(database, disk, &chosen, hit_ratio)?;
        }
        let (id, table) = (database.id.clone(), select.table.clone());
        self.model.plans.push(PlannedQuery { database: id, table, chosen, hit_ratio });
        Ok(Distribution::Constant(chosen.work.core_time(&SPEEDS).as_secs()))
    }

    fn page_reads(
        &mut self,
        database: &Database,
        disk: &DiskSettings,
        chosen: &Chosen,
        hit_ratio: f64,
    ) -> Result<(), BuildError> {
        let stream = self.stream(&database.id, "pages");
        let found = self.model.disks.iter().position(|known| known.stream == stream);
        let number = found.unwrap_or_else(|| {
            self.model.disks.push(DiskModel { disk: Disk::new(disk.channels_count), stream });
            self.model.disks.len() - 1
        });
        let work = &chosen.work;
        let crowds_out = database.connection_bytes > 0.0;
        if hit_ratio >= 1.0 && work.spilled_pages <= 0.0 && !crowds_out {
            return Ok(());
        }
        let crowd = if crowds_out { self.connections_of(database)? } else { NO_CROWD };
        let account = self.account(&database.id, Spent::Disk);
        let mut reads = PageReads {
            disk: number as u16,
            random_pages: work.random_pages,
            ordered_pages: work.ordered_pages,
            hit_ratio,
            random_secs: disk.page_secs,
            ordered_secs: disk.ordered_page_secs,
            crowd,
            account,
        };
        self.emit_reads(reads);
        if work.spilled_pages > 0.0 {
            // Temporary files are written and read in order, whatever is in memory.
            (reads.random_pages, reads.ordered_pages) = (0.0, work.spilled_pages);
            (reads.hit_ratio, reads.crowd) = (0.0, NO_CROWD);
            self.emit_reads(reads);
        }
        Ok(())
    }

    fn emit_reads(&mut self, reads: PageReads) {
        let number = self.model.page_reads.len() as u16;
        self.model.page_reads.push(reads);
        self.emit(Op::ReadPages { reads: number });
    }
}

/// Pages of a database in use.
fn working_set_of(database: &Database) -> f64 {
    database.tables.iter().map(|(_, table)| table.working_set()).sum()
}

fn query_of(database: &Database, select: &Select) -> Result<Query, BuildError> {
    let table_of = |name: &str| {
        let found = database.tables.iter().find(|(known, _)| known == name);
        found.map(|(_, table)| table).ok_or_else(|| unknown("table", name))
    };
    let table = table_of(&select.table)?;
    let matching = Fact {
        truth: select.rows.unwrap_or(table.rows).min(table.rows),
        believed: select
            .believed_rows
            .or(select.rows)
            .unwrap_or(table.believed_rows)
            .min(table.believed_rows),
    };
    let join = select.join.as_ref().map(|join| {
        let other = table_of(&join.table)?;
        Ok(Join {
            table: other.table(),
            table_rows: other.rows(),
            each: Fact::known(join.each),
            index: other.index(join.by.as_ref()),
        })
    });
    Ok(Query {
        table: table.table(),
        table_rows: table.rows(),
        matching,
        conditions: if select.rows.is_some() { 1.0 } else { 0.0 },
        index: table.index(select.by.as_ref()),
        order: select.is_ordered.then_some(Order { is_in_index: select.index_orders }),
        join: join.transpose()?,
        offset: select.offset,
        limit: select.limit,
    })
}
