//! Families about what others decide: third parties with a quota, and jobs by the clock.

use kneepoint::engine::{Distribution, SimDuration};
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

use super::stories::{Window, spread};
use super::traffic::stepped;
use super::{Entry, Found, Measures, Queue, averaged, call, exponential, open, service};

const SEEDS: u64 = 12;

/// The measures of a case; `None` if it is of another kind.
pub(super) fn simulate(entry: &Entry) -> Option<Measures> {
    let system = system_of(entry)?;
    Some(averaged(&system, SEEDS, |simulation| {
        if entry.family == "cron_cpu" {
            beside_jobs(simulation, entry)
        } else {
            asked(simulation, entry)
        }
    }))
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
            let arrivals = Arrivals::Timed { source, batch: Batch::One, overlap: Some(overlap) };
            let cron = Part::Clients(Clients::new("cron", arrivals, call("jobs")));
            let machine = Part::Machine(Machine {
                id: "vm".to_owned(),
                cores_count: n("cores") as u32,
                memory_bytes: None,
                restart: SimDuration::ZERO,
            });
            let web = on_machine("s", exponential(n("web_cpu")));
            // Nobody comes after the end; what is under way then ends without them.
            let users = stepped("users", "s", &[(0.0, n("lam")), (n("H"), 0.0)]);
            Some(vec![users, web, on_machine("jobs", job), cron, machine].into())
        }
        _ => None,
    }
}

/// Pages beside a job by the clock on the same cores.
fn beside_jobs(simulation: &mut Simulation, entry: &Entry) -> Found {
    let window = Window::of(simulation, entry, 3_600.0);
    let of = |clients| window.stories.latencies(|request| request.clients == clients);
    let jobs = of(1);
    // Instants of the clock in the window.
    let [from, to, period, offset] =
        ["W", "H", "cron_period", "cron_offset"].map(|name| entry.number(name));
    let instants = ((to - offset) / period).ceil() - ((from - offset) / period).ceil().max(0.0);
    let mut found = spread("web", of(0));
    found.extend([
        ("cron_skip_frac".to_owned(), 1.0 - jobs.len() as f64 / instants),
        ("cron_running_mean".to_owned(), window.running(1)),
        ("cron_running_max".to_owned(), f64::from(window.all.crons[0].most)),
    ]);
    found.extend(spread("cron_duration", jobs));
    found
}

/// Workers who ask a third party.
fn asked(simulation: &mut Simulation, entry: &Entry) -> Found {
    let window = Window::of(simulation, entry, 600.0);
    let finished = window.since(|period| period.totals.finished() as f64);
    let rate = |value: fn(&Period) -> f64| window.since(value);
    let refused = rate(|period| period.third_parties[0].counters.refused as f64);
    let mut found = spread("job", window.stories.latencies(|_| true));
    found.extend([
        ("throughput".to_owned(), rate(|period| period.totals.right() as f64) / window.secs()),
        ("r429_per_job".to_owned(), refused / finished),
        ("fail_frac".to_owned(), window.share(Outcome::Failed)),
        ("worker_util".to_owned(), window.busy(0)),
    ]);
    found
}
