//! Families about machines: processor sharing and interpreter locks.

use std::collections::BTreeMap;

use kneepoint::engine::{Distribution, SimDuration, SimTime};
use kneepoint::model::system::{Machine, Part, Runtime, Service, Step, System};
use kneepoint::model::{Period, Simulation};
use serde_json::Value;

use super::{Entry, Measures, Queue, REQUESTS, exponential, open, service, summary};

/// Runs of entries that give a horizon.
const SHORT_SEEDS: u64 = 12;

/// The measures of a case; `None` if it is of another kind.
pub(super) fn simulate(entry: &Entry, seeds: u64) -> Option<Measures> {
    let systems = systems_of(entry)?;
    let is_short = entry.parameters.get("H").is_some();
    let mut all: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for system in &systems {
        for seed in 1..=if is_short { SHORT_SEEDS } else { seeds } {
            let mut simulation = Simulation::new(system, seed).expect("the case can be built");
            for (measure, value) in measures(&mut simulation, entry) {
                all.entry(measure).or_default().push(value);
            }
        }
    }
    let summaries = all.into_iter();
    Some(summaries.map(|(measure, values)| (measure.to_owned(), summary(values))).collect())
}

fn systems_of(entry: &Entry) -> Option<Vec<System>> {
    let n = |name: &str| entry.number(name);
    match entry.family.as_str() {
        "ps_insensitive" | "ps_cores" => {
            let cores = entry.parameters.get("cores").and_then(Value::as_u64).unwrap_or(1) as u32;
            let mean = n("mean_service");
            let works = [
                exponential(mean),
                Distribution::Constant(mean),
                Distribution::Hyperexponential { mean, scv: 4.0 },
            ];
            let system = |work| {
                let runtime = Runtime { on: Some("vm".to_owned()), ..Runtime::default() };
                system(n("lam"), 100_000, vec![Step::Cpu(work)], cores, runtime)
            };
            Some(works.map(system).into())
        }
        "gil_open" => {
            let switch = entry.parameters.get("switch").and_then(Value::as_f64);
            let runtime = Runtime {
                on: Some("vm".to_owned()),
                locked_share: Some(1.0),
                switch: switch.map(SimDuration::from_secs),
                ..Runtime::default()
            };
            let cpu = || Step::Cpu(exponential(n("cpu")));
            let steps = vec![cpu(), Step::Wait(exponential(n("io"))), cpu()];
            Some(vec![system(n("lam"), n("threads") as u32, steps, 64, runtime)])
        }
        _ => None,
    }
}

fn system(rate: f64, workers: u32, steps: Vec<Step>, cores: u32, runtime: Runtime) -> System {
    let machine = Machine {
        id: "vm".to_owned(),
        cores_count: cores,
        memory_bytes: None,
        restart: SimDuration::ZERO,
    };
    let Part::Service(plain) = service("s", workers, Queue::default(), steps) else {
        unreachable!("a service is a service")
    };
    let service = Part::Service(Service { runtime, ..plain });
    vec![open(rate, "s"), service, Part::Machine(machine)].into()
}

fn measures(simulation: &mut Simulation, entry: &Entry) -> Vec<(&'static str, f64)> {
    let at = |name: &str| entry.parameters.get(name).and_then(Value::as_f64);
    let (before, all) = if let (Some(from), Some(to)) = (at("W"), at("H")) {
        let time = |secs| SimTime::ZERO + SimDuration::from_secs(secs);
        simulation.advance_until(time(from), u64::MAX);
        let before = simulation.period(0);
        simulation.advance_until(time(to), u64::MAX);
        (Some(before), simulation.period(0))
    } else {
        simulation.advance(REQUESTS, u64::MAX);
        (None, simulation.period(simulation.batches_in(REQUESTS / 10)))
    };
    let of = |value: &dyn Fn(&Period) -> f64| value(&all) - before.as_ref().map_or(0.0, value);
    let busy = |index: usize| of(&|period| period.parts[index].busy.as_secs());
    let span = of(&|period| period.span.as_secs());
    let finished = of(&|period| period.totals.right() as f64);
    let latencies = before
        .as_ref()
        .map_or_else(|| all.latencies.clone(), |before| all.latencies.since(&before.latencies));
    let mean = latencies.mean().map_or(f64::NAN, |nanos| nanos / 1e9);
    let quantile = |q| latencies.quantile(q).map_or(f64::NAN, |nanos| nanos / 1e9);
    let capacity = |index: usize| f64::from(all.parts[index].capacity);
    let mut found = vec![
        ("throughput", finished / span),
        ("utilisation", busy(1) / span / capacity(1)),
        ("gil_util", busy(1) / span),
        ("thread_util", busy(0) / span / capacity(0)),
        ("mean_response", mean),
        ("mean_in_system", finished / span * mean),
        ("response_mean", mean),
        ("response_p50", quantile(0.5)),
        ("response_p95", quantile(0.95)),
        ("response_p99", quantile(0.99)),
    ];
    if let Some(service) = at("mean_service") {
        found.push(("mean_slowdown", mean / service));
    }
    found
}
