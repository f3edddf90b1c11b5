//! Other settings in mid-run: a system in motion goes on with new numbers.
//!
//! The state of the run is carried over where only numbers differ that are looked up when they are
//! used: times of work and of the network, times to think, rates of open clients (from the next
//! arrival on), rounds of loops not yet begun, shares, timeouts and retries of plain calls, numbers
//! of servers, bounds of queues, plans of queries, users of closed clients. A server that is taken
//! away works until it is given back. Requests in flight go on where they are.
//!
//! Where parts, steps, or settings differ that live in a state of their own (caches, machines,
//! limits, balancers, guards, clocks, third parties) nothing is carried over.

use super::build::{BuildError, build};
use super::built::Model;
use super::entrance::is_special;
use super::faults::EffectModel;
use super::guard;
use super::pooling_build::opens;
use super::program::{Delay, Op};
use super::simulation::Simulation;
use super::station::WaitLimit;
use super::system::{Arrivals, Call, Clients, DiskSettings, Part, Queue, Step, System};
use super::task::{NO_TASK, State, Task};

impl Simulation {
    /// Goes on with the settings of `after` in place of those of `before`, which is the system that
    /// runs; false, and nothing is changed, if the state cannot be carried over.
    ///
    /// # Errors
    /// Names the part of `after` that cannot be built.
    pub fn change(&mut self, before: &System, after: &System) -> Result<bool, BuildError> {
        let new = build(after, 0)?;
        let fits = are_alike(before, after) && have_one_shape(&self.model, &new);
        if !fits || !self.can_send_home(&new) {
            return Ok(false);
        }
        self.take_over_numbers(new);
        Ok(true)
    }

    fn take_over_numbers(&mut self, new: Model) {
        let model = &mut self.model;
        (model.program, model.samplers, model.edges) = (new.program, new.samplers, new.edges);
        (model.choices, model.forks, model.asks) = (new.choices, new.forks, new.asks);
        (model.page_reads, model.plans) = (new.page_reads, new.plans);
        for edge in &mut model.edges {
            if let Some(Delay { span, lane }) = &mut edge.timeout {
                *lane = model.events.lane(*span);
            }
        }
        for (group, new) in model.groups.iter_mut().zip(new.groups) {
            group.wait_limit = new.wait_limit;
            if let Some(WaitLimit::Constant(delay)) = &mut group.wait_limit {
                delay.lane = model.events.lane(delay.span);
            }
        }
        model.updates = new.updates;
        for step in &mut model.updates {
            step.first_wait.lane = model.events.lane(step.first_wait.span);
        }
        for (station, new) in model.stations.iter_mut().zip(new.stations) {
            (station.capacity, station.queue_capacity) = (new.capacity, new.queue_capacity);
        }
        let users: Vec<u32> = new.clients.iter().map(|clients| clients.users).collect();
        for (clients, new) in model.clients.iter_mut().zip(new.clients) {
            clients.gap = new.gap;
        }
        self.renew_faults();
        for group in 0..self.model.groups.len() {
            self.serve_waiting(group as u16);
        }
        for (index, users) in users.into_iter().enumerate() {
            self.set_users(index, users);
        }
    }

    /// Does to the new numbers what faults that are there have done to the old.
    fn renew_faults(&mut self) {
        let is_there = |index: &usize| {
            let fault = &self.model.faults[*index];
            fault.from <= self.now && self.now < fault.until
        };
        let there: Vec<usize> = (0..self.model.faults.len()).filter(is_there).collect();
        for index in there {
            match self.model.faults[index].effect.clone() {
                EffectModel::Scale { samplers, factor } => {
                    for sampler in samplers {
                        self.model.samplers[usize::from(sampler)].kind.scale(factor);
                    }
                }
                EffectModel::Spike { clients, factor } => {
                    self.model.clients[usize::from(clients)].gap.scale(1.0 / factor);
                }
                EffectModel::Refuse { group, .. } => self.swap_acquires(group, true),
                // Others have changed what was carried over.
                _ => {}
            }
        }
    }

    /// Users of closed clients who think now and may go: all that are too many must be among them.
    fn can_send_home(&self, new: &Model) -> bool {
        self.model.clients.iter().zip(&new.clients).enumerate().all(|(index, (old, new))| {
            let leaving = old.users.saturating_sub(new.users) as usize;
            leaving == 0 || self.thinking(index).take(leaving).count() == leaving
        })
    }

    fn thinking(&self, clients: usize) -> impl Iterator<Item = u32> + '_ {
        let model = &self.model.clients[clients];
        let before_sending = model.first.min(model.start)..self.send_of(model.start);
        self.tasks.in_use().filter(move |id| {
            let task = &self.tasks[*id];
            usize::from(task.clients) == clients
                && task.parent == NO_TASK
                && task.answers == 0
                && task.state == State::Holding
                && before_sending.contains(&(task.pc - 1))
        })
    }

    /// The operation of a round at which its request is sent.
    pub(super) fn send_of(&self, start: u32) -> u32 {
        let rest = &self.model.program[start as usize..];
        start + rest.iter().position(|op| *op == Op::Send).unwrap_or(0) as u32
    }

    fn set_users(&mut self, clients: usize, users: u32) {
        let before = std::mem::replace(&mut self.model.clients[clients].users, users);
        let leaving = before.saturating_sub(users) as usize;
        let home: Vec<u32> = self.thinking(clients).take(leaving).collect();
        home.into_iter().for_each(|id| self.remove(id));
        let first = self.model.clients[clients].first;
        for _ in before..users {
            let task = self.new_task(Task::new(self.now, first, clients as u16));
            self.ready.push_back(task);
        }
    }
}

/// Both programs do the same steps at the same places.
fn have_one_shape(old: &Model, new: &Model) -> bool {
    let ops = |model: &Model| model.program.iter().map(|op| shape(*op)).collect::<Vec<_>>();
    let kind = |users: u32| users > 0;
    let same_stations = || {
        let pairs = old.groups.iter().zip(&new.groups);
        old.groups.len() == new.groups.len()
            && pairs.into_iter().all(|(old, new)| (old.first, old.count) == (new.first, new.count))
    };
    let same_clients = || {
        let pairs = old.clients.iter().zip(&new.clients);
        old.clients.len() == new.clients.len()
            && pairs.into_iter().all(|(old, new)| {
                (old.first, old.start, kind(old.users)) == (new.first, new.start, kind(new.users))
            })
    };
    ops(old) == ops(new)
        && old.stream_ids == new.stream_ids
        && old.accounts == new.accounts
        && old.samplers.len() == new.samplers.len()
        && new.tables_fit(old)
        && same_stations()
        && same_clients()
}

/// An operation without what may differ.
fn shape(op: Op) -> Op {
    match op {
        Op::Loop { register, end, .. } => Op::Loop { register, times: 0, end },
        Op::AskAndAcquire { group, register } => Op::Acquire { group, register },
        other => other,
    }
}

/// The two systems have the same parts, and differ in nothing that lives in a state of its own.
fn are_alike(before: &System, after: &System) -> bool {
    before.stale_is_wrong == after.stale_is_wrong
        && before.parts.len() == after.parts.len()
        && before.parts.iter().zip(&after.parts).all(|(a, b)| *a == with_numbers_of(a, b, before))
        && guarded_of(before) == guarded_of(after)
}

/// The part `after` with the numbers of `before` wherever those may differ.
fn with_numbers_of(before: &Part, after: &Part, system: &System) -> Part {
    let mut after = after.clone();
    match (before, &mut after) {
        (Part::Clients(a), Part::Clients(b)) => {
            (b.call, b.others) = (a.call.clone(), a.others.clone());
            take_arrivals(a, b);
        }
        (Part::Service(a), Part::Service(b)) => {
            b.workers_count = a.workers_count;
            take_queue(&a.queue, &mut b.queue, is_special(a, system));
            for (a, b) in a.endpoints.iter().zip(&mut b.endpoints) {
                b.steps.clone_from(&a.steps);
            }
        }
        (Part::Pool(a), Part::Pool(b)) => {
            b.connections_count = a.connections_count;
            take_queue(&a.queue, &mut b.queue, !a.queue.is_plain() || opens(a, system));
        }
        (Part::Lock(a), Part::Lock(b)) => {
            b.capacity = a.capacity;
            take_queue(&a.queue, &mut b.queue, !a.queue.is_plain());
        }
        (Part::Database(a), Part::Database(b)) => {
            (b.cores_count, b.round_trip) = (a.cores_count, a.round_trip.clone());
            if a.connection_bytes <= 0.0 {
                b.tables.clone_from(&a.tables);
            }
            if let (Some(a), Some(b), true) = (&a.disk, &mut b.disk, a.connection_bytes <= 0.0) {
                *b = DiskSettings { channels_count: b.channels_count, ..*a };
            }
        }
        _ => {}
    }
    after
}

/// Bounds of a queue; those of one with a discipline live in it.
fn take_queue(before: &Queue, after: &mut Queue, is_special: bool) {
    if !is_special {
        after.capacity = before.capacity;
    }
    after.wait_limit.clone_from(&before.wait_limit);
}

fn take_arrivals(before: &Clients, after: &mut Clients) {
    match (&before.arrivals, &mut after.arrivals) {
        (Arrivals::Open { gap: a }, Arrivals::Open { gap: b }) => b.clone_from(a),
        (
            Arrivals::Closed { users_count: a, think },
            Arrivals::Closed { users_count: b, think: to },
        ) => {
            *b = *a;
            to.clone_from(think);
        }
        (Arrivals::Poll { users_count: a, .. }, Arrivals::Poll { users_count: b, .. }) => *b = *a,
        _ => {}
    }
}

/// All calls with a guard, in the order of the document.
fn guarded_of(system: &System) -> Vec<&Call> {
    let mut found = Vec::new();
    for part in &system.parts {
        match part {
            Part::Clients(clients) => {
                clients.others.iter().for_each(|action| guarded_in_call(&action.call, &mut found));
                guarded_in_call(&clients.call, &mut found);
            }
            Part::Service(service) => {
                let endpoints = service.endpoints.iter();
                endpoints.for_each(|endpoint| guarded_in(&endpoint.steps, &mut found));
            }
            _ => {}
        }
    }
    found
}

fn guarded_in_call<'a>(call: &'a Call, found: &mut Vec<&'a Call>) {
    // Steps of a fallback are part of the guard, and compared with it.
    if *call.guard != guard::Settings::default() {
        found.push(call);
    }
}

fn guarded_in<'a>(steps: &'a [Step], found: &mut Vec<&'a Call>) {
    for step in steps {
        if let Step::Call(call) = step {
            guarded_in_call(call, found);
        } else {
            step.lists().into_iter().for_each(|steps| guarded_in(steps, found));
        }
    }
}
