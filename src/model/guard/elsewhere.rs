//! Copies of an attempt at instances of their own.

use super::super::simulation::Simulation;
use super::super::task::{NO_TASK, State, Task};
use super::{Network, Settings};

/// Times an instance is chosen anew because another copy is there, as often as Envoy tries.
///
/// Source: Envoy, `previous_hosts` and `host_selection_retry_max_attempts`.
const CHOICES_MAX: u32 = 8;

impl Simulation {
    /// The station of a group that gets an attempt; `None` if all are out.
    pub(in crate::model) fn pick_elsewhere(
        &mut self,
        id: u32,
        register: u8,
        group: u16,
    ) -> Option<u16> {
        let mut station = self.pick_station(group)?;
        for _ in 1..CHOICES_MAX {
            if !self.has_copy_at(id, register, station) {
                break;
            }
            self.unpick_station(group, station);
            station = self.pick_station(group)?;
        }
        Some(station)
    }

    /// Whether another copy of an attempt is at a station, and this one should not be.
    fn has_copy_at(&self, id: u32, register: u8, station: u16) -> bool {
        let is_guarded = |task: u32| task != NO_TASK && self.tasks[task].state == State::Guarded;
        let parent = self.tasks[id].parent;
        // Over a network the copy is the message, and the attempt what it calls.
        let (copy, caller, is_sent_on) = if is_guarded(parent) {
            (id, parent, false)
        } else if parent != NO_TASK && is_guarded(self.tasks[parent].parent) {
            (parent, self.tasks[parent].parent, true)
        } else {
            return false;
        };
        let pending = &self.guarding.calls[caller as usize];
        let edge = &self.model.guarded[usize::from(pending.edge)];
        let Settings { hedge, network, .. } =
            &*self.model.guards[usize::from(edge.guard)].of.1.guard;
        if !hedge.is_some_and(|hedge| hedge.elsewhere)
            || is_sent_on != (*network != Network::default())
        {
            return false;
        }
        let Task { answers, .. } = self.tasks[copy];
        let is_there = |other: &u32| {
            let sent = &self.tasks[*other];
            if *other == copy || (sent.parent, sent.answers) != (caller, answers) {
                return false;
            }
            let at = if is_sent_on && sent.state == State::Calling {
                &self.tasks[sent.callee]
            } else {
                sent
            };
            let has_entered = at.held & (1 << register) != 0 || at.state == State::Queued;
            has_entered && at.registers[usize::from(register)] as u16 == station
        };
        pending.copies[..usize::from(pending.sent)].iter().any(is_there)
    }
}
