//! Faults: what is done to a system while it runs, and undone later.
//!
//! A fault costs nothing while it is not there: it changes the numbers and operations that requests
//! work with at its beginning, and puts them back at its end.

use crate::engine::SimTime;
use crate::engine::events::Ticket;

use super::build::{BuildError, Builder, unknown};
use super::program::{Op, REGISTERS, SamplerKind, Spent};
use super::record::Outcome;
use super::simulation::Simulation;
use super::system::{Effect, Fault};
use super::task::State;

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
    /// The stations of this group give no server to anyone.
    Stop { group: u16 },
    /// All work on this machine takes so many times as long.
    SlowMachine { machine: u16, factor: f64 },
    /// This cache loses its entries.
    Flush { cache: u16 },
    /// This share of what asks for a server of this group fails at once; with `loses`, so does all
    /// that it works on or keeps waiting.
    Refuse { group: u16, share: f64, loses: bool },
}

impl Builder<'_> {
    /// Adds a fault; all parts and endpoints must have been compiled.
    pub(super) fn add_fault(&mut self, fault: &Fault) -> Result<(), BuildError> {
        let effect = match &fault.effect {
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
            Effect::Stop => EffectModel::Stop { group: self.group_of(&fault.part)? },
            Effect::Crash => self.refusal(&fault.part, 1.0, true)?,
            Effect::Refuse { share } => self.refusal(&fault.part, *share, false)?,
        };
        if fault.until <= fault.from {
            return Ok(());
        }
        self.model.faults.push(FaultModel { from: fault.from, until: fault.until, effect });
        Ok(())
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
                let factor = if begins { 1.0 / factor } else { factor };
                self.model.clients[usize::from(clients)].gap.scale(factor);
            }
            EffectModel::SlowMachine { machine, factor } => {
                self.slow_machine(machine, if begins { factor } else { 1.0 });
            }
            EffectModel::Flush { cache } => {
                if begins {
                    self.flush(cache);
                }
            }
            EffectModel::Stop { group } => {
                for station in self.model.groups[usize::from(group)].stations() {
                    self.model.stations[usize::from(station)].is_stopped = begins;
                }
                if !begins {
                    self.serve_waiting(group);
                }
            }
            EffectModel::Refuse { group, share, loses } => {
                let model = &mut self.model.groups[usize::from(group)];
                model.refused_share = if begins { share } else { 0.0 };
                self.swap_acquires(group, begins);
                if begins && loses {
                    self.lose(group);
                }
            }
        }
    }

    /// Fails everything that holds a server of a group or waits for one.
    pub(super) fn lose(&mut self, group: u16) {
        let stations = self.model.groups[usize::from(group)].stations();
        let ids = self.tasks.ids();
        let mut hit: Vec<u32> = ids.filter(|id| self.holds_server_of(*id, group)).collect();
        for station in stations {
            hit.extend(self.model.stations[usize::from(station)].waiting(&self.tasks));
        }
        for id in hit {
            // The loss of an earlier one may have ended or served it.
            if self.tasks[id].state == State::Queued || self.holds_server_of(id, group) {
                self.lose_task(id);
            }
        }
    }

    /// Whether a task holds a server of a group.
    pub(super) fn holds_server_of(&self, id: u32, group: u16) -> bool {
        let stations = self.model.groups[usize::from(group)].stations();
        let task = &self.tasks[id];
        (0..REGISTERS).any(|register| {
            // Above all stations are other things that a task holds.
            let station = u16::try_from(task.registers[register]);
            task.held & (1 << register) != 0 && station.is_ok_and(|held| stations.contains(&held))
        })
    }

    /// Takes a task out of the system and tells whoever waits for it. What it called works on.
    pub(super) fn lose_task(&mut self, id: u32) {
        match self.tasks[id].state {
            State::Queued => self.leave_queue(id),
            State::Running => self.ready.retain(|&ready| ready != id),
            State::Holding | State::Calling | State::BackingOff | State::Joining => {}
        }
        let task = &mut self.tasks[id];
        task.expects = 0;
        task.awaited = Ticket::NONE;
        self.fail(id, Outcome::Failed);
    }

    /// Gives free servers to those that wait.
    fn serve_waiting(&mut self, group: u16) {
        for station in self.model.groups[usize::from(group)].stations() {
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

impl SamplerKind {
    /// Draws `factor` times as much from now on.
    pub(super) fn scale(&mut self, factor: f64) {
        match self {
            // Rounded, so that the end of a fault restores what its beginning changed.
            Self::Constant(span) => span.0 = (span.0 as f64 * factor + 0.5) as u64,
            Self::Exponential(mean) => *mean *= factor,
            Self::Other { factor: present, .. } => *present *= factor,
        }
    }
}
