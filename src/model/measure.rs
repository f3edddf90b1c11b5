//! What a simulation has measured over a period.

use crate::engine::batches::BATCHES_MIN;
use crate::engine::histogram::Histogram;
use crate::engine::interval::half_width_of_correlated;
use crate::engine::{SimDuration, SimTime};

use super::asking::ThirdPartyMeasure;
use super::built::{Clients, PartKind};
use super::caching::CacheMeasure;
use super::crons::CronMeasure;
use super::discipline::NO_LINE;
use super::filing::FileMeasure;
use super::partition::NetworkMeasure;
use super::placing::MachineMeasure;
use super::pooling::PoolMeasure;
use super::record::{Mark, Totals};
use super::replicating::ReplicaMeasure;
use super::simulation::Simulation;
use super::station::Counters;
use super::task::{NO_TASK, Task};
use super::updating::TableMeasure;
use super::working::JobsMeasure;

/// Measures of the time after the warm-up.
#[derive(Debug, Clone)]
pub struct Period {
    /// When it begins; the warm-up lies before.
    pub from: SimTime,
    /// How long it is.
    pub span: SimDuration,
    /// Requests in it, but for those of clients in the background.
    pub totals: Totals,
    /// Requests of each part of kind `clients`, by its id.
    pub clients: Vec<ClientsMeasure>,
    /// Latencies of requests answered in time.
    pub latencies: Histogram,
    /// How long requests took that were not answered in time, until they ended.
    pub failures: Histogram,
    /// Half the width of the 95 % interval of the mean, in nanoseconds.
    pub mean_half_width: Option<f64>,
    /// Half the width of the 95 % interval of the 99th percentile, in nanoseconds.
    pub p99_half_width: Option<f64>,
    /// Half the width of the 95 % interval of the share of requests that got no right answer.
    pub error_half_width: Option<f64>,
    /// Parts that can be busy, in the order of the document.
    pub parts: Vec<PartMeasure>,
    /// Caches, in the order of the document.
    pub caches: Vec<CacheMeasure>,
    /// Machines with their memory, in the order of the document.
    pub machines: Vec<MachineMeasure>,
    /// Third parties, in the order of the document.
    pub third_parties: Vec<ThirdPartyMeasure>,
    /// Pools that open their connections, in the order of the document.
    pub pools: Vec<PoolMeasure>,
    /// Networks that faults can cut.
    pub networks: Vec<NetworkMeasure>,
    /// Replicas, in the order of the document.
    pub replicas: Vec<ReplicaMeasure>,
    /// Queues of jobs, in the order of the document.
    pub jobs: Vec<JobsMeasure>,
    /// Databases that are files, in the order of the document.
    pub files: Vec<FileMeasure>,
    /// Tables with rows that are updated, in the order of the document.
    pub tables: Vec<TableMeasure>,
    /// Crons, in the order of the document.
    pub crons: Vec<CronMeasure>,
    /// Requests and attempts in flight at its end.
    pub in_flight: u64,
}

/// The requests of one part of kind `clients` in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientsMeasure {
    /// Id of the part.
    pub id: String,
    /// They are load, and no outcomes.
    pub is_background: bool,
    /// Requests.
    pub totals: Totals,
}

/// What one part did in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct PartMeasure {
    /// Id of the part.
    pub id: String,
    /// What it is.
    pub kind: PartKind,
    /// Servers over all instances.
    pub capacity: u32,
    /// Larger for parts that are taken while others are held.
    pub depth: u16,
    /// Servers taken.
    pub visits: u64,
    /// Servers taken after a wait.
    pub waits: u64,
    /// Time waited, summed over tasks that wait no longer.
    pub waited: SimDuration,
    /// The area under the length of the queue, in tasks times nanoseconds: as long as all have waited
    /// so far, those too that wait still.
    pub queue_area: SimDuration,
    /// Busy time, summed over servers.
    pub busy: SimDuration,
    /// Attempts sent to each instance; empty where instances simply take turns.
    pub sent: Vec<u64>,
    /// Busy time of each of them.
    pub busy_each: Vec<SimDuration>,
    /// Tasks refused: by a full queue, or a limit.
    pub rejected: u64,
    /// Tasks refused by single instances: they were starting, or had a fault; since the run began.
    pub instance_refusals: u64,
    /// Tasks that left the queue unserved.
    pub left: u64,
    /// Most waiting at once before one instance, warm-up included.
    pub queue_max: u64,
    /// Waiting now.
    pub queue_now: u64,
}

impl Simulation {
    /// How many leading batches are warm-up: where the latencies had settled, none for a short run.
    pub fn settled_from(&self) -> usize {
        self.record.batches.settled_from()
    }

    /// How many leading batches hold at least this many requests.
    pub fn batches_in(&self, requests: u64) -> usize {
        requests.div_ceil(self.record.batches.batch_length()) as usize
    }

    /// Measures from the end of the first `skipped` batches until now.
    pub fn period(&self, skipped: usize) -> Period {
        let batches = &self.record.batches;
        let skipped = skipped.min(self.record.marks.len());
        let begin = skipped.checked_sub(1).and_then(|last| self.record.marks.get(last));
        let from = begin.map_or(SimTime::ZERO, |mark| mark.time);
        let before = begin.map_or_else(Totals::default, |mark| mark.totals);
        let now = self.record.totals();
        Period {
            from,
            span: self.now.since(from),
            totals: now.since(&before),
            clients: self.by_clients(begin),
            latencies: batches.total(skipped),
            failures: batches.total_failed(skipped),
            mean_half_width: batches.mean_half_width(skipped),
            p99_half_width: batches.quantile_half_width(0.99, skipped),
            error_half_width: self.error_half_width(before, skipped),
            parts: self.parts(begin),
            caches: self.cache_measures(begin),
            machines: self.machine_measures(),
            third_parties: self.party_measures(begin),
            pools: self.pool_measures(begin),
            networks: self.network_measures(),
            replicas: self.replica_measures(begin),
            jobs: self.jobs_measures(begin),
            files: self.file_measures(begin),
            tables: self.table_measures(begin),
            crons: self.cron_measures(),
            in_flight: now.sent - now.finished(),
        }
    }

    /// Half the width of the 95 % interval of the share of requests without a right answer, from the
    /// full batches after the first `skipped`, before which there were as many as in `before`; `None`
    /// with fewer than 8 of them.
    fn error_half_width(&self, mut before: Totals, skipped: usize) -> Option<f64> {
        let marks = self.record.marks.get(skipped..).filter(|marks| marks.len() >= BATCHES_MIN)?;
        let share = |mark: &Mark| {
            let batch = mark.totals.since(&before);
            before = mark.totals;
            batch.error_share()
        };
        half_width_of_correlated(&marks.iter().map(share).collect::<Vec<_>>())
    }

    fn by_clients(&self, begin: Option<&Mark>) -> Vec<ClientsMeasure> {
        let counted = self.record.by_clients().into_iter().enumerate();
        let measure = |(clients, (index, now)): (&Clients, (usize, Totals))| {
            let before = begin.map_or_else(Totals::default, |mark| mark.by_clients[index]);
            let Clients { id, is_background, .. } = clients;
            let (id, is_background) = (id.clone(), *is_background);
            ClientsMeasure { id, is_background, totals: now.since(&before) }
        };
        self.model.clients.iter().zip(counted).map(measure).collect()
    }

    fn parts(&self, begin: Option<&Mark>) -> Vec<PartMeasure> {
        let parts = self.model.parts.iter().map(|part| {
            let mut measure = PartMeasure {
                id: part.id.clone(),
                kind: part.kind,
                capacity: 0,
                depth: part.depth,
                visits: 0,
                waits: 0,
                waited: SimDuration::ZERO,
                queue_area: SimDuration::ZERO,
                busy: SimDuration::ZERO,
                sent: Vec::new(),
                busy_each: Vec::new(),
                rejected: 0,
                instance_refusals: 0,
                left: 0,
                queue_max: 0,
                queue_now: 0,
            };
            if part.kind == PartKind::Machine {
                let index = usize::from(part.first);
                let (busy, jobs) = self.machine_since(index, begin);
                measure.capacity = self.model.machines[index].cores_count;
                (measure.busy, measure.visits) = (SimDuration(busy), jobs);
            }
            for index in usize::from(part.first)..usize::from(part.first + part.stations) {
                let station = &self.model.stations[index];
                let before = begin.map_or_else(Counters::default, |mark| mark.counters[index]);
                let after = station.counters(self.now);
                measure.capacity += station.capacity;
                measure.visits += after.visits - before.visits;
                measure.waits += after.waits - before.waits;
                measure.waited += SimDuration(after.waited - before.waited);
                measure.queue_area += SimDuration(after.queue_area.wrapping_sub(before.queue_area));
                measure.busy += SimDuration(after.busy - before.busy);
                if station.line != NO_LINE && part.kind == PartKind::Service {
                    measure.sent.push(after.sent - before.sent);
                    measure.busy_each.push(SimDuration(after.busy - before.busy));
                }
                if station.line != NO_LINE {
                    let line = &self.model.lines[usize::from(station.line)];
                    measure.instance_refusals += line.refusals;
                }
                measure.rejected += after.rejected - before.rejected;
                measure.left += after.left - before.left;
                measure.queue_max = measure.queue_max.max(u64::from(station.queue_max));
                measure.queue_now += u64::from(station.queue_length);
            }
            measure
        });
        parts.collect()
    }

    /// What has been counted since the run began, at little cost.
    pub fn totals(&self) -> Totals {
        self.record.totals()
    }

    /// Latencies of all requests answered in time since the run began.
    pub fn latencies(&self) -> Histogram {
        self.record.batches.total(0)
    }

    /// The area under the length of the queue before each part since the run began, in tasks times
    /// nanoseconds, in the order of [`Simulation::part_ids`]. The difference of two divided by the
    /// time between them is the mean length.
    pub fn queue_areas(&self) -> Vec<u64> {
        let parts = self.model.parts.iter().map(|part| {
            let stations = usize::from(part.first)..usize::from(part.first + part.stations);
            // A machine has no stations; its number stands where others have that of their first.
            let stations = if part.kind == PartKind::Machine { 0..0 } else { stations };
            let areas = self.model.stations[stations].iter().map(|s| s.queue_area(self.now));
            areas.fold(0, u64::wrapping_add)
        });
        parts.collect()
    }

    /// Parts that can be busy, in the order of the document.
    pub fn part_ids(&self) -> impl Iterator<Item = &str> {
        self.model.parts.iter().map(|part| part.id.as_str())
    }

    /// Requests under way, counted one by one: none is lost if they are as many as were sent and have
    /// not ended. Takes time for every task.
    pub fn requests_under_way(&self) -> u64 {
        let is_request = |id: &u32| {
            let Task { parent, answers, clients, pc, .. } = self.tasks[*id];
            let clients = &self.model.clients[usize::from(clients)];
            let is_one = parent == NO_TASK && answers == 0 && !clients.is_background;
            is_one && pc > self.send_of(clients.start)
        };
        self.tasks.in_use().filter(is_request).count() as u64
    }

    /// A number that is equal for two runs only if all they measured is equal.
    pub fn digest(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |number: u64| {
            for byte in number.to_le_bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        };
        // What is late, wrong or in a queue is not part of it: it follows from what is.
        let Totals { sent, retries, outcomes, stale, .. } = self.record.totals();
        [self.now.0, self.events_count(), sent, retries].into_iter().for_each(&mut add);
        outcomes.into_iter().for_each(&mut add);
        self.record.batches.total(0).for_each(|middle, count| {
            add(middle);
            add(u64::from(count));
        });
        for station in &self.model.stations {
            let Counters { visits, waits, waited, busy, rejected, left, .. } =
                station.counters(self.now);
            [visits, waits, waited, busy, rejected, left].into_iter().for_each(&mut add);
        }
        if !self.model.caches.is_empty() {
            add(stale);
            self.cache_numbers(&mut add);
        }
        self.table_numbers(&mut add);
        self.file_numbers(&mut add);
        self.jobs_numbers(&mut add);
        self.pool_numbers(&mut add);
        for replica in self.replica_counters() {
            add(replica.reads);
            add(replica.stale);
        }
        hash
    }
}
