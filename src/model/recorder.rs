//! Keeps what a few chosen requests do, from their first attempt to their end.
//!
//! Times of a task follow each other without gaps, so only their lengths are told; attempts and
//! branches are tasks of their own below the one that waits for them.

use crate::engine::{SimDuration, SimTime};

use super::program::REGISTERS;
use super::record::Outcome;
use super::task::Task;

/// Times and tasks kept at most, of all chosen requests together.
const ITEMS_MAX: usize = 24_000;
/// A task that is not followed.
const NO_NODE: u32 = u32::MAX;

/// Where a task stands in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) op: u32,
    pub(super) registers: [u32; REGISTERS],
}

/// A time that passed, or a task that was waited for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item {
    /// Booked to an account.
    Time {
        at: Place,
        account: u16,
        /// Between two attempts.
        is_pause: bool,
        from: SimTime,
        until: SimTime,
    },
    /// Index of a node.
    Task(u32),
}

/// A task of a chosen request.
#[derive(Debug, Clone)]
pub(super) struct Node {
    task: u32,
    /// First operation.
    pub(super) start: u32,
    /// Where the task stands that waits for it.
    pub(super) at: Place,
    pub(super) from: SimTime,
    /// When nobody waited for it any more; never while somebody does.
    pub(super) until: SimTime,
    /// How it ended for whoever waited; `None` if nobody did any more.
    pub(super) outcome: Option<Outcome>,
    pub(super) items: Vec<Item>,
    /// Up to when its time is told.
    told: SimTime,
}

impl Node {
    /// A user's request is sent some time after its task began.
    fn sent(&mut self, task: &Task) {
        self.from = self.from.max(task.started);
        self.told = self.told.max(task.started);
    }
}

/// What a task is at when it is cut off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Present {
    pub(super) at: Place,
    pub(super) account: u16,
    pub(super) is_pause: bool,
    pub(super) since: SimTime,
}

/// A time of a task, and the operation that let it pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Booked {
    pub(super) op: u32,
    pub(super) account: u16,
    /// Between two attempts.
    pub(super) is_pause: bool,
    pub(super) span: SimDuration,
}

/// The requests that are followed.
#[derive(Debug, Clone)]
pub(super) struct Recorder {
    /// Numbers of the chosen requests, and their nodes once they have begun.
    chosen: Vec<(u64, Option<u32>)>,
    pub(super) nodes: Vec<Node>,
    /// By task.
    node_of: Vec<u32>,
    items_count: usize,
}

impl Recorder {
    pub(super) fn new(chosen: &[u64]) -> Self {
        Self {
            chosen: chosen.iter().map(|&number| (number, None)).collect(),
            nodes: Vec::new(),
            node_of: Vec::new(),
            items_count: 0,
        }
    }

    /// The node of a chosen request that has ended.
    pub(super) fn ended(&self, number: u64) -> Option<u32> {
        let (_, node) = self.chosen.iter().find(|(chosen, _)| *chosen == number)?;
        node.filter(|node| self.nodes[*node as usize].until < SimTime::NEVER)
    }

    /// All chosen requests have ended.
    pub(super) fn is_complete(&self) -> bool {
        self.chosen.iter().all(|(number, _)| self.ended(*number).is_some())
    }

    /// A request with this number begins, as the task at `id`.
    pub(super) fn begin_request(&mut self, number: u64, id: u32, task: &Task) {
        self.forget(id);
        if let Some(place) = self.chosen.iter().position(|(chosen, _)| *chosen == number) {
            let node = self.add(id, task, task);
            self.chosen[place].1 = Some(node);
        }
    }

    /// An attempt or a branch begins that `parent` waits for.
    pub(super) fn begin_task(&mut self, id: u32, task: &Task, parent: &Task) {
        self.forget(id);
        let of = self.node(task.parent);
        if of == NO_NODE || self.items_count == ITEMS_MAX {
            return;
        }
        let node = self.add(id, task, parent);
        self.nodes[of as usize].sent(parent);
        self.nodes[of as usize].items.push(Item::Task(node));
        self.items_count += 1;
    }

    fn forget(&mut self, id: u32) {
        if let Some(node) = self.node_of.get_mut(id as usize) {
            *node = NO_NODE;
        }
    }

    fn add(&mut self, id: u32, task: &Task, parent: &Task) -> u32 {
        let number = self.nodes.len() as u32;
        self.nodes.push(Node {
            task: id,
            start: task.pc,
            at: Place { op: parent.pc, registers: parent.registers },
            from: task.started,
            until: SimTime::NEVER,
            outcome: None,
            items: Vec::new(),
            told: task.started,
        });
        if self.node_of.len() <= id as usize {
            self.node_of.resize(id as usize + 1, NO_NODE);
        }
        self.node_of[id as usize] = number;
        number
    }

    fn node(&self, id: u32) -> u32 {
        self.node_of.get(id as usize).copied().unwrap_or(NO_NODE)
    }

    /// A time of a task has passed, or will.
    pub(super) fn book(&mut self, id: u32, task: &Task, time: Booked) {
        let Booked { op, account, is_pause, span } = time;
        let node = self.node(id);
        let Some(node) = self.nodes.get_mut(node as usize) else { return };
        node.sent(task);
        if span == SimDuration::ZERO || self.items_count >= ITEMS_MAX {
            return;
        }
        let (from, until) = (node.told, node.told + span);
        let at = Place { op, registers: task.registers };
        node.items.push(Item::Time { at, account, is_pause, from, until });
        node.told = until;
        self.items_count += 1;
    }

    /// Whoever waits for the task at `id` gets its outcome.
    pub(super) fn end(
        &mut self,
        id: u32,
        now: SimTime,
        outcome: Outcome,
        present: &dyn Fn(u32) -> Option<Present>,
    ) {
        let node = self.node(id);
        if node != NO_NODE {
            self.close(node, now, Some(outcome), present);
        }
    }

    /// A task waits no more for any of the tasks it waited for.
    pub(super) fn end_tasks_of(
        &mut self,
        parent: u32,
        now: SimTime,
        outcome: Option<Outcome>,
        present: &dyn Fn(u32) -> Option<Present>,
    ) {
        let node = self.node(parent);
        if node != NO_NODE {
            self.close_tasks_of(node, now, outcome, present);
            self.nodes[node as usize].told = now;
        }
    }

    fn close_tasks_of(
        &mut self,
        node: u32,
        now: SimTime,
        outcome: Option<Outcome>,
        present: &dyn Fn(u32) -> Option<Present>,
    ) {
        // Those that ended earlier lie before: only the last call or fork is open.
        for place in (0..self.nodes[node as usize].items.len()).rev() {
            let Item::Task(child) = self.nodes[node as usize].items[place] else { break };
            self.close(child, now, outcome, present);
        }
    }

    fn close(
        &mut self,
        node: u32,
        now: SimTime,
        outcome: Option<Outcome>,
        present: &dyn Fn(u32) -> Option<Present>,
    ) {
        let Node { until, task, .. } = self.nodes[node as usize];
        if until < SimTime::NEVER {
            return;
        }
        self.close_tasks_of(node, now, None, present);
        // The task may be gone, and its place taken by another.
        let is_there = self.node(task) == node;
        let open = if is_there { present(task) } else { None };
        if is_there {
            self.forget(task);
        }
        let node = &mut self.nodes[node as usize];
        node.until = now;
        node.outcome = outcome;
        // What was told ahead may be cut off.
        if let Some(Item::Time { until, .. }) = node.items.last_mut() {
            *until = (*until).min(now);
        }
        if let Some(Present { at, account, is_pause, since }) = open
            && since >= node.told
            && since < now
        {
            node.items.push(Item::Time { at, account, is_pause, from: since, until: now });
        }
    }
}
