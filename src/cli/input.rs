//! Where scenarios come from: the catalogue, a file, a link, standard input.

use std::io::{IsTerminal as _, Read as _};
use std::sync::Arc;

use super::args::Chosen;
use crate::scenario::document::DOCUMENT_BYTES_MAX;
use crate::scenario::quantity::{self, QuantityError};
use crate::scenario::{Mistakes, Scenario, Settings, catalogue, link};

/// Why an input cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    #[error("`{name}` is no scenario of the catalogue ({known}), no file and no link")]
    Unknown { name: String, known: String },
    #[error("{name}: {error}")]
    File { name: String, error: std::io::Error },
    #[error("{name} is not a valid scenario:\n{mistakes}")]
    Invalid { name: String, mistakes: Mistakes },
    #[error("link: {0}")]
    Link(String),
    #[error("--set {text}: expected KNOB=VALUE")]
    Set { text: String },
    #[error("--set {knob}: {error}")]
    Value { knob: String, error: QuantityError },
    #[error("--set {knob}: {value} is not possible, expected {possible}")]
    Impossible { knob: String, value: f64, possible: String },
    #[error("--set {knob}: there is no such knob; {known} are there")]
    Knob { knob: String, known: String },
    #[error("line {line}: {message}")]
    Line { line: usize, message: String },
}

/// A scenario and how it is set.
pub(crate) struct Input {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) settings: Settings,
}

/// Whether standard input is a pipe or a file.
pub(crate) fn stdin_is_lines() -> bool {
    !std::io::stdin().is_terminal()
}

/// Reads what the user chose.
pub(crate) fn read(chosen: &Chosen) -> Result<Input, InputError> {
    let mut input = source(&chosen.scenario)?;
    for text in &chosen.set {
        let set = || InputError::Set { text: text.clone() };
        let (knob, value) = text.split_once('=').ok_or_else(set)?;
        set_knob(&input.scenario, &mut input.settings, knob, value)?;
    }
    input.settings.fixes.extend(chosen.fix.iter().cloned());
    input.settings.seed = chosen.seed.or(input.settings.seed);
    Ok(input)
}

/// Sets a knob from text.
pub(crate) fn set_knob(
    scenario: &Scenario,
    settings: &mut Settings,
    id: &str,
    text: &str,
) -> Result<(), InputError> {
    let Some(knob) = scenario.knob(id) else {
        let known: Vec<&str> = scenario.knobs.iter().map(|knob| knob.id.as_str()).collect();
        return Err(InputError::Knob { knob: id.to_owned(), known: known.join(", ") });
    };
    let value = quantity::parse(text, knob.unit)
        .map_err(|error| InputError::Value { knob: id.to_owned(), error })?;
    if !knob.takes(value) {
        let possible = knob.possible();
        return Err(InputError::Impossible { knob: id.to_owned(), value, possible });
    }
    settings.knobs.insert(id.to_owned(), value);
    Ok(())
}

/// The scenario that a name stands for.
pub(crate) fn source(name: &str) -> Result<Input, InputError> {
    if let Some(scenario) = catalogue::find(name) {
        return Ok(Input { scenario, settings: Settings::default() });
    }
    if name.contains('#') || name.starts_with("v=") {
        let decoded = link::decode(name);
        if !decoded.notices.is_empty() {
            return Err(InputError::Link(decoded.notices.join(" ")));
        }
        let link::Link { scenario, settings, .. } = decoded.link;
        return Ok(Input { scenario, settings });
    }
    let file = |error| InputError::File { name: name.to_owned(), error };
    let mut text = String::new();
    let limit = DOCUMENT_BYTES_MAX as u64 + 1;
    if name == "-" {
        std::io::stdin().take(limit).read_to_string(&mut text).map_err(file)?;
    } else if std::path::Path::new(name).exists() {
        let opened = std::fs::File::open(name).map_err(file)?;
        opened.take(limit).read_to_string(&mut text).map_err(file)?;
    } else {
        let ids: Vec<&str> = catalogue::all().iter().map(|found| found.id.as_str()).collect();
        return Err(InputError::Unknown { name: name.to_owned(), known: ids.join(", ") });
    }
    let scenario = Scenario::parse(&text)
        .map_err(|mistakes| InputError::Invalid { name: name.to_owned(), mistakes })?;
    Ok(Input { scenario: Arc::new(scenario), settings: Settings::default() })
}
