//! A system as plain data, every amount resolved to a number: what the interpreter is built from.
//!
//! Parts name each other by id here; building the model resolves the names once, so that nothing
//! is looked up by name while it runs. All durations are in seconds.

use super::cache::Settings as CacheSettings;
use super::planner::Index;
use crate::engine::{Distribution, SimDuration, SimTime};
use crate::policy::overlap::Overlap;

/// A whole system: its parts in the order of the document.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct System {
    /// At least one [`Part::Clients`], otherwise nothing happens.
    pub parts: Vec<Part>,
    /// A stale answer is a wrong one: it does not count as goodput.
    pub stale_is_wrong: bool,
}

impl From<Vec<Part>> for System {
    fn from(parts: Vec<Part>) -> Self {
        Self { parts, stale_is_wrong: false }
    }
}

/// Something that goes wrong for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Unique in the system.
    pub id: String,
    /// Id of the part it is done to.
    pub part: String,
    /// When it begins.
    pub from: SimTime,
    /// When it ends; nothing happens unless that is after `from`.
    pub until: SimTime,
    /// What it does.
    pub effect: Effect,
}

/// What a fault does to a part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// Open clients come `factor` times as often; above 0.
    Spike {
        /// Above 0.
        factor: f64,
    },
    /// All work in the part takes `factor` times as long, from the next piece of work on.
    Slow {
        /// Above 0.
        factor: f64,
    },
    /// The network to the part takes `factor` times as long.
    Delay {
        /// Above 0.
        factor: f64,
    },
    /// The part takes nothing new: what comes waits, what it works on is finished.
    Stop,
    /// All that the part works on or keeps waiting is lost, and what comes fails at once until it
    /// is back.
    Crash,
    /// A share of what comes fails at once.
    Refuse {
        /// 0..=1.
        share: f64,
    },
    /// A cache loses all its entries when the fault begins.
    Flush,
}

/// One part of a system.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Where requests come from.
    Clients(Clients),
    /// Workers that run the steps of endpoints.
    Service(Service),
    /// A limited set of connections to a database.
    Pool(Pool),
    /// Cores that execute queries.
    Database(Database),
    /// Copies of values that would take longer to load.
    Cache(Cache),
    /// Cores and memory shared by the parts placed on it.
    Machine(Machine),
    /// A service of somebody else.
    ThirdParty(ThirdParty),
    /// What goes wrong, and when.
    Fault(Fault),
}

/// A source of requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Clients {
    /// Unique in the system.
    pub id: String,
    /// When requests are sent.
    pub arrivals: Arrivals,
    /// What each request is.
    pub call: Call,
}

/// When clients send requests.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrivals {
    /// Requests come whether or not earlier ones were answered; the gap between two, in seconds.
    Open {
        /// Exponential for Poisson arrivals.
        gap: Distribution,
    },
    /// Each user thinks, sends one request, waits for its outcome, and thinks again.
    Closed {
        /// How many users.
        users_count: u32,
        /// Time between an outcome and the next request, in seconds.
        think: Distribution,
    },
    /// One request by the clock, again and again.
    Cron {
        /// From one to the next.
        every: SimDuration,
        /// When the first is due.
        offset: SimDuration,
        /// What happens while an earlier one is under way.
        overlap: Overlap,
    },
}

/// A call to an endpoint of a service, and what the caller does when it goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Id of the service.
    pub service: String,
    /// Name of one of its endpoints.
    pub endpoint: String,
    /// How long the caller waits for one attempt; `None` waits for ever.
    pub timeout: Option<SimDuration>,
    /// Whether a timed-out attempt is cancelled at the callee; if not, the callee works on.
    pub cancels: bool,
    /// Attempts after the first.
    pub retries_count: u32,
    /// The wait before each retry.
    pub backoff: crate::policy::backoff::Backoff,
}

/// Workers that run the steps of endpoints; each attempt holds one worker until it ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Unique in the system.
    pub id: String,
    /// Copies of the service; attempts are dealt to them in turn.
    pub instances_count: u32,
    /// Attempts served at once by each instance.
    pub workers_count: u32,
    /// Where attempts wait for a worker; each instance has its own.
    pub queue: Queue,
    /// What callers can ask for.
    pub endpoints: Vec<Endpoint>,
    /// Where and how its instances run.
    pub runtime: Runtime,
}

/// A first-in-first-out waiting room.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Queue {
    /// How many may wait; one more is rejected at once. `None` has no bound.
    pub capacity: Option<u32>,
    /// How long one may wait before it gives up, in seconds. `None` waits for ever.
    pub wait_limit: Option<Distribution>,
}

/// A named program of steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// Unique in its service.
    pub name: String,
    /// Executed in order.
    pub steps: Vec<Step>,
}

/// A limited set of connections to a database, shared by everyone who names it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// Unique in the system.
    pub id: String,
    /// Id of the database that the connections lead to.
    pub database: String,
    /// How many queries or transactions at once.
    pub connections_count: u32,
    /// Where they wait for a connection.
    pub queue: Queue,
}

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

/// Cores and memory shared by the parts placed on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// Unique in the system.
    pub id: String,
    /// How many cores.
    pub cores_count: u32,
    /// Memory in bytes; `None` for as much as anybody needs.
    pub memory_bytes: Option<u64>,
    /// How long a part is gone that was killed for its memory.
    pub restart: SimDuration,
}

/// A service of somebody else.
#[derive(Debug, Clone, PartialEq)]
pub struct ThirdParty {
    /// Unique in the system.
    pub id: String,
    /// How it answers.
    pub settings: super::third_party::Settings,
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

/// Where and how a part runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Runtime {
    /// Id of a machine; `None` if it has all the cores it needs.
    pub on: Option<String>,
    /// Weight of its work beside that of other parts of the machine, 1..=10000.
    pub weight: Option<u32>,
    /// Most cores it gets.
    pub cores_limit: Option<f64>,
    /// Share of computing that only one thread of an instance can do at a time, 0..=1.
    pub locked_share: Option<f64>,
    /// How long a thread keeps that lock while others wait; `None` to the end of its work.
    pub switch: Option<SimDuration>,
    /// Memory of each instance, in bytes.
    pub base_bytes: u64,
    /// Memory of each request from its arrival to its end, in bytes.
    pub request_bytes: u64,
    /// What of that is never given back.
    pub leak_bytes: u64,
    /// Requests after which an instance is started anew, which gives back what it has leaked.
    pub recycle_after: Option<u32>,
}

impl Runtime {
    /// It has cores of its own in the division of the machine.
    pub fn is_grouped(&self) -> bool {
        self.weight.is_some() || self.cores_limit.is_some()
    }
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

/// One step of an endpoint.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Computes in the worker, for this many seconds.
    Cpu(Distribution),
    /// Waits for something outside the model, for this many seconds, holding the worker.
    Wait(Distribution),
    /// One query: a connection if `via` names a pool, the round trip, and a core for `work`.
    Query {
        /// Id of a pool or of a database.
        via: String,
        /// Time on a core of the database, in seconds.
        work: Distribution,
    },
    /// One query whose work the planner finds out.
    Select {
        /// Id of a pool or of a database.
        via: String,
        /// What is asked.
        select: Box<Select>,
    },
    /// Keeps one connection of a pool through all its steps; queries inside that name the same
    /// pool use it.
    Transaction {
        /// Id of the pool.
        pool: String,
        /// Executed in order while the connection is held.
        steps: Vec<Self>,
    },
    /// Calls a third party and waits for its answer.
    Ask(Ask),
    /// Ends the attempt with an error.
    Fail,
    /// Calls another endpoint and waits for its answer; the attempt fails if the call does.
    Call(Call),
    /// The same steps again and again.
    Repeat {
        /// 0 or more.
        times: u32,
        /// Executed in order, `times` times.
        steps: Vec<Self>,
    },
    /// Branches at once; goes on when `needed` of them have ended well.
    Parallel {
        /// At least one.
        branches: Vec<Vec<Self>>,
        /// `1..=branches.len()`.
        needed: u32,
    },
    /// Looks a value up, drawn by popularity, and loads it if there is no copy.
    Cached {
        /// Id of the cache.
        cache: String,
        /// How a value is loaded; it is read when these have been done.
        load: Vec<Self>,
        /// What is done between reading the value and storing the copy.
        store: Vec<Self>,
    },
    /// Writes a value, drawn by popularity, and tells the cache.
    Write {
        /// Id of the cache.
        cache: String,
        /// How a value is written; it is committed when these have been done.
        steps: Vec<Self>,
        /// What is done between the commit and telling the cache.
        tell: Vec<Self>,
    },
    /// One of two ways, by chance.
    Choice {
        /// Chance of the first way, 0..=1.
        probability: f64,
        /// Taken with `probability`.
        then: Vec<Self>,
        /// Taken otherwise.
        otherwise: Vec<Self>,
    },
}
