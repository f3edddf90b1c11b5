//! Where data lies, and who is asked for it: databases, caches, third parties.

use super::{Call, Runtime, Step};
use crate::engine::{Distribution, SimDuration};
use crate::model::cache::Settings as CacheSettings;
use crate::model::database::sqlite::{BusyWait, Journal};
use crate::model::jobs::queue;
use crate::model::planner::Index;

/// `deadlock_timeout` of PostgreSQL, unless it is set otherwise.
pub const DEADLOCK_AFTER: SimDuration = SimDuration(1_000_000_000);
/// Rows that one update may change.
pub const UPDATED_ROWS_MAX: u32 = 8;

/// A database: cores that execute queries.
///
/// Queries are executed first come, first served, each on a core of its own; a round trip on the
/// network for each of them holds the connection, but no core. A query takes a time that the document
/// gives, or asks for rows of a table: then a planner finds out what is to be done. Pools together have
/// at most `connections` open: the next opening is refused at once, and the request fails ("sorry, too
/// many clients already"). Each open connection takes memory from the pages.
///
/// Left out: queries on several cores, checkpoints, vacuum, and the cost of a commit, which is part of
/// the work of a query.
/// Source: with exponential work it is M/M/c. A round trip with execution of a lookup was measured as
/// 105 microseconds on loopback (PostgreSQL 15). A connection takes less than 2 MiB (Freund, "Measuring
/// the Memory Overhead of a Postgres Connection", 2020).
#[derive(Debug, Clone, PartialEq)]
pub struct Database {
    /// Unique in the system.
    pub id: String,
    /// Queries executed at once.
    pub cores_count: u32,
    /// Time on the network for each query, there and back, in seconds; holds the connection but
    /// no core.
    pub round_trip: Distribution,
    /// By how much many busy connections slow each other down, see
    /// [`Connections`](crate::model::database::Connections); 0 for not at all.
    pub crowd_loss: f64,
    /// Most connections that pools may have open together, as `max_connections`; opening one more
    /// fails. `None` for as many as anybody wants.
    pub connections_limit: Option<u32>,
    /// Memory of each connection that pools have open, in bytes: so much less is left for pages.
    ///
    /// Source: less than 2 MiB (Freund, "Measuring the Memory Overhead of a Postgres Connection",
    /// 2020); pages that find no room are read from the disk again ("Performance impact of idle
    /// PostgreSQL connections", AWS Database Blog).
    pub connection_bytes: f64,
    /// Tables by name, for queries that are planned.
    pub tables: Vec<(String, TableSettings)>,
    /// Where pages come from that are not in memory; `None` if all are.
    pub disk: Option<DiskSettings>,
    /// It is a file with one writer, as in SQLite; `None` for a server.
    pub file: Option<FileSettings>,
    /// It shows what is written to another database, some time later; `None` for its own data.
    pub replica: Option<ReplicaSettings>,
    /// Who waits so long for the lock of a row looks whether all wait for each other.
    pub deadlock_after: SimDuration,
    /// Where it runs.
    pub runtime: Runtime,
}

impl Database {
    /// A database without tables, whose data is in memory.
    pub fn new(id: &str, cores_count: u32, round_trip: Distribution) -> Self {
        let (id, crowd_loss, tables, disk) = (id.to_owned(), 0.0, Vec::new(), None);
        let (deadlock_after, runtime) = (DEADLOCK_AFTER, Runtime::default());
        let (file, replica) = (None, None);
        Self {
            id,
            cores_count,
            round_trip,
            crowd_loss,
            connections_limit: None,
            connection_bytes: 0.0,
            tables,
            disk,
            file,
            replica,
            deadlock_after,
            runtime,
        }
    }
}

impl Database {
    /// It matters how many connections pools have open.
    pub fn counts_connections(&self) -> bool {
        self.connections_limit.is_some() || self.connection_bytes > 0.0
    }
}

/// A service of somebody else.
#[derive(Debug, Clone, PartialEq)]
pub struct ThirdParty {
    /// Unique in the system.
    pub id: String,
    /// How it answers.
    pub settings: crate::model::third_party::Settings,
}

/// A call of a third party.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Its id.
    pub party: String,
    /// Times it is asked, while it refuses for its quota, until the step fails.
    pub attempts_count: u32,
    /// More waited than until the next window of the quota, in seconds.
    pub jitter: Distribution,
}

/// A table of a database.
#[derive(Debug, Clone, PartialEq)]
pub struct TableSettings {
    /// Rows it has.
    pub rows: f64,
    /// Rows it has as far as the statistics know.
    pub believed_rows: f64,
    /// Bytes of the columns of a row.
    pub row_bytes: f64,
    /// Share of its pages that are in use, 0..=1.
    pub hot_share: f64,
    /// Indexes by the name of what they are on.
    pub indexes: Vec<(String, Index)>,
    /// Rows that are updated, `1..=1_000_000`.
    pub hot_rows_count: u32,
    /// Exponent of their popularity: row `i` is updated in proportion to `i^-s`; 0..=5.
    pub popularity: f64,
}

/// The memory of a database for pages, and the disk behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DiskSettings {
    /// Memory for pages, in bytes.
    pub memory_bytes: f64,
    /// Exponent of the popularity of pages; 0 for evenly.
    pub unevenness: f64,
    /// Requests served at once.
    pub channels_count: u32,
    /// Seconds to read a page anywhere.
    pub page_secs: f64,
    /// Seconds to read a page that follows the one before.
    pub ordered_page_secs: f64,
}

/// A question to the planner of a database.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// Name of the table.
    pub table: String,
    /// Rows that meet the condition; `None` for all, without a condition.
    pub rows: Option<f64>,
    /// The same as far as the statistics know; `None` if they are right.
    pub believed_rows: Option<f64>,
    /// What the condition is on: an index of that name finds the rows, if there is one.
    pub by: Option<String>,
    /// The rows are wanted in an order.
    pub is_ordered: bool,
    /// That index gives them in this order.
    pub index_orders: bool,
    /// Rows left out at the start.
    pub offset: f64,
    /// Most rows wanted.
    pub limit: Option<f64>,
    /// Rows of another table wanted with each.
    pub join: Option<SelectJoin>,
}

/// Rows of another table.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectJoin {
    /// Name of the table.
    pub table: String,
    /// Rows of it for each row of the first.
    pub each: f64,
    /// What it is joined by: an index of that name finds the rows, if there is one.
    pub by: Option<String>,
}

/// How a replica follows its primary.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicaSettings {
    /// Id of the primary.
    pub of: String,
    /// Time of a write on its way, in seconds.
    pub travel: Distribution,
    /// Time to apply a write, one after the other, in seconds.
    pub apply: Distribution,
}

/// Rows that are read where they may be old.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// Id of the database, a replica or a primary.
    pub database: String,
    /// Name of a table of the primary.
    pub table: String,
    /// The row that the update around it has written, in place of one drawn by popularity.
    pub is_own: bool,
    /// How it is read; it is read at their end.
    pub steps: Vec<Step>,
}

/// A queue of jobs that are delivered at least once, and handlers that do them one by one.
#[derive(Debug, Clone, PartialEq)]
pub struct Jobs {
    /// Unique in the system.
    pub id: String,
    /// What a handler calls for each job; the job is done if that ends well.
    pub call: Call,
    /// Jobs handled at once.
    pub handlers_count: u32,
    /// How long a delivered job is hidden, how often it is delivered, and how many may wait.
    pub settings: queue::Settings,
    /// A job whose handler fails is shown again at once, not when it is hidden no more.
    pub shows_failed: bool,
}

/// How a file keeps readers and writers apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSettings {
    /// How changes are kept until they are committed.
    pub journal: Journal,
    /// How who finds the file locked waits.
    pub waiting: FileWaiting,
}

/// How who finds a file locked waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileWaiting {
    /// Sleeps and tries again, as SQLite does.
    Polls(BusyWait),
    /// In a line, first in, first out, for at most so long; `None` for ever.
    Fair(Option<SimDuration>),
}

/// How a program changes a row that it has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Writes back what it has computed, whatever has happened since it read.
    Plain,
    /// Lets the database read, change and write in one statement; nothing is read before.
    Atomic,
    /// Writes only if nobody has since it read, and otherwise reads again.
    Version,
    /// Locks the row from the read on.
    Lock,
}

/// Rows that are read, changed by the program, and written back.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// Id of the database.
    pub database: String,
    /// Name of the table.
    pub table: String,
    /// How it is done.
    pub way: Way,
    /// Different rows changed together, `1..=UPDATED_ROWS_MAX`.
    pub rows_count: u32,
    /// They are locked in one order by everybody.
    pub is_sorted: bool,
    /// Times it is tried, while somebody else has written meanwhile, until the step fails.
    pub attempts_count: u32,
    /// Time before it is tried again, in seconds.
    pub pause: Distribution,
    /// How long it waits for the lock of a row until it gives up; `None` for ever.
    pub lock_wait: Option<SimDuration>,
    /// How a row is read; done once for each.
    pub read: Vec<Step>,
    /// What is done between reading and writing.
    pub steps: Vec<Step>,
    /// How a row is written, under its lock; done once for each. It is committed after the last.
    pub write: Vec<Step>,
    /// What is done after the commit, such as reading what was written.
    pub after: Vec<Step>,
}

/// Copies of values that would take longer to load.
#[derive(Debug, Clone, PartialEq)]
pub struct Cache {
    /// Unique in the system.
    pub id: String,
    /// How many different values there are, `1..=1_000_000`.
    pub keys_count: u32,
    /// Exponent of their popularity: value `i` is asked for in proportion to `i^-s`; 0..=5.
    pub popularity: f64,
    /// How it keeps, loads and forgets copies.
    pub settings: CacheSettings,
    /// Time on the network for each lookup, there and back, in seconds.
    pub round_trip: Distribution,
    /// It starts with copies of the most popular values, as old as they are in the long run.
    pub is_warm: bool,
}
