//! Closed forms of queueing theory, computed from the same system that is simulated.

use crate::engine::Distribution;
use crate::engine::math::exp;
use crate::model::system::{Arrivals, Part, Step, System};
use crate::scenario::{Scenario, Settings, Theory};

use super::report::TheoryPoint;

/// The chance that an arrival at M/M/c has to wait, for an offered load of `load` servers and
/// `load < servers`.
///
/// Source: Erlang (1917), by the stable recurrence of Erlang B.
pub fn erlang_c(servers: u32, load: f64) -> f64 {
    let blocking = (1..=servers).fold(1.0, |b, n| load * b / (f64::from(n) + load * b));
    let utilisation = load / f64::from(servers);
    blocking / (1.0 - utilisation + utilisation * blocking)
}

/// Share of requests at M/M/c whose latency exceeds `t` seconds; rates per second.
///
/// Source: Gross and Harris, Fundamentals of Queueing Theory, section 2.3.
pub fn mmc_tail(servers: u32, arrivals: f64, service: f64, t: f64) -> f64 {
    let waiting = erlang_c(servers, arrivals / service);
    let spare = f64::from(servers) * service - arrivals;
    let served = exp(-service * t);
    if (spare - service).abs() < 1e-9 * service {
        return (1.0 + waiting * service * t) * served;
    }
    let queued = (spare * served - service * exp(-spare * t)) / (spare - service);
    (1.0 - waiting) * served + waiting * queued
}

/// The theory that a scenario names, at these settings; `None` where there is no steady state or
/// no closed form.
pub fn at(scenario: &Scenario, settings: &Settings, x: f64) -> Option<TheoryPoint> {
    let Theory::Queue { clients, service } = scenario.theory.as_ref()?;
    let system = scenario.system(settings).ok()?;
    let (gap, servers, work) = queue_of(&system, clients, service)?;
    let arrivals = 1.0 / gap.mean();
    let mean = work.mean();
    let load = arrivals * mean;
    if load >= f64::from(servers) || !matches!(gap, Distribution::Exponential { .. }) {
        return None;
    }
    let exponential = matches!(work, Distribution::Exponential { .. });
    let wait = if exponential {
        erlang_c(servers, load) / (f64::from(servers) / mean - arrivals)
    } else if servers == 1 {
        // Pollaczek and Khinchine.
        load * mean * (1.0 + work.scv()) / (2.0 * (1.0 - load))
    } else {
        return None;
    };
    let quantile = |q: f64| {
        exponential.then(|| 1e3 * solve(|t| mmc_tail(servers, arrivals, 1.0 / mean, t), 1.0 - q))
    };
    Some(TheoryPoint {
        x,
        mean_ms: 1e3 * (wait + mean),
        p50_ms: quantile(0.5),
        p95_ms: quantile(0.95),
        p99_ms: quantile(0.99),
    })
}

/// Gap of the clients, workers and work of a service that is a single queue.
fn queue_of(
    system: &System,
    clients: &str,
    service: &str,
) -> Option<(Distribution, u32, Distribution)> {
    let gap = system.parts.iter().find_map(|part| match part {
        Part::Clients(found) if found.id == clients => match &found.arrivals {
            Arrivals::Open { gap } => Some(gap.clone()),
            Arrivals::Closed { .. } | Arrivals::Cron { .. } => None,
        },
        _ => None,
    })?;
    system.parts.iter().find_map(|part| match part {
        Part::Service(found) if found.id == service && found.instances_count == 1 => {
            match found.endpoints.first()?.steps.as_slice() {
                [Step::Cpu(work)] => Some((gap.clone(), found.workers_count, work.clone())),
                _ => None,
            }
        }
        _ => None,
    })
}

/// Where a falling function reaches `value`, by bisection.
fn solve(falling: impl Fn(f64) -> f64, value: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e-3);
    while falling(high) > value && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if falling(middle) > value {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::math::ln;

    #[test]
    fn one_server_is_the_textbook_formula() {
        assert!((erlang_c(1, 0.8) - 0.8).abs() < 1e-12);
        let p99 = solve(|t| mmc_tail(1, 8.0, 10.0, t), 0.01);
        assert!((p99 - ln(100.0) / 2.0).abs() < 1e-9, "{p99}");
    }

    #[test]
    fn four_servers_are_the_published_values() {
        // M/M/4 with 16 arrivals and 5 services a second.
        assert!((erlang_c(4, 3.2) - 0.596_432_47).abs() < 1e-8);
        let p99 = solve(|t| mmc_tail(4, 16.0, 5.0, t), 0.01);
        assert!((p99 - 1.378_640_7).abs() < 1e-6, "{p99}");
    }
}
