//! Writes that the cache has answered and the database has not seen yet.
//!
//! Each key waits once: a second write before the first has gone out goes with it. What waits when
//! the cache is lost is lost with it.

use std::collections::VecDeque;

use crate::engine::{SimDuration, SimTime};

/// The queue of a write-behind cache.
#[derive(Debug, Clone)]
pub struct Behind {
    after: SimDuration,
    /// The version that the database has, by key.
    durable: Vec<u32>,
    /// Keys that wait and when they are due, in order of both.
    queue: VecDeque<(SimTime, u32)>,
    is_waiting: Vec<bool>,
    lost: u64,
}

impl Behind {
    /// Writes of `keys` keys reach the database `after` they were answered.
    pub(super) fn new(keys: u32, after: SimDuration) -> Self {
        Self {
            after,
            durable: vec![0; keys as usize],
            queue: VecDeque::new(),
            is_waiting: vec![false; keys as usize],
            lost: 0,
        }
    }

    /// A write of `key` was answered.
    pub(super) fn wrote(&mut self, key: u32, now: SimTime) {
        if !std::mem::replace(&mut self.is_waiting[key as usize], true) {
            self.queue.push_back((now + self.after, key));
        }
    }

    /// When the next write should go to the database.
    pub fn next_due(&self) -> Option<SimTime> {
        self.queue.front().map(|(due, _)| *due)
    }

    /// Takes the next key whose write should go out by `now`; call [`Behind::written`] when the
    /// database has it.
    pub fn take_due(&mut self, now: SimTime) -> Option<u32> {
        let (_, key) = *self.queue.front().filter(|(due, _)| *due <= now)?;
        self.queue.pop_front();
        self.is_waiting[key as usize] = false;
        Some(key)
    }

    /// The database has `version` of `key` now.
    pub fn written(&mut self, key: u32, version: u32) {
        let durable = &mut self.durable[key as usize];
        *durable = (*durable).max(version);
    }

    /// The version that a load of `key` finds in the database.
    pub fn durable(&self, key: u32) -> u32 {
        self.durable[key as usize]
    }

    /// All that waits is lost; `current` tells the version that was answered.
    pub(super) fn lose(&mut self, current: impl Fn(u32) -> u32) {
        for (_, key) in self.queue.drain(..) {
            self.is_waiting[key as usize] = false;
            self.lost += u64::from(current(key) - self.durable[key as usize]);
        }
    }

    /// Writes that were answered and are lost.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}
