//! Events that are about neither a task nor the next arrival of open clients, and how clients begin.

use super::senders::Sender;
use super::simulation::{CLIENTS_BIT, Limit, Simulation, TASKS_MAX};
use super::task::Task;

/// Events that carry this bit beside that of clients are of a [`Turn`].
pub(super) const TURN_BIT: u32 = 1 << 30;
/// Where the number of the turn begins; what it is about stands below.
const TURN_SHIFT: u32 = 24;

/// What an event is about if not about a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The fault with twice this number begins; with 1 more, it ends.
    Fault,
    /// A health check of a balancer is due, or an instance comes back.
    Watch,
    /// Clients that keep time send.
    Timed,
    /// Work on a machine is done.
    Machine,
    /// A part that was killed has started again.
    Restart,
    /// Jobs may have been delivered too long ago.
    Jobs,
    /// Connections of a pool may have been ready for too long.
    Idle,
    /// An instance has come further with its start.
    Warm,
}

impl Turn {
    const ALL: [Self; 8] = [
        Self::Fault,
        Self::Watch,
        Self::Timed,
        Self::Machine,
        Self::Restart,
        Self::Jobs,
        Self::Idle,
        Self::Warm,
    ];

    /// The subject of an event about this, with a number below 2^24.
    pub(super) fn about(self, number: u32) -> u32 {
        CLIENTS_BIT | TURN_BIT | (self as u32) << TURN_SHIFT | number
    }
}

impl Simulation {
    pub(super) fn start_clients(&mut self) {
        for index in 0..self.model.clients.len() {
            let clients = &self.model.clients[index];
            let (start, users) = (clients.first, clients.users);
            let timed = |sender: &Sender| usize::from(sender.clients) == index;
            if let Some(sender) = self.model.senders.iter().position(timed) {
                self.schedule_sender(sender as u32);
                continue;
            }
            if users == 0 {
                self.schedule_arrival(index as u32);
            }
            for _ in 0..users {
                if self.tasks.len() > TASKS_MAX {
                    self.stopped = Some(Limit::InFlight);
                    return;
                }
                let task = self.tasks.insert(Task::new(self.now, start, index as u16));
                self.run(task);
            }
        }
    }

    /// An event of a [`Turn`].
    #[cold]
    #[inline(never)]
    pub(super) fn turn(&mut self, subject: u32) {
        let number = subject & ((1 << TURN_SHIFT) - 1);
        let kind = (subject & !(CLIENTS_BIT | TURN_BIT)) >> TURN_SHIFT;
        match Turn::ALL[kind as usize] {
            Turn::Fault => self.turn_fault(number),
            Turn::Watch => self.watch(number),
            Turn::Timed => self.arrive_timed(number),
            Turn::Machine => self.machine_woken(number as u16),
            Turn::Restart => self.restart(number as u16),
            Turn::Jobs => self.jobs_due(number as u16),
            Turn::Idle => self.close_idle(number),
            Turn::Warm => self.warm_up(number as u16),
        }
    }
}
