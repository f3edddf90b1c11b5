//! A cache: copies of values, each of which knows its version.
//!
//! A lookup ends in one of four ways: a hit, a load that the caller must make, a wait for somebody
//! else's load, or a request to come back later. The caller spends the time; the cache decides. Every
//! load that it hands out must come back as [`Cache::fill`] or [`Cache::abandon`].
//!
//! The truth about versions is kept in [`Versions`] beside the cache, because several caches may hold
//! copies of the same data: a write is first committed there, then told to each cache.
//!
//! A value is read when the steps of its load are done, and stored after those that follow: between
//! the two a write can slip in, and the old value is then kept for a whole time to live unless the
//! cache looks at versions. A load whose request fails, times out with cancellation or is lost in a
//! crash goes to whoever waits longest for it. What is loaded in the background holds no worker. A hit
//! of a copy that is not true any more is counted, with the time since the first write that it misses.
//! Reads and writes draw their values independently of
//! each other, in proportion to `1/i^s`.
//!
//! A scan looks all values up, one after the other, in an order that has nothing to do with their
//! popularity: what is used often makes room for what is used once.
//!
//! Left out: the size of values (capacity counts entries), memory fragmentation, and evictions before
//! the capacity is reached.

pub mod versions;

pub mod store;

pub mod settings;

mod flights;

pub mod behind;

pub mod popularity;

pub use behind::Behind;
pub use popularity::Popularity;
pub use settings::{Fills, Misses, Refresh, Settings, Writes};
pub use store::{Entry, Eviction, Store};
pub use versions::Versions;

use crate::engine::{SimDuration, SimTime, Stream};

use super::lines::Place;
use flights::Flights;

/// Copies of values and loads under way.
#[derive(Debug, Clone)]
pub struct Cache {
    settings: Settings,
    store: Store,
    flights: Flights,
    /// How often each key was deleted; kept only for leases.
    deletes: Vec<u32>,
    /// The newest version of each key seen here; kept only to compare versions.
    newest: Vec<u32>,
    behind: Option<Behind>,
    counters: Counters,
}

/// How a lookup ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// There is a copy.
    Hit(Hit),
    /// There is none, and the caller loads it.
    Load(Load),
    /// There is none, and the caller waits for the load under way; [`Cache::take_woken`] returns it.
    Wait(Place),
    /// There is none, and the caller looks again after this long.
    Retry(SimDuration),
}

/// A copy that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The version that the caller sees.
    pub version: u32,
    /// How long ago it was stored.
    pub age: SimDuration,
    /// How long it has been stale; `None` if it is true.
    pub stale_for: Option<SimDuration>,
    /// The caller uses the copy, and starts this load in the background.
    pub refresh: Option<Load>,
}

/// Permission to load a key, to be given back with the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// How often the key had been deleted when the load began.
    pub deletes: u32,
}

/// What came of lookups and loads so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Lookups that found a copy.
    pub hits: u64,
    /// Hits on a copy that was stale.
    pub stale_hits: u64,
    /// Staleness summed over stale hits, in nanoseconds.
    pub stale_nanos: u128,
    /// Age summed over all hits, in nanoseconds.
    pub age_nanos: u128,
    /// Lookups that had to load.
    pub loads: u64,
    /// Lookups that waited for a load under way.
    pub waits: u64,
    /// Lookups that were sent away for a while.
    pub retries: u64,
    /// Loads in the background.
    pub refreshes: u64,
    /// Loads whose value was not stored.
    pub discarded: u64,
    /// Entries deleted by a write.
    pub invalidated: u64,
}

impl Counters {
    /// What came after `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            hits: self.hits - before.hits,
            stale_hits: self.stale_hits - before.stale_hits,
            stale_nanos: self.stale_nanos - before.stale_nanos,
            age_nanos: self.age_nanos - before.age_nanos,
            loads: self.loads - before.loads,
            waits: self.waits - before.waits,
            retries: self.retries - before.retries,
            refreshes: self.refreshes - before.refreshes,
            discarded: self.discarded - before.discarded,
            invalidated: self.invalidated - before.invalidated,
        }
    }
}

impl Cache {
    /// An empty cache for keys below `keys`.
    pub fn new(keys: u32, settings: Settings) -> Self {
        let only_if = |needed: bool| if needed { vec![0; keys as usize] } else { Vec::new() };
        Self {
            settings,
            store: Store::new(keys, settings.capacity, settings.eviction),
            flights: Flights::new(keys),
            deletes: only_if(settings.fills == Fills::Leased),
            newest: only_if(settings.fills == Fills::Newer),
            behind: match settings.writes {
                Writes::Behind { after } => Some(Behind::new(keys, after)),
                Writes::Aside | Writes::Invalidate | Writes::Through => None,
            },
            counters: Counters::default(),
        }
    }

    /// `who` asks for `key`.
    #[inline]
    pub fn lookup(
        &mut self,
        key: u32,
        who: u32,
        now: SimTime,
        versions: &Versions,
        random: &mut Stream,
    ) -> Lookup {
        match self.hit(key, now, versions, random) {
            Some(hit) => Lookup::Hit(hit),
            None => self.miss(key, who, now),
        }
    }

    fn hit(
        &mut self,
        key: u32,
        now: SimTime,
        versions: &Versions,
        random: &mut Stream,
    ) -> Option<Hit> {
        let settings = self.settings;
        let entry = self.store.get_mut(key).filter(|entry| now < entry.hard)?;
        if entry.version < versions.current(key) && entry.outdated == SimTime::NEVER {
            entry.outdated = versions.outdated_at(key, entry.version).unwrap_or(now);
        }
        if settings.extends_on_hit {
            (entry.soft, entry.hard) = settings.expiry(now, random);
        }
        let entry = *entry;
        self.store.touch(key);
        let age = now.since(entry.stored);
        let stale_for = (entry.outdated < SimTime::NEVER).then(|| now.since(entry.outdated));
        self.counters.hits += 1;
        self.counters.age_nanos += u128::from(age.0);
        if let Some(stale) = stale_for {
            self.counters.stale_hits += 1;
            self.counters.stale_nanos += u128::from(stale.0);
        }
        let refresh = self.wants_refresh(key, &entry, now, random).then(|| {
            self.counters.refreshes += 1;
            self.start_load(key, now)
        });
        Some(Hit { version: entry.version, age, stale_for, refresh })
    }

    fn wants_refresh(&self, key: u32, entry: &Entry, now: SimTime, random: &mut Stream) -> bool {
        match self.settings.refresh {
            Refresh::None => false,
            Refresh::WhileRevalidate { .. } => now >= entry.soft && !self.flights.is_loading(key),
            Refresh::Early { beta } => {
                let ahead = entry.took.0 as f64 * beta * random.exponential();
                let is_alone = self.settings.misses == Misses::Load;
                ahead >= entry.soft.since(now).0 as f64
                    && (is_alone || !self.flights.is_loading(key))
            }
        }
    }

    fn miss(&mut self, key: u32, who: u32, now: SimTime) -> Lookup {
        match self.settings.misses {
            Misses::Wait if self.flights.is_loading(key) => {
                self.counters.waits += 1;
                return Lookup::Wait(self.flights.wait(key, who));
            }
            Misses::Lease { retry_after, .. } if !self.flights.is_lease_free(key, now) => {
                self.counters.retries += 1;
                return Lookup::Retry(retry_after);
            }
            Misses::Load | Misses::Wait | Misses::Lease { .. } => {}
        }
        self.counters.loads += 1;
        Lookup::Load(self.start_load(key, now))
    }

    fn start_load(&mut self, key: u32, now: SimTime) -> Load {
        let lease_until = match self.settings.misses {
            Misses::Lease { lasts, .. } => now + lasts,
            Misses::Load | Misses::Wait => now,
        };
        self.flights.start(key, lease_until);
        Load { deletes: self.deletes.get(key as usize).copied().unwrap_or(0) }
    }

    /// A load has come back with `version`, `took` after it began. Whether the value was stored.
    ///
    /// All who wait for the key are woken: they get this value in any case.
    pub fn fill(
        &mut self,
        key: u32,
        load: Load,
        version: u32,
        took: SimDuration,
        now: SimTime,
        random: &mut Stream,
    ) -> bool {
        let is_wanted = match self.settings.fills {
            Fills::All => true,
            Fills::First => {
                let since_it_began = |entry: &Entry| now.since(entry.stored) < took;
                !self.store.get(key).is_some_and(since_it_began)
            }
            Fills::Leased => self.deletes[key as usize] == load.deletes,
            Fills::Newer => self.newest[key as usize] <= version,
        };
        if is_wanted {
            self.put(key, version, took, now, random);
        } else {
            self.counters.discarded += 1;
        }
        self.flights.landed(key);
        is_wanted
    }

    /// A load came to nothing. Who waits longest for the key must load it now, if anybody waits.
    pub fn abandon(&mut self, key: u32) -> Option<(u32, Load)> {
        let next = self.flights.failed(key)?;
        self.counters.loads += 1;
        Some((next, Load { deletes: self.deletes.get(key as usize).copied().unwrap_or(0) }))
    }

    /// Somebody whose wait is over because the key has come; call again until there is none.
    #[inline]
    pub fn take_woken(&mut self) -> Option<u32> {
        self.flights.take_woken()
    }

    /// Somebody who waits for `key` gives up.
    pub fn leave(&mut self, key: u32, place: Place) {
        self.flights.leave(key, place);
    }

    /// A write of `key` has been committed to `versions`: does what the write policy says.
    pub fn wrote(&mut self, key: u32, now: SimTime, versions: &Versions, random: &mut Stream) {
        match self.settings.writes {
            Writes::Aside => {}
            Writes::Invalidate => self.invalidate(key, versions),
            Writes::Through => self.put(key, versions.current(key), SimDuration::ZERO, now, random),
            Writes::Behind { .. } => {
                self.put(key, versions.current(key), SimDuration::ZERO, now, random);
                if let Some(behind) = &mut self.behind {
                    behind.wrote(key, now);
                }
            }
        }
    }

    /// Deletes the entry of `key`, and takes the lease from whoever loads it.
    pub fn invalidate(&mut self, key: u32, versions: &Versions) {
        if self.store.remove(key).is_some() {
            self.counters.invalidated += 1;
        }
        if let Some(deletes) = self.deletes.get_mut(key as usize) {
            *deletes = deletes.wrapping_add(1);
        }
        if let Some(newest) = self.newest.get_mut(key as usize) {
            *newest = (*newest).max(versions.current(key));
        }
        self.flights.revoke(key);
    }

    /// All entries are lost, and what had not been written to the database yet.
    pub fn flush(&mut self, versions: &Versions) {
        self.store.clear();
        if let Some(behind) = &mut self.behind {
            behind.lose(|key| versions.current(key));
        }
    }

    /// Stores a value without anybody having asked: a warm start, or a copy from elsewhere.
    pub fn put(
        &mut self,
        key: u32,
        version: u32,
        took: SimDuration,
        now: SimTime,
        random: &mut Stream,
    ) {
        let (soft, hard) = self.settings.expiry(now, random);
        if let Some(newest) = self.newest.get_mut(key as usize) {
            *newest = (*newest).max(version);
        }
        let outdated = SimTime::NEVER;
        self.store.put(key, Entry { version, stored: now, soft, hard, took, outdated });
    }

    /// Cuts the time of an entry short, as if it had been stored earlier: for a warm start.
    pub fn expire_at(&mut self, key: u32, soft: SimTime) {
        if let Some(entry) = self.store.get_mut(key) {
            let grace = entry.hard.since(entry.soft);
            (entry.soft, entry.hard) = (soft, soft + grace);
        }
    }

    /// The write-behind queue, if writes go there.
    pub fn behind(&mut self) -> Option<&mut Behind> {
        self.behind.as_mut()
    }

    /// Writes that were answered and are lost.
    pub fn lost(&self) -> u64 {
        self.behind.as_ref().map_or(0, Behind::lost)
    }

    /// Whether `key` could be answered from here `now`.
    pub fn holds(&self, key: u32, now: SimTime) -> bool {
        self.store.get(key).is_some_and(|entry| now < entry.hard)
    }

    /// Entries held, valid or not.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// No entry is held.
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    /// Entries that had to go for others so far.
    pub fn evicted(&self) -> u64 {
        self.store.evicted()
    }

    /// What came of lookups and loads so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}

#[cfg(test)]
mod tests;
