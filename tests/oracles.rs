//! Simulated systems against reference values: closed forms of queueing theory, and what independent
//! simulations of the same models found.
//!
//! The data is `tests/data/oracles.json`, and a larger collection of the same form where one lies
//! beside the repository. Each entry is turned into a system built from the public parts, by the
//! numbers of its case; what no system is made for is listed, never passed in silence.

mod oracle;
mod reference;

use std::collections::BTreeMap;

use oracle::Entry;

/// Independent runs of each case; their spread is our standard error.
const SEEDS: u64 = 4;

#[test]
fn systems_agree_with_theory() {
    agree(|entry| entry.parameters.get("H").is_none(), 550);
}

#[test]
fn systems_agree_with_independent_simulations() {
    agree(|entry| entry.parameters.get("H").is_some(), 240);
}

/// Compares all that is known about the entries that are meant; so many values at least.
#[expect(clippy::print_stdout, reason = "a test tells what it found")]
fn agree(is_meant: impl Fn(&Entry) -> bool, least: i32) {
    let mut entries = reference::entries("oracles.json");
    entries.retain(is_meant);
    let mut cases: BTreeMap<(&str, &str), Vec<&Entry>> = BTreeMap::new();
    for entry in &entries {
        // Each of these is about a caller of its own.
        let own = if entry.family == "backoff_delay" { entry.measure.as_str() } else { "" };
        cases.entry((entry.case.as_str(), own)).or_default().push(entry);
    }
    let mut unsupported: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut checked, mut wrong) = (0, Vec::new());
    for entries in cases.values() {
        let first = entries[0];
        let Some(measures) = oracle::measures_of(first, SEEDS) else {
            *unsupported.entry(first.family.as_str()).or_default() += entries.len();
            continue;
        };
        for entry in entries {
            // Some names end with the time that they are about.
            let stem = entry.measure.split("_in_").next().unwrap_or_default();
            let known = measures.get(&entry.measure).or_else(|| measures.get(stem));
            let Some((value, error)) = known else {
                *unsupported.entry(first.family.as_str()).or_default() += 1;
                continue;
            };
            checked += 1;
            // The reference allows for its own error; ours comes from our seeds. Five of both.
            let allowed = entry.allowed() + 5.0 * error;
            if (value - entry.expected).abs() > allowed {
                wrong.push(format!(
                    "{}: {value:.6}, expected {:.6} ± {allowed:.6}",
                    entry.id, entry.expected
                ));
            }
        }
    }
    println!("{checked} values checked; not supported yet: {unsupported:?}");
    assert!(wrong.is_empty(), "{} of {checked} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(checked >= least, "only {checked} values were checked");
}
