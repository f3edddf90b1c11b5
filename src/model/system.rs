//! A system as plain data, every amount resolved to a number: what the interpreter is built from.
//!
//! Parts name each other by id here; building the model resolves the names once, so that nothing
//! is looked up by name while it runs. All durations are in seconds.

use crate::engine::{Distribution, SimDuration, SimTime};
use crate::policy::admission::keyed::{self, Scope};
use crate::policy::admission::priority::PriorityShedder;
use crate::policy::admission::{adaptive, deadline};
use crate::policy::arrivals;
use crate::policy::arrivals::batch::Batch;
use crate::policy::arrivals::poll::Poll;
use crate::policy::balancer::{self, ejection, health};
use crate::policy::queue::{Order, Shed, WhenFull};

/// A whole system: its parts in the order of the document.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct System {
    /// At least one [`Part::Clients`], otherwise nothing happens.
    pub parts: Vec<Part>,
}

impl From<Vec<Part>> for System {
    fn from(parts: Vec<Part>) -> Self {
        Self { parts }
    }
}

/// Something that goes wrong for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Unique in the system.
    pub id: String,
    /// Id of the part it is done to.
    pub part: String,
    /// Which instance of a service it is done to, from 1; `None` for all.
    pub instance: Option<u32>,
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
    /// What each request is, unless it is one of the others.
    pub call: Call,
    /// What some requests are instead.
    pub others: Vec<Action>,
    /// Class of their requests in queues by priority, 0 the highest; endpoints may have their own.
    pub priority: u8,
    /// Users that requests of clients who do not wait come from, each as likely; 0 is 1. Those of the
    /// others are known.
    pub users_count: u32,
}

/// What a share of requests is.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Share of all requests, 0..=1; those of all actions together are at most 1.
    pub share: f64,
    /// What they are.
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
    /// Requests come at instants of a clock of its own.
    Timed {
        /// The clock.
        source: arrivals::Settings,
        /// How many come at each instant.
        batch: Batch,
    },
    /// Each user asks, waits for the outcome and then for an interval, and asks again.
    Poll {
        /// How many users.
        users_count: u32,
        /// The interval.
        poll: Poll,
    },
    /// Each user thinks, sends one request, waits for its outcome, and thinks again.
    Closed {
        /// How many users.
        users_count: u32,
        /// Time between an outcome and the next request, in seconds.
        think: Distribution,
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
    /// What else the caller does about failures and slowness; nothing by default.
    pub guard: Box<super::guard::Settings>,
}

/// Workers that run the steps of endpoints; each attempt holds one worker until it ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Unique in the system.
    pub id: String,
    /// Copies of the service.
    pub instances_count: u32,
    /// Which of them gets the next attempt; `None` deals in turn.
    pub balancer: Option<Balancing>,
    /// Attempts served at once by each instance.
    pub workers_count: u32,
    /// Where attempts wait for a worker; each instance has its own.
    pub queue: Queue,
    /// Which requests are let in: limits on the rate first, then those on what is inside.
    pub admission: Vec<Admission>,
    /// What callers can ask for.
    pub endpoints: Vec<Endpoint>,
}

/// A waiting room; first in, first out unless it has a discipline.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Queue {
    /// How many may wait. `None` has no bound.
    pub capacity: Option<u32>,
    /// How long one may wait before it gives up, in seconds. `None` waits for ever.
    pub wait_limit: Option<Distribution>,
    /// Who is served next.
    pub order: Order,
    /// Who is dropped instead of served.
    pub shed: Shed,
    /// What happens when one more comes than may wait.
    pub when_full: WhenFull,
}

impl Queue {
    /// First in, first out, and nobody is dropped.
    pub fn is_plain(&self) -> bool {
        self.order == Order::Fifo
            && self.shed == Shed::Nobody
            && self.when_full == WhenFull::RejectNew
    }
}

/// A limit on what is let in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Admission {
    /// So many in a time, for everybody, each tenant (a part of kind `clients`) or each user.
    Rate {
        /// How they are counted.
        limit: keyed::Settings,
        /// Whose requests are counted together.
        scope: Scope,
    },
    /// So many at once, waiting or served.
    Concurrency {
        /// 1 or more.
        limit: u32,
    },
    /// So many at once as latencies allow.
    Adaptive(adaptive::Settings),
    /// Who would be served by the time its caller gives up.
    Deadline(deadline::Settings),
    /// Each class up to its own load: requests inside an instance over its workers.
    Priority(PriorityShedder),
}

/// A named program of steps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Endpoint {
    /// Unique in its service.
    pub name: String,
    /// Executed in order.
    pub steps: Vec<Step>,
    /// Class in queues by priority, 0 the highest; `None` for that of the clients.
    pub priority: Option<u8>,
    /// Which requests are let in, after the limits of the service.
    pub admission: Vec<Admission>,
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

/// Something of which there are few, held through steps: an interpreter lock, a critical section, a
/// semaphore.
#[derive(Debug, Clone, PartialEq)]
pub struct Lock {
    /// Unique in the system.
    pub id: String,
    /// How many can hold it at once.
    pub capacity: u32,
    /// Where they wait for it.
    pub queue: Queue,
}

/// A balancer before the instances of a service.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Balancing {
    /// How the next instance is chosen.
    pub settings: balancer::Settings,
    /// One for each instance; empty for equal ones.
    pub weights: Vec<u32>,
    /// Probes that take instances out and bring them back.
    pub health: Option<health::Settings>,
    /// When instances that fail are out for a while.
    pub ejection: Option<ejection::Settings>,
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
