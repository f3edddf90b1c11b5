//! Entrances: the ways into groups of stations that have more than a plain queue.
//!
//! An endpoint of such a service, or such a pool, is entered by an operation of its own, so that a
//! plain one pays nothing for it. The register of a server that was taken through an entrance holds
//! the entrance above the 16th bit, so that whoever gives it back finds the way.

use crate::policy::{BadSetting, queue};

use super::build::{BuildError, Builder};
use super::discipline::{Line, NO_LINE};
use super::record::Outcome;
use super::simulation::Simulation;
use super::system::{Endpoint, Queue};
use super::task::State;

/// A way into a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entrance {
    pub(super) group: u16,
    /// Class in queues by priority; `None` for that of the clients.
    pub(super) class: Option<u8>,
}

/// How a stay at a station ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The work was done.
    Done,
    /// The work came to nothing.
    Failed,
    /// Nobody waits for it any more, or it was not begun.
    Dropped,
}

/// What a register holds for a server taken through an entrance.
fn server_of(entrance: u16, station: u16) -> u32 {
    u32::from(entrance) << 16 | u32::from(station)
}

impl Builder<'_> {
    /// The entrance to an endpoint of a service, or to a pool, made if it is new.
    pub(super) fn entrance(&mut self, part: &str, group: u16, endpoint: Option<&Endpoint>) -> u16 {
        let name = endpoint.map_or("", |endpoint| &endpoint.name);
        let place = format!("{part}.{name}");
        if let Some((_, known)) = self.entrances.iter().find(|(known, _)| *known == place) {
            return *known;
        }
        let entrance = self.model.entrances.len() as u16;
        let class = endpoint.and_then(|endpoint| endpoint.priority);
        self.model.entrances.push(Entrance { group, class });
        self.entrances.push((place, entrance));
        entrance
    }

    /// A line of its own for a station.
    pub(super) fn line(&mut self, queue: &Queue) -> u16 {
        self.model.lines.push(Line::new(&settings_of(queue)));
        (self.model.lines.len() - 1) as u16
    }
}

/// Whether the queue of a part can be made.
pub(super) fn check_queue(part: &str, queue: &Queue) -> Result<(), BuildError> {
    settings_of(queue).check().map_err(|wrong| wrong_setting(part, wrong))
}

pub(super) fn wrong_setting(part: &str, wrong: BadSetting) -> BuildError {
    BuildError::Setting { part: part.to_owned(), reason: wrong.to_string() }
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
    pub(super) fn enter(&mut self, id: u32, entrance: u16, register: u8) -> bool {
        let Entrance { group, .. } = self.model.entrances[usize::from(entrance)];
        let model = &mut self.model.groups[usize::from(group)];
        if model.refused_share > 0.0
            && self.model.streams[usize::from(model.stream)].chance(model.refused_share)
        {
            self.fail(id, Outcome::Failed);
            return false;
        }
        let station = model.next_station();
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
            self.start_patience(id, group);
        }
        false
    }

    /// A task gave back a server it took through an entrance: whoever is next has it.
    pub(super) fn go_out(&mut self, server: u32, _ending: Ending) {
        self.serve_line(server as u16);
    }

    /// Takes a task that waits at an entrance out of the queue.
    pub(super) fn leave_line(&mut self, id: u32, server: u32) {
        let station = server as u16;
        let line = self.model.stations[usize::from(station)].line;
        debug_assert!(line != NO_LINE, "only they are entered");
        self.take_out_of_line(id, station);
    }
}
