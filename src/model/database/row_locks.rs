//! Locks on rows: one owner each, who waits is served first in, first out.
//!
//! Only locked rows cost memory, however large the table is. An owner may hold many locks and waits
//! for at most one, so a deadlock is a circle that a walk from the one who waits finds; databases walk
//! only after a while (`deadlock_timeout` of PostgreSQL: 1 s), and so does the caller.
//!
//! Left out: shared locks, locks on ranges and tables, lock escalation.
//! Source: PostgreSQL 15 documentation, sections 13.3.2 (row-level locks) and 13.3.4 (deadlocks); with
//! 5 ms in each of them, transactions on one row were measured there at 183 a second, whatever the
//! clients.

use crate::engine::arena::Arena;
use crate::model::lines::{Line, Lines, Place};
use crate::model::sparse::Sparse;

/// No lock, or nobody.
const NONE: u32 = u32::MAX;

/// Locks in use and those who wait for them.
#[derive(Debug, Clone)]
pub struct RowLocks {
    rows: Sparse,
    locks: Arena<Lock>,
    waiting: Lines,
    /// By owner.
    owners: Vec<Owner>,
    granted: Line,
    waits: u64,
}

#[derive(Debug, Clone, Copy)]
struct Lock {
    row: u64,
    owner: u32,
    waiters: Line,
    /// Neighbours among the locks of the same owner.
    next: u32,
    previous: u32,
}

#[derive(Debug, Clone, Copy)]
struct Owner {
    /// First of the locks held.
    held: u32,
    waits_for: u32,
    place: Option<Place>,
}

/// What becomes of a request for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The lock is yours, now or already.
    Granted,
    /// Somebody else has it: wait until [`RowLocks::take_granted`] names you, or leave.
    Waits,
}

impl RowLocks {
    /// No lock, with room for about `locks` at once.
    pub fn new(locks: usize) -> Self {
        Self {
            rows: Sparse::with_capacity(locks),
            locks: Arena::default(),
            waiting: Lines::default(),
            owners: Vec::new(),
            granted: Line::EMPTY,
            waits: 0,
        }
    }

    /// `who` wants the lock of `row`.
    pub fn ask(&mut self, row: u64, who: u32) -> Asked {
        if self.owners.len() <= who as usize {
            let nobody = Owner { held: NONE, waits_for: NONE, place: None };
            self.owners.resize(who as usize + 1, nobody);
        }
        let Some(lock) = self.rows.get(row) else {
            let lock = Lock { row, owner: NONE, waiters: Line::EMPTY, next: NONE, previous: NONE };
            let lock = self.locks.insert(lock);
            self.rows.insert(row, lock);
            self.give(lock, who);
            return Asked::Granted;
        };
        if self.locks[lock].owner == who {
            return Asked::Granted;
        }
        let place = self.waiting.push(&mut self.locks[lock].waiters, who);
        let owner = &mut self.owners[who as usize];
        assert!(owner.place.is_none(), "an owner waits for one lock at a time");
        (owner.waits_for, owner.place) = (lock, Some(place));
        self.waits += 1;
        Asked::Waits
    }

    /// Gives back the lock of `row`, which goes to who waits longest for it.
    pub fn release(&mut self, row: u64, who: u32) {
        if let Some(lock) = self.rows.get(row)
            && self.locks[lock].owner == who
        {
            self.pass_on(lock);
        }
    }

    /// Gives back all locks of `who`, the last taken first: the end of a transaction.
    pub fn release_all(&mut self, who: u32) {
        while let Some(owner) = self.owners.get(who as usize)
            && owner.held != NONE
        {
            self.pass_on(owner.held);
        }
    }

    /// `who` stops waiting.
    pub fn leave(&mut self, who: u32) {
        let Some(owner) = self.owners.get_mut(who as usize) else { return };
        if let Some(place) = owner.place.take() {
            let lock = std::mem::replace(&mut owner.waits_for, NONE);
            self.waiting.take(&mut self.locks[lock].waiters, place);
        }
    }

    /// Somebody who got the lock they waited for; call again until there is none.
    pub fn take_granted(&mut self) -> Option<u32> {
        self.waiting.pop(&mut self.granted)
    }

    /// Whether `who` waits for somebody who waits, over any number of others, for `who`.
    pub fn is_deadlocked(&self, who: u32) -> bool {
        let mut at = who;
        for _ in 0..self.locks.len() {
            let waits_for = self.owners.get(at as usize).map_or(NONE, |owner| owner.waits_for);
            if waits_for == NONE {
                return false;
            }
            at = self.locks[waits_for].owner;
            if at == who {
                return true;
            }
        }
        false
    }

    /// Rows locked now.
    pub fn len(&self) -> usize {
        self.locks.len()
    }

    /// No row is locked.
    pub fn is_empty(&self) -> bool {
        self.locks.is_empty()
    }

    /// Requests that had to wait so far.
    pub fn waits(&self) -> u64 {
        self.waits
    }

    fn give(&mut self, lock: u32, who: u32) {
        let first = std::mem::replace(&mut self.owners[who as usize].held, lock);
        if first != NONE {
            self.locks[first].previous = lock;
        }
        let lock = &mut self.locks[lock];
        (lock.owner, lock.next, lock.previous) = (who, first, NONE);
    }

    fn pass_on(&mut self, lock: u32) {
        let Lock { row, owner, next, previous, .. } = self.locks[lock];
        if previous == NONE {
            self.owners[owner as usize].held = next;
        } else {
            self.locks[previous].next = next;
        }
        if next != NONE {
            self.locks[next].previous = previous;
        }
        if let Some(who) = self.waiting.pop(&mut self.locks[lock].waiters) {
            let owner = &mut self.owners[who as usize];
            (owner.waits_for, owner.place) = (NONE, None);
            self.give(lock, who);
            self.waiting.push(&mut self.granted, who);
        } else {
            self.rows.remove(row);
            self.locks.remove(lock);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, VecDeque};

    use super::*;
    use crate::engine::Stream;

    fn granted(locks: &mut RowLocks) -> Vec<u32> {
        std::iter::from_fn(|| locks.take_granted()).collect()
    }

    #[test]
    fn a_lock_goes_to_who_waits_longest() {
        let mut locks = RowLocks::new(0);
        assert_eq!(locks.ask(7, 1), Asked::Granted);
        assert_eq!(locks.ask(7, 1), Asked::Granted);
        assert_eq!([2, 3, 4].map(|who| locks.ask(7, who)), [Asked::Waits; 3]);
        locks.leave(2);
        locks.release_all(1);
        assert_eq!(granted(&mut locks), [3]);
        locks.release(7, 1);
        assert_eq!(granted(&mut locks), [0; 0], "only the owner can give it back");
        locks.release(7, 3);
        locks.release(7, 4);
        assert_eq!((granted(&mut locks), locks.is_empty()), (vec![4], true));
    }

    #[test]
    fn a_circle_of_waits_is_a_deadlock_and_a_chain_is_none() {
        let mut locks = RowLocks::new(0);
        for who in 0..4 {
            locks.ask(u64::from(who), who);
        }
        for who in 0..3 {
            locks.ask(u64::from(who) + 1, who);
        }
        assert!((0..4).all(|who| !locks.is_deadlocked(who)));
        locks.ask(0, 3);
        assert!((0..4).all(|who| locks.is_deadlocked(who)));
        locks.leave(3);
        locks.release_all(3);
        assert_eq!(granted(&mut locks), [2]);
        assert!((0..4).all(|who| !locks.is_deadlocked(who)));
    }

    /// Against plain queues through random requests, releases and departures.
    #[test]
    fn nobody_is_forgotten_and_no_lock_has_two_owners() {
        let mut random = Stream::new(1, 0, 0);
        let mut locks = RowLocks::new(4);
        let mut expected: BTreeMap<u64, VecDeque<u32>> = BTreeMap::new();
        for _ in 0..50_000 {
            let who = random.below(20) as u32;
            let waiting_for =
                expected.iter().find(|(_, queue)| queue.iter().skip(1).any(|other| *other == who));
            if let Some((&row, _)) = waiting_for {
                if random.chance(0.3) {
                    locks.leave(who);
                    expected.get_mut(&row).unwrap().retain(|other| *other != who);
                }
            } else if random.chance(0.6) {
                let row = random.below(8) * 1_000_003;
                let queue = expected.entry(row).or_default();
                let owns = queue.front() == Some(&who);
                let asked = locks.ask(row, who);
                assert_eq!(asked == Asked::Granted, owns || queue.is_empty());
                if !owns {
                    queue.push_back(who);
                }
            } else {
                locks.release_all(who);
                let mut next: Vec<u32> = Vec::new();
                for queue in expected.values_mut().filter(|queue| queue.front() == Some(&who)) {
                    queue.pop_front();
                    next.extend(queue.front());
                }
                let mut found = granted(&mut locks);
                found.sort_unstable();
                next.sort_unstable();
                assert_eq!(found, next);
            }
            expected.retain(|_, queue| !queue.is_empty());
            assert_eq!(locks.len(), expected.len());
        }
    }
}
