//! Compiles a [`System`] to a flat program: names become indices, steps become operations.
//!
//! Here stand the parts, their clients and their random streams; `compile` has the steps.

use crate::engine::random::id_of;
use crate::engine::{Distribution, SimDuration, Stream};
use crate::policy::BadSetting;

use super::balance::NO_BALANCER;
use super::built::{Clients as ClientsModel, Model, PartKind, PartModel};
use super::compile::Compiled;
use super::crons::CRON_USERS;
use super::entrance::{check_queue, is_special};
use super::once::follows;
use super::pooling::Home;
use super::program::{Account, Delay, Op, REGISTERS, SamplerKind, Spent};
use super::station::{Group, Station, WaitLimit};
use super::system::{Arrivals, Clients, Database, Lock, Part, Pool, Queue, Service, System};

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
    /// Calls nest deeper, or come to more operations, than a program may have.
    #[error("the calls of `{place}` nest more than 64 deep or come to more than 50,000 operations")]
    TooLong {
        /// Service and endpoint.
        place: String,
    },
    /// Parts need more memory to start than their machine has.
    #[error("the parts on `{machine}` need more memory than it has before any request comes")]
    NoMemory {
        /// Id of the machine.
        machine: String,
    },
    /// A setting of a part is out of its range.
    #[error("`{part}`: {reason}")]
    Setting {
        /// Id of the part.
        part: String,
        /// Which setting, and its range.
        reason: String,
    },
    /// The instants of clients cannot be used.
    #[error("the arrivals of `{clients}`: {what}")]
    Arrivals {
        /// Id of the clients.
        clients: String,
        /// What is wrong.
        what: String,
    },
    /// A policy of a call cannot be used.
    #[error("the call to `{place}`: {what}")]
    Policy {
        /// Service and endpoint.
        place: String,
        /// What is wrong.
        what: String,
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
        possible: String,
    },
}

/// Where a group and its part stand.
pub(super) struct Place {
    pub(super) id: String,
    pub(super) group: u16,
    pub(super) part: u16,
    /// It is entered through entrances.
    pub(super) is_special: bool,
}

/// What steps are inside of, as far as the same task does them.
#[derive(Debug, Clone, Default)]
pub(super) struct Open {
    /// Pools whose connection is held.
    pub(super) pools: Vec<String>,
    /// Tables with an update under way, by number.
    pub(super) tables: Vec<u16>,
    /// Tables whose rows have just been written, by number, and the register that says which.
    pub(super) written: Vec<(u16, u8)>,
    /// Files with a transaction under way, by number, and the register that holds it.
    pub(super) files: Vec<(u16, u8)>,
}

/// A worker of a service, while the steps that it runs are compiled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worker {
    pub(super) register: u8,
    /// A fault makes single instances of the service slow.
    pub(super) can_be_slow: bool,
}

/// A model being built.
pub(super) struct Builder<'a> {
    pub(super) system: &'a System,
    seed: u64,
    pub(super) model: Model,
    pub(super) places: Vec<Place>,
    /// Ids of the clients, in the order of the model's.
    pub(super) client_ids: Vec<String>,
    /// The clients being compiled.
    pub(super) sender: String,
    /// Endpoints being compiled, outermost first.
    pub(super) path: Vec<String>,
    /// Endpoints that edges lead to.
    pub(super) compiled: Vec<Compiled>,
    /// Entrances of endpoints, by service and endpoint.
    pub(super) entrances: Vec<(String, u16)>,
    /// Doors and gauges by service, or by service and endpoint.
    pub(super) doors: Vec<(String, Vec<u16>)>,
    pub(super) gauges: Vec<(String, Vec<u16>)>,
    /// Branches of all forks so far.
    pub(super) branches_count: usize,
    /// Some step asks what requests are about.
    follows: bool,
    /// What the present steps are inside of.
    pub(super) open: Open,
    /// Parts that the request holds at the present step, outermost first.
    pub(super) held: Vec<u16>,
    /// Their scopes.
    pub(super) held_scopes: Vec<usize>,
    /// Parts that are waited for while another is held, as (held, waited for).
    pub(super) nested: Vec<(u16, u16)>,
    /// The worker that runs the present steps.
    pub(super) worker: Option<Worker>,
    /// Whose instance runs them.
    pub(super) home: Option<Home>,
}

/// Builds the model of `system` with all random streams derived from `seed`.
///
/// # Errors
/// Names the part that cannot be built and why.
pub(super) fn build(system: &System, seed: u64) -> Result<Model, BuildError> {
    let mut builder = Builder {
        system,
        seed,
        model: Model { stale_is_wrong: system.stale_is_wrong, ..Model::default() },
        places: Vec::new(),
        client_ids: Vec::new(),
        sender: String::new(),
        path: Vec::new(),
        compiled: Vec::new(),
        entrances: Vec::new(),
        doors: Vec::new(),
        gauges: Vec::new(),
        branches_count: 0,
        follows: follows(system),
        open: Open::default(),
        held: Vec::new(),
        held_scopes: Vec::new(),
        nested: Vec::new(),
        worker: None,
        home: None,
    };
    for part in &system.parts {
        builder.add_part(part)?;
    }
    builder.add_replicas()?;
    builder.add_pools()?;
    builder.place_parts()?;
    for part in &system.parts {
        if let Part::Clients(clients) = part {
            builder.add_clients(clients)?;
        }
    }
    if builder.model.clients.is_empty() {
        return Err(BuildError::NoClients);
    }
    builder.add_handlers()?;
    builder.model.inherits = builder.follows || !builder.model.user_ranges.is_empty();
    for part in &system.parts {
        if let Part::Fault(fault) = part {
            builder.add_fault(fault)?;
        }
    }
    builder.set_depths();
    Ok(builder.model)
}

impl Builder<'_> {
    fn add_part(&mut self, part: &Part) -> Result<(), BuildError> {
        match part {
            Part::Clients(_) | Part::Fault(_) => Ok(()),
            Part::Cache(cache) => self.add_cache(cache),
            Part::Machine(machine) => self.add_machine(machine),
            Part::Jobs(jobs) => self.add_jobs(jobs),
            Part::ThirdParty(party) => {
                self.add_third_party(party);
                Ok(())
            }
            Part::Service(service) => {
                let Service { id, instances_count, workers_count, queue, .. } = service;
                let counts = [*instances_count, *workers_count];
                let is_special = is_special(service, self.system);
                self.add_group(id, PartKind::Service, counts, queue, is_special)?;
                let group = self.place(id)?.group;
                self.model.groups[usize::from(group)].balancer = self.balancer(service, group)?;
                self.add_start(service, group)
            }
            Part::Pool(pool) => {
                let Pool { id, connections_count, queue, .. } = pool;
                let is_special = !queue.is_plain() || self.opens(pool);
                let counts = [self.pools_of(pool)?, *connections_count];
                self.add_group(id, PartKind::Pool, counts, queue, is_special)
            }
            Part::Lock(Lock { id, capacity, queue }) => {
                let is_special = !queue.is_plain();
                self.add_group(id, PartKind::Lock, [1, *capacity], queue, is_special)
            }
            Part::Database(database) => {
                let Database { id, cores_count, .. } = database;
                let queue = &Queue::default();
                self.add_group(id, PartKind::Database, [1, *cores_count], queue, false)?;
                self.add_row_locks(database);
                self.add_file(database);
                Ok(())
            }
        }
    }

    fn add_group(
        &mut self,
        id: &str,
        kind: PartKind,
        [stations, capacity]: [u32; 2],
        queue: &Queue,
        is_special: bool,
    ) -> Result<(), BuildError> {
        in_range(id, "instances", stations, 10_000)?;
        in_range(id, "servers", capacity, 1_000_000)?;
        check_queue(id, queue)?;
        let first = self.model.stations.len();
        in_range(id, "stations before it", first as u32 + 1, 60_000)?;
        for _ in 0..stations {
            let mut station = Station::new(capacity, queue.capacity);
            if is_special {
                station.line = self.line(queue);
            }
            self.model.stations.push(station);
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
            balancer: NO_BALANCER,
            wait_limit,
            refused_share: 0.0,
            stream: 0,
        });
        let part = self.model.parts.len() as u16;
        self.model.parts.push(PartModel {
            id: id.to_owned(),
            kind,
            first: first as u16,
            stations: stations as u16,
            depth: 0,
        });
        self.places.push(Place { id: id.to_owned(), group, part, is_special });
        Ok(())
    }

    fn add_clients(&mut self, clients: &Clients) -> Result<(), BuildError> {
        self.sender.clone_from(&clients.id);
        let (mut first, mut start) = (self.here(), self.here());
        let none = SamplerKind::Constant(SimDuration::ZERO);
        let (gap, users) = match &clients.arrivals {
            Arrivals::Open { gap } => (SamplerKind::new(gap), 0),
            Arrivals::Timed { overlap: Some(_), .. } => (none, CRON_USERS),
            Arrivals::Timed { .. } => (none, 0),
            Arrivals::Poll { users_count, poll } => {
                in_range(&clients.id, "users", *users_count, 5_000_000)?;
                (first, start) = self.poll(&clients.id, poll)?;
                (none, *users_count)
            }
            Arrivals::Closed { users_count, think } => {
                in_range(&clients.id, "users", *users_count, 5_000_000)?;
                // Thinking takes at least a nanosecond: time must pass in every round of a user.
                let instant = *think == Distribution::Constant(0.0);
                let think = if instant { &Distribution::Constant(1e-9) } else { think };
                self.hold(&clients.id, think, Spent::Outside, "think");
                (none, *users_count)
            }
        };
        self.emit(Op::Send);
        self.identify(clients);
        if self.follows {
            self.emit(Op::Number);
        }
        self.actions(clients)?;
        self.emit(Op::Return);
        let stream = self.stream(&clients.id, "arrivals");
        self.add_sender(clients)?;
        self.client_ids.push(clients.id.clone());
        let Clients { id, priority, is_background, .. } = clients;
        let (id, priority, is_background) = (id.clone(), *priority, *is_background);
        let made = ClientsModel { first, start, gap, users, stream, priority, is_background, id };
        self.model.clients.push(made);
        Ok(())
    }

    /// The account of a part, made if it is new.
    pub(super) fn account(&mut self, part: &str, what: Spent) -> u16 {
        let account = Account { part: part.to_owned(), what };
        let accounts = &mut self.model.accounts;
        let found = accounts.iter().position(|known| *known == account);
        found.unwrap_or_else(|| {
            accounts.push(account);
            accounts.len() - 1
        }) as u16
    }

    /// The random stream of one purpose of a part, made if it is new.
    pub(super) fn stream(&mut self, part: &str, purpose: &str) -> u16 {
        let id = (id_of(part), id_of(purpose));
        if let Some(found) = self.model.stream_ids.iter().position(|known| *known == id) {
            return found as u16;
        }
        self.model.stream_ids.push(id);
        self.model.streams.push(Stream::new(self.seed, id.0, id.1));
        (self.model.streams.len() - 1) as u16
    }

    pub(super) fn delay(&mut self, secs: f64) -> Delay {
        let span = SimDuration::from_secs(secs);
        Delay { span, lane: self.model.events.lane(span) }
    }
}

pub(super) fn wrong_setting(part: &str, wrong: BadSetting) -> BuildError {
    BuildError::Setting { part: part.to_owned(), reason: wrong.to_string() }
}

pub(super) fn unknown(wanted: &'static str, name: &str) -> BuildError {
    BuildError::Unknown { wanted, name: name.to_owned() }
}

pub(super) fn in_range(part: &str, what: &str, found: u32, most: u32) -> Result<(), BuildError> {
    if (1..=most).contains(&found) {
        return Ok(());
    }
    let possible = format!("1 to {most}");
    Err(BuildError::Count {
        what: format!("{what} of `{part}`"),
        found: u64::from(found),
        possible,
    })
}
