//! What no file of the repository may hold: names of places to download from, and notes to self.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Split, so that this file does not hold them either. Cargo's own lock has to name its source.
const HOSTS: [(&str, &str); 7] = [
    ("crates", ".io"),
    ("npm", "js"),
    ("py", "pi."),
    ("pythonho", "sted"),
    ("deb", "ian.org"),
    ("proxy.gol", "ang"),
    ("mirrors", "."),
];
/// Split likewise. What is left to do is done, or is in the tracker and not in the source.
const NOTES: [(&str, &str); 6] =
    [("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("HA", "CK"), ("issue", " #"), ("issue", "s/")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file but those that `.gitignore` names, and the repository's own.
fn files() -> Vec<PathBuf> {
    let ignore = fs::read_to_string(root().join(".gitignore")).expect("the list of ignored files");
    let mut ignored: BTreeSet<PathBuf> =
        ignore.lines().map(|line| root().join(line.trim().trim_start_matches('/'))).collect();
    ignored.insert(root().join(".git"));
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder is readable").flatten() {
            let path = entry.path();
            if ignored.contains(&path) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

/// Places of a text that hold one of the words.
fn places(path: &Path, text: &str, words: &[(&str, &str)]) -> Vec<String> {
    let is_cargo_lock = path.ends_with("Cargo.lock");
    let words: Vec<String> = words.iter().map(|(start, end)| format!("{start}{end}")).collect();
    let lines = text.lines().enumerate();
    let kept = lines.filter(|(_, line)| !(is_cargo_lock && line.starts_with("source = ")));
    kept.flat_map(|(index, line)| {
        let held = words.iter().filter(move |word| line.contains(word.as_str()));
        let path = path.strip_prefix(root()).unwrap_or(path).display();
        held.map(|word| format!("{path}:{}: {word}", index + 1)).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn no_file_names_a_place_to_download_from_or_holds_a_note_to_self() {
    let mut wrong = Vec::new();
    let mut texts = 0;
    for path in files() {
        // Pictures are no text.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        texts += 1;
        wrong.extend(places(&path, &text, &HOSTS));
        // Data and locks hold hashes, in which any letters may stand.
        if !path.ends_with("Cargo.lock") && !path.ends_with("package-lock.json") {
            wrong.extend(places(&path, &text, &NOTES));
        }
    }
    assert!(texts > 100, "only {texts} files were read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_words_are_found_where_they_stand() {
    let text = format!("fine\n// {}{}: later\n", NOTES[0].0, NOTES[0].1);
    assert_eq!(places(Path::new("a.rs"), &text, &NOTES).len(), 1);
    let host = format!("{}{}", HOSTS[0].0, HOSTS[0].1);
    let lock = format!("source = \"registry+https://{host}\"\nname = \"{host}\"\n");
    assert_eq!(places(Path::new("Cargo.lock"), &lock, &HOSTS), [format!("Cargo.lock:2: {host}")]);
    assert_eq!(places(Path::new("a.toml"), &lock, &HOSTS).len(), 2);
}

#[test]
fn locks_name_no_place_to_download_from() {
    let text = fs::read_to_string(root().join("tests/e2e/package-lock.json")).expect("the lock");
    assert!(text.contains("\"integrity\"") && !text.contains("\"resolved\""));
}
