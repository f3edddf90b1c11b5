//! Cases that are computed and not simulated, by the function of the library that the model uses, and
//! identities that must hold in any run.

use std::collections::BTreeMap;

use kneepoint::analysis::laws::{self, FixedPoints, RetryStorm};
use kneepoint::engine::{Distribution, SimDuration, SimTime};
use kneepoint::model::planner::{Fact, PRICES, Query, Table, plan};
use kneepoint::model::system::{Arrivals, Call, Step};
use kneepoint::policy::admission::fixed_window;
use kneepoint::policy::admission::sliding_counter::SlidingCounter;
use kneepoint::policy::admission::vegas;
use kneepoint::policy::breaker;
use kneepoint::policy::queue::codel::{self, CoDel};

use super::stories::{Stories, keep, secs};
use super::traffic::{calls_to_open, even};
use super::{
    Entry, Found, Measures, Queue, REQUESTS, around, at, averaged, call, exponential, open, service,
};

/// What a case of these families measures; `None` for any other.
pub(super) fn computed(entry: &Entry) -> Option<Measures> {
    let n = |name: &str| entry.number(name);
    let found: Found = match entry.family.as_str() {
        "usl" => {
            let [gamma, contention, coherence] = ["gamma", "alpha", "beta"].map(n);
            let at = |users: f64| laws::usl(gamma, contention, coherence, users);
            let peak = laws::usl_peak(contention, coherence);
            let of = |users: f64| (format!("throughput_N{users}"), at(users));
            let mut found: Found = entry.numbers("N").into_iter().map(of).collect();
            found.extend([("n_peak".to_owned(), peak), ("x_peak".to_owned(), at(peak))]);
            found
        }
        "amdahl" => return Some(speedups(entry)),
        "asymptotic_bounds" => {
            let bounds = laws::bounds(n("N"), n("Z"), &entry.numbers("demands"));
            named([
                ("n_star", bounds.users),
                ("x_upper", bounds.throughput),
                ("r_lower", bounds.latency),
            ])
        }
        "retry_fixed_point" => fixed_points(entry),
        "concurrency_limit" => {
            named([("queue_estimate", vegas::queue(n("limit"), n("min_rtt"), n("rtt")))])
        }
        "sliding_counter" => named([("estimate", estimate(entry))]),
        "codel_law" => drops(entry),
        "pg_cost_seqscan" => named([("total_cost", scan_price(entry))]),
        "operational_laws" => return Some(identities()),
        "breaker_window" => return Some(calls_to_open(&even(breaking(entry), n("p")), 4)),
        _ => return None,
    };
    Some(found.into_iter().map(|(name, value)| (name, (value, 0.0))).collect())
}

fn named<const N: usize>(found: [(&str, f64); N]) -> Found {
    found.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// One second of work of which a share cannot be divided, by so many workers at once.
fn speedups(entry: &Entry) -> Measures {
    let serial = entry.number("serial");
    let speedup = |workers: f64| {
        let each = Step::Wait(Distribution::Constant((1.0 - serial) / workers));
        let branches = vec![vec![each]; workers as usize];
        let needed = branches.len() as u32;
        let steps =
            vec![Step::Wait(Distribution::Constant(serial)), Step::Parallel { branches, needed }];
        let once = Arrivals::Open { gap: Distribution::Constant(10.0) };
        let found = averaged(&around(once, steps, Vec::new()), 1, |simulation| {
            keep(simulation);
            simulation.advance(1, u64::MAX);
            vec![(String::new(), 1.0 / Stories::of(simulation).requests[0].latency())]
        });
        found[""]
    };
    let counts = entry.numbers("N").into_iter();
    let mut found: Measures = counts.map(|n| (format!("speedup_N{n}"), speedup(n))).collect();
    // What more workers would bring no more than: nothing is left to divide.
    found.insert("limit".to_owned(), (1.0 / serial, 0.0));
    found
}

fn fixed_points(entry: &Entry) -> Found {
    let n = |name: &str| entry.number(name);
    let storm = RetryStorm { capacity: n("mu"), timeout: n("tau"), retries: n("n") as u32 };
    let (requests, attempts) = storm.critical();
    let mut found = named([
        ("lambda_critical_upper", requests),
        ("attempt_rate_at_critical", attempts),
        ("lambda_safe", storm.safe()),
    ]);
    let FixedPoints { stable, unstable, metastable } = storm.fixed_points(n("lam"));
    let points = [
        ("stable_attempt_rate", stable),
        ("unstable_attempt_rate", unstable),
        ("metastable_attempt_rate", metastable),
    ];
    let known = points.into_iter().filter_map(|(name, rate)| Some((name.to_owned(), rate?)));
    found.extend(known);
    found
}

fn estimate(entry: &Entry) -> f64 {
    let window = secs(entry.number("W"));
    let mut counter = SlidingCounter::new(&fixed_window::Settings { limit: u32::MAX, window });
    let present = SimTime::ZERO + window + secs(entry.number("elapsed"));
    for (time, count) in [(SimTime::ZERO, "prev"), (present, "cur")] {
        (0..entry.number(count) as u32).for_each(|_| {
            counter.decide(time);
        });
    }
    counter.estimate(present)
}

/// A breaker that opens for the next call only.
pub(super) fn breaking(entry: &Entry) -> Call {
    // So many failures in a row, or so many of the last calls.
    let count = |name: &str| entry.maybe(name).or_else(|| entry.maybe("k")).unwrap_or(1.0) as u32;
    let mut call = call("s");
    call.guard.breaker = Some(breaker::Settings {
        window: breaker::Window::Calls(count("window")),
        calls_min: count("min_calls"),
        failures_share: 1e-9,
        failures_min: count("fail_threshold"),
        slow_share: 2.0,
        open_wait: secs(1.5),
        probes_count: 1,
        probing: breaker::Probing::AllSucceed,
        ..breaker::Settings::default()
    });
    call
}

/// Waits that never fall: entries are taken out at the very instants at which a drop is due.
fn drops(entry: &Entry) -> Found {
    let interval = secs(entry.number("interval"));
    let mut codel = CoDel::new(&codel::Settings { target: SimDuration(1), interval });
    let wait = secs(1e3);
    let first = SimTime::ZERO + interval;
    assert!(!codel.drops(SimTime::ZERO, wait, 100), "not above the target for an interval yet");
    let mut now = first;
    let mut found = Found::new();
    for drop in 1..=entry.number("drops") as u32 {
        assert!(codel.drops(now, wait, 100), "a drop is due");
        found.push((format!("drop_time_{drop}"), now.since(first).as_secs()));
        assert!(!codel.drops(now, wait, 100), "the next one is served");
        now = codel.drop_next().expect("it is dropping");
    }
    found
}

fn scan_price(entry: &Entry) -> f64 {
    let rows = entry.number("rows");
    let table = Table { rows, row_bytes: 244.0, pages: entry.number("pages") };
    let query = Query {
        table,
        table_rows: Fact::known(rows),
        matching: Fact::known(rows),
        conditions: entry.number("quals"),
        index: None,
        order: None,
        join: None,
        offset: 0.0,
        limit: None,
    };
    plan(&query, &PRICES).price
}

/// Little's law and the utilisation law in a run that is neither short nor idle.
fn identities() -> Measures {
    let (rate, mean, workers) = (16.0, 0.2, 4);
    let work = vec![Step::Cpu(exponential(mean))];
    let system = vec![open(rate, "s"), service("s", workers, Queue::default(), work)].into();
    averaged(&system, 4, |simulation| {
        keep(simulation);
        simulation.advance(REQUESTS, u64::MAX);
        let period = simulation.period(0);
        let told = Stories::of(simulation);
        let (inside, _) = told.running(at(0.0), simulation.now());
        let throughput = told.requests.len() as f64 / period.span.as_secs();
        let latencies = told.latencies(|_| true);
        let response = latencies.iter().sum::<f64>() / latencies.len() as f64;
        let station = &period.parts[0];
        let stays = (station.busy.as_secs() + station.waited.as_secs()) / period.span.as_secs();
        let busy = station.busy.as_secs() / period.span.as_secs() / f64::from(workers);
        assert!((stays / inside - 1.0).abs() < 0.01, "{stays} at the station, {inside} by stories");
        named([
            ("ratio_L_over_XR", stays / (throughput * response)),
            ("ratio_U_over_XS", busy / (throughput * mean / f64::from(workers))),
        ])
    })
}

/// Jobs by the clock or at random that hold each other up in no way: how many run at once.
pub(super) fn overlapping(entry: &Entry) -> Option<Measures> {
    let n = |name: &str| entry.number(name);
    let kinds: Vec<Distribution> = match entry.family.as_str() {
        "cron_det" => vec![Distribution::Constant(n("D"))],
        "cron_overlap" => vec![exponential(n("D"))],
        "mg_inf" => vec![exponential(n("mean")), Distribution::Constant(n("mean"))],
        _ => return None,
    };
    let mut all: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for work in kinds {
        let arrivals = entry.maybe("P").map_or_else(
            || Arrivals::Open { gap: exponential(1.0 / n("lam")) },
            |period| Arrivals::Open { gap: Distribution::Constant(period) },
        );
        let system = around(arrivals, vec![Step::Wait(work)], Vec::new());
        for (name, value) in averaged(&system, 4, |simulation| together(simulation, entry)) {
            all.entry(name).or_default().push(value);
        }
    }
    let both = |values: Vec<(f64, f64)>| {
        let count = values.len() as f64;
        let mean = values.iter().map(|(value, _)| value).sum::<f64>() / count;
        let error = values.iter().map(|(_, error)| error * error).sum::<f64>().sqrt() / count;
        (mean, error)
    };
    Some(all.into_iter().map(|(name, values)| (name, both(values))).collect())
}

fn together(simulation: &mut kneepoint::model::Simulation, entry: &Entry) -> Found {
    keep(simulation);
    simulation.advance(REQUESTS, u64::MAX);
    let mut told = Stories::of(simulation);
    told.requests.sort_by_key(|request| request.sent);
    // From the start of one to the start of another, far from both ends of the run.
    let count = told.requests.len();
    let (first, last) = (count / 10, count - count / 10);
    let (from, to) = (told.requests[first].sent, told.requests[last].sent);
    let (mean, shares) = told.running(from, to);
    let mut found = named([("mean_running", mean)]);
    if let Some(most) = entry.maybe("k") {
        let more = shares.iter().skip(most as usize + 1).sum();
        found.push(("prob_more_than_k".to_owned(), more));
        return found;
    }
    let (mut overlaps, mut at_start, mut longer) = (0.0, 0.0, 0.0);
    let mut ends: Vec<SimTime> = Vec::new();
    for (index, job) in told.requests[..last].iter().enumerate() {
        ends.retain(|end| *end > job.sent);
        if index >= first {
            overlaps += f64::from(u8::from(!ends.is_empty()));
            at_start += ends.len() as f64;
            longer += f64::from(u8::from(job.latency() > entry.number("P")));
        }
        ends.push(job.ended);
    }
    let starts = (last - first) as f64;
    found.extend(named([
        ("prob_start_overlaps", overlaps / starts),
        ("mean_running_at_start", at_start / starts),
        ("prob_job_longer_than_period", longer / starts),
        ("max_running", (shares.len() - 1) as f64),
        ("frac_time_at_max", shares.last().copied().unwrap_or(f64::NAN)),
    ]));
    found
}
