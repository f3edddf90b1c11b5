//! Tools: pinned, installed once into a folder that survives, skipped when present.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{command, exists, output, place_of, root, succeed, visibly};

const TRUNK_VERSION: &str = "0.21.14";
/// Older ones lack the test runner with its report for machines.
const NODE_MAJOR_MIN: u32 = 20;

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
    if !exists("rustup") {
        return Err(format!(
            "the target {TARGET} is missing, and rustup, which could add it, is not on the path: \
             install rustup, or the target by the means that installed rustc"
        ));
    }
    visibly("rustup", &["target", "add", TARGET])
        .map_err(|error| format!("{error}. The page needs this target; is there a network?"))
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
    if answers(&bin.join(short), version) {
        return Ok(bin);
    }
    fs::create_dir_all(&folder).map_err(|error| {
        let folder = folder.display();
        format!("no tools can be kept in {folder} ({error}): name a folder in KNEEPOINT_CACHE")
    })?;
    println!("installing {name} {version}, once, into {}; takes minutes", folder.display());
    let mut install = command("cargo", &["install", &format!("{name}@{version}")]);
    // What is there is of an interrupted or damaged installation, or of another machine.
    install.args(["--force", "--root"]).arg(&folder).args(flags);
    // Kept when interrupted, so that the next attempt goes on from there.
    let build = cache()?.join("build");
    install.env("CARGO_TARGET_DIR", &build);
    install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_LTO", "false");
    install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    succeed(&mut install).map_err(|error| {
        format!(
            "{error}. {name} {version} could not be built, see above. Without a network, put a \
             ready one into {}",
            bin.display()
        )
    })?;
    if answers(&bin.join(short), version) {
        // A gigabyte that nothing needs any more; should it stay, it only takes room.
        let _ = fs::remove_dir_all(build);
        return Ok(bin);
    }
    Err(format!(
        "{} was installed, but does not say that it is {version}",
        bin.join(short).display()
    ))
}

/// Whether a tool is there, starts, and is of this version.
fn answers(tool: &Path, version: &str) -> bool {
    let said = output(&tool.to_string_lossy(), &["--version"]).unwrap_or_default();
    said.split_whitespace().any(|word| word == version)
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
    let said = output("node", &["--version"]).unwrap_or_default();
    let major = said.trim_start_matches('v').split('.').next().and_then(|text| text.parse().ok());
    if major.is_none_or(|major: u32| major < NODE_MAJOR_MIN) {
        let found = if said.is_empty() { "none" } else { said.trim() };
        return Err(format!("Node {NODE_MAJOR_MIN} or later is needed on the path; found {found}"));
    }
    let folder = root().join("tests/e2e");
    let modules = folder.join("node_modules");
    let read = |path: PathBuf| fs::read(path).unwrap_or_default();
    let lock = read(folder.join("package-lock.json"));
    // Written last, so that an interrupted installation starts again.
    let stamp = modules.join(".kneepoint-lock");
    if read(stamp.clone()) != lock {
        if !exists("npm") {
            return Err("npm is missing: it comes with Node, or as a package beside it".to_owned());
        }
        let mut install = command("npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
        succeed(install.current_dir(&folder)).map_err(|error| {
            format!("{error}. The page needs the Node packages of tests/e2e; is there a network?")
        })?;
        fs::write(stamp, lock)
            .map_err(|error| format!("cannot write into node_modules: {error}"))?;
    }
    Ok(modules)
}

/// The folder whose packages hold Lighthouse, of a version that runs on Node 20. It is large and
/// nothing else needs it, so it is no package of the tests.
pub fn lighthouse() -> Result<PathBuf, String> {
    const VERSION: &str = "12.8.2";
    let folder = cache()?.join("tools").join(format!("lighthouse-{VERSION}"));
    if !folder.join("node_modules/.bin/lighthouse").is_file() {
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        println!("installing Lighthouse {VERSION}, once, into {}", folder.display());
        let package = format!("lighthouse@{VERSION}");
        let flags = ["install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"];
        let mut install = command("npm", &flags);
        succeed(install.arg("--prefix").arg(&folder).arg(package))?;
    }
    Ok(folder)
}

/// The path of a Chromium, installed through the system's packages if it is missing.
pub fn browser() -> Result<String, String> {
    let known = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    system_tool("CHROMIUM", &known, "chromium")
}

/// The path of the driver that belongs to Chromium, installed like it.
pub fn driver() -> Result<String, String> {
    system_tool("CHROMEDRIVER", &["chromedriver", "chromium.chromedriver"], "chromium-driver")
}

/// The path of a program: as a variable says, else by one of its names, else from a package.
fn system_tool(variable: &str, names: &[&str], package: &str) -> Result<String, String> {
    if let Ok(named) = env::var(variable) {
        if PathBuf::from(&named).is_file() {
            return Ok(named);
        }
        return Err(format!("{variable} names {named}, which is no file"));
    }
    let find = || names.iter().find_map(|name| place_of(name));
    if let Some(path) = find() {
        return Ok(path);
    }
    let missing = format!("none of {} is on the path", names.join(", "));
    let advice = format!("install {package}, or name one in the variable {variable}");
    if !exists("apt-get") {
        return Err(format!("{missing}: {advice}"));
    }
    let as_root: &[&str] = match output("id", &["-u"]).as_deref().map(str::trim) {
        Some("0") => &[],
        _ if exists("sudo") => &["sudo"],
        _ => return Err(format!("{missing}, and installing it takes root: {advice}")),
    };
    println!("installing {package}");
    let run = |step: &[&str]| {
        let line = [as_root, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"], step];
        let line = line.concat();
        visibly(line[0], &line[1..])
    };
    // An old list of packages may do, and one broken source must not stop the others.
    if let Err(error) = run(&["update"]) {
        println!("{error}; going on with the packages known so far");
    }
    run(&["install", "-y", "--no-install-recommends", package])
        .map_err(|error| format!("{error}. {missing}: {advice}"))?;
    find().ok_or_else(|| format!("{package} was installed, but {missing}: {advice}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn half_installed_and_other_tools_do_not_count() {
        let folder = env::temp_dir().join(format!("kneepoint-setup-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let tool = folder.join("tool");
        assert!(!answers(&tool, "1.2.3"), "missing");
        fs::write(&tool, "").unwrap();
        assert!(!answers(&tool, "1.2.3"), "cannot be started");
        let executable = |text: &str| {
            fs::write(&tool, text).unwrap();
            fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        };
        executable("#!/bin/sh\necho tool 1.2.30\n");
        assert!(!answers(&tool, "1.2.3"), "another version");
        executable("#!/bin/sh\necho tool 1.2.3\nexit 1\n");
        assert!(!answers(&tool, "1.2.3"), "fails");
        executable("#!/bin/sh\necho tool 1.2.3\n");
        assert!(answers(&tool, "1.2.3"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_lock_names_the_version_of_the_bindings() {
        let version = locked_version("wasm-bindgen").unwrap();
        assert_eq!(version.split('.').count(), 3, "{version}");
        assert!(locked_version("no-such-package").is_err());
    }

    #[test]
    fn a_variable_that_names_no_file_is_an_error_that_says_so() {
        let error = system_tool("HOME", &["sh"], "none").unwrap_err();
        assert!(error.contains("HOME names"), "{error}");
    }
}
