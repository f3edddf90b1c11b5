//! What tests of documents share.

use kneepoint::analysis::report::RunReport;
use kneepoint::analysis::run::run;
use kneepoint::scenario::{Scenario, Settings};
use serde_json::Value;

/// A document that must be valid.
pub(crate) fn scenario(document: &Value) -> Scenario {
    Scenario::parse(&document.to_string()).unwrap_or_else(|error| panic!("{error}"))
}

/// What a run of it at the values it names measures.
pub(crate) fn report(document: &Value) -> RunReport {
    run(&scenario(document), &Settings::default()).expect("a valid setting")
}
