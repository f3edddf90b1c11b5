//! A map from 64-bit keys to 32-bit values, for the few rows or keys in use out of very many.
//!
//! Open addressing with linear probing; removal shifts later entries back, so that no tombstones
//! pile up. Nothing depends on the order of the table, and equal histories give equal tables.
//! Source: Knuth, The Art of Computer Programming, volume 3, section 6.4, algorithms L and R.

/// The value of an empty place, which cannot be stored.
const EMPTY: u32 = u32::MAX;

/// A map that allocates only when it holds more than ever before.
#[derive(Debug, Clone)]
pub struct Sparse {
    /// A power of two; at most half are in use.
    places: Vec<(u64, u32)>,
    used: usize,
}

impl Sparse {
    /// A map that holds `count` entries without allocating again.
    pub fn with_capacity(count: usize) -> Self {
        let places = (count.max(8) * 2).next_power_of_two();
        Self { places: vec![(0, EMPTY); places], used: 0 }
    }

    /// The value of `key`.
    #[inline]
    pub fn get(&self, key: u64) -> Option<u32> {
        let (found, value) = self.places[self.find(key)];
        (value != EMPTY && found == key).then_some(value)
    }

    /// Gives `key` a value below `u32::MAX`, and returns its former one.
    pub fn insert(&mut self, key: u64, value: u32) -> Option<u32> {
        assert!(value != EMPTY, "the largest number stands for an empty place");
        let mut place = self.find(key);
        let former = self.places[place].1;
        if former == EMPTY {
            if (self.used + 1) * 2 > self.places.len() {
                self.grow();
                place = self.find(key);
            }
            self.used += 1;
        }
        self.places[place] = (key, value);
        (former != EMPTY).then_some(former)
    }

    /// Forgets `key`, and returns its value.
    pub fn remove(&mut self, key: u64) -> Option<u32> {
        let mut hole = self.find(key);
        let value = self.places[hole].1;
        if value == EMPTY {
            return None;
        }
        let mask = self.places.len() - 1;
        let mut next = hole;
        loop {
            next = (next + 1) & mask;
            let (key, value) = self.places[next];
            if value == EMPTY {
                break;
            }
            // An entry may move back unless that put it before the place it hashes to.
            let home = self.home(key);
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(hole) & mask {
                self.places[hole] = (key, value);
                hole = next;
            }
        }
        self.places[hole].1 = EMPTY;
        self.used -= 1;
        Some(value)
    }

    /// How many keys have a value.
    pub fn len(&self) -> usize {
        self.used
    }

    /// No key has a value.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Where `key` is, or the empty place where it would be.
    #[inline]
    fn find(&self, key: u64) -> usize {
        let mask = self.places.len() - 1;
        let mut place = self.home(key);
        while self.places[place].1 != EMPTY && self.places[place].0 != key {
            place = (place + 1) & mask;
        }
        place
    }

    /// The first place looked at: the high bits of a multiplication by the golden ratio.
    #[inline]
    fn home(&self, key: u64) -> usize {
        let mixed = (key ^ (key >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (64 - self.places.len().trailing_zeros())) as usize
    }

    fn grow(&mut self) {
        let doubled = vec![(0, EMPTY); self.places.len() * 2];
        let former = std::mem::replace(&mut self.places, doubled);
        for (key, value) in former.into_iter().filter(|entry| entry.1 != EMPTY) {
            let place = self.find(key);
            self.places[place] = (key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::engine::Stream;

    #[test]
    fn it_agrees_with_an_ordered_map_through_random_changes() {
        let mut random = Stream::new(1, 0, 0);
        for spread in [1, 1 << 20, 1 << 40] {
            let (mut map, mut expected) = (Sparse::with_capacity(0), BTreeMap::new());
            for step in 0..50_000 {
                let key = random.below(300) * spread;
                if random.chance(0.5) {
                    assert_eq!(map.insert(key, step), expected.insert(key, step));
                } else {
                    assert_eq!(map.remove(key), expected.remove(&key));
                }
                assert_eq!(map.len(), expected.len());
            }
            for key in (0..300).map(|key| key * spread) {
                assert_eq!(map.get(key), expected.get(&key).copied());
            }
        }
    }
}
