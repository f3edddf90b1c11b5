//! Builds machines and places parts on them.

use crate::engine::{Distribution, SimDuration};

use super::build::{BuildError, Builder, in_range, unknown};
use super::built::{PartKind, PartModel};
use super::machine::memory::Asked;
use super::machine::{Groups, Memory, Sharing};
use super::placing::{Compute, Cores, MachineModel, Placed, locks};
use super::program::{Op, Sampler, SamplerKind, Spent};
use super::system::{Machine, Part, Runtime};

impl Builder<'_> {
    pub(super) fn add_machine(&mut self, machine: &Machine) -> Result<(), BuildError> {
        in_range(&machine.id, "cores", machine.cores_count, 10_000)?;
        let number = self.model.machines.len() as u16;
        self.model.machines.push(MachineModel {
            id: machine.id.clone(),
            cores: Cores::Shared(Sharing::new(machine.cores_count)),
            cores_count: machine.cores_count,
            is_named: true,
            jobs: 0,
            memory: machine.memory_bytes.map(Memory::new),
            restart: SimDuration(machine.restart.0.max(1)),
        });
        self.model.parts.push(PartModel {
            id: machine.id.clone(),
            kind: PartKind::Machine,
            first: number,
            stations: 0,
            depth: 0,
        });
        Ok(())
    }

    /// Places all parts that are on a machine or have an interpreter lock.
    pub(super) fn place_parts(&mut self) -> Result<(), BuildError> {
        for part in &self.system.parts {
            match part {
                Part::Service(service) => {
                    let servers = service.instances_count.saturating_mul(service.workers_count);
                    let instances = service.instances_count;
                    self.place_part(&service.id, &service.runtime, instances, servers)?;
                }
                Part::Database(database) => {
                    self.place_part(&database.id, &database.runtime, 1, database.cores_count)?;
                }
                _ => {}
            }
        }
        self.start_parts()
    }

    fn place_part(
        &mut self,
        id: &str,
        runtime: &Runtime,
        instances: u32,
        servers: u32,
    ) -> Result<(), BuildError> {
        let machine = match (&runtime.on, runtime.locked_share) {
            (None, None) => return Ok(()),
            (Some(on), _) => {
                let found = self.model.machines.iter().position(|machine| machine.id == *on);
                found.ok_or_else(|| unknown("machine", on))?
            }
            (None, Some(_)) => self.cores_for_all(servers),
        };
        let group = self.place(id)?.group;
        let first_station = self.model.groups[usize::from(group)].first;
        self.model.groups[usize::from(group)].stream = self.stream(id, "refusal");
        let share = self.share(machine, runtime);
        let locks_from = runtime.locked_share.map(|_| {
            let first = self.model.locks.len() as u32;
            self.model.locks.extend(locks(instances, runtime.switch));
            first
        });
        let memory = &mut self.model.machines[machine].memory;
        let base = runtime.base_bytes.saturating_mul(u64::from(instances));
        let memory = memory.as_mut().map_or(0, |memory| memory.place(base));
        self.model.placed.push(Placed {
            part: id.to_owned(),
            machine: machine as u16,
            share,
            locks: locks_from,
            locked_share: runtime.locked_share.unwrap_or(0.0),
            first_station,
            group,
            instances,
            memory,
            request_bytes: runtime.request_bytes,
            leak_bytes: runtime.leak_bytes,
            recycle_after: runtime.recycle_after.map_or(u64::MAX, u64::from),
            since_recycled: 0,
        });
        Ok(())
    }

    /// A machine of its own, so large that nothing waits for its cores.
    fn cores_for_all(&mut self, servers: u32) -> usize {
        self.model.machines.push(MachineModel {
            id: String::new(),
            cores: Cores::Shared(Sharing::new(servers)),
            cores_count: servers,
            is_named: false,
            jobs: 0,
            memory: None,
            restart: SimDuration::ZERO,
        });
        self.model.machines.len() - 1
    }

    /// The group of cores of a part: its own if it has a weight or a limit.
    fn share(&mut self, machine: usize, runtime: &Runtime) -> usize {
        let id = &self.model.machines[machine].id;
        let is_here = |part: &&Part| match part {
            Part::Service(service) => service.runtime.on.as_ref() == Some(id),
            Part::Database(database) => database.runtime.on.as_ref() == Some(id),
            _ => false,
        };
        let is_grouped = self.system.parts.iter().filter(is_here).any(|part| match part {
            Part::Service(service) => service.runtime.is_grouped(),
            Part::Database(database) => database.runtime.is_grouped(),
            _ => false,
        });
        let machine = &mut self.model.machines[machine];
        if is_grouped && matches!(machine.cores, Cores::Shared(_)) {
            machine.cores = Cores::Grouped(Groups::new(machine.cores_count));
        }
        match &mut machine.cores {
            Cores::Shared(_) => 0,
            Cores::Grouped(groups) => {
                groups.add_group(runtime.weight.unwrap_or(100), runtime.cores_limit)
            }
        }
    }

    /// All parts take the memory they need to start.
    fn start_parts(&mut self) -> Result<(), BuildError> {
        for placed in &self.model.placed {
            let machine = &mut self.model.machines[usize::from(placed.machine)];
            if let Some(memory) = &mut machine.memory
                && memory.start(placed.memory) != Asked::Fits
            {
                return Err(BuildError::NoMemory { machine: machine.id.clone() });
            }
        }
        Ok(())
    }

    /// Where a part is placed.
    pub(super) fn placed(&self, part: &str) -> Option<u16> {
        self.model.placed.iter().position(|placed| placed.part == part).map(|place| place as u16)
    }

    /// Where a part is placed, if its requests take memory there.
    pub(super) fn placed_with_memory(&self, part: &str) -> Option<u16> {
        let number = self.placed(part)?;
        let placed = &self.model.placed[usize::from(number)];
        let has_memory = self.model.machines[usize::from(placed.machine)].memory.is_some();
        (has_memory && placed.request_bytes > 0).then_some(number)
    }

    /// Emits work: on a machine if the part is placed on one, else on a core of its own.
    pub(super) fn work(
        &mut self,
        part: &str,
        time: &Distribution,
        what: Spent,
        purpose: &str,
        register: usize,
    ) -> Result<(), BuildError> {
        // A query is no work of the worker that waits for it.
        let worker = self.worker.filter(|_| what == Spent::Computing);
        let Some(placed) = self.placed(part) else {
            self.hold_at(part, time, what, purpose, worker);
            return Ok(());
        };
        if *time == Distribution::Constant(0.0) {
            return Ok(());
        }
        self.register(register)?;
        let (stream, account) = (self.stream(part, purpose), self.account(part, what));
        let sampler = self.model.samplers.len() as u16;
        self.model.samplers.push(Sampler { kind: SamplerKind::new(time), stream, account });
        let compute = self.model.computes.len() as u16;
        let (register, worker) = (register as u8, worker.map(|worker| worker.register));
        self.model.computes.push(Compute { sampler, placed, register, worker });
        self.emit(Op::Compute { compute });
        let machine = self.model.placed[usize::from(placed)].machine;
        let id = &self.model.machines[usize::from(machine)].id;
        if let Some(part) = self.model.parts.iter().position(|known| known.id == *id) {
            self.nest(part as u16);
        }
        Ok(())
    }
}
