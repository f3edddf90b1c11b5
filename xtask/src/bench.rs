//! Measures the engine beside hand-written loops, then wasm and the page, all in one run.

use std::fs;
use std::process::{Command, Stdio};

use crate::build::build;
use crate::run::{command, exists, root, succeed, visibly};
use crate::setup;

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

    println!("hand-written loops and the interpreter, in turns");
    let mut queues = command("cargo", &["bench", "--quiet", "--bench", "queues"]);
    let measured = measured_by(queues.env("KNEEPOINT_CPP", &loops))?;
    let native = target.join("bench-native.txt");
    fs::write(&native, measured).map_err(|error| format!("{}: {error}", native.display()))?;
    println!("nanoseconds an event, and a request, of a service that uses each part");
    visibly("cargo", &["bench", "--quiet", "--bench", "parts"])?;
    println!("Node and Chromium: the same queues, then sliders");
    let mut page = command("node", &["tests/e2e/bench.mjs"]);
    page.arg(&native).arg(target.join("bench.json")).env("CHROMIUM", browser);
    succeed(&mut page)
}

/// The lines `who name number` that a benchmark prints.
fn measured_by(benchmark: &mut Command) -> Result<String, String> {
    let output = benchmark
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start the benchmark: {error}"))?;
    if !output.status.success() {
        return Err(format!("the benchmark failed ({})", output.status));
    }
    let measured = kept(&String::from_utf8_lossy(&output.stdout));
    if measured.is_empty() { Err("nothing was measured".to_owned()) } else { Ok(measured) }
}

fn kept(lines: &str) -> String {
    let is_measured = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.len() == 3 && words[2].parse::<f64>().is_ok()
    };
    lines.lines().filter(is_measured).map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn measured_lines_are_kept_and_others_are_not() {
        let lines = "cpp mm4 85.20\nnoise\nrunning 3 things\nbytes plain 72\n";
        assert_eq!(kept(lines), "cpp mm4 85.20\nbytes plain 72\n");
        assert_eq!(kept("nothing here\n"), "");
    }
}
