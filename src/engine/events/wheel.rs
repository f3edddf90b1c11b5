//! A hierarchical wheel for events that are not due soon.
//!
//! Level `l` has 64 slots, each `64^l` nanoseconds wide. An event lies at the level of the highest
//! base-64 digit in which its time differs from `base`, so the lowest occupied level holds the
//! earliest events, and within it the lowest occupied slot.
//!
//! Source: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987); moving whole small
//! slots into a sorted list is the idea of the ladder queue (Tang et al., 2005).

use super::Entry;
use crate::engine::arena::make_room;

const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// 11 digits of 6 bits cover 64 bits.
const LEVELS: usize = 11;
/// A slot with at most this many events is sorted as a whole instead of being dealt out.
const SORTED_MAX: usize = 24;
/// Entries of one list node; chunks keep neighbours together in memory.
const CHUNK: usize = 8;
const NONE: u32 = u32::MAX;

/// Some entries of one slot, and where the rest are.
#[derive(Debug, Clone, Copy)]
struct Chunk {
    entries: [Entry; CHUNK],
    used: u32,
    next: u32,
}

/// Events from a base time on, sorted coarsely.
#[derive(Debug, Clone)]
pub(super) struct Wheel {
    /// No event lies before it.
    base: u64,
    /// Which slots of a level hold events.
    occupied: [u64; LEVELS],
    /// First chunk of each slot, [`NONE`] if it is empty; the first chunk is the one being filled.
    heads: Box<[[u32; SLOTS]; LEVELS]>,
    chunks: Vec<Chunk>,
    /// Chunks that can be used again, linked by `next`.
    free: u32,
    count: usize,
}

impl Default for Wheel {
    fn default() -> Self {
        Self {
            base: 0,
            occupied: [0; LEVELS],
            heads: Box::new([[NONE; SLOTS]; LEVELS]),
            chunks: Vec::new(),
            free: NONE,
            count: 0,
        }
    }
}

impl Wheel {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn bytes(&self) -> usize {
        self.chunks.capacity() * size_of::<Chunk>() + LEVELS * SLOTS * size_of::<u32>()
    }

    /// No event can be added before this time.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// Starts at `base`; only an empty wheel can be moved.
    pub(super) fn rebase(&mut self, base: u64) {
        debug_assert!(self.is_empty(), "a wheel with events cannot be moved");
        self.base = base;
    }

    /// Adds an event that is not before the base.
    pub(super) fn push(&mut self, entry: Entry) {
        debug_assert!(entry.time >= self.base, "the wheel holds nothing before its base");
        let (level, slot) = self.place(entry.time);
        let head = self.heads[level][slot];
        let chunk = if head == NONE || self.chunks[head as usize].used as usize == CHUNK {
            let fresh = self.fresh_chunk(entry, head);
            self.heads[level][slot] = fresh;
            fresh
        } else {
            head
        };
        let chunk = &mut self.chunks[chunk as usize];
        chunk.entries[chunk.used as usize] = entry;
        chunk.used += 1;
        self.occupied[level] |= 1 << slot;
        self.count += 1;
    }

    /// Moves the earliest events into `near` (empty before), latest first, and gives the time up to
    /// which they are complete; `None` if all events come after `bound`. The wheel must not be
    /// empty; its base does not move beyond `bound`.
    pub(super) fn take_next(&mut self, near: &mut Vec<Entry>, bound: u64) -> Option<u64> {
        loop {
            let level = self
                .occupied
                .iter()
                .position(|&slots| slots != 0)
                .expect("a wheel that is not empty has an occupied slot");
            let slot = self.occupied[level].trailing_zeros() as usize;
            let shift = DIGIT_BITS * level as u32;
            // Digits above the level are those of the base, digits below it are zero.
            let above = self.base.checked_shr(shift + DIGIT_BITS).unwrap_or(0);
            let start = ((above << DIGIT_BITS) | slot as u64) << shift;
            if start > bound {
                return None;
            }
            let head = std::mem::replace(&mut self.heads[level][slot], NONE);
            self.occupied[level] &= !(1 << slot);
            self.base = self.base.max(start);
            if level == 0 || self.fits(head) {
                self.drain(head, |entry| near.push(entry));
                near.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.key()));
                return Some(start.saturating_add(1 << shift));
            }
            self.deal(head);
        }
    }

    /// Level and slot of a time: the highest digit in which it differs from the base.
    fn place(&self, time: u64) -> (usize, usize) {
        let differing = time ^ self.base;
        let level = (differing | 1).ilog2() / DIGIT_BITS;
        let slot = (time >> (DIGIT_BITS * level)) as usize % SLOTS;
        (level as usize, slot)
    }

    /// Whether the list starting at `head` is short enough to be sorted as a whole.
    fn fits(&self, head: u32) -> bool {
        let mut count = 0;
        let mut at = head;
        while at != NONE {
            count += self.chunks[at as usize].used as usize;
            if count > SORTED_MAX {
                return false;
            }
            at = self.chunks[at as usize].next;
        }
        true
    }

    /// Empties the list starting at `head`.
    fn drain(&mut self, head: u32, mut take: impl FnMut(Entry)) {
        let mut at = head;
        while at != NONE {
            let chunk = &mut self.chunks[at as usize];
            for &entry in &chunk.entries[..chunk.used as usize] {
                take(entry);
            }
            self.count -= chunk.used as usize;
            let next = std::mem::replace(&mut chunk.next, self.free);
            self.free = at;
            at = next;
        }
    }

    /// Spreads the list starting at `head` over the finer levels.
    fn deal(&mut self, head: u32) {
        let mut at = head;
        while at != NONE {
            // A copy, because pushing may reuse the chunk once it is free.
            let chunk = self.chunks[at as usize];
            self.chunks[at as usize].next = self.free;
            self.free = at;
            self.count -= chunk.used as usize;
            for &entry in &chunk.entries[..chunk.used as usize] {
                self.push(entry);
            }
            at = chunk.next;
        }
    }

    fn fresh_chunk(&mut self, filler: Entry, next: u32) -> u32 {
        if self.free == NONE {
            make_room(&mut self.chunks);
            self.chunks.push(Chunk { entries: [filler; CHUNK], used: 0, next });
            return (self.chunks.len() - 1) as u32;
        }
        let fresh = self.free;
        let chunk = &mut self.chunks[fresh as usize];
        self.free = chunk.next;
        chunk.used = 0;
        chunk.next = next;
        fresh
    }
}
