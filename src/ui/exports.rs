//! Functions for scripts: tests and benchmarks in Node and in browsers.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::analysis::run::run;
use crate::model::Simulation;
use crate::model::reference::{mm4, mm4_with_retries};
use crate::scenario::link::decode;

/// Runs what a link says; the digest of everything that happened, or what is wrong.
#[wasm_bindgen]
pub fn digest(link: &str) -> String {
    let link = decode(link).link;
    match run(&link.scenario, &link.settings) {
        Ok(report) => report.digest,
        Err(mistakes) => mistakes.to_string(),
    }
}

/// Runs a reference queue (`mm4` or `retries`) in short calls; the events it took.
#[wasm_bindgen]
pub fn bench_queue(kind: &str, requests: f64) -> f64 {
    let system = if kind == "mm4" { mm4() } else { mm4_with_retries() };
    let Ok(mut simulation) = Simulation::new(&system, 1) else { return 0.0 };
    while simulation.finished() < requests as u64 {
        simulation.advance(requests as u64, 50_000);
    }
    simulation.events_count() as f64
}
