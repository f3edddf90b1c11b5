//! One cache against closed forms: hit ratios, stampedes, staleness.

use std::collections::VecDeque;

use kneepoint::engine::{SimDuration, SimTime, Stream};
use kneepoint::model::cache::{
    Cache, Eviction, Fills, Lookup, Misses, Popularity, Settings, Versions, Writes,
};

use crate::reference::{Case, Found, agree};

/// Reads in each run; the first tenth is not counted.
const READS: u32 = 500_000;

fn gap(random: &mut Stream, rate: f64) -> SimDuration {
    SimDuration::from_secs(random.exponential() / rate)
}

fn with_ttl(case: &Case) -> Settings {
    Settings { ttl: Some(SimDuration::from_secs(case.number("T"))), ..Settings::default() }
}

/// Reads and writes of one key with loads that take no time.
fn one_key(case: &Case, settings: Settings, seed: u64) -> Found {
    let (mut reads, mut writes) = (Stream::new(seed, 1, 0), Stream::new(seed, 1, 1));
    let mut random = Stream::new(seed, 1, 2);
    let (mut cache, mut versions) = (Cache::new(1, settings), Versions::new(1));
    let (read_rate, write_rate) = (case.number("lam"), case.maybe("u").unwrap_or(0.0));
    let mut next_write = |now: SimTime| {
        if write_rate > 0.0 { now + gap(&mut writes, write_rate) } else { SimTime::NEVER }
    };
    let mut write = next_write(SimTime::ZERO);
    let (mut now, mut from, mut before) = (SimTime::ZERO, SimTime::ZERO, cache.counters());
    for read in 0..READS {
        if read == READS / 10 {
            (from, before) = (now, cache.counters());
        }
        now = now + gap(&mut reads, read_rate);
        while write <= now {
            versions.commit(0, write);
            cache.wrote(0, write, &versions, &mut random);
            write = next_write(write);
        }
        if let Lookup::Load(load) = cache.lookup(0, 0, now, &versions, &mut random) {
            let version = versions.current(0);
            cache.fill(0, load, version, SimDuration::ZERO, now, &mut random);
        }
    }
    let after = cache.counters();
    let hits = (after.hits - before.hits) as f64;
    let stale = (after.stale_hits - before.stale_hits) as f64;
    let reads = f64::from(READS - READS / 10);
    let loads = (after.loads - before.loads) as f64;
    vec![
        ("hit_ratio", hits / reads),
        ("occupancy", hits / reads),
        ("origin_rate", loads / now.since(from).as_secs()),
        ("mean_age_on_hit", (after.age_nanos - before.age_nanos) as f64 / 1e9 / hits),
        ("stale_frac_of_hits", stale / hits),
        ("stale_frac_of_reads", stale / reads),
        ("mean_staleness_on_hit", (after.stale_nanos - before.stale_nanos) as f64 / 1e9 / hits),
    ]
}

#[test]
fn hit_ratios_and_staleness_of_one_key_agree_with_renewal_theory() {
    agree("ttl_noreset", 8, 6, |case, seed| one_key(case, with_ttl(case), seed));
    agree("stale_ttl", 8, 10, |case, seed| one_key(case, with_ttl(case), seed));
    agree("ttl_reset", 8, 3, |case, seed| {
        one_key(case, Settings { extends_on_hit: true, ..with_ttl(case) }, seed)
    });
    agree("write_invalidate", 8, 6, |case, seed| {
        one_key(case, Settings { writes: Writes::Invalidate, ..with_ttl(case) }, seed)
    });
    agree("write_through", 8, 2, |case, seed| {
        one_key(case, Settings { writes: Writes::Through, ..with_ttl(case) }, seed)
    });
}

#[test]
fn hit_ratios_of_zipf_keys_agree_with_renewal_theory() {
    agree("ttl_noreset_zipf", 4, 3, |case, seed| {
        let keys = case.number("N") as u32;
        let popularity = Popularity::new(keys, case.number("s")).expect("a valid popularity");
        let mut random = Stream::new(seed, 2, 0);
        let (mut cache, versions) = (Cache::new(keys, with_ttl(case)), Versions::new(keys));
        let warm = SimTime::from_secs(5.0 * case.number("T"));
        let (mut now, mut reads, mut hits) = (SimTime::ZERO, 0_u32, 0_u32);
        let (mut held, mut looks) = (0, 0);
        while reads < READS {
            now = now + gap(&mut random, case.number("lam"));
            let key = popularity.sample(&mut random);
            let is_hit = match cache.lookup(key, 0, now, &versions, &mut random) {
                Lookup::Load(load) => {
                    cache.fill(key, load, 0, SimDuration::ZERO, now, &mut random);
                    false
                }
                _ => true,
            };
            if now >= warm {
                reads += 1;
                hits += u32::from(is_hit);
                if reads % 5_000 == 0 {
                    looks += 1;
                    held += (0..keys).filter(|key| cache.holds(*key, now)).count();
                }
            }
        }
        let ratio = f64::from(hits) / f64::from(reads);
        vec![
            ("hit_ratio", ratio),
            ("origin_rate", (1.0 - ratio) * case.number("lam")),
            ("mean_items_cached", held as f64 / f64::from(looks)),
        ]
    });
}

/// Loads, cycles, hits and reads of one key whose loads take `D`, and how long it took.
fn expiries(case: &Case, fills: Fills, misses: Misses, seed: u64) -> (f64, f64, f64, f64) {
    let mut random = Stream::new(seed, 3, 0);
    let settings = Settings { fills, misses, ..with_ttl(case) };
    let (mut cache, versions) = (Cache::new(1, settings), Versions::new(1));
    let took = SimDuration::from_secs(case.number("D"));
    let mut loads = VecDeque::new();
    let (mut now, mut cycles) = (SimTime::ZERO, 0_u32);
    let reads = 2_000_000;
    for _ in 0..reads {
        now = now + gap(&mut random, case.number("lam"));
        while let Some((end, load)) = loads.front().copied().filter(|(end, _)| *end <= now) {
            loads.pop_front();
            cache.fill(0, load, 0, took, end, &mut random);
            while cache.take_woken().is_some() {}
        }
        if let Lookup::Load(load) = cache.lookup(0, 0, now, &versions, &mut random) {
            cycles += u32::from(loads.is_empty());
            loads.push_back((now + took, load));
        }
    }
    let counters = cache.counters();
    let ratio = counters.hits as f64 / f64::from(reads);
    (counters.loads as f64, f64::from(cycles), ratio, now.as_secs())
}

#[test]
fn an_expiry_costs_as_many_loads_as_theory_says() {
    agree("stampede", 4, 14, |case, seed| {
        let (first, cycles, first_hits, first_secs) =
            expiries(case, Fills::First, Misses::Load, seed);
        let (all, _, all_hits, all_secs) = expiries(case, Fills::All, Misses::Load, seed);
        let (single, _, _, single_secs) = expiries(case, Fills::All, Misses::Wait, seed);
        vec![
            ("dup_misses_per_expiry", first / cycles - 1.0),
            ("origin_per_expiry_nosf", first / cycles),
            ("origin_rate_nosf_firstfill", first / first_secs),
            ("origin_rate_nosf_overwrite", all / all_secs),
            ("origin_rate_sf", single / single_secs),
            ("hit_ratio_firstfill", first_hits),
            ("hit_ratio_overwrite", all_hits),
        ]
    });
}

/// Hit ratio of independent requests to a cache of `capacity` entries.
fn hit_ratio(popularity: &Popularity, capacity: u32, eviction: Eviction, seed: u64) -> f64 {
    let mut random = Stream::new(seed, 4, 0);
    let settings = Settings { capacity, eviction, ..Settings::default() };
    let keys = popularity.keys();
    let (mut cache, versions) = (Cache::new(keys, settings), Versions::new(keys));
    let now = SimTime::ZERO;
    let (requests, warm) = (3_000_000_u64, 300_000);
    let mut before = 0;
    for request in 0..requests {
        if request == warm {
            before = cache.counters().hits;
        }
        let key = popularity.sample(&mut random);
        if let Lookup::Load(load) = cache.lookup(key, 0, now, &versions, &mut random) {
            cache.fill(key, load, 0, SimDuration::ZERO, now, &mut random);
        }
    }
    (cache.counters().hits - before) as f64 / (requests - warm) as f64
}

/// A page read costs `mem_s` if it is in memory and `disk_s` if not.
#[test]
fn the_mean_page_read_of_a_buffer_pool_follows_from_its_hit_ratio() {
    agree("buffer_pool_lru", 1, 3, |case, _| {
        let pages = case.number("pages") as u32;
        let popularity = Popularity::new(pages, case.number("s")).expect("a valid popularity");
        let ratio = popularity.lru_hit_ratio(case.number("frames"));
        let miss = 1.0 - ratio;
        vec![
            ("hit_ratio", ratio),
            ("mean_page_read", ratio * case.number("mem_s") + miss * case.number("disk_s")),
            ("disk_reads_per_s", miss * case.number("lam")),
        ]
    });
}

#[test]
fn a_full_cache_hits_as_often_as_exact_theory_and_ches_approximation_say() {
    agree("lru_irm", 3, 10, |case, seed| {
        let (keys, capacity) = (case.number("N") as u32, case.number("C"));
        let popularity = Popularity::new(keys, case.number("s")).expect("a valid popularity");
        let ratio = |eviction| hit_ratio(&popularity, capacity as u32, eviction, seed);
        vec![
            ("hit_ratio_lru", ratio(Eviction::LeastRecentlyUsed)),
            ("hit_ratio_fifo", ratio(Eviction::FirstIn)),
            ("hit_ratio_best_static", popularity.share_of_top(capacity as u32)),
            ("che_approx", popularity.lru_hit_ratio(capacity)),
            (
                "characteristic_time_requests",
                popularity.characteristic_time(capacity).unwrap_or(f64::NAN),
            ),
        ]
    });
}
