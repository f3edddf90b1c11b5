//! The connections that a pool has open: those given back lie ready, and are taken again last in,
//! first out, so that those nobody needs grow old and can be closed.
//!
//! Connections are counted, not told apart: when a server has lost all it had, as many as were lent
//! are dead, and the first to be given back count as those.

use std::collections::VecDeque;

use crate::engine::{SimDuration, SimTime};

/// The connections of one pool.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    /// When each that lies ready was given back, the oldest first.
    ready: VecDeque<SimTime>,
    /// Being opened, or in use.
    lent: u32,
    /// In use, and open at the server no more.
    dead: u32,
    /// Never given back.
    leaked: u32,
    /// Those of them that are open at the server.
    leaked_open: u32,
}

impl Shelf {
    /// Takes one that lies ready; false if there is none.
    #[inline]
    pub fn take(&mut self) -> bool {
        let is_ready = self.ready.pop_back().is_some();
        if is_ready {
            self.lent += 1;
        }
        is_ready
    }

    /// One more is being opened, by who uses it then.
    pub fn begin(&mut self) {
        self.lent += 1;
    }

    /// One is given back, and lies ready unless it is dead.
    #[inline]
    pub fn give_back(&mut self, now: SimTime) {
        if self.end() {
            self.ready.push_back(now);
        }
    }

    /// One that is being opened or in use is closed; false if the server had lost it before.
    pub fn close(&mut self) -> bool {
        self.end()
    }

    /// One is never given back.
    pub fn leak(&mut self) {
        self.leaked_open += u32::from(self.end());
        self.leaked += 1;
    }

    fn end(&mut self) -> bool {
        if self.dead > 0 {
            self.dead -= 1;
            return false;
        }
        self.lent -= 1;
        true
    }

    /// Closes those that have been ready for `idle`, but for so many that `least` stay open; how many
    /// were closed.
    pub fn expire(&mut self, now: SimTime, idle: SimDuration, least: u32) -> u32 {
        let mut closed = 0;
        while let Some(&since) = self.ready.front()
            && since + idle <= now
            && self.open() > least
        {
            self.ready.pop_front();
            closed += 1;
        }
        closed
    }

    /// When the next would have been idle for `idle`, if any lies ready.
    pub fn expires(&self, idle: SimDuration) -> Option<SimTime> {
        self.ready.front().map(|since| *since + idle)
    }

    /// The server has lost all connections; how many were open.
    pub fn lose_server(&mut self) -> u32 {
        let open = self.open();
        self.ready.clear();
        self.dead += std::mem::take(&mut self.lent);
        self.leaked_open = 0;
        open
    }

    /// Who owned the pool is gone, and so are all connections: how many were open at the server, and
    /// how many had leaked.
    pub fn lose_owner(&mut self) -> (u32, u32) {
        (self.lose_server(), std::mem::take(&mut self.leaked))
    }

    /// Connections open at the server.
    pub fn open(&self) -> u32 {
        self.ready.len() as u32 + self.lent + self.leaked_open
    }

    /// Connections that are lost to the pool.
    pub fn leaked(&self) -> u32 {
        self.leaked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: f64) -> SimTime {
        SimTime::from_secs(secs)
    }

    const IDLE: SimDuration = SimDuration(10_000_000_000);

    #[test]
    fn the_one_given_back_last_is_taken_first_and_the_others_grow_old() {
        let mut shelf = Shelf::default();
        assert!(!shelf.take());
        (0..3).for_each(|_| shelf.begin());
        (0..3).for_each(|second| shelf.give_back(at(f64::from(second))));
        assert!(shelf.take());
        shelf.give_back(at(9.0));
        assert_eq!(shelf.expires(IDLE), Some(at(10.0)));
        assert_eq!(shelf.expire(at(10.5), IDLE, 0), 1);
        assert_eq!(shelf.expire(at(50.0), IDLE, 1), 1);
        assert_eq!((shelf.expire(at(50.0), IDLE, 1), shelf.open()), (0, 1));
        assert_eq!(shelf.expires(IDLE), Some(at(19.0)));
    }

    #[test]
    fn every_connection_is_counted_until_it_is_closed() {
        let mut shelf = Shelf::default();
        (0..5).for_each(|_| shelf.begin());
        shelf.give_back(at(1.0));
        shelf.leak();
        assert!(shelf.close());
        assert_eq!((shelf.open(), shelf.leaked()), (4, 1));
        // Two are still in use.
        assert_eq!((shelf.lose_server(), shelf.open()), (4, 0));
        shelf.begin();
        shelf.give_back(at(2.0));
        assert!(!shelf.close());
        assert_eq!(shelf.open(), 1);
        shelf.give_back(at(3.0));
        assert_eq!((shelf.lose_owner(), shelf.open(), shelf.leaked()), ((1, 1), 0, 0));
    }
}
