//! Reports of parts, and of what only some of them have.

use std::collections::BTreeMap;

use crate::engine::SimDuration;
use crate::model::third_party::Counters;
use crate::model::{
    CacheMeasure, ClientsMeasure, FileMeasure, JobsMeasure, MachineMeasure, NetworkMeasure,
    PartMeasure, PoolMeasure, ReplicaMeasure, TableMeasure,
};

use super::measured::Measured;
use super::report::{
    CacheReport, ClientsReport, CronReport, FileReport, JobsReport, MachineReport, NetworkReport,
    PartReport, PoolReport, ReplicaReport, TableReport, ThirdPartyReport,
};

impl Measured {
    pub(super) fn parts(&self) -> BTreeMap<String, PartReport> {
        let secs = self.period.span.as_secs().max(1e-9);
        let outcomes = self.outcomes();
        let is_known = outcomes.is_work_known();
        let under_way = if is_known { 0 } else { outcomes.in_flight };
        let requests = (outcomes.served() + under_way).max(1) as f64;
        let report = |part: &PartMeasure| PartReport {
            kind: part.kind.word().to_owned(),
            capacity: part.capacity,
            utilisation: self.utilisation(part),
            demand_ratio: if is_known { self.demand_ratio(part) } else { self.utilisation(part) },
            queue_mean: part.queue_area.as_secs() / secs,
            queue_max: part.queue_max,
            wait_mean_ms: part.waited.as_ms() / (part.visits + part.left).max(1) as f64,
            wait_share: (part.waits + part.left) as f64 / (part.visits + part.left).max(1) as f64,
            visits_per_request: part.visits as f64 / requests,
            visits_per_s: self.rate(part.visits),
            rejected: part.rejected,
            instance_refusals: part.instance_refusals,
            instance_shares: shares(&part.sent),
        };
        by_id(self.period.parts.iter().map(|part| (part.id.clone(), report(part))))
    }

    pub(super) fn caches(&self) -> BTreeMap<String, CacheReport> {
        let report = |measure: &CacheMeasure| {
            let counters = &measure.counters;
            let lookups = counters.hits + counters.loads + counters.waits;
            let per = |sum: f64, count: u64| sum / count.max(1) as f64;
            CacheReport {
                hit_ratio: per(counters.hits as f64, lookups),
                stale_share: per(counters.stale_hits as f64, counters.hits),
                age_mean_ms: per(counters.age_nanos as f64 / 1e6, counters.hits),
                stale_mean_ms: per(counters.stale_nanos as f64 / 1e6, counters.stale_hits),
                lookups_per_s: self.rate(lookups),
                loads_per_s: self.rate(counters.loads + counters.refreshes),
                waits_share: per(counters.waits as f64, lookups),
                discarded: counters.discarded,
                entries: measure.entries,
                lost_writes: measure.lost,
            }
        };
        let caches = self.period.caches.iter();
        by_id(caches.map(|measure| (measure.id.clone(), report(measure))))
    }

    pub(super) fn networks(&self) -> Vec<NetworkReport> {
        let networks = self.period.networks.iter().cloned();
        let report = |NetworkMeasure { ends, lost, delayed }| NetworkReport { ends, lost, delayed };
        networks.map(report).collect()
    }

    pub(super) fn pools(&self) -> BTreeMap<String, PoolReport> {
        let report = |measure: &PoolMeasure| PoolReport {
            database: measure.database.clone(),
            opened_per_s: self.rate(measure.counters.opened),
            refused_per_s: self.rate(measure.counters.refused),
            failed_per_s: self.rate(measure.counters.failed),
            closed_per_s: self.rate(measure.counters.closed),
            open: measure.open,
            lost: measure.lost,
            limit: measure.limit,
        };
        let pools = self.period.pools.iter();
        pools.map(|measure| (measure.id.clone(), report(measure))).collect()
    }

    pub(super) fn replicas(&self) -> BTreeMap<String, ReplicaReport> {
        let report = |measure: &ReplicaMeasure| ReplicaReport {
            reads_per_s: self.rate(measure.reads),
            stale_share: measure.stale as f64 / measure.reads.max(1) as f64,
            delay_mean_ms: measure.delay.as_ms() / measure.writes.max(1) as f64,
            lag_ms: SimDuration(measure.lag).as_ms(),
        };
        let replicas = self.period.replicas.iter();
        by_id(replicas.map(|measure| (measure.id.clone(), report(measure))))
    }

    pub(super) fn jobs(&self) -> BTreeMap<String, JobsReport> {
        let report = |measure: &JobsMeasure| {
            let counters = &measure.counters;
            let queue = &counters.queue;
            let per = |sum: u64, count: u64| sum as f64 / count.max(1) as f64;
            JobsReport {
                sent_per_s: self.rate(queue.sent),
                rejected: queue.rejected,
                finished_per_s: self.rate(queue.finished),
                deliveries_per_job: per(queue.deliveries, queue.sent),
                late: queue.late,
                dead: queue.dead,
                wait_mean_ms: per(counters.waited, queue.deliveries - queue.redeliveries) / 1e6,
                done_mean_ms: per(counters.taken, queue.finished) / 1e6,
                waiting: measure.waiting,
            }
        };
        let jobs = self.period.jobs.iter();
        by_id(jobs.map(|measure| (measure.id.clone(), report(measure))))
    }

    pub(super) fn files(&self) -> BTreeMap<String, FileReport> {
        let secs = self.period.span.as_secs().max(1e-9);
        let report = |measure: &FileMeasure| {
            let counters = &measure.counters;
            FileReport {
                reads_per_s: self.rate(counters.reads),
                writes_per_s: self.rate(counters.writes),
                writer_utilisation: SimDuration(counters.writing).as_secs() / secs,
                taken_per_s: self.rate(counters.taken),
                busy_per_s: self.rate(counters.busy),
                upgrades_failed_per_s: self.rate(counters.upgrades),
            }
        };
        let files = self.period.files.iter();
        by_id(files.map(|measure| (measure.id.clone(), report(measure))))
    }

    pub(super) fn tables(&self) -> BTreeMap<String, TableReport> {
        let report = |measure: &TableMeasure| {
            let counters = &measure.counters;
            let per = |sum: u64, count: u64| sum as f64 / count.max(1) as f64;
            let lost = counters.lost.saturating_sub(counters.regained);
            let waited = counters.waits.saturating_sub(counters.deadlocks + counters.given_up);
            TableReport {
                updates_per_s: self.rate(counters.updates),
                lost_share: per(lost, counters.updates),
                conflicts_per_s: self.rate(counters.conflicts),
                lock_waits_per_s: self.rate(counters.waits),
                lock_wait_mean_ms: per(counters.waited, waited) / 1e6,
                deadlocks: counters.deadlocks,
                given_up: counters.given_up,
            }
        };
        let tables = self.period.tables.iter();
        by_id(tables.map(|measure| (measure.id.clone(), report(measure))))
    }

    pub(super) fn third_parties(&self) -> BTreeMap<String, ThirdPartyReport> {
        let report = |counters: &Counters| ThirdPartyReport {
            served_per_s: self.rate(counters.served),
            refused_per_s: self.rate(counters.refused),
            failed_per_s: self.rate(counters.failed),
        };
        let parties = self.period.third_parties.iter();
        by_id(parties.map(|party| (party.id.clone(), report(&party.counters))))
    }

    pub(super) fn clients(&self) -> BTreeMap<String, ClientsReport> {
        let secs = self.period.span.as_secs();
        let report = |clients: &ClientsMeasure| ClientsReport::new(clients, secs);
        by_id(self.period.clients.iter().map(|one| (one.id.clone(), report(one))))
    }

    pub(super) fn crons(&self) -> BTreeMap<String, CronReport> {
        let crons = self.period.crons.iter().map(|cron| {
            let (most, skipped, cancelled) = (cron.most, cron.skipped, cron.cancelled);
            (cron.id.clone(), CronReport { most, skipped, cancelled })
        });
        by_id(crons)
    }

    pub(super) fn machines(&self) -> BTreeMap<String, MachineReport> {
        let report = |measure: &MachineMeasure| MachineReport {
            memory_mean_mb: measure.memory_mean as f64 / (1024.0 * 1024.0),
            memory_most_mb: measure.memory_most as f64 / (1024.0 * 1024.0),
            kills: measure.kills,
        };
        let machines = self.period.machines.iter();
        by_id(machines.map(|measure| (measure.id.clone(), report(measure))))
    }
}

impl ClientsReport {
    /// What was measured in so many seconds.
    pub(super) fn new(clients: &ClientsMeasure, secs: f64) -> Self {
        let ClientsMeasure { totals, is_background, .. } = clients;
        let rate = |count: u64| if secs > 0.0 { count as f64 / secs } else { 0.0 };
        Self {
            background: *is_background,
            sent_per_s: rate(totals.sent),
            throughput_per_s: rate(totals.finished()),
            goodput_per_s: rate(totals.right()),
            error_share: totals.error_share(),
            amplification: (totals.sent + totals.retries) as f64 / totals.sent.max(1) as f64,
        }
    }
}

/// Reports by id. Collecting them would sort them first, and for each kind that is five kilobytes of
/// what the page downloads.
pub(super) fn by_id<T>(reports: impl Iterator<Item = (String, T)>) -> BTreeMap<String, T> {
    let mut all = BTreeMap::new();
    for (id, report) in reports {
        all.insert(id, report);
    }
    all
}

fn shares(counts: &[u64]) -> Vec<f64> {
    let all = counts.iter().sum::<u64>().max(1) as f64;
    counts.iter().map(|&count| count as f64 / all).collect()
}
