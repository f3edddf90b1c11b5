//! Pools at work whose connections are opened, closed and lost; plain pools know nothing of this.
//!
//! Who gets a place in the pool takes a connection that lies ready, or opens one and waits for that.
//! The register of the place says how far that has come: it names one of three entrances in a row, of
//! a place without a connection, of one whose connection is being opened, and of one that has it.

use std::ops::Range;

use crate::engine::SimDuration;

use super::built::{PartKind, PartModel};
use super::database::Shelf;
use super::entrance::server_of;
use super::record::{Mark, Outcome};
use super::simulation::Simulation;
use super::task::{NO_TASK, State};
use super::turning::Turn;

/// No pool that opens its connections.
pub(super) const NO_POOL: u16 = u16::MAX;
/// The entrance of a place whose connection is being opened, and of one that has it, after the first.
const OPENING: u16 = 1;
const CONNECTED: u16 = 2;

/// A pool that opens its connections.
#[derive(Debug, Clone)]
pub(super) struct PoolModel {
    pub(super) id: String,
    pub(super) group: u16,
    /// First of its three entrances.
    pub(super) entrance: u16,
    /// The number of the connections of its database, and the group of that.
    pub(super) crowd: u16,
    pub(super) database: u16,
    /// Time to open a connection, and where it is booked.
    pub(super) sampler: u16,
    pub(super) account: u16,
    pub(super) leak_share: f64,
    pub(super) leaks: u16,
    pub(super) idle: Option<SimDuration>,
    pub(super) least: u32,
    /// Connections of its stations.
    pub(super) first_shelf: u32,
    /// The group of the service whose instances have a pool each.
    pub(super) owner: Option<u16>,
    pub(super) counters: Counters,
}

/// The connections of one station of a pool.
#[derive(Debug, Clone)]
pub(super) struct ShelfModel {
    pub(super) pool: u16,
    /// An event will come that looks for connections to close.
    pub(super) is_watched: bool,
    pub(super) shelf: Shelf,
}

/// What became of the connections of a pool since the run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Connections opened.
    pub opened: u64,
    /// Openings that the database refused for its limit.
    pub refused: u64,
    /// Openings that failed because the database was down.
    pub failed: u64,
    /// Connections closed because nobody needed them.
    pub closed: u64,
    /// Connections never given back.
    pub leaked: u64,
}

/// What became of the connections of a pool in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolMeasure {
    /// Id of the pool.
    pub id: String,
    /// Id of its database.
    pub database: String,
    /// Events of the period.
    pub counters: Counters,
    /// Connections open at its end, over all instances.
    pub open: u32,
    /// Places that hold a connection nobody will give back, at its end.
    pub lost: u32,
    /// Most connections of the database, over all pools; `None` without a limit.
    pub limit: Option<u32>,
}

/// A step that takes a place in a pool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Borrow {
    pub(super) pool: u16,
    /// Whose instance has the pool, if each has its own.
    pub(super) home: Option<Home>,
}

/// The instance of a service that runs the present steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Home {
    pub(super) group: u16,
    /// The register that holds its worker,
    pub(super) register: u8,
    /// in the task so many parents up.
    pub(super) up: u8,
}

impl Home {
    /// The same for a branch; none for one too far inside.
    pub(super) fn of_parent(self) -> Option<Self> {
        Some(Self { up: self.up.checked_add(1)?, ..self })
    }
}

impl Simulation {
    /// Takes a place in a pool; false if the task has to wait or has failed.
    pub(super) fn borrow(&mut self, id: u32, borrow: u16, register: u8) -> bool {
        let Borrow { pool, home } = self.model.borrows[usize::from(borrow)];
        let PoolModel { group, entrance, .. } = self.model.pools[usize::from(pool)];
        let model = &mut self.model.groups[usize::from(group)];
        let is_refused = model.refused_share > 0.0
            && self.model.streams[usize::from(model.stream)].chance(model.refused_share);
        let instance = home.and_then(|home| self.instance(id, home));
        let model = &mut self.model.groups[usize::from(group)];
        let station = match instance {
            Some(instance) => model.first + instance,
            // Who outlives the request it was a branch of has no instance any more.
            None => model.next_station(),
        };
        if is_refused || self.is_refused_at(group, station) {
            self.fail(id, Outcome::Failed);
            return false;
        }
        self.take_or_wait(id, (entrance, station), register)
    }

    /// The number of the instance that a task is at work for.
    fn instance(&self, mut id: u32, home: Home) -> Option<u16> {
        for _ in 0..home.up {
            let task = &self.tasks[id];
            if task.parent == NO_TASK || self.tasks[task.parent].expects != task.answers {
                return None;
            }
            id = task.parent;
        }
        let task = &self.tasks[id];
        let is_held = task.held & (1 << home.register) != 0;
        let station = task.registers[usize::from(home.register)] as u16;
        let group = &self.model.groups[usize::from(home.group)];
        (is_held && group.stations().contains(&station)).then(|| station - group.first)
    }

    /// Takes a connection that lies ready, or opens one; false if that takes time or fails.
    pub(super) fn connect(&mut self, id: u32, pool: u16, register: u8) -> bool {
        let station = self.tasks[id].registers[usize::from(register)] as u16;
        let shelf = self.shelf_of(pool, station);
        let model = &mut self.model.pools[usize::from(pool)];
        let shelf = &mut self.model.shelves[shelf].shelf;
        if shelf.take() {
            return true;
        }
        let database = &self.model.groups[usize::from(model.database)];
        let random = &mut self.model.streams[usize::from(database.stream)];
        if database.refused_share > 0.0 && random.chance(database.refused_share) {
            model.counters.failed += 1;
            self.fail(id, Outcome::Failed);
            return false;
        }
        if !self.model.crowds[usize::from(model.crowd)].connections.open() {
            model.counters.refused += 1;
            self.fail(id, Outcome::Failed);
            return false;
        }
        shelf.begin();
        model.counters.opened += 1;
        let sampler = &self.model.samplers[usize::from(model.sampler)];
        let span = sampler.kind.sample(&mut self.model.streams[usize::from(sampler.stream)]);
        let task = &mut self.tasks[id];
        task.registers[usize::from(register)] = server_of(model.entrance + OPENING, station);
        task.state = State::Holding;
        task.since = self.now;
        task.awaited = self.model.events.schedule(self.now + span, id);
        false
    }

    /// The connection is open, or was ready.
    pub(super) fn connected(&mut self, id: u32, pool: u16, register: u8) {
        let entrance = self.model.pools[usize::from(pool)].entrance;
        let place = &mut self.tasks[id].registers[usize::from(register)];
        *place = server_of(entrance + CONNECTED, *place as u16);
    }

    fn shelf_of(&self, pool: u16, station: u16) -> usize {
        let model = &self.model.pools[usize::from(pool)];
        let first = self.model.groups[usize::from(model.group)].first;
        (model.first_shelf + u32::from(station - first)) as usize
    }

    /// A place in a pool is given back through one of its entrances; true if it is lost.
    pub(super) fn give_connection_back(&mut self, pool: u16, entrance: u16, station: u16) -> bool {
        let number = self.shelf_of(pool, station);
        let model = &mut self.model.pools[usize::from(pool)];
        let place = &mut self.model.shelves[number];
        let shelf = &mut place.shelf;
        match entrance - model.entrance {
            OPENING => {
                let closed = u32::from(shelf.close());
                self.model.crowds[usize::from(model.crowd)].connections.close(closed);
            }
            CONNECTED => {
                let random = &mut self.model.streams[usize::from(model.leaks)];
                if model.leak_share > 0.0 && random.chance(model.leak_share) {
                    model.counters.leaked += 1;
                    shelf.leak();
                    self.model.stations[usize::from(station)].keep();
                    return true;
                }
                shelf.give_back(self.now);
                if model.idle.is_some() && !place.is_watched && shelf.open() > model.least {
                    self.watch_idle(number as u32);
                }
            }
            _ => {}
        }
        false
    }

    /// Comes back when the connection that has been ready longest has been so for too long.
    fn watch_idle(&mut self, number: u32) {
        let place = &mut self.model.shelves[number as usize];
        let idle = self.model.pools[usize::from(place.pool)].idle;
        if let Some(at) = idle.and_then(|idle| place.shelf.expires(idle)) {
            place.is_watched = true;
            self.model.events.schedule(at.max(self.now), Turn::Idle.about(number));
        }
    }

    /// Closes the connections of a pool that have been ready for too long.
    pub(super) fn close_idle(&mut self, number: u32) {
        let ShelfModel { pool, is_watched, shelf } = &mut self.model.shelves[number as usize];
        *is_watched = false;
        let model = &mut self.model.pools[usize::from(*pool)];
        let Some(idle) = model.idle else { return };
        let closed = shelf.expire(self.now, idle, model.least);
        model.counters.closed += u64::from(closed);
        self.model.crowds[usize::from(model.crowd)].connections.close(closed);
        // Where only so many are left as shall stay, nothing is due until more have been open.
        if shelf.open() > model.least {
            self.watch_idle(number);
        }
    }

    /// These stations have crashed: connections to a database are lost, and so are the pools of the
    /// instances of a service.
    pub(super) fn lose_connections(&mut self, stations: &Range<u16>) {
        for number in 0..self.model.shelves.len() {
            let ShelfModel { pool, shelf, .. } = &mut self.model.shelves[number];
            let model = &self.model.pools[usize::from(*pool)];
            let station_of = |group: u16| self.model.groups[usize::from(group)].first;
            let instance = (number as u32 - model.first_shelf) as u16;
            let is_gone =
                model.owner.is_some_and(|owner| stations.contains(&(station_of(owner) + instance)));
            let (closed, regained) = if is_gone {
                shelf.lose_owner()
            } else if stations.contains(&station_of(model.database)) {
                (shelf.lose_server(), 0)
            } else {
                continue;
            };
            self.model.crowds[usize::from(model.crowd)].connections.close(closed);
            let station = station_of(model.group) + instance;
            self.model.stations[usize::from(station)].regain(regained, self.now);
            if regained > 0 {
                self.serve_line(station);
            }
        }
    }

    pub(super) fn pool_counters(&self) -> Vec<Counters> {
        self.model.pools.iter().map(|pool| pool.counters).collect()
    }

    pub(super) fn pool_measures(&self, begin: Option<&Mark>) -> Vec<PoolMeasure> {
        let measures = self.model.pools.iter().enumerate().map(|(index, pool)| {
            let before = begin.map_or_else(Counters::default, |mark| mark.pools[index]);
            let first = pool.first_shelf as usize;
            let count = usize::from(self.model.groups[usize::from(pool.group)].count);
            let shelves = || self.model.shelves[first..first + count].iter();
            let connections = &self.model.crowds[usize::from(pool.crowd)].connections;
            let database = self.model.groups[usize::from(pool.database)].first;
            let of_database =
                |part: &&PartModel| part.kind == PartKind::Database && part.first == database;
            let database = self.model.parts.iter().find(of_database);
            PoolMeasure {
                id: pool.id.clone(),
                database: database.map_or_else(String::new, |part| part.id.clone()),
                counters: pool.counters.since(&before),
                open: shelves().map(|place| place.shelf.open()).sum(),
                lost: shelves().map(|place| place.shelf.leaked()).sum(),
                limit: Some(connections.limit()).filter(|limit| *limit < u32::MAX),
            }
        });
        measures.collect()
    }

    /// What a digest is made of, if there are such pools.
    pub(super) fn pool_numbers(&self, add: &mut impl FnMut(u64)) {
        for pool in &self.model.pools {
            let Counters { opened, refused, failed, closed, leaked } = pool.counters;
            [opened, refused, failed, closed, leaked].into_iter().for_each(&mut *add);
        }
    }
}

impl Counters {
    fn since(&self, before: &Self) -> Self {
        Self {
            opened: self.opened - before.opened,
            refused: self.refused - before.refused,
            failed: self.failed - before.failed,
            closed: self.closed - before.closed,
            leaked: self.leaked - before.leaked,
        }
    }
}
