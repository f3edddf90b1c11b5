//! The future-event list: what happens next.
//!
//! Three structures share the work, each where measurement showed it to be the fastest:
//!
//! * **Lanes** hold timers of one constant delay (client timeouts, wait limits). Such timers are
//!   scheduled in the order in which they fire, so a ring buffer is a perfect queue; it matters
//!   because most timeouts never fire and thousands of them are pending.
//! * **Near** is a short sorted vector with the events before `near_limit`.
//! * **Far** is a hierarchical wheel with the events from `near_limit` on. A slot is moved into
//!   `near` when its time comes, or dealt to finer slots if it holds many events.
//!
//! With few events pending everything stays in `near`; with a million the wheel keeps the cost per
//! event flat. Events at the same instant come out in the order of scheduling.
//!
//! Events are never removed: whoever schedules one keeps its [`Ticket`] and ignores events whose
//! ticket is no longer the one awaited (lazy cancellation).

mod wheel;

use self::wheel::Wheel;
use super::ring::Ring;
use super::{SimDuration, SimTime};

/// Identifies one scheduled event; unique within 2^32 schedulings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ticket(u32);

impl Ticket {
    /// A ticket that no event carries (event numbers start at 1).
    pub const NONE: Self = Self(0);
}

/// An event that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// When it happens.
    pub time: SimTime,
    /// Which scheduling it came from.
    pub ticket: Ticket,
    /// What the scheduler said it is about.
    pub subject: u32,
}

/// One pending event: 16 bytes, in two words because a processor that reads a word which was just
/// written in halves waits for memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    time: u64,
    /// Ticket above the 32nd bit, subject below.
    what: u64,
}

impl Entry {
    #[inline(always)]
    fn new(time: u64, ticket: u32, subject: u32) -> Self {
        Self { time, what: u64::from(ticket) << 32 | u64::from(subject) }
    }

    #[inline(always)]
    fn ticket(self) -> Ticket {
        Ticket((self.what >> 32) as u32)
    }

    /// Total order of events: time, then order of scheduling.
    #[inline(always)]
    fn key(self) -> (u64, u64) {
        (self.time, self.what)
    }
}

/// A queue for timers of one constant delay.
#[derive(Debug, Clone)]
struct Lane {
    delay: u64,
    entries: Ring<Entry>,
}

/// Names a lane of a [`FutureEvents`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneId(u8);

/// More than this many events in `near` are split: insertion is linear.
const NEAR_MAX: usize = 40;
/// How many events stay in `near` when it is split.
const NEAR_KEPT: usize = 16;
/// Lanes beyond this many would make each step slower than they save.
const LANES_MAX: usize = 8;

/// All events that are still to happen.
#[derive(Debug, Clone)]
pub struct FutureEvents {
    /// Events before `near_limit`, latest first, so that the next one is popped from the end.
    near: Vec<Entry>,
    /// Invariant: `near` holds all events before it that are in no lane, `far` none of them; of
    /// those at this very time, `near` holds none or the first that were scheduled.
    near_limit: u64,
    far: Wheel,
    lanes: Vec<Lane>,
    /// Time of the earliest lane head, `u64::MAX` if all lanes are empty.
    lane_time: u64,
    /// Which lane that is.
    lane_first: usize,
    scheduled: u32,
    now: u64,
}

impl Default for FutureEvents {
    fn default() -> Self {
        Self {
            near: Vec::with_capacity(NEAR_MAX + 1),
            near_limit: u64::MAX,
            far: Wheel::default(),
            lanes: Vec::new(),
            lane_time: u64::MAX,
            lane_first: 0,
            scheduled: 0,
            now: 0,
        }
    }
}

impl FutureEvents {
    /// A lane for timers that all wait exactly `delay`; the same lane for the same delay, `None`
    /// when there are too many different ones.
    pub fn lane(&mut self, delay: SimDuration) -> Option<LaneId> {
        if let Some(found) = self.lanes.iter().position(|lane| lane.delay == delay.0) {
            return Some(LaneId(found as u8));
        }
        if self.lanes.len() == LANES_MAX {
            return None;
        }
        self.lanes.push(Lane { delay: delay.0, entries: Ring::default() });
        Some(LaneId((self.lanes.len() - 1) as u8))
    }

    /// The time of the last event that came out.
    pub fn now(&self) -> SimTime {
        SimTime(self.now)
    }

    /// Schedules an event about `subject` at `time`, which must not be in the past.
    #[inline(always)]
    pub fn schedule(&mut self, time: SimTime, subject: u32) -> Ticket {
        debug_assert!(time.0 >= self.now, "an event cannot be scheduled in the past");
        let entry = self.entry(time.0, subject);
        if entry.time < self.near_limit {
            self.insert_near(entry);
        } else {
            self.far.push(entry);
        }
        entry.ticket()
    }

    /// Schedules an event about `subject` after the delay of `lane`.
    #[inline]
    pub fn schedule_in_lane(&mut self, lane: LaneId, subject: u32) -> Ticket {
        let index = usize::from(lane.0);
        let entry = self.entry(self.now.saturating_add(self.lanes[index].delay), subject);
        if entry.time < self.lane_time {
            self.lane_time = entry.time;
            self.lane_first = index;
        }
        self.lanes[index].entries.push_back(entry);
        entry.ticket()
    }

    /// Takes out the next event if it is due at or before `until`.
    #[inline]
    pub fn pop_until(&mut self, until: SimTime) -> Option<Event> {
        if self.near.is_empty() && !self.far.is_empty() {
            self.refill(self.lane_time.min(until.0));
        }
        let near = self.near.last().map_or((u64::MAX, u64::MAX), |entry| entry.key());
        let is_lane_first =
            self.lane_time < near.0 || self.lane_time == near.0 && self.lane_is_first(near);
        let entry = if is_lane_first {
            if self.lane_time > until.0 {
                return None;
            }
            self.pop_lane()
        } else {
            if near.0 > until.0 {
                return None;
            }
            self.near.pop()?
        };
        self.now = entry.time;
        Some(Event {
            time: SimTime(entry.time),
            ticket: entry.ticket(),
            subject: entry.what as u32,
        })
    }

    /// Events pending, cancelled ones included.
    pub fn len(&self) -> usize {
        self.near.len()
            + self.far.len()
            + self.lanes.iter().map(|lane| lane.entries.len()).sum::<usize>()
    }

    /// Nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory held for events, in bytes.
    pub fn bytes(&self) -> usize {
        self.near.capacity() * size_of::<Entry>()
            + self.lanes.iter().map(|lane| lane.entries.bytes()).sum::<usize>()
            + self.far.bytes()
    }

    #[inline]
    fn entry(&mut self, time: u64, subject: u32) -> Entry {
        // Skips 0 on wrapping, which no event may carry.
        self.scheduled = self.scheduled.wrapping_add(1).max(1);
        Entry::new(time, self.scheduled, subject)
    }

    /// The new entry was scheduled last, so among equal times it goes last: comparing times alone
    /// keeps the order of scheduling.
    #[inline]
    fn insert_near(&mut self, entry: Entry) {
        let mut place = self.near.len();
        self.near.push(entry);
        if let Some(last) = self.near.last_chunk_mut::<5>() {
            // The last four places without a branch, which would be mispredicted every other time:
            // each takes the event before it, or the new one, or stays.
            let (mut carried, mut goes_on) = (entry, false);
            for at in (1..last.len()).rev() {
                let before = last[at - 1];
                goes_on = before.time <= entry.time;
                last[at] = if goes_on { before } else { carried };
                carried = if goes_on { entry } else { before };
            }
            last[0] = carried;
            place = if goes_on { place - 4 } else { 0 };
        }
        while place > 0 && self.near[place - 1].time <= entry.time {
            self.near[place] = self.near[place - 1];
            place -= 1;
            self.near[place] = entry;
        }
        if self.near.len() > NEAR_MAX {
            self.split_near();
        }
    }

    /// Moves the later part of `near` to the wheel.
    #[cold]
    fn split_near(&mut self) {
        if self.far.is_empty() {
            self.far.rebase(self.now);
        }
        let limit = self.near[self.near.len() - NEAR_KEPT].time.max(self.far.base());
        let mut moved = self.near.partition_point(|entry| entry.time >= limit);
        if self.near[0].time == limit {
            // The later part is a crowd at one instant: it stays, and whoever is scheduled for that
            // instant from now on lines up in the wheel, where a crowd costs nothing.
            self.near_limit = limit;
            return;
        }
        if moved == self.near.len() {
            // Only the next instant stays.
            moved = self.near.partition_point(|entry| entry.time > limit);
        }
        // Scheduling order among equal times is kept: the wheel sorts by (time, ticket).
        for entry in self.near.drain(..moved) {
            self.far.push(entry);
        }
        self.near_limit = limit;
    }

    /// Moves the earliest events of the wheel into `near`, which is empty, unless they all come
    /// after `bound`. So the wheel's base is never later than the next event, and whatever that
    /// event schedules can go into the wheel.
    #[cold]
    fn refill(&mut self, bound: u64) {
        self.near_limit = match self.far.take_next(&mut self.near, bound) {
            None => self.near_limit.max(self.far.base()),
            Some(_) if self.far.is_empty() => u64::MAX,
            Some(complete_until) => complete_until,
        };
    }

    /// Whether the head of the first lane comes before the near event with this key.
    #[cold]
    fn lane_is_first(&self, near: (u64, u64)) -> bool {
        self.lanes
            .get(self.lane_first)
            .and_then(|lane| lane.entries.front())
            .is_some_and(|head| head.key() < near)
    }

    #[inline]
    fn pop_lane(&mut self) -> Entry {
        let entry = self.lanes[self.lane_first]
            .entries
            .pop_front()
            .expect("the first lane has a head when its time is set");
        let mut first = (u64::MAX, u64::MAX);
        for (index, lane) in self.lanes.iter().enumerate() {
            if let Some(head) = lane.entries.front()
                && head.key() < first
            {
                first = head.key();
                self.lane_first = index;
            }
        }
        self.lane_time = first.0;
        entry
    }
}

#[cfg(test)]
mod tests;
