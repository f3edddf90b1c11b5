//! Reads reference entries, builds their systems, and measures them.

pub(crate) mod callers;
mod clocks;
mod data;
mod direct;
mod doors;
mod files;
mod machines;
mod measured;
mod outside;
mod pages;
pub(crate) mod retries;
mod rows;
mod stories;
mod traffic;

use std::collections::BTreeMap;

use kneepoint::engine::interval::{mean, variance};
use kneepoint::engine::{Distribution, SimTime};
use kneepoint::model::Simulation;
use kneepoint::model::system::{
    Admission, Arrivals, Call, Clients, Database, Endpoint, Lock, Part, Queue, Service, Step,
    System,
};
use kneepoint::policy::queue::Order;
use serde_json::Value;

pub(crate) use crate::reference::Entry;
use doors::{balanced, classes, first_of, limited};
use measured::measures;

/// Requests measured for each seed, after the first tenth is left out.
const REQUESTS: u64 = 200_000;

impl Entry {
    fn number(&self, name: &str) -> f64 {
        self.maybe(name).expect("a case names its parameters")
    }

    fn maybe(&self, name: &str) -> Option<f64> {
        self.parameters.get(name).and_then(Value::as_f64)
    }

    fn text(&self, name: &str) -> &str {
        self.parameters.get(name).and_then(Value::as_str).expect("a case names its parameters")
    }

    fn numbers(&self, name: &str) -> Vec<f64> {
        let list = self.parameters.get(name).and_then(Value::as_array);
        list.expect("a case names its lists").iter().filter_map(Value::as_f64).collect()
    }

    fn pair(&self, name: &str) -> [f64; 2] {
        self.numbers(name).try_into().expect("two ends of a stretch of time")
    }
}

/// What one run found.
type Found = Vec<(String, f64)>;

/// Mean and standard error of what independent runs of a system find.
fn averaged(system: &System, runs: u64, run: impl Fn(&mut Simulation) -> Found) -> Measures {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for seed in 1..=runs {
        let mut simulation = Simulation::new(system, seed).expect("the case is a valid system");
        for (measure, value) in run(&mut simulation) {
            all.entry(measure).or_default().push(value);
        }
    }
    let summaries = all.into_iter();
    summaries.map(|(measure, values)| (measure, summary(values))).collect()
}

fn at(secs: f64) -> SimTime {
    SimTime::from_secs(secs)
}

/// Each measure with its mean over seeds and the standard error of that.
pub(crate) type Measures = BTreeMap<String, (f64, f64)>;

/// Mean and standard error; a single run has none.
fn summary(values: Vec<f64>) -> (f64, f64) {
    let error = if values.len() > 1 { variance(&values) / values.len() as f64 } else { 0.0 };
    (mean(&values), error.sqrt())
}

/// Of mean zero it is no time at all.
fn exponential(mean: f64) -> Distribution {
    if mean > 0.0 { Distribution::Exponential { mean } } else { Distribution::Constant(0.0) }
}

fn call(service: &str) -> Call {
    Call::new(service, "work")
}

fn clients(arrivals: Arrivals, service: &str) -> Part {
    Part::Clients(Clients::new("clients", arrivals, call(service)))
}

fn open(rate: f64, service: &str) -> Part {
    clients(Arrivals::Open { gap: exponential(1.0 / rate) }, service)
}

fn service(id: &str, workers: u32, queue: Queue, steps: Vec<Step>) -> Part {
    let endpoints = vec![Endpoint { name: "work".to_owned(), steps, ..Endpoint::default() }];
    Part::Service(Service { queue, ..Service::new(id, workers, endpoints) })
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
    let waiting = |limit| Queue { wait_limit: Some(limit), ..Queue::default() };
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
            let bounded = Queue { capacity, ..Queue::default() };
            queue(entry, n("c") as u32, bounded, exponential(1.0 / n("mu")))
        }
        "erlang_b" => {
            let none = Queue { capacity: Some(0), ..Queue::default() };
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
        "mm1_lifo" => {
            let newest = Queue { order: Order::Lifo, ..unbounded() };
            queue(entry, 1, newest, exponential(1.0 / n("mu")))
        }
        "priority" => classes(entry),
        "lb_round_robin" | "lb_random" | "lb_jsq2" | "lb_p2c" => balanced(entry),
        "token_bucket_poisson"
        | "token_bucket_det"
        | "leaky_bucket_queue"
        | "fixed_window"
        | "sliding_log" => limited(entry),
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
        "gil_threads" => {
            let gil = Lock { id: "gil".to_owned(), capacity: 1, queue: unbounded() };
            let burst = vec![Step::Cpu(exponential(n("cpu")))];
            let held = Step::Lock { lock: gil.id.clone(), steps: burst };
            around(closed(n("threads"), n("io")), vec![held], vec![Part::Lock(gil)])
        }
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
        _ => return callers::system_of(entry).or_else(|| clocks::system_of(entry)),
    })
}

/// Families that ask for more of the waits than their mean.
fn waits_are_asked(entry: &Entry) -> bool {
    let by_waits = ["mm1", "mmc", "mm1_lifo", "mg1_det", "mg1_h2", "mg1_lognormal"];
    let by_patience = ["erlang_a", "queue_deadline", "sqlite_busy_timeout"];
    by_waits.iter().chain(&by_patience).any(|family| entry.family == *family)
}

/// Fewer requests where each of them is very many.
fn requests_of(entry: &Entry) -> u64 {
    let branches = entry.parameters.get("n").and_then(Value::as_f64).unwrap_or(1.0);
    if entry.family == "tail_at_scale" { (4e6 / branches) as u64 } else { REQUESTS }
}

/// Runs a case on several seeds; `None` if it needs parts that do not exist.
pub(crate) fn measures_of(entry: &Entry, seeds: u64) -> Option<Measures> {
    let told = direct::computed(entry).or_else(|| direct::overlapping(entry));
    let told = told.or_else(|| traffic::simulate(entry)).or_else(|| pages::simulate(entry));
    let told = told.or_else(|| rows::simulate(entry));
    if told.is_some() {
        return told;
    }
    if entry.family == "breaker_consecutive" {
        // How many calls it takes to open is seen where no time passes unseen.
        let opens = traffic::calls_to_open(
            &traffic::even(direct::breaking(entry), entry.number("p")),
            seeds,
        );
        let mut measures = simulate(&system_of(entry)?, entry, seeds);
        measures.extend(opens);
        return Some(measures);
    }
    let of_data = data::simulate(entry, seeds).or_else(|| machines::simulate(entry, seeds));
    let of_data = of_data.or_else(|| files::simulate(entry));
    let of_data = of_data.or_else(|| outside::simulate(entry)).or_else(|| retries::measured(entry));
    of_data.or_else(|| system_of(entry).map(|system| simulate(&system, entry, seeds)))
}

fn simulate(system: &System, entry: &Entry, seeds: u64) -> Measures {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for seed in 1..=seeds {
        let mut simulation = Simulation::new(system, seed).expect("the case is a valid system");
        if entry.family == "token_bucket_det" {
            for (measure, value) in first_of(&mut simulation, entry) {
                all.entry(measure.to_owned()).or_default().push(value);
            }
            continue;
        }
        if waits_are_asked(entry) {
            stories::keep(&mut simulation);
        }
        let requests = requests_of(entry);
        simulation.advance(requests, u64::MAX);
        // The first batches make up a tenth, as the references leave out.
        let period = simulation.period(simulation.batches_in(requests / 10));
        for (measure, value) in measures(&period, entry) {
            all.entry(measure).or_default().push(value);
        }
        if waits_are_asked(entry) {
            for (measure, value) in stories::of_waits(&simulation) {
                all.entry(measure).or_default().push(value);
            }
        }
    }
    all.into_iter().map(|(measure, values)| (measure, summary(values))).collect()
}
