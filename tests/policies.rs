//! Policies against reference values: closed forms, and simulations written by others in Python.
//!
//! The data is `tests/data/policies.json`, and a larger collection of the same form where one lies
//! beside the repository. Each family has a small model here that holds nothing but the policy and
//! what the text of the family says around it; the numbers of a case come from the data alone.

mod policy;
mod reference;

use std::collections::BTreeMap;

use policy::{Case, Measures};

#[test]
fn every_policy_agrees_with_its_references() {
    let entries = reference::entries("policies.json");
    let mut cases: BTreeMap<&str, Vec<&reference::Entry>> = BTreeMap::new();
    for entry in &entries {
        cases.entry(entry.case.as_str()).or_default().push(entry);
    }
    let (mut checked, mut wrong) = (0, Vec::new());
    for (name, entries) in cases {
        let case = Case { family: &entries[0].family, parameters: &entries[0].parameters };
        let Some(measures): Option<Measures> = policy::simulate(&case) else { continue };
        for entry in entries {
            let Some(value) = measures.get(entry.measure.as_str()) else {
                wrong.push(format!("{name}: {} is not measured", entry.measure));
                continue;
            };
            checked += 1;
            let allowed = entry.allowed();
            if (value - entry.expected).abs() > allowed {
                let expected = entry.expected;
                let id = &entry.id;
                wrong.push(format!("{id}: {value:.6}, expected {expected:.6} ± {allowed:.6}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {checked} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(checked >= 250, "only {checked} values were checked");
}
