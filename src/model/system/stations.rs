//! What requests wait for: services, pools, locks and machines.

use super::Step;
use crate::engine::{Distribution, SimDuration};
use crate::policy::admission::keyed::{self, Scope};
use crate::policy::admission::priority::PriorityShedder;
use crate::policy::admission::{adaptive, deadline};
use crate::policy::balancer::{self, ejection, health};
use crate::policy::queue::{Order, Shed, WhenFull};

/// A service: workers that run the steps of endpoints; each attempt holds one worker until it ends.
///
/// It has a number of instances with as many workers each. An attempt is dealt to the instances in
/// turn, or by a balancer, waits there first in, first out for a worker, and holds it until its last
/// step, while it waits for others too: workers are what runs out first when something behind them is
/// slow. Instances that run on a machine share its cores and memory.
///
/// Left out: what a worker costs by being there, context switches, and pauses for garbage collection.
/// Source: with exponential work and one instance it is M/M/c (Erlang 1917; Gross and Harris,
/// "Fundamentals of Queueing Theory", section 2.3). Ratios between processes and threads were
/// measured on gunicorn with Python 3.11.
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
    /// Where and how its instances run.
    pub runtime: Runtime,
    /// How an instance is that has just started; `None` for one that is there at once.
    pub cold_start: Option<ColdStart>,
}

/// How an instance is that has just started.
///
/// After a crash has ended, or its part was killed for its memory, it is down for a time: what comes
/// fails at once, and health checks see it. From then on it is slow for another, which they do not see.
/// With a new version, or the old one back, it is slow only, as versions are exchanged one instance
/// after the other. At the beginning of a run it is there unless the document says otherwise.
///
/// Left out: that it gets faster by what it has done, and that recycled processes start cold.
/// Source: "Addressing Cascading Failures" (Google SRE book, chapter 22), "Slow Startup and Cold
/// Caching".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColdStart {
    /// How long it takes nothing: what comes fails at once. Versions are exchanged one instance after
    /// the other, and wait for that.
    pub down: SimDuration,
    /// How long it is slow from then on.
    pub slow: SimDuration,
    /// How many times as long its work takes then, above 0.
    pub factor: f64,
    /// All instances start when the run begins.
    pub from_begin: bool,
}

impl Service {
    /// One instance on nothing but its own workers, with an unbounded queue.
    pub fn new(id: &str, workers_count: u32, endpoints: Vec<Endpoint>) -> Self {
        Self {
            id: id.to_owned(),
            instances_count: 1,
            balancer: None,
            workers_count,
            queue: Queue::default(),
            admission: Vec::new(),
            endpoints,
            runtime: Runtime::default(),
            cold_start: None,
        }
    }

    /// Most requests a second that its limits let in in the long run, from everybody together; `None`
    /// without such a limit. Those of one of several endpoints, of tenants and of users are not counted.
    pub fn rate_limit_per_s(&self) -> Option<f64> {
        let only = match &self.endpoints[..] {
            [only] => &only.admission[..],
            _ => &[],
        };
        least_rate_per_s(self.admission.iter().chain(only))
    }

    /// The same for that of several endpoints with the lowest limit.
    pub fn endpoint_limit_per_s(&self) -> Option<f64> {
        let endpoints = self.endpoints.iter().filter(|_| self.endpoints.len() > 1);
        least_rate_per_s(endpoints.flat_map(|endpoint| &endpoint.admission))
    }
}

fn least_rate_per_s<'a>(admission: impl Iterator<Item = &'a Admission>) -> Option<f64> {
    let rates = admission.filter_map(|admission| match admission {
        Admission::Rate { limit, scope: Scope::Global } => Some(limit.rate_per_s()),
        _ => None,
    });
    rates.reduce(f64::min)
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

/// A pool: a limited set of connections to a database, shared by everyone who names it.
///
/// Each query borrows a connection, or a transaction keeps one through all its steps. Who finds none
/// free waits in the pool's queue; what has a connection then waits for a core of the database.
///
/// Where opening takes time, or the database counts its connections, they are closed at first. Who
/// gets a place takes the connection given back last, or opens one and waits for that, even if
/// another is given back meanwhile; who is cancelled while opening throws the connection away. A
/// leaked connection keeps its place, and counts as busy. When a database crashes all connections
/// to it are lost; when an instance crashes that has a pool of its own the pool is, leaked places
/// included.
///
/// Left out: openings in the background, checks of connections that lie ready, and a longest age.
/// Source: measured on pgbouncer with 10 connections and 1 to 200 clients: throughput is
/// min(clients, 10) over the time that one is held, latency clients / 10 times that time beyond.
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
    /// Time to open a connection, in seconds, waited by who asked for it; 6.8 ms were measured with
    /// PostgreSQL 15, see [`OPEN_MS`](crate::model::database::connections::OPEN_MS).
    pub opening: Distribution,
    /// How long a connection lies ready until it is closed; `None` for ever.
    pub idle: Option<SimDuration>,
    /// So many are not closed for lying ready too long.
    pub least_count: u32,
    /// Share of what is lent that is never given back, 0..=1.
    pub leak_share: f64,
    /// Id of a service each instance of which has a pool of its own; `None` for one pool.
    pub each: Option<String>,
}

impl Pool {
    /// A pool whose connections are open from the start, and never lost.
    pub fn new(id: &str, database: &str, connections_count: u32) -> Self {
        let (id, database) = (id.to_owned(), database.to_owned());
        let (queue, opening) = (Queue::default(), Distribution::Constant(0.0));
        let (idle, least_count, leak_share, each) = (None, 0, 0.0, None);
        Self {
            id,
            database,
            connections_count,
            queue,
            opening,
            idle,
            least_count,
            leak_share,
            each,
        }
    }

    /// Its connections are opened and closed, or can be lost.
    pub fn opens(&self) -> bool {
        self.opening != Distribution::Constant(0.0)
            || self.idle.is_some()
            || self.leak_share > 0.0
            || self.each.is_some()
    }
}

/// A lock: something of which there are few, held through steps: an interpreter lock, a critical
/// section, a semaphore.
///
/// Who finds none free waits in its queue, with the worker it holds. What is held is given back when
/// the steps have ended, however they end.
///
/// Left out: readers who share it, spinning, and the time that handing it over takes.
/// Source: with exponential times and a number of callers it is the machine-repair model (Gross and
/// Harris, "Fundamentals of Queueing Theory").
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
