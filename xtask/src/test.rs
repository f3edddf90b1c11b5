//! Every check, and one line that sums them up.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::run::command;
use crate::setup;

const WASM: &str = "wasm32-unknown-unknown";

/// What the runners report.
#[derive(Default)]
struct Sum {
    passed: u64,
    failed: u64,
}

impl Sum {
    /// Runs a check that is one yes or no.
    fn check(&mut self, name: &str, command: &mut Command) {
        let (ok, _) = stream(name, command);
        if ok {
            self.passed += 1;
        } else {
            self.failed += 1;
            println!("FAILED: {name}");
        }
    }

    /// Runs a test runner and adds its counts; one that ran nothing has failed.
    fn runner(&mut self, name: &str, command: &mut Command) {
        let (ok, lines) = stream(name, command);
        let (passed, failed) = lines
            .iter()
            .map(|line| counts_of(line))
            .fold((0, 0), |sum, found| (sum.0 + found.0, sum.1 + found.1));
        self.passed += passed;
        self.failed += failed;
        if passed + failed == 0 || (!ok && failed == 0) {
            self.failed += 1;
            println!("FAILED: {name} ({})", if ok { "ran no test" } else { "did not finish" });
        }
    }
}

/// Runs every check even if some fail.
pub fn test() -> Result<(), String> {
    let tools = setup::page_tools()?;
    let browser = setup::browser()?;
    let driver = setup::driver()?;
    let mut sum = Sum::default();
    let cargo = |args: &[&str]| command("cargo", args);
    sum.check("format", &mut cargo(&["fmt", "--all", "--check"]));
    let lints = ["--", "-D", "warnings"];
    let native = [&["clippy", "--quiet", "--workspace", "--all-targets"], &lints[..]].concat();
    sum.check("lints, native", &mut cargo(&native));
    let wasm = ["clippy", "--quiet", "--target", WASM, "--lib", "--bins", "--test", "browser"];
    sum.check("lints, wasm32", &mut cargo(&[&wasm, &lints[..]].concat()));
    let doc = ["doc", "--quiet", "--no-deps", "--lib", "--document-private-items"];
    sum.check("documentation", cargo(&doc).env("RUSTDOCFLAGS", "-D warnings"));
    sum.runner("tests", &mut cargo(&["test", "--quiet", "--workspace"]));
    // Without overflow checks compilers go other ways, and have gone wrong there (Rust's issue 158206).
    sum.runner("unit tests, as released", &mut cargo(&["test", "--quiet", "--release", "--lib"]));
    let mut inside = cargo(&["test", "--target", WASM, "--lib", "--test", "browser"]);
    inside.env("PATH", tools.path()).env("CHROMEDRIVER", driver);
    inside.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner");
    sum.runner("tests inside Chromium", &mut inside);
    sum.check("release build", &mut cargo(&["build", "--quiet", "--release"]));
    let claims = ["run", "--quiet", "--release", "--", "check", "--all", "--seeds", "5"];
    sum.runner("claims, on 5 seeds", &mut cargo(&claims));
    sum.check("page build", cargo(&["xtask", "build"]).env("PATH", tools.path()));
    let mut page = command("node", &["--test", "--test-reporter=tap", "tests/e2e/"]);
    sum.runner("page, in Chromium", page.env("CHROMIUM", browser));
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed == 0 { Ok(()) } else { Err("some checks failed".to_owned()) }
}

/// Runs a command, showing its output while it runs; whether it succeeded, and its lines.
fn stream(name: &str, command: &mut Command) -> (bool, Vec<String>) {
    println!("== {name}");
    #[expect(clippy::disallowed_methods, reason = "tells how long a check took")]
    let begin = Instant::now();
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            println!("cannot start {command:?}: {error}");
            return (false, Vec::new());
        }
    };
    let mut lines = Vec::new();
    if let Some(out) = child.stdout.take() {
        let mut out = BufReader::new(out);
        let mut line = Vec::new();
        while matches!(out.by_ref().read_until(b'\n', &mut line), Ok(read) if read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            // The sum at the end must be the only line of its form.
            if counts_of(&text) == (0, 0) || text.starts_with("test result") {
                println!("{text}");
            }
            lines.push(text);
            line.clear();
        }
    }
    let ok = child.wait().is_ok_and(|status| status.success());
    println!("   {:.0} s", begin.elapsed().as_secs_f64());
    (ok, lines)
}

/// Tests passed and failed according to a line of cargo test, of `node --test` or of our own.
fn counts_of(line: &str) -> (u64, u64) {
    let words: Vec<&str> = line.split([' ', ';', ',']).filter(|word| !word.is_empty()).collect();
    let before = |word: &str| {
        let at = words.iter().position(|found| *found == word)?;
        words.get(at.checked_sub(1)?)?.parse().ok()
    };
    match words.as_slice() {
        ["test", "result:", ..] => (before("passed").unwrap_or(0), before("failed").unwrap_or(0)),
        [passed, "passed", failed, "failed"] => {
            (passed.parse().unwrap_or(0), failed.parse().unwrap_or(0))
        }
        ["#", "pass", passed] => (passed.parse().unwrap_or(0), 0),
        ["#", "fail", failed] => (0, failed.parse().unwrap_or(0)),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::counts_of;

    #[test]
    fn closing_lines_of_all_runners_are_understood() {
        let line = "test result: ok. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(counts_of(line), (12, 3));
        assert_eq!(counts_of("24 passed, 1 failed"), (24, 1));
        assert_eq!(counts_of("# pass 7"), (7, 0));
        assert_eq!(counts_of("# fail 2"), (0, 2));
        assert_eq!(counts_of("everything passed"), (0, 0));
    }
}
