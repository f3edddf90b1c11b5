//! A system as plain data, every amount resolved to a number: what the interpreter is built from.
//!
//! Parts name each other by id here; building the model resolves the names once, so that nothing
//! is looked up by name while it runs. All durations are in seconds.

mod callers;
mod data;
mod stations;

pub use callers::{Action, Arrivals, Call, Clients};
pub use data::{
    Ask, Cache, DEADLOCK_AFTER, Database, DiskSettings, FileSettings, FileWaiting, Jobs, Read,
    ReplicaSettings, Select, SelectJoin, TableSettings, ThirdParty, UPDATED_ROWS_MAX, Update, Way,
};
pub use stations::{
    Admission, Balancing, ColdStart, Endpoint, Lock, Machine, Pool, Queue, Runtime, Service,
};

use crate::engine::{Distribution, SimDuration, SimTime};

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

/// A fault: something that goes wrong with a part for a while.
///
/// *Spike* divides the gaps between the arrivals of clients who do not wait by a factor. *Slow* and
/// *delay* multiply each draw of work in a part, or of the network to it, from the next draw on. *Stop*
/// lets a part take nothing new: what it works on is finished, what comes waits. *Crash* loses all that
/// a part works on or keeps waiting, and what comes fails at once until it is back; what it had called
/// elsewhere works on. *Refuse* fails a share of what comes, by chance. *Flush* empties a cache.
/// *Partition* cuts the network between two parts, or between one and all that call it or that it
/// calls, in both directions: where the caller has a timeout or patience the message is lost;
/// everything else is sent again, as TCP does, and passes when the network is back. *Drop* loses a
/// share of the messages there, by chance. *Deploy* gives the first instances of a service a version
/// that fails a share of what comes and is slower, and takes it back at the end.
///
/// A fault may hit one instance of a service, which can be slow, stop, crash or refuse; slowness of one
/// instance does not reach into branches of `parallel`. Several faults may do the same to one part at
/// once: it is stopped while any stops it, refuses the largest of the shares, and is as slow as the
/// product of the factors. Arrivals and all other draws stay as they were.
///
/// Left out: damage to data, clocks that go wrong, and faults that cause others by anything but load.
/// Source: the kinds of faults are those that experiments on running systems inject (Basiri et al.,
/// "Chaos Engineering", IEEE Software 2016).
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Unique in the system.
    pub id: String,
    /// Id of the part it is done to.
    pub part: String,
    /// Which instance of a service it is done to, from 1; `None` for all.
    pub instance: Option<u32>,
    /// Id of the other part of a partition; `None` for all that it has to do with.
    pub peer: Option<String>,
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
    /// Nothing passes between the part and its peer. A call with a timeout or patience waits for
    /// that; anything else is sent again until it passes, as TCP does.
    ///
    /// Left out: that TCP gives up after some 15 minutes (`tcp_retries2` of Linux), that it waits a
    /// little longer than until the network is back, and that what waits when another cut begins is
    /// held up by that, too.
    Partition,
    /// A share of the messages between the part and its peer is lost, each by itself. Where the caller
    /// has a timeout or patience it waits for that; anything else is sent again after 200 ms, then after
    /// twice as long each time, as TCP does.
    ///
    /// Left out: that a sender who gets three acknowledgements of what came before does not wait so
    /// long (RFC 5681), and that it sends less afterwards.
    Drop {
        /// 0..=1.
        share: f64,
    },
    /// A service has a version with a mistake, until it is rolled back.
    Deploy {
        /// Share of the instances that have it, 0..=1; at least one, the first of them.
        share: f64,
        /// Share of what comes to them that fails at once, 0..=1.
        errors: f64,
        /// How many times as long their work takes, above 0.
        factor: f64,
    },
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
    /// Something of which there are few, held through steps.
    Lock(Lock),
    /// Copies of values that would take longer to load.
    Cache(Cache),
    /// Cores and memory shared by the parts placed on it.
    Machine(Machine),
    /// A service of somebody else.
    ThirdParty(ThirdParty),
    /// A queue of jobs and who does them.
    Jobs(Jobs),
    /// What goes wrong, and when.
    Fault(Fault),
}

impl Step {
    /// The lists of steps in it.
    pub fn lists(&self) -> Vec<&[Self]> {
        match self {
            Self::Transaction { steps, .. }
            | Self::FileTransaction { steps, .. }
            | Self::Lock { steps, .. }
            | Self::Repeat { steps, .. }
            | Self::Once { steps, .. } => vec![steps],
            Self::Parallel { branches, .. } => branches.iter().map(Vec::as_slice).collect(),
            Self::Cached { load: one, store: other, .. }
            | Self::Write { steps: one, tell: other, .. }
            | Self::Choice { then: one, otherwise: other, .. } => vec![one, other],
            Self::Update(update) => {
                vec![&update.read, &update.steps, &update.write, &update.after]
            }
            Self::Read(read) => vec![&read.steps],
            Self::Call(call) => call.guard.fallback.iter().map(Vec::as_slice).collect(),
            Self::Cpu(_)
            | Self::Wait(_)
            | Self::Query { .. }
            | Self::Change { .. }
            | Self::Select { .. }
            | Self::Enqueue { .. }
            | Self::Record { .. }
            | Self::Ask(_)
            | Self::Fail
            | Self::Reject(_) => Vec::new(),
        }
    }
}

/// The steps of an endpoint: what a worker does for a request, one after the other.
///
/// `cpu` and `wait` hold the worker for a time, and so does everything that is waited for. A `query`
/// borrows a connection if it goes through a pool, pays the round trip, then holds a core for its work.
/// `repeat` does the same steps so many times in sequence: N + 1 queries are one `query` and a `repeat`
/// around another. `parallel` runs branches at once and goes on when enough of them have ended well.
/// `choice` takes one of two ways by chance. Steps nest up to 8 levels.
///
/// Left out: loops and choices that depend on what was read.
/// Source: requests that hold a server while they wait for others are those of layered queueing
/// networks (Franks et al., "Enhanced Modeling and Solution of Layered Queueing Networks", 2009).
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
    /// Sends a job, which nobody waits for; fails if there is no room for it.
    Enqueue {
        /// Id of the jobs.
        jobs: String,
    },
    /// Makes a record of what the request is about; a second one is a duplicate.
    Record {
        /// Name of where records of the same kind are.
        ledger: String,
    },
    /// Done once for what the request is about, however often it comes.
    Once {
        /// Name of where the keys of what has been done are kept.
        store: String,
        /// How many of them are kept, 1 or more.
        keys_count: u32,
        /// Executed in order, unless that has been done or is being done.
        steps: Vec<Self>,
    },
    /// One query that writes.
    Change {
        /// Id of a pool or of a database.
        via: String,
        /// Time on a core of the database, in seconds.
        work: Distribution,
    },
    /// A transaction of a database that is a file with one writer.
    FileTransaction {
        /// Id of the database.
        database: String,
        /// It begins as a writer (`BEGIN IMMEDIATE`), not with the first query that writes.
        is_immediate: bool,
        /// Executed in order until the commit.
        steps: Vec<Self>,
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
    /// Holds a lock through all its steps.
    Lock {
        /// Id of the lock.
        lock: String,
        /// Executed in order while it is held.
        steps: Vec<Self>,
    },
    /// Calls a third party and waits for its answer.
    Ask(Ask),
    /// Ends the attempt with an error.
    Fail,
    /// Turns the attempt away, and says how long until it may come again; zero for nothing said.
    Reject(SimDuration),
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
        /// All values are looked up, one after the other, in an order that has nothing to do with
        /// their popularity.
        is_scan: bool,
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
    /// Reads a row where it may be old.
    Read(Box<Read>),
    /// Reads rows, changes and writes them back.
    Update(Box<Update>),
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
