//! The queue before a station: who is next, and who is dropped instead of served.
//!
//! Order and shedding are separate: any [`Order`] goes with any [`Shed`]. The entries keep their
//! neighbours themselves ([`Entries`]), so that queueing allocates nothing and an entry can leave
//! from the middle; first in, first out without shedding costs a plain linked list and two
//! comparisons.
//!
//! Whoever waits longer than the wait limit gives up. Dropped is, when its turn comes: whoever's caller
//! has given up (the earliest timeout of all callers above counts), or whom CoDel or controlled delay
//! choose. What is dropped ends as *shed*, what finds a queue full as *rejected*.
//!
//! Left out: turns for users or tenants (fair queueing), and interrupting who is being served.
//! Source: Maurer, "Fail at Scale" (ACM Queue, 2015), for adaptive last in, first out.
//!
//! Shedding happens when an entry is taken out: [`Queue::pop`] says of each whether it is served or
//! dropped, and is asked again until it names one to serve or the queue is empty.

pub mod codel;

pub mod controlled_delay;

use crate::engine::SimTime;

use self::codel::CoDel;
use self::controlled_delay::ControlledDelay;
use super::setting::BadSetting;

/// No entry at all.
pub const NONE: u32 = u32::MAX;
/// Classes of priority; 0 is served first.
pub const CLASSES: usize = 4;

/// Entries that can stand in a queue, each in one at a time.
pub trait Entries {
    /// The entry before, towards the older end; [`NONE`] for the oldest.
    fn previous(&self, id: u32) -> u32;
    /// The entry behind; [`NONE`] for the newest.
    fn next(&self, id: u32) -> u32;
    /// Remembers the entry before.
    fn set_previous(&mut self, id: u32, previous: u32);
    /// Remembers the entry behind.
    fn set_next(&mut self, id: u32, next: u32);
    /// When the entry came into the queue.
    fn enqueued(&self, id: u32) -> SimTime;
    /// When nobody waits for it any more.
    fn deadline(&self, _id: u32) -> SimTime {
        SimTime::NEVER
    }
    /// Its class, 0 the highest; those beyond the last are the last. Must not change in the queue.
    fn class(&self, _id: u32) -> u8 {
        0
    }
}

/// Who is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The oldest.
    #[default]
    Fifo,
    /// The newest: whoever has waited long has probably left.
    Lifo,
    /// The oldest, or the newest while more than `from` wait.
    ///
    /// Source: Maurer, "Fail at Scale" (ACM Queue, 2015).
    AdaptiveLifo {
        /// Entries with which the oldest is still next.
        from: u32,
    },
    /// The oldest of the highest class; whoever is being served is not interrupted.
    Priority,
}

/// Who is dropped when its turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Shed {
    /// Nobody.
    #[default]
    Nobody,
    /// Whoever is past its deadline.
    Expired,
    /// Whoever has waited too long for how long the queue has not been empty.
    ControlledDelay(controlled_delay::Settings),
    /// Now and then, while waits stay above a target (RFC 8289).
    CoDel(codel::Settings),
}

/// What happens to an entry that finds the queue full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenFull {
    /// It is turned away.
    #[default]
    RejectNew,
    /// It takes the place of the oldest of the lowest class, unless its own is lower still.
    DropOldest,
}

/// A discipline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Who is next.
    pub order: Order,
    /// Who is dropped.
    pub shed: Shed,
    /// Most that may wait; `u32::MAX` for no bound.
    pub capacity: u32,
    /// What happens to one more.
    pub when_full: WhenFull,
}

impl Default for Settings {
    /// First in, first out, without a bound.
    fn default() -> Self {
        Self {
            order: Order::Fifo,
            shed: Shed::Nobody,
            capacity: u32::MAX,
            when_full: WhenFull::RejectNew,
        }
    }
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        match self.shed {
            Shed::Nobody | Shed::Expired => Ok(()),
            Shed::ControlledDelay(settings) => settings.check(),
            Shed::CoDel(settings) => settings.check(),
        }
    }
}

/// What became of an entry that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It waits.
    Queued,
    /// It waits in the place of this one, which is dropped.
    Displaced(u32),
    /// The queue is full.
    Full,
}

/// What was taken out of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Popped {
    /// An entry to serve.
    Serve(u32),
    /// An entry to drop; ask again.
    Drop(u32),
    /// Nothing is left.
    Empty,
}

/// One class: both ends of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct List {
    oldest: u32,
    newest: u32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shedder {
    Nobody,
    Expired,
    ControlledDelay(ControlledDelay),
    CoDel(CoDel),
}

/// The ends of a queue, and what its discipline remembers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Queue {
    order: Order,
    when_full: WhenFull,
    capacity: u32,
    length: u32,
    /// Only the first is used unless the order is by priority.
    lists: [List; CLASSES],
    shedder: Shedder,
    /// Since when somebody has been waiting without a break.
    waiting_since: SimTime,
}

impl Queue {
    /// An empty queue.
    pub fn new(settings: &Settings) -> Self {
        let shedder = match &settings.shed {
            Shed::Nobody => Shedder::Nobody,
            Shed::Expired => Shedder::Expired,
            Shed::ControlledDelay(settings) => {
                Shedder::ControlledDelay(ControlledDelay::new(settings))
            }
            Shed::CoDel(settings) => Shedder::CoDel(CoDel::new(settings)),
        };
        Self {
            order: settings.order,
            when_full: settings.when_full,
            capacity: settings.capacity,
            length: 0,
            lists: [List { oldest: NONE, newest: NONE }; CLASSES],
            shedder,
            waiting_since: SimTime::ZERO,
        }
    }

    /// How many wait.
    #[inline]
    pub fn length(&self) -> u32 {
        self.length
    }

    /// Lets an entry wait, or turns it or another away.
    #[inline]
    pub fn push<E: Entries>(&mut self, entries: &mut E, id: u32, now: SimTime) -> Pushed {
        let class = self.list_of(entries, id);
        let mut pushed = Pushed::Queued;
        if self.length >= self.capacity {
            match self.displaced(class) {
                None => return Pushed::Full,
                Some(oldest) => {
                    self.remove(entries, oldest);
                    pushed = Pushed::Displaced(oldest);
                }
            }
        }
        if self.length == 0 {
            self.waiting_since = now;
        }
        let list = &mut self.lists[class];
        let last = list.newest;
        entries.set_previous(id, last);
        entries.set_next(id, NONE);
        if last == NONE {
            list.oldest = id;
        } else {
            entries.set_next(last, id);
        }
        list.newest = id;
        self.length += 1;
        pushed
    }

    /// Takes out whoever is next.
    #[inline]
    pub fn pop<E: Entries>(&mut self, entries: &mut E, now: SimTime) -> Popped {
        let id = self.next_up();
        if id == NONE {
            if let Shedder::CoDel(codel) = &mut self.shedder {
                codel.on_empty(now);
            }
            return Popped::Empty;
        }
        self.remove(entries, id);
        let drops = match &mut self.shedder {
            Shedder::Nobody => false,
            Shedder::Expired => entries.deadline(id) <= now,
            Shedder::ControlledDelay(limit) => {
                limit.drops(now, entries.enqueued(id), self.waiting_since)
            }
            Shedder::CoDel(codel) => codel.drops(now, now.since(entries.enqueued(id)), self.length),
        };
        if drops { Popped::Drop(id) } else { Popped::Serve(id) }
    }

    /// Takes out an entry that waits here, wherever it stands.
    #[inline]
    pub fn remove<E: Entries>(&mut self, entries: &mut E, id: u32) {
        let class = self.list_of(entries, id);
        let list = &mut self.lists[class];
        let (previous, next) = (entries.previous(id), entries.next(id));
        if previous == NONE {
            list.oldest = next;
        } else {
            entries.set_next(previous, next);
        }
        if next == NONE {
            list.newest = previous;
        } else {
            entries.set_previous(next, previous);
        }
        self.length -= 1;
    }

    /// Whoever waits, the oldest of each class first.
    pub fn waiting<'a, E: Entries>(&'a self, entries: &'a E) -> impl Iterator<Item = u32> + 'a {
        let known = |id: u32| (id != NONE).then_some(id);
        let behind = move |list: List| {
            std::iter::successors(known(list.oldest), move |id| known(entries.next(*id)))
        };
        self.lists.into_iter().flat_map(behind)
    }

    #[inline]
    fn list_of<E: Entries>(&self, entries: &E, id: u32) -> usize {
        if self.order == Order::Priority {
            return usize::from(entries.class(id)).min(CLASSES - 1);
        }
        0
    }

    #[inline]
    fn next_up(&self) -> u32 {
        let takes_newest = match self.order {
            Order::Fifo | Order::Priority => false,
            Order::Lifo => true,
            Order::AdaptiveLifo { from } => self.length > from,
        };
        let [first, ..] = self.lists;
        let list = if self.order == Order::Priority {
            self.lists.into_iter().find(|list| list.oldest != NONE).unwrap_or(first)
        } else {
            first
        };
        if takes_newest { list.newest } else { list.oldest }
    }

    /// Who makes place for an entry of `class`, if anybody.
    #[cold]
    fn displaced(&self, class: usize) -> Option<u32> {
        if self.when_full == WhenFull::RejectNew {
            return None;
        }
        let lowest = self.lists[class..].iter().rev().find(|list| list.oldest != NONE)?;
        Some(lowest.oldest)
    }
}

#[cfg(test)]
mod tests;
