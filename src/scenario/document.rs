//! A scenario: its document, read and checked, and the systems it compiles to.

use std::collections::BTreeMap;

use serde_json::Value;

use super::by_hand;
use super::migrate::{self, FORMAT_VERSION};
use super::reader::{Mistakes, Reader};
use super::{Claim, Fix, Knob, Objective, RunLength, Settings, Source, Theory};
use crate::model::Simulation;
use crate::model::system::System;

/// Documents larger than this are refused.
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024;

/// A scenario that was read without a mistake.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Version of the document format.
    pub format: u64,
    /// Names the scenario in links and on the command line.
    pub id: String,
    /// The driving question.
    pub title: String,
    /// Group of the catalogue: `data`, `users`, `caches`, `failure`, `limits` or `time`.
    pub group: String,
    /// At most 60 words for someone who never met the problem.
    pub summary: String,
    /// Seed unless the settings say otherwise.
    pub seed: u64,
    /// How long a run is.
    pub run: RunLength,
    /// What users must get.
    pub objective: Objective,
    /// Numbers to turn, users first.
    pub knobs: Vec<Knob>,
    /// The parts as they stand in the document.
    pub(super) parts: Vec<Value>,
    /// Changes to switch on.
    pub fixes: Vec<Fix>,
    /// What tests prove about it.
    pub claims: Vec<Claim>,
    /// Closed-form results that hold for it.
    pub theory: Option<Theory>,
    /// What is taken for granted, one sentence each.
    pub assumptions: Vec<String>,
    /// What to look at, one sentence each.
    pub notice: Vec<String>,
    /// Where its numbers come from.
    pub sources: Vec<Source>,
}

// Reading a document refuses numbers that are not finite. Lets `Arc`s of the same scenario be found
// equal without a look at the document in them.
impl Eq for Scenario {}

impl Scenario {
    /// Reads and checks a document: everything it can ever compile to is valid.
    ///
    /// # Errors
    /// Every mistake with its path, all at once. A text that is no JSON or has another format
    /// version is one mistake, as nothing more can be said about it.
    pub fn parse(text: &str) -> Result<Self, Mistakes> {
        Self::read(text, true)
    }

    /// Reads a document; everything it can compile to is built only if `is_checked`, which takes
    /// most of the time and is known of those that ship.
    pub(super) fn read(text: &str, is_checked: bool) -> Result<Self, Mistakes> {
        if text.len() > DOCUMENT_BYTES_MAX {
            let found = format!("{} bytes", text.len());
            return Err(Mistakes::one("document", found, "at most 64 kB"));
        }
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Mistakes::one("document", error, "a JSON object"))?;
        let value = migrate::document(value).map_err(|found| {
            let expected = format!("a version from 1 to {FORMAT_VERSION}, which this one reads");
            Mistakes::one("format", found, expected)
        })?;
        let none = BTreeMap::new();
        let mut reader = Reader::new(&none);
        let scenario = reader.scenario(&value);
        if let Some(scenario) = scenario.as_ref().filter(|_| is_checked) {
            scenario.check(&mut reader);
        }
        match scenario {
            Some(scenario) if reader.mistakes.is_empty() => Ok(scenario),
            _ => Err(Mistakes(reader.mistakes)),
        }
    }

    /// Reads claims on this scenario that stand apart from its document, as a list.
    ///
    /// # Errors
    /// Every mistake with its path.
    pub fn claims_from(&self, text: &str) -> Result<Vec<Claim>, Mistakes> {
        let claims: Value = serde_json::from_str(text)
            .map_err(|error| Mistakes::one("claims", error, "a list of claims"))?;
        let none = BTreeMap::new();
        let mut reader = Reader::new(&none);
        let claims = reader.claims(&serde_json::json!({ "claims": claims }));
        let known = Self { claims, ..self.clone() };
        reader.check_names(&known);
        if reader.mistakes.is_empty() { Ok(known.claims) } else { Err(Mistakes(reader.mistakes)) }
    }

    /// The knob of this id.
    pub fn knob(&self, id: &str) -> Option<&Knob> {
        self.knobs.iter().find(|knob| knob.id == id)
    }

    /// The fix of this id.
    pub fn fix(&self, id: &str) -> Option<&Fix> {
        self.fixes.iter().find(|fix| fix.id == id)
    }

    /// Whether a part of this id stands in the document, or is brought in by a fix.
    pub(super) fn has_part(&self, id: &str) -> bool {
        self.parts.iter().any(|part| part.get("id").is_some_and(|found| found == id))
    }

    /// The value of a knob under these settings, in its range.
    pub fn value(&self, settings: &Settings, id: &str) -> Option<f64> {
        let knob = self.knob(id)?;
        Some(settings.knobs.get(id).map_or(knob.default, |value| knob.clamp(*value)))
    }

    /// The seed under these settings.
    pub fn seed(&self, settings: &Settings) -> u64 {
        settings.seed.unwrap_or(self.seed)
    }

    /// These settings without what happens once, where runs measure a steady state: how much of a run
    /// a fault dropped by hand takes would depend on how long it is. A run of a time has them.
    pub fn lasting(&self, mut settings: Settings) -> Settings {
        if !self.run.end.is_timed() {
            settings.faults.clear();
        }
        settings
    }

    /// The system under these settings.
    ///
    /// # Errors
    /// Names unknown knobs and fixes, fixes that exclude each other, and what a combination of them
    /// makes impossible.
    pub fn system(&self, settings: &Settings) -> Result<System, Mistakes> {
        let mut knobs = BTreeMap::new();
        for knob in &self.knobs {
            knobs.insert(knob.id.clone(), self.value(settings, &knob.id).unwrap_or(0.0));
        }
        let mut reader = Reader::new(&knobs);
        self.check_settings(settings, &mut reader);
        let mut parts = self.parts.clone();
        // In the order of the document, so that the order of switching on does not matter.
        for fix in self.fixes.iter().filter(|fix| settings.fixes.contains(&fix.id)) {
            for patch in &fix.patch {
                if let Some(place) = place_of(&mut parts, &patch.at) {
                    *place = patch.value.clone();
                } else {
                    let path = format!("fixes.{}.patch", fix.id);
                    reader.note(&path, &format!("`{}`", patch.at), "a place in parts");
                }
            }
        }
        let stale_is_wrong = self.objective.stale_is_wrong;
        let mut system = System { stale_is_wrong, ..System::default() };
        for (index, part) in parts.iter().enumerate() {
            system.parts.extend(reader.part(part, &format!("parts[{index}]")));
        }
        by_hand::add(&settings.faults, &mut system.parts);
        if reader.mistakes.is_empty() { Ok(system) } else { Err(Mistakes(reader.mistakes)) }
    }

    fn check_settings(&self, settings: &Settings, reader: &mut Reader<'_>) {
        for id in settings.knobs.keys().filter(|id| self.knob(id).is_none()) {
            let known: Vec<&str> = self.knobs.iter().map(|knob| knob.id.as_str()).collect();
            reader.note(&format!("knob {id}"), "an unknown knob", &one_of(&known));
        }
        for id in &settings.fixes {
            let Some(fix) = self.fix(id) else {
                let known: Vec<&str> = self.fixes.iter().map(|fix| fix.id.as_str()).collect();
                reader.note(&format!("fix {id}"), "an unknown fix", &one_of(&known));
                continue;
            };
            if let Some(other) = fix.excludes.iter().find(|other| settings.fixes.contains(*other)) {
                let found = format!("`{other}` as well");
                reader.note(&format!("fix {id}"), &found, "only one of the two");
            }
        }
    }

    /// Checks the parts, as they stand and with each fix alone.
    fn check(&self, reader: &mut Reader<'_>) {
        let mut states = vec![("parts".to_owned(), Settings::default())];
        for fix in &self.fixes {
            let fixes = [fix.id.clone()].into();
            states.push((format!("fixes.{}", fix.id), Settings { fixes, ..Settings::default() }));
        }
        for (path, settings) in states {
            match self.system(&settings) {
                // A fix leaves most of the parts, and so their mistakes, as they were.
                Err(Mistakes(found)) => {
                    for mistake in found {
                        if !reader.mistakes.contains(&mistake) {
                            reader.mistakes.push(mistake);
                        }
                    }
                }
                Ok(system) => {
                    if let Err(error) = Simulation::check(&system) {
                        reader.note(&path, &error.to_string(), "a system that can be built");
                    }
                }
            }
        }
    }
}

pub(super) fn is_name(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn one_of(known: &[&str]) -> String {
    format!("one of: {}", known.join(", "))
}

/// The place in the parts that a dotted path of an id, field names and places in lists leads to.
/// The last name may be new.
fn place_of<'a>(parts: &'a mut [Value], path: &str) -> Option<&'a mut Value> {
    let mut names = path.split('.');
    let id = names.next()?;
    let mut place =
        parts.iter_mut().find(|part| part.get("id").is_some_and(|found| found == id))?;
    let names: Vec<&str> = names.collect();
    for (index, name) in names.iter().enumerate() {
        if let Value::Array(items) = place {
            // Steps have no names: they are counted, from 0.
            place = items.get_mut(name.parse::<usize>().ok()?)?;
            continue;
        }
        let object = place.as_object_mut()?;
        if index + 1 < names.len() && !object.contains_key(*name) {
            return None;
        }
        place = object.entry(*name).or_insert(Value::Null);
    }
    (!names.is_empty()).then_some(place)
}
