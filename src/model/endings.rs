//! How tasks end, and what is recorded of a request that does.

use crate::engine::events::Ticket;

use super::crons::CRON_USERS;
use super::entrance::Ending;
use super::record::{Mark, Outcome};
use super::simulation::Simulation;
use super::task::{NO_TASK, Task};

impl Simulation {
    /// Ends a task badly: it gives back all it holds.
    pub(super) fn fail(&mut self, id: u32, outcome: Outcome) {
        self.release_all(id, Ending::Failed);
        self.finish(id, outcome);
    }

    /// Ends a task: a request is recorded, an attempt or branch answers whoever still waits.
    #[inline(always)]
    pub(super) fn finish(&mut self, id: u32, outcome: Outcome) {
        let task = &self.tasks[id];
        let (parent, answers, clients) = (task.parent, task.answers, task.clients);
        if parent == NO_TASK {
            if answers == 0 {
                self.finish_request(id, outcome);
                return;
            }
        } else if self.tasks[parent].expects == answers {
            self.answer(parent, id, outcome);
        } else if outcome == Outcome::InTime {
            self.record.of(clients).late += 1;
        }
        self.remove(id);
    }

    #[inline]
    pub(super) fn remove(&mut self, id: u32) {
        let task = &mut self.tasks[id];
        task.awaited = Ticket::NONE;
        // Nobody may take what stood here for a live answer.
        task.answers = 0;
        self.tasks.remove(id);
    }

    fn finish_request(&mut self, id: u32, outcome: Outcome) {
        let Task { started, clients, is_stale, .. } = self.tasks[id];
        let latency = self.now.since(started);
        if is_stale && outcome == Outcome::InTime {
            let totals = self.record.of(clients);
            totals.stale += 1;
            totals.wrong += u64::from(self.model.stale_is_wrong);
        }
        if self.record.finish(clients, outcome, latency.0) {
            self.mark();
        }
        if self.breakdown.is_some() {
            self.book_request(id, outcome);
        }
        let clients_model = &self.model.clients[usize::from(clients)];
        if clients_model.users == 0 {
            self.remove(id);
            return;
        }
        if clients_model.users == CRON_USERS {
            self.run_ended(id, clients);
            return;
        }
        // A closed user thinks again.
        self.tasks[id] = Task::new(self.now, clients_model.start, clients);
        if self.breakdown.is_some() {
            self.book_begin(id);
        }
        self.ready.push_back(id);
    }

    #[cold]
    fn mark(&mut self) {
        let counters = self.model.stations.iter().map(|station| station.counters(self.now));
        let mark = Mark {
            time: self.now,
            totals: self.record.totals(),
            by_clients: self.record.by_clients(),
            counters: counters.collect(),
            caches: self.cache_counters(),
            machines: self.machine_counters(),
            parties: self.party_counters(),
            tables: self.table_counters(),
            files: self.file_counters(),
            jobs: self.jobs_counters(),
            pools: self.pool_counters(),
            replicas: self.replica_counters(),
        };
        self.record.marks.push(mark);
    }
}
