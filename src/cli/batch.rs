//! JSON lines in, JSON lines out: any array job or data engine can spread a sweep this way.
//!
//! A line is `{"scenario": id, "set": {knob: value}, "fixes": [name], "seed": n}` or
//! `{"link": text}`; a line that is wrong is answered with `{"line": n, "error": text}`.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use serde::Deserialize;

use super::CliError;
use super::input::{self, Input, InputError};
use crate::analysis::run;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    scenario: Option<String>,
    link: Option<String>,
    #[serde(default)]
    set: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    fixes: Vec<String>,
    seed: Option<u64>,
}

/// Answers each line; wrong lines make the exit code 2 after all others are answered.
pub(super) fn run_lines(lines: impl BufRead, out: &mut dyn Write) -> Result<bool, CliError> {
    let mut last_error = None;
    for (index, line) in lines.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        match answer(&line) {
            Ok(report) => writeln!(out, "{}", serde_json::to_string(&report)?)?,
            Err(error) => {
                let message = error.to_string();
                let answer = serde_json::json!({ "line": index + 1, "error": message });
                writeln!(out, "{answer}")?;
                last_error = Some(InputError::Line { line: index + 1, message });
            }
        }
        out.flush()?;
    }
    last_error.map_or(Ok(true), |error| Err(error.into()))
}

fn answer(text: &str) -> Result<crate::analysis::report::RunReport, CliError> {
    let wrong = |message: String| InputError::Line { line: 0, message };
    let line: Line = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let name = match (line.scenario, line.link) {
        (Some(name), None) | (None, Some(name)) if name != "-" => name,
        _ => return Err(wrong("needs either `scenario` or `link`".to_owned()).into()),
    };
    let Input { scenario, mut settings } = input::source(&name)?;
    for (knob, value) in &line.set {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        input::set_knob(&scenario, &mut settings, knob, &text)?;
    }
    settings.fixes.extend(line.fixes);
    settings.seed = line.seed.or(settings.seed);
    Ok(run::run(&scenario, &settings)?)
}
