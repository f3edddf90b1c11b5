//! Simulated systems against reference values: closed forms of queueing theory.
//!
//! The data is `tests/data/oracles.json`, and a larger collection of the same form where one lies
//! beside the repository. Each entry is turned into a system built from the public parts; families
//! whose parts do not exist yet are listed, never passed in silence.

mod oracle;
mod reference;

use std::collections::BTreeMap;

use oracle::Entry;

/// Independent runs of each case; their spread is our standard error.
const SEEDS: u64 = 4;

#[test]
fn every_supported_family_agrees_with_theory() {
    let entries = reference::entries("oracles.json");
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
            let Some((value, error)) = measures.get(&entry.measure) else {
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
    assert!(checked >= 150, "only {checked} values were checked");
}
