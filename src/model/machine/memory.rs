//! Memory with a limit: what is over it gets the largest part killed.
//!
//! A part holds a fixed amount a process, an amount for each request in flight, and what it has
//! leaked so far, which only a restart gives back. The kernel's choice is the part that holds most. It
//! loses all its requests, and comes back after a time; what it had sent to others goes on.
//!
//! Left out: swapping (a machine that swaps is as good as down), page cache, fragmentation.
//! Source: the out-of-memory killer of Linux ranks by resident size (`mm/oom_kill.c`).

use crate::engine::SimTime;

/// What the parts of one machine hold, in bytes.
#[derive(Debug, Clone)]
pub struct Memory {
    limit: u64,
    used: u64,
    most: u64,
    parts: Vec<Holding>,
    kills: u64,
    /// Bytes times nanoseconds held until `passed`.
    held: f64,
    passed: SimTime,
}

/// One part's memory.
#[derive(Debug, Clone, Copy, Default)]
struct Holding {
    /// What it takes when it starts.
    base: u64,
    in_flight: u64,
    leaked: u64,
    is_up: bool,
}

impl Holding {
    fn total(self) -> u64 {
        if self.is_up { self.base + self.in_flight + self.leaked } else { 0 }
    }
}

/// What happens when a part asks for memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// There is enough.
    Fits,
    /// The kernel kills this part: crash it, call [`Memory::stopped`], and ask again if it was not
    /// the part that asked.
    Kills(u16),
}

impl Memory {
    /// A machine with `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self {
            limit,
            used: 0,
            most: 0,
            parts: Vec::new(),
            kills: 0,
            held: 0.0,
            passed: SimTime::ZERO,
        }
    }

    /// Places a part that is not running yet and will hold `base` bytes from its start.
    pub fn place(&mut self, base: u64) -> u16 {
        self.parts.push(Holding { base, ..Holding::default() });
        (self.parts.len() - 1) as u16
    }

    /// Starts a part, first or again: it holds its base.
    pub fn start(&mut self, part: u16) -> Asked {
        self.parts[usize::from(part)].is_up = true;
        self.parts[usize::from(part)].in_flight = 0;
        self.parts[usize::from(part)].leaked = 0;
        self.add(self.parts[usize::from(part)].base)
    }

    /// A request of `part` comes in flight and holds `bytes`; a part that is down holds nothing.
    #[inline]
    pub fn take(&mut self, part: u16, bytes: u64) -> Asked {
        if !self.parts[usize::from(part)].is_up {
            return Asked::Fits;
        }
        self.parts[usize::from(part)].in_flight += bytes;
        self.add(bytes)
    }

    /// A request of `part` is over: it gives back `bytes`, of which `leaked` stay lost.
    #[inline]
    pub fn give(&mut self, part: u16, bytes: u64, leaked: u64) {
        let holding = &mut self.parts[usize::from(part)];
        let bytes = bytes.min(holding.in_flight);
        let leaked = leaked.min(bytes);
        holding.in_flight -= bytes;
        holding.leaked += leaked;
        self.used -= bytes - leaked;
    }

    /// Forgets the leak of one of the part's `processes`, which was recycled.
    pub fn recycle(&mut self, part: u16, processes: u32) {
        let holding = &mut self.parts[usize::from(part)];
        let freed = holding.leaked / u64::from(processes.max(1));
        holding.leaked -= freed;
        self.used -= freed;
    }

    /// The part has stopped: it holds nothing until it starts again.
    pub fn stopped(&mut self, part: u16) {
        let holding = &mut self.parts[usize::from(part)];
        self.used -= holding.total();
        *holding = Holding { base: holding.base, ..Holding::default() };
    }

    /// Time has passed since the last change: what is held counts for it. To be called before each
    /// change.
    #[inline]
    pub fn pass(&mut self, now: SimTime) {
        self.held += self.used as f64 * now.since(self.passed).0 as f64;
        self.passed = now;
    }

    /// Mean bytes held from the beginning until `now`.
    pub fn mean(&self, now: SimTime) -> f64 {
        let last = self.used as f64 * now.since(self.passed).0 as f64;
        (self.held + last) / (now.since(SimTime::ZERO).0 as f64).max(1.0)
    }

    /// Bytes held by all parts.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// The most bytes ever held.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Bytes held by one part.
    pub fn held_by(&self, part: u16) -> u64 {
        self.parts[usize::from(part)].total()
    }

    /// Parts killed so far.
    pub fn kills(&self) -> u64 {
        self.kills
    }

    fn add(&mut self, bytes: u64) -> Asked {
        self.used += bytes;
        self.most = self.most.max(self.used);
        if self.used <= self.limit {
            return Asked::Fits;
        }
        self.kills += 1;
        // The first of the largest, so that a tie is settled by the order of parts.
        let mut largest = 0;
        for part in 1..self.parts.len() {
            if self.parts[part].total() > self.parts[largest].total() {
                largest = part;
            }
        }
        Asked::Kills(largest as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_part_is_killed_and_comes_back_with_its_base_alone() {
        let mut memory = Memory::new(1000);
        let (small, large) = (memory.place(100), memory.place(500));
        assert_eq!(memory.start(small), Asked::Fits);
        assert_eq!(memory.start(large), Asked::Fits);
        assert_eq!(memory.take(large, 300), Asked::Fits);
        assert_eq!(memory.take(small, 101), Asked::Kills(large));
        memory.stopped(large);
        assert_eq!((memory.used(), memory.held_by(large), memory.kills()), (201, 0, 1));
        assert_eq!(memory.start(large), Asked::Fits);
        assert_eq!((memory.used(), memory.most()), (701, 1001));
    }

    #[test]
    fn the_mean_counts_what_is_held_for_as_long_as_it_is() {
        let mut memory = Memory::new(1000);
        let part = memory.place(100);
        assert_eq!(memory.start(part), Asked::Fits);
        memory.pass(SimTime(30));
        assert_eq!(memory.take(part, 600), Asked::Fits);
        memory.pass(SimTime(40));
        memory.give(part, 600, 0);
        // 100 bytes for 60 of 70 ns, 700 for 10.
        assert!((memory.mean(SimTime(70)) - 13_000.0 / 70.0).abs() < 1e-9);
    }

    /// A leak of 1 of every 10 bytes fills 900 bytes after 900 requests, whatever is in flight.
    #[test]
    fn a_leak_ends_in_a_kill_and_recycling_puts_it_off() {
        let requests_until_kill = |recycle_after: u32| {
            let mut memory = Memory::new(1000);
            let part = memory.place(91);
            assert_eq!(memory.start(part), Asked::Fits);
            for request in 1..=5_000 {
                if memory.take(part, 10) != Asked::Fits {
                    return Some(request);
                }
                memory.give(part, 10, 1);
                if request % recycle_after == 0 {
                    memory.recycle(part, 1);
                }
            }
            None
        };
        assert_eq!(requests_until_kill(u32::MAX), Some(901));
        assert_eq!(requests_until_kill(500), None);
    }
}
