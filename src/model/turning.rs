//! How a run begins, the events that are neither about clients nor tasks, and the ends of batches.

use super::crons::CRON_USERS;
use super::record::Mark;
use super::simulation::{
    CLIENTS_BIT, CRON_BIT, FAULT_BIT, Limit, MACHINE_BIT, RESTART_BIT, Simulation, TASKS_MAX,
};
use super::task::Task;

impl Simulation {
    pub(super) fn schedule_faults(&mut self) {
        for (index, fault) in self.model.faults.iter().enumerate() {
            let number = (2 * index as u32) | CLIENTS_BIT | FAULT_BIT;
            self.model.events.schedule(fault.from, number);
            self.model.events.schedule(fault.until, number + 1);
        }
    }

    pub(super) fn start_clients(&mut self) {
        for index in 0..self.model.clients.len() {
            let clients = &self.model.clients[index];
            let (start, users) = (clients.start, clients.users);
            if users == 0 {
                self.schedule_arrival(index as u32);
            }
            if users == CRON_USERS {
                continue;
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

    /// An event that is not about clients or tasks.
    pub(super) fn turn(&mut self, index: u32) {
        if index & FAULT_BIT != 0 {
            self.turn_fault(index & !FAULT_BIT);
        } else if index & CRON_BIT != 0 {
            self.run_due((index & !(MACHINE_BIT | CRON_BIT)) as u16);
        } else if index & RESTART_BIT != 0 {
            self.restart((index & !(MACHINE_BIT | RESTART_BIT)) as u16);
        } else {
            self.machine_woken((index & !MACHINE_BIT) as u16);
        }
    }

    #[cold]
    pub(super) fn mark(&mut self) {
        let counters = self.model.stations.iter().map(|station| station.counters(self.now));
        let mark = Mark {
            time: self.now,
            totals: self.record.totals,
            counters: counters.collect(),
            caches: self.cache_counters(),
            machines: self.machine_counters(),
            parties: self.party_counters(),
        };
        self.record.marks.push(mark);
    }
}
