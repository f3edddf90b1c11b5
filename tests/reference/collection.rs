//! Where reference values are read from.

use std::path::Path;

use serde_json::Value;

/// The entries of the larger collection, if it lies beside the repository, or of the file of this
/// name among the project's own data.
pub(crate) fn collection(own: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let larger = root.join("../shared/oracles/oracles_shared.json");
    let path = if larger.exists() { larger } else { root.join("tests/data").join(own) };
    let text = std::fs::read_to_string(path).expect("the reference data is readable");
    let mut data: Value = serde_json::from_str(&text).expect("the reference data is JSON");
    match data["entries"].take() {
        Value::Array(entries) => entries,
        other => panic!("the reference data has no entries but {other}"),
    }
}
