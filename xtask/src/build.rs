//! Makes `dist/`: static files that work from any folder of any web server.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::run::{command, root, succeed};
use crate::setup::Tools;

/// Most that a visitor may have to download, compressed: wasm, scripts and styles. The aim is
/// 180 000; this keeps it from growing on the way there.
const DOWNLOAD_MAX: usize = 561_000;

/// Builds the page.
pub fn build(tools: &Tools) -> Result<(), String> {
    // Browsers ignore integrity on preloads, and say so on the console; everything is of one origin.
    let flags = ["--cargo-profile", "page", "--no-sri", "true", "--public-url", "./"];
    let mut trunk = command("trunk", &["build", "--release", "--offline"]);
    trunk.args(flags);
    trunk.env("PATH", tools.path()).env_remove("NO_COLOR");
    trunk.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", shortened_paths());
    succeed(&mut trunk)?;
    let dist = root().join("dist");
    let mut finish = command("node", &["tests/e2e/finish-build.mjs"]);
    finish.arg(&dist).arg(DOWNLOAD_MAX.to_string());
    succeed(&mut finish)?;
    check_index(&dist)
}

/// Flags that leave out of the page in which folder of this machine packages lie: the same sources give
/// the same page anywhere.
fn shortened_paths() -> String {
    let beside_home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cargo"));
    let cargo = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(beside_home);
    let folders = cargo.and_then(|cargo| fs::read_dir(cargo.join("registry/src")).ok());
    let paths = folders.into_iter().flatten().flatten().map(|folder| folder.path());
    // Flags are told apart by the spaces between them.
    let paths = paths.filter_map(|path| path.to_str().map(str::to_owned));
    let mut flags: Vec<_> = paths
        .filter(|path| !path.contains(char::is_whitespace))
        .map(|path| format!("--remap-path-prefix={path}/="))
        .collect();
    flags.sort();
    flags.join(" ")
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
