//! The true version of every value, so that a copy knows whether it is stale, and since when.
//!
//! A value has version 0 until it is first written; each write adds one. A copy carries the version it
//! was made of. It is stale when a later write has been committed, and its staleness counts from the
//! *first* write that it misses.
//!
//! The times of recent writes are kept in a ring shared by all keys. When a copy misses more writes
//! than the ring still knows, its staleness counts from the oldest write that is still there: too
//! little, never too much.

use crate::engine::{SimDuration, SimTime};

/// Writes remembered unless said otherwise.
const REMEMBERED: usize = 1 << 16;
/// The number of no write at all; the first write has number 1.
const NO_WRITE: u64 = 0;

/// Versions of all keys of one set of data.
#[derive(Debug, Clone)]
pub struct Versions {
    keys: Vec<Key>,
    /// The last writes of all keys; write `w` is at `w % memory`, once there has been one.
    ring: Vec<Write>,
    memory: usize,
    writes: u64,
}

#[derive(Debug, Clone, Copy)]
struct Key {
    version: u32,
    /// Number of the last write of this key.
    last: u64,
}

#[derive(Debug, Clone, Copy)]
struct Write {
    number: u64,
    at: SimTime,
    /// Number of the write before it of the same key.
    before: u64,
}

/// Stands where the write `memory` will, as the writes are counted from 1.
const FIRST: Write = Write { number: NO_WRITE, at: SimTime::ZERO, before: NO_WRITE };

impl Versions {
    /// Data with `keys` values, none written yet.
    pub fn new(keys: u32) -> Self {
        Self::with_memory(keys, REMEMBERED)
    }

    /// The same, remembering the times of the last `writes` writes.
    pub fn with_memory(keys: u32, writes: usize) -> Self {
        let memory = writes.max(1);
        // Room for all of them, which costs nothing before there is something in it.
        let mut ring = Vec::with_capacity(memory);
        ring.push(FIRST);
        Self {
            keys: vec![Key { version: 0, last: NO_WRITE }; keys as usize],
            ring,
            memory,
            writes: 0,
        }
    }

    /// Commits a write of `key`; the number of the write, counted over all keys from 1.
    pub fn commit(&mut self, key: u32, now: SimTime) -> u64 {
        self.writes += 1;
        let value = &mut self.keys[key as usize];
        let place = (self.writes % self.memory as u64) as usize;
        let write = Write { number: self.writes, at: now, before: value.last };
        if place < self.ring.len() {
            self.ring[place] = write;
        } else {
            self.ring.push(write);
        }
        value.version += 1;
        value.last = self.writes;
        self.writes
    }

    /// The version that is true now.
    #[inline]
    pub fn current(&self, key: u32) -> u32 {
        self.keys[key as usize].version
    }

    /// Number of the last write of `key`, 0 if it was never written.
    pub fn last_write(&self, key: u32) -> u64 {
        self.keys[key as usize].last
    }

    /// When the first write after `version` was committed; `None` if `version` is true now.
    pub fn outdated_at(&self, key: u32, version: u32) -> Option<SimTime> {
        let Key { version: current, mut last } = self.keys[key as usize];
        let mut found = None;
        for _ in version..current {
            let Some(write) = self.write(last) else { break };
            found = Some(write.at);
            last = write.before;
        }
        // Older than the ring remembers: since the oldest write in it at the latest.
        found.or_else(|| (version < current).then(|| self.oldest()))
    }

    /// How long a copy of `version` has been stale; `None` if it is not.
    pub fn stale_for(&self, key: u32, version: u32, now: SimTime) -> Option<SimDuration> {
        self.outdated_at(key, version).map(|since| now.since(since))
    }

    /// The version that holds after all writes up to number `upto`: what a replica shows that has
    /// applied so many.
    pub fn as_of(&self, key: u32, upto: u64) -> u32 {
        let Key { mut version, mut last } = self.keys[key as usize];
        while last > upto {
            version -= 1;
            let Some(write) = self.write(last) else { break };
            last = write.before;
        }
        version
    }

    /// How many keys there are.
    pub fn keys(&self) -> u32 {
        self.keys.len() as u32
    }

    fn write(&self, number: u64) -> Option<Write> {
        let write = self.ring.get((number % self.memory as u64) as usize)?;
        (number != NO_WRITE && write.number == number).then_some(*write)
    }

    fn oldest(&self) -> SimTime {
        let first = (self.writes + 1).saturating_sub(self.memory as u64).max(1);
        self.write(first).map_or(SimTime::ZERO, |write| write.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_stale_since_the_first_write_it_misses() {
        let mut versions = Versions::new(2);
        assert_eq!(versions.stale_for(0, 0, SimTime(50)), None);
        versions.commit(0, SimTime(10));
        versions.commit(1, SimTime(15));
        versions.commit(0, SimTime(20));
        assert_eq!(versions.current(0), 2);
        assert_eq!(versions.stale_for(0, 0, SimTime(50)), Some(SimDuration(40)));
        assert_eq!(versions.stale_for(0, 1, SimTime(50)), Some(SimDuration(30)));
        assert_eq!(versions.stale_for(0, 2, SimTime(50)), None);
    }

    #[test]
    fn the_past_can_be_asked_for() {
        let mut versions = Versions::new(2);
        for (key, at) in [(0, 10), (1, 11), (0, 12), (0, 13)] {
            versions.commit(key, SimTime(at));
        }
        assert_eq!([0, 1, 2, 3, 4].map(|upto| versions.as_of(0, upto)), [0, 1, 1, 2, 3]);
        assert_eq!([0, 1, 2].map(|upto| versions.as_of(1, upto)), [0, 0, 1]);
    }

    #[test]
    fn what_is_forgotten_counts_from_the_oldest_write_remembered() {
        let mut versions = Versions::with_memory(2, 3);
        for at in 1..=5 {
            versions.commit(0, SimTime(at * 10));
        }
        assert_eq!(versions.outdated_at(0, 4), Some(SimTime(50)));
        assert_eq!(versions.outdated_at(0, 0), Some(SimTime(30)));
        for at in 6..=9 {
            versions.commit(1, SimTime(at * 10));
        }
        assert_eq!(versions.outdated_at(0, 4), Some(SimTime(70)));
    }
}
