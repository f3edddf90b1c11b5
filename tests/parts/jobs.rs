//! Jobs by the clock and calls to a third party.

use std::collections::VecDeque;

use kneepoint::engine::{Distribution, SimDuration, SimTime, Stream};
use kneepoint::model::jobs::Cron;
use kneepoint::model::third_party::{Answer, Outage, Outages, Quota, Settings, ThirdParty};
use kneepoint::policy::admission::fixed_window;
use kneepoint::policy::overlap::{Decision, Overlap};

use crate::reference::{Agenda, Case, Found, agree, quantile};

fn exponential(random: &mut Stream, mean: f64) -> SimDuration {
    SimDuration::from_secs(mean * random.exponential())
}

/// Runs of a job every `P` seconds, each of a time drawn by `duration`.
fn cron(case: &Case, mut duration: impl FnMut() -> SimDuration) -> Found {
    let period = SimDuration::from_secs(case.number("P"));
    let (starts, warm) = (200_000_u64, 1_000);
    let mut cron = Cron::new(Overlap::Allow);
    let mut ends: std::collections::BTreeSet<(SimTime, u64)> = std::collections::BTreeSet::new();
    let (mut overlaps, mut found, mut longer) = (0_u32, 0_u64, 0_u32);
    let (mut area, mut at_most, mut since) = (0.0, 0.0, SimTime::ZERO);
    let most = (case.number("D") / case.number("P")).ceil() as u32;
    for start in 0..starts {
        let now = SimTime(start * period.0);
        while let Some((end, _)) = ends.first().copied().filter(|(end, _)| *end <= now) {
            ends.pop_first();
            if start >= warm {
                let secs = end.since(since).as_secs();
                area += secs * f64::from(cron.running());
                at_most += if cron.running() == most { secs } else { 0.0 };
            }
            since = end;
            cron.ended();
        }
        if start >= warm {
            overlaps += u32::from(cron.running() > 0);
            found += u64::from(cron.running());
            let secs = now.since(since).as_secs();
            area += secs * f64::from(cron.running());
            at_most += if cron.running() == most { secs } else { 0.0 };
        }
        since = now;
        assert_eq!(cron.due(), Decision::Start);
        let took = duration();
        longer += u32::from(start >= warm && took > period);
        ends.insert((now + took, start));
    }
    let measured = (starts - warm) as f64;
    let secs = measured * period.as_secs();
    vec![
        ("mean_running", area / secs),
        ("frac_time_at_max", at_most / secs),
        ("max_running", f64::from(cron.most())),
        ("prob_start_overlaps", f64::from(overlaps) / measured),
        ("prob_job_longer_than_period", f64::from(longer) / measured),
        ("mean_running_at_start", found as f64 / measured),
    ]
}

#[test]
fn jobs_by_the_clock_pile_up_as_theory_says() {
    agree("cron_exp", 8, 8, |case, seed| {
        let mut random = Stream::new(seed, 1, 0);
        cron(case, || exponential(&mut random, case.number("D")))
    });
    agree("cron_det", 1, 3, |case, _| cron(case, || SimDuration::from_secs(case.number("D"))));
}

enum Call {
    Arrival,
    Attempt { who: usize, made: u32 },
    Answered { who: usize },
}

/// Workers that keep a job until the third party has served it, waiting for the next window each time
/// it refuses.
fn limited(case: &Case, seed: u64) -> Found {
    let warm = SimTime::from_secs(case.number("W"));
    let end = SimTime::from_secs(case.number("H"));
    let (mut gaps, mut random) = (Stream::new(seed, 2, 0), Stream::new(seed, 2, 1));
    let spans = |name: &str| SimDuration::from_secs(case.number(name));
    let mut party = ThirdParty::new(Settings {
        latency: Distribution::Constant(0.0),
        quota: Some(Quota {
            calls: fixed_window::Settings {
                limit: case.number("limit") as u32,
                window: spans("window"),
            },
            refusal: spans("reject_latency"),
        }),
        outages: Outages::At(Vec::new()),
        outage: Outage::Hangs,
    });
    let mut agenda = Agenda::new();
    agenda.at(SimTime::ZERO + exponential(&mut gaps, 1.0 / case.number("lam")), Call::Arrival);
    let (mut arrived, mut started, mut queue) = (Vec::new(), Vec::new(), VecDeque::new());
    let mut free = case.number("workers") as u32;
    let (mut latencies, mut refused, mut failed, mut served) = (Vec::new(), 0_u32, 0_u32, 0_u32);
    let (mut measured, mut busy) = (0_u32, 0.0);
    while let Some((now, event)) = agenda.next() {
        let mut is_over = None;
        match event {
            Call::Arrival => {
                queue.push_back(arrived.len());
                arrived.push(now);
                started.push(now);
                measured += u32::from(now >= warm);
                let next = now + exponential(&mut gaps, 1.0 / case.number("lam"));
                if next < end {
                    agenda.at(next, Call::Arrival);
                }
            }
            Call::Attempt { who, made } => match party.call(now, &mut random) {
                Answer::Served(_) => {
                    let api = spans("api_fixed") + exponential(&mut random, case.number("api_exp"));
                    agenda.at(now + api, Call::Answered { who });
                }
                Answer::Refused { after, .. } => {
                    refused += u32::from(arrived[who] >= warm);
                    let told = now + after;
                    if made + 1 < case.number("max_attempts") as u32 {
                        let window = spans("window").0;
                        let boundary = SimTime((told.0 / window + 1) * window);
                        let jitter = SimDuration::from_secs(case.number("jitter") * random.unit());
                        agenda.at(boundary + jitter, Call::Attempt { who, made: made + 1 });
                    } else {
                        failed += u32::from(arrived[who] >= warm);
                        // The worker is free once it has been told.
                        arrived[who] = SimTime::NEVER;
                        agenda.at(told, Call::Answered { who });
                    }
                }
                Answer::Failed(_) | Answer::Hangs => panic!("there is no outage"),
            },
            Call::Answered { who } => is_over = Some(who),
        }
        if let Some(who) = is_over {
            free += 1;
            busy += now.min(end).since(started[who].max(warm).min(end)).as_secs();
            if arrived[who] < SimTime::NEVER {
                served += u32::from(now >= warm && now < end);
                if arrived[who] >= warm {
                    latencies.push(now.since(arrived[who]).as_secs());
                }
            }
        }
        while free > 0
            && let Some(who) = queue.pop_front()
        {
            free -= 1;
            started[who] = now;
            agenda.at(now, Call::Attempt { who, made: 0 });
        }
    }
    let secs = end.since(warm).as_secs();
    vec![
        ("throughput", f64::from(served) / secs),
        ("r429_per_job", f64::from(refused) / f64::from(measured)),
        ("fail_frac", f64::from(failed) / f64::from(measured)),
        ("worker_util", busy / secs / case.number("workers")),
        ("job_mean", latencies.iter().sum::<f64>() / latencies.len() as f64),
        ("job_p50", quantile(&mut latencies, 0.5)),
        ("job_p95", quantile(&mut latencies, 0.95)),
        ("job_p99", quantile(&mut latencies, 0.99)),
    ]
}

#[test]
fn a_third_party_with_a_quota_agrees_with_independent_simulations() {
    agree("api_limit", 20, 15, limited);
}
