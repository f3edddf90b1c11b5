//! The global lock of an interpreter: one thread of a process at a time runs its code.
//!
//! Bursts under the lock are served first in, first out. With a switch interval the holder gives the
//! lock up after that long if others wait, and goes to the back of the queue with what is left; a
//! holder nobody waits for goes on. A burst is a demand for a core: the owner gives each slice to
//! the machine, whose cores it shares with everything else, and reports its end.
//!
//! Left out: the signal and the wake-up around each hand-over, and that a thread back from waiting
//! must wait out the interval even though the holder would let it in sooner.
//! Source: Beazley, "Understanding the Python GIL" (2010); the default interval of `CPython` is 5 ms
//! (`sys.setswitchinterval`).

use crate::engine::SimDuration;
use crate::engine::arena::Arena;
use crate::model::lines::{Line, Lines, Place};

/// The lock of one process.
#[derive(Debug, Clone)]
pub struct InterpreterLock {
    interval: Option<SimDuration>,
    /// The burst under the lock, and how long its present slice is.
    holder: Option<(u32, SimDuration)>,
    bursts: Arena<Burst>,
    queue: Line,
    waiting: Lines,
    switches: u64,
}

#[derive(Debug, Clone, Copy)]
struct Burst {
    who: u32,
    left: SimDuration,
    place: Option<Place>,
}

/// A stretch of work to give to the machine now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Whose work it is.
    pub who: u32,
    /// Demand for a core.
    pub demand: SimDuration,
}

/// What the end of a slice means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SliceEnd {
    /// Whose burst is over, if it is.
    pub finished: Option<u32>,
    /// What runs next.
    pub next: Option<Slice>,
}

/// A burst that waits for the lock or holds it; valid until it ends or leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurstId(u32);

impl InterpreterLock {
    /// A free lock. Without an interval a burst keeps it to its end.
    pub fn new(interval: Option<SimDuration>) -> Self {
        Self {
            interval: interval.filter(|interval| *interval > SimDuration::ZERO),
            holder: None,
            bursts: Arena::default(),
            queue: Line::EMPTY,
            waiting: Lines::default(),
            switches: 0,
        }
    }

    /// `who` wants to run for `demand` under the lock; the slice to start now, if it is free.
    pub fn request(&mut self, who: u32, demand: SimDuration) -> (BurstId, Option<Slice>) {
        let burst = self.bursts.insert(Burst { who, left: demand, place: None });
        if self.holder.is_none() {
            return (BurstId(burst), Some(self.hold(burst)));
        }
        self.bursts[burst].place = Some(self.waiting.push(&mut self.queue, burst));
        (BurstId(burst), None)
    }

    /// The slice under way has been served.
    pub fn slice_done(&mut self) -> SliceEnd {
        let Some((burst, slice)) = self.holder.take() else {
            return SliceEnd { finished: None, next: None };
        };
        let Burst { who, left, .. } = self.bursts[burst];
        let left = SimDuration(left.0.saturating_sub(slice.0));
        if left == SimDuration::ZERO {
            self.bursts.remove(burst);
            return SliceEnd { finished: Some(who), next: self.next() };
        }
        self.bursts[burst].left = left;
        if self.queue.is_empty() {
            return SliceEnd { finished: None, next: Some(self.hold(burst)) };
        }
        self.switches += 1;
        self.bursts[burst].place = Some(self.waiting.push(&mut self.queue, burst));
        SliceEnd { finished: None, next: self.next() }
    }

    /// A burst is given up. If it held the lock, take its slice from the machine; the next one to
    /// start is returned.
    pub fn leave(&mut self, id: BurstId) -> Option<Slice> {
        let burst = self.bursts[id.0];
        self.bursts.remove(id.0);
        if let Some(place) = burst.place {
            self.waiting.take(&mut self.queue, place);
            return None;
        }
        self.holder = None;
        self.next()
    }

    /// Whether somebody holds the lock.
    pub fn is_held(&self) -> bool {
        self.holder.is_some()
    }

    /// Hand-overs before the end of a burst.
    pub fn switches(&self) -> u64 {
        self.switches
    }

    fn next(&mut self) -> Option<Slice> {
        let burst = self.waiting.pop(&mut self.queue)?;
        self.bursts[burst].place = None;
        Some(self.hold(burst))
    }

    fn hold(&mut self, burst: u32) -> Slice {
        let Burst { who, left, .. } = self.bursts[burst];
        let demand = self.interval.map_or(left, |interval| left.min(interval));
        self.holder = Some((burst, demand));
        Slice { who, demand }
    }
}

/// Splits a burst of `cpu` into the part under the lock and the part beside it (native code that
/// gives the lock up), for a share 0..=1 under the lock.
pub fn split(cpu: SimDuration, locked_share: f64) -> (SimDuration, SimDuration) {
    let locked = (cpu.0 as f64 * locked_share.clamp(0.0, 1.0)) as u64;
    (SimDuration(locked), SimDuration(cpu.0 - locked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_longer_than_the_interval_goes_to_the_back_if_others_wait() {
        let mut lock = InterpreterLock::new(Some(SimDuration(5)));
        let (_, slice) = lock.request(1, SimDuration(12));
        assert_eq!(slice, Some(Slice { who: 1, demand: SimDuration(5) }));
        let end = lock.slice_done();
        assert_eq!(end.next, Some(Slice { who: 1, demand: SimDuration(5) }), "nobody waits");
        assert_eq!(lock.request(2, SimDuration(3)).1, None);
        let end = lock.slice_done();
        assert_eq!(
            (end.finished, end.next),
            (None, Some(Slice { who: 2, demand: SimDuration(3) }))
        );
        let end = lock.slice_done();
        assert_eq!(end.finished, Some(2));
        assert_eq!(end.next, Some(Slice { who: 1, demand: SimDuration(2) }));
        assert_eq!(lock.slice_done(), SliceEnd { finished: Some(1), next: None });
        assert_eq!((lock.switches(), lock.is_held()), (1, false));
    }

    #[test]
    fn who_leaves_hands_the_lock_on() {
        let mut lock = InterpreterLock::new(None);
        let (first, _) = lock.request(1, SimDuration(10));
        let (second, _) = lock.request(2, SimDuration(10));
        lock.request(3, SimDuration(10));
        assert_eq!(lock.leave(second), None);
        assert_eq!(lock.leave(first), Some(Slice { who: 3, demand: SimDuration(10) }));
    }
}
