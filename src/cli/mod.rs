//! The command line: the simulator of the page, on files, links and pipes.
//!
//! Exit codes: 0 fine, 1 a claim or an objective failed, 2 the input is wrong.

mod args;

mod input;

mod output;

mod batch;

use std::io::{IsTerminal as _, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use indicatif::{ProgressBar, ProgressStyle};

use self::args::{Args, Chosen, Command};
use self::input::{Input, InputError};
use crate::analysis::trace_file::trace_events;
use crate::analysis::{ceiling, claims, curve, explain, hysteresis, run, trace};
use crate::chart::measure::Measures;
use crate::chart::svg;
use crate::scenario::{SCHEMA, Scenario, catalogue};

/// Something that ends the program.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// What the user gave cannot be used.
    #[error("{0}")]
    Input(#[from] InputError),
    /// Scenario or settings are wrong.
    #[error("{0}")]
    Mistakes(#[from] crate::scenario::Mistakes),
    /// The output cannot be written, as when a pipe is closed.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
    /// The picture cannot be drawn.
    #[error("cannot draw: {0}")]
    Picture(String),
    /// A result cannot be written as JSON.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let stdout = std::io::stdout();
    match execute(args.command, &mut stdout.lock()) {
        // A reader that has seen enough and closed the pipe is no failure.
        Ok(true) | Err(CliError::Write(_)) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            report(&error);
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stderr, reason = "the command line tells its user what is wrong")]
fn report(error: &CliError) {
    eprintln!("kneepoint: {error}");
}

/// What a curve or a ceiling is wanted of; says so if that leaves out faults of a link.
#[expect(clippy::print_stderr, reason = "the output is for programs to read")]
fn read_lasting(chosen: &Chosen) -> Result<Input, InputError> {
    let input = input::read(chosen)?;
    if input.scenario.lasting(input.settings.clone()) != input.settings {
        eprintln!(
            "kneepoint: of the steady state, without the faults of the link: they happen once"
        );
    }
    Ok(input)
}

/// Executes a command; false if a claim or an objective failed.
fn execute(command: Command, out: &mut dyn Write) -> Result<bool, CliError> {
    match command {
        Command::List { json } => output::list(out, json).map(|()| true),
        Command::Schema => Ok(write!(out, "{SCHEMA}").map(|()| true)?),
        Command::Run { chosen, format } => {
            if chosen.scenario == "-" && input::stdin_is_lines() {
                return batch::run_lines(std::io::stdin().lock(), out);
            }
            let Input { scenario, settings, .. } = input::read(&chosen)?;
            let report = run::run(&scenario, &settings)?;
            let met = ceiling::meets(&scenario, &report);
            output::run(out, &report, met, format)?;
            Ok(met || !chosen.objective)
        }
        Command::Curve { chosen, over, format } => {
            let Input { scenario, settings, .. } = read_lasting(&chosen)?;
            let knob = over.unwrap_or_else(|| scenario.knobs[0].id.clone());
            let bar = spinner();
            let found = curve::curve(&scenario, &settings, &knob, |curve| {
                let settled = curve.points.iter().filter(|point| point.settled).count();
                let points = curve.points.len();
                bar.set_message(format!(
                    "pass {}: {settled} of {points} points settled",
                    curve.pass
                ));
            })?;
            bar.finish_and_clear();
            output::curve(out, &found, format)?;
            Ok(true)
        }
        Command::Hysteresis { chosen, over, format } => {
            let Input { scenario, settings, .. } = input::read(&chosen)?;
            let knob = over.unwrap_or_else(|| scenario.knobs[0].id.clone());
            let bar = spinner();
            let found = hysteresis::hysteresis(&scenario, &settings, &knob, |walk| {
                let levels = walk.up.len() + walk.down.len();
                bar.set_message(format!("{levels} levels held"));
            })?;
            bar.finish_and_clear();
            output::hysteresis(out, &scenario, &found, format)?;
            Ok(true)
        }
        Command::Ceiling { chosen, over, json } => {
            let Input { scenario, settings, .. } = read_lasting(&chosen)?;
            let knob = over.unwrap_or_else(|| scenario.knobs[0].id.clone());
            let bar = spinner();
            bar.set_message(format!("looking for the ceiling of {knob}"));
            let found = ceiling::ceiling(&scenario, &settings, &knob)?;
            bar.finish_and_clear();
            output::ceiling(out, &scenario, &found, json)?;
            Ok(found.value.is_some())
        }
        Command::Explain { chosen, json } => {
            let Input { scenario, settings, .. } = input::read(&chosen)?;
            output::explanation(out, &explain::explain(&scenario, &settings)?, json)?;
            Ok(true)
        }
        Command::Trace { chosen, percentile, json } => {
            let Input { scenario, settings, .. } = input::read(&chosen)?;
            let traces = trace::trace(&scenario, &settings, percentile)?;
            if json {
                let seed = scenario.seed(&settings);
                writeln!(out, "{}", trace_events(&traces, &scenario.id, seed))?;
            } else {
                output::traces(out, &traces)?;
            }
            Ok(true)
        }
        Command::Render { chosen, over, size, hysteresis, with, dark } => {
            let Input { scenario, settings, .. } = read_lasting(&chosen)?;
            let id = over.unwrap_or_else(|| scenario.knobs[0].id.clone());
            let found = curve::curve(&scenario, &settings, &id, |_| {})?;
            let walk = || hysteresis::hysteresis(&scenario, &settings, &id, |_| {});
            let walk = hysteresis.then(walk).transpose()?;
            let size = (size[0], size[1]);
            if let Some(knob) = scenario.knob(&id) {
                let picture = svg::Picture {
                    curve: &found,
                    ghost: None,
                    walk: walk.as_ref().filter(|walk| !walk.up.is_empty()),
                    measures: with.into_iter().fold(Measures::NONE, Measures::with),
                    knob,
                    objective: &scenario.objective,
                    point: scenario.value(&settings, &id).unwrap_or(knob.default),
                    size,
                    dark,
                };
                writeln!(out, "{}", picture.draw().map_err(CliError::Picture)?)?;
            }
            Ok(true)
        }
        Command::Check { scenarios, all, seeds, json } => {
            let scenarios = if all || scenarios.is_empty() {
                catalogue::all().to_vec()
            } else {
                let read = |name: String| Ok(input::read(&Chosen::new(name))?.scenario);
                scenarios.into_iter().map(read).collect::<Result<Vec<_>, CliError>>()?
            };
            check(out, &scenarios, seeds, json)
        }
    }
}

fn check(
    out: &mut dyn Write,
    scenarios: &[Arc<Scenario>],
    seeds: u64,
    json: bool,
) -> Result<bool, CliError> {
    let (mut proven, mut failed) = (0, 0);
    let bar = spinner();
    for scenario in scenarios {
        for claim in &scenario.claims {
            bar.set_message(format!("{}: {}", scenario.id, claim.id));
            let result = claims::check(scenario, claim, seeds)?;
            if result.is_proven() {
                proven += 1;
            } else {
                failed += 1;
            }
            bar.suspend(|| output::claim(out, claim, &result, json))?;
        }
    }
    bar.finish_and_clear();
    if !json {
        writeln!(out, "{proven} passed, {failed} failed")?;
    }
    Ok(failed == 0)
}

/// Progress on the error output, if someone looks.
fn spinner() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    bar
}
