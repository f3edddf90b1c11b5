//! Shared cores and the interpreter lock.

use std::collections::BTreeMap;

use kneepoint::engine::{Distribution, SimDuration, SimTime, Stream};
use kneepoint::model::machine::{InterpreterLock, Sharing};

use crate::reference::{Agenda, Case, Found, agree, compare, quantile};

fn exponential(random: &mut Stream, mean: f64) -> SimDuration {
    SimDuration::from_secs(mean * random.exponential())
}

/// M/G/c with processor sharing: mean response of `count` arrivals after the first tenth.
fn shared(case: &Case, service: &Distribution, cores: u32, seed: u64) -> f64 {
    let count = 400_000_u32;
    let (mut gaps, mut services) = (Stream::new(seed, 1, 0), Stream::new(seed, 1, 1));
    let mut machine = Sharing::new(cores);
    let mut arrived = vec![SimTime::ZERO; count as usize];
    let (mut sum, mut ended, mut now) = (0.0, 0_u32, SimTime::ZERO);
    for who in 0..count {
        now = now + exponential(&mut gaps, 1.0 / case.number("lam"));
        while let Some(end) = machine.next_end().filter(|end| *end <= now) {
            let done = machine.finish(end).expect("a job ends when it is said to");
            if done >= count / 10 {
                sum += end.since(arrived[done as usize]).as_secs();
                ended += 1;
            }
        }
        arrived[who as usize] = now;
        machine.add(now, SimDuration::from_secs(service.sample(&mut services)), who);
    }
    sum / f64::from(ended)
}

fn each_distribution(case: &Case, cores: u32, seed: u64) -> Found {
    let mean = case.number("mean_service");
    let response = [
        Distribution::Exponential { mean },
        Distribution::Constant(mean),
        Distribution::Hyperexponential { mean, scv: 4.0 },
    ]
    .iter()
    .map(|service| shared(case, service, cores, seed))
    .sum::<f64>()
        / 3.0;
    vec![
        ("mean_response", response),
        ("mean_slowdown", response / mean),
        ("mean_in_system", response * case.number("lam")),
    ]
}

#[test]
fn one_shared_core_agrees_with_theory() {
    agree("mg1_ps", 4, 3, |case, seed| each_distribution(case, 1, seed));
}

#[test]
fn shared_cores_agree_with_theory() {
    agree("mgc_ps", 4, 2, |case, seed| each_distribution(case, case.number("cores") as u32, seed));
}

enum Event {
    Web,
    Cron(u32),
    Alarm,
}

/// Web requests and cron jobs on the same cores; ids from `CRON` on are cron jobs.
fn cron(case: &Case, seed: u64) -> Found {
    const CRON: u32 = 1 << 30;
    let end = SimTime::from_secs(case.number("H"));
    let warm = SimTime::from_secs(case.number("W"));
    let period = case.number("cron_period");
    let starts = |k: u32| SimTime::from_secs(case.number("cron_offset") + f64::from(k) * period);
    let mut gaps = Stream::new(seed, 2, 0);
    let (mut web, mut jobs) = (Stream::new(seed, 2, 1), Stream::new(seed, 2, 2));
    let (mut machine, mut agenda) = (Sharing::new(case.number("cores") as u32), Agenda::new());
    agenda.at(SimTime::ZERO + exponential(&mut gaps, 1.0 / case.number("lam")), Event::Web);
    agenda.at(starts(0), Event::Cron(0));
    let (mut arrived, mut responses) = (Vec::new(), Vec::new());
    let (mut started, mut durations) = (BTreeMap::new(), Vec::new());
    let (mut running, mut most, mut area, mut since) = (0_u32, 0, 0.0, warm);
    let (mut due, mut skipped) = (0_u32, 0_u32);
    while let Some((now, event)) = agenda.next() {
        match event {
            Event::Web => {
                machine.add(
                    now,
                    exponential(&mut web, case.number("web_cpu")),
                    arrived.len() as u32,
                );
                arrived.push(now);
                let next = now + exponential(&mut gaps, 1.0 / case.number("lam"));
                if next < end {
                    agenda.at(next, Event::Web);
                }
            }
            Event::Cron(k) => {
                due += u32::from(now >= warm);
                if case.flag("skip_if_running") && running > 0 {
                    skipped += u32::from(now >= warm);
                } else {
                    let demand = case.number("cron_cpu");
                    let demand = match case.text("cron_dist") {
                        "det" => SimDuration::from_secs(demand),
                        _ => exponential(&mut jobs, demand),
                    };
                    machine.add(now, demand, CRON + k);
                    started.insert(CRON + k, now);
                    area += f64::from(running) * now.min(end).since(since.min(end)).as_secs();
                    since = since.max(now);
                    running += 1;
                    most = most.max(running);
                }
                if starts(k + 1) < end {
                    agenda.at(starts(k + 1), Event::Cron(k + 1));
                }
            }
            Event::Alarm => machine.woken(now),
        }
        while let Some(who) = machine.finish(now) {
            if who < CRON {
                if arrived[who as usize] >= warm {
                    responses.push(now.since(arrived[who as usize]).as_secs());
                }
                continue;
            }
            area += f64::from(running) * now.min(end).since(since.min(end)).as_secs();
            since = since.max(now);
            running -= 1;
            if let Some(start) = started.remove(&who).filter(|start| *start >= warm) {
                durations.push(now.since(start).as_secs());
            }
        }
        if let Some(alarm) = machine.alarm() {
            agenda.at(alarm, Event::Alarm);
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    vec![
        ("web_mean", mean(&responses)),
        ("web_p50", quantile(&mut responses, 0.5)),
        ("web_p95", quantile(&mut responses, 0.95)),
        ("web_p99", quantile(&mut responses, 0.99)),
        ("cron_duration_mean", mean(&durations)),
        ("cron_running_mean", area / end.since(warm).as_secs()),
        ("cron_running_max", f64::from(most)),
        ("cron_skip_frac", f64::from(skipped) / f64::from(due)),
    ]
}

#[test]
fn a_nightly_job_on_the_web_cores_agrees_with_independent_simulations() {
    agree("cron_cpu", 20, 29, cron);
}

enum Python {
    Arrival,
    SliceDone,
    IoDone(u32),
}

/// One process with threads, its lock, and a core of its own.
fn interpreter(case: &Case, seed: u64) -> Found {
    let end = SimTime::from_secs(case.number("H"));
    let warm = SimTime::from_secs(case.number("W"));
    let mut gaps = Stream::new(seed, 3, 0);
    let (mut cpu, mut io) = (Stream::new(seed, 3, 1), Stream::new(seed, 3, 2));
    let mut lock = InterpreterLock::new(case.maybe("switch").map(SimDuration::from_secs));
    let mut agenda = Agenda::new();
    agenda.at(SimTime::ZERO + exponential(&mut gaps, 1.0 / case.number("lam")), Python::Arrival);
    let (mut arrived, mut first_burst, mut responses) = (Vec::new(), Vec::new(), Vec::new());
    let mut waiting = std::collections::VecDeque::new();
    let (mut free, mut completed) = (case.number("threads") as u32, 0_u32);
    let (mut held, mut slice_from) = (0.0, SimTime::ZERO);
    let overlap = |from: SimTime, to: SimTime| to.min(end).since(from.max(warm)).as_secs();
    while let Some((now, event)) = agenda.next() {
        let mut bursts = Vec::new();
        let mut next = None;
        match event {
            Python::Arrival => {
                waiting.push_back(arrived.len() as u32);
                arrived.push(now);
                first_burst.push(true);
                let next = now + exponential(&mut gaps, 1.0 / case.number("lam"));
                if next < end {
                    agenda.at(next, Python::Arrival);
                }
            }
            Python::SliceDone => {
                held += overlap(slice_from, now);
                let done = lock.slice_done();
                next = done.next;
                if let Some(who) = done.finished {
                    if std::mem::take(&mut first_burst[who as usize]) {
                        agenda
                            .at(now + exponential(&mut io, case.number("io")), Python::IoDone(who));
                    } else {
                        free += 1;
                        if arrived[who as usize] >= warm {
                            responses.push(now.since(arrived[who as usize]).as_secs());
                        }
                        completed += u32::from(now >= warm && now < end);
                    }
                }
            }
            Python::IoDone(who) => bursts.push(who),
        }
        while free > 0 && !waiting.is_empty() {
            free -= 1;
            bursts.extend(waiting.pop_front());
        }
        for who in bursts {
            let (_, slice) = lock.request(who, exponential(&mut cpu, case.number("cpu")));
            next = next.or(slice);
        }
        if let Some(slice) = next {
            slice_from = now;
            agenda.at(now + slice.demand, Python::SliceDone);
        }
    }
    vec![
        ("throughput", f64::from(completed) / end.since(warm).as_secs()),
        ("gil_util", held / end.since(warm).as_secs()),
        ("response_mean", responses.iter().sum::<f64>() / responses.len() as f64),
        ("response_p50", quantile(&mut responses, 0.5)),
        ("response_p95", quantile(&mut responses, 0.95)),
        ("response_p99", quantile(&mut responses, 0.99)),
    ]
}

/// With a switch interval the reference lies 1.3 % (mean) to 3.3 % (p99) above this part, and above a
/// second program written from the same text, which finds 0.1190 ± 0.0003 s and 0.3923 ± 0.0018 s
/// where the reference has 0.1205 and 0.4053: 4 % are allowed there, and nothing extra elsewhere.
#[test]
fn the_interpreter_lock_agrees_with_independent_simulations() {
    let slack = |case: &Case| Some(if case.maybe("switch").is_some() { 0.04 } else { 0.0 });
    let (count, wrong) = compare("gil", 40, slack, interpreter);
    assert!(wrong.is_empty(), "{} of {count} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 12, "only {count} values were compared");
}
