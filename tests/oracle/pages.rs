//! Cases of pages with many queries, page memory, and callers who come back.

use kneepoint::engine::{Distribution, SimDuration};
use kneepoint::model::cache::Settings as CacheSettings;
use kneepoint::model::system::{
    Cache, Call, Clients, Endpoint, Part, Pool, Queue, Service, Step, System,
};
use kneepoint::model::{Outcome, Period, Simulation};
use kneepoint::policy::admission::keyed::{self, Scope};
use kneepoint::policy::admission::token_bucket;
use kneepoint::policy::backoff::{Backoff, Jitter};
use kneepoint::policy::retry::{FOR_EVER, Failure, Failures};

use super::stories::{Stories, Window, secs, spread};
use super::{
    Entry, Found, Measures, REQUESTS, around, averaged, call, closed, database, exponential, open,
    query, service,
};

const RUNS: u64 = 40;
const SEEDS: u64 = 4;

/// What a case of these families measures; `None` for any other.
pub(super) fn simulate(entry: &Entry) -> Option<Measures> {
    Some(match entry.family.as_str() {
        "closed_pool_n_plus_1" => averaged(&pooled(entry), RUNS, |run| page(run, entry)),
        "buffer_pool_scan" => averaged(&scanned(entry), RUNS, |run| points(run, entry)),
        "buffer_pool" => averaged(&memory(entry), SEEDS, pages),
        "retrial_finite" => averaged(&patient(entry), SEEDS, |run| orbit(run, entry)),
        "retry_rate_limited" => averaged(&against_a_limit(entry), SEEDS, limited),
        _ => return None,
    })
}

/// Users of pages that hold a worker, and a connection through all their queries.
fn pooled(entry: &Entry) -> System {
    let n = |name: &str| entry.number(name);
    let half = || Step::Wait(Distribution::Constant(n("net") / 2.0));
    let row = vec![half(), query("db", n("query")), half(), query("cpu", n("cpu_row"))];
    let rows = Step::Repeat { times: n("queries") as u32, steps: row };
    let steps = vec![
        query("cpu", n("cpu_start")),
        Step::Transaction { pool: "pool".to_owned(), steps: vec![rows] },
        query("cpu", n("cpu_end")),
    ];
    let pool = Part::Pool(Pool::new("pool", "db", n("pool") as u32));
    vec![
        super::clients(closed(n("users"), n("think")), "s"),
        service("s", n("workers") as u32, Queue::default(), steps),
        pool,
        database("cpu", n("app_cores") as u32),
        database("db", n("db_cores") as u32),
    ]
    .into()
}

fn page(simulation: &mut Simulation, entry: &Entry) -> Found {
    let window = Window::of(simulation, entry, 0.0);
    // A page counts where it ends.
    let (from, to) = (super::at(entry.number("W")), super::at(entry.number("H")));
    let mut told = Stories::of(simulation);
    told.requests.retain(|request| from <= request.ended && request.ended < to);
    let pool = |value: fn(&Period) -> f64| window.since(value);
    let waited = pool(|period| period.parts[1].waited.as_secs());
    let visits = pool(|period| period.parts[1].visits as f64);
    let mut found = spread("page", told.latencies(|_| true));
    found.extend([
        ("throughput".to_owned(), told.requests.len() as f64 / window.secs()),
        ("conn_wait_mean".to_owned(), waited / visits),
        ("pool_util".to_owned(), window.busy(1)),
        ("cpu_util".to_owned(), window.busy(2)),
        ("db_util".to_owned(), window.busy(3)),
    ]);
    found
}

/// Pages in memory, and the others on a disk that nobody waits for.
fn memory(entry: &Entry) -> System {
    let n = |name: &str| entry.number(name);
    let cache = Cache {
        id: "memory".to_owned(),
        keys_count: n("pages") as u32,
        popularity: n("s"),
        settings: CacheSettings { capacity: n("frames") as u32, ..CacheSettings::default() },
        round_trip: Distribution::Constant(n("mem_s")),
        is_warm: true,
    };
    let disk = Step::Wait(Distribution::Constant(n("disk_s") - n("mem_s")));
    let name = cache.id.clone();
    let read = Step::Cached { cache: name, load: Vec::new(), store: vec![disk], is_scan: false };
    around(
        super::Arrivals::Open { gap: exponential(1.0 / n("lam")) },
        vec![read],
        vec![Part::Cache(cache)],
    )
}

fn pages(simulation: &mut Simulation) -> Found {
    // As long as the reference: page memory takes long to settle.
    simulation.advance(5 * REQUESTS, u64::MAX);
    let period = simulation.period(simulation.batches_in(REQUESTS));
    let counters = period.caches[0].counters;
    let reads = (counters.hits + counters.loads) as f64;
    let hits = counters.hits as f64 / reads;
    vec![
        ("hit_ratio".to_owned(), hits),
        ("disk_reads_per_s".to_owned(), counters.loads as f64 / period.span.as_secs()),
        ("mean_page_read".to_owned(), period.latencies.mean().map_or(f64::NAN, |mean| mean / 1e9)),
    ]
}

/// Pages in memory that are read one by one, and now and then all in order, from one disk.
fn scanned(entry: &Entry) -> System {
    let n = |name: &str| entry.number(name);
    let cache = Cache {
        id: "memory".to_owned(),
        keys_count: n("pages") as u32,
        popularity: n("zipf"),
        settings: CacheSettings { capacity: n("frames") as u32, ..CacheSettings::default() },
        round_trip: Distribution::Constant(0.0),
        is_warm: false,
    };
    let constant = |name: &str| Distribution::Constant(n(name));
    let from_disk = |time: &str| Step::Query { via: "disk".to_owned(), work: constant(time) };
    let read = |time: &str, is_scan: bool| {
        let load = vec![from_disk(time)];
        Step::Cached { cache: cache.id.clone(), load, store: Vec::new(), is_scan }
    };
    let endpoint =
        |name: &str, steps| Endpoint { name: name.to_owned(), steps, ..Endpoint::default() };
    let endpoints = vec![
        endpoint("work", vec![read("random_read", false), Step::Wait(constant("cpu"))]),
        endpoint("scan", vec![read("seq_read", true)]),
    ];
    let gap = exponential(n("scan_every"));
    let scans = Clients::new("scans", super::Arrivals::Open { gap }, Call::new("s", "scan"));
    vec![
        open(n("lam"), "s"),
        Part::Clients(scans),
        Part::Service(Service::new("s", 100_000, endpoints)),
        database("disk", 1),
        Part::Cache(cache),
    ]
    .into()
}

fn points(simulation: &mut Simulation, entry: &Entry) -> Found {
    let window = Window::of(simulation, entry, 20.0);
    let points = window.stories.latencies(|request| request.clients == 0);
    let scans = window.stories.latencies(|request| request.clients == 1);
    // What was found in memory took no time on the disk.
    let hits = points.iter().filter(|latency| **latency < entry.number("cpu") + 1e-6).count();
    let hit_ratio = hits as f64 / points.len() as f64;
    let mut found = spread("point", points);
    found.extend([
        ("point_hit_ratio".to_owned(), hit_ratio),
        ("disk_util".to_owned(), window.busy(1)),
        ("scan_duration_mean".to_owned(), scans.iter().sum::<f64>() / scans.len() as f64),
    ]);
    found
}

/// Callers who come back with a chance each time they find no server free: a callee between them and
/// the servers says who may try again (shed) and who gives up (failed).
fn patient(entry: &Entry) -> System {
    let n = |name: &str| entry.number(name);
    let mut once = call("s");
    once.guard.fallback = Some(vec![Step::Choice {
        probability: n("alpha"),
        then: vec![Step::Reject(SimDuration::ZERO)],
        otherwise: vec![Step::Fail],
    }]);
    let mut returning = coming_back(FOR_EVER, 1.0 / n("theta"));
    returning.guard.retried = Failures::NONE.with(Failure::Shed).with(Failure::Rejected);
    "way".clone_into(&mut returning.service);
    let none = Queue { capacity: Some(0), ..Queue::default() };
    let work = vec![Step::Cpu(exponential(1.0 / n("mu")))];
    let mut sender = open(n("lam"), "way");
    if let Part::Clients(clients) = &mut sender {
        clients.call = returning;
    }
    let way = service("way", 100_000, Queue::default(), vec![Step::Call(once)]);
    vec![sender, service("s", n("c") as u32, none, work), way].into()
}

/// Comes back after an exponential time.
fn coming_back(retries_count: u32, mean: f64) -> Call {
    let base = secs(mean);
    let backoff = Backoff::Linear { base, cap: base, jitter: Jitter::Exponential };
    Call { retries_count, backoff, ..call("s") }
}

fn orbit(simulation: &mut Simulation, entry: &Entry) -> Found {
    simulation.advance(REQUESTS * 2, u64::MAX);
    let period = simulation.period(simulation.batches_in(REQUESTS / 5));
    let (totals, secs) = (&period.totals, period.span.as_secs());
    let served = totals.of(Outcome::InTime) as f64;
    let all = totals.finished() as f64;
    let comebacks = totals.retries as f64;
    let busy = period.parts[0].busy.as_secs() / secs / f64::from(period.parts[0].capacity);
    vec![
        ("goodput".to_owned(), served / secs),
        ("success".to_owned(), served / all),
        ("utilisation".to_owned(), busy),
        // Each of those who wait comes back after 1/theta on average (Little).
        ("mean_orbit".to_owned(), comebacks / secs / entry.number("theta")),
        ("mean_attempts".to_owned(), 1.0 + comebacks / totals.sent as f64),
    ]
}

/// Callers who come back to a limit.
fn against_a_limit(entry: &Entry) -> System {
    let n = |name: &str| entry.number(name);
    let bucket = keyed::Settings::TokenBucket(token_bucket::Settings {
        rate_per_sec: n("C"),
        burst: n("bucket"),
        wait_max: SimDuration::ZERO,
    });
    let mut api = service("s", 100_000, Queue::default(), Vec::new());
    if let Part::Service(service) = &mut api {
        let limit = super::Admission::Rate { limit: bucket, scope: Scope::Global };
        service.admission = vec![limit];
    }
    let mut sender = open(n("lam"), "s");
    if let Part::Clients(clients) = &mut sender {
        clients.call = coming_back(n("n") as u32, n("backoff_mean"));
    }
    vec![sender, api].into()
}

fn limited(simulation: &mut Simulation) -> Found {
    simulation.advance(REQUESTS, u64::MAX);
    let period = simulation.period(simulation.batches_in(REQUESTS / 5));
    let (totals, secs) = (&period.totals, period.span.as_secs());
    let attempts = (totals.sent + totals.retries) as f64;
    let success = totals.of(Outcome::InTime) as f64;
    vec![
        ("success".to_owned(), success / totals.finished() as f64),
        ("attempt_rate".to_owned(), attempts / secs),
        ("attempts_per_request".to_owned(), attempts / totals.sent as f64),
        ("attempt_reject_prob".to_owned(), 1.0 - success / attempts),
    ]
}
