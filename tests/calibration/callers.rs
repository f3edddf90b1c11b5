//! Limiters, stampedes and retry storms, as they were measured.

use kneepoint::engine::SimTime;
use kneepoint::model::Simulation;
use kneepoint::scenario::Settings;
use serde_json::{Value, json};

use super::curves::{self, Curve};
use super::{report, scenario};

pub(super) fn modelled(curve: &Curve, x: f64) -> Option<f64> {
    let (kind, rest) = curve.name.split_once('_')?;
    match kind {
        // Below the limit it is the arrivals that are measured, not the limiter.
        "limiter" => {
            (x >= 120.0).then(|| accepted(rest, json!({ "open": { "rate_per_s": x } })) / 6.0)
        }
        "burst" => {
            let all = json!({ "cron": { "period": "1h", "offset": "1s", "batch": { "size": x } } });
            Some(accepted(rest, all))
        }
        "stampede" => Some(match rest {
            "think_50ms" => duplicates(x, 50, &policy("none"), false),
            "think_500ms" => duplicates(x, 500, &policy("none"), false),
            "pg" => duplicates(x, 100, &policy("none"), true),
            _ => duplicates(x, 100, &policy(rest), false),
        }),
        _ => None,
    }
}

/// What nginx lets in of six seconds at 100 a second; it counts in whole milliseconds.
fn accepted(config: &str, arrivals: Value) -> f64 {
    let (burst, undelayed) = match config {
        "no_burst" => (0, 0),
        "burst20_nodelay" => (20, 20),
        "burst20_delay" => (20, 0),
        _ => (100, 100),
    };
    let limit = json!({ "leaky_bucket": {
        "rate_per_s": 100, "burst": burst, "undelayed": undelayed, "tick": "1ms" } });
    let parts = json!([
        { "kind": "clients", "id": "clients", "call": { "to": "nginx.page" }, "arrivals": arrivals },
        { "kind": "service", "id": "nginx", "workers": 1000, "admission": [limit],
          "endpoints": { "page": [{ "cpu": "0.1ms" }] } }
    ]);
    let scenario = scenario(parts, json!({ "time": "6s" }));
    let runs = 8;
    let mut all = 0.0;
    for seed in 1..=runs {
        let settings = Settings { seed: Some(seed), ..Settings::default() };
        let outcomes =
            kneepoint::analysis::run::run(&scenario, &settings).expect("it runs").outcomes;
        all += (outcomes.in_time + outcomes.in_flight) as f64;
    }
    all / runs as f64
}

fn policy(name: &str) -> Value {
    match name {
        "none" => json!({ "misses": "load" }),
        "lock" | "singleflight" => json!({ "misses": "wait" }),
        _ => json!({ "misses": "wait", "refresh": "revalidate", "grace": "1s" }),
    }
}

/// Loads each time that the one hot value has expired, by so many clients.
fn duplicates(clients: f64, think_ms: u32, policy: &Value, on_database: bool) -> f64 {
    let mut cache = json!({ "kind": "cache", "id": "cache", "keys": 1, "ttl": "2s",
        "round_trip": "0.2ms" });
    for (name, value) in policy.as_object().expect("settings of a cache") {
        cache[name] = value.clone();
    }
    let load = if on_database {
        json!([{ "call": { "to": "db.recompute" } }])
    } else {
        json!([{ "wait": "100ms" }])
    };
    let parts = json!([
        { "kind": "clients", "id": "clients", "call": { "to": "app.page" },
          "arrivals": { "closed": { "users": clients, "think": { "exponential": think_ms } } } },
        { "kind": "service", "id": "app", "workers": 1000,
          "endpoints": { "page": [{ "cached": { "cache": "cache", "load": load } }] } },
        { "kind": "service", "id": "db", "workers": 1000, "runs": { "on": "box" },
          "endpoints": { "recompute": [{ "cpu": "99ms" }] } },
        { "kind": "machine", "id": "box", "cores": 2 },
        cache
    ]);
    let scenario = scenario(parts, json!({ "time": "400s" }));
    let system = scenario.system(&Settings::default()).expect("it can be built");
    let mut simulation = Simulation::new(&system, 1).expect("it can be built");
    // An expiry begins with the first load after a second without one.
    let (mut expiries, mut last, mut before, mut first) = (0, 0, 0, 0);
    for tick in 1..=8_000_u64 {
        simulation.advance_until(SimTime::from_secs(tick as f64 * 0.05), u64::MAX);
        let counters = simulation.period(0).caches[0].counters;
        let loads = counters.loads + counters.refreshes;
        if loads > before {
            if tick > last + 20 {
                expiries += 1;
                first = if expiries == 1 { before } else { first };
            }
            (last, before) = (tick, loads);
        }
    }
    assert!(expiries > 50, "only {expiries} expiries");
    (before - first) as f64 / f64::from(expiries)
}

/// Parts of a retry storm: a server that stalls at 20 s.
fn storm(name: &str, stall_s: f64) -> Value {
    let mut call = json!({ "to": "server.page", "timeout": "1s" });
    if name != "a_none" {
        call["retries"] = json!(3);
    }
    let mut queue = json!({});
    match name {
        "c_backoff_jitter" | "d_budget10" => {
            call["backoff"] = json!({ "base": "100ms", "cap": "10s", "jitter": "full" });
        }
        "e_immediate_dropabandoned" => queue = json!({ "shed": { "expired": true } }),
        "f_immediate_maxq50" => queue = json!({ "capacity": 50 }),
        "g_breaker" => {
            call["breaker"] = json!({ "window": "5s", "calls_min": 20, "failures_share": 0.5,
                "open": "5s", "probes": 1 });
        }
        _ => {}
    }
    if name == "d_budget10" {
        call["budget"] = json!({ "bucket": { "tokens": 10, "ratio": 0.1 } });
    }
    json!([
        { "kind": "clients", "id": "clients", "call": call,
          "arrivals": { "open": { "rate_per_s": 80 } } },
        { "kind": "service", "id": "server", "queue": queue,
          "endpoints": { "page": [{ "cpu": "10ms" }] } },
        { "kind": "fault", "id": "stall", "part": "server", "from": "20s",
          "for": format!("{stall_s}s"), "effect": "stop" }
    ])
}

/// Goodput before, after and late, and attempts late, per second.
fn measures(name: &str, stall_s: f64, late: [f64; 2]) -> [f64; 4] {
    let policy = name.split("_stall").next().unwrap_or(name);
    let phase = |id: &str, from: f64, to: f64| json!({ "id": id, "from": format!("{from}s"), "to": format!("{to}s") });
    let phases =
        [phase("before", 5.0, 20.0), phase("after", 35.0, 60.0), phase("late", late[0], late[1])];
    let length = json!({ "time": format!("{}s", late[1]), "phases": phases });
    let report = report(storm(policy, stall_s), length);
    let of = |phase: &str| report.phases[phase].goodput_per_s;
    let last = &report.phases["late"];
    [of("before"), of("after"), of("late"), last.sent_per_s * last.amplification]
}

#[test]
fn storms_stay_or_pass_as_measured() {
    let mut wrong = Vec::new();
    for storm in curves::storms() {
        let name = storm["name"].as_str().expect("a storm has a name");
        let number = |field: &str| storm[field].as_f64().expect("a storm has its numbers");
        let late = [0, 1].map(|end| storm["late"][end].as_f64().expect("two ends"));
        let stall = number("stall_s");
        // The knee is between a stall of 1 s and one of 1.5 s; both ends may be 10 % off.
        let stall = match name {
            "b_immediate_stall1" => 0.9 * stall,
            "b_immediate_stall1.5" => 1.1 * stall,
            _ => stall,
        };
        let found = measures(name, stall, late);
        let fields = ["goodput_before", "goodput_after", "goodput_late", "attempts_late"];
        for (field, found) in fields.into_iter().zip(found) {
            let measured = number(field);
            let line = format!("{name}, {field}: {found:.1}, measured {measured:.1}");
            println!("{line}");
            // Near zero a few answers a second are none.
            if (found - measured).abs() > (0.15 * measured).max(3.0) {
                wrong.push(line);
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
