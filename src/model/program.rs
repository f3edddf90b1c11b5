//! The flat program that endpoints compile to, and what its operations refer to.
//!
//! Names are indices here; nothing is looked up while a program runs.

use crate::engine::events::LaneId;
use crate::engine::{Distribution, SimDuration, Stream};
use crate::policy::backoff::Backoff;

/// How many registers a task has: one for each server it holds and each loop it is in.
pub(super) const REGISTERS: usize = 6;

/// One operation. An attempt runs operations until one of them makes it wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Op {
    /// The request is sent now: its latency counts from here.
    Send,
    /// Takes a server of a group of stations, waiting for it if none is free.
    Acquire { group: u16, register: u8 },
    /// The same while a fault refuses some of what comes.
    AskAndAcquire { group: u16, register: u8 },
    /// Comes in through an entrance of a group that has more than a plain queue.
    Enter { entrance: u16, register: u8 },
    /// Takes a place in a pool that opens its connections.
    Borrow { borrow: u16, register: u8 },
    /// Takes a connection there that lies ready, or opens one.
    Connect { pool: u16, register: u8 },
    /// The connection is open.
    Connected { pool: u16, register: u8 },
    /// Asks a limit on the rate.
    Knock { door: u16 },
    /// The request gets the number of its user.
    Identify { range: u16 },
    /// Gives back the server in a register.
    Release { register: u8 },
    /// Lets time pass.
    Hold { sampler: u16 },
    /// The same at an instance that may be slower than others.
    HoldAt { sampler: u16, register: u8 },
    /// Enters a loop, or skips to `end` if it runs no times.
    Loop { register: u8, times: u32, end: u32 },
    /// Goes back to `start` until the loop has run its times.
    Again { register: u8, start: u32 },
    /// Goes on with the next operation with this chance, else at `otherwise`.
    Choose { choice: u16, otherwise: u32 },
    /// Goes on elsewhere.
    Jump { to: u32 },
    /// Sends an attempt along an edge and waits for its outcome.
    Call { edge: u16 },
    /// The same with a guard: more than a timeout and plain retries.
    Guarded { edge: u16 },
    /// The message is lost: whoever waits for the answer hears nothing.
    Vanish,
    /// A message over a network that a fault can cut; where the caller gives up, what is lost is lost.
    Cross { wire: u16, vanishes: bool },
    /// The attempt is turned away, with this many microseconds until it may come again.
    Reject { after: u32 },
    /// Starts branches and waits for some of them.
    Fork { fork: u16 },
    /// Reads pages that are not in memory.
    ReadPages { reads: u16 },
    /// Lets time pass that is longer the more connections are busy.
    HoldBeside { sampler: u16, crowd: u16 },
    /// Asks a third party; goes on behind it, at its failure, or at it again.
    Ask { ask: u16 },
    /// Computes on the machine of a part.
    Compute { compute: u16 },
    /// Takes the memory of a request in a part.
    TakeMemory { placed: u16, register: u8 },
    /// Gives it back.
    GiveMemory { register: u8 },
    /// Looks a value up; goes on behind its load if there is a copy.
    Lookup { cached: u16 },
    /// Goes on to the next of all values.
    NextKey { cached: u16, register: u8 },
    /// Notes the version of the value that is being loaded.
    Read { cached: u16 },
    /// Stores the loaded value.
    Fill { cached: u16 },
    /// Commits a write of a value.
    Commit { write: u16 },
    /// Tells the cache of the write.
    Tell { write: u16 },
    /// Takes a write that is due out of the queue before the database, or ends if there is none.
    TakeWrite { write: u16 },
    /// The database has that write.
    Written { write: u16 },
    /// The request gets the number of what it is about.
    Number,
    /// Makes a record of what the request is about.
    Record { ledger: u16 },
    /// Goes on unless what the request is about has been done, else at `end`.
    Once { once: u16, end: u32 },
    /// It has been done.
    OnceDone { once: u16 },
    /// Sends a job.
    Enqueue { jobs: u16 },
    /// Takes a job, or ends if there is none.
    TakeJob { jobs: u16 },
    /// A job is done.
    FinishJob { jobs: u16 },
    /// Begins a transaction of a file, which has no lock yet.
    OpenFile { access: u16 },
    /// Takes the lock of a file that a query needs.
    LockFile { access: u16 },
    /// Commits, and gives the locks of the file back.
    CloseFile { access: u16 },
    /// Chooses the rows of an update, unless they are chosen already.
    ChooseRows { update: u16 },
    /// Takes the lock of one of them.
    LockRow { update: u16, row: u8 },
    /// Notes what stands in one of them.
    ReadRow { update: u16, row: u8 },
    /// Commits the update, or begins it again.
    Conclude { update: u16 },
    /// Nobody asks any more what an update has written.
    Forget { register: u8 },
    /// Reads a row where it may be old.
    ReadCopy { read: u16 },
    /// The attempt fails.
    Fail,
    /// The attempt has its answer.
    Return,
}

impl Op {
    /// The register that a server is taken into, if one is taken.
    #[inline]
    pub(super) fn acquired(self) -> Option<u8> {
        match self {
            Self::Acquire { register, .. }
            | Self::AskAndAcquire { register, .. }
            | Self::Enter { register, .. }
            | Self::Borrow { register, .. } => Some(register),
            _ => None,
        }
    }
}

/// A way from a caller to an endpoint, with the caller's policy.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edge {
    /// First operation of the callee.
    pub(super) start: u32,
    pub(super) timeout: Option<Delay>,
    /// A timed-out attempt is cancelled at the callee.
    pub(super) cancels: bool,
    pub(super) retries: u32,
    pub(super) backoff: Backoff,
    /// Random stream of the back-off.
    pub(super) stream: u16,
    /// Where attempts that came to nothing are booked.
    pub(super) lost: u16,
}

/// A constant delay, in a lane of the event list if there was one left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Delay {
    pub(super) span: SimDuration,
    pub(super) lane: Option<LaneId>,
}

/// Branches that run at once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fork {
    /// First operation of each branch.
    pub(super) starts: Vec<u32>,
    /// How many must end well.
    pub(super) needed: u16,
}

/// One of two ways, by chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Choice {
    pub(super) probability: f64,
    pub(super) stream: u16,
}

/// Draws the length of a hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sampler {
    pub(super) kind: SamplerKind,
    /// Random stream it draws from.
    pub(super) stream: u16,
    /// Where the time is booked.
    pub(super) account: u16,
}

/// The common cases in nanoseconds, so that a draw costs one multiplication.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SamplerKind {
    /// Always as long.
    Constant(SimDuration),
    /// Exponential with this mean in nanoseconds.
    Exponential(f64),
    /// Anything else: a distribution in seconds, and how many times as much is drawn.
    Other {
        /// What is drawn from.
        distribution: Distribution,
        /// 1 unless a fault changes it.
        factor: f64,
    },
}

impl SamplerKind {
    pub(super) fn new(distribution: &Distribution) -> Self {
        match distribution {
            Distribution::Constant(secs) => Self::Constant(SimDuration::from_secs(*secs)),
            Distribution::Exponential { mean } => Self::Exponential(mean * 1e9),
            other => Self::Other { distribution: other.clone(), factor: 1.0 },
        }
    }

    /// Draws `factor` times as much from now on.
    pub(super) fn scale(&mut self, factor: f64) {
        match self {
            // Rounded, so that the end of a fault restores what its beginning changed.
            Self::Constant(span) => span.0 = (span.0 as f64 * factor + 0.5) as u64,
            Self::Exponential(mean) => *mean *= factor,
            Self::Other { factor: present, .. } => *present *= factor,
        }
    }

    /// One draw.
    #[inline(always)]
    pub(super) fn sample(&self, random: &mut Stream) -> SimDuration {
        match self {
            Self::Constant(span) => *span,
            // Signed, because processors convert nothing else in one instruction; 292 years fit.
            Self::Exponential(mean) => {
                let nanos = (mean * random.exponential() + 0.5) as i64;
                SimDuration(nanos.cast_unsigned())
            }
            Self::Other { distribution, factor } => {
                SimDuration::from_secs(factor * distribution.sample(random))
            }
        }
    }
}

/// Where time can be spent: waiting for a part, or being served by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id of the part.
    pub part: String,
    /// What the time is spent on.
    pub what: Spent,
}

/// What a request spends time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// Waiting until the part has a server free.
    Waiting,
    /// Computing in a worker of the part.
    Computing,
    /// Waiting in a worker of the part for something outside the model.
    Outside,
    /// On the network to the part and back.
    Network,
    /// A query on a core of the part.
    Query,
    /// Reading from the disk of the part.
    Disk,
    /// Opening a connection of the part.
    Opening,
    /// In attempts that came to nothing, and in the back-off between them.
    LostAttempts,
}
