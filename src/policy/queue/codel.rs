//! CoDel: drops from a queue whose waits stay above a target for an interval.
//!
//! Once waits have been at or above `target` for `interval`, the next entry is dropped, and another
//! after `interval / sqrt(count)`, faster and faster, until a wait below the target is seen or the
//! queue is nearly empty. It was made for senders that slow down when a packet is lost; requests
//! that keep coming need something stronger.
//!
//! An entry is a packet here: the queue is nearly empty with one left. The control loop is the
//! pseudo-code of the RFC, cut into one step for each entry taken out.
//! Source: Nichols, Jacobson and others, RFC 8289 (2018), section 5 (target 5 ms,
//! interval 100 ms).

use crate::engine::math::sqrt;
use crate::engine::{SimDuration, SimTime};
use crate::policy::setting::{BadSetting, in_range};

/// Target and interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// A wait that is acceptable for good.
    pub target: SimDuration,
    /// How long waits may be above it, above zero.
    pub interval: SimDuration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { target: SimDuration(5_000_000), interval: SimDuration(100_000_000) }
    }
}

impl Settings {
    /// Whether the interval is above zero.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        in_range("interval_ms", self.interval.as_ms(), [1e-6, f64::INFINITY], "above 0")
    }
}

/// Where in the loop the next entry is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A server is free.
    First,
    /// After a drop on schedule.
    Dropping,
    /// After the drop that began it.
    Entering,
}

/// The state of the control loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoDel {
    settings: Settings,
    /// When waits will have been above the target for an interval.
    first_above: Option<SimTime>,
    drop_next: SimTime,
    /// What rounding `drop_next` to a nanosecond left over, so that the schedule does not drift.
    rest: f64,
    count: u32,
    last_count: u32,
    dropping: bool,
    step: Step,
}

impl CoDel {
    /// Nothing has waited yet.
    pub fn new(settings: &Settings) -> Self {
        Self {
            settings: *settings,
            first_above: None,
            drop_next: SimTime::ZERO,
            rest: 0.0,
            count: 0,
            last_count: 0,
            dropping: false,
            step: Step::First,
        }
    }

    /// Whether the entry just taken out is dropped: it has waited for `wait`, and `left` are left.
    pub fn drops(&mut self, now: SimTime, wait: SimDuration, left: u32) -> bool {
        let may_drop = self.may_drop(now, wait, left);
        self.decide(now, may_drop)
    }

    /// No entry was there to take out.
    pub fn on_empty(&mut self, now: SimTime) {
        self.first_above = None;
        self.decide(now, false);
    }

    /// When the next entry is dropped if waits stay above the target; `None` while none is.
    pub fn drop_next(&self) -> Option<SimTime> {
        self.dropping.then_some(self.drop_next)
    }

    fn may_drop(&mut self, now: SimTime, wait: SimDuration, left: u32) -> bool {
        if wait < self.settings.target || left <= 1 {
            self.first_above = None;
            return false;
        }
        let since = *self.first_above.get_or_insert(now + self.settings.interval);
        now >= since
    }

    /// One step of the loop; gives whether the entry is dropped, and another looked at.
    fn decide(&mut self, now: SimTime, may_drop: bool) -> bool {
        let step = std::mem::replace(&mut self.step, Step::First);
        match step {
            Step::First if !self.dropping => {
                if may_drop {
                    self.step = Step::Entering;
                }
                return may_drop;
            }
            Step::First => self.dropping = may_drop,
            Step::Dropping => {
                self.dropping = may_drop;
                if may_drop {
                    self.schedule(self.drop_next);
                }
            }
            Step::Entering => {
                self.enter(now);
                return false;
            }
        }
        let drops = self.dropping && now >= self.drop_next;
        if drops {
            self.count += 1;
            self.step = Step::Dropping;
        }
        drops
    }

    /// Begins to drop; soon after it ended, with nearly the rate it ended with.
    fn enter(&mut self, now: SimTime) {
        let more = self.count - self.last_count;
        let soon = now.since(self.drop_next).0 < self.settings.interval.0.saturating_mul(16);
        self.count = if more > 1 && soon { more } else { 1 };
        self.last_count = self.count;
        self.dropping = true;
        self.rest = 0.0;
        self.schedule(now);
    }

    /// The control law.
    fn schedule(&mut self, from: SimTime) {
        let exact = self.settings.interval.0 as f64 / sqrt(f64::from(self.count)) + self.rest;
        let span = SimDuration((exact + 0.5) as u64);
        self.rest = exact - span.0 as f64;
        self.drop_next = from + span;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    const LONG: SimDuration = SimDuration(50 * MS);

    fn at(ms: u64) -> SimTime {
        SimTime(ms * MS)
    }

    /// Takes entries out every millisecond; gives when they were dropped.
    fn drops(codel: &mut CoDel, from: u64, until: u64, wait: SimDuration) -> Vec<u64> {
        let mut dropped = Vec::new();
        for ms in from..until {
            while codel.drops(at(ms), wait, 100) {
                dropped.push(ms);
            }
        }
        dropped
    }

    #[test]
    fn drops_come_faster_and_faster_by_the_control_law() {
        // Above target from 0 on: first drop at 100 ms, then 100/sqrt(1), 100/sqrt(2), .. later:
        // 200, 270.71, 328.45, 378.45, 423.17, 463.99, 501.79, 537.14, 570.48; seen a millisecond
        // late at most.
        let mut codel = CoDel::new(&Settings::default());
        let seen = drops(&mut codel, 0, 580, LONG);
        assert_eq!(seen, [100, 200, 271, 329, 379, 424, 464, 502, 538, 571]);
    }

    #[test]
    fn one_wait_below_the_target_ends_it() {
        let mut codel = CoDel::new(&Settings::default());
        assert_eq!(drops(&mut codel, 0, 350, LONG), [100, 200, 271, 329]);
        assert!(!codel.drops(at(350), SimDuration(5 * MS - 1), 100));
        // Above again from 351: a whole interval later; then by the count that was reached, 4 less
        // the 1 it began with: 100/sqrt(3) = 57.7, and 50, 44.7 from there.
        assert_eq!(drops(&mut codel, 351, 610, LONG), [451, 509, 559, 604]);
        // Much later, it begins from the start again.
        assert!(!codel.drops(at(610), SimDuration::ZERO, 100));
        assert_eq!(drops(&mut codel, 3_000, 3_210, LONG), [3_100, 3_200]);
    }

    #[test]
    fn exactly_the_target_counts_as_above() {
        let mut codel = CoDel::new(&Settings::default());
        assert_eq!(drops(&mut codel, 0, 150, SimDuration(5 * MS)), [100]);
        let mut codel = CoDel::new(&Settings::default());
        assert_eq!(drops(&mut codel, 0, 150, SimDuration(5 * MS - 1)), [0; 0]);
    }

    #[test]
    fn the_last_entries_are_never_dropped() {
        let mut codel = CoDel::new(&Settings::default());
        for ms in 0..300 {
            assert!(!codel.drops(at(ms), LONG, 1));
        }
    }

    #[test]
    fn several_are_dropped_at_once_when_time_has_passed() {
        let mut codel = CoDel::new(&Settings::default());
        assert_eq!(drops(&mut codel, 0, 101, LONG), [100]);
        // The next server is free at 300 ms: what was due at 200 and 270.7 goes at once.
        assert_eq!(drops(&mut codel, 300, 301, LONG), [300, 300]);
    }

    #[test]
    fn an_empty_queue_ends_it() {
        let mut codel = CoDel::new(&Settings::default());
        assert_eq!(drops(&mut codel, 0, 250, LONG), [100, 200]);
        codel.on_empty(at(250));
        assert_eq!(drops(&mut codel, 251, 350, LONG), [0; 0]);
    }

    #[test]
    fn an_interval_of_zero_is_refused() {
        assert_eq!(Settings::default().check(), Ok(()));
        let none = Settings { interval: SimDuration::ZERO, ..Settings::default() };
        assert!(none.check().is_err());
    }
}
