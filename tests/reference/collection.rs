//! Where reference values are read from.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::shared::shared;

/// The entries of the file of this name among the project's own data, and those of the larger
/// collection that are not among them, if that lies beside the repository.
pub(crate) fn collection(own: &str) -> Vec<Value> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(own);
    let mut entries = read(&own);
    let larger = shared("oracles/oracles_shared.json");
    if larger.exists() {
        let known: BTreeSet<String> = entries.iter().map(|entry| entry["id"].to_string()).collect();
        entries.extend(
            read(&larger).into_iter().filter(|entry| !known.contains(&entry["id"].to_string())),
        );
    }
    entries
}

fn read(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("the reference data is readable");
    let mut data: Value = serde_json::from_str(&text).expect("the reference data is JSON");
    match data["entries"].take() {
        Value::Array(entries) => entries,
        other => panic!("the reference data has no entries but {other}"),
    }
}
