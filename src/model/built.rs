//! A built system, ready to run.

use crate::engine::Stream;
use crate::engine::arena::Arena;
use crate::engine::events::FutureEvents;

use super::asking::{AskStep, PartyModel};
use super::balance::{BalancerModel, Watch};
use super::caching::{CacheModel, CachedStep, WriteStep};
use super::crons::CronModel;
use super::discipline::Line;
use super::doors::{Door, UserRange};
use super::entrance::Entrance;
use super::faults::FaultModel;
use super::filing::{FileAccess, FileModel};
use super::gauges::Gauge;
use super::guard::{Guard, GuardedEdge};
use super::jobs::Keys;
use super::machine::InterpreterLock;
use super::once::OnceStep;
use super::partition::Wire;
use super::placing::{Compute, MachineModel, Placed};
use super::pooling::{Borrow, PoolModel, ShelfModel};
use super::program::{Account, Choice, Edge, Fork, Op, Sampler, SamplerKind};
use super::querying::{Crowd, DiskModel, PageReads};
use super::querying_build::PlannedQuery;
use super::replicating::{CopyRead, HistoryModel, ReplicaModel};
use super::scopes::Scopes;
use super::senders::Sender;
use super::starting::StartModel;
use super::station::{Group, Station};
use super::updating::{RowLocksModel, TableModel, UpdateStep, UpdatedRows};
use super::working::JobsModel;

/// Everything a simulation works on, indexed by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) program: Vec<Op>,
    pub(super) samplers: Vec<Sampler>,
    pub(super) edges: Vec<Edge>,
    pub(super) guarded: Vec<GuardedEdge>,
    pub(super) guards: Vec<Guard>,
    pub(super) forks: Vec<Fork>,
    pub(super) choices: Vec<Choice>,
    pub(super) faults: Vec<FaultModel>,
    /// Networks between two parts that faults can cut.
    pub(super) wires: Vec<Wire>,
    pub(super) starts: Vec<StartModel>,
    pub(super) caches: Vec<CacheModel>,
    /// An answer from a copy that is not true any more is wrong.
    pub(super) stale_is_wrong: bool,
    pub(super) parties: Vec<PartyModel>,
    pub(super) asks: Vec<AskStep>,
    pub(super) crons: Vec<CronModel>,
    pub(super) machines: Vec<MachineModel>,
    pub(super) placed: Vec<Placed>,
    pub(super) computes: Vec<Compute>,
    pub(super) locks: Vec<InterpreterLock>,
    pub(super) disks: Vec<DiskModel>,
    pub(super) page_reads: Vec<PageReads>,
    pub(super) crowds: Vec<Crowd>,
    pub(super) pools: Vec<PoolModel>,
    pub(super) borrows: Vec<Borrow>,
    /// The connections of the stations of these pools.
    pub(super) shelves: Vec<ShelfModel>,
    pub(super) plans: Vec<PlannedQuery>,
    pub(super) cached_steps: Vec<CachedStep>,
    pub(super) write_steps: Vec<WriteStep>,
    pub(super) jobs: Vec<JobsModel>,
    /// Where records are made, by name.
    pub(super) ledgers: Vec<(String, Keys)>,
    /// Where keys of what has been done are kept, by name.
    pub(super) key_stores: Vec<(String, Keys)>,
    pub(super) once_steps: Vec<OnceStep>,
    pub(super) histories: Vec<HistoryModel>,
    pub(super) replicas: Vec<ReplicaModel>,
    pub(super) copy_reads: Vec<CopyRead>,
    pub(super) files: Vec<FileModel>,
    pub(super) file_accesses: Vec<FileAccess>,
    pub(super) tables: Vec<TableModel>,
    pub(super) row_locks: Vec<RowLocksModel>,
    pub(super) updates: Vec<UpdateStep>,
    /// Rows of the updates under way.
    pub(super) updated_rows: Arena<UpdatedRows>,
    pub(super) groups: Vec<Group>,
    pub(super) stations: Vec<Station>,
    /// Ways into groups that have more than a plain queue.
    pub(super) entrances: Vec<Entrance>,
    /// Queues of their stations.
    pub(super) lines: Vec<Line>,
    pub(super) balancers: Vec<BalancerModel>,
    pub(super) watches: Vec<Watch>,
    pub(super) doors: Vec<Door>,
    pub(super) gauges: Vec<Gauge>,
    /// A gauge asks how long tasks stay.
    pub(super) times_stays: bool,
    /// Attempts and branches get the numbers of the task they are for.
    pub(super) inherits: bool,
    /// Users of clients, if a door asks for them.
    pub(super) user_ranges: Vec<UserRange>,
    pub(super) parts: Vec<PartModel>,
    pub(super) accounts: Vec<Account>,
    pub(super) scopes: Scopes,
    pub(super) clients: Vec<Clients>,
    pub(super) senders: Vec<Sender>,
    pub(super) streams: Vec<Stream>,
    /// Part and purpose of each stream.
    pub(super) stream_ids: Vec<(u64, u64)>,
    pub(super) events: FutureEvents,
}

/// A source of requests.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    /// First operation of all.
    pub(super) first: u32,
    /// First operation of a request, or of a user's next round.
    pub(super) start: u32,
    /// Time between arrivals, for open clients.
    pub(super) gap: SamplerKind,
    /// Users of closed clients, 0 for open ones.
    pub(super) users: u32,
    pub(super) stream: u16,
    /// Class of their requests.
    pub(super) priority: u8,
    /// Their requests are load, and no outcomes.
    pub(super) is_background: bool,
    pub(super) id: String,
}

/// A part that can be busy.
#[derive(Debug, Clone)]
pub(super) struct PartModel {
    pub(super) id: String,
    pub(super) kind: PartKind,
    pub(super) first: u16,
    pub(super) stations: u16,
    /// How far inside it is: a part that is held while others are waited for has a smaller number.
    pub(super) depth: u16,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// Workers.
    Service,
    /// Connections.
    Pool,
    /// Cores.
    Database,
    /// Holders.
    Lock,
    /// Cores that parts share.
    Machine,
}

impl PartKind {
    /// The word for it in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Pool => "pool",
            Self::Database => "database",
            Self::Lock => "lock",
            Self::Machine => "machine",
        }
    }
}
