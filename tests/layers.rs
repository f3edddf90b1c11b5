//! The layers of the code, and the manners of its files.

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer may use itself and those before it.
const LAYERS: [&str; 7] = ["engine", "policy", "model", "scenario", "analysis", "chart", "session"];
/// These two use all layers, but not each other.
const FACES: [&str; 2] = ["ui", "cli"];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the source is readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn layers_use_only_those_before_them() {
    let mut wrong = Vec::new();
    let mut arrows = 0;
    for (index, layer) in LAYERS.iter().chain(&FACES).enumerate() {
        let own = source().join(layer);
        for file in rust_files(&own) {
            let text = fs::read_to_string(&file).expect("a source file is text");
            for used in text.split("crate::").skip(1) {
                let name: String = used.chars().take_while(|c| c.is_alphanumeric()).collect();
                let allowed = name == *layer
                    || LAYERS.iter().position(|other| *other == name).is_some_and(|at| at < index);
                arrows += 1;
                if !allowed && LAYERS.iter().chain(&FACES).any(|other| *other == name) {
                    wrong.push(format!("{}: {layer} uses {name}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(arrows > 50, "only {arrows} uses were found");
}

#[test]
fn every_file_says_what_it_is_and_has_a_readable_length() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["src", "xtask/src", "tests", "benches"] {
        for file in rust_files(&root.join(folder)) {
            let text = fs::read_to_string(&file).expect("a source file is text");
            let is_test_module = file.ends_with("tests.rs");
            assert!(text.starts_with("//!") || is_test_module, "{} has no //!", file.display());
            let lines = text.lines().count();
            assert!(lines <= 400, "{} has {lines} lines", file.display());
        }
    }
}
