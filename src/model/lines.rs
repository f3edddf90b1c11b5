//! Lines of those who wait, first in first out, all in one slab.
//!
//! A part with thousands of rows or keys has as many lines, nearly all of them empty: a line costs
//! eight bytes, a waiting task one node, and leaving from the middle is as cheap as
//! leaving from the front.

use crate::engine::arena::Arena;

/// No node at all.
const NONE: u32 = u32::MAX;

/// The nodes of many lines.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    nodes: Arena<Node>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    who: u32,
    previous: u32,
    next: u32,
}

/// One line: its first and last node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    head: u32,
    tail: u32,
}

/// Where somebody waits; valid until they are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u32);

impl Line {
    /// Nobody waits.
    pub const EMPTY: Self = Self { head: NONE, tail: NONE };

    /// Nobody waits.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.head == NONE
    }
}

impl Lines {
    /// Lets `who` wait at the end of `line`.
    #[inline]
    pub fn push(&mut self, line: &mut Line, who: u32) -> Place {
        let node = self.nodes.insert(Node { who, previous: line.tail, next: NONE });
        if line.tail == NONE {
            line.head = node;
        } else {
            self.nodes[line.tail].next = node;
        }
        line.tail = node;
        Place(node)
    }

    /// Who waits longest in `line`.
    #[inline]
    pub fn first(&self, line: Line) -> Option<u32> {
        (line.head != NONE).then(|| self.nodes[line.head].who)
    }

    /// Takes out who waits longest in `line`.
    #[inline]
    pub fn pop(&mut self, line: &mut Line) -> Option<u32> {
        (!line.is_empty()).then(|| self.take(line, Place(line.head)))
    }

    /// Takes out whoever waits at `place`, which must be in `line`.
    pub fn take(&mut self, line: &mut Line, place: Place) -> u32 {
        let Node { who, previous, next } = self.nodes[place.0];
        if previous == NONE {
            line.head = next;
        } else {
            self.nodes[previous].next = next;
        }
        if next == NONE {
            line.tail = previous;
        } else {
            self.nodes[next].previous = previous;
        }
        self.nodes.remove(place.0);
        who
    }

    /// Moves all of `from` behind all of `line`.
    pub fn append(&mut self, line: &mut Line, from: &mut Line) {
        if from.is_empty() {
            return;
        }
        if line.is_empty() {
            *line = *from;
        } else {
            self.nodes[line.tail].next = from.head;
            self.nodes[from.head].previous = line.tail;
            line.tail = from.tail;
        }
        *from = Line::EMPTY;
    }

    /// How many wait, in all lines together.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Nobody waits in any line.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(waiting: &mut Lines, line: &mut Line) -> Vec<u32> {
        std::iter::from_fn(|| waiting.pop(line)).collect()
    }

    #[test]
    fn lines_keep_their_order_when_one_leaves_from_the_middle() {
        let (mut waiting, mut line, mut other) = (Lines::default(), Line::EMPTY, Line::EMPTY);
        let places: Vec<Place> = (0..5).map(|who| waiting.push(&mut line, who)).collect();
        waiting.push(&mut other, 9);
        assert_eq!(waiting.take(&mut line, places[2]), 2);
        assert_eq!(waiting.take(&mut line, places[4]), 4);
        assert_eq!(waiting.take(&mut line, places[0]), 0);
        waiting.append(&mut line, &mut other);
        assert!(other.is_empty());
        assert_eq!(drain(&mut waiting, &mut line), [1, 3, 9]);
        assert!(waiting.is_empty());
    }
}
