//! A ring buffer: first in, first out.
//!
//! Small enough to be inlined into the loops that live on it, which `VecDeque` is not where code is
//! built for size.

/// Values in the order in which they came.
#[derive(Debug, Clone)]
pub struct Ring<T> {
    /// None, or as many as a power of two; those that hold no value hold any.
    slots: Vec<T>,
    head: usize,
    len: usize,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), head: 0, len: 0 }
    }
}

impl<T: Copy> Ring<T> {
    /// Puts a value at the end.
    #[inline(always)]
    pub fn push_back(&mut self, value: T) {
        if self.len == self.slots.len() {
            self.grow(value);
        }
        let slot = self.slot(self.len);
        self.slots[slot] = value;
        self.len += 1;
    }

    /// Takes out the first value.
    #[inline(always)]
    pub fn pop_front(&mut self) -> Option<T> {
        let first = self.front()?;
        self.head = self.slot(1);
        self.len -= 1;
        Some(first)
    }

    /// The first value.
    #[inline(always)]
    pub fn front(&self) -> Option<T> {
        if self.len == 0 { None } else { self.slots.get(self.head).copied() }
    }

    /// Keeps those values that `is_kept` is true of, in their order.
    pub fn retain(&mut self, is_kept: impl Fn(&T) -> bool) {
        for _ in 0..self.len {
            if let Some(value) = self.pop_front()
                && is_kept(&value)
            {
                self.push_back(value);
            }
        }
    }

    /// How many values there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// There is no value.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Memory held, in bytes.
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<T>()
    }

    /// Where the value is that has `place` others before it.
    #[inline(always)]
    fn slot(&self, place: usize) -> usize {
        (self.head + place) & (self.slots.len() - 1)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, filler: T) {
        self.slots.rotate_left(self.head);
        self.head = 0;
        let more = self.slots.len().max(64);
        self.slots.reserve_exact(more);
        self.slots.resize(self.slots.len() + more, filler);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stream;
    use std::collections::VecDeque;

    #[test]
    fn behaves_as_a_queue_of_the_standard_library() {
        let mut random = Stream::new(5, 0, 0);
        let (mut ring, mut queue) = (Ring::default(), VecDeque::new());
        for step in 0..20_000_u64 {
            // Grows for a while, then shrinks.
            if random.below(16) < 6 + (step / 1_000) % 5 {
                ring.push_back(step);
                queue.push_back(step);
            } else {
                assert_eq!(ring.pop_front(), queue.pop_front());
            }
            if random.below(400) == 0 {
                ring.retain(|value| value % 3 > 0);
                queue.retain(|value| value % 3 > 0);
            }
            assert_eq!((ring.front(), ring.len()), (queue.front().copied(), queue.len()));
            assert_eq!(ring.is_empty(), queue.is_empty());
        }
        assert!(ring.bytes() >= 8 * ring.len());
    }
}
