//! The system as a picture: its parts, who uses whom, and where each stands.

mod facts;

mod layout;

use crate::engine::Distribution;
use crate::model::system::{Arrivals, Call, Part, Queue, Runtime, Step, System};
use crate::scenario::Unit;
use crate::scenario::quantity::format;

pub use self::facts::{Facts, Level, per_dot};
pub use self::layout::{CARD_HEIGHT, Card, Layout, WIDTH, Wire};

/// The parts of a system and their links.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// In the order of the document.
    pub nodes: Vec<Node>,
    /// Each pair at most once.
    pub links: Vec<Link>,
}

/// A part.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Id of the part.
    pub id: String,
    /// What it is, such as `service`.
    pub kind: &'static str,
    /// How much of it there is, such as `2 × 64 workers`.
    pub size: String,
    /// Its settings, in words.
    pub settings: Vec<(&'static str, String)>,
}

/// One part uses another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Index of the part that uses.
    pub from: usize,
    /// Index of the part that is used.
    pub to: usize,
    /// The one is placed on the other, rather than asking it.
    pub is_place: bool,
}

impl Graph {
    /// The picture of a system; faults are no parts of it.
    pub fn new(system: &System) -> Self {
        let nodes: Vec<Node> = system.parts.iter().filter_map(node).collect();
        let mut graph = Self { nodes, links: Vec::new() };
        for part in &system.parts {
            graph.link_part(part);
        }
        graph
    }

    /// How many ask a part.
    pub fn callers(&self, node: usize) -> usize {
        self.links.iter().filter(|link| link.to == node && !link.is_place).count()
    }

    fn link_part(&mut self, part: &Part) {
        match part {
            Part::Clients(clients) => {
                let others = clients.others.iter().map(|action| &action.call);
                for call in others.chain([&clients.call]) {
                    self.link_call(&clients.id, call);
                }
            }
            Part::Service(service) => {
                for endpoint in &service.endpoints {
                    self.steps(&service.id, &endpoint.steps);
                }
                self.place(&service.id, &service.runtime);
            }
            Part::Jobs(jobs) => self.link_call(&jobs.id, &jobs.call),
            Part::Pool(pool) => self.link(&pool.id, &pool.database, false),
            Part::Database(database) => self.place(&database.id, &database.runtime),
            Part::Lock(_)
            | Part::Cache(_)
            | Part::Machine(_)
            | Part::ThirdParty(_)
            | Part::Fault(_) => {}
        }
    }

    fn link_call(&mut self, from: &str, call: &Call) {
        self.link(from, &call.service, false);
        if let Some(steps) = &call.guard.fallback {
            self.steps(from, steps);
        }
    }

    fn place(&mut self, id: &str, runtime: &Runtime) {
        if let Some(machine) = &runtime.on {
            self.link(id, machine, true);
        }
    }

    fn steps(&mut self, from: &str, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Query { via: to, .. }
                | Step::Change { via: to, .. }
                | Step::Select { via: to, .. }
                | Step::FileTransaction { database: to, .. }
                | Step::Transaction { pool: to, .. }
                | Step::Lock { lock: to, .. }
                | Step::Enqueue { jobs: to }
                | Step::Cached { cache: to, .. }
                | Step::Write { cache: to, .. } => self.link(from, to, false),
                Step::Ask(ask) => self.link(from, &ask.party, false),
                Step::Read(read) => self.link(from, &read.database, false),
                Step::Call(call) => self.link(from, &call.service, false),
                Step::Cpu(_)
                | Step::Wait(_)
                | Step::Record { .. }
                | Step::Once { .. }
                | Step::Update(_)
                | Step::Repeat { .. }
                | Step::Parallel { .. }
                | Step::Choice { .. }
                | Step::Fail
                | Step::Reject(_) => {}
            }
            for inner in step.lists() {
                self.steps(from, inner);
            }
        }
    }

    fn link(&mut self, from: &str, to: &str, is_place: bool) {
        let find = |id: &str| self.nodes.iter().position(|node| node.id == id);
        if let (Some(from), Some(to)) = (find(from), find(to)) {
            let link = Link { from, to, is_place };
            if from != to && !self.links.contains(&link) {
                self.links.push(link);
            }
        }
    }
}

fn count(number: impl Into<f64>) -> String {
    format(number.into(), Unit::Count)
}

fn many(number: u32, one: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{} {one}{end}", count(number))
}

fn node(part: &Part) -> Option<Node> {
    let mut settings = Vec::new();
    let (id, kind, size) = match part {
        Part::Clients(clients) => {
            let size = match &clients.arrivals {
                Arrivals::Closed { users_count, .. } | Arrivals::Poll { users_count, .. } => {
                    many(*users_count, "user")
                }
                Arrivals::Open { .. } | Arrivals::Timed { .. } => "arrivals".to_owned(),
            };
            about_call(&clients.call, &mut settings);
            (&clients.id, "clients", size)
        }
        Part::Service(service) => {
            let workers = many(service.workers_count, "worker");
            let size = match service.instances_count {
                1 => workers,
                several => format!("{} × {workers}", count(several)),
            };
            about_queue(&service.queue, &mut settings);
            if !service.admission.is_empty() {
                settings.push(("limits", count(service.admission.len() as u32)));
            }
            (&service.id, "service", size)
        }
        Part::Pool(pool) => {
            settings.push(("leads to", pool.database.clone()));
            about_queue(&pool.queue, &mut settings);
            (&pool.id, "pool", many(pool.connections_count, "connection"))
        }
        Part::Database(database) => {
            about_time("round trip", &database.round_trip, &mut settings);
            for (name, table) in &database.tables {
                settings.push(("table", format!("{name}, {} rows", count(table.rows))));
            }
            (&database.id, "database", many(database.cores_count, "core"))
        }
        Part::Lock(lock) => {
            about_queue(&lock.queue, &mut settings);
            (&lock.id, "lock", many(lock.capacity, "holder"))
        }
        Part::Cache(cache) => {
            let ttl = cache
                .settings
                .ttl
                .map_or_else(|| "for ever".to_owned(), |ttl| format(ttl.as_ms(), Unit::Ms));
            settings.push(("keeps values", ttl));
            if cache.settings.capacity < u32::MAX {
                settings.push(("room for", many(cache.settings.capacity, "value")));
            }
            about_time("round trip", &cache.round_trip, &mut settings);
            (&cache.id, "cache", many(cache.keys_count, "key"))
        }
        Part::Machine(machine) => {
            if let Some(bytes) = machine.memory_bytes {
                settings.push(("memory", format(bytes as f64 / 1e6, Unit::Mb)));
            }
            (&machine.id, "machine", many(machine.cores_count, "core"))
        }
        Part::ThirdParty(party) => {
            about_time("answers in", &party.settings.latency, &mut settings);
            let quota = party.settings.quota.as_ref();
            if let Some(quota) = quota {
                let window = format(quota.calls.window.as_ms(), Unit::Ms);
                settings.push(("quota", format!("{} in {window}", count(quota.calls.limit))));
            }
            (&party.id, "third party", "third party".to_owned())
        }
        Part::Jobs(jobs) => {
            about_call(&jobs.call, &mut settings);
            if let Some(visibility) = jobs.settings.visibility {
                settings.push(("hides a job for", format(visibility.as_ms(), Unit::Ms)));
            }
            (&jobs.id, "jobs", many(jobs.handlers_count, "handler"))
        }
        Part::Fault(_) => return None,
    };
    Some(Node { id: id.clone(), kind, size, settings })
}

fn about_queue(queue: &Queue, settings: &mut Vec<(&'static str, String)>) {
    let room = queue.capacity.map_or_else(|| "any number".to_owned(), count);
    settings.push(("may wait", room));
    if let Some(limit) = &queue.wait_limit {
        about_time("for at most", limit, settings);
    }
}

fn about_call(call: &Call, settings: &mut Vec<(&'static str, String)>) {
    settings.push(("asks for", format!("{}.{}", call.service, call.endpoint)));
    if let Some(timeout) = call.timeout {
        settings.push(("waits for", format(timeout.as_ms(), Unit::Ms)));
    }
    if call.retries_count > 0 {
        let often = match call.retries_count {
            u32::MAX => "for ever".to_owned(),
            often => format!("{} times", count(often)),
        };
        settings.push(("tries again", often));
    }
}

fn about_time(name: &'static str, time: &Distribution, settings: &mut Vec<(&'static str, String)>) {
    let mean = time.mean() * 1e3;
    if mean > 0.0 {
        let about = if matches!(time, Distribution::Constant(_)) { "" } else { "on average " };
        settings.push((name, format!("{about}{}", format(mean, Unit::Ms))));
    }
}
