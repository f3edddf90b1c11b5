//! What analyses give: plain data that crosses to workers, to the command line and to files.
//!
//! Latencies are in milliseconds, rates per second, shares in 0..=1. A percentile is `None` where
//! nothing was answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plans::QueryPlan;
pub use super::report_curve::{Curve, CurvePoint, Knee, KneeLimit, TheoryPoint};
pub use super::report_data::{
    CacheReport, CronReport, FileReport, JobsReport, MachineReport, NetworkReport, PoolReport,
    ReplicaReport, TableReport, ThirdPartyReport,
};

/// Everything measured in one run at one setting of the knobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Id of the scenario.
    pub scenario: String,
    /// Seed of all random streams.
    pub seed: u64,
    /// 16 hex digits; equal if and only if the run was the same, on every machine.
    pub digest: String,
    /// Simulated time that was measured, after the warm-up, in seconds.
    pub measured_secs: f64,
    /// Simulated time left out at the start because the system had not settled, in seconds.
    pub warmup_secs: f64,
    /// Latency of requests answered in time, from the first attempt to the answer.
    pub latency_ms: LatencySummary,
    /// How long all requests took until they ended, those too that were not answered in time;
    /// without intervals.
    pub latency_all_ms: LatencySummary,
    /// Requests sent per second.
    pub offered_per_s: f64,
    /// Requests finished per second, whatever their outcome.
    pub throughput_per_s: f64,
    /// Requests answered in time and right, per second.
    pub goodput_per_s: f64,
    /// Counts of requests by outcome, after the warm-up.
    pub outcomes: Outcomes,
    /// Share of finished requests that were not answered in time and right, 0..=1.
    pub error_share: f64,
    /// Half the width of the 95 % interval of that share; `None` if the run was too short for
    /// it, or none failed.
    pub error_share_half_width: Option<f64>,
    /// Attempts per request, at least 1.
    pub amplification: f64,
    /// Attempts and branches answered when nobody waited for them any more: work for nothing.
    pub late: u64,
    /// Measures of each part that can be busy, by id.
    pub parts: BTreeMap<String, PartReport>,
    /// Share of the requests answered in time that saw a value that was not true any more, 0..=1.
    pub stale_share: f64,
    /// Updates that were acknowledged and are gone; each takes one from the answers that were right.
    pub lost_updates: u64,
    /// Records made.
    pub records: u64,
    /// Those of them about something that there was a record of already: wrong data.
    pub duplicates: u64,
    /// Networks that faults cut, in the order in which they are used.
    pub networks: Vec<NetworkReport>,
    /// Connections of each pool that opens them, by id.
    pub pools: BTreeMap<String, PoolReport>,
    /// Measures of each replica, by id.
    pub replicas: BTreeMap<String, ReplicaReport>,
    /// Measures of each queue of jobs, by id.
    pub jobs: BTreeMap<String, JobsReport>,
    /// Measures of each database that is a file, by id.
    pub files: BTreeMap<String, FileReport>,
    /// Measures of each table whose rows are updated, by database and table.
    pub tables: BTreeMap<String, TableReport>,
    /// Measures of each cache, by id.
    pub caches: BTreeMap<String, CacheReport>,
    /// Memory of each machine, by id.
    pub machines: BTreeMap<String, MachineReport>,
    /// Measures of each third party, by id.
    pub third_parties: BTreeMap<String, ThirdPartyReport>,
    /// Runs of each cron, by id of the clients.
    pub crons: BTreeMap<String, CronReport>,
    /// The phases of the run that are over, by id.
    pub phases: BTreeMap<String, PhaseReport>,
    /// Requests of each part of kind `clients`, by id.
    pub clients: BTreeMap<String, ClientsReport>,
    /// From the end of the last fault until as few requests failed as the objective allows, and
    /// from then on; `None` without a fault, or if they never did.
    pub recovery_secs: Option<f64>,
    /// More is asked for than the system can ever do: the numbers depend on how long it ran.
    pub overloaded: bool,
    /// Which limit ended the run early, in words; `None` if it ran to its end.
    pub stopped: Option<String>,
    /// Events processed, warm-up included.
    pub events: u64,
}

/// One phase of a run. Requests count to the phase in which they were sent, or finished.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseReport {
    /// When it began, in seconds.
    pub from_secs: f64,
    /// When it ended, in seconds.
    pub to_secs: f64,
    /// Latency of requests answered in time.
    pub latency_ms: LatencySummary,
    /// Requests sent, per second.
    pub sent_per_s: f64,
    /// Requests finished, per second.
    pub throughput_per_s: f64,
    /// Requests answered in time and right, per second.
    pub goodput_per_s: f64,
    /// Share of finished requests that were not answered in time and right, 0..=1.
    pub error_share: f64,
    /// Attempts per request sent.
    pub amplification: f64,
    /// Share of the requests answered in time that saw a value that was not true any more, 0..=1.
    pub stale_share: f64,
    /// Updates that were acknowledged and are gone.
    pub lost_updates: u64,
    /// Records made of what there was a record of already.
    pub duplicates: u64,
    /// Requests of each part of kind `clients`, by id.
    pub clients: BTreeMap<String, ClientsReport>,
}

/// The requests of one part of kind `clients`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ClientsReport {
    /// They are load and no outcomes, and so in no other figure.
    pub background: bool,
    /// Requests sent, per second.
    pub sent_per_s: f64,
    /// Requests finished, per second.
    pub throughput_per_s: f64,
    /// Requests answered in time and right, per second.
    pub goodput_per_s: f64,
    /// Share of finished requests that were not answered in time and right, 0..=1.
    pub error_share: f64,
    /// Attempts per request sent.
    pub amplification: f64,
}

/// Latency of requests answered in time, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LatencySummary {
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Half were faster.
    pub p50: Option<f64>,
    /// 95 % were faster.
    pub p95: Option<f64>,
    /// 99 % were faster.
    pub p99: Option<f64>,
    /// The slowest.
    pub max: Option<f64>,
    /// Half the width of the 95 % confidence interval of the mean; `None` with too little data.
    pub mean_half_width: Option<f64>,
    /// Half the width of the 95 % confidence interval of `p99`; `None` with too little data.
    pub p99_half_width: Option<f64>,
}

/// Counts of requests by how they ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcomes {
    /// Answered while the user still waited.
    pub in_time: u64,
    /// Refused at the door because a queue was full.
    pub rejected: u64,
    /// Waited longer than a queue or pool allows.
    pub gave_up: u64,
    /// The last attempt got no answer within the caller's timeout.
    pub timed_out: u64,
    /// Answered with an error, or lost with the part that worked on it.
    pub failed: u64,
    /// Turned away to protect the others.
    pub shed: u64,
    /// Still under way when the run ended.
    pub in_flight: u64,
}

impl Outcomes {
    /// Requests that ended and were not turned away.
    pub fn served(&self) -> u64 {
        self.in_time + self.gave_up + self.timed_out + self.failed
    }

    /// What a request asks of the parts is known: most of the work was for requests that were served,
    /// and not for such as were let in and are still there.
    pub fn is_work_known(&self) -> bool {
        self.served() >= self.in_flight
    }
}

/// What one part did.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PartReport {
    /// `service`, `pool`, `database` or `lock`.
    pub kind: String,
    /// How many can be served at once, over all instances.
    pub capacity: u32,
    /// Busy share of the capacity, 0..=1.
    pub utilisation: f64,
    /// What arriving requests ask of it, as a share of its capacity; above 1 it can never keep up.
    /// Its utilisation, which is the least, unless [`Outcomes::is_work_known`].
    pub demand_ratio: f64,
    /// Mean number waiting, those counted too that wait still.
    pub queue_mean: f64,
    /// Most waiting at once.
    pub queue_max: u64,
    /// Mean time waiting for it, over all visits that wait no longer, in milliseconds.
    pub wait_mean_ms: f64,
    /// Share of visits that had to wait, 0..=1.
    pub wait_share: f64,
    /// Visits per finished request that was not turned away: for a database, queries per request. A
    /// lower bound unless [`Outcomes::is_work_known`]. Visits of clients in the background count, too.
    pub visits_per_request: f64,
    /// Visits that got what they came for, per second.
    pub visits_per_s: f64,
    /// Visits refused because its queue was full, or by a limit.
    pub rejected: u64,
    /// Visits refused by single instances that were starting, or had a fault; since the run began.
    pub instance_refusals: u64,
    /// Share of the attempts that each instance got, if it matters which one is chosen.
    pub instance_shares: Vec<f64>,
}

/// The largest value of a knob that meets the objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ceiling {
    /// Id of the knob.
    pub knob: String,
    /// The largest value found to meet the objective; `None` if even the smallest does not.
    pub value: Option<f64>,
    /// The objective is met over the whole range of the knob.
    pub beyond_range: bool,
    /// Runs made to find it.
    pub runs: u32,
}

/// Why a run came out as it did, from measured facts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Explanation {
    /// One fact each, most important first; each stands alone.
    pub sentences: Vec<Sentence>,
    /// The part that saturates first as load grows, if any does.
    pub first_to_break: Option<FirstToBreak>,
    /// Where the time of a typical and of a slow request goes, largest first.
    pub time: Vec<TimeShare>,
    /// How the databases answer the queries that they plan.
    pub plans: Vec<QueryPlan>,
}

/// A sentence of an explanation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    /// Ends with a full stop.
    pub text: String,
    /// Id of the part it speaks of.
    pub part: Option<String>,
}

/// The bottleneck: the part with the smallest bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FirstToBreak {
    /// Id of the part.
    pub part: String,
    /// Requests per second at which it breaks.
    pub bound_per_s: f64,
    /// Value of the users knob at that rate, where it is proportional to the rate.
    pub at_users: Option<f64>,
    /// What happens there.
    pub why: Breaks,
}

/// Why a part serves no more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breaks {
    /// It is busy all the time (utilisation law: capacity / demand).
    Busy {
        /// Busy time one request asks of it, in milliseconds (its demand).
        demand_ms: f64,
    },
    /// It is a third party, and its quota is used up.
    Quota {
        /// Calls one request makes of it.
        calls: f64,
    },
    /// Its limit on the rate turns away what is more.
    Limit {
        /// Calls one request makes of it.
        calls: f64,
    },
}

/// Mean time that requests of a class spend in one way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeShare {
    /// In words, such as `waiting for pool` or `query in db`.
    pub label: String,
    /// Id of the part.
    pub part: String,
    /// Waiting for the part, rather than being served by it.
    pub waiting: bool,
    /// Mean over requests around the median, in milliseconds.
    pub median_ms: f64,
    /// Mean over the slowest 1 %, in milliseconds.
    pub slow_ms: f64,
}

/// Two settings on the same arrivals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// p99 of the first divided by p99 of the second; above 1 the second is faster.
    pub p99_ratio: Option<f64>,
    /// Half the width of the 95 % confidence interval of `p99_ratio`.
    pub p99_ratio_half_width: Option<f64>,
    /// Goodput of the second less that of the first, per second.
    pub goodput_gain_per_s: f64,
}
