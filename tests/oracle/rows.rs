//! Families about one row: who changes it, and who sees it where it may be old.

use kneepoint::engine::distribution::Empirical;
use kneepoint::engine::{Distribution, SimDuration};
use kneepoint::model::Simulation;
use kneepoint::model::system::{
    Arrivals, Call, Clients, DEADLOCK_AFTER, Database, Endpoint, Part, Queue, Read,
    ReplicaSettings, Service, Step, System, TableSettings, Update, Way,
};
use kneepoint::policy::arrivals::Settings;
use kneepoint::policy::arrivals::batch::Batch;
use kneepoint::policy::backoff::{Backoff, Jitter};
use kneepoint::policy::retry::FOR_EVER;

use super::stories::{Stories, keep};
use super::{Entry, Found, Measures, REQUESTS, averaged, call, exponential, service};

/// Runs of a contention, as many as the references have.
const RUNS: u64 = 100;
const SEEDS: u64 = 8;

/// What a case of these families measures; `None` for any other.
pub(super) fn simulate(entry: &Entry) -> Option<Measures> {
    Some(match entry.family.as_str() {
        "backoff_contention" => averaged(&contending(entry), RUNS, |run| settled(run, entry)),
        "replica_lag" | "replica_apply_queue" => averaged(&copied(entry), SEEDS, seen),
        _ => return None,
    })
}

/// Normal, and never below zero where that is far from the mean: between 10,001 quantiles.
fn normal(mean: f64, sd: f64) -> Distribution {
    let quantile = |share: f64| {
        let (mut low, mut high) = (-6.0, 6.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            let below = 0.5 * libm::erfc(-middle / core::f64::consts::SQRT_2);
            if below < share { low = middle } else { high = middle }
        }
        (mean + sd * low).max(0.0)
    };
    // The ends stand for all beyond them.
    let places = (0..=10_000).map(|place| (f64::from(place) + 0.25) / 10_000.5);
    Distribution::Empirical(Empirical::new(places.map(quantile).collect()).expect("quantiles"))
}

fn table() -> Vec<(String, TableSettings)> {
    let settings = TableSettings {
        rows: 1.0,
        believed_rows: 1.0,
        row_bytes: 100.0,
        hot_share: 1.0,
        indexes: Vec::new(),
        hot_rows_count: 1,
        popularity: 0.0,
    };
    vec![("t".to_owned(), settings)]
}

fn update(way: Way, read: Vec<Step>, steps: Vec<Step>, after: Vec<Step>) -> Step {
    Step::Update(Box::new(Update {
        database: "db".to_owned(),
        table: "t".to_owned(),
        way,
        rows_count: 1,
        is_sorted: false,
        attempts_count: 1,
        pause: Distribution::Constant(0.0),
        lock_wait: None,
        read,
        steps,
        write: Vec::new(),
        after,
    }))
}

/// Clients who all begin at once to update one row, and begin again when they come too late.
fn contending(entry: &Entry) -> System {
    let n = |name: &str| entry.number(name);
    let message = || Step::Wait(normal(n("net_mean") / 1e3, n("net_sd") / 1e3));
    // The request, its answer with the version, the write with it, and the answer to that.
    let change = update(Way::Version, vec![message()], vec![message(), message()], vec![message()]);
    let mut once = call("server");
    once.guard.fallback = Some(vec![message(), Step::Fail]);
    let ms = |ms: f64| SimDuration::from_ms(ms);
    let (base, cap) = (ms(2.0 * n("base")), ms(n("cap")));
    let exponential = |jitter| Backoff::Exponential { base, cap, jitter };
    let backoff = match entry.text("algorithm") {
        // Nobody who tries for ever may do so at once: a nanosecond is none among milliseconds.
        "none" => Backoff::Fixed { base: SimDuration(1) },
        "expo" => exponential(Jitter::None),
        "equal" => exponential(Jitter::Equal),
        "full" => exponential(Jitter::Full),
        _ => Backoff::Decorrelated { base: ms(n("base")), cap },
    };
    let asked = Call { retries_count: FOR_EVER, backoff, ..call("way") };
    let hour = SimDuration::from_secs(3_600.0);
    let source =
        Settings::Cron { period: hour, offset: SimDuration::ZERO, jitter: SimDuration::ZERO };
    let batch = Batch::Constant(n("clients") as u32);
    let arrivals = Arrivals::Timed { source, batch, overlap: None };
    vec![
        Part::Clients(Clients::new("clients", arrivals, asked)),
        service("way", 100_000, Queue::default(), vec![Step::Call(once)]),
        service("server", 100_000, Queue::default(), vec![change]),
        Part::Database(Database {
            tables: table(),
            deadlock_after: DEADLOCK_AFTER,
            ..Database::new("db", 1, Distribution::Constant(0.0))
        }),
    ]
    .into()
}

fn settled(simulation: &mut Simulation, entry: &Entry) -> Found {
    keep(simulation);
    simulation.advance(entry.number("clients") as u64, u64::MAX);
    let counters = simulation.period(0).tables[0].counters;
    let told = Stories::of(simulation).requests;
    let last = told.iter().map(|request| request.ended).max().expect("all have ended");
    vec![
        ("calls".to_owned(), (counters.updates + counters.conflicts) as f64),
        ("completion_ms".to_owned(), last.as_secs() * 1e3),
    ]
}

/// A row that is written at a primary and read at its replica: by anybody, or by who wrote it.
fn copied(entry: &Entry) -> System {
    let n = |name: &str| entry.number(name);
    let by_queue = entry.family == "replica_apply_queue";
    let read = |is_own: bool| {
        let (database, table) = ("copy".to_owned(), "t".to_owned());
        Step::Read(Box::new(Read { database, table, is_own, steps: Vec::new() }))
    };
    let after = || vec![Step::Wait(exponential(n("pause"))), read(true)];
    let write =
        update(Way::Atomic, Vec::new(), Vec::new(), if by_queue { after() } else { vec![] });
    let endpoint = |name: &str, step| Endpoint {
        name: name.to_owned(),
        steps: vec![step],
        ..Endpoint::default()
    };
    let (rate, travel, apply) = if by_queue {
        (n("lam"), n("net"), exponential(n("apply")))
    } else {
        (n("u"), n("lag"), Distribution::Constant(0.0))
    };
    let clients = |id: &str, endpoint: &str| {
        let gap = exponential(1.0 / rate);
        Part::Clients(Clients::new(id, Arrivals::Open { gap }, Call::new("s", endpoint)))
    };
    let replica =
        ReplicaSettings { of: "db".to_owned(), travel: Distribution::Constant(travel), apply };
    let none = Distribution::Constant(0.0);
    let mut parts = vec![clients("writers", "write")];
    if !by_queue {
        parts.push(clients("readers", "read"));
    }
    let endpoints = vec![endpoint("write", write), endpoint("read", read(false))];
    parts.extend([
        Part::Service(Service::new("s", 100_000, endpoints)),
        Part::Database(Database { tables: table(), ..Database::new("db", 1, none.clone()) }),
        Part::Database(Database { replica: Some(replica), ..Database::new("copy", 1, none) }),
    ]);
    parts.into()
}

fn seen(simulation: &mut Simulation) -> Found {
    simulation.advance(2 * REQUESTS, u64::MAX);
    let period = simulation.period(simulation.batches_in(REQUESTS / 5));
    let copy = &period.replicas[0];
    vec![
        ("stale_prob".to_owned(), copy.stale as f64 / copy.reads as f64),
        ("mean_replication_delay".to_owned(), copy.delay.as_secs() / copy.writes as f64),
    ]
}
