//! Measures the engine beside hand-written loops, then wasm and the page, all in one run.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::build::build;
use crate::run::{command, exists, root, succeed, visibly};
use crate::setup;

/// The machine is shared, so the contestants take turns, and each is judged by its best round.
const ROUNDS: usize = 3;

/// Runs every benchmark, prints a table, writes `target/bench.json`.
pub fn bench() -> Result<(), String> {
    if !exists("g++") {
        return Err("g++ is missing: the hand-written loops need a C++ compiler".to_owned());
    }
    let tools = setup::page_tools()?;
    let browser = setup::browser()?;
    build(&tools)?;
    let target = root().join("target");
    fs::create_dir_all(&target).map_err(|error| format!("{}: {error}", target.display()))?;
    let loops = target.join("cpp-queues");
    let mut compile = command("g++", &["-O2", "-o"]);
    succeed(compile.arg(&loops).arg("benches/cpp/queues.cpp"))?;
    visibly("cargo", &["bench", "--quiet", "--no-run", "--bench", "queues"])?;

    let mut measured = String::new();
    for round in 1..=ROUNDS {
        println!("round {round} of {ROUNDS}: hand-written loops, then the interpreter");
        let lines = lines_of(&loops, &[])?;
        collect(&mut measured, "cpp", &lines)?;
        let lines = lines_of(Path::new("cargo"), &["bench", "--quiet", "--bench", "queues"])?;
        collect(&mut measured, "native", &lines)?;
    }
    let native = target.join("bench-native.txt");
    fs::write(&native, measured).map_err(|error| format!("{}: {error}", native.display()))?;
    println!("Node and Chromium: the same queues, then sliders");
    let mut page = command("node", &["tests/e2e/bench.mjs"]);
    page.arg(&native).arg(target.join("bench.json")).env("CHROMIUM", browser);
    succeed(&mut page)
}

/// What a program prints.
fn lines_of(program: &Path, args: &[&str]) -> Result<String, String> {
    let name = program.display();
    let mut run = command(&program.to_string_lossy(), args);
    let output = run
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start {name}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{name} failed ({})", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Keeps the lines `name number..`, with who made them.
fn collect(measured: &mut String, who: &str, lines: &str) -> Result<(), String> {
    let before = measured.len();
    for line in lines.lines() {
        let mut words = line.split_whitespace();
        let (Some(name), Some(value)) = (words.next(), words.next()) else { continue };
        if let Ok(number) = value.parse::<f64>() {
            let _ = writeln!(measured, "{who} {name} {number}");
        }
    }
    if measured.len() > before { Ok(()) } else { Err(format!("{who} measured nothing")) }
}

#[cfg(test)]
mod tests {
    use super::collect;

    #[test]
    fn measured_lines_are_kept_with_their_maker_and_others_are_not() {
        let mut measured = String::new();
        collect(&mut measured, "cpp", "mm4 85.20 0.02\nnoise\nretries 205 0.1\n").unwrap();
        assert_eq!(measured, "cpp mm4 85.2\ncpp retries 205\n");
        assert!(collect(&mut measured, "cpp", "nothing here\n").is_err());
    }
}
