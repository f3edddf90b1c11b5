//! A limit on requests in flight, the same at all times.
//!
//! It sheds what it cannot hold instead of queueing it: with `limit` at arrival rate × latency
//! (Little's law), latency cannot grow further. For a limit with a queue see
//! [`bulkhead`](crate::policy::bulkhead).
//! Source: Netflix, "Performance Under Load" (2018).

use super::{Decision, REJECT};

/// Requests in flight, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConcurrencyLimit {
    limit: u32,
    in_flight: u32,
}

impl ConcurrencyLimit {
    /// At most `limit` in flight; zero lets nobody in.
    pub fn new(limit: u32) -> Self {
        Self { limit, in_flight: 0 }
    }

    /// Decides about a request; one that is let in must be released.
    #[inline]
    pub fn decide(&mut self) -> Decision {
        if self.in_flight >= self.limit {
            return REJECT;
        }
        self.in_flight += 1;
        Decision::Admit
    }

    /// A request that was let in has ended.
    #[inline]
    pub fn release(&mut self) {
        debug_assert!(self.in_flight > 0, "only what was let in can be released");
        self.in_flight -= 1;
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_a_request_has_ended() {
        let mut limit = ConcurrencyLimit::new(2);
        assert_eq!(
            [limit.decide(), limit.decide(), limit.decide()],
            [Decision::Admit, Decision::Admit, REJECT]
        );
        limit.release();
        assert_eq!(limit.decide(), Decision::Admit);
        assert_eq!(limit.in_flight(), 2);
        assert_eq!(ConcurrencyLimit::new(0).decide(), REJECT);
    }
}
