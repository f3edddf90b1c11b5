//! Builds the page again when its sources change.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use crate::run::{command, root, succeed};
use crate::serve::Served;

/// What the page is made of.
const SOURCES: [&str; 5] = ["src", "assets", "index.html", "Cargo.toml", "Cargo.lock"];
const PAUSE: Duration = Duration::from_millis(400);

/// Looks for changes for ever.
pub fn watch(served: &Served, path: &OsStr) {
    let mut built = state_of(&root());
    loop {
        std::thread::sleep(PAUSE);
        let mut now = state_of(&root());
        if now == built {
            continue;
        }
        // Editors write several files, and some of them twice.
        loop {
            std::thread::sleep(PAUSE);
            let later = state_of(&root());
            if later == now {
                break;
            }
            now = later;
        }
        built = now;
        println!("the sources changed, building");
        #[expect(clippy::disallowed_methods, reason = "tells how long a build took")]
        let begin = Instant::now();
        match rebuild(path) {
            Ok(folder) => {
                served.replace(folder);
                println!("built in {:.0} s; open pages reload", begin.elapsed().as_secs_f64());
            }
            Err(error) => println!("{error}\nstill serving the last build that worked"),
        }
    }
}

/// How many files there are, and when the last of them was changed.
fn state_of(root: &Path) -> (usize, Option<SystemTime>) {
    let mut places: Vec<PathBuf> = SOURCES.iter().map(|name| root.join(name)).collect();
    let (mut count, mut last) = (0, None);
    while let Some(place) = places.pop() {
        if let Ok(entries) = fs::read_dir(&place) {
            places.extend(entries.flatten().map(|entry| entry.path()));
        } else if let Ok(changed) = fs::metadata(&place).and_then(|file| file.modified()) {
            count += 1;
            last = last.max(Some(changed));
        }
    }
    (count, last)
}

/// Builds in a profile that takes seconds, beside `dist`, which stays as it was.
fn rebuild(path: &OsStr) -> Result<PathBuf, String> {
    let folder = root().join("target").join("watched");
    let mut trunk = command("trunk", &["build", "--offline", "--log", "warn"]);
    trunk.args(["--cargo-profile", "watch", "--no-sri", "true", "--public-url", "./", "--dist"]);
    succeed(trunk.arg(&folder).env("PATH", path).env_remove("NO_COLOR"))?;
    let mut finish = command("node", &["tests/e2e/finish-build.mjs"]);
    // The same policy as when deployed, without the table of sizes and its limit.
    succeed(finish.arg(&folder).arg(usize::MAX.to_string()).stdout(Stdio::null()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_changed_and_removed_files_are_seen() {
        let top = std::env::temp_dir().join(format!("kneepoint-watch-{}", std::process::id()));
        let folder = top.join("src").join("deep");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a.rs");
        let empty = state_of(&top);
        fs::write(&file, "1").unwrap();
        let written = state_of(&top);
        assert_ne!(empty, written);
        let later = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
        fs::File::options().append(true).open(&file).unwrap().set_modified(later).unwrap();
        let changed = state_of(&top);
        assert_ne!(changed, written);
        fs::write(top.join("elsewhere.rs"), "1").unwrap();
        assert_eq!(state_of(&top), changed, "only sources of the page count");
        fs::remove_file(file).unwrap();
        assert_eq!(state_of(&top), empty);
        fs::remove_dir_all(top).unwrap();
    }
}
