//! Faults: what is done to a system while it runs, and undone later.
//!
//! A fault costs nothing while it is not there: it changes the numbers and operations that requests
//! work with at its beginning, and puts them back at its end.

use std::ops::Range;

use crate::engine::SimTime;
use crate::engine::events::Ticket;

use super::build::{BuildError, Builder, unknown};
use super::discipline::NO_LINE;
use super::entrance::Ending;
use super::holdings::HOLDING;
use super::program::{Op, REGISTERS, Spent};
use super::record::Outcome;
use super::simulation::Simulation;
use super::system::{Effect, Fault, Part};
use super::task::State;
use super::turning::Turn;

/// A fault whose names are resolved.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FaultModel {
    pub(super) from: SimTime,
    pub(super) until: SimTime,
    pub(super) effect: EffectModel,
}

/// What a fault does, by number.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum EffectModel {
    /// These samplers draw so many times as much.
    Scale { samplers: Vec<u16>, factor: f64 },
    /// These clients come so many times as often.
    Spike { clients: u16, factor: f64 },
    /// The work of this station takes so many times as long.
    SlowOne { station: u16, factor: f64 },
    /// These stations of this group give no server to anyone.
    Stop { group: u16, stations: Range<u16> },
    /// All work on this machine takes so many times as long.
    SlowMachine { machine: u16, factor: f64 },
    /// This cache loses its entries.
    Flush { cache: u16 },
    /// This share of what asks for a server of this group fails at once; with `loses`, so does all
    /// that it works on or keeps waiting.
    Refuse { group: u16, share: f64, loses: bool },
    /// The same with one station.
    RefuseOne { station: u16, share: f64, loses: bool },
    /// Nothing passes over these networks.
    Cut { wires: Vec<u16> },
    /// A share of the messages over these networks is lost.
    Drop { wires: Vec<u16>, share: f64 },
    /// These stations have a version that refuses a share of what comes, and is slower.
    Deploy { stations: Range<u16>, errors: f64, factor: f64 },
}

impl Builder<'_> {
    /// Adds a fault; all parts and endpoints must have been compiled.
    pub(super) fn add_fault(&mut self, fault: &Fault) -> Result<(), BuildError> {
        let effect = match &fault.effect {
            effect if fault.instance.is_some() => self.effect_on_one(fault, effect)?,
            Effect::Spike { factor } => {
                let clients = self.client_ids.iter().position(|id| *id == fault.part);
                let clients = clients.ok_or_else(|| unknown("clients", &fault.part))?;
                EffectModel::Spike { clients: clients as u16, factor: *factor }
            }
            Effect::Slow { factor } if self.machine_of(&fault.part).is_some() => {
                let machine = self.machine_of(&fault.part).unwrap_or_default();
                EffectModel::SlowMachine { machine, factor: *factor }
            }
            Effect::Slow { factor } => {
                self.group_of(&fault.part)?;
                let is_work =
                    |what| matches!(what, Spent::Computing | Spent::Query | Spent::Outside);
                EffectModel::Scale {
                    samplers: self.samplers_of(&fault.part, is_work),
                    factor: *factor,
                }
            }
            Effect::Delay { factor } => {
                if self.cache_of(&fault.part).is_err() {
                    self.group_of(&fault.part)?;
                }
                let is_network = |what| what == Spent::Network;
                EffectModel::Scale {
                    samplers: self.samplers_of(&fault.part, is_network),
                    factor: *factor,
                }
            }
            Effect::Flush => EffectModel::Flush { cache: self.cache_of(&fault.part)? },
            Effect::Stop => {
                let group = self.group_of(&fault.part)?;
                let stations = self.model.groups[usize::from(group)].stations();
                EffectModel::Stop { group, stations }
            }
            Effect::Partition => EffectModel::Cut { wires: self.wires_of(fault)? },
            Effect::Drop { share } => {
                EffectModel::Drop { wires: self.wires_of(fault)?, share: *share }
            }
            Effect::Deploy { share, errors, factor } => {
                let group = self.service_group(&fault.part)?;
                self.model.groups[usize::from(group)].stream = self.stream(&fault.part, "refusal");
                let all = self.model.groups[usize::from(group)].stations();
                let count = (f64::from(all.len() as u16) * share).ceil().max(1.0) as u16;
                let stations = all.start..all.end.min(all.start + count);
                EffectModel::Deploy { stations, errors: *errors, factor: *factor }
            }
            Effect::Crash => self.refusal(&fault.part, 1.0, true)?,
            Effect::Refuse { share } => self.refusal(&fault.part, *share, false)?,
        };
        if fault.until <= fault.from {
            return Ok(());
        }
        self.model.faults.push(FaultModel { from: fault.from, until: fault.until, effect });
        Ok(())
    }

    /// What a fault does to one instance of a service.
    fn effect_on_one(&mut self, fault: &Fault, effect: &Effect) -> Result<EffectModel, BuildError> {
        let part = &fault.part;
        let group = self.group_of(part)?;
        let stations = self.model.groups[usize::from(group)].stations();
        let number = fault.instance.unwrap_or_default();
        let found = stations.clone().nth((number as usize).wrapping_sub(1));
        let station = found.filter(|station| {
            // Only services have instances, and this one is entered so that they can be told apart.
            self.model.stations[usize::from(*station)].line != NO_LINE
        });
        let Some(station) = station else {
            return Err(BuildError::Count {
                what: format!("instance of `{part}`"),
                found: u64::from(number),
                possible: format!("1 to {} of a service", stations.len()),
            });
        };
        let stream = self.stream(part, "refusal");
        self.model.groups[usize::from(group)].stream = stream;
        Ok(match *effect {
            Effect::Slow { factor } => EffectModel::SlowOne { station, factor },
            Effect::Stop => EffectModel::Stop { group, stations: station..station + 1 },
            Effect::Crash => EffectModel::RefuseOne { station, share: 1.0, loses: true },
            Effect::Refuse { share } => EffectModel::RefuseOne { station, share, loses: false },
            Effect::Spike { .. }
            | Effect::Delay { .. }
            | Effect::Flush
            | Effect::Partition
            | Effect::Drop { .. }
            | Effect::Deploy { .. } => {
                let reason = "one instance can be slow, stop, crash or refuse, and nothing else";
                return Err(BuildError::Setting { part: part.clone(), reason: reason.to_owned() });
            }
        })
    }

    fn service_group(&self, part: &str) -> Result<u16, BuildError> {
        let is_it = |found: &Part| matches!(found, Part::Service(service) if service.id == part);
        if self.system.parts.iter().any(is_it) {
            return self.group_of(part);
        }
        Err(unknown("service", part))
    }

    fn refusal(&mut self, part: &str, share: f64, loses: bool) -> Result<EffectModel, BuildError> {
        let group = self.group_of(part)?;
        self.model.groups[usize::from(group)].stream = self.stream(part, "refusal");
        Ok(EffectModel::Refuse { group, share, loses })
    }

    fn machine_of(&self, part: &str) -> Option<u16> {
        let found = self.model.machines.iter().position(|machine| machine.id == part);
        found.map(|index| index as u16)
    }

    fn group_of(&self, part: &str) -> Result<u16, BuildError> {
        Ok(self.place(part)?.group)
    }

    fn samplers_of(&self, part: &str, is_meant: impl Fn(Spent) -> bool) -> Vec<u16> {
        let accounts = &self.model.accounts;
        let is_of = |account: u16| {
            let account = &accounts[usize::from(account)];
            account.part == part && is_meant(account.what)
        };
        let samplers = self.model.samplers.iter().enumerate();
        samplers.filter(|(_, s)| is_of(s.account)).map(|(index, _)| index as u16).collect()
    }
}

impl Simulation {
    /// Schedules the beginnings and ends of all faults.
    pub(super) fn schedule_faults(&mut self) {
        for (index, fault) in self.model.faults.iter().enumerate() {
            // Of a run that begins later, what is over by then has never been.
            if fault.until <= self.now {
                continue;
            }
            let number = 2 * index as u32;
            self.model.events.schedule(fault.from.max(self.now), Turn::Fault.about(number));
            self.model.events.schedule(fault.until, Turn::Fault.about(number + 1));
        }
    }

    /// Begins or ends the fault of an event: even numbers begin, odd ones end.
    #[cold]
    pub(super) fn turn_fault(&mut self, number: u32) {
        let begins = number.is_multiple_of(2);
        let fault = self.model.faults[number as usize / 2].clone();
        match fault.effect {
            EffectModel::Scale { samplers, factor } => {
                let factor = if begins { factor } else { 1.0 / factor };
                for sampler in samplers {
                    self.model.samplers[usize::from(sampler)].kind.scale(factor);
                }
            }
            EffectModel::Spike { clients, factor } => {
                self.hurry(clients, if begins { factor } else { 1.0 / factor });
            }
            EffectModel::SlowMachine { machine, .. } => {
                let factor = |effect: &EffectModel| match *effect {
                    EffectModel::SlowMachine { machine: of, factor } if of == machine => factor,
                    _ => 1.0,
                };
                let all = self.faults_there(number).map(factor).product();
                self.slow_machine(machine, all);
            }
            EffectModel::Flush { cache } => {
                if begins {
                    self.flush(cache);
                }
            }
            EffectModel::Stop { group, stations } => {
                for station in stations {
                    let is_of = |effect: &EffectModel| matches!(effect, EffectModel::Stop { stations, .. } if stations.contains(&station));
                    let is_stopped = self.faults_there(number).any(is_of);
                    self.model.stations[usize::from(station)].is_stopped = is_stopped;
                }
                if !begins {
                    self.serve_waiting(group);
                }
            }
            EffectModel::SlowOne { station, factor } => {
                let line = usize::from(self.model.stations[usize::from(station)].line);
                self.model.lines[line].slow *= if begins { factor } else { 1.0 / factor };
            }
            EffectModel::RefuseOne { station, loses, .. } => {
                self.refuse_at(number, station);
                if begins && loses {
                    self.lose(station..station + 1);
                    self.lose_connections(&(station..station + 1));
                }
                if !begins && loses {
                    self.start_cold(station..station + 1, true);
                }
            }
            EffectModel::Refuse { group, loses, .. } => {
                let share = |effect: &EffectModel| match *effect {
                    EffectModel::Refuse { group: of, share, .. } if of == group => share,
                    _ => 0.0,
                };
                let most = self.faults_there(number).map(share).fold(0.0, f64::max);
                self.model.groups[usize::from(group)].refused_share = most;
                self.swap_acquires(group, most > 0.0);
                if begins && loses {
                    let stations = self.model.groups[usize::from(group)].stations();
                    self.lose(stations.clone());
                    self.lose_connections(&stations);
                }
                if !begins && loses {
                    self.start_cold(self.model.groups[usize::from(group)].stations(), true);
                }
            }
            EffectModel::Cut { wires } | EffectModel::Drop { wires, .. } => {
                self.disturb(number, &wires);
            }
            EffectModel::Deploy { stations, factor, .. } => {
                for station in stations.clone() {
                    self.refuse_at(number, station);
                    let line = usize::from(self.model.stations[usize::from(station)].line);
                    self.model.lines[line].slow *= if begins { factor } else { 1.0 / factor };
                }
                // One instance after the other is exchanged, when the new one is there.
                self.start_cold(stations, false);
            }
        }
    }

    /// The largest share that faults let one station refuse, after the event with this number.
    fn refuse_at(&mut self, number: u32, station: u16) {
        let share = |effect: &EffectModel| match effect {
            EffectModel::RefuseOne { station: of, share, .. } if *of == station => *share,
            EffectModel::Deploy { stations, errors, .. } if stations.contains(&station) => *errors,
            _ => 0.0,
        };
        let most = self.faults_there(number).map(share).fold(0.0, f64::max);
        let line = usize::from(self.model.stations[usize::from(station)].line);
        self.model.lines[line].refused_share = most;
    }

    /// Effects of all faults that are there after the event with this number: several may do the
    /// same to one part.
    fn faults_there(&self, number: u32) -> impl Iterator<Item = &EffectModel> {
        self.faults_until(number).map(|(effect, _)| effect)
    }

    /// The same, and when each ends.
    pub(super) fn faults_until(
        &self,
        number: u32,
    ) -> impl Iterator<Item = (&EffectModel, SimTime)> {
        let now = self.now;
        let own = number as usize / 2;
        let begins = number.is_multiple_of(2);
        let faults = self.model.faults.iter().enumerate();
        let there = faults.filter(move |(index, fault)| {
            if *index == own { begins } else { fault.from <= now && now < fault.until }
        });
        there.map(|(_, fault)| (&fault.effect, fault.until))
    }

    /// Fails everything that holds a server of these stations or waits for one.
    pub(super) fn lose(&mut self, stations: Range<u16>) {
        let ids = self.tasks.ids();
        let mut hit: Vec<u32> = ids.filter(|id| self.holds_server_of(*id, &stations)).collect();
        for station in stations.clone() {
            let model = &self.model.stations[usize::from(station)];
            if model.line == NO_LINE {
                hit.extend(model.waiting(&self.tasks));
            } else {
                hit.extend(self.in_line(station));
            }
        }
        for id in hit {
            // The loss of an earlier one may have ended or served it.
            if self.tasks[id].state == State::Queued || self.holds_server_of(id, &stations) {
                self.lose_task(id);
            }
        }
    }

    /// Whether a task holds a server of these stations.
    pub(super) fn holds_server_of(&self, id: u32, stations: &Range<u16>) -> bool {
        let task = &self.tasks[id];
        (0..REGISTERS).any(|register| {
            let held_there = task.registers[register];
            let is_server = task.held & (1 << register) != 0 && held_there < HOLDING;
            is_server && stations.contains(&(held_there as u16))
        })
    }

    /// Takes a task out of the system and tells whoever waits for it. What it called works on.
    pub(super) fn lose_task(&mut self, id: u32) {
        match self.tasks[id].state {
            State::Queued => self.leave_queue(id, Ending::Failed),
            State::Running => self.ready.retain(|&ready| ready != id),
            State::Guarded | State::Admitted | State::Pausing => self.leave_guarded(id, false),
            State::Holding | State::Calling | State::BackingOff | State::Joining => {}
        }
        let task = &mut self.tasks[id];
        task.expects = 0;
        task.awaited = Ticket::NONE;
        self.fail(id, Outcome::Failed);
    }

    /// Gives free servers to those that wait.
    pub(super) fn serve_waiting(&mut self, group: u16) {
        for station in self.model.groups[usize::from(group)].stations() {
            if self.model.stations[usize::from(station)].line != NO_LINE {
                self.serve_line(station);
                continue;
            }
            let station = &mut self.model.stations[usize::from(station)];
            let mut served = Vec::new();
            while let Some(next) = station.serve_next(&mut self.tasks, self.now) {
                served.push(next);
            }
            for task in served {
                self.take_over(task);
            }
        }
    }

    /// While a share of a group is refused its acquisitions ask first.
    pub(super) fn swap_acquires(&mut self, of: u16, asks: bool) {
        for op in &mut self.model.program {
            match *op {
                Op::Acquire { group, register } if asks && group == of => {
                    *op = Op::AskAndAcquire { group, register };
                }
                Op::AskAndAcquire { group, register } if !asks && group == of => {
                    *op = Op::Acquire { group, register };
                }
                _ => {}
            }
        }
    }
}
