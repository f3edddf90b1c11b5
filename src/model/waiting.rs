//! Lists of those who wait, first in first out, all in one slab.
//!
//! A part with thousands of rows or keys has as many waiting rooms, nearly all of them empty: a
//! list costs eight bytes, a waiting task one node, and leaving from the middle is as cheap as
//! leaving from the front.

use crate::engine::arena::Arena;

/// No node at all.
const NONE: u32 = u32::MAX;

/// The nodes of many lists.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    nodes: Arena<Node>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    who: u32,
    previous: u32,
    next: u32,
}

/// One list: its first and last node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    head: u32,
    tail: u32,
}

/// Where somebody waits; valid until they are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u32);

impl List {
    /// Nobody waits.
    pub const EMPTY: Self = Self { head: NONE, tail: NONE };

    /// Nobody waits.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.head == NONE
    }
}

impl Waiting {
    /// Lets `who` wait at the end of `list`.
    #[inline]
    pub fn push(&mut self, list: &mut List, who: u32) -> Place {
        let node = self.nodes.insert(Node { who, previous: list.tail, next: NONE });
        if list.tail == NONE {
            list.head = node;
        } else {
            self.nodes[list.tail].next = node;
        }
        list.tail = node;
        Place(node)
    }

    /// Who waits longest in `list`.
    #[inline]
    pub fn first(&self, list: List) -> Option<u32> {
        (list.head != NONE).then(|| self.nodes[list.head].who)
    }

    /// Takes out who waits longest in `list`.
    #[inline]
    pub fn pop(&mut self, list: &mut List) -> Option<u32> {
        (!list.is_empty()).then(|| self.take(list, Place(list.head)))
    }

    /// Takes out whoever waits at `place`, which must be in `list`.
    pub fn take(&mut self, list: &mut List, place: Place) -> u32 {
        let Node { who, previous, next } = self.nodes[place.0];
        if previous == NONE {
            list.head = next;
        } else {
            self.nodes[previous].next = next;
        }
        if next == NONE {
            list.tail = previous;
        } else {
            self.nodes[next].previous = previous;
        }
        self.nodes.remove(place.0);
        who
    }

    /// Moves all of `from` behind all of `list`.
    pub fn append(&mut self, list: &mut List, from: &mut List) {
        if from.is_empty() {
            return;
        }
        if list.is_empty() {
            *list = *from;
        } else {
            self.nodes[list.tail].next = from.head;
            self.nodes[from.head].previous = list.tail;
            list.tail = from.tail;
        }
        *from = List::EMPTY;
    }

    /// How many wait, in all lists together.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Nobody waits in any list.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(waiting: &mut Waiting, list: &mut List) -> Vec<u32> {
        std::iter::from_fn(|| waiting.pop(list)).collect()
    }

    #[test]
    fn lists_keep_their_order_when_one_leaves_from_the_middle() {
        let (mut waiting, mut list, mut other) = (Waiting::default(), List::EMPTY, List::EMPTY);
        let places: Vec<Place> = (0..5).map(|who| waiting.push(&mut list, who)).collect();
        waiting.push(&mut other, 9);
        assert_eq!(waiting.take(&mut list, places[2]), 2);
        assert_eq!(waiting.take(&mut list, places[4]), 4);
        assert_eq!(waiting.take(&mut list, places[0]), 0);
        waiting.append(&mut list, &mut other);
        assert!(other.is_empty());
        assert_eq!(drain(&mut waiting, &mut list), [1, 3, 9]);
        assert!(waiting.is_empty());
    }
}
