//! Runs by the clock: due at every period, whatever became of the runs before.

use crate::policy::overlap::{Decision, Overlap};

use super::jobs::cron::Cron;
use super::simulation::Simulation;
use super::task::{State, Task};

/// Clients with so many users are a cron.
pub(super) const CRON_USERS: u32 = u32::MAX;

/// A cron at work.
#[derive(Debug, Clone)]
pub(super) struct CronModel {
    id: String,
    /// Its number among the clients.
    clients: u16,
    cron: Cron,
    /// Requests of runs under way.
    running: Vec<u32>,
}

impl CronModel {
    /// No run is under way.
    pub(super) fn new(id: String, clients: u16, overlap: Overlap) -> Self {
        Self { id, clients, cron: Cron::new(overlap), running: Vec::new() }
    }
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
    /// A run of these clients is due.
    pub(super) fn run_due(&mut self, clients: u16) {
        let mut crons = self.model.crons.iter();
        let Some(number) = crons.position(|model| model.clients == clients) else { return };
        let decision = self.model.crons[number].cron.due();
        match decision {
            Decision::Skip => return,
            Decision::Start => {}
            Decision::CancelAndStart => {
                let running = std::mem::take(&mut self.model.crons[number].running);
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
        self.model.crons[number].running.push(id);
        // At once: another run of this instant may replace it, and it must have been sent by then.
        self.run(id);
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
