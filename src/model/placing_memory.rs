//! Memory of machines: who asks for more than there is gets the largest part killed.

use super::holdings::Holding;
use super::machine::memory::Asked;
use super::record::Outcome;
use super::simulation::Simulation;
use super::turning::Turn;

impl Simulation {
    /// A request takes its memory in a part; false if it was lost by that.
    pub(super) fn take_memory(&mut self, id: u32, placed: u16, register: u8) -> bool {
        let part = &self.model.placed[usize::from(placed)];
        let (machine, number, bytes) = (part.machine, part.memory, part.request_bytes);
        let Some(memory) = &mut self.model.machines[usize::from(machine)].memory else {
            return true;
        };
        memory.pass(self.now);
        let asked = memory.take(number, bytes);
        self.hold_in(id, register, Holding::Memory { placed });
        let Asked::Kills(victim) = asked else { return true };
        let Some(victim) = self.part_of_memory(machine, victim) else { return true };
        let group = self.model.placed[usize::from(victim)].group;
        let stations = self.model.groups[usize::from(group)].stations();
        let is_hit = self.holds_server_of(id, &stations);
        self.kill(victim);
        if is_hit {
            return false;
        }
        if victim == placed {
            self.fail(id, Outcome::Failed);
            return false;
        }
        true
    }

    /// A request gives its memory back.
    pub(super) fn give_memory(&mut self, placed: u16) {
        let part = &mut self.model.placed[usize::from(placed)];
        part.since_recycled += 1;
        let is_recycled = part.since_recycled >= part.recycle_after;
        if is_recycled {
            part.since_recycled = 0;
        }
        let memory = &mut self.model.machines[usize::from(part.machine)].memory;
        if let Some(memory) = memory {
            memory.pass(self.now);
            memory.give(part.memory, part.request_bytes, part.leak_bytes);
            if is_recycled {
                memory.recycle(part.memory, part.instances);
            }
        }
    }

    fn part_of_memory(&self, machine: u16, memory: u16) -> Option<u16> {
        let mut parts = self.model.placed.iter();
        let place = parts.position(|part| part.machine == machine && part.memory == memory)?;
        Some(place as u16)
    }

    /// The kernel kills a part: all it works on is lost, and it is gone until it has started again.
    #[cold]
    fn kill(&mut self, placed: u16) {
        let part = &self.model.placed[usize::from(placed)];
        let (machine, number, group) = (part.machine, part.memory, part.group);
        self.model.groups[usize::from(group)].refused_share = 1.0;
        self.swap_acquires(group, true);
        let stations = self.model.groups[usize::from(group)].stations();
        self.lose(stations.clone());
        self.lose_connections(&stations);
        let machine = &mut self.model.machines[usize::from(machine)];
        if let Some(memory) = &mut machine.memory {
            memory.pass(self.now);
            memory.stopped(number);
        }
        let subject = Turn::Restart.about(u32::from(placed));
        self.model.events.schedule(self.now + machine.restart, subject);
    }

    /// A part that was killed is there again.
    pub(super) fn restart(&mut self, placed: u16) {
        let part = &self.model.placed[usize::from(placed)];
        let (machine, number, group) = (part.machine, part.memory, part.group);
        self.model.groups[usize::from(group)].refused_share = 0.0;
        self.swap_acquires(group, false);
        self.start_cold(self.model.groups[usize::from(group)].stations(), true);
        let memory = &mut self.model.machines[usize::from(machine)].memory;
        let started = memory.as_mut().map(|memory| {
            memory.pass(self.now);
            memory.start(number)
        });
        if let Some(Asked::Kills(victim)) = started
            && let Some(victim) = self.part_of_memory(machine, victim)
        {
            self.kill(victim);
        }
    }
}
