//! Reads databases with their tables, and the queries that are planned.

use serde_json::Value;

use crate::engine::{Distribution, SimDuration};
use crate::model::database::sqlite::{BusyWait, Journal};
use crate::model::planner::Index;
use crate::model::system::{
    DEADLOCK_AFTER, Database, DiskSettings, FileSettings, FileWaiting, Part, ReplicaSettings,
    Select, SelectJoin, TableSettings,
};
use crate::policy::busy::BusyHandler;

use super::Unit;
use super::reader::{Fields, Reader};

/// The fields of a planned query, which one with `work` cannot have.
const SELECT_FIELDS: [&str; 8] =
    ["table", "rows", "believed_rows", "by", "order", "offset", "limit", "join"];
const ROWS_MAX: f64 = 1e12;
const HOT_ROWS_MAX: u32 = 1_000_000;
const MEGABYTE: f64 = 1024.0 * 1024.0;

impl Reader<'_> {
    pub(super) fn database(&mut self, fields: &mut Fields<'_>, id: String) -> Part {
        let cores_count = self.optional_count(fields, "cores", 1, 10_000);
        let round_trip = fields.take("round_trip");
        let round_trip = round_trip.map_or(Distribution::Constant(0.0), |value| {
            self.duration(value, &fields.under("round_trip"))
        });
        let crowd_loss = self.number_within(fields, "crowd_loss", 0.0, 10.0);
        let connections_limit =
            fields.has("connections").then(|| self.count_of(fields, "connections", 1, 1_000_000));
        let connection_bytes = self.number_within(fields, "connection_mb", 0.0, 1e4) * MEGABYTE;
        let tables = self.tables_of(fields);
        let disk = self.disk_of(fields);
        let file = self.file_of(fields);
        let replica = self.replica_of(fields);
        let deadlock_after = if fields.has("deadlock_after") {
            self.span_of(fields, "deadlock_after")
        } else {
            DEADLOCK_AFTER
        };
        let runtime = self.runtime(fields);
        let plain = Database::new(&id, cores_count, round_trip);
        Part::Database(Database {
            crowd_loss,
            connections_limit,
            connection_bytes,
            tables,
            disk,
            file,
            replica,
            deadlock_after,
            runtime,
            ..plain
        })
    }

    fn file_of(&mut self, fields: &mut Fields<'_>) -> Option<FileSettings> {
        if !fields.has("sqlite") {
            return None;
        }
        let mut file = self.inner(fields, "sqlite")?;
        let journal = match self.word_of(&mut file, "journal", &["rollback", "wal"]) {
            1 => Journal::WriteAheadLog,
            _ => Journal::Rollback,
        };
        let timeout = file.has("busy_timeout").then(|| self.span_of(&mut file, "busy_timeout"));
        let every = self.span_above_zero(&mut file, "every", 1.0);
        let timeout_or_none = timeout.unwrap_or(SimDuration::ZERO);
        let waiting = match self.word_of(&mut file, "waiting", &["growing", "constant", "fair"]) {
            1 => FileWaiting::Polls(BusyWait::Constant { every, timeout: timeout_or_none }),
            2 => FileWaiting::Fair(timeout),
            _ => FileWaiting::Polls(BusyWait::BuiltIn(BusyHandler { timeout: timeout_or_none })),
        };
        self.close(&file);
        Some(FileSettings { journal, waiting })
    }

    fn replica_of(&mut self, fields: &mut Fields<'_>) -> Option<ReplicaSettings> {
        if !fields.has("replica") {
            return None;
        }
        let mut replica = self.inner(fields, "replica")?;
        let of = self.text_of(&mut replica, "primary");
        let mut time = |name: &'static str| {
            let value = replica.take(name);
            value.map_or(Distribution::Constant(0.0), |value| {
                self.duration(value, &replica.under(name))
            })
        };
        let (travel, apply) = (time("travel"), time("apply"));
        self.close(&replica);
        Some(ReplicaSettings { of, travel, apply })
    }

    fn tables_of(&mut self, fields: &mut Fields<'_>) -> Vec<(String, TableSettings)> {
        let read = |reader: &mut Self, fields: &mut Fields<'_>| {
            let rows = reader.rows_of(fields, "rows").unwrap_or(1.0);
            let most = rows.clamp(1.0, f64::from(HOT_ROWS_MAX)) as u32;
            TableSettings {
                rows,
                believed_rows: reader.optional_rows(fields, "believed_rows").unwrap_or(rows),
                row_bytes: reader.number_within(fields, "row_bytes", 100.0, 1e6),
                hot_share: reader.number_within(fields, "hot", 1.0, 1.0),
                indexes: reader.named_objects(fields, "indexes", Self::index),
                hot_rows_count: reader.optional_count(fields, "hot_rows", most, HOT_ROWS_MAX),
                popularity: reader.number_within(fields, "popularity", 0.0, 5.0),
            }
        };
        self.named_objects(fields, "tables", read)
    }

    fn index(&mut self, fields: &mut Fields<'_>) -> Index {
        Index {
            key_bytes: self.number_within(fields, "key_bytes", 8.0, 1e4),
            correlation: self.number_within(fields, "correlation", 0.0, 1.0),
            covers: self.flag(fields, "covers", false),
        }
    }

    fn disk_of(&mut self, fields: &mut Fields<'_>) -> Option<DiskSettings> {
        if !fields.has("disk") {
            return None;
        }
        let mut disk = self.inner(fields, "disk")?;
        let page = self.span_above_zero(&mut disk, "page", 0.1);
        let ordered = self.span_above_zero(&mut disk, "ordered_page", 0.02);
        let settings = DiskSettings {
            memory_bytes: self.amount_of(&mut disk, "memory_mb", Unit::Count) * MEGABYTE,
            unevenness: self.number_within(&mut disk, "unevenness", 0.0, 5.0),
            channels_count: self.optional_count(&mut disk, "channels", 1, 1_000),
            page_secs: page.as_secs(),
            ordered_page_secs: ordered.as_secs(),
        };
        if settings.memory_bytes <= 0.0 {
            self.note(&disk.under("memory_mb"), "no memory", "a number above 0");
        }
        self.close(&disk);
        Some(settings)
    }

    /// Objects by name, in the order of their names.
    fn named_objects<T>(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        read: impl Fn(&mut Self, &mut Fields<'_>) -> T,
    ) -> Vec<(String, T)> {
        let path = fields.under(name);
        let Some(value) = fields.take(name) else { return Vec::new() };
        let Value::Object(object) = value else {
            self.wrong(&path, value, "an object of objects by name");
            return Vec::new();
        };
        let mut found = Vec::new();
        for (name, value) in object {
            let Some(mut fields) = self.fields(value, &format!("{path}.{name}")) else { continue };
            found.push((name.clone(), read(self, &mut fields)));
            self.close(&fields);
        }
        found
    }

    pub(super) fn select(&mut self, fields: &mut Fields<'_>) -> Select {
        fields.has("work");
        let table = self.text_of(fields, "table");
        if fields.has("work") {
            self.note(&fields.under("work"), "work and a table", "only one of the two");
        }
        let by = fields.has("by").then(|| self.text_of(fields, "by"));
        let order = fields.has("order");
        let index_orders = self.word_of(fields, "order", &["other", "index"]) == 1;
        Select {
            table,
            rows: self.optional_rows(fields, "rows"),
            believed_rows: self.optional_rows(fields, "believed_rows"),
            by,
            is_ordered: order,
            index_orders,
            offset: self.optional_rows(fields, "offset").unwrap_or(0.0),
            limit: self.optional_rows(fields, "limit"),
            join: self.join(fields),
        }
    }

    fn join(&mut self, fields: &mut Fields<'_>) -> Option<SelectJoin> {
        if !fields.has("join") {
            return None;
        }
        let mut join = self.inner(fields, "join")?;
        let found = SelectJoin {
            table: self.text_of(&mut join, "table"),
            each: self.optional_rows(&mut join, "each").unwrap_or(1.0),
            by: join.has("by").then(|| self.text_of(&mut join, "by")),
        };
        self.close(&join);
        Some(found)
    }

    /// A query whose work is given has no field of a planned one; known for messages.
    pub(super) fn skip_select(&mut self, fields: &mut Fields<'_>) {
        for name in SELECT_FIELDS {
            if fields.has(name) {
                self.note(&fields.under(name), "no table", "a `table` as well");
            }
        }
    }

    fn rows_of(&mut self, fields: &mut Fields<'_>, name: &'static str) -> Option<f64> {
        self.needed(fields, name, "a number of rows")?;
        self.optional_rows(fields, name)
    }

    fn optional_rows(&mut self, fields: &mut Fields<'_>, name: &'static str) -> Option<f64> {
        let value = fields.take(name)?;
        let path = fields.under(name);
        let rows = self.amount(value, &path, Unit::Count);
        if (0.0..=ROWS_MAX).contains(&rows) {
            return Some(rows);
        }
        self.note(&path, &rows.to_string(), "a number from 0 to 1e12");
        None
    }
}
