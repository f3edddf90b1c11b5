//! The busy handler of `SQLite`: how long a connection sleeps before it tries the lock again.
//!
//! There is no queue for the lock: whoever tries when it is free has it. Sleeps grow from 1 to
//! 100 ms and stay there, so that a connection that has waited long tries least often: old waiters
//! starve behind new ones. The sum of the sleeps is at most the timeout; the last one is cut short,
//! and after it comes one more try. Time spent in the tries themselves does not count.
//!
//! Left out: builds without sub-second sleep (whole seconds), blocking locks
//! (`SQLITE_ENABLE_SETLK_TIMEOUT`).
//! Source: `SQLite` 3.40, `sqliteDefaultBusyCallback` in `main.c`.

use crate::engine::SimDuration;

/// Milliseconds of each sleep; the last goes on.
const SLEEPS_MS: [u64; 12] = [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100];
/// Milliseconds of all the sleeps before.
const SLEPT_MS: [u64; 12] = [0, 1, 3, 8, 18, 33, 53, 78, 103, 128, 178, 228];
const MS: u64 = 1_000_000;

/// What `PRAGMA busy_timeout` sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BusyHandler {
    /// Longest time asleep, counted in whole milliseconds; zero fails at once.
    pub timeout: SimDuration,
}

impl BusyHandler {
    /// The sleep after the lock was found taken, `tries` times before; `None` if it is time to give
    /// up with `SQLITE_BUSY`.
    #[inline]
    pub fn sleep(self, tries: u32) -> Option<SimDuration> {
        let last = SLEEPS_MS.len() - 1;
        let index = (tries as usize).min(last);
        let beyond = u64::from(tries).saturating_sub(last as u64);
        let slept = SLEPT_MS[index] + beyond * SLEEPS_MS[last];
        let left = (self.timeout.0 / MS).saturating_sub(slept);
        let sleep = SLEEPS_MS[index].min(left);
        (sleep > 0).then_some(SimDuration(sleep * MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sleeps(timeout_ms: u64) -> Vec<u64> {
        let handler = BusyHandler { timeout: SimDuration(timeout_ms * MS) };
        (0..).map_while(|tries| handler.sleep(tries)).map(|sleep| sleep.0 / MS).collect()
    }

    #[test]
    fn sleeps_are_those_of_the_table_and_then_a_tenth_of_a_second() {
        let table = [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100, 100, 100];
        assert_eq!(sleeps(528), table);
        assert_eq!(sleeps(5_000).len(), 12 + 46 + 1, "328 ms, 46 tenths of a second, 72 ms");
        assert_eq!(sleeps(5_000).last(), Some(&72));
    }

    #[test]
    fn the_last_sleep_is_cut_short() {
        assert_eq!(sleeps(0), [0; 0]);
        assert_eq!(sleeps(1), [1]);
        assert_eq!(sleeps(50), [1, 2, 5, 10, 15, 17]);
        assert_eq!(sleeps(53), [1, 2, 5, 10, 15, 20]);
    }

    #[test]
    fn sums_before_are_the_sums_of_the_table() {
        for (index, slept) in SLEPT_MS.into_iter().enumerate() {
            assert_eq!(slept, SLEEPS_MS[..index].iter().sum::<u64>());
        }
    }

    proptest! {
        #[test]
        fn all_sleeps_together_are_the_timeout(timeout_ms in 0_u64..100_000) {
            prop_assert_eq!(sleeps(timeout_ms).iter().sum::<u64>(), timeout_ms);
        }
    }
}
