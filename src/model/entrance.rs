//! Entrances: the ways into groups of stations that have more than a plain queue.
//!
//! An endpoint of such a service, or such a pool, is entered by an operation of its own, so that a
//! plain one pays nothing for it. The register of a server that was taken through an entrance holds
//! the entrance above the 16th bit, so that whoever gives it back finds the way.

use crate::policy::admission::Decision;
use crate::policy::queue;

use super::build::{BuildError, Builder, wrong_setting};
use super::discipline::Line;
use super::gauges::{GAUGES_MAX, NO_GAUGE, list_of};
use super::pooling::NO_POOL;
use super::program::Op;
use super::record::Outcome;
use super::simulation::Simulation;
use super::starting::{Warmth, differ};
use super::system::{Admission, Endpoint, Queue, Service, System};
use super::task::State;

/// A way into a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entrance {
    pub(super) group: u16,
    /// Class in queues by priority; `None` for that of the clients.
    pub(super) class: Option<u8>,
    gauges: [u16; GAUGES_MAX],
    /// The pool, if its connections are opened.
    pub(super) pool: u16,
}

impl Entrance {
    /// A way into a group without gauges, to a pool that opens its connections.
    pub(super) fn to_pool(group: u16, pool: u16) -> Self {
        Self { group, class: None, gauges: [NO_GAUGE; GAUGES_MAX], pool }
    }

    /// Its gauges, in the order in which they are asked.
    pub(super) fn gauges(&self) -> impl Iterator<Item = u16> + use<> {
        self.gauges.into_iter().take_while(|gauge| *gauge != NO_GAUGE)
    }
}

/// How a stay at a station ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The work was done.
    Done,
    /// The work came to nothing.
    Failed,
    /// Nobody waits for it any more.
    Dropped,
}

/// What a register holds for a server taken through an entrance.
pub(super) fn server_of(entrance: u16, station: u16) -> u32 {
    u32::from(entrance) << 16 | u32::from(station)
}

impl Builder<'_> {
    /// Emits the limits on the rate of a service and of one of its endpoints.
    pub(super) fn knock(
        &mut self,
        service: &Service,
        endpoint: &Endpoint,
        place: &str,
    ) -> Result<(), BuildError> {
        let id = &service.id;
        let group = self.place(id)?.group;
        let mut doors = self.doors(id, id, group, &service.admission)?;
        doors.extend(self.doors(place, id, group, &endpoint.admission)?);
        for door in doors {
            self.emit(Op::Knock { door });
        }
        Ok(())
    }

    /// The entrance to an endpoint of a service, or to a pool, made if it is new.
    pub(super) fn entrance(
        &mut self,
        part: &str,
        group: u16,
        endpoint: Option<(&Service, &Endpoint)>,
    ) -> Result<u16, BuildError> {
        let name = endpoint.map_or("", |(_, endpoint)| &endpoint.name);
        let place = format!("{part}.{name}");
        if let Some((_, known)) = self.entrances.iter().find(|(known, _)| *known == place) {
            return Ok(*known);
        }
        let mut made = Entrance::to_pool(group, NO_POOL);
        if let Some((service, endpoint)) = endpoint {
            let shared = self.gauges(part, part, &service.admission)?;
            let own = self.gauges(&place, part, &endpoint.admission)?;
            made.gauges = list_of(part, &shared, &own)?;
            made.class = endpoint.priority;
        }
        let entrance = self.model.entrances.len() as u16;
        self.model.entrances.push(made);
        self.entrances.push((place, entrance));
        Ok(entrance)
    }

    /// A line of its own for a station.
    pub(super) fn line(&mut self, queue: &Queue) -> u16 {
        self.model.lines.push(Line::new(&settings_of(queue)));
        (self.model.lines.len() - 1) as u16
    }
}

/// A service has more than plain queues before instances that take turns.
pub(super) fn is_special(service: &Service, system: &System) -> bool {
    service.balancer.is_some()
        || !service.queue.is_plain()
        || has_gauges(service)
        || differ(service, system)
}

fn has_gauges(service: &Service) -> bool {
    let of_endpoints = service.endpoints.iter().flat_map(|endpoint| &endpoint.admission);
    let is_gauge = |limit: &Admission| !matches!(limit, Admission::Rate { .. });
    service.admission.iter().chain(of_endpoints).any(is_gauge)
}

/// Whether the queue of a part can be made.
pub(super) fn check_queue(part: &str, queue: &Queue) -> Result<(), BuildError> {
    settings_of(queue).check().map_err(|wrong| wrong_setting(part, wrong))
}

fn settings_of(queue: &Queue) -> queue::Settings {
    queue::Settings {
        order: queue.order,
        shed: queue.shed,
        capacity: queue.capacity.unwrap_or(u32::MAX),
        when_full: queue.when_full,
    }
}

impl Simulation {
    /// Takes a server through an entrance; false if the task has to wait or has failed.
    #[inline(never)]
    pub(super) fn enter(&mut self, id: u32, entrance: u16, register: u8) -> bool {
        let way = self.model.entrances[usize::from(entrance)];
        let group = way.group;
        let model = &mut self.model.groups[usize::from(group)];
        if model.refused_share > 0.0
            && self.model.streams[usize::from(model.stream)].chance(model.refused_share)
        {
            self.fail(id, Outcome::Failed);
            return false;
        }
        let Some(station) = self.pick_elsewhere(id, register, group) else {
            self.fail(id, Outcome::Failed);
            return false;
        };
        self.model.stations[usize::from(station)].counters.sent += 1;
        if self.is_refused_at(group, station) {
            self.tell_balancer(group, station, Ending::Failed);
            self.fail(id, Outcome::Failed);
            return false;
        }
        if let Decision::Reject { retry_after } = self.ask_gauges(id, &way, station) {
            self.unpick_station(group, station);
            self.turn_away(id, group, retry_after);
            return false;
        }
        self.note_came(id, register);
        let is_taken = self.take_or_wait(id, (entrance, station), register);
        if is_taken {
            self.note_served(id, register);
        }
        is_taken
    }

    /// Takes a server of a station that was come to through an entrance; false if the task has to
    /// wait in its line, or found no place there.
    #[inline]
    pub(super) fn take_or_wait(
        &mut self,
        id: u32,
        (entrance, station): (u16, u16),
        register: u8,
    ) -> bool {
        let task = &mut self.tasks[id];
        task.registers[usize::from(register)] = server_of(entrance, station);
        if self.model.stations[usize::from(station)].try_take(self.now) {
            task.held |= 1 << register;
            return true;
        }
        task.pc -= 1;
        task.since = self.now;
        task.state = State::Queued;
        if self.join_line(id, station) {
            self.start_patience(id, self.model.entrances[usize::from(entrance)].group);
        }
        false
    }

    /// A task gave back a server it took through an entrance: whoever is next has it.
    #[cold]
    #[inline(never)]
    pub(super) fn go_out(&mut self, id: u32, register: u8, ending: Ending) {
        let server = self.tasks[id].registers[usize::from(register)];
        let number = (server >> 16) as u16;
        let Entrance { pool, .. } = self.model.entrances[usize::from(number)];
        if pool == NO_POOL {
            self.tell(id, register, ending, true);
        } else if self.give_connection_back(pool, number, server as u16) {
            // It is lost to the pool, and so to whoever waits.
            return;
        }
        self.serve_line(server as u16);
    }

    /// Takes a task that waits at an entrance out of the queue.
    #[cold]
    pub(super) fn leave_line(&mut self, id: u32, register: u8, ending: Ending) {
        let server = self.tasks[id].registers[usize::from(register)];
        self.take_out_of_line(id, server as u16);
        self.tell(id, register, ending, false);
    }

    /// Tells all that watch an entrance that a task is out, served or not.
    pub(super) fn tell(&mut self, id: u32, register: u8, ending: Ending, was_served: bool) {
        let server = self.tasks[id].registers[usize::from(register)];
        let way = self.model.entrances[(server >> 16) as usize];
        self.tell_gauges(id, register, &way, ending, was_served);
        self.tell_balancer(way.group, server as u16, ending);
    }

    /// Whether a fault of one station refuses the next task.
    pub(super) fn is_refused_at(&mut self, group: u16, station: u16) -> bool {
        let model = &mut self.model;
        let line = &mut model.lines[usize::from(model.stations[usize::from(station)].line)];
        let stream = usize::from(model.groups[usize::from(group)].stream);
        let is_refused = line.warmth == Warmth::Down
            || line.refused_share > 0.0 && model.streams[stream].chance(line.refused_share);
        line.refusals += u64::from(is_refused);
        is_refused
    }

    /// Ends a task that waited at an entrance, and is in its line no more.
    pub(super) fn turn_back(&mut self, id: u32, outcome: Outcome) {
        let op = self.model.program[self.tasks[id].pc as usize];
        if let Some(register) = op.acquired() {
            self.tell(id, register, Ending::Failed, false);
        }
        self.fail(id, outcome);
    }
}
