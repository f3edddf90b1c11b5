//! A replica: it shows each write some time after it was committed, in the order of the log.
//!
//! A write travels for a while and is then applied by one thread, first in, first out. When it will
//! be visible is therefore known at its commit, and no event is needed. Writes are numbered as in
//! [`Versions`](crate::model::cache::Versions), which tells the version of a row as of any number: what
//! a read on the replica sees.
//!
//! A read that does not show the row's last write is stale, and its answer counts as a stale one of a
//! cache does; a read of what the request itself has written is stale if it does not show that write.
//!
//! With Poisson writes at rate `u` to a row and a constant lag `L` a read is stale with chance
//! `1 - e^(-u L)`; with writes at rate `l`, an apply thread that takes an exponential time of rate `m`,
//! and a user who reads their own write after an exponential time of mean `p` beyond the travel, with
//! chance `(m - l) / (m - l + 1 / p)` of the queue alone.
//!
//! Left out: conflicts between replay and long reads, several apply threads, the work that applying
//! costs the replica, and fail-over.
//! Source: PostgreSQL 15 documentation, section 27.2 (log-shipping standby servers): one process
//! replays the log in its order.

use std::collections::VecDeque;

use crate::engine::{SimDuration, SimTime};

/// How far a replica has come.
#[derive(Debug, Clone, Default)]
pub struct Replica {
    /// When the writes after `applied` will be visible.
    under_way: VecDeque<SimTime>,
    applied: u64,
    /// When the apply thread is free again.
    free: SimTime,
    /// The link is down until then.
    cut_until: SimTime,
}

impl Replica {
    /// A write is committed at the primary, travels for `travel` and takes `apply` to replay; when
    /// it will be visible here.
    pub fn commit(&mut self, now: SimTime, travel: SimDuration, apply: SimDuration) -> SimTime {
        let arrives = now.max(self.cut_until) + travel;
        // The log comes in order: nothing overtakes the write before it.
        self.free = self.free.max(arrives) + apply;
        self.under_way.push_back(self.free);
        self.free
    }

    /// A failure: nothing is sent before `until`.
    pub fn cut(&mut self, until: SimTime) {
        self.cut_until = self.cut_until.max(until);
    }

    /// Number of the last write that is visible `now`, 0 if none is; `now` must not go back.
    pub fn applied(&mut self, now: SimTime) -> u64 {
        while self.under_way.front().is_some_and(|visible| *visible <= now) {
            self.under_way.pop_front();
            self.applied += 1;
        }
        self.applied
    }

    /// Whether write number `write` is visible `now`: can who wrote it read it here?
    pub fn shows(&mut self, write: u64, now: SimTime) -> bool {
        self.applied(now) >= write
    }

    /// How far behind the primary it is `now`: the time until all that is committed will be visible.
    pub fn lag(&self, now: SimTime) -> SimDuration {
        self.under_way.back().map_or(SimDuration::ZERO, |visible| visible.since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cache::Versions;

    #[test]
    fn writes_become_visible_in_order_and_rows_show_their_past() {
        let (mut replica, mut versions) = (Replica::default(), Versions::new(2));
        let ms = |ms: u64| SimDuration(ms * 1_000_000);
        let at = |ms: u64| SimTime(ms * 1_000_000);
        for (key, now, apply) in [(0, 0, 30), (1, 10, 1), (0, 20, 1)] {
            versions.commit(key, at(now));
            replica.commit(at(now), ms(5), ms(apply));
        }
        let seen = |replica: &mut Replica, key, now| versions.as_of(key, replica.applied(at(now)));
        assert_eq!(seen(&mut replica, 0, 34), 0);
        assert_eq!((seen(&mut replica, 0, 35), seen(&mut replica, 1, 35)), (1, 0));
        assert_eq!((seen(&mut replica, 1, 36), seen(&mut replica, 0, 36)), (1, 1));
        assert!(!replica.shows(3, at(36)) && replica.shows(3, at(37)));
        replica.cut(at(100));
        assert_eq!(replica.commit(at(50), ms(5), ms(1)), at(106));
        assert_eq!(replica.lag(at(50)), ms(56));
    }
}
