//! Where data lies that is shared with others.

use std::path::{Path, PathBuf};

/// A path beside the repository, unless `KNEEPOINT_SHARED` names another place.
pub(crate) fn shared(path: &str) -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    std::env::var_os("KNEEPOINT_SHARED").map_or_else(beside, PathBuf::from).join(path)
}
