//! Compiles a [`System`] to a flat program: names become indices, steps become operations.
//!
//! A call without timeout and retries is compiled into its caller, so that it costs no task of its
//! own; any other call gets an edge, whose attempts are tasks.

use crate::engine::random::id_of;
use crate::engine::{Distribution, SimDuration, Stream};

use super::built::{Clients as ClientsModel, Model, PartKind, PartModel};
use super::program::{
    Account, Choice, Delay, Edge, Fork, Op, REGISTERS, Sampler, SamplerKind, Spent,
};
use super::station::{Group, Station, WaitLimit};
use super::system::{Arrivals, Call, Clients, Database, Part, Pool, Queue, Service, Step, System};

/// Calls nested deeper than this are taken for a circle.
const DEPTH_MAX: usize = 16;
/// Most operations and branches: calls are compiled into their callers, where they can multiply.
const OPS_MAX: usize = 60_000;

/// Why a system cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A name leads nowhere.
    #[error("{wanted} `{name}` does not exist")]
    Unknown {
        /// Kind of thing that was looked for.
        wanted: &'static str,
        /// The name.
        name: String,
    },
    /// More servers are held or loops entered at once than an attempt can keep track of.
    #[error("`{place}` holds or repeats more than {REGISTERS} things at once")]
    TooDeep {
        /// Service and endpoint.
        place: String,
    },
    /// Endpoints call each other in a circle.
    #[error("`{place}` calls itself, directly or through others")]
    Circle {
        /// Service and endpoint.
        place: String,
    },
    /// Endpoints that call others again and again come to too many operations.
    #[error("`{place}` comes to more than {OPS_MAX} operations, with all that it calls")]
    TooLong {
        /// Service and endpoint.
        place: String,
    },
    /// No clients, so that nothing would ever happen.
    #[error("a system needs at least one part of kind `clients`")]
    NoClients,
    /// A count is outside what the simulator can hold.
    #[error("{what} is {found}, but must be {possible}")]
    Count {
        /// Which number.
        what: String,
        /// Its value.
        found: u64,
        /// The range, in words.
        possible: &'static str,
    },
}

/// Where a group and its part stand.
struct Place {
    id: String,
    group: u16,
    part: u16,
}

struct Builder<'a> {
    system: &'a System,
    seed: u64,
    model: Model,
    places: Vec<Place>,
    /// Endpoints being compiled, outermost first.
    path: Vec<String>,
    /// Pools whose connection is held at the present step.
    open_pools: Vec<String>,
    /// Branches of all forks so far.
    branches_count: usize,
}

/// Builds the model of `system` with all random streams derived from `seed`.
///
/// # Errors
/// Names the part that cannot be built and why.
pub(super) fn build(system: &System, seed: u64) -> Result<Model, BuildError> {
    let mut builder = Builder {
        system,
        seed,
        model: Model::default(),
        places: Vec::new(),
        path: Vec::new(),
        open_pools: Vec::new(),
        branches_count: 0,
    };
    for part in &system.parts {
        builder.add_part(part)?;
    }
    for part in &system.parts {
        if let Part::Clients(clients) = part {
            builder.add_clients(clients)?;
        }
    }
    if builder.model.clients.is_empty() {
        return Err(BuildError::NoClients);
    }
    Ok(builder.model)
}

impl Builder<'_> {
    fn add_part(&mut self, part: &Part) -> Result<(), BuildError> {
        match part {
            Part::Clients(_) => Ok(()),
            Part::Service(Service { id, instances_count, workers_count, queue, .. }) => {
                self.add_group(id, PartKind::Service, *instances_count, *workers_count, queue)
            }
            Part::Pool(Pool { id, connections_count, queue, .. }) => {
                self.add_group(id, PartKind::Pool, 1, *connections_count, queue)
            }
            Part::Database(Database { id, cores_count, .. }) => {
                self.add_group(id, PartKind::Database, 1, *cores_count, &Queue::default())
            }
        }
    }

    fn add_group(
        &mut self,
        id: &str,
        kind: PartKind,
        stations: u32,
        capacity: u32,
        queue: &Queue,
    ) -> Result<(), BuildError> {
        in_range(id, "instances", stations, 10_000)?;
        in_range(id, "servers", capacity, 1_000_000)?;
        let first = self.model.stations.len();
        in_range(id, "stations before it", first as u32 + 1, 60_000)?;
        for _ in 0..stations {
            self.model.stations.push(Station::new(capacity, queue.capacity));
        }
        let wait_limit = queue.wait_limit.as_ref().map(|limit| match limit {
            Distribution::Constant(secs) => WaitLimit::Constant(self.delay(*secs)),
            other => WaitLimit::Drawn(SamplerKind::new(other), self.stream(id, "wait limit")),
        });
        let account = self.account(id, Spent::Waiting);
        let group = self.model.groups.len() as u16;
        self.model.groups.push(Group {
            first: first as u16,
            count: stations as u16,
            turn: 0,
            account,
            wait_limit,
        });
        let part = self.model.parts.len() as u16;
        self.model.parts.push(PartModel {
            id: id.to_owned(),
            kind,
            first: first as u16,
            stations: stations as u16,
            depth: 0,
        });
        self.places.push(Place { id: id.to_owned(), group, part });
        Ok(())
    }

    fn add_clients(&mut self, clients: &Clients) -> Result<(), BuildError> {
        let start = self.here();
        let (gap, users) = match &clients.arrivals {
            Arrivals::Open { gap } => (SamplerKind::new(gap), 0),
            Arrivals::Closed { users_count, think } => {
                in_range(&clients.id, "users", *users_count, 5_000_000)?;
                // Thinking takes at least a nanosecond: time must pass in every round of a user.
                let instant = *think == Distribution::Constant(0.0);
                let think = if instant { &Distribution::Constant(1e-9) } else { think };
                self.hold(&clients.id, think, Spent::Outside, "think");
                (SamplerKind::Constant(SimDuration::ZERO), *users_count)
            }
        };
        self.emit(Op::Send);
        self.call(&clients.call, 0)?;
        self.emit(Op::Return);
        let stream = self.stream(&clients.id, "arrivals");
        self.model.clients.push(ClientsModel { start, gap, users, stream });
        Ok(())
    }

    /// Emits a call: in place if the caller has no policy, else along an edge.
    fn call(&mut self, call: &Call, register: usize) -> Result<(), BuildError> {
        if call.timeout.is_none() && call.retries_count == 0 {
            return self.endpoint(call, register);
        }
        if call.retries_count > 100 {
            let what = format!("retries of the call to `{}`", call.service);
            let found = u64::from(call.retries_count);
            return Err(BuildError::Count { what, found, possible: "0 to 100" });
        }
        let edge = self.model.edges.len() as u16;
        let owner = self.path.last().cloned().unwrap_or_default();
        let stream = self.stream(&owner, "backoff");
        self.account(&call.service, Spent::LostAttempts);
        let timeout = call.timeout.map(|span| self.delay(span.as_secs()));
        self.model.edges.push(Edge {
            start: 0,
            timeout,
            cancels: call.cancels,
            retries: call.retries_count,
            backoff: call.backoff,
            stream,
        });
        self.emit(Op::Call { edge });
        // The callee stands after the call; the caller jumps over it.
        let jump = self.emit(Op::Jump { to: 0 });
        let start = self.here();
        let pools = std::mem::take(&mut self.open_pools);
        self.endpoint(call, 0)?;
        self.open_pools = pools;
        self.emit(Op::Return);
        self.model.edges[usize::from(edge)].start = start;
        self.model.program[jump as usize] = Op::Jump { to: self.here() };
        Ok(())
    }

    /// Emits an endpoint: a worker held through all its steps.
    fn endpoint(&mut self, call: &Call, register: usize) -> Result<(), BuildError> {
        let place = format!("{}.{}", call.service, call.endpoint);
        if self.path.contains(&place) || self.path.len() == DEPTH_MAX {
            return Err(BuildError::Circle { place });
        }
        let service = self.system.parts.iter().find_map(|part| match part {
            Part::Service(service) if service.id == call.service => Some(service),
            _ => None,
        });
        let service = service.ok_or_else(|| unknown("service", &call.service))?;
        let endpoint = service.endpoints.iter().find(|endpoint| endpoint.name == call.endpoint);
        let endpoint = endpoint.ok_or_else(|| unknown("endpoint", &place))?;
        self.path.push(place);
        let inside = self.acquire(&service.id, register)?;
        self.steps(&endpoint.steps, &service.id, inside)?;
        self.emit(Op::Release { register: register as u8 });
        self.path.pop();
        Ok(())
    }

    fn steps(&mut self, steps: &[Step], service: &str, register: usize) -> Result<(), BuildError> {
        for step in steps {
            self.step(step, service, register)?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step, service: &str, register: usize) -> Result<(), BuildError> {
        if self.model.program.len() + self.branches_count > OPS_MAX {
            return Err(BuildError::TooLong { place: self.path.join(" > ") });
        }
        match step {
            Step::Cpu(time) => self.hold(service, time, Spent::Computing, "cpu"),
            Step::Wait(time) => self.hold(service, time, Spent::Outside, "wait"),
            Step::Query { via, work } => return self.query(via, work, register),
            Step::Transaction { pool, steps } => {
                let inside = self.acquire(pool, register)?;
                self.open_pools.push(pool.clone());
                self.steps(steps, service, inside)?;
                self.open_pools.pop();
                self.emit(Op::Release { register: register as u8 });
            }
            Step::Call(call) => return self.call(call, register),
            Step::Repeat { times, steps } => {
                let inside = self.register(register)?;
                let register = register as u8;
                let enter = self.emit(Op::Loop { register, times: *times, end: 0 });
                let start = self.here();
                self.steps(steps, service, inside)?;
                self.emit(Op::Again { register, start });
                let end = self.here();
                self.model.program[enter as usize] = Op::Loop { register, times: *times, end };
            }
            Step::Parallel { branches, needed } => self.fork(branches, *needed, service)?,
            Step::Choice { probability, then, otherwise } => {
                let stream = self.stream(service, "choice");
                let choice = self.model.choices.len() as u16;
                self.model.choices.push(Choice { probability: *probability, stream });
                let choose = self.emit(Op::Choose { choice, otherwise: 0 });
                self.steps(then, service, register)?;
                let jump = self.emit(Op::Jump { to: 0 });
                let other = self.here();
                self.steps(otherwise, service, register)?;
                let end = self.here();
                self.model.program[choose as usize] = Op::Choose { choice, otherwise: other };
                self.model.program[jump as usize] = Op::Jump { to: end };
            }
        }
        Ok(())
    }

    fn query(&mut self, via: &str, work: &Distribution, register: usize) -> Result<(), BuildError> {
        let pool = self.system.parts.iter().find_map(|part| match part {
            Part::Pool(pool) if pool.id == via => Some(pool),
            _ => None,
        });
        let database = pool.map_or(via, |pool| &pool.database);
        let round_trip = self.system.parts.iter().find_map(|part| match part {
            Part::Database(found) if found.id == database => Some(&found.round_trip),
            _ => None,
        });
        let round_trip = round_trip.ok_or_else(|| unknown("pool or database", database))?;
        let borrowed = pool.is_some() && !self.open_pools.iter().any(|open| open == via);
        let inside = if borrowed { self.acquire(via, register)? } else { register };
        self.hold(database, round_trip, Spent::Network, "network");
        self.acquire(database, inside)?;
        self.hold(database, work, Spent::Query, "query");
        self.emit(Op::Release { register: inside as u8 });
        if borrowed {
            self.emit(Op::Release { register: register as u8 });
        }
        Ok(())
    }

    fn fork(
        &mut self,
        branches: &[Vec<Step>],
        needed: u32,
        service: &str,
    ) -> Result<(), BuildError> {
        in_range(service, "parallel branches", branches.len() as u32, 10_000)?;
        let fork = self.model.forks.len() as u16;
        let needed = needed.clamp(1, branches.len() as u32) as u16;
        self.branches_count += branches.len();
        self.model.forks.push(Fork { starts: Vec::new(), needed });
        self.emit(Op::Fork { fork });
        let jump = self.emit(Op::Jump { to: 0 });
        let mut starts: Vec<u32> = Vec::with_capacity(branches.len());
        for (index, steps) in branches.iter().enumerate() {
            // Equal neighbours share their code.
            if index > 0 && branches[index - 1] == *steps {
                starts.push(starts[index - 1]);
                continue;
            }
            starts.push(self.here());
            let pools = std::mem::take(&mut self.open_pools);
            self.steps(steps, service, 0)?;
            self.open_pools = pools;
            self.emit(Op::Return);
        }
        self.model.forks[usize::from(fork)].starts = starts;
        self.model.program[jump as usize] = Op::Jump { to: self.here() };
        Ok(())
    }

    /// Takes a server of `part` into `register`; gives the next free register.
    fn acquire(&mut self, part: &str, register: usize) -> Result<usize, BuildError> {
        let found = self.places.iter().find(|place| place.id == part);
        let found = found.ok_or_else(|| unknown("part", part))?;
        let (group, index) = (found.group, usize::from(found.part));
        let depth = &mut self.model.parts[index].depth;
        *depth = (*depth).max(self.path.len() as u16 * 8 + register as u16);
        let next = self.register(register)?;
        self.emit(Op::Acquire { group, register: register as u8 });
        Ok(next)
    }

    fn register(&self, register: usize) -> Result<usize, BuildError> {
        if register < REGISTERS {
            return Ok(register + 1);
        }
        Err(BuildError::TooDeep { place: self.path.join(" > ") })
    }

    /// Emits a hold, unless it always takes no time.
    fn hold(&mut self, part: &str, time: &Distribution, what: Spent, purpose: &str) {
        if *time == Distribution::Constant(0.0) {
            return;
        }
        let stream = self.stream(part, purpose);
        let account = self.account(part, what);
        let sampler = self.model.samplers.len() as u16;
        self.model.samplers.push(Sampler { kind: SamplerKind::new(time), stream, account });
        self.emit(Op::Hold { sampler });
    }

    /// The account of a part, made if it is new.
    fn account(&mut self, part: &str, what: Spent) -> u16 {
        let account = Account { part: part.to_owned(), what };
        let accounts = &mut self.model.accounts;
        let found = accounts.iter().position(|known| *known == account);
        found.unwrap_or_else(|| {
            accounts.push(account);
            accounts.len() - 1
        }) as u16
    }

    /// The random stream of one purpose of a part, made if it is new.
    fn stream(&mut self, part: &str, purpose: &str) -> u16 {
        let id = (id_of(part), id_of(purpose));
        if let Some(found) = self.model.stream_ids.iter().position(|known| *known == id) {
            return found as u16;
        }
        self.model.stream_ids.push(id);
        self.model.streams.push(Stream::new(self.seed, id.0, id.1));
        (self.model.streams.len() - 1) as u16
    }

    fn delay(&mut self, secs: f64) -> Delay {
        let span = SimDuration::from_secs(secs);
        Delay { span, lane: self.model.events.lane(span) }
    }

    fn here(&self) -> u32 {
        self.model.program.len() as u32
    }

    fn emit(&mut self, op: Op) -> u32 {
        self.model.program.push(op);
        self.here() - 1
    }
}

fn unknown(wanted: &'static str, name: &str) -> BuildError {
    BuildError::Unknown { wanted, name: name.to_owned() }
}

fn in_range(part: &str, what: &str, found: u32, most: u32) -> Result<(), BuildError> {
    if (1..=most).contains(&found) {
        return Ok(());
    }
    let possible = if most >= 1_000_000 { "1 to 1000000" } else { "1 to 10000" };
    Err(BuildError::Count {
        what: format!("{what} of `{part}`"),
        found: u64::from(found),
        possible,
    })
}
