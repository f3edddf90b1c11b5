//! What the single parts of the model ask of memory once they are warm: nothing.

use kneepoint::engine::{Distribution, SimDuration, SimTime, Stream};
use kneepoint::model::cache::{Cache, Lookup, Misses, Popularity, Settings, Versions, Writes};
use kneepoint::model::database::{Replica, RowLocks, Updates, row_locks::Asked};
use kneepoint::model::jobs::{JobQueue, Keys, queue};
use kneepoint::model::machine::{Disk, Sharing};
use kneepoint::model::third_party::{Outage, Outages, Quota, ThirdParty};
use kneepoint::policy::admission::fixed_window;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

const STEP: SimDuration = SimDuration(1_000_000);

/// Calls `step` 30,000 times, and counts the allocations of the last third.
fn allocations(mut step: impl FnMut(u32, SimTime)) -> usize {
    let mut now = SimTime::ZERO;
    let mut run = |from: u32, to: u32| {
        for count in from..to {
            now = now + STEP;
            step(count, now);
        }
    };
    run(0, 20_000);
    let region = Region::new(GLOBAL);
    run(20_000, 30_000);
    region.change().allocations + region.change().reallocations
}

fn cached() -> usize {
    let settings = Settings {
        capacity: 300,
        ttl: Some(SimDuration(500_000_000)),
        misses: Misses::Wait,
        writes: Writes::Invalidate,
        ..Settings::default()
    };
    let (mut cache, mut versions) = (Cache::new(1_000, settings), Versions::new(1_000));
    let popularity = Popularity::new(1_000, 1.0).expect("a valid popularity");
    let mut random = Stream::new(1, 0, 0);
    let mut loads = std::collections::VecDeque::with_capacity(1_000);
    allocations(|who, now| {
        let key = popularity.sample(&mut random);
        if who % 10 == 0 {
            versions.commit(key, now);
            cache.wrote(key, now, &versions, &mut random);
        }
        if let Lookup::Load(load) = cache.lookup(key, who, now, &versions, &mut random) {
            loads.push_back((key, load));
        }
        if loads.len() > 20
            && let Some((key, load)) = loads.pop_front()
        {
            cache.fill(key, load, versions.current(key), STEP, now, &mut random);
            while cache.take_woken().is_some() {}
        }
    })
}

fn machines() -> usize {
    let (mut machine, mut disk) = (Sharing::new(2), Disk::new(4));
    let mut random = Stream::new(2, 0, 0);
    allocations(|who, now| {
        while let Some(end) = machine.next_end().filter(|end| *end <= now) {
            machine.finish(end);
        }
        machine.add(now, SimDuration(random.below(3_000_000)), who);
        disk.submit(now, STEP);
    })
}

fn locked() -> usize {
    let (mut locks, mut updates) = (RowLocks::new(64), Updates::new(50));
    let mut replica = Replica::default();
    let mut random = Stream::new(3, 0, 0);
    let mut waits = [false; 20];
    allocations(|step, now| {
        let who = step % 20;
        let row = random.below(10);
        if std::mem::take(&mut waits[who as usize]) {
            locks.leave(who);
        } else if locks.ask(row, who) == Asked::Granted {
            updates.change(row as u32);
        } else {
            waits[who as usize] = true;
        }
        if random.chance(0.5) && !waits[who as usize] {
            locks.release_all(who);
            while let Some(next) = locks.take_granted() {
                waits[next as usize] = false;
            }
        }
        replica.commit(now, STEP, STEP);
        replica.applied(now);
    })
}

fn jobs() -> usize {
    let visibility = Some(SimDuration(20_000_000));
    let settings = queue::Settings { visibility, deliveries: Some(3), capacity: None };
    let (mut jobs, mut keys) = (JobQueue::new(settings), Keys::new(1_000));
    let calls = fixed_window::Settings { limit: 5, window: SimDuration(10_000_000) };
    let mut party = ThirdParty::new(kneepoint::model::third_party::Settings {
        latency: Distribution::Exponential { mean: 0.1 },
        quota: Some(Quota { calls, refusal: STEP }),
        outages: Outages::Every { period: SimDuration(1_000_000_000), outage: STEP },
        outage: Outage::Hangs,
    });
    let mut random = Stream::new(4, 0, 0);
    allocations(|count, now| {
        jobs.expire(now);
        jobs.send(now, u64::from(count));
        while let Some(delivery) = jobs.receive(now) {
            keys.begin(delivery.payload);
            if random.chance(0.7) {
                jobs.finish(delivery.receipt);
                keys.done(delivery.payload);
            }
        }
        party.call(now, &mut random);
    })
}

/// One test, because the counters are those of the whole process.
#[test]
fn warm_parts_allocate_nothing() {
    assert_eq!([cached(), machines(), locked(), jobs()], [0; 4]);
}
