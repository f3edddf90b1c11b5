//! Caches at work: tasks look values up, load, wait for loads, write, and tell the cache.

use crate::engine::SimDuration;
use crate::engine::events::Ticket;

use super::cache::{Cache, Counters, Hit, Lookup, Popularity, Versions};
use super::holdings::{HOLDING, Holding};
use super::program::Op;
use super::record::{Mark, Outcome};
use super::simulation::Simulation;
use super::task::{State, Task};

/// A cache and the values it has copies of.
#[derive(Debug, Clone)]
pub(super) struct CacheModel {
    pub(super) id: String,
    pub(super) cache: Cache,
    pub(super) versions: Versions,
    pub(super) popularity: Popularity,
    /// Random stream of the values asked for.
    pub(super) reads: u16,
    /// Random stream of the values written.
    pub(super) writes: u16,
    /// Random stream of all else, such as times to live.
    pub(super) chance: u16,
    /// Where waiting for loads of others is booked.
    pub(super) account: u16,
}

/// A `cached` step.
#[derive(Debug, Clone, Copy)]
pub(super) struct CachedStep {
    pub(super) cache: u16,
    pub(super) register: u8,
    /// The operation after it.
    pub(super) end: u32,
    /// First operation and number of the same load in the background, if hits may ask for it.
    pub(super) background: Option<(u32, u16)>,
}

/// A `write` step.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteStep {
    pub(super) cache: u16,
    pub(super) register: u8,
    /// First operation of the write to the database, if that happens later.
    pub(super) background: Option<u32>,
}

/// What a cache did in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct CacheMeasure {
    /// Id of the cache.
    pub id: String,
    /// What came of lookups and loads.
    pub counters: Counters,
    /// Entries held now, valid or not.
    pub entries: u64,
    /// Writes that were answered and then lost, since the run began.
    pub lost: u64,
}

impl CacheModel {
    /// The version that a load finds now.
    fn readable(&mut self, key: u32) -> u32 {
        match self.cache.behind() {
            Some(behind) => behind.durable(key),
            None => self.versions.current(key),
        }
    }
}

/// The value at a place of an order that has nothing to do with popularity: steps of about the golden
/// ratio of all of them, which meet each value once if they have no divisor in common with their number.
fn scattered(place: u32, keys: u32) -> u32 {
    let mut step = (f64::from(keys) * 0.618_034) as u32;
    while divisor(step, keys) != 1 {
        step += 1;
    }
    (u64::from(place) * u64::from(step) % u64::from(keys)) as u32
}

fn divisor(mut one: u32, mut other: u32) -> u32 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

impl Simulation {
    /// A task that looks all values up goes on to the next, by the rounds that are left.
    pub(super) fn next_key(&mut self, id: u32, cached: u16, register: u8) {
        let step = self.model.cached_steps[usize::from(cached)];
        let keys = self.model.caches[usize::from(step.cache)].popularity.keys();
        let key = scattered(self.tasks[id].registers[usize::from(register)] - 1, keys);
        self.hold_in(id, step.register, Holding::Key { key });
    }

    /// A task looks a value up; false if it has to wait.
    pub(super) fn look_up(&mut self, id: u32, cached: u16) -> bool {
        let step = self.model.cached_steps[usize::from(cached)];
        let held = self.held_key(id, step.register);
        let model = &mut self.model.caches[usize::from(step.cache)];
        let key = held.unwrap_or_else(|| {
            model.popularity.sample(&mut self.model.streams[usize::from(model.reads)])
        });
        let random = &mut self.model.streams[usize::from(model.chance)];
        match model.cache.lookup(key, id, self.now, &model.versions, random) {
            Lookup::Hit(hit) => {
                if held.is_some() {
                    self.take_holding(id, step.register);
                }
                self.tasks[id].pc = step.end;
                self.use_copy(id, key, hit, step);
                true
            }
            Lookup::Load(load) => {
                let (cache, began) = (step.cache, self.now);
                let loading = Holding::Loading { cache, key, load, began, version: None };
                self.hold_in(id, step.register, loading);
                true
            }
            Lookup::Wait(place) => {
                let cache = step.cache;
                self.hold_in(id, step.register, Holding::Awaiting { cache, key, place });
                self.look_again(id, State::Queued, Ticket::NONE);
                false
            }
            Lookup::Retry(after) => {
                self.hold_in(id, step.register, Holding::Key { key });
                let at = self.now + SimDuration(after.0.max(1));
                let ticket = self.model.events.schedule(at, id);
                self.look_again(id, State::BackingOff, ticket);
                self.book_cache(id, step.cache, after);
                false
            }
        }
    }

    /// The value that a task looks for again.
    fn held_key(&self, id: u32, register: u8) -> Option<u32> {
        let task = &self.tasks[id];
        let named = task.registers[usize::from(register)];
        if task.held & (1 << register) == 0 || named < HOLDING {
            return None;
        }
        match self.holdings.get(named) {
            Holding::Key { key } => Some(key),
            _ => None,
        }
    }

    /// A task waits where it stands.
    fn look_again(&mut self, id: u32, state: State, ticket: Ticket) {
        let task = &mut self.tasks[id];
        task.pc -= 1;
        task.state = state;
        task.since = self.now;
        task.awaited = ticket;
    }

    fn use_copy(&mut self, id: u32, key: u32, hit: Hit, step: CachedStep) {
        if hit.stale_for.is_some() {
            self.tasks[id].is_stale = true;
        }
        let (Some(load), Some((start, cached))) = (hit.refresh, step.background) else { return };
        let refresh = self.background(id, start);
        let register = self.model.cached_steps[usize::from(cached)].register;
        let (cache, began) = (step.cache, self.now);
        let loading = Holding::Loading { cache, key, load, began, version: None };
        self.hold_in(refresh, register, loading);
    }

    /// Starts a task that nobody waits for.
    fn background(&mut self, id: u32, start: u32) -> u32 {
        self.calls_count = self.calls_count.wrapping_add(1).max(1);
        let mut task = Task::new(self.now, start, self.tasks[id].clients);
        task.answers = self.calls_count;
        let task = self.new_task(task);
        self.inherit_origin(id, task);
        self.ready.push_back(task);
        task
    }

    pub(super) fn read(&mut self, id: u32, cached: u16) {
        let step = self.model.cached_steps[usize::from(cached)];
        let register = self.tasks[id].registers[usize::from(step.register)];
        if let Holding::Loading { cache, key, load, began, .. } = self.holdings.get(register) {
            let version = Some(self.model.caches[usize::from(cache)].readable(key));
            let loading = Holding::Loading { cache, key, load, began, version };
            self.holdings.set(register, loading);
        }
    }

    pub(super) fn fill(&mut self, id: u32, cached: u16) {
        let step = self.model.cached_steps[usize::from(cached)];
        let held = self.take_holding(id, step.register);
        let Holding::Loading { cache, key, load, began, version } = held else { return };
        let model = &mut self.model.caches[usize::from(cache)];
        let version = version.unwrap_or_else(|| model.readable(key));
        let random = &mut self.model.streams[usize::from(model.chance)];
        model.cache.fill(key, load, version, self.now.since(began), self.now, random);
        while let Some(woken) = self.model.caches[usize::from(cache)].cache.take_woken() {
            if let Op::Lookup { cached } = self.model.program[self.tasks[woken].pc as usize] {
                let step = self.model.cached_steps[usize::from(cached)];
                self.take_holding(woken, step.register);
                self.wake_from_line(woken, step.cache, step.end);
            }
        }
    }

    /// A load came to nothing: who waits longest for it loads.
    pub(super) fn abandon_load(&mut self, cache: u16, key: u32) {
        let next = self.model.caches[usize::from(cache)].cache.abandon(key);
        let Some((next, load)) = next else { return };
        let pc = self.tasks[next].pc;
        if let Op::Lookup { cached } = self.model.program[pc as usize] {
            let register = self.model.cached_steps[usize::from(cached)].register;
            let began = self.now;
            let loading = Holding::Loading { cache, key, load, began, version: None };
            self.hold_in(next, register, loading);
            self.wake_from_line(next, cache, pc + 1);
        }
    }

    fn wake_from_line(&mut self, id: u32, cache: u16, pc: u32) {
        self.book_cache(id, cache, self.now.since(self.tasks[id].since));
        let task = &mut self.tasks[id];
        task.pc = pc;
        task.state = State::Running;
        task.awaited = Ticket::NONE;
        self.ready.push_back(id);
    }

    fn book_cache(&mut self, id: u32, cache: u16, span: SimDuration) {
        if self.breakdown.is_some() {
            self.book(id, self.model.caches[usize::from(cache)].account, span);
        }
    }

    pub(super) fn commit(&mut self, id: u32, write: u16) {
        let step = self.model.write_steps[usize::from(write)];
        let model = &mut self.model.caches[usize::from(step.cache)];
        let key = model.popularity.sample(&mut self.model.streams[usize::from(model.writes)]);
        model.versions.commit(key, self.now);
        self.hold_in(id, step.register, Holding::Key { key });
    }

    pub(super) fn tell_cache(&mut self, id: u32, write: u16) {
        let step = self.model.write_steps[usize::from(write)];
        let Holding::Key { key } = self.take_holding(id, step.register) else { return };
        let model = &mut self.model.caches[usize::from(step.cache)];
        let random = &mut self.model.streams[usize::from(model.chance)];
        model.cache.wrote(key, self.now, &model.versions, random);
        if let Some(start) = step.background {
            self.background(id, start);
        }
    }

    /// Takes a write out of the queue before the database; false if there is none that is due.
    pub(super) fn take_write(&mut self, id: u32, write: u16) -> bool {
        let step = self.model.write_steps[usize::from(write)];
        let model = &mut self.model.caches[usize::from(step.cache)];
        let due = model.cache.behind().and_then(|behind| behind.take_due(self.now));
        let Some(key) = due else {
            self.finish(id, Outcome::InTime);
            return false;
        };
        let version = model.versions.current(key);
        self.hold_in(id, step.register, Holding::Writing { key, version });
        true
    }

    pub(super) fn written(&mut self, id: u32, write: u16) {
        let step = self.model.write_steps[usize::from(write)];
        let held = self.take_holding(id, step.register);
        let behind = self.model.caches[usize::from(step.cache)].cache.behind();
        if let (Holding::Writing { key, version }, Some(behind)) = (held, behind) {
            behind.written(key, version);
        }
    }

    /// A cache loses all its entries.
    pub(super) fn flush(&mut self, cache: u16) {
        let CacheModel { cache, versions, .. } = &mut self.model.caches[usize::from(cache)];
        cache.flush(versions);
    }

    /// The counters of all caches.
    pub(super) fn cache_counters(&self) -> Vec<Counters> {
        self.model.caches.iter().map(|model| model.cache.counters()).collect()
    }

    pub(super) fn cache_measures(&self, begin: Option<&Mark>) -> Vec<CacheMeasure> {
        let measures = self.model.caches.iter().enumerate().map(|(index, model)| {
            let before = begin.map_or_else(Counters::default, |mark| mark.caches[index]);
            CacheMeasure {
                id: model.id.clone(),
                counters: model.cache.counters().since(&before),
                entries: model.cache.len() as u64,
                lost: model.cache.lost(),
            }
        });
        measures.collect()
    }

    /// Numbers that are equal only if all that caches did is equal.
    pub(super) fn cache_numbers(&self, add: &mut impl FnMut(u64)) {
        for Counters { hits, stale_hits, stale_nanos, age_nanos, loads, waits, .. } in
            self.cache_counters()
        {
            [hits, stale_hits, stale_nanos as u64, age_nanos as u64, loads, waits]
                .into_iter()
                .for_each(&mut *add);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_meets_every_value_once() {
        for keys in [1, 2, 3, 10, 1_000, 4_999, 5_000] {
            let mut met: Vec<u32> = (0..keys).map(|place| scattered(place, keys)).collect();
            met.sort_unstable();
            assert_eq!(met, (0..keys).collect::<Vec<_>>());
        }
    }
}
