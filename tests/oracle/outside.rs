//! Families about what others decide: third parties with a quota, and jobs by the clock.

use std::collections::BTreeMap;

use kneepoint::engine::{Distribution, SimDuration, SimTime};
use kneepoint::model::system::{
    Arrivals, Ask, Clients, Machine, Part, Runtime, Service, Step, System, ThirdParty,
};
use kneepoint::model::third_party::{Outage, Outages, Quota, Settings};
use kneepoint::model::{Outcome, Period, Simulation};
use kneepoint::policy::admission::fixed_window;
use kneepoint::policy::arrivals;
use kneepoint::policy::arrivals::batch::Batch;
use kneepoint::policy::overlap::Overlap;
use serde_json::Value;

use super::{Entry, Measures, Queue, call, exponential, open, service, summary};

const SEEDS: u64 = 12;

/// The measures of a case; `None` if it is of another kind.
pub(super) fn simulate(entry: &Entry) -> Option<Measures> {
    let system = system_of(entry)?;
    let mut all: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for seed in 1..=SEEDS {
        let mut simulation = Simulation::new(&system, seed).expect("the case can be built");
        for (measure, value) in measures(&mut simulation, entry) {
            all.entry(measure).or_default().push(value);
        }
    }
    let summaries = all.into_iter();
    Some(summaries.map(|(measure, values)| (measure.to_owned(), summary(values))).collect())
}

fn secs(secs: f64) -> SimDuration {
    SimDuration::from_secs(secs)
}

fn system_of(entry: &Entry) -> Option<System> {
    let n = |name: &str| entry.number(name);
    match entry.family.as_str() {
        "third_party_limit" => {
            let window = secs(n("window"));
            let calls = fixed_window::Settings { limit: n("limit") as u32, window };
            let settings = Settings {
                latency: exponential(n("api_exp")),
                quota: Some(Quota { calls, refusal: secs(n("reject_latency")) }),
                outages: Outages::At(Vec::new()),
                outage: Outage::Hangs,
            };
            let party = "api".to_owned();
            let attempts_count = n("max_attempts") as u32;
            let jitter = Distribution::Uniform { low: 0.0, high: n("jitter") };
            let ask = Step::Ask(Ask { party: party.clone(), attempts_count, jitter });
            // The fixed part of the answer follows the part that varies.
            let steps = vec![ask, Step::Wait(Distribution::Constant(n("api_fixed")))];
            let service = service("s", n("workers") as u32, Queue::default(), steps);
            let party = Part::ThirdParty(ThirdParty { id: party, settings });
            Some(vec![open(n("lam"), "s"), service, party].into())
        }
        "cron_cpu" => {
            let on_machine = |name: &str, work| {
                let runtime = Runtime { on: Some("vm".to_owned()), ..Runtime::default() };
                let plain = service(name, 100_000, Queue::default(), vec![Step::Cpu(work)]);
                let Part::Service(plain) = plain else { unreachable!("a service is a service") };
                Part::Service(Service { runtime, ..plain })
            };
            let is_fixed = entry.parameters.get("cron_dist").and_then(Value::as_str) == Some("det");
            let mean = n("cron_cpu");
            let job = if is_fixed { Distribution::Constant(mean) } else { exponential(mean) };
            let skips = entry.parameters.get("skip_if_running").and_then(Value::as_bool);
            let overlap = if skips == Some(true) { Overlap::Forbid } else { Overlap::Allow };
            let (period, offset) = (secs(n("cron_period")), secs(n("cron_offset")));
            let source = arrivals::Settings::Cron { period, offset, jitter: SimDuration::ZERO };
            let cron = Part::Clients(Clients {
                id: "cron".to_owned(),
                arrivals: Arrivals::Timed { source, batch: Batch::One, overlap: Some(overlap) },
                call: call("jobs"),
                others: Vec::new(),
                priority: 0,
                users_count: 1,
                is_background: false,
            });
            let machine = Part::Machine(Machine {
                id: "vm".to_owned(),
                cores_count: n("cores") as u32,
                memory_bytes: None,
                restart: SimDuration::ZERO,
            });
            let web = on_machine("s", exponential(n("web_cpu")));
            Some(vec![open(n("lam"), "s"), web, on_machine("jobs", job), cron, machine].into())
        }
        _ => None,
    }
}

fn measures(simulation: &mut Simulation, entry: &Entry) -> Vec<(&'static str, f64)> {
    let time = |name: &str| SimTime::ZERO + secs(entry.number(name));
    simulation.advance_until(time("W"), u64::MAX);
    let before = simulation.period(0);
    simulation.advance_until(time("H"), u64::MAX);
    let all = simulation.period(0);
    let of = |value: &dyn Fn(&Period) -> f64| value(&all) - value(&before);
    let busy = |index: usize| of(&|period| period.parts[index].busy.as_secs());
    let span = of(&|period| period.span.as_secs());
    if entry.family == "cron_cpu" {
        let web = of(&|period| period.parts[0].visits as f64);
        return vec![
            ("cron_running_mean", busy(1) / span),
            ("cron_running_max", f64::from(all.crons[0].most)),
            ("web_mean", busy(0) / web),
        ];
    }
    let finished = of(&|period| period.totals.finished() as f64);
    let latencies = all.latencies.since(&before.latencies);
    let quantile = |q| latencies.quantile(q).map_or(f64::NAN, |nanos| nanos / 1e9);
    let capacity = f64::from(all.parts[0].capacity);
    vec![
        ("throughput", of(&|period| period.totals.right() as f64) / span),
        ("r429_per_job", of(&|period| period.third_parties[0].counters.refused as f64) / finished),
        ("fail_frac", of(&|period| period.totals.of(Outcome::Failed) as f64) / finished),
        ("worker_util", busy(0) / span / capacity),
        ("job_mean", latencies.mean().map_or(f64::NAN, |nanos| nanos / 1e9)),
        ("job_p50", quantile(0.5)),
        ("job_p95", quantile(0.95)),
        ("job_p99", quantile(0.99)),
    ]
}
