//! The event that wakes what shares a machine.

use crate::engine::SimTime;

/// When the next event is on its way, [`SimTime::NEVER`] for none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alarm(SimTime);

impl Default for Alarm {
    fn default() -> Self {
        Self(SimTime::NEVER)
    }
}

impl Alarm {
    /// The instant to schedule an event for: `next`, unless one as early is on its way.
    pub(super) fn set(&mut self, next: SimTime) -> Option<SimTime> {
        if next >= self.0 {
            return None;
        }
        self.0 = next;
        Some(next)
    }

    /// An event has come.
    pub(super) fn woken(&mut self, now: SimTime) {
        if now >= self.0 {
            self.0 = SimTime::NEVER;
        }
    }
}
