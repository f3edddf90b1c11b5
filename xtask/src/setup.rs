//! Tools: pinned, installed once into a folder that survives, skipped when present.

use std::env;
use std::fs;
use std::path::PathBuf;

use crate::run::{command, exists, output, root, succeed, visibly};

const TRUNK_VERSION: &str = "0.21.14";

/// Folders with the tools that build the page.
pub struct Tools {
    folders: Vec<PathBuf>,
}

impl Tools {
    /// The path with the tools before everything else.
    pub fn path(&self) -> std::ffi::OsString {
        let path = env::var_os("PATH").unwrap_or_default();
        let all = self.folders.iter().cloned().chain(env::split_paths(&path));
        env::join_paths(all).unwrap_or(path)
    }
}

/// Installs the wasm target, Trunk, wasm-bindgen and the Node packages if they are missing.
pub fn page_tools() -> Result<Tools, String> {
    wasm_target()?;
    let bindgen = locked_version("wasm-bindgen")?;
    let folders = vec![
        cargo_tool(
            "trunk",
            TRUNK_VERSION,
            &["--locked", "--no-default-features", "--features", "rustls"],
        )?,
        // Its own lock names a version that cannot always be had.
        cargo_tool("wasm-bindgen-cli", &bindgen, &[])?,
        node_packages()?.join(".bin"),
    ];
    Ok(Tools { folders })
}

fn wasm_target() -> Result<(), String> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let libraries = output("rustc", &["--print", "target-libdir", "--target", TARGET]);
    if libraries.is_some_and(|folder| PathBuf::from(folder.trim()).is_dir()) {
        return Ok(());
    }
    visibly("rustup", &["target", "add", TARGET])
        .map_err(|error| format!("{error}. The page needs the target {TARGET} of rustup."))
}

/// Where tools are kept between sessions and checkouts.
fn cache() -> Result<PathBuf, String> {
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    env::var_os("KNEEPOINT_CACHE")
        .map(PathBuf::from)
        .or_else(|| {
            env::var_os("XDG_CACHE_HOME").map(|folder| PathBuf::from(folder).join("kneepoint"))
        })
        .or_else(|| home().map(|folder| folder.join("kneepoint")))
        .ok_or_else(|| "set KNEEPOINT_CACHE to a folder for tools".to_owned())
}

/// Folder of an installed cargo tool. Built with few optimisations: a third of the time to build,
/// and no difference in use.
fn cargo_tool(name: &str, version: &str, flags: &[&str]) -> Result<PathBuf, String> {
    let short = name.trim_end_matches("-cli");
    let folder = cache()?.join("tools").join(format!("{short}-{version}"));
    let bin = folder.join("bin");
    if bin.join(short).is_file() {
        return Ok(bin);
    }
    println!("installing {name} {version}, once, into {}", folder.display());
    let mut install = command("cargo", &["install", &format!("{name}@{version}"), "--root"]);
    install.arg(&folder).args(flags);
    install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_LTO", "false");
    install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    succeed(&mut install)?;
    Ok(bin)
}

/// The version of a package in Cargo.lock.
fn locked_version(package: &str) -> Result<String, String> {
    let lock = fs::read_to_string(root().join("Cargo.lock"))
        .map_err(|error| format!("cannot read Cargo.lock: {error}"))?;
    let entry = format!("name = \"{package}\"\nversion = \"");
    lock.split_once(&entry)
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(version, _)| version.to_owned())
        .ok_or_else(|| format!("Cargo.lock has no package {package}"))
}

/// Folder of the Node packages, installed from their lock if they are missing or of old versions.
fn node_packages() -> Result<PathBuf, String> {
    let folder = root().join("tests/e2e");
    let modules = folder.join("node_modules");
    let read = |path: PathBuf| fs::read(path).unwrap_or_default();
    let lock = read(folder.join("package-lock.json"));
    let stamp = modules.join(".kneepoint-lock");
    if read(stamp.clone()) != lock {
        if !exists("npm") {
            return Err("npm is missing: install Node 20 or later".to_owned());
        }
        let mut install = command("npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
        succeed(install.current_dir(&folder))?;
        fs::write(stamp, lock)
            .map_err(|error| format!("cannot write into node_modules: {error}"))?;
    }
    Ok(modules)
}

/// The path of a Chromium, installed through Debian's packages if it is missing.
pub fn browser() -> Result<String, String> {
    let find = || {
        let known = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        let named = env::var("CHROMIUM").ok().filter(|path| PathBuf::from(path).is_file());
        named.or_else(|| {
            known.into_iter().find(|name| exists(name)).and_then(|name| output("which", &[name]))
        })
    };
    if let Some(path) = find() {
        return Ok(path.trim().to_owned());
    }
    if exists("apt-get") {
        let sudo: &[&str] = if exists("sudo") { &["sudo"] } else { &[] };
        for step in ["update", "install -y chromium chromium-driver"] {
            let line = [sudo, &["apt-get", "-qq"], &step.split(' ').collect::<Vec<_>>()].concat();
            visibly(line[0], &line[1..])?;
        }
    }
    find()
        .map(|path| path.trim().to_owned())
        .ok_or_else(|| "no Chromium: install it, or name one in the variable CHROMIUM".to_owned())
}
