//! A slab arena: values at stable indices, with the free places used again.

/// Values of one kind, each at an index that stays its own until it is removed.
#[derive(Debug, Clone)]
pub struct Arena<T> {
    slots: Vec<T>,
    /// Indices that can be used again, the last removed first: it is still in the cache.
    free: Vec<u32>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T: Copy> Arena<T> {
    /// Puts `value` at a free index.
    #[inline(always)]
    pub fn insert(&mut self, value: T) -> u32 {
        if let Some(index) = self.free.pop() {
            self.slots[index as usize] = value;
            return index;
        }
        make_room(&mut self.slots);
        self.slots.push(value);
        (self.slots.len() - 1) as u32
    }

    /// Gives the place at `index` back; the value stays readable until it is used again.
    #[inline(always)]
    pub fn remove(&mut self, index: u32) {
        self.free.push(index);
    }

    /// All indices ever used: of values in use, and of values removed and still readable.
    pub fn ids(&self) -> impl Iterator<Item = u32> + use<T> {
        0..self.slots.len() as u32
    }

    /// The indices of values in use; takes a byte for each index.
    pub fn in_use(&self) -> impl Iterator<Item = u32> + use<T> {
        let mut is_free = vec![false; self.slots.len()];
        self.free.iter().for_each(|index| is_free[*index as usize] = true);
        (0..self.slots.len() as u32).filter(move |index| !is_free[*index as usize])
    }

    /// Values in use.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// No value is in use.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<T>() + self.free.capacity() * size_of::<u32>()
    }
}

/// A store that is full grows to four times its places up to so many bytes: what is moved costs time..
const SMALL_BYTES: usize = 8 << 20;
/// ..then to twice as many, and from here on by a quarter, as doubling would hold twice the memory for
/// a million requests in flight.
const LARGE_BYTES: usize = 32 << 20;

/// Sees to it that there is room for one more value.
#[inline]
pub(super) fn make_room<T>(store: &mut Vec<T>) {
    let places = store.len();
    if places == store.capacity() {
        let bytes = places * size_of::<T>();
        store.reserve_exact(if bytes < SMALL_BYTES {
            (places * 3).max(64)
        } else if bytes < LARGE_BYTES {
            places
        } else {
            places / 4
        });
    }
}

impl<T> std::ops::Index<u32> for Arena<T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, index: u32) -> &T {
        &self.slots[index as usize]
    }
}

impl<T> std::ops::IndexMut<u32> for Arena<T> {
    #[inline(always)]
    fn index_mut(&mut self, index: u32) -> &mut T {
        &mut self.slots[index as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_places_are_used_again() {
        let mut arena = Arena::default();
        let first = arena.insert(1);
        let second = arena.insert(2);
        arena.remove(first);
        let third = arena.insert(3);
        assert_eq!(third, first);
        assert_eq!((arena[second], arena[third], arena.len()), (2, 3, 2));
    }
}
