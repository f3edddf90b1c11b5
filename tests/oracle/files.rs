//! The family about a database that is a file: readers, writers, and a busy timeout.

use std::collections::BTreeMap;

use kneepoint::engine::{Distribution, SimDuration, SimTime};
use kneepoint::model::database::sqlite::Journal;
use kneepoint::model::system::{
    Arrivals, Clients, Database, Endpoint, FileSettings, FileWaiting, Part, Service, Step, System,
};
use kneepoint::model::{Outcome, Simulation};
use serde_json::Value;

use super::{Entry, Measures, Queue, call, exponential, service, summary};

const SEEDS: u64 = 12;

/// The measures of a case; `None` if it is of another kind.
pub(super) fn simulate(entry: &Entry) -> Option<Measures> {
    if entry.family != "sqlite_lock" {
        return None;
    }
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for who in ["read", "write"] {
        for seed in 1..=SEEDS {
            for (measure, value) in measures(entry, who, seed) {
                all.entry(measure).or_default().push(value);
            }
        }
    }
    Some(all.into_iter().map(|(measure, values)| (measure, summary(values))).collect())
}

/// The system of a case, whose latencies are those of readers or of writers.
fn system(entry: &Entry, who: &str) -> System {
    let n = |name: &str| entry.number(name);
    let mode = entry.parameters.get("mode").and_then(Value::as_str);
    let journal = if mode == Some("wal") { Journal::WriteAheadLog } else { Journal::Rollback };
    let waiting = FileWaiting::Fair(Some(SimDuration::from_secs(n("busy_timeout"))));
    let clients = |id: &str, rate: f64| {
        let mut call = call("s");
        id.clone_into(&mut call.endpoint);
        let arrivals = Arrivals::Open { gap: exponential(1.0 / rate) };
        let plain = Clients::new(id, arrivals, call);
        Part::Clients(Clients { is_background: id != who, ..plain })
    };
    let change = |work| Step::Change { via: "db".to_owned(), work };
    let write = Step::FileTransaction {
        database: "db".to_owned(),
        is_immediate: true,
        steps: vec![
            change(Distribution::Constant(n("write_fixed"))),
            change(exponential(n("write_exp"))),
        ],
    };
    let endpoint =
        |name: &str, steps| Endpoint { name: name.to_owned(), steps, ..Endpoint::default() };
    let Part::Service(plain) = service("s", 100_000, Queue::default(), Vec::new()) else {
        unreachable!("a service is a service")
    };
    let endpoints =
        vec![endpoint("read", vec![super::query("db", n("read"))]), endpoint("write", vec![write])];
    let none = Distribution::Constant(0.0);
    let file = Some(FileSettings { journal, waiting });
    let database = Database { file, ..Database::new("db", 100_000, none) };
    let service = Part::Service(Service { endpoints, ..plain });
    let (readers, writers) = (clients("read", n("lam_r")), clients("write", n("lam_w")));
    vec![readers, writers, service, Part::Database(database)].into()
}

fn measures(entry: &Entry, who: &str, seed: u64) -> Vec<(String, f64)> {
    let at = |name: &str| SimTime::ZERO + SimDuration::from_secs(entry.number(name));
    let mut simulation = Simulation::new(&system(entry, who), seed).expect("the case can be built");
    simulation.advance_until(at("W"), u64::MAX);
    let before = simulation.period(0);
    simulation.advance_until(at("H"), u64::MAX);
    let after = simulation.period(0);
    let totals = after.totals.since(&before.totals);
    let latencies = after.latencies.since(&before.latencies);
    let secs = |nanos: Option<f64>| nanos.map_or(f64::NAN, |nanos| nanos / 1e9);
    let of = |name: &str, value: f64| (format!("{who}_{name}"), value);
    let busy = totals.of(Outcome::GaveUp) as f64 / totals.finished() as f64;
    let mut found = vec![
        of("mean", secs(latencies.mean())),
        of("p50", secs(latencies.quantile(0.5))),
        of("p95", secs(latencies.quantile(0.95))),
        of("p99", secs(latencies.quantile(0.99))),
        (format!("busy_frac_{who}"), busy),
    ];
    if who == "write" {
        let writing = after.files[0].counters.since(&before.files[0].counters).writing;
        let span = after.span.as_secs() - before.span.as_secs();
        found.push(("write_lock_util".to_owned(), SimDuration(writing).as_secs() / span));
    }
    found
}
