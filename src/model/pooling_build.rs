//! Builds pools that open their connections.

use super::build::{BuildError, Builder, unknown};
use super::database::Shelf;
use super::entrance::Entrance;
use super::pooling::{Borrow, Counters, PoolModel, ShelfModel};
use super::program::{Op, Sampler, SamplerKind, Spent};
use super::system::{Part, Pool, System};

/// Connections of a pool are opened and closed: it says so, or its database counts them.
pub(super) fn opens(pool: &Pool, system: &System) -> bool {
    let counts = |part: &Part| {
        matches!(part, Part::Database(database)
            if database.id == pool.database && database.counts_connections())
    };
    pool.opens() || system.parts.iter().any(counts)
}

impl Builder<'_> {
    pub(super) fn opens(&self, pool: &Pool) -> bool {
        opens(pool, self.system)
    }

    /// How many pools there are of this: one, or one for each instance of a service.
    pub(super) fn pools_of(&self, pool: &Pool) -> Result<u32, BuildError> {
        let Some(each) = &pool.each else { return Ok(1) };
        let instances = self.system.parts.iter().find_map(|part| match part {
            Part::Service(service) if service.id == *each => Some(service.instances_count),
            _ => None,
        });
        instances.ok_or_else(|| unknown("service", each))
    }

    /// Most connections that pools can have to a database.
    pub(super) fn pooled(&self, database: &str) -> u32 {
        let most = self.system.parts.iter().map(|part| match part {
            Part::Pool(pool) if pool.database == database => {
                self.pools_of(pool).unwrap_or(1).saturating_mul(pool.connections_count)
            }
            _ => 0,
        });
        most.fold(0, u32::saturating_add)
    }

    /// All pools that open their connections, once all parts are known.
    pub(super) fn add_pools(&mut self) -> Result<(), BuildError> {
        for part in &self.system.parts {
            if let Part::Pool(pool) = part
                && self.opens(pool)
            {
                self.add_pool(pool)?;
            }
        }
        Ok(())
    }

    fn add_pool(&mut self, pool: &Pool) -> Result<(), BuildError> {
        let database = self.system.parts.iter().find_map(|part| match part {
            Part::Database(database) if database.id == pool.database => Some(database),
            _ => None,
        });
        let database = database.ok_or_else(|| unknown("database", &pool.database))?;
        if !(0.0..=1.0).contains(&pool.leak_share) {
            let reason = format!("a leak of {} is no share", pool.leak_share);
            return Err(BuildError::Setting { part: pool.id.clone(), reason });
        }
        let crowd = self.connections_of(database)?;
        let group = self.place(&pool.id)?.group;
        let own = self.place(&database.id)?.group;
        self.model.groups[usize::from(own)].stream = self.stream(&database.id, "refusal");
        let owner = pool.each.as_ref().map(|each| self.place(each).map(|place| place.group));
        let owner = owner.transpose()?;
        let number = self.model.pools.len() as u16;
        let entrance = self.model.entrances.len() as u16;
        // A place alone, one whose connection is being opened, one that has it.
        self.model.entrances.extend([Entrance::to_pool(group, number); 3]);
        let (stream, account) =
            (self.stream(&pool.id, "opening"), self.account(&pool.id, Spent::Opening));
        let sampler = self.model.samplers.len() as u16;
        let kind = SamplerKind::new(&pool.opening);
        self.model.samplers.push(Sampler { kind, stream, account });
        let leaks = self.stream(&pool.id, "leak");
        let first_shelf = self.model.shelves.len() as u32;
        for _ in self.model.groups[usize::from(group)].stations() {
            let shelf = Shelf::default();
            self.model.shelves.push(ShelfModel { pool: number, is_watched: false, shelf });
        }
        self.model.pools.push(PoolModel {
            id: pool.id.clone(),
            group,
            entrance,
            crowd,
            database: own,
            sampler,
            account,
            leak_share: pool.leak_share,
            leaks,
            idle: pool.idle,
            least: pool.least_count,
            first_shelf,
            owner,
            counters: Counters::default(),
        });
        Ok(())
    }

    /// The number of the pool that a group is, if its connections are opened.
    pub(super) fn pool_that_opens(&self, group: u16) -> Option<u16> {
        let found = self.model.pools.iter().position(|pool| pool.group == group);
        found.map(|number| number as u16)
    }

    /// Emits what takes a connection of such a pool.
    pub(super) fn borrow(&mut self, part: &str, pool: u16, register: u8) -> Result<(), BuildError> {
        let owner = self.model.pools[usize::from(pool)].owner;
        let home = self.home.filter(|_| owner.is_some());
        if home.is_some_and(|home| Some(home.group) != owner) {
            let reason = "each instance of a service has its own, and no other service can use it";
            let (part, reason) = (part.to_owned(), reason.to_owned());
            return Err(BuildError::Setting { part, reason });
        }
        let borrow = self.model.borrows.len() as u16;
        self.model.borrows.push(Borrow { pool, home });
        self.emit(Op::Borrow { borrow, register });
        self.emit(Op::Connect { pool, register });
        self.emit(Op::Connected { pool, register });
        Ok(())
    }
}
