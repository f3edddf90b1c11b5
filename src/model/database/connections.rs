//! Connections to a database: how many there may be, and what many of them cost.
//!
//! Each connection is a process. While few of them want to run they only share the cores; beyond
//! some for each core everything gets slower for everybody, by switching, by caches made cold and by
//! spinning on shared structures. Measured here on two cores, throughput falls with the logarithm of
//! the number of busy connections: the work of a query grows by the factor
//! `1 + loss * ln(busy / (free * cores))` once `busy` exceeds `free * cores`.
//!
//! With 16 free connections a core, a loss of 0.31 gives 0.88, 0.74 and 0.64 of the best throughput at
//! 50, 100 and 200 connections, and 0.2 gives 0.92, 0.81, 0.73.
//!
//! Pools together may have no more open than a limit, as `max_connections` says: opening one more is
//! refused at once, and the request fails. Each takes memory from the pages, in steps of a 64th of all
//! that can be open; reads then miss more often. A query that names the database itself has a
//! connection that is always there and counts for nothing.
//!
//! Left out: that few connections on an idle machine cost something too.
//! Source: measured (PostgreSQL 15, two cores, throughput over the best): point reads 0.92, 0.69, 0.64
//! at 50, 100, 200 connections, TPC-B-like writes 0.92, 0.83, 0.73. A connection takes
//! less than 2 MiB (Freund, "Measuring the Memory Overhead of a Postgres Connection", 2020), and pages
//! that find no room are read again ("Performance impact of idle PostgreSQL connections", AWS Database
//! Blog).

use crate::engine::SimDuration;
use crate::engine::math::ln;

/// Busy connections a core that cost nothing.
pub const FREE_PER_CORE: f64 = 16.0;
/// Loss measured with point reads.
pub const LOSS_READS: f64 = 0.31;
/// Loss measured with small transactions that write.
pub const LOSS_WRITES: f64 = 0.2;
/// Time to open a connection, in milliseconds, measured with its first query.
pub const OPEN_MS: f64 = 6.8;

/// Busy connections up to which each is told apart: beyond, nothing gets slower any more.
const BUSY_MAX: u32 = 10_000;
/// 1 in fixed point.
const ONE: u64 = 1 << 16;

/// Connections of one database.
#[derive(Debug, Clone)]
pub struct Connections {
    limit: u32,
    open: u32,
    busy: u32,
    refused: u64,
    /// The factor on work by the number of busy connections, in fixed point.
    factors: Vec<u32>,
}

impl Connections {
    /// At most `limit` connections to a database with `cores` cores, which cost `loss` beyond
    /// [`FREE_PER_CORE`] a core; 0 if many cost nothing.
    pub fn new(limit: u32, cores: u32, loss: f64) -> Self {
        let free = FREE_PER_CORE * f64::from(cores.max(1));
        let factor = |busy: u32| {
            let over = ln((f64::from(busy) / free).max(1.0));
            ((1.0 + loss * over) * ONE as f64) as u32
        };
        let most = if loss > 0.0 { BUSY_MAX } else { 0 };
        let factors = (0..=most).map(factor).collect();
        Self { limit, open: 0, busy: 0, refused: 0, factors }
    }

    /// Opens a connection; false if there are too many.
    pub fn open(&mut self) -> bool {
        let is_possible = self.open < self.limit;
        if is_possible {
            self.open += 1;
        } else {
            self.refused += 1;
        }
        is_possible
    }

    /// Closes so many connections.
    pub fn close(&mut self, count: u32) {
        self.open -= count;
    }

    /// Most that may be open.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// A connection begins to work; the work that `work` becomes beside all the others.
    #[inline]
    pub fn begin(&mut self, work: SimDuration) -> SimDuration {
        self.busy += 1;
        self.beside(work, self.busy)
    }

    /// What `work` becomes beside others, `busy` connections in all.
    #[inline]
    pub fn beside(&self, work: SimDuration, busy: u32) -> SimDuration {
        let factor = u64::from(self.factors[(busy as usize).min(self.factors.len() - 1)]);
        SimDuration((u128::from(work.0) * u128::from(factor) / u128::from(ONE)) as u64)
    }

    /// A connection has nothing to do any more.
    #[inline]
    pub fn end(&mut self) {
        self.busy -= 1;
    }

    /// Connections open now.
    pub fn opened(&self) -> u32 {
        self.open
    }

    /// Connections at work now.
    pub fn busy(&self) -> u32 {
        self.busy
    }

    /// Connections refused so far.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Throughput over the best, as measured; within 8 %.
    #[test]
    fn many_connections_cost_what_was_measured() {
        for (loss, measured) in [
            (LOSS_READS, [(10, 1.0), (32, 1.0), (50, 0.917), (100, 0.694), (200, 0.641)]),
            (LOSS_WRITES, [(16, 1.0), (32, 0.945), (50, 0.922), (100, 0.826), (200, 0.727)]),
        ] {
            for (busy, expected) in measured {
                let mut connections = Connections::new(500, 2, loss);
                for _ in 1..busy {
                    connections.begin(SimDuration::ZERO);
                }
                let work = connections.begin(SimDuration(1_000_000));
                let found = 1e6 / work.0 as f64;
                assert!((found / expected - 1.0_f64).abs() < 0.08, "{busy}: {found}, {expected}");
            }
        }
    }

    #[test]
    fn no_more_than_the_limit_can_be_open() {
        let mut connections = Connections::new(2, 1, 0.0);
        assert_eq!([(); 3].map(|()| connections.open()), [true, true, false]);
        connections.close(1);
        assert!(connections.open());
        assert_eq!(connections.refused(), 1);
        assert_eq!(connections.begin(SimDuration(7)), SimDuration(7));
    }
}
