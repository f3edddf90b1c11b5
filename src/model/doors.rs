//! Doors: limits on the rate of requests, passed before a server is asked for.
//!
//! A door is an operation of its own before the acquisition, so that parts without one pay nothing.
//! Limits for each user need to know whose request it is: then, and only then, a table keeps the
//! number of the user by task.

use crate::engine::SimDuration;
use crate::policy::admission::Decision;
use crate::policy::admission::keyed::{Keyed, Scope};

use super::build::{BuildError, Builder, wrong_setting};
use super::program::Op;
use super::record::Outcome;
use super::simulation::Simulation;
use super::system::{Admission, Arrivals, Clients, Part};
use super::task::State;

/// Nobody has been asked for a number yet.
const NO_USER: u32 = u32::MAX;

/// A limit on the rate before a group.
#[derive(Debug, Clone)]
pub(super) struct Door {
    limits: Keyed,
    scope: Scope,
    /// Where those that were turned away are counted, and waiting is booked.
    pub(super) group: u16,
}

/// The numbers of users, or of what requests are about, by task; empty unless somebody asks for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    by_task: Vec<u32>,
}

/// The users of some clients.
#[derive(Debug, Clone, Copy)]
pub(super) struct UserRange {
    /// Number of the first; those of closed clients are given in turn.
    first: u32,
    /// How many the requests of open clients come from; 0 for closed clients.
    drawn_from: u32,
    /// Closed users that have got theirs.
    known: u32,
    stream: u16,
}

impl Builder<'_> {
    /// The doors of these limits, in order, made if they are new.
    pub(super) fn doors(
        &mut self,
        owner: &str,
        part: &str,
        group: u16,
        admission: &[Admission],
    ) -> Result<Vec<u16>, BuildError> {
        if let Some((_, known)) = self.doors.iter().find(|(known, _)| known == owner) {
            return Ok(known.clone());
        }
        let mut doors = Vec::new();
        for limit in admission {
            let Admission::Rate { limit, scope } = limit else { continue };
            let keys = match scope {
                Scope::Global => 1,
                Scope::PerTenant => self.clients().count() as u32,
                Scope::PerUser => self.clients().map(users_of).fold(0, u32::saturating_add),
            };
            limit.check(keys).map_err(|wrong| wrong_setting(part, wrong))?;
            doors.push(self.model.doors.len() as u16);
            self.model.doors.push(Door { limits: Keyed::new(limit, keys), scope: *scope, group });
        }
        self.doors.push((owner.to_owned(), doors.clone()));
        Ok(doors)
    }

    /// Emits what gives a request the number of its user, if any limit asks for it.
    pub(super) fn identify(&mut self, clients: &Clients) {
        if !self.system.parts.iter().any(asks_for_users) {
            return;
        }
        let first = self.clients().take_while(|other| other.id != clients.id);
        let first = first.map(users_of).fold(0, u32::saturating_add);
        let drawn_from = if waits(clients).is_none() { users_of(clients) } else { 0 };
        let stream = self.stream(&clients.id, "user");
        self.emit(Op::Identify { range: self.model.user_ranges.len() as u16 });
        self.model.user_ranges.push(UserRange { first, drawn_from, known: 0, stream });
    }

    fn clients(&self) -> impl Iterator<Item = &Clients> {
        self.system.parts.iter().filter_map(|part| match part {
            Part::Clients(clients) => Some(clients),
            _ => None,
        })
    }
}

fn users_of(clients: &Clients) -> u32 {
    waits(clients).unwrap_or(clients.users_count.max(1))
}

/// How many users wait for their outcomes, if they do.
fn waits(clients: &Clients) -> Option<u32> {
    match clients.arrivals {
        Arrivals::Open { .. } | Arrivals::Timed { .. } => None,
        Arrivals::Closed { users_count, .. } | Arrivals::Poll { users_count, .. } => {
            Some(users_count)
        }
    }
}

fn asks_for_users(part: &Part) -> bool {
    let Part::Service(service) = part else { return false };
    let limits = service.endpoints.iter().flat_map(|endpoint| &endpoint.admission);
    let is_asking =
        |limit: &Admission| matches!(limit, Admission::Rate { scope: Scope::PerUser, .. });
    limits.chain(&service.admission).any(is_asking)
}

impl Simulation {
    /// Asks a door; false if the task has to wait before it or was turned away.
    #[inline(never)]
    pub(super) fn knock(&mut self, id: u32, door: u16) -> bool {
        let Door { limits, scope, group } = &mut self.model.doors[usize::from(door)];
        let tenant = u32::from(self.tasks[id].clients);
        let user = match scope {
            Scope::PerUser => self.users.of(id),
            Scope::Global | Scope::PerTenant => 0,
        };
        match limits.decide(scope.key(user, tenant), self.now) {
            Decision::Admit => true,
            Decision::Delay(span) => {
                let task = &mut self.tasks[id];
                task.state = State::Holding;
                task.since = self.now;
                task.awaited = self.model.events.schedule(self.now + span, id);
                false
            }
            Decision::Reject { retry_after } => {
                let group = *group;
                self.turn_away(id, group, retry_after);
                false
            }
        }
    }

    /// Fails a task that a limit of a group did not let in.
    pub(super) fn turn_away(&mut self, id: u32, group: u16, retry_after: SimDuration) {
        let first = self.model.groups[usize::from(group)].first;
        self.model.stations[usize::from(first)].counters.rejected += 1;
        self.fail_naming(id, Outcome::Shed, retry_after);
    }

    /// Gives a new request the number of its user.
    #[inline(never)]
    pub(super) fn identify(&mut self, id: u32, range: u16) {
        let UserRange { first, drawn_from, known, stream } =
            &mut self.model.user_ranges[usize::from(range)];
        let user = if *drawn_from > 0 {
            let random = &mut self.model.streams[usize::from(*stream)];
            *first + random.below(u64::from(*drawn_from)) as u32
        } else {
            // A closed user keeps its task, and so its number.
            if self.users.of(id) != NO_USER {
                return;
            }
            *known += 1;
            *first + *known - 1
        };
        self.users.set(id, user);
    }

    /// Gives an attempt or a branch the numbers of the user it is for, and of what it is about.
    #[cold]
    #[inline(never)]
    pub(super) fn inherit_user(&mut self, parent: u32, child: u32) {
        let user = self.users.of(parent);
        self.users.set(child, user);
        self.inherit_origin(parent, child);
    }
}

impl Numbers {
    pub(super) fn of(&self, id: u32) -> u32 {
        self.by_task.get(id as usize).copied().unwrap_or(NO_USER)
    }

    pub(super) fn set(&mut self, id: u32, user: u32) {
        let place = id as usize;
        if place >= self.by_task.len() {
            self.by_task.resize(place + place / 4 + 64, NO_USER);
        }
        self.by_task[place] = user;
    }
}
