//! Where reference values are read from.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Where data lies that is shared with others: beside the repository unless `KNEEPOINT_SHARED` says.
pub(crate) fn shared(path: &str) -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    std::env::var_os("KNEEPOINT_SHARED").map_or_else(beside, PathBuf::from).join(path)
}

/// The entries of the larger collection, if it lies beside the repository, or of the file of this
/// name among the project's own data.
pub(crate) fn collection(own: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let larger = shared("oracles/oracles_shared.json");
    let path = if larger.exists() { larger } else { root.join("tests/data").join(own) };
    let text = std::fs::read_to_string(path).expect("the reference data is readable");
    let mut data: Value = serde_json::from_str(&text).expect("the reference data is JSON");
    match data["entries"].take() {
        Value::Array(entries) => entries,
        other => panic!("the reference data has no entries but {other}"),
    }
}
