//! Networks between two parts that can be cut, and what becomes of the messages.
//!
//! Only where a fault cuts it is a network an operation of its own: before what is asked, and before
//! its answer.

use crate::engine::SimTime;

use super::build::{BuildError, Builder};
use super::program::{Op, Spent};
use super::simulation::Simulation;
use super::system::{Effect, Fault, Part};
use super::task::State;

/// The network between two parts.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    ends: [String; 2],
    /// Until when nothing passes.
    pub(super) until: SimTime,
    /// Where the time is booked.
    pub(super) account: u16,
    lost: u64,
    delayed: u64,
}

/// What became of messages over a network that faults can cut, since the run began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkMeasure {
    /// Ids of the two parts.
    pub ends: [String; 2],
    /// Messages that were lost: their callers waited for their timeouts.
    pub lost: u64,
    /// Messages that were sent again until the network was back.
    pub delayed: u64,
}

impl Builder<'_> {
    /// The number of the network between the part whose steps are being compiled and another, if a
    /// fault cuts it.
    pub(super) fn wire_to(&mut self, other: &str) -> Option<u16> {
        let is_between = |fault: &Fault, one: &str| {
            let is_end = |end: &str| fault.part == end;
            let is_peer = |end| fault.peer.as_deref().is_none_or(|peer| peer == end);
            fault.effect == Effect::Partition
                && (is_end(one) && is_peer(other) || is_end(other) && is_peer(one))
        };
        let is_cut = |one: &str| {
            self.system
                .parts
                .iter()
                .any(|part| matches!(part, Part::Fault(fault) if is_between(fault, one)))
        };
        // Most systems have none: names are made only where one is.
        let one = self.caller();
        if !is_cut(&one) {
            return None;
        }
        let ends = [one, other.to_owned()];
        let found = self.model.wires.iter().position(|wire| wire.joins(&ends));
        let number = found.unwrap_or_else(|| {
            let account = self.account(other, Spent::Network);
            self.model.wires.push(Wire {
                ends,
                until: SimTime::ZERO,
                account,
                lost: 0,
                delayed: 0,
            });
            self.model.wires.len() - 1
        });
        Some(number as u16)
    }

    /// Emits a message over a network that can be cut; nothing for any other.
    pub(super) fn cross(&mut self, wire: Option<u16>, vanishes: bool) {
        if let Some(wire) = wire {
            self.emit(Op::Cross { wire, vanishes });
        }
    }

    /// The numbers of the networks that a fault cuts; none if it names no peer and nobody calls the
    /// part.
    pub(super) fn wires_of(&self, fault: &Fault) -> Result<Vec<u16>, BuildError> {
        let is_cut = |wire: &Wire| match &fault.peer {
            Some(peer) => wire.joins(&[fault.part.clone(), peer.clone()]),
            None => wire.ends.contains(&fault.part),
        };
        let wires = (0_u16..).zip(&self.model.wires);
        let found: Vec<u16> =
            wires.filter(|(_, wire)| is_cut(wire)).map(|(number, _)| number).collect();
        match &fault.peer {
            Some(peer) if found.is_empty() => {
                let reason = format!("nothing goes between it and `{peer}`");
                Err(BuildError::Setting { part: fault.part.clone(), reason })
            }
            _ => Ok(found),
        }
    }
}

impl Wire {
    fn joins(&self, ends: &[String; 2]) -> bool {
        self.ends == *ends || self.ends[0] == ends[1] && self.ends[1] == ends[0]
    }
}

impl Simulation {
    /// Sends a message over a network; false if it does not arrive now.
    pub(super) fn cross(&mut self, id: u32, wire: u16, vanishes: bool) -> bool {
        let wire = &mut self.model.wires[usize::from(wire)];
        let until = wire.until;
        if until <= self.now {
            return true;
        }
        if vanishes {
            wire.lost += 1;
            self.remove(id);
            return false;
        }
        wire.delayed += 1;
        let task = &mut self.tasks[id];
        task.state = State::Holding;
        task.since = self.now;
        task.awaited = self.model.events.schedule(until, id);
        false
    }

    pub(super) fn network_measures(&self) -> Vec<NetworkMeasure> {
        let measure = |wire: &Wire| NetworkMeasure {
            ends: wire.ends.clone(),
            lost: wire.lost,
            delayed: wire.delayed,
        };
        self.model.wires.iter().map(measure).collect()
    }
}
