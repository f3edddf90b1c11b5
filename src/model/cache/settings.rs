//! How long copies live, and what is done about misses, refreshes, fills and writes.
//!
//! Without protection everybody who misses loads: that is a stampede. Single flight and leases let one
//! load while others wait or come back; serving stale copies, or loading them early by lot, keeps
//! anybody from missing at all.
//!
//! Source: RFC 5861 (stale-while-revalidate); Vattani, Chierichetti and Lowenstein, "Optimal
//! Probabilistic Cache Stampede Prevention" (VLDB 2015), for loading early; Nishtala et al., "Scaling
//! Memcache at Facebook" (NSDI 2013), section 3.2.1, for leases of 10 s.

use crate::engine::{SimDuration, SimTime, Stream};

use super::store::Eviction;

/// Settings of a cache.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Most entries held, at least 1.
    pub capacity: u32,
    /// Which entry makes room for a new one.
    pub eviction: Eviction,
    /// How long an entry may be used; `None` for ever.
    pub ttl: Option<SimDuration>,
    /// Spreads the time to live evenly over `ttl * (1 - spread)..ttl * (1 + spread)`, 0..=1, so that
    /// entries stored together do not expire together. The mean stays.
    pub spread: f64,
    /// Whether each hit starts the time to live again.
    pub extends_on_hit: bool,
    /// What is done so that nobody waits for an entry that expires.
    pub refresh: Refresh,
    /// What becomes of those who miss while the key is being loaded already.
    pub misses: Misses,
    /// Which loads may store their value.
    pub fills: Fills,
    /// What a write does to the cache.
    pub writes: Writes,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            capacity: u32::MAX,
            eviction: Eviction::default(),
            ttl: None,
            spread: 0.0,
            extends_on_hit: false,
            refresh: Refresh::default(),
            misses: Misses::default(),
            fills: Fills::default(),
            writes: Writes::default(),
        }
    }
}

/// What is done so that nobody waits for an entry that expires.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Refresh {
    /// Nothing: the first to miss loads it.
    #[default]
    None,
    /// Stale while revalidate: for `grace` after the time to live an entry is still used, and the
    /// first to use it then loads it anew in the background.
    WhileRevalidate {
        /// How long it may be used after its time.
        grace: SimDuration,
    },
    /// Probabilistic early refresh: each user of an entry loads it anew in the background with a
    /// chance that grows as it gets old: when `took * beta * -ln(u)` reaches what is left of its
    /// time, where `took` is how long the last load took.
    /// Source: Vattani, Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede
    /// Prevention" (VLDB 2015).
    Early {
        /// 1 is optimal; more refreshes earlier.
        beta: f64,
    },
}

/// What becomes of those who miss while the key is being loaded already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Misses {
    /// They load it as well.
    #[default]
    Load,
    /// Single flight: they wait for that load.
    Wait,
    /// A lease: whoever misses first may load, the others come back later; a lease that is not used
    /// in time goes to the next.
    /// Source: Nishtala et al., "Scaling Memcache at Facebook" (NSDI 2013), section 3.2.1, where a
    /// lease lasts 10 s and others come back after some milliseconds.
    Lease {
        /// How long a lease lasts.
        lasts: SimDuration,
        /// When the others come back.
        retry_after: SimDuration,
    },
}

/// Which loads may store their value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fills {
    /// All of them: a load that read before a write may overwrite what was stored after it.
    #[default]
    All,
    /// The first of several: an entry that is valid stays.
    First,
    /// Those since whose miss the key was not deleted: the token of a lease.
    Leased,
    /// Those whose version is not older than the last one stored or written through here.
    Newer,
}

/// What a write does to the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Writes {
    /// Nothing: readers see the former value until it expires.
    #[default]
    Aside,
    /// The entry is deleted.
    Invalidate,
    /// The new value is stored as well.
    Through,
    /// The new value is stored, and written to the database later; it is lost if the cache is.
    Behind {
        /// How long the database lags.
        after: SimDuration,
    },
}

impl Settings {
    /// When an entry stored `now` should be loaded anew, and when it may not be used any more.
    pub(super) fn expiry(&self, now: SimTime, random: &mut Stream) -> (SimTime, SimTime) {
        let Some(ttl) = self.ttl else { return (SimTime::NEVER, SimTime::NEVER) };
        let ttl = if self.spread > 0.0 {
            let factor = 1.0 + self.spread.min(1.0) * (2.0 * random.unit() - 1.0);
            SimDuration((ttl.0 as f64 * factor) as u64)
        } else {
            ttl
        };
        let soft = now + ttl;
        match self.refresh {
            Refresh::WhileRevalidate { grace } => (soft, soft + grace),
            Refresh::None | Refresh::Early { .. } => (soft, soft),
        }
    }
}
