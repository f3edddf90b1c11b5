//! Cases with a clock in them: batches, crons, and a callee that is down at set times.

use kneepoint::engine::{Distribution, SimDuration, SimTime};
use kneepoint::model::system::{Arrivals, Call, Clients, Effect, Fault, Part, Queue, Step, System};
use kneepoint::model::{Outcome, Simulation};
use kneepoint::policy::arrivals::Settings;
use kneepoint::policy::arrivals::batch::Batch;
use kneepoint::policy::breaker::{self, Probing};

use super::callers::sent;
use super::stories::{Request, Stories, Window, keep, spread};
use super::{Entry, call, exponential, open, service};

/// Workers enough for everyone.
const ENOUGH: u32 = 100_000;

/// The system of a case; `None` for any other.
pub(crate) fn system_of(entry: &Entry) -> Option<System> {
    let n = |name: &str| entry.number(name);
    let secs = |name: &str| SimDuration::from_secs(n(name));
    let cron =
        |period| Settings::Cron { period, offset: SimDuration::ZERO, jitter: SimDuration::ZERO };
    let work = |time| vec![Step::Cpu(time)];
    Some(match entry.family.as_str() {
        "cron_overlap" => {
            let jobs = service("s", ENOUGH, Queue::default(), work(exponential(n("D"))));
            vec![timed(cron(secs("P")), Batch::One), jobs].into()
        }
        "herd_det" => {
            let all = Batch::Constant(n("n") as u32);
            let servers = n("c") as u32;
            let each = work(Distribution::Constant(n("D")));
            let hour = SimDuration::from_secs(3_600.0);
            vec![timed(cron(hour), all), service("s", servers, Queue::default(), each)].into()
        }
        "fluid_overload" => {
            let first = SimDuration::ZERO;
            let source = Settings::Constant { rate_per_sec: n("lam"), first };
            let each = work(Distribution::Constant(1.0 / n("mu")));
            vec![timed(source, Batch::One), service("s", 1, Queue::default(), each)].into()
        }
        "batch_levelling" => {
            let batch = timed(cron(secs("period")), Batch::Constant(n("batch") as u32));
            let workers = n("workers") as u32;
            let each = work(exponential(n("service")));
            let jobs = service("s", workers, Queue::default(), each);
            vec![jobs, batch, open(n("lam"), "s")].into()
        }
        "circuit_breaker" => unreliable(entry),
        _ => return None,
    })
}

fn timed(source: Settings, batch: Batch) -> Part {
    let arrivals = Arrivals::Timed { source, batch, overlap: None };
    Part::Clients(Clients::new("timed", arrivals, call("s")))
}

/// Workers that call something which is down for the last part of each period.
fn unreliable(entry: &Entry) -> System {
    let n = |name: &str| entry.number(name);
    let mut dependency = Call {
        timeout: Some(SimDuration::from_secs(n("timeout"))),
        cancels: true,
        ..call("dependency")
    };
    if entry.parameters["breaker"] == true {
        let window = n("window") as u32;
        dependency.guard.breaker = Some(breaker::Settings {
            window: breaker::Window::Calls(window),
            calls_min: window,
            failures_share: n("fail_threshold") / n("window"),
            slow_share: 2.0,
            open_wait: SimDuration::from_secs(n("open_s")),
            probes_count: n("half_open_probes") as u32,
            probing: Probing::AllSucceed,
            ..breaker::Settings::default()
        });
    }
    let queue = Queue { capacity: Some(n("queue") as u32), ..Queue::default() };
    let answers = vec![Step::Wait(exponential(n("latency")))];
    let mut parts = vec![
        service("s", n("workers") as u32, queue, vec![Step::Call(dependency)]),
        service("dependency", ENOUGH, Queue::default(), answers),
    ];
    let mut end = n("period");
    while end <= n("H") {
        parts.push(Part::Fault(Fault {
            id: format!("down{end}"),
            part: "dependency".to_owned(),
            instance: None,
            peer: None,
            from: SimTime::from_secs(end - n("outage")),
            until: SimTime::from_secs(end),
            // What begins now ends long after its timeout.
            effect: Effect::Slow { factor: 1e9 },
        }));
        end += n("period");
    }
    sent(n("lam"), call("s"), parts)
}

/// What one run of a case measures in which time passes by the clock; `None` for any other.
pub(crate) fn replication(
    entry: &Entry,
    simulation: &mut Simulation,
) -> Option<Vec<(String, f64)>> {
    let found = match entry.family.as_str() {
        "herd_det" => {
            keep(simulation);
            simulation.advance(entry.number("n") as u64, u64::MAX);
            let told = Stories::of(simulation).latencies(|_| true);
            let latencies = simulation.period(0).latencies;
            let longest = latencies.max().map_or(f64::NAN, |nanos| nanos as f64 / 1e9);
            vec![
                ("mean_response", latencies.mean().unwrap_or(f64::NAN) / 1e9),
                ("max_response", longest),
                ("min_response", told.into_iter().fold(f64::INFINITY, f64::min)),
            ]
        }
        "fluid_overload" => {
            let (rate, span) = (entry.number("lam"), entry.number("T"));
            keep(simulation);
            simulation.advance((rate * span - 1e-9).ceil() as u64, u64::MAX);
            let latencies = simulation.period(0).latencies;
            let longest = latencies.max().map_or(f64::NAN, |nanos| nanos as f64 / 1e9);
            let each = 1.0 / entry.number("mu");
            let told = Stories::of(simulation).requests;
            let last = told.last().expect("many have ended");
            let (first, sent) = (&told[0], last.sent.since(told[0].sent).as_secs());
            vec![
                ("backlog_cleared_at", last.ended.since(SimTime::ZERO).as_secs()),
                ("waiting_ratio_slope", (last.latency() - first.latency()) / sent),
                ("mean_wait", latencies.mean().unwrap_or(f64::NAN) / 1e9 - each),
                ("wait_last", longest - each),
            ]
        }
        "batch_levelling" => {
            let window = Window::of(simulation, entry, 10.0 * entry.number("period"));
            let longest = window.all.parts[0].queue_max as f64 + entry.number("workers");
            let of = |clients| window.stories.latencies(|request| request.clients == clients);
            let mut found = spread("batch_job", of(0));
            found.extend(spread("poisson_job", of(1)));
            found.push(("pool_util".to_owned(), window.busy(0)));
            found.push(("max_in_system".to_owned(), longest));
            return Some(found);
        }
        "circuit_breaker" => outages(entry, simulation),
        _ => return None,
    };
    Some(found.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn outages(entry: &Entry, simulation: &mut Simulation) -> Vec<(&'static str, f64)> {
    let [from, to, period, outage] = ["W", "H", "period", "outage"].map(|name| entry.number(name));
    keep(simulation);
    simulation.advance_until(SimTime::from_secs(from), u64::MAX);
    let before = simulation.period(0);
    let mut calls_while_down = 0;
    let mut end = from + period;
    while end <= to {
        simulation.advance_until(SimTime::from_secs(end - outage), u64::MAX);
        let visits = simulation.period(0).parts[1].visits;
        simulation.advance_until(SimTime::from_secs(end), u64::MAX);
        calls_while_down += simulation.period(0).parts[1].visits - visits;
        end += period;
    }
    let after = simulation.period(0);
    let totals = after.totals.since(&before.totals);
    let share = |outcome| totals.of(outcome) as f64 / totals.finished() as f64;
    let busy = after.parts[0].busy.as_secs() - before.parts[0].busy.as_secs();
    let latencies = after.latencies.since(&before.latencies);
    let quantile = |q| latencies.quantile(q).unwrap_or(f64::NAN) / 1e9;
    simulation.advance_until(SimTime::from_secs(to + period), u64::MAX);
    let told = Stories::of(simulation).sent_in(from, to);
    let all = spread("", told.requests.iter().map(Request::latency).collect());
    let of = |name: &str| all.iter().find(|(known, _)| known == name).map_or(f64::NAN, |(_, v)| *v);
    vec![
        ("latency_all_mean", of("_mean")),
        ("latency_all_p50", of("_p50")),
        ("latency_all_p95", of("_p95")),
        ("latency_all_p99", of("_p99")),
        ("success_frac", share(Outcome::InTime)),
        ("breaker_reject_frac", share(Outcome::Shed)),
        ("timeout_frac", share(Outcome::TimedOut)),
        ("queue_reject_frac", share(Outcome::Rejected)),
        ("calls_during_outage_per_s", calls_while_down as f64 / (to - from)),
        ("worker_util", busy / (to - from) / entry.number("workers")),
        ("latency_success_mean", latencies.mean().unwrap_or(f64::NAN) / 1e9),
        ("latency_success_p50", quantile(0.5)),
        ("latency_success_p95", quantile(0.95)),
        ("latency_success_p99", quantile(0.99)),
    ]
}
