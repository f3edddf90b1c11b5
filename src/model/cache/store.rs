//! The entries of a cache: a slab, and a list through it from the most to the least recently used.
//!
//! Finding, adding, using and evicting an entry each take the same short time however many there
//! are.

use crate::engine::{SimDuration, SimTime};

/// No entry at all.
const NONE: u32 = u32::MAX;
/// Room for so many entries is made at once; a larger store grows as it fills.
const RESERVED: usize = 1 << 16;

/// Which entry makes room for a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Eviction {
    /// The one that was not used for longest.
    #[default]
    LeastRecentlyUsed,
    /// The one that was added first.
    FirstIn,
}

/// A cached copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The version it was made of.
    pub version: u32,
    /// When it was stored.
    pub stored: SimTime,
    /// From here on it should be loaded anew, but may still be used.
    pub soft: SimTime,
    /// From here on it may not be used.
    pub hard: SimTime,
    /// How long it took to load.
    pub took: SimDuration,
    /// When the first write that it misses was committed, as far as somebody has looked;
    /// [`SimTime::NEVER`] otherwise.
    pub outdated: SimTime,
}

/// Entries by key, at most `capacity` of them.
#[derive(Debug, Clone)]
pub struct Store {
    /// The slot of each key.
    slots: Vec<u32>,
    nodes: Vec<Node>,
    free: Vec<u32>,
    head: u32,
    tail: u32,
    capacity: usize,
    eviction: Eviction,
    evicted: u64,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    entry: Entry,
    key: u32,
    previous: u32,
    next: u32,
}

impl Store {
    /// An empty store for keys below `keys`, with room for `capacity` entries, at least 1.
    pub fn new(keys: u32, capacity: u32, eviction: Eviction) -> Self {
        let capacity = capacity.clamp(1, keys.max(1)) as usize;
        Self {
            slots: vec![NONE; keys as usize],
            nodes: Vec::with_capacity(capacity.min(RESERVED)),
            free: Vec::new(),
            head: NONE,
            tail: NONE,
            capacity,
            eviction,
            evicted: 0,
        }
    }

    /// The entry of `key`, valid or not; does not count as use.
    #[inline]
    pub fn get(&self, key: u32) -> Option<&Entry> {
        let slot = self.slots[key as usize];
        (slot != NONE).then(|| &self.nodes[slot as usize].entry)
    }

    /// The same, to change it.
    #[inline]
    pub fn get_mut(&mut self, key: u32) -> Option<&mut Entry> {
        let slot = self.slots[key as usize];
        (slot != NONE).then(|| &mut self.nodes[slot as usize].entry)
    }

    /// The entry of `key` is used.
    #[inline]
    pub fn touch(&mut self, key: u32) {
        let slot = self.slots[key as usize];
        if slot != NONE && slot != self.head && self.eviction == Eviction::LeastRecentlyUsed {
            self.unlink(slot);
            self.link(slot);
        }
    }

    /// Stores an entry, as the most recently used; the key that had to go for it.
    pub fn put(&mut self, key: u32, entry: Entry) -> Option<u32> {
        if let Some(present) = self.get_mut(key) {
            *present = entry;
            self.touch(key);
            return None;
        }
        let evicted = (self.len() == self.capacity).then(|| self.nodes[self.tail as usize].key);
        if let Some(victim) = evicted {
            self.remove(victim);
            self.evicted += 1;
        }
        let node = Node { entry, key, previous: NONE, next: NONE };
        let slot = if let Some(slot) = self.free.pop() {
            self.nodes[slot as usize] = node;
            slot
        } else {
            self.nodes.push(node);
            (self.nodes.len() - 1) as u32
        };
        self.slots[key as usize] = slot;
        self.link(slot);
        evicted
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: u32) -> Option<Entry> {
        let slot = std::mem::replace(&mut self.slots[key as usize], NONE);
        if slot == NONE {
            return None;
        }
        self.unlink(slot);
        self.free.push(slot);
        Some(self.nodes[slot as usize].entry)
    }

    /// Takes out all entries.
    pub fn clear(&mut self) {
        while self.head != NONE {
            self.remove(self.nodes[self.head as usize].key);
        }
    }

    /// Entries held, valid or not.
    pub fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    /// No entry is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Entries that had to go for others so far.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    fn link(&mut self, slot: u32) {
        let former = self.head;
        self.nodes[slot as usize].previous = NONE;
        self.nodes[slot as usize].next = former;
        if former == NONE {
            self.tail = slot;
        } else {
            self.nodes[former as usize].previous = slot;
        }
        self.head = slot;
    }

    fn unlink(&mut self, slot: u32) {
        let Node { previous, next, .. } = self.nodes[slot as usize];
        if previous == NONE {
            self.head = next;
        } else {
            self.nodes[previous as usize].next = next;
        }
        if next == NONE {
            self.tail = previous;
        } else {
            self.nodes[next as usize].previous = previous;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stream;

    const ENTRY: Entry = Entry {
        version: 0,
        stored: SimTime::ZERO,
        soft: SimTime::NEVER,
        hard: SimTime::NEVER,
        took: SimDuration::ZERO,
        outdated: SimTime::NEVER,
    };

    /// Against a plain list, most recent first, through random changes.
    #[test]
    fn the_least_recently_used_entry_goes_first() {
        for eviction in [Eviction::LeastRecentlyUsed, Eviction::FirstIn] {
            let mut random = Stream::new(1, 0, 0);
            let mut store = Store::new(50, 10, eviction);
            let mut list: Vec<u32> = Vec::new();
            for _ in 0..20_000 {
                let key = random.below(50) as u32;
                if random.chance(0.1) {
                    assert_eq!(store.remove(key).is_some(), list.contains(&key));
                    list.retain(|other| *other != key);
                } else if list.contains(&key) {
                    store.touch(key);
                    if eviction == Eviction::LeastRecentlyUsed {
                        list.retain(|other| *other != key);
                        list.insert(0, key);
                    }
                } else {
                    let expected = if list.len() == 10 { list.pop() } else { None };
                    assert_eq!(store.put(key, ENTRY), expected);
                    list.insert(0, key);
                }
                assert_eq!(store.len(), list.len());
            }
            store.clear();
            assert!(store.is_empty());
        }
    }
}
