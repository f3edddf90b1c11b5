//! A built system, ready to run.

use crate::engine::Stream;
use crate::engine::events::FutureEvents;

use super::asking::{AskStep, PartyModel};
use super::caching::{CacheModel, CachedStep, WriteStep};
use super::crons::CronModel;
use super::faults::FaultModel;
use super::machine::InterpreterLock;
use super::placing::{Compute, MachineModel, Placed};
use super::program::{Account, Choice, Edge, Fork, Op, Sampler, SamplerKind};
use super::querying::{Crowd, DiskModel, PageReads};
use super::querying_build::PlannedQuery;
use super::station::{Group, Station};

/// Everything a simulation works on, indexed by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) program: Vec<Op>,
    pub(super) samplers: Vec<Sampler>,
    pub(super) edges: Vec<Edge>,
    pub(super) forks: Vec<Fork>,
    pub(super) choices: Vec<Choice>,
    pub(super) faults: Vec<FaultModel>,
    pub(super) caches: Vec<CacheModel>,
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
    pub(super) plans: Vec<PlannedQuery>,
    pub(super) cached_steps: Vec<CachedStep>,
    pub(super) write_steps: Vec<WriteStep>,
    pub(super) groups: Vec<Group>,
    pub(super) stations: Vec<Station>,
    pub(super) parts: Vec<PartModel>,
    pub(super) accounts: Vec<Account>,
    pub(super) clients: Vec<Clients>,
    pub(super) streams: Vec<Stream>,
    /// Part and purpose of each stream.
    pub(super) stream_ids: Vec<(u64, u64)>,
    pub(super) events: FutureEvents,
}

/// A source of requests.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    /// First operation of a request.
    pub(super) start: u32,
    /// Time between arrivals, for open clients.
    pub(super) gap: SamplerKind,
    /// Users of closed clients, 0 for open ones.
    pub(super) users: u32,
    pub(super) stream: u16,
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
            Self::Machine => "machine",
        }
    }
}
