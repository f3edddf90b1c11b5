//! Builds caches, and compiles the steps that use them.

use crate::engine::{Distribution, SimDuration, SimTime};

use super::build::{BuildError, Builder, in_range, unknown};
use super::cache::{Cache, Popularity, Refresh, Versions, Writes};
use super::caching::{CacheModel, CachedStep, WriteStep};
use super::program::{Op, Spent};
use super::scopes::ScopeOf;
use super::system::{self, Part, Step};

/// Most values that a cache may have copies of.
const KEYS_MAX: u32 = 1_000_000;

impl Builder<'_> {
    pub(super) fn add_cache(&mut self, part: &system::Cache) -> Result<(), BuildError> {
        in_range(&part.id, "keys", part.keys_count, KEYS_MAX)?;
        let popularity = Popularity::new(part.keys_count, part.popularity);
        let popularity = popularity.ok().ok_or_else(|| unknown("a popularity of", &part.id))?;
        let mut model = CacheModel {
            id: part.id.clone(),
            cache: Cache::new(part.keys_count, part.settings),
            versions: Versions::new(part.keys_count),
            popularity,
            reads: self.stream(&part.id, "keys read"),
            writes: self.stream(&part.id, "keys written"),
            chance: self.stream(&part.id, "cache"),
            account: self.account(&part.id, Spent::Waiting),
        };
        if part.is_warm {
            self.warm(&mut model, part);
        }
        self.model.caches.push(model);
        Ok(())
    }

    /// Fills a cache with the most popular values, stored at times spread over the time to live.
    fn warm(&mut self, model: &mut CacheModel, part: &system::Cache) {
        let random = self.stream(&part.id, "warm start");
        let count = part.settings.capacity.min(part.keys_count);
        for key in (0..count).rev() {
            let random = &mut self.model.streams[usize::from(random)];
            model.cache.put(key, 0, SimDuration::ZERO, SimTime::ZERO, random);
            if let Some(ttl) = part.settings.ttl {
                let left = SimDuration((ttl.0 as f64 * random.unit()) as u64);
                model.cache.expire_at(key, SimTime::ZERO + left);
            }
        }
    }

    /// The number of a cache.
    pub(super) fn cache_of(&self, id: &str) -> Result<u16, BuildError> {
        let found = self.model.caches.iter().position(|cache| cache.id == id);
        found.map(|index| index as u16).ok_or_else(|| unknown("cache", id))
    }

    /// Compiles a lookup and its load; the load once more by itself if hits start it.
    pub(super) fn cached(
        &mut self,
        id: &str,
        load: &[Step],
        store: &[Step],
        service: &str,
        register: usize,
    ) -> Result<u16, BuildError> {
        let cache = self.cache_of(id)?;
        let part = self.cache_part(id);
        let (refresh, round_trip) = part.map_or((Refresh::None, None), |part| {
            (part.settings.refresh, Some(part.round_trip.clone()))
        });
        let background = match refresh {
            Refresh::None => None,
            Refresh::WhileRevalidate { .. } | Refresh::Early { .. } => {
                Some(self.aside(|builder| {
                    let number = builder.cached_step(cache, 0);
                    let start = builder.here();
                    builder.load(number, load, store, service, 0)?;
                    Ok((start, number))
                })?)
            }
        };
        let wire = self.wire_to(id);
        self.cross(wire, false);
        if let Some(round_trip) = round_trip {
            self.hold(id, &round_trip, Spent::Network, "network");
        }
        let number = self.cached_step(cache, register);
        self.emit(Op::Lookup { cached: number });
        self.load(number, load, store, service, register)?;
        let end = self.here();
        let step = &mut self.model.cached_steps[usize::from(number)];
        step.end = end;
        step.background = background;
        Ok(number)
    }

    /// Compiles look-ups of all values.
    pub(super) fn scan(
        &mut self,
        id: &str,
        load: &[Step],
        store: &[Step],
        service: &str,
        register: usize,
    ) -> Result<(), BuildError> {
        let times = self.cache_part(id).map_or(0, |part| part.keys_count);
        let inside = self.register(register)?;
        let register = register as u8;
        let scope = self.begin_scope(ScopeOf::Rounds { register });
        let enter = self.emit(Op::Loop { register, times, end: 0 });
        let start = self.emit(Op::NextKey { cached: 0, register });
        let cached = self.cached(id, load, store, service, inside)?;
        self.model.program[start as usize] = Op::NextKey { cached, register };
        self.emit(Op::Again { register, start });
        self.end_scope(scope);
        self.model.program[enter as usize] = Op::Loop { register, times, end: self.here() };
        Ok(())
    }

    fn cached_step(&mut self, cache: u16, register: usize) -> u16 {
        let step = CachedStep { cache, register: register as u8, end: 0, background: None };
        self.model.cached_steps.push(step);
        (self.model.cached_steps.len() - 1) as u16
    }

    fn load(
        &mut self,
        cached: u16,
        load: &[Step],
        store: &[Step],
        service: &str,
        register: usize,
    ) -> Result<(), BuildError> {
        let inside = self.register(register)?;
        self.steps(load, service, inside)?;
        if !store.is_empty() {
            self.emit(Op::Read { cached });
            self.steps(store, service, inside)?;
        }
        self.emit(Op::Fill { cached });
        Ok(())
    }

    /// Compiles a write. A cache that writes behind answers at once, and the steps come later.
    pub(super) fn write(
        &mut self,
        id: &str,
        steps: &[Step],
        tell: &[Step],
        service: &str,
        register: usize,
    ) -> Result<(), BuildError> {
        let cache = self.cache_of(id)?;
        let writes = self.cache_part(id).map_or(Writes::Aside, |part| part.settings.writes);
        let background = match writes {
            Writes::Aside | Writes::Invalidate | Writes::Through => {
                self.steps(steps, service, register)?;
                None
            }
            Writes::Behind { after } => Some(self.aside(|builder| {
                let start = builder.here();
                let after = Distribution::Constant(after.as_secs());
                builder.hold(id, &after, Spent::Waiting, "lag");
                let write = builder.write_step(cache, 0, None);
                builder.emit(Op::TakeWrite { write });
                builder.steps(steps, service, 1)?;
                builder.emit(Op::Written { write });
                Ok(start)
            })?),
        };
        let inside = self.register(register)?;
        let write = self.write_step(cache, register, background);
        self.emit(Op::Commit { write });
        self.steps(tell, service, inside)?;
        let wire = self.wire_to(id);
        self.cross(wire, false);
        self.emit(Op::Tell { write });
        Ok(())
    }

    fn write_step(&mut self, cache: u16, register: usize, background: Option<u32>) -> u16 {
        self.model.write_steps.push(WriteStep { cache, register: register as u8, background });
        (self.model.write_steps.len() - 1) as u16
    }

    fn cache_part(&self, id: &str) -> Option<&system::Cache> {
        self.system.parts.iter().find_map(|part| match part {
            Part::Cache(cache) if cache.id == id => Some(cache),
            _ => None,
        })
    }

    /// Compiles what runs as a task of its own, beside the present steps.
    pub(super) fn aside<T>(
        &mut self,
        compile: impl FnOnce(&mut Self) -> Result<T, BuildError>,
    ) -> Result<T, BuildError> {
        let jump = self.emit(Op::Jump { to: 0 });
        let open = std::mem::take(&mut self.open);
        let held = std::mem::take(&mut self.held);
        let (worker, home) = (self.worker.take(), self.home.take());
        let compiled = compile(self)?;
        self.emit(Op::Return);
        (self.open, self.held, self.worker, self.home) = (open, held, worker, home);
        self.model.program[jump as usize] = Op::Jump { to: self.here() };
        Ok(compiled)
    }
}
