//! Keys that are being loaded, and who waits for them.

use crate::engine::SimTime;
use crate::engine::arena::Arena;
use crate::model::lines::{Line, Lines, Place};

/// No flight at all.
const NONE: u32 = u32::MAX;

/// Loads under way by key.
#[derive(Debug, Clone)]
pub(super) struct Flights {
    /// The flight of each key.
    keys: Vec<u32>,
    slab: Arena<Flight>,
    waiting: Lines,
    woken: Line,
}

#[derive(Debug, Clone, Copy)]
struct Flight {
    /// Loads under way.
    loads: u32,
    waiters: Line,
    /// Until then nobody else may load.
    lease_until: SimTime,
}

impl Flights {
    pub(super) fn new(keys: u32) -> Self {
        Self {
            keys: vec![NONE; keys as usize],
            slab: Arena::default(),
            waiting: Lines::default(),
            woken: Line::EMPTY,
        }
    }

    /// Whether `key` is being loaded.
    #[inline]
    pub(super) fn is_loading(&self, key: u32) -> bool {
        self.keys[key as usize] != NONE
    }

    /// One more load of `key`, which nobody else may start before `lease_until`.
    pub(super) fn start(&mut self, key: u32, lease_until: SimTime) {
        let flight = self.keys[key as usize];
        if flight == NONE {
            let flight = Flight { loads: 1, waiters: Line::EMPTY, lease_until };
            self.keys[key as usize] = self.slab.insert(flight);
        } else {
            self.slab[flight].loads += 1;
            self.slab[flight].lease_until = lease_until;
        }
    }

    /// Whether somebody may load `key` now.
    pub(super) fn is_lease_free(&self, key: u32, now: SimTime) -> bool {
        let flight = self.keys[key as usize];
        flight == NONE || self.slab[flight].lease_until <= now
    }

    /// Whoever loads `key` has lost the lease: the next to miss may load.
    pub(super) fn revoke(&mut self, key: u32) {
        let flight = self.keys[key as usize];
        if flight != NONE {
            self.slab[flight].lease_until = SimTime::ZERO;
        }
    }

    /// Lets `who` wait until `key`, which is being loaded, has come.
    pub(super) fn wait(&mut self, key: u32, who: u32) -> Place {
        let flight = &mut self.slab[self.keys[key as usize]];
        self.waiting.push(&mut flight.waiters, who)
    }

    /// Somebody who waits for `key` gives up.
    pub(super) fn leave(&mut self, key: u32, place: Place) {
        let flight = &mut self.slab[self.keys[key as usize]];
        self.waiting.take(&mut flight.waiters, place);
    }

    /// A load of `key` has come: all who wait for it are woken.
    pub(super) fn landed(&mut self, key: u32) {
        let flight = self.keys[key as usize];
        if flight != NONE {
            self.waiting.append(&mut self.woken, &mut self.slab[flight].waiters);
            self.ended(key, flight);
        }
    }

    /// A load of `key` came to nothing: if nobody else loads it, the first who waits does now.
    pub(super) fn failed(&mut self, key: u32) -> Option<u32> {
        let flight = self.keys[key as usize];
        if flight == NONE {
            return None;
        }
        if self.slab[flight].loads == 1
            && let Some(next) = self.waiting.pop(&mut self.slab[flight].waiters)
        {
            return Some(next);
        }
        self.ended(key, flight);
        None
    }

    /// Somebody whose wait is over; call again until there is none.
    pub(super) fn take_woken(&mut self) -> Option<u32> {
        self.waiting.pop(&mut self.woken)
    }

    fn ended(&mut self, key: u32, flight: u32) {
        self.slab[flight].loads -= 1;
        if self.slab[flight].loads == 0 {
            self.keys[key as usize] = NONE;
            self.slab.remove(flight);
        }
    }
}
