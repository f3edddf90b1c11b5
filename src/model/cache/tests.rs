use super::*;

const MS: u64 = 1_000_000;

fn ms(ms: u64) -> SimDuration {
    SimDuration(ms * MS)
}

fn at(ms: u64) -> SimTime {
    SimTime(ms * MS)
}

fn with(settings: Settings) -> (Cache, Versions, Stream) {
    (Cache::new(4, settings), Versions::new(4), Stream::new(1, 0, 0))
}

fn load_of(lookup: Lookup) -> Load {
    match lookup {
        Lookup::Load(load) => load,
        other => panic!("{other:?} is no load"),
    }
}

fn hit_of(lookup: Lookup) -> Hit {
    match lookup {
        Lookup::Hit(hit) => hit,
        other => panic!("{other:?} is no hit"),
    }
}

#[test]
fn an_entry_is_used_until_its_time_is_over_and_knows_how_stale_it_is() {
    let settings = Settings { ttl: Some(ms(100)), ..Settings::default() };
    let (mut cache, mut versions, mut random) = with(settings);
    let load = load_of(cache.lookup(0, 1, at(0), &versions, &mut random));
    assert!(cache.fill(0, load, 0, ms(5), at(5), &mut random));
    versions.commit(0, at(20));
    versions.commit(0, at(30));
    cache.wrote(0, at(30), &versions, &mut random);
    let hit = hit_of(cache.lookup(0, 1, at(60), &versions, &mut random));
    assert_eq!((hit.version, hit.age, hit.stale_for), (0, ms(55), Some(ms(40))));
    assert!(matches!(cache.lookup(0, 1, at(105), &versions, &mut random), Lookup::Load(_)));
}

#[test]
fn single_flight_loads_once_and_the_next_takes_over_when_it_fails() {
    let settings = Settings { misses: Misses::Wait, ..Settings::default() };
    let (mut cache, versions, mut random) = with(settings);
    load_of(cache.lookup(0, 1, at(0), &versions, &mut random));
    let mut places = Vec::new();
    for who in 2..6 {
        match cache.lookup(0, who, at(1), &versions, &mut random) {
            Lookup::Wait(place) => places.push(place),
            other => panic!("{who} should wait, not {other:?}"),
        }
    }
    cache.leave(0, places[1]);
    let (who, load) = cache.abandon(0).expect("others wait");
    assert_eq!(who, 2);
    cache.fill(0, load, 0, ms(1), at(3), &mut random);
    let woken: Vec<u32> = std::iter::from_fn(|| cache.take_woken()).collect();
    assert_eq!(woken, [4, 5]);
    assert_eq!((cache.counters().loads, cache.counters().waits), (2, 4));
    load_of(cache.lookup(1, 1, at(3), &versions, &mut random));
    assert_eq!(cache.abandon(1), None);
    load_of(cache.lookup(1, 1, at(3), &versions, &mut random));
}

#[test]
fn a_lease_sends_others_away_until_it_is_used_or_over() {
    let misses = Misses::Lease { lasts: ms(100), retry_after: ms(10) };
    let (mut cache, versions, mut random) = with(Settings { misses, ..Settings::default() });
    load_of(cache.lookup(0, 1, at(0), &versions, &mut random));
    assert_eq!(cache.lookup(0, 2, at(50), &versions, &mut random), Lookup::Retry(ms(10)));
    let second = load_of(cache.lookup(0, 2, at(100), &versions, &mut random));
    cache.fill(0, second, 0, ms(20), at(120), &mut random);
    hit_of(cache.lookup(0, 3, at(130), &versions, &mut random));
}

/// A reads version 0; B writes version 1 and deletes; A stores what it read.
fn refill_race(fills: Fills) -> (bool, Lookup) {
    let settings = Settings { fills, writes: Writes::Invalidate, ..Settings::default() };
    let (mut cache, mut versions, mut random) = with(settings);
    let load = load_of(cache.lookup(0, 1, at(0), &versions, &mut random));
    versions.commit(0, at(5));
    cache.wrote(0, at(5), &versions, &mut random);
    let stored = cache.fill(0, load, 0, ms(10), at(10), &mut random);
    (stored, cache.lookup(0, 2, at(25), &versions, &mut random))
}

#[test]
fn leases_and_versions_close_the_race_between_a_refill_and_a_delete() {
    for fills in [Fills::All, Fills::First] {
        let (stored, lookup) = refill_race(fills);
        assert!(stored);
        assert_eq!(hit_of(lookup).stale_for, Some(ms(20)));
    }
    for fills in [Fills::Leased, Fills::Newer] {
        let (stored, lookup) = refill_race(fills);
        assert!(!stored, "{fills:?}");
        load_of(lookup);
    }
}

#[test]
fn the_first_of_several_loads_sets_the_time() {
    for (fills, expected) in [(Fills::First, 110), (Fills::All, 130)] {
        let settings = Settings { ttl: Some(ms(100)), fills, ..Settings::default() };
        let (mut cache, versions, mut random) = with(settings);
        let first = load_of(cache.lookup(0, 1, at(0), &versions, &mut random));
        let second = load_of(cache.lookup(0, 2, at(1), &versions, &mut random));
        cache.fill(0, first, 0, ms(10), at(10), &mut random);
        cache.fill(0, second, 0, ms(29), at(30), &mut random);
        assert!(cache.holds(0, at(expected - 1)) && !cache.holds(0, at(expected)));
    }
}

#[test]
fn stale_while_revalidate_starts_one_load_and_makes_nobody_wait() {
    let refresh = Refresh::WhileRevalidate { grace: ms(50) };
    let settings = Settings { ttl: Some(ms(100)), refresh, ..Settings::default() };
    let (mut cache, versions, mut random) = with(settings);
    let load = load_of(cache.lookup(0, 1, at(0), &versions, &mut random));
    cache.fill(0, load, 0, ms(0), at(0), &mut random);
    assert_eq!(hit_of(cache.lookup(0, 1, at(99), &versions, &mut random)).refresh, None);
    let refresh = hit_of(cache.lookup(0, 1, at(100), &versions, &mut random)).refresh;
    assert_eq!(hit_of(cache.lookup(0, 2, at(101), &versions, &mut random)).refresh, None);
    cache.fill(0, refresh.expect("the first refreshes"), 0, ms(30), at(130), &mut random);
    assert!(cache.holds(0, at(279)) && !cache.holds(0, at(280)));
}

/// The chance to refresh with `left` to go is exp(-left / (took * beta)).
#[test]
fn early_refresh_comes_with_the_published_chance() {
    let refresh = Refresh::Early { beta: 2.0 };
    let settings = Settings { ttl: Some(ms(1000)), refresh, ..Settings::default() };
    let (mut cache, versions, mut random) = with(settings);
    cache.put(0, 0, ms(100), at(0), &mut random);
    for (now, expected) in [(400, 0.049_787), (800, 0.367_879), (950, 0.778_801)] {
        let refreshed = (0..100_000)
            .filter(|_| {
                hit_of(cache.lookup(0, 1, at(now), &versions, &mut random)).refresh.is_some()
            })
            .count();
        let share = refreshed as f64 / 100_000.0;
        // Standard error at most 0.0016; allow 4.
        assert!((share - expected).abs() < 0.0064, "{share} at {now} ms, not {expected}");
    }
}

#[test]
fn what_was_not_written_yet_is_lost_with_the_cache() {
    let writes = Writes::Behind { after: ms(100) };
    let (mut cache, mut versions, mut random) = with(Settings { writes, ..Settings::default() });
    for (key, now) in [(0, 0), (0, 10), (1, 50)] {
        versions.commit(key, at(now));
        cache.wrote(key, at(now), &versions, &mut random);
    }
    assert_eq!(hit_of(cache.lookup(0, 1, at(60), &versions, &mut random)).stale_for, None);
    let behind = cache.behind().expect("writes go behind");
    assert_eq!((behind.next_due(), behind.take_due(at(99))), (Some(at(100)), None));
    assert_eq!(behind.take_due(at(100)), Some(0));
    behind.written(0, 2);
    cache.flush(&versions);
    let behind = cache.behind().expect("writes go behind");
    assert_eq!((behind.durable(0), behind.durable(1), behind.lost()), (2, 0, 1));
}

#[test]
fn jitter_spreads_the_time_and_keeps_its_mean() {
    let settings = Settings { ttl: Some(ms(1000)), spread: 0.2, ..Settings::default() };
    let mut random = Stream::new(3, 0, 0);
    let times: Vec<f64> =
        (0..100_000).map(|_| settings.expiry(at(0), &mut random).1.as_secs()).collect();
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    // Standard error: 0.4 / sqrt(12) / sqrt(100 000) = 0.000 365; allow 4.
    assert!((mean - 1.0).abs() < 0.0015, "{mean}");
    assert!(times.iter().all(|time| (0.8..=1.2).contains(time)));
}
