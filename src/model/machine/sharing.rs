//! Cores shared by all jobs placed on them, each job using at most one core.
//!
//! With `n` jobs on `c` cores every job runs at the rate `min(1, c/n)`: egalitarian processor
//! sharing, which time slicing approaches as slices get short. All jobs run at the same rate, so
//! one *virtual clock* that advances at that rate serves them all: a job that arrives when the clock
//! shows `v` ends when it shows `v + demand`, whoever comes or goes meanwhile. The next job to end is
//! the top of a heap, and every change costs O(log n).
//!
//! Virtual time is counted in 1/1024 ns, and rounding is at most one such unit per change; a job ends
//! on the first whole nanosecond at which its demand is served, so nothing is lost or gained.
//!
//! Left out: the cost of switching between jobs, priorities, caches that a switch makes cold.
//! Source: Kleinrock, Queueing Systems volume 2 (1976), section 4.4; the virtual clock is that of
//! Parekh and Gallager, "A generalized processor sharing approach to flow control" (1993).

use crate::engine::arena::Arena;
use crate::engine::math::product;
use crate::engine::{SimDuration, SimTime};

use super::alarm::Alarm;

/// Virtual units in one nanosecond of service.
const UNITS: u64 = 1024;

/// One core, in the fixed point that capacities are counted in.
pub const CORE: u64 = 1 << 20;

/// A core as fast as it should be.
pub const FULL_SPEED: u64 = CORE;

/// Of the fixed point that a virtual unit a nanosecond is.
const POWER_OF_UNIT: u64 = CORE / UNITS;

/// Cores and the jobs that share them.
#[derive(Debug, Clone)]
pub struct Sharing {
    /// Cores in fixed point, see [`CORE`].
    capacity: u64,
    /// [`FULL_SPEED`] unless slowed down.
    speed: u64,
    clock: u64,
    changed: SimTime,
    jobs: Arena<Job>,
    /// A binary heap of jobs by virtual end, then by order of arrival.
    heap: Vec<Entry>,
    arrivals: u64,
    /// Core time given so far, in nanoseconds of fixed point.
    given: u128,
    /// The instant the owner will look again.
    alarm: Alarm,
}

#[derive(Debug, Clone, Copy)]
struct Job {
    who: u32,
    /// Index in the heap.
    place: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    end: u64,
    arrival: u64,
    job: u32,
}

/// A job in service; valid until it ends or is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobId(pub u32);

impl Sharing {
    /// A machine with `cores` cores, at least 1.
    pub fn new(cores: u32) -> Self {
        Self {
            capacity: u64::from(cores.max(1)) * CORE,
            speed: FULL_SPEED,
            clock: 0,
            changed: SimTime::ZERO,
            jobs: Arena::default(),
            heap: Vec::new(),
            arrivals: 0,
            given: 0,
            alarm: Alarm::default(),
        }
    }

    /// Places a job that needs `demand` of one core.
    pub fn add(&mut self, now: SimTime, demand: SimDuration, who: u32) -> JobId {
        self.advance(now);
        let end = self.clock.saturating_add(demand.0.saturating_mul(UNITS));
        let job = self.jobs.insert(Job { who, place: 0 });
        self.arrivals += 1;
        self.heap.push(Entry { end, arrival: self.arrivals, job });
        self.rise(self.heap.len() - 1);
        JobId(job)
    }

    /// Takes a job away before its end; the demand that was left, rounded up.
    pub fn remove(&mut self, now: SimTime, id: JobId) -> SimDuration {
        self.advance(now);
        let place = self.jobs[id.0].place as usize;
        let left = self.heap[place].end.saturating_sub(self.clock);
        self.take(place);
        SimDuration(left.div_ceil(UNITS))
    }

    /// Takes out one job whose demand is served by `now`; call again until there is none.
    pub fn finish(&mut self, now: SimTime) -> Option<u32> {
        self.advance(now);
        let first = self.heap.first()?;
        if first.end > self.clock {
            return None;
        }
        let who = self.jobs[first.job].who;
        self.take(0);
        Some(who)
    }

    /// When the next job ends if nothing changes.
    pub fn next_end(&self) -> Option<SimTime> {
        let first = self.heap.first()?;
        let (left, power) = (first.end.saturating_sub(self.clock), self.power());
        let jobs = self.heap.len() as u64 * POWER_OF_UNIT;
        if power == 0 {
            return None;
        }
        let nanos = if let Some(work) = product(left, jobs) {
            work.div_ceil(power)
        } else {
            let work = long_product(left, jobs);
            u64::try_from(work.div_ceil(u128::from(power))).unwrap_or(u64::MAX)
        };
        Some(self.changed + SimDuration(nanos))
    }

    /// The instant to schedule an event for, if none that is early enough is on its way.
    ///
    /// Call it after every change, and [`Sharing::woken`] when the event comes. A job that arrives
    /// only makes others end later: their event is left to find nothing done, which is cheaper than
    /// moving it.
    pub fn alarm(&mut self) -> Option<SimTime> {
        self.alarm.set(self.next_end()?)
    }

    /// An event set by [`Sharing::alarm`] has come.
    pub fn woken(&mut self, now: SimTime) {
        self.alarm.woken(now);
    }

    /// Changes how fast each core works: [`FULL_SPEED`] is normal, half of it twice as slow, 0 stops.
    pub fn set_speed(&mut self, now: SimTime, speed: u64) {
        self.advance(now);
        self.speed = speed;
    }

    /// Changes the number of cores, in fixed point: less than one is a share of one.
    pub fn set_capacity(&mut self, now: SimTime, capacity: u64) {
        self.advance(now);
        self.capacity = capacity;
    }

    /// Jobs in service.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// No job is in service.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Core time spent up to `now`, summed over cores: utilisation is this over `cores * now`.
    pub fn busy(&self, now: SimTime) -> SimDuration {
        let open = u128::from(now.since(self.changed).0) * u128::from(self.power());
        SimDuration(((self.given + open) / u128::from(CORE)) as u64)
    }

    /// Cores at work, in fixed point, counted by their speed.
    #[inline]
    fn power(&self) -> u64 {
        let cores = self.capacity.min(self.heap.len() as u64 * CORE);
        if self.speed == FULL_SPEED {
            return cores;
        }
        (long_product(cores, self.speed) / u128::from(FULL_SPEED)) as u64
    }

    /// Brings the virtual clock up to `now`.
    fn advance(&mut self, now: SimTime) {
        let span = now.since(self.changed).0;
        if span == 0 {
            return;
        }
        self.changed = now;
        let jobs = self.heap.len() as u64;
        if jobs == 0 {
            // Nobody reads the clock: start again, so that it never runs out.
            self.clock = 0;
            return;
        }
        let (power, jobs) = (self.power(), jobs * POWER_OF_UNIT);
        let each = if let Some(work) = product(span, power) {
            self.given += u128::from(work);
            work / jobs
        } else {
            let work = long_product(span, power);
            self.given += work;
            u64::try_from(work / u128::from(jobs)).unwrap_or(u64::MAX)
        };
        self.clock = self.clock.saturating_add(each);
    }

    fn take(&mut self, place: usize) {
        let last = self.heap.len() - 1;
        self.heap.swap(place, last);
        if let Some(gone) = self.heap.pop() {
            self.jobs.remove(gone.job);
        }
        if place < last {
            self.sink(place);
            self.rise(place);
        }
    }

    fn rise(&mut self, mut place: usize) {
        let entry = self.heap[place];
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap[parent] <= entry {
                break;
            }
            self.put(place, self.heap[parent]);
            place = parent;
        }
        self.put(place, entry);
    }

    fn sink(&mut self, mut place: usize) {
        let entry = self.heap[place];
        loop {
            let mut child = 2 * place + 1;
            if child >= self.heap.len() {
                break;
            }
            if child + 1 < self.heap.len() && self.heap[child + 1] < self.heap[child] {
                child += 1;
            }
            if entry <= self.heap[child] {
                break;
            }
            self.put(place, self.heap[child]);
            place = child;
        }
        self.put(place, entry);
    }

    #[inline]
    fn put(&mut self, place: usize, entry: Entry) {
        self.heap[place] = entry;
        self.jobs[entry.job].place = place as u32;
    }
}

/// `a * b` past 64 bits; apart, lest it be done in every case and chosen from afterwards.
#[cold]
#[inline(never)]
fn long_product(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}

#[cfg(test)]
mod tests;
