//! Reads reference entries, builds their systems, and measures them.

mod clocks;
mod data;
mod machines;

use std::collections::BTreeMap;
use std::path::Path;

use kneepoint::engine::interval::{mean, variance};
use kneepoint::engine::{Distribution, SimDuration};
use kneepoint::model::system::{
    Arrivals, Call, Clients, Database, Endpoint, Part, Queue, Runtime, Service, Step, System,
};
use kneepoint::model::{Outcome, Period, Simulation};
use kneepoint::policy::backoff::Backoff;
use serde_json::Value;

/// Requests measured for each seed, after the first tenth is left out.
const REQUESTS: u64 = 200_000;

/// One reference value.
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) case: String,
    pub(crate) family: String,
    pub(crate) measure: String,
    pub(crate) expected: f64,
    parameters: Value,
    tolerance: Value,
}

impl Entry {
    fn read(value: &Value) -> Option<Self> {
        let text = |field: &str| Some(value.get(field)?.as_str()?.to_owned());
        matches!(value.get("group")?.as_u64()?, 1 | 3).then_some(())?;
        Some(Self {
            id: text("id")?,
            case: text("case")?,
            family: text("family")?,
            measure: text("measure")?,
            expected: value.get("expected")?.as_f64()?,
            parameters: value.get("parameters")?.clone(),
            tolerance: value.get("tolerance")?.clone(),
        })
    }

    /// What the reference itself allows.
    pub(crate) fn allowed(&self) -> f64 {
        let field = |name: &str| self.tolerance.get(name).and_then(Value::as_f64);
        field("abs").unwrap_or_else(|| field("rel").unwrap_or(0.003) * self.expected.abs())
    }

    fn number(&self, name: &str) -> f64 {
        self.parameters.get(name).and_then(Value::as_f64).expect("a case names its parameters")
    }
}

/// The project's own entries, and those of the larger collection if it is there.
pub(crate) fn entries() -> Vec<Entry> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let larger = root.join("../shared/oracles/oracles_shared.json");
    let own = root.join("tests/data/oracles.json");
    let path = if larger.exists() { larger } else { own };
    let text = std::fs::read_to_string(path).expect("the reference data is readable");
    let data: Value = serde_json::from_str(&text).expect("the reference data is JSON");
    let entries = data["entries"].as_array().expect("the reference data has entries");
    entries.iter().filter_map(Entry::read).collect()
}

/// Each measure with its mean over seeds and the standard error of that.
pub(crate) type Measures = BTreeMap<String, (f64, f64)>;

/// Mean and standard error.
fn summary(values: Vec<f64>) -> (f64, f64) {
    (mean(&values), (variance(&values) / values.len() as f64).sqrt())
}

fn exponential(mean: f64) -> Distribution {
    Distribution::Exponential { mean }
}

fn call(service: &str) -> Call {
    Call {
        service: service.to_owned(),
        endpoint: "work".to_owned(),
        timeout: None,
        cancels: false,
        retries_count: 0,
        backoff: Backoff::None,
    }
}

fn clients(arrivals: Arrivals, service: &str) -> Part {
    Part::Clients(Clients { id: "clients".to_owned(), arrivals, call: call(service) })
}

fn open(rate: f64, service: &str) -> Part {
    clients(Arrivals::Open { gap: exponential(1.0 / rate) }, service)
}

fn service(id: &str, workers: u32, queue: Queue, steps: Vec<Step>) -> Part {
    let endpoints = vec![Endpoint { name: "work".to_owned(), steps }];
    let (id, instances_count, workers_count) = (id.to_owned(), 1, workers);
    let runtime = Runtime::default();
    Part::Service(Service { id, instances_count, workers_count, queue, endpoints, runtime })
}

fn database(id: &str, cores_count: u32) -> Part {
    Part::Database(Database::new(id, cores_count, Distribution::Constant(0.0)))
}

fn query(via: &str, mean: f64) -> Step {
    Step::Query { via: via.to_owned(), work: exponential(mean) }
}

/// A queue with Poisson arrivals.
fn queue(entry: &Entry, workers: u32, queue: Queue, work: Distribution) -> System {
    let steps = vec![Step::Cpu(work)];
    vec![open(entry.number("lam"), "s"), service("s", workers, queue, steps)].into()
}

/// Workers without a limit of their own, around steps whose resources are the point.
fn around(arrivals: Arrivals, steps: Vec<Step>, resources: Vec<Part>) -> System {
    let mut parts = vec![clients(arrivals, "s"), service("s", 100_000, Queue::default(), steps)];
    parts.extend(resources);
    parts.into()
}

fn closed(users: f64, think: f64) -> Arrivals {
    Arrivals::Closed { users_count: users as u32, think: exponential(think) }
}

/// The system of a case; `None` if it needs parts that do not exist.
fn system_of(entry: &Entry) -> Option<System> {
    let n = |name: &str| entry.number(name);
    let unbounded = Queue::default;
    let waiting = |limit| Queue { capacity: None, wait_limit: Some(limit) };
    let poisson = |rate: f64| Arrivals::Open { gap: exponential(1.0 / rate) };
    Some(match entry.family.as_str() {
        "mm1" => queue(entry, 1, unbounded(), exponential(1.0 / n("mu"))),
        "mmc" => queue(entry, n("c") as u32, unbounded(), exponential(1.0 / n("mu"))),
        "mg1_det" => queue(entry, 1, unbounded(), Distribution::Constant(n("D"))),
        "mg1_h2" => {
            let (mean, scv) = (n("mean_service"), n("scv"));
            queue(entry, 1, unbounded(), Distribution::Hyperexponential { mean, scv })
        }
        "mg1_lognormal" => {
            let (mean, scv) = (n("mean_service"), n("scv"));
            queue(entry, 1, unbounded(), Distribution::Lognormal { mean, scv })
        }
        "n_plus_1_one_conn" => {
            let repeat =
                Step::Repeat { times: n("k") as u32, steps: vec![Step::Cpu(exponential(n("q")))] };
            vec![open(n("lam"), "s"), service("s", 1, unbounded(), vec![repeat])].into()
        }
        "mmck_loss" => {
            let capacity = Some((n("K") - n("c")) as u32);
            let bounded = Queue { capacity, wait_limit: None };
            queue(entry, n("c") as u32, bounded, exponential(1.0 / n("mu")))
        }
        "erlang_b" => {
            let none = Queue { capacity: Some(0), wait_limit: None };
            queue(entry, n("c") as u32, none, exponential(n("mean_service")))
        }
        "erlang_a" => {
            let patience = waiting(exponential(1.0 / n("theta")));
            queue(entry, n("c") as u32, patience, exponential(1.0 / n("mu")))
        }
        "queue_deadline" | "sqlite_busy_timeout" => {
            let patience = waiting(Distribution::Constant(n("tau")));
            queue(entry, n("c") as u32, patience, exponential(1.0 / n("mu")))
        }
        "closed_single" => around(
            closed(n("N"), n("Z")),
            vec![query("cpu", n("S"))],
            vec![database("cpu", n("c") as u32)],
        ),
        "closed_n_plus_1" => {
            let (app, db) = (query("app", n("s_app")), query("db", n("s_db")));
            let pair = Step::Repeat { times: n("db_queries") as u32, steps: vec![app.clone(), db] };
            let resources = vec![database("app", 1), database("db", 1)];
            around(closed(n("N"), n("Z")), vec![pair, app], resources)
        }
        "gil_threads" => around(
            closed(n("threads"), n("io")),
            vec![query("gil", n("cpu"))],
            vec![database("gil", 1)],
        ),
        "tandem" => {
            let mus = entry.parameters["mus"].as_array()?;
            let rates: Vec<f64> = mus.iter().filter_map(Value::as_f64).collect();
            let name = |index: usize| format!("stage{}", index + 1);
            let steps = rates.iter().enumerate().map(|(i, mu)| query(&name(i), 1.0 / mu)).collect();
            let stages = (0..rates.len()).map(|index| database(&name(index), 1)).collect();
            around(poisson(n("lam")), steps, stages)
        }
        "fork_join_2" | "fork_join_n" => {
            let branches = n("n") as usize;
            let name = |index: usize| format!("b{index}");
            let steps = (0..branches).map(|i| vec![query(&name(i), 1.0 / n("mu"))]).collect();
            let fork = Step::Parallel { branches: steps, needed: branches as u32 };
            let stages = (0..branches).map(|index| database(&name(index), 1)).collect();
            around(poisson(n("lam")), vec![fork], stages)
        }
        "fanout_max" => {
            let branches = vec![vec![Step::Wait(exponential(n("mean_leaf")))]; n("n") as usize];
            let needed = branches.len() as u32;
            around(poisson(10.0), vec![Step::Parallel { branches, needed }], Vec::new())
        }
        "mg_inf" => {
            let steps = vec![Step::Wait(exponential(n("mean")))];
            around(poisson(n("lam")), steps, Vec::new())
        }
        _ => return None,
    })
}

/// Runs a case on several seeds; `None` if it needs parts that do not exist.
pub(crate) fn measures_of(entry: &Entry, seeds: u64) -> Option<Measures> {
    let of_data = data::simulate(entry, seeds).or_else(|| machines::simulate(entry, seeds));
    let of_data = of_data.or_else(|| clocks::simulate(entry));
    of_data.or_else(|| system_of(entry).map(|system| simulate(&system, entry, seeds)))
}

fn simulate(system: &System, entry: &Entry, seeds: u64) -> Measures {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for seed in 1..=seeds {
        let mut simulation = Simulation::new(system, seed).expect("the case is a valid system");
        simulation.advance(REQUESTS, u64::MAX);
        // The first batches make up a tenth, as the references leave out.
        let period = simulation.period(simulation.batches_in(REQUESTS / 10));
        for (measure, value) in measures(&period, entry) {
            all.entry(measure).or_default().push(value);
        }
    }
    all.into_iter().map(|(measure, values)| (measure, summary(values))).collect()
}

fn measures(period: &Period, entry: &Entry) -> Vec<(String, f64)> {
    let secs = period.span.as_secs();
    let totals = &period.totals;
    let finished = totals.finished() as f64;
    let quantile = |q| period.latencies.quantile(q).map_or(f64::NAN, |nanos| nanos / 1e9);
    let response = period.latencies.mean().map_or(f64::NAN, |nanos| nanos / 1e9);
    let secs_of = |span: SimDuration| span.as_secs();
    // The station that the case is about: the first resource behind unlimited workers, else those.
    let behind = period.parts.len() > 1;
    let station = &period.parts[usize::from(behind)];
    let served = station.visits as f64;
    let asked = (station.visits + station.left + station.rejected) as f64;
    let mut found = vec![
        ("throughput", totals.of(Outcome::InTime) as f64 / secs),
        ("utilisation", secs_of(station.busy) / secs / f64::from(station.capacity)),
        ("util_app", secs_of(station.busy) / secs),
        ("util_gil", secs_of(station.busy) / secs),
        ("loss", totals.of(Outcome::Rejected) as f64 / finished),
        ("abandon", totals.of(Outcome::GaveUp) as f64 / finished),
        ("prob_wait", (station.waits + station.left) as f64 / asked),
        ("mean_wait", secs_of(station.waited) / served),
        ("mean_wait_all", secs_of(station.waited) / asked),
        ("mean_wait_accepted", secs_of(station.waited) / served),
        ("mean_queue", secs_of(station.waited) / secs),
        ("mean", response),
        ("mean_response", response),
        ("mean_page_response", response),
        ("mean_response_accepted", response),
        ("response_p50", quantile(0.5)),
        ("response_p95", quantile(0.95)),
        ("response_p99", quantile(0.99)),
        ("mean_running", totals.of(Outcome::InTime) as f64 / secs * response),
    ];
    // Little's law makes these from measured ones; with patience it would count the lost as well.
    if totals.of(Outcome::GaveUp) == 0 {
        found.push(("mean_in_system", totals.of(Outcome::InTime) as f64 / secs * response));
    }
    if let Some(second) = period.parts.get(2) {
        found.push(("util_db", secs_of(second.busy) / secs));
    }
    if entry.family == "tandem" {
        for (index, part) in period.parts[1..].iter().enumerate() {
            let spent = secs_of(part.waited) + secs_of(part.busy);
            let name = ["mean_response_stage1", "mean_response_stage2", "mean_response_stage3"];
            found.push((name[index], spent / part.visits as f64));
        }
    }
    found.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
