//! Makes `dist/`: static files that work from any folder of any web server.

use std::fs;
use std::path::Path;

use crate::run::{command, root, succeed};
use crate::setup::Tools;

/// Most that a visitor may have to download, compressed: wasm, scripts and styles. The aim is
/// 180 000; this keeps it from growing on the way there.
const DOWNLOAD_MAX: usize = 560_000;

/// Builds the page.
pub fn build(tools: &Tools) -> Result<(), String> {
    // Browsers ignore integrity on preloads, and say so on the console; everything is of one origin.
    let flags = ["--cargo-profile", "page", "--no-sri", "true", "--public-url", "./"];
    let mut trunk = command("trunk", &["build", "--release", "--offline"]);
    trunk.args(flags);
    trunk.env("PATH", tools.path()).env_remove("NO_COLOR");
    succeed(&mut trunk)?;
    let dist = root().join("dist");
    let mut finish = command("node", &["tests/e2e/finish-build.mjs"]);
    finish.arg(&dist).arg(DOWNLOAD_MAX.to_string());
    succeed(&mut finish)?;
    check_index(&dist)
}

/// The page must not depend on the folder it is served from.
fn check_index(dist: &Path) -> Result<(), String> {
    let index = fs::read_to_string(dist.join("index.html"))
        .map_err(|error| format!("dist/index.html is missing: {error}"))?;
    for wrong in ["href=\"/", "src=\"/", "from '/"] {
        if index.contains(wrong) {
            return Err(format!("dist/index.html contains {wrong}..: it works only at the top"));
        }
    }
    Ok(())
}
