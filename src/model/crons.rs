//! Runs by the clock: due at every period, whatever became of the runs before.

use crate::engine::{SimDuration, SimTime};
use crate::policy::overlap::Decision;

use super::jobs::cron::Cron;
use super::simulation::{CLIENTS_BIT, CRON_BIT, MACHINE_BIT, Simulation};
use super::task::{State, Task};

/// Clients with so many users are a cron.
pub(super) const CRON_USERS: u32 = u32::MAX;

/// A cron at work.
#[derive(Debug, Clone)]
pub(super) struct CronModel {
    pub(super) id: String,
    /// Its number among the clients.
    pub(super) clients: u16,
    pub(super) every: SimDuration,
    pub(super) offset: SimDuration,
    pub(super) cron: Cron,
    /// Requests of runs under way.
    pub(super) running: Vec<u32>,
}

/// What a cron did since the run began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronMeasure {
    /// Id of the clients.
    pub id: String,
    /// Most runs under way at once.
    pub most: u32,
    /// Starts left out.
    pub skipped: u64,
    /// Runs cancelled by the next.
    pub cancelled: u64,
}

impl Simulation {
    /// Schedules the first run of each cron.
    pub(super) fn start_crons(&mut self) {
        for index in 0..self.model.crons.len() {
            let offset = self.model.crons[index].offset;
            self.schedule_run(index as u16, SimTime::ZERO + offset);
        }
    }

    fn schedule_run(&mut self, cron: u16, at: SimTime) {
        self.model.events.schedule(at, CLIENTS_BIT | MACHINE_BIT | CRON_BIT | u32::from(cron));
    }

    /// A run is due.
    pub(super) fn run_due(&mut self, number: u16) {
        let model = &mut self.model.crons[usize::from(number)];
        let (every, clients) = (model.every, model.clients);
        let decision = model.cron.due();
        self.schedule_run(number, self.now + every);
        match decision {
            Decision::Skip => return,
            Decision::Start => {}
            Decision::CancelAndStart => {
                let running = std::mem::take(&mut self.model.crons[usize::from(number)].running);
                for id in running {
                    if self.tasks[id].state == State::Calling {
                        self.cancel(self.tasks[id].callee);
                    }
                    self.lose_task(id);
                }
            }
        }
        let start = self.model.clients[usize::from(clients)].start;
        let id = self.new_task(Task::new(self.now, start, clients));
        self.model.crons[usize::from(number)].running.push(id);
        self.ready.push_back(id);
    }

    /// A run has ended; the cancelled ones are not waited for any more.
    #[cold]
    pub(super) fn run_ended(&mut self, id: u32, clients: u16) {
        let mut crons = self.model.crons.iter_mut();
        if let Some(model) = crons.find(|model| model.clients == clients)
            && let Some(place) = model.running.iter().position(|run| *run == id)
        {
            model.running.swap_remove(place);
            model.cron.ended();
        }
        self.remove(id);
    }

    pub(super) fn cron_measures(&self) -> Vec<CronMeasure> {
        let measures = self.model.crons.iter().map(|model| CronMeasure {
            id: model.id.clone(),
            most: model.cron.most(),
            skipped: model.cron.skipped(),
            cancelled: model.cron.cancelled(),
        });
        measures.collect()
    }
}
