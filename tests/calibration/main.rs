//! Scenario documents against curves measured on real systems: within 15 % of latency and throughput
//! away from the knee, and the knee itself within 10 %.
//!
//! `tests/data/calibration.json` says what was measured on what; where the measurements themselves lie
//! beside the repository, it is checked to be what they say.

mod callers;
mod curves;
mod data;
#[path = "../reference/shared.rs"]
mod shared;

use std::collections::BTreeSet;

use curves::Curve;
use kneepoint::analysis::report::RunReport;
use kneepoint::analysis::run::run;
use kneepoint::scenario::{Scenario, Settings};
use serde_json::{Value, json};

/// Curves that are no measure of a model, and why.
const SKIPPED: [(&str, &str); 5] = [
    ("in_list", "the planner of the model knows equality and ranges, and no lists of keys"),
    ("sqlite_delete_full", "the time of its disk to confirm a write, which others used as well"),
    ("sqlite_wal_full", "the time of its disk to confirm a write, which others used as well"),
    ("sqlite_wal_normal", "writes were faster with more writers: others left the cores meanwhile"),
    (
        "join",
        "the plan changed between 50 and 100 rows to a hash of a table whose size is not known",
    ),
];
/// Points of a curve that are left out, and why.
const LEFT_OUT: [(&str, f64, &str); 5] = [
    ("n_plus_1", 1.0, "its three repetitions differ by two thirds"),
    ("offset", 100.0, "its three repetitions differ by a quarter"),
    ("spread_rows", 32.0, "others used half of both cores, and the rest was full: the knee"),
    ("offset", 50_000.0, "a row cost a quarter more than at 100,000: rows just left the cache"),
    ("keyset", 0.0, "the first that was measured, as slow as 20 more rows"),
];
/// Most difference away from the knee.
const DIFFERENCE: f64 = 0.15;

/// Runs a document made of these parts.
pub(crate) fn report(parts: Value, length: Value) -> RunReport {
    run(&scenario(parts, length), &Settings::default()).expect("its settings are its own")
}

pub(crate) fn scenario(parts: Value, length: Value) -> Scenario {
    let document = json!({
        "format": 1, "id": "measured", "title": "Is it true?", "group": "data",
        "summary": "As it was measured.", "seed": 1, "run": length,
        "objective": { "p99_ms": 1000, "error_share": 0.01 },
        "knobs": [{ "id": "unused", "label": "-", "about": "-", "min": 1, "max": 2, "default": 1 }],
        "parts": parts
    });
    Scenario::parse(&document.to_string()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// What the model finds at a point of a curve; `None` for curves that are looked at elsewhere.
fn modelled(curve: &Curve, x: f64) -> Option<f64> {
    data::modelled(curve, x).or_else(|| callers::modelled(curve, x))
}

#[test]
fn curves_are_reproduced() {
    let (mut compared, mut wrong) = (0, Vec::new());
    let mut seen = BTreeSet::new();
    for curve in curves::all() {
        if let Some((name, why)) = SKIPPED.iter().find(|(name, _)| *name == curve.name) {
            println!("{name} is not compared: {why}");
            continue;
        }
        seen.insert(curve.name.clone());
        for (x, measured) in curve.points.iter().copied() {
            let is_it =
                |(name, at, _): &&(&str, f64, &str)| *name == curve.name && (at - x).abs() < 1e-9;
            if let Some((name, _, why)) = LEFT_OUT.iter().find(is_it) {
                println!("{name} at {x} is not compared: {why}");
                continue;
            }
            let Some(found) = modelled(&curve, x) else { continue };
            compared += 1;
            // Counts of a handful are counted in whole ones. Shares are those among the 400 attempts of
            // a measurement: two standard errors of the number that is expected.
            let slack = match curve.unit.as_str() {
                "loads" => 1.0,
                "share" => 2.0 * (found / 400.0).sqrt(),
                _ => 0.0,
            };
            let line = format!("{} at {x}: {found:.4}, measured {measured:.4}", curve.name);
            println!("{line}");
            if (found - measured).abs() > (DIFFERENCE * measured).max(slack) {
                wrong.push(line);
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 100, "only {compared} points were compared, of {seen:?}");
}

/// Where all connections are busy: the most throughput times the latency of one client.
#[test]
fn the_knee_of_a_pool_is_where_it_was_measured() {
    for hold in ["10ms", "50ms"] {
        let of = |what: &str| curves::named(&format!("pool_{hold}_{what}"));
        let (throughput, latency) = (of("throughput"), of("latency"));
        let knee = |rates: &[f64], alone_ms: f64| {
            rates.iter().copied().fold(0.0, f64::max) * alone_ms / 1e3
        };
        let measured: Vec<f64> = throughput.points.iter().map(|point| point.1).collect();
        let found: Vec<f64> = throughput
            .points
            .iter()
            .map(|(x, _)| modelled(&throughput, *x).expect("the pool is modelled"))
            .collect();
        let alone = modelled(&latency, 1.0).expect("the pool is modelled");
        let (found, measured) = (knee(&found, alone), knee(&measured, latency.points[0].1));
        println!("pool of {hold}: knee at {found:.2} clients, measured {measured:.2}");
        assert!((found / measured - 1.0).abs() < 0.1, "{hold}: {found} and {measured}");
    }
}

#[test]
fn the_copy_is_what_was_measured() {
    let Some(checked) = curves::compare_with_measurements() else { return };
    println!("{checked} points are those of the measurements");
    assert!(checked > 100, "only {checked} points were found among the measurements");
}
