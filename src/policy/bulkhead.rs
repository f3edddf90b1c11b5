//! A bulkhead: so many calls at once to one callee, so many more that wait, the rest turned away.
//!
//! It keeps one slow callee from taking all workers of its caller: the others stay free for the
//! other endpoints. It differs from a
//! [`ConcurrencyLimit`](super::admission::concurrency::ConcurrencyLimit) by its queue: who waits is
//! served first come, first served. A timeout counts from when the attempt asks for its place, and
//! the place is free when the caller stops waiting, whatever the callee still does.
//!
//! Left out: a limit of its own on the wait, and threads of its own, which cost something.
//! Source: Nygard, "Release It!" (2007), section 5.3; resilience4j `BulkheadConfig` (25 at once).

/// How many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Calls under way at once; zero lets nobody through.
    pub running_max: u32,
    /// Calls that may wait for one of these places.
    pub waiting_max: u32,
}

/// What a call finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A free place, which it has now.
    Run,
    /// A place in the queue, which it has now.
    Wait,
    /// Neither.
    Reject,
}

/// Calls under way and waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bulkhead {
    settings: Settings,
    running: u32,
    /// Invariant: above zero only while all places are taken.
    waiting: u32,
}

impl Bulkhead {
    /// Nobody has come yet.
    pub fn new(settings: &Settings) -> Self {
        Self { settings: *settings, running: 0, waiting: 0 }
    }

    /// Decides about a call.
    #[inline]
    pub fn decide(&mut self) -> Decision {
        if self.running < self.settings.running_max {
            self.running += 1;
            return Decision::Run;
        }
        if self.waiting < self.settings.waiting_max && self.running > 0 {
            self.waiting += 1;
            return Decision::Wait;
        }
        Decision::Reject
    }

    /// A call has ended; true if one that waited must run in its place.
    #[inline]
    pub fn release(&mut self) -> bool {
        debug_assert!(self.running > 0, "only what runs can end");
        if self.waiting > 0 {
            self.waiting -= 1;
            return true;
        }
        self.running -= 1;
        false
    }

    /// A call that waited has given up.
    #[inline]
    pub fn leave(&mut self) {
        debug_assert!(self.waiting > 0, "only who waits can give up");
        self.waiting -= 1;
    }

    /// Calls under way.
    pub fn running(&self) -> u32 {
        self.running
    }

    /// Calls waiting.
    pub fn waiting(&self) -> u32 {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn calls_run_then_wait_then_are_turned_away() {
        let mut bulkhead = Bulkhead::new(&Settings { running_max: 2, waiting_max: 1 });
        let all: Vec<Decision> = (0..4).map(|_| bulkhead.decide()).collect();
        assert_eq!(all, [Decision::Run, Decision::Run, Decision::Wait, Decision::Reject]);
        assert!(bulkhead.release(), "the one that waited takes over");
        assert_eq!((bulkhead.running(), bulkhead.waiting()), (2, 0));
        assert_eq!(bulkhead.decide(), Decision::Wait);
        bulkhead.leave();
        assert!(!bulkhead.release());
        assert_eq!(bulkhead.decide(), Decision::Run);
    }

    #[test]
    fn a_closed_bulkhead_keeps_nobody_waiting() {
        let mut bulkhead = Bulkhead::new(&Settings { running_max: 0, waiting_max: 10 });
        assert_eq!(bulkhead.decide(), Decision::Reject);
    }

    proptest! {
        #[test]
        fn places_are_neither_lost_nor_given_twice(
            running_max in 0_u32..5,
            waiting_max in 0_u32..5,
            steps in prop::collection::vec(0_u8..4, 0..200),
        ) {
            let mut bulkhead = Bulkhead::new(&Settings { running_max, waiting_max });
            let (mut running, mut waiting) = (0, 0);
            for step in steps {
                match step {
                    0 if running > 0 => {
                        let takes_over = bulkhead.release();
                        prop_assert_eq!(takes_over, waiting > 0);
                        if takes_over { waiting -= 1 } else { running -= 1 }
                    }
                    1 if waiting > 0 => {
                        bulkhead.leave();
                        waiting -= 1;
                    }
                    _ => match bulkhead.decide() {
                        Decision::Run => running += 1,
                        Decision::Wait => waiting += 1,
                        Decision::Reject => prop_assert!(
                            running == running_max && (waiting == waiting_max || running_max == 0)
                        ),
                    },
                }
                prop_assert_eq!((bulkhead.running(), bulkhead.waiting()), (running, waiting));
                prop_assert!(running <= running_max && waiting <= waiting_max);
                prop_assert!(waiting == 0 || running == running_max);
            }
        }
    }
}
