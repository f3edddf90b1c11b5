//! Callers that meet: contenders for one row, and copies of requests at the same servers.

use kneepoint::engine::events::FutureEvents;
use kneepoint::engine::{SimDuration, SimTime, Stream};
use kneepoint::policy::arrivals::{self, Source};
use kneepoint::policy::backoff::{Backoff, Jitter};
use kneepoint::policy::hedge::{self, After, Hedge};

use super::{ARRIVAL, Case, Measures, at, overlap, spread, stream};

#[derive(Clone, Copy, Default)]
struct Contender {
    version: u32,
    failures: u32,
    previous: SimDuration,
}

/// Clients that want to change one row once, by its version. All times are in milliseconds.
pub(super) fn contention(case: &Case<'_>, seed: u64) -> Measures {
    let [base, cap] = ["base", "cap"].map(|name| SimDuration::from_ms(case.number(name)));
    // The text counts failures from 1 and doubles before the first wait.
    let first = SimDuration(base.0 * 2);
    let exponential = |jitter| Backoff::Exponential { base: first, cap, jitter };
    let backoff = match case.text("algorithm") {
        "none" => Backoff::None,
        "expo" => exponential(Jitter::None),
        "equal" => exponential(Jitter::Equal),
        "full" => exponential(Jitter::Full),
        _ => Backoff::Decorrelated { base, cap },
    };
    let mut random = stream(seed, 0);
    let message = |random: &mut Stream| {
        let ms = case.number("net_mean") + case.number("net_sd") * random.normal();
        SimDuration::from_ms(ms.abs())
    };
    let mut clients = vec![Contender::default(); case.count("clients") as usize];
    let mut events = FutureEvents::default();
    // Steps: the read arrives, its answer does, the write does, its answer does.
    for client in 0..clients.len() as u32 {
        events.schedule(SimTime::ZERO + message(&mut random), client * 4);
    }
    let (mut version, mut calls, mut last) = (0, 0.0, SimTime::ZERO);
    while let Some(event) = events.pop_until(SimTime::NEVER) {
        let (now, id, step) = (event.time, event.subject / 4, event.subject % 4);
        let client = &mut clients[id as usize];
        let mut after = SimDuration::ZERO;
        let mut next = step + 1;
        match step {
            0 => client.version = version,
            1 => {}
            2 => {
                calls += 1.0;
                if client.version == version {
                    version += 1;
                    client.failures = 0;
                } else {
                    client.failures += 1;
                }
            }
            _ if client.failures == 0 => {
                last = now;
                continue;
            }
            _ => {
                let (k, previous) = (client.failures, client.previous);
                client.previous = backoff.delay_after(k, previous, &mut random);
                (after, next) = (client.previous, 0);
            }
        }
        events.schedule(now + after + message(&mut random), id * 4 + next);
    }
    [("calls", calls), ("completion_ms", last.as_secs() * 1e3)].into()
}

struct Part {
    request: usize,
    shard: usize,
    replica: usize,
    answered: f64,
}

/// Requests that ask all shards, each of two first-in-first-out replicas.
pub(super) fn fanout(case: &Case<'_>, seed: u64) -> Measures {
    let (from, to) = (case.number("W"), case.number("H"));
    let hedge_after = case.parameters.get("hedge_after").and_then(serde_json::Value::as_f64);
    let mut hedge = hedge_after.map(|secs| {
        let after = After::Fixed(SimDuration::from_secs(secs));
        Hedge::new(&hedge::Settings { after, copies_max: 1, budget: None })
    });
    let shards = case.count("shards") as usize;
    let mut source = Source::new(&arrivals::Settings::Poisson { rate_per_sec: case.number("lam") });
    let (mut random, mut draws) = (stream(seed, 0), stream(seed, 1));
    let mut free = vec![[0.0_f64; 2]; shards];
    let (mut parts, mut requests) = (Vec::<Part>::new(), Vec::<f64>::new());
    let (mut busy, mut primaries, mut copies) = (0.0, 0.0, 0.0);
    let mut send = |now: f64, shard: usize, replica: usize, draws: &mut Stream| {
        let slow = draws.chance(case.number("p_slow"));
        let service = case.number(if slow { "slow" } else { "fast" }) * draws.exponential();
        let start = free[shard][replica].max(now);
        free[shard][replica] = start + service;
        busy += overlap(start, start + service, from, to);
        start + service
    };
    let mut events = FutureEvents::default();
    events.schedule(source.next(SimTime::ZERO, &mut random), ARRIVAL);
    while let Some(event) = events.pop_until(SimTime::NEVER) {
        let now = event.time.as_secs();
        if event.subject != ARRIVAL {
            let part = &mut parts[event.subject as usize];
            let allowed = hedge.as_mut().is_some_and(|h| h.try_copy(event.time, 0, 0, 1));
            if allowed {
                copies += f64::from(u8::from(requests[part.request] >= from));
                let end = send(now, part.shard, 1 - part.replica, &mut draws);
                part.answered = part.answered.min(end);
            }
            continue;
        }
        if event.time >= at(to) {
            continue;
        }
        events.schedule(source.next(event.time, &mut random), ARRIVAL);
        requests.push(now);
        for shard in 0..shards {
            let replica = draws.below(2) as usize;
            let answered = send(now, shard, replica, &mut draws);
            primaries += f64::from(u8::from(now >= from));
            if let Some(due) = hedge.as_ref().and_then(Hedge::delay)
                && answered > now + due.as_secs()
            {
                events.schedule(event.time + due, parts.len() as u32);
            }
            parts.push(Part { request: requests.len() - 1, shard, replica, answered });
        }
    }
    let mut responses: Vec<f64> = parts
        .chunks(shards)
        .filter(|all| requests[all[0].request] >= from)
        .map(|all| {
            let last = all.iter().fold(0.0, |last: f64, part| last.max(part.answered));
            last - requests[all[0].request]
        })
        .collect();
    let mut measures: Measures = [
        ("hedge_frac", copies / primaries),
        ("server_util", busy / (to - from) / (2 * shards) as f64),
    ]
    .into();
    let names = ["response_mean", "response_p50", "response_p95", "response_p99"];
    spread(&mut measures, names, &mut responses);
    measures
}
