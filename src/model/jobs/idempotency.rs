//! Keys of what has been done, so that it is done once however often it is asked for.
//!
//! The keys are remembered in the order in which they came, and the oldest are forgotten: a repetition
//! after that is not recognised, as in a store of keys with a time to live.
//!
//! What a request is about is the same in all its attempts, copies and branches, and in the jobs they
//! send. A second record of it in the same place is a duplicate, and counted; the last 100,000 are
//! remembered.
//!
//! Left out: the time that keeping and finding a key takes.
//! Source: Stripe, "Designing robust and predictable APIs with idempotency" (2017).

use crate::model::sparse::Sparse;

/// Keys and what became of them.
#[derive(Debug, Clone)]
pub struct Keys {
    known: Sparse,
    /// The last keys that came, at `count % capacity` once it is full: most runs never fill it.
    ring: Vec<u64>,
    capacity: usize,
    count: usize,
    repeated: u64,
}

/// What is known about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nothing: do it.
    New,
    /// Somebody is at it.
    UnderWay,
    /// It is done.
    Done,
}

/// There is room for so many keys at first.
const ROOM_FOR: usize = 1_024;

const UNDER_WAY: u32 = 0;
const DONE: u32 = 1;
const FAILED: u32 = 2;

impl Keys {
    /// Remembers the last `count` keys, at least one.
    pub fn new(count: usize) -> Self {
        let known = Sparse::with_capacity(count.min(ROOM_FOR));
        Self { known, ring: Vec::new(), capacity: count.max(1), count: 0, repeated: 0 }
    }

    /// Somebody wants to do what `key` names; what is new is under way from here on.
    pub fn begin(&mut self, key: u64) -> Known {
        match self.known.get(key) {
            None => {
                self.remember(key);
                Known::New
            }
            Some(FAILED) => {
                self.known.insert(key, UNDER_WAY);
                Known::New
            }
            Some(state) => {
                self.repeated += 1;
                if state == UNDER_WAY { Known::UnderWay } else { Known::Done }
            }
        }
    }

    /// What `key` names is done; returns whether it had been done before.
    pub fn done(&mut self, key: u64) -> bool {
        match self.known.get(key) {
            None => self.remember(key),
            Some(DONE) => {
                self.repeated += 1;
                return true;
            }
            Some(_) => {}
        }
        self.known.insert(key, DONE);
        false
    }

    /// What `key` names came to nothing: the next to ask may do it. Nothing that is done is undone.
    pub fn failed(&mut self, key: u64) {
        if self.known.get(key) == Some(UNDER_WAY) {
            self.known.insert(key, FAILED);
        }
    }

    /// Repetitions recognised so far.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    fn remember(&mut self, key: u64) {
        let place = self.count % self.capacity;
        match self.ring.get_mut(place) {
            Some(oldest) => {
                let oldest = std::mem::replace(oldest, key);
                self.known.remove(oldest);
            }
            None => self.ring.push(key),
        }
        self.count += 1;
        self.known.insert(key, UNDER_WAY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_way_or_done_is_not_begun_again() {
        let mut keys = Keys::new(10);
        assert_eq!(keys.begin(1), Known::New);
        assert_eq!(keys.begin(1), Known::UnderWay);
        keys.failed(1);
        assert_eq!(keys.begin(1), Known::New);
        assert!(!keys.done(1));
        keys.failed(1);
        assert_eq!(keys.begin(1), Known::Done);
        assert!(keys.done(1));
        assert_eq!(keys.repeated(), 3);
    }

    #[test]
    fn the_oldest_keys_are_forgotten() {
        let mut keys = Keys::new(3);
        for key in 0..4 {
            assert!(!keys.done(key));
        }
        assert!(keys.done(3) && keys.done(1));
        assert!(!keys.done(0), "a fourth key has pushed it out");
    }
}
