//! A task: one request or one attempt on its way through the program.

use crate::engine::SimTime;
use crate::engine::events::Ticket;

use super::program::REGISTERS;

/// No task at all.
pub(super) const NO_TASK: u32 = u32::MAX;

/// What a task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing: it runs, or is about to.
    Running,
    /// The end of a hold.
    Holding,
    /// A server; the event awaited is the end of its patience.
    Queued,
    /// The outcome of an attempt; the event awaited is the timeout.
    Calling,
    /// The end of a back-off.
    BackingOff,
    /// Enough of its branches.
    Joining,
    /// The outcome of a guarded attempt; the event awaited is whatever is due first.
    Guarded,
    /// A place in the bulkhead of a guarded call.
    Admitted,
    /// The end of the back-off of a guarded call.
    Pausing,
}

/// A request (no parent) or an attempt or branch of one, 80 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task {
    /// When it was sent.
    pub(super) started: SimTime,
    /// When the present wait or hold began.
    pub(super) since: SimTime,
    /// Next operation.
    pub(super) pc: u32,
    /// The event that will wake it; all others are ignored.
    pub(super) awaited: Ticket,
    /// Task that waits for the outcome, [`NO_TASK`] for a request.
    pub(super) parent: u32,
    /// Number of the call that this task answers; the parent ignores it unless it still expects it.
    pub(super) answers: u32,
    /// Number of the call whose outcome this task expects, 0 for none.
    pub(super) expects: u32,
    /// Calling: the attempt under way. Joining: branches still needed, and failures allowed above
    /// the 16th bit.
    pub(super) callee: u32,
    /// Neighbours in a queue.
    pub(super) next: u32,
    pub(super) previous: u32,
    /// Stations of held servers and rounds left in loops, as the program assigns them.
    pub(super) registers: [u32; REGISTERS],
    /// Which clients sent the request.
    pub(super) clients: u16,
    /// Bit `r` is set while register `r` names a held server.
    pub(super) held: u8,
    /// Attempts made in the present call.
    pub(super) attempts: u8,
    pub(super) state: State,
    /// It has seen a value that was not true any more.
    pub(super) is_stale: bool,
}

impl Task {
    pub(super) fn new(now: SimTime, pc: u32, clients: u16) -> Self {
        Self {
            started: now,
            since: now,
            pc,
            awaited: Ticket::NONE,
            parent: NO_TASK,
            answers: 0,
            expects: 0,
            callee: 0,
            next: NO_TASK,
            previous: NO_TASK,
            registers: [0; REGISTERS],
            clients,
            held: 0,
            attempts: 0,
            state: State::Running,
            is_stale: false,
        }
    }
}
