//! The interpreter: runs requests through a built system, event by event.
//!
//! A task runs operations until one makes it wait; what it waits for wakes it again. A task waits
//! for at most one event, and ignores all others: cancelling a timer is forgetting its ticket.

use crate::engine::arena::Arena;
use crate::engine::events::{Event, Ticket};
use crate::engine::ring::Ring;
use crate::engine::{SimDuration, SimTime};

use super::build::{BuildError, build};
use super::built::Model;
use super::doors::Numbers;
use super::entrance::Ending;
use super::gauges::Stays;
use super::guard::Guarding;
use super::holdings::Holdings;
use super::once::Origins;
use super::program::Op;
use super::querying_build::PlannedQuery;
use super::record::{Outcome, Record};
use super::system::System;
use super::task::{State, Task};
use super::trace::Breakdown;
use super::turning::TURN_BIT;

/// Events about clients carry this bit and the number of the clients.
pub(super) const CLIENTS_BIT: u32 = 1 << 31;
/// Tasks in flight beyond this many end the run: 2 million of them take 160 MB.
pub(super) const TASKS_MAX: usize = 2_000_000;
/// Events beyond this many end the run.
const EVENTS_MAX: u64 = 1_000_000_000;
/// So many rounds of a loop count as an event, so that events bound all work even if no time passes.
const ROUNDS_MAX: u32 = 64;

/// Why a run went no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// Too many requests and attempts at once.
    #[error("stopped: more than 2 million requests and attempts were in flight")]
    InFlight,
    /// Too many events.
    #[error("stopped: the run took more than a billion events")]
    Events,
    /// Nothing will ever happen again.
    #[error("stopped: no further request will come")]
    Idle,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The events allowed in one step are used up.
    Running,
    /// The requests asked for have finished.
    Finished,
    /// A limit was hit; further steps do nothing.
    Stopped(Limit),
}

/// A system in motion.
#[derive(Debug, Clone)]
pub struct Simulation {
    pub(super) model: Model,
    pub(super) tasks: Arena<Task>,
    /// Tasks that were given what they waited for, in that order.
    pub(super) ready: Ring<u32>,
    pub(super) now: SimTime,
    pub(super) record: Record,
    pub(super) events_count: u64,
    pub(super) calls_count: u32,
    pub(super) stopped: Option<Limit>,
    pub(super) breakdown: Option<Box<Breakdown>>,
    pub(super) users: Numbers,
    /// What requests are about.
    pub(super) origins: Origins,
    pub(super) stays: Stays,
    pub(super) guarding: Guarding,
    /// What tasks hold that is no server.
    pub(super) holdings: Holdings,
}

impl Simulation {
    /// A system at rest at time zero, with all random streams derived from `seed`.
    ///
    /// # Errors
    /// Names the part of the system that cannot be built.
    pub fn new(system: &System, seed: u64) -> Result<Self, BuildError> {
        Self::starting_at(SimTime::ZERO, system, seed)
    }

    /// The same at another time: faults and waves are as far as they are then.
    ///
    /// # Errors
    /// Names the part of the system that cannot be built.
    pub fn starting_at(start: SimTime, system: &System, seed: u64) -> Result<Self, BuildError> {
        let model = build(system, seed)?;
        let mut simulation = Self {
            guarding: Guarding::new(&model),
            record: Record::new(model.clients.iter().map(|clients| clients.is_background)),
            model,
            tasks: Arena::default(),
            ready: Ring::default(),
            now: start,
            events_count: 0,
            calls_count: 0,
            stopped: None,
            breakdown: None,
            users: Numbers::default(),
            origins: Origins::default(),
            stays: Stays::default(),
            holdings: Holdings::default(),
        };
        simulation.schedule_faults();
        simulation.schedule_watches();
        simulation.start_instances();
        simulation.start_clients();
        Ok(simulation)
    }

    /// Checks that a system can be built, at less cost than building it to run.
    ///
    /// # Errors
    /// Names the part of the system that cannot be built.
    pub fn check(system: &System) -> Result<(), BuildError> {
        build(system, 0).map(|_| ())
    }

    /// Books the time of every request from now on; costs some speed.
    pub fn set_breakdown(&mut self, mut breakdown: Breakdown) {
        breakdown.prepare(self.model.accounts.clone());
        self.breakdown = Some(Box::new(breakdown));
        // The users of closed clients are there already.
        for id in self.tasks.ids() {
            self.book_begin(id);
        }
    }

    /// The booked times.
    pub fn breakdown(&self) -> Option<&Breakdown> {
        self.breakdown.as_deref()
    }

    /// The plans of all queries that a planner chose for, in the order of the program.
    pub fn plans(&self) -> &[PlannedQuery] {
        &self.model.plans
    }

    /// Simulated time.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Events processed.
    pub fn events_count(&self) -> u64 {
        self.events_count
    }

    /// Requests that have ended.
    pub fn finished(&self) -> u64 {
        self.record.batches.count()
    }

    /// Requests, attempts and branches under way, and users who think.
    pub fn tasks_count(&self) -> usize {
        self.tasks.len()
    }

    /// Memory held for requests in flight and their events, in bytes.
    pub fn bytes(&self) -> usize {
        self.tasks.bytes() + self.model.events.bytes()
    }

    /// A limit has ended the run: nothing more will happen.
    pub fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Runs until `finished` requests in all have ended, or for at most `events` events.
    pub fn advance(&mut self, finished: u64, events: u64) -> Progress {
        self.advance_to(finished, SimTime::NEVER, events)
    }

    /// Runs up to a point in time, or for at most `events` events.
    pub fn advance_until(&mut self, time: SimTime, events: u64) -> Progress {
        self.advance_to(u64::MAX, time, events)
    }

    fn advance_to(&mut self, finished: u64, until: SimTime, events: u64) -> Progress {
        if let Some(limit) = self.stopped {
            return Progress::Stopped(limit);
        }
        let last = self.events_count.saturating_add(events).min(EVENTS_MAX);
        loop {
            while let Some(task) = self.ready.pop_front() {
                if self.tasks.len() > TASKS_MAX {
                    return self.stop(Limit::InFlight);
                }
                self.run(task);
                if self.events_count >= last {
                    return self.pause(last);
                }
            }
            if self.record.batches.count() >= finished {
                return Progress::Finished;
            }
            if self.events_count >= last {
                return self.pause(last);
            }
            let Some(event) = self.model.events.pop_until(until) else {
                if until == SimTime::NEVER {
                    return self.stop(Limit::Idle);
                }
                self.now = self.now.max(until);
                return Progress::Finished;
            };
            self.events_count += 1;
            self.now = event.time;
            if event.subject & CLIENTS_BIT == 0 {
                self.wake(event);
            } else {
                if self.tasks.len() > TASKS_MAX {
                    return self.stop(Limit::InFlight);
                }
                self.arrive(event.subject & !CLIENTS_BIT);
            }
        }
    }

    /// The events allowed in one step are used up, or all that a run may take.
    fn pause(&mut self, last: u64) -> Progress {
        if last == EVENTS_MAX { self.stop(Limit::Events) } else { Progress::Running }
    }

    fn stop(&mut self, limit: Limit) -> Progress {
        self.stopped = Some(limit);
        Progress::Stopped(limit)
    }

    #[inline(always)]
    pub(super) fn schedule_arrival(&mut self, index: u32) {
        let clients = &self.model.clients[index as usize];
        let gap = clients.gap.sample(&mut self.model.streams[usize::from(clients.stream)]);
        // A gap of zero would never let time pass.
        let gap = SimDuration(gap.0.max(1));
        self.model.events.schedule(self.now + gap, CLIENTS_BIT | index);
    }

    #[inline]
    fn arrive(&mut self, index: u32) {
        if index & TURN_BIT != 0 {
            self.turn(index);
            return;
        }
        self.schedule_arrival(index);
        let start = self.model.clients[index as usize].start;
        let task = self.new_task(Task::new(self.now, start, index as u16));
        self.run(task);
    }

    /// Adds a task; inlined everywhere, because handing a whole task over costs a tenth of a run.
    #[inline(always)]
    pub(super) fn new_task(&mut self, task: Task) -> u32 {
        let id = self.tasks.insert(task);
        if self.breakdown.is_some() {
            self.book_begin(id);
        }
        id
    }

    #[inline]
    fn wake(&mut self, event: Event) {
        let task = &mut self.tasks[event.subject];
        if task.awaited != event.ticket {
            return;
        }
        task.awaited = Ticket::NONE;
        match task.state {
            State::Holding => {
                if self.breakdown.is_some() {
                    self.book_hold(event.subject);
                }
                self.run(event.subject);
            }
            State::Queued => self.wait_limit_reached(event.subject),
            State::Calling => self.timeout_reached(event.subject),
            State::BackingOff => {
                if self.breakdown.is_some() {
                    self.book_pause(event.subject);
                }
                self.send_attempt(event.subject);
            }
            State::Guarded | State::Admitted | State::Pausing => self.guard_due(event.subject),
            State::Running | State::Joining => {}
        }
    }

    /// Runs a task until it has to wait or ends.
    pub(super) fn run(&mut self, id: u32) {
        let mut rounds = 0;
        loop {
            let task = &mut self.tasks[id];
            task.state = State::Running;
            // The operation is read where it stands: a copy would load all its fields for each of them.
            let pc = task.pc;
            task.pc += 1;
            match self.model.program[pc as usize] {
                Op::Hold { sampler } => {
                    let sampler = &self.model.samplers[usize::from(sampler)];
                    let random = &mut self.model.streams[usize::from(sampler.stream)];
                    let span = sampler.kind.sample(random);
                    task.state = State::Holding;
                    task.since = self.now;
                    task.awaited = self.model.events.schedule(self.now + span, id);
                    return;
                }
                Op::Acquire { group, register } => {
                    let station = self.model.groups[usize::from(group)].next_station();
                    task.registers[usize::from(register)] = u32::from(station);
                    if !self.model.stations[usize::from(station)].try_take(self.now) {
                        self.wait_for(id, group, station);
                        return;
                    }
                    task.held |= 1 << register;
                }
                Op::Release { register } => {
                    task.held &= !(1 << register);
                    let server = task.registers[usize::from(register)];
                    self.release_server(id, register, server, Ending::Done);
                }
                Op::Loop { register, times, end } => {
                    task.registers[usize::from(register)] = times;
                    if times == 0 {
                        task.pc = end;
                    }
                }
                Op::Again { register, start } => {
                    let left = &mut task.registers[usize::from(register)];
                    *left -= 1;
                    if *left > 0 {
                        task.pc = start;
                    }
                    rounds += 1;
                    if rounds == ROUNDS_MAX {
                        self.events_count += 1;
                        self.ready.push_back(id);
                        return;
                    }
                }
                Op::Choose { choice, otherwise } => {
                    let choice = self.model.choices[usize::from(choice)];
                    if !self.model.streams[usize::from(choice.stream)].chance(choice.probability) {
                        task.pc = otherwise;
                    }
                }
                Op::Jump { to } => task.pc = to,
                Op::Send => {
                    task.started = self.now;
                    self.record.of(task.clients).sent += 1;
                }
                Op::Fail => {
                    self.fail(id, Outcome::Failed);
                    return;
                }
                Op::Return => {
                    self.finish(id, Outcome::InTime);
                    return;
                }
                Op::Call { .. } => {
                    task.pc -= 1;
                    task.attempts = 0;
                    self.send_attempt(id);
                    return;
                }
                Op::Fork { fork } => {
                    self.fork(id, fork);
                    return;
                }
                _ => {
                    if !self.run_rare(id) {
                        return;
                    }
                }
            }
        }
    }
}
