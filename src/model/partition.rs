//! Networks between two parts that can be cut or lose messages, and what becomes of those.
//!
//! Only where a fault does so is a network an operation of its own: before what is asked, and before
//! its answer.
//!
//! What is lost is sent again where nobody gives up on it, as TCP does: after 200 ms, then
//! after twice as long each time. Source: RFC 6298, section 5.5; `TCP_RTO_MIN` of Linux.

use crate::engine::{SimDuration, SimTime};

use super::build::{BuildError, Builder};
use super::faults::EffectModel;
use super::program::{Op, Spent};
use super::simulation::Simulation;
use super::system::{Effect, Fault, Part};
use super::task::State;

/// How long a sender waits for an acknowledgement before it sends a message again.
const RESENT_AFTER: SimDuration = SimDuration(200_000_000);

/// The network between two parts.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    ends: [String; 2],
    /// Until when nothing passes.
    until: SimTime,
    /// Share of the messages that is lost, and until when.
    dropped: (f64, SimTime),
    /// Random stream that decides which.
    stream: u16,
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
    /// Messages that were sent again until they passed.
    pub delayed: u64,
}

impl Builder<'_> {
    /// The number of the network between the part whose steps are being compiled and another, if a
    /// fault cuts it or loses messages there.
    pub(super) fn wire_to(&mut self, other: &str) -> Option<u16> {
        let is_between = |fault: &Fault, one: &str| {
            let is_end = |end: &str| fault.part == end;
            let is_peer = |end| fault.peer.as_deref().is_none_or(|peer| peer == end);
            matches!(fault.effect, Effect::Partition | Effect::Drop { .. })
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
            let stream = self.stream(&ends.concat(), "drops");
            self.model.wires.push(Wire {
                ends,
                until: SimTime::ZERO,
                dropped: (0.0, SimTime::ZERO),
                stream,
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

    /// The numbers of the networks that a fault cuts, or where it loses messages; none if it names no
    /// peer and the part has to do with no other.
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
        let (share, end) = wire.dropped;
        let random = &mut self.model.streams[usize::from(wire.stream)];
        let mut until = wire.until.max(self.now);
        if share > 0.0 {
            // One that vanishes is sent once.
            let mut wait = RESENT_AFTER;
            while until < end && random.chance(share) {
                until = until + wait;
                wait = wait.times(2.0);
                if vanishes {
                    break;
                }
            }
        }
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

    /// What the faults that are there after the event with this number do to these networks.
    pub(super) fn disturb(&mut self, number: u32, wires: &[u16]) {
        for wire in wires {
            let mut until = SimTime::ZERO;
            let mut dropped = (0.0_f64, SimTime::ZERO);
            for (effect, end) in self.faults_until(number) {
                match effect {
                    EffectModel::Cut { wires } if wires.contains(wire) => until = until.max(end),
                    EffectModel::Drop { wires, share } if wires.contains(wire) => {
                        dropped = (dropped.0.max(*share), dropped.1.max(end));
                    }
                    _ => {}
                }
            }
            let wire = &mut self.model.wires[usize::from(*wire)];
            (wire.until, wire.dropped) = (until, dropped);
        }
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
