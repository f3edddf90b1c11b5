//! What caches, databases, machines and others did, as plain data; see [`report`](super::report).

use serde::{Deserialize, Serialize};

/// What one cache did.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CacheReport {
    /// Share of lookups that found a copy, 0..=1.
    pub hit_ratio: f64,
    /// Share of hits on a copy that was not true any more, 0..=1.
    pub stale_share: f64,
    /// Mean time since a copy that was found had been stored, in milliseconds.
    pub age_mean_ms: f64,
    /// Mean time since a stale copy that was found had been true, in milliseconds.
    pub stale_mean_ms: f64,
    /// Lookups per second.
    pub lookups_per_s: f64,
    /// Loads per second, those in the background included.
    pub loads_per_s: f64,
    /// Share of lookups that waited for the load of somebody else, 0..=1.
    pub waits_share: f64,
    /// Loaded values that were not stored.
    pub discarded: u64,
    /// Copies held at the end, valid or not.
    pub entries: u64,
    /// Writes that were answered and then lost, since the run began.
    pub lost_writes: u64,
}

/// What became of the connections of one pool that opens them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PoolReport {
    /// Id of its database.
    pub database: String,
    /// Connections opened, per second.
    pub opened_per_s: f64,
    /// Openings refused because the database had as many connections as it takes, per second.
    pub refused_per_s: f64,
    /// Openings that failed because the database was down, per second.
    pub failed_per_s: f64,
    /// Connections closed because nobody needed them, per second.
    pub closed_per_s: f64,
    /// Connections open at the end, over all instances.
    pub open: u32,
    /// Places for a connection that nobody will give back, at the end.
    pub lost: u32,
    /// Most connections that all pools together may have; `None` without a limit.
    pub limit: Option<u32>,
}

/// What became of messages over a network that faults cut, since the run began.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NetworkReport {
    /// Ids of the two parts.
    pub ends: [String; 2],
    /// Messages that were lost: their callers waited for their timeouts.
    pub lost: u64,
    /// Messages that were sent again until the network was back.
    pub delayed: u64,
}

/// What was read at one replica.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ReplicaReport {
    /// Rows read, per second.
    pub reads_per_s: f64,
    /// Share of them that did not show the last write, or for own rows the own one, 0..=1.
    pub stale_share: f64,
    /// Mean time from the commit of a write until it can be seen here, in milliseconds.
    pub delay_mean_ms: f64,
    /// How far behind its primary it is at the end, in milliseconds.
    pub lag_ms: f64,
}

/// What came of the jobs of one queue.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct JobsReport {
    /// Jobs sent and accepted, per second.
    pub sent_per_s: f64,
    /// Jobs refused because the queue was full.
    pub rejected: u64,
    /// Jobs done while they were their handler's, per second.
    pub finished_per_s: f64,
    /// Deliveries per job sent; above 1 some work is done again.
    pub deliveries_per_job: f64,
    /// Handlers that were done after their job had been shown to others again.
    pub late: u64,
    /// Jobs given up after their last delivery.
    pub dead: u64,
    /// Mean time from sending to the first delivery, in milliseconds.
    pub wait_mean_ms: f64,
    /// Mean time from sending to the end, over jobs done, in milliseconds.
    pub done_mean_ms: f64,
    /// Jobs waiting at the end.
    pub waiting: u64,
}

/// What happened at one database that is a file.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct FileReport {
    /// Transactions that only read and ended well, per second.
    pub reads_per_s: f64,
    /// Commits per second.
    pub writes_per_s: f64,
    /// Share of the time with a writer, 0..=1.
    pub writer_utilisation: f64,
    /// Times a lock was found taken, per second.
    pub taken_per_s: f64,
    /// Transactions given up because a lock stayed taken, per second.
    pub busy_per_s: f64,
    /// Transactions that had read, could not become the writer and failed at once, per second.
    pub upgrades_failed_per_s: f64,
}

/// What became of the updates of one table.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct TableReport {
    /// Updates acknowledged per second, each row for itself.
    pub updates_per_s: f64,
    /// Share of them that are gone, 0..=1.
    pub lost_share: f64,
    /// Commits refused because somebody else had written, per second.
    pub conflicts_per_s: f64,
    /// Waits for the lock of a row, per second.
    pub lock_waits_per_s: f64,
    /// Mean time waited for the lock of a row by those who got it after a wait, in milliseconds.
    pub lock_wait_mean_ms: f64,
    /// Updates given up because all waited for each other.
    pub deadlocks: u64,
    /// Updates given up after too long a wait for a lock.
    pub given_up: u64,
}

/// What one third party answered.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ThirdPartyReport {
    /// Calls answered, per second.
    pub served_per_s: f64,
    /// Calls refused for its quota, per second.
    pub refused_per_s: f64,
    /// Calls while it was down, per second.
    pub failed_per_s: f64,
}

/// What one cron did, since the run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CronReport {
    /// Most runs under way at once.
    pub most: u32,
    /// Starts left out.
    pub skipped: u64,
    /// Runs cancelled by the next.
    pub cancelled: u64,
}

/// The memory of one machine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MachineReport {
    /// Most megabytes held at once, since the run began; 0 for a machine without a limit.
    pub memory_most_mb: f64,
    /// Mean megabytes held, since the run began; 0 for a machine without a limit.
    pub memory_mean_mb: f64,
    /// Parts killed for their memory, since the run began.
    pub kills: u64,
}
