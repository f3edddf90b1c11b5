//! Queues: how a task comes to wait for a server, gets it, gives up and gives it back.

use crate::engine::events::Ticket;

use super::discipline::NO_LINE;
use super::entrance::Ending;
use super::holdings::HOLDING;
use super::program::{Delay, Op};
use super::record::Outcome;
use super::simulation::Simulation;
use super::station::WaitLimit;
use super::task::State;

impl Simulation {
    /// Takes a server of a group that a fault lets refuse some of what comes; false if the task has
    /// to wait or has failed.
    #[cold]
    pub(super) fn ask_and_acquire(&mut self, id: u32, group: u16, register: u8) -> bool {
        let model = &mut self.model.groups[usize::from(group)];
        let random = &mut self.model.streams[usize::from(model.stream)];
        if random.chance(model.refused_share) {
            self.fail(id, Outcome::Failed);
            return false;
        }
        let station = model.next_station();
        let task = &mut self.tasks[id];
        task.registers[usize::from(register)] = u32::from(station);
        if !self.model.stations[usize::from(station)].try_take(self.now) {
            self.wait_for(id, group, station);
            return false;
        }
        task.held |= 1 << register;
        true
    }

    /// Queues a task that found no free server, or fails it if the queue is full.
    pub(super) fn wait_for(&mut self, id: u32, group: u16, station: u16) {
        let task = &mut self.tasks[id];
        task.pc -= 1;
        task.since = self.now;
        task.state = State::Queued;
        if !self.model.stations[usize::from(station)].enqueue(&mut self.tasks, id) {
            self.fail(id, Outcome::Rejected);
            return;
        }
        self.start_patience(id, group);
    }

    /// Lets a task that waits give up after the wait limit of the group.
    pub(super) fn start_patience(&mut self, id: u32, group: u16) {
        let ticket = match &self.model.groups[usize::from(group)].wait_limit {
            None => return,
            Some(WaitLimit::Constant(delay)) => {
                let delay = *delay;
                self.schedule_delay(delay, id)
            }
            Some(WaitLimit::Drawn(sampler, stream)) => {
                let span = sampler.sample(&mut self.model.streams[usize::from(*stream)]);
                self.model.events.schedule(self.now + span, id)
            }
        };
        self.tasks[id].awaited = ticket;
    }

    #[inline(always)]
    pub(super) fn schedule_delay(&mut self, delay: Delay, id: u32) -> Ticket {
        match delay.lane {
            Some(lane) => self.model.events.schedule_in_lane(lane, id),
            None => self.model.events.schedule(self.now + delay.span, id),
        }
    }

    /// Gives the server in a register back; the next task in the queue has it then.
    pub(super) fn release(&mut self, id: u32, register: u8, ending: Ending) {
        let server = self.tasks[id].registers[usize::from(register)];
        self.release_server(id, register, server, ending);
    }

    /// The same for one who has looked into the register already.
    #[inline(always)]
    pub(super) fn release_server(&mut self, id: u32, register: u8, server: u32, ending: Ending) {
        let station = &mut self.model.stations[usize::from(server as u16)];
        if let Some(next) = station.release(&mut self.tasks, self.now) {
            self.take_over(next);
        } else if station.line != NO_LINE {
            self.go_out(id, register, ending);
        }
    }

    /// Lets a task go on that was given the server it waited for.
    #[inline]
    pub(super) fn take_over(&mut self, next: u32) {
        if self.breakdown.is_some() {
            self.book_wait(next);
        }
        let task = &mut self.tasks[next];
        task.awaited = Ticket::NONE;
        if let Some(register) = self.model.program[task.pc as usize].acquired() {
            task.held |= 1 << register;
        }
        task.pc += 1;
        task.state = State::Running;
        self.ready.push_back(next);
    }

    /// It has waited as long as it may. Out of line: the loop over events is faster without it.
    #[inline(never)]
    pub(super) fn wait_limit_reached(&mut self, id: u32) {
        if let Op::LockRow { update, .. } = self.model.program[self.tasks[id].pc as usize] {
            self.row_wait_due(id, update);
            return;
        }
        self.note_file_wait(id);
        self.leave_queue(id, Ending::Failed);
        self.fail(id, Outcome::GaveUp);
    }

    pub(super) fn leave_queue(&mut self, id: u32, ending: Ending) {
        let task = &self.tasks[id];
        if let Some(register) = self.model.program[task.pc as usize].acquired() {
            let server = task.registers[usize::from(register)];
            let station = &mut self.model.stations[usize::from(server as u16)];
            if station.line == NO_LINE {
                station.leave(&mut self.tasks, id, self.now);
            } else {
                self.leave_line(id, register, ending);
            }
        }
    }

    /// Gives back all that a task holds.
    pub(super) fn release_all(&mut self, id: u32, ending: Ending) {
        let mut held = std::mem::take(&mut self.tasks[id].held);
        while held != 0 {
            let register = held.ilog2();
            held &= !(1 << register);
            let held_there = self.tasks[id].registers[register as usize];
            if held_there < HOLDING {
                self.release(id, register as u8, ending);
            } else {
                self.let_go(held_there);
            }
        }
    }
}
