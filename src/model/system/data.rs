//! Where data lies, and who is asked for it: databases, caches, third parties.

use super::Runtime;
use crate::engine::Distribution;
use crate::model::cache::Settings as CacheSettings;
use crate::model::planner::Index;

/// Cores that execute queries.
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
    /// [`Connections`](super::database::Connections); 0 for not at all.
    pub crowd_loss: f64,
    /// Tables by name, for queries that are planned.
    pub tables: Vec<(String, TableSettings)>,
    /// Where pages come from that are not in memory; `None` if all are.
    pub disk: Option<DiskSettings>,
    /// Where it runs.
    pub runtime: Runtime,
}

impl Database {
    /// A database without tables, whose data is in memory.
    pub fn new(id: &str, cores_count: u32, round_trip: Distribution) -> Self {
        let (id, crowd_loss, tables, disk) = (id.to_owned(), 0.0, Vec::new(), None);
        let runtime = Runtime::default();
        Self { id, cores_count, round_trip, crowd_loss, tables, disk, runtime }
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
