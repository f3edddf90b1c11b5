//! A scenario: its document, read and checked, and the systems it compiles to.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::migrate::{self, FORMAT_VERSION};
use super::reader::{Mistakes, Reader};
use super::{Claim, Fix, Knob, Objective, RunLength, Scale, Settings, Source, Theory};
use crate::model::Simulation;
use crate::model::system::System;

/// Documents larger than this are refused.
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024;
const PARTS_MAX: usize = 64;

/// A scenario that was read without a mistake.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
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
    parts: Vec<Value>,
    /// Changes to switch on.
    #[serde(default)]
    pub fixes: Vec<Fix>,
    /// What tests prove about it.
    #[serde(default)]
    pub claims: Vec<Claim>,
    /// Closed-form results that hold for it.
    #[serde(default)]
    pub theory: Option<Theory>,
    /// What is taken for granted, one sentence each.
    #[serde(default)]
    pub assumptions: Vec<String>,
    /// What to look at, one sentence each.
    #[serde(default)]
    pub notice: Vec<String>,
    /// Where its numbers come from.
    #[serde(default)]
    pub sources: Vec<Source>,
}

impl Scenario {
    /// Reads and checks a document: everything it can ever compile to is valid.
    ///
    /// # Errors
    /// Every mistake with its path; mistakes in the outer form (a missing field, a wrong type) are
    /// reported one at a time, those in parts, knobs and fixes all at once.
    pub fn parse(text: &str) -> Result<Self, Mistakes> {
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
        let scenario: Self = serde_json::from_value(value)
            .map_err(|error| Mistakes::one("document", error, "the fields of a scenario"))?;
        scenario.check()?;
        Ok(scenario)
    }

    /// The knob of this id.
    pub fn knob(&self, id: &str) -> Option<&Knob> {
        self.knobs.iter().find(|knob| knob.id == id)
    }

    /// The fix of this id.
    pub fn fix(&self, id: &str) -> Option<&Fix> {
        self.fixes.iter().find(|fix| fix.id == id)
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

    /// The system under these settings.
    ///
    /// # Errors
    /// Names an unknown knob or fix, fixes that exclude each other, or what a combination of them
    /// makes impossible.
    pub fn system(&self, settings: &Settings) -> Result<System, Mistakes> {
        for id in settings.knobs.keys() {
            if self.knob(id).is_none() {
                let known: Vec<&str> = self.knobs.iter().map(|knob| knob.id.as_str()).collect();
                return Err(Mistakes::one(
                    &format!("knob {id}"),
                    "an unknown knob",
                    one_of(&known),
                ));
            }
        }
        let mut parts = self.parts.clone();
        for id in &settings.fixes {
            let Some(fix) = self.fix(id) else {
                let known: Vec<&str> = self.fixes.iter().map(|fix| fix.id.as_str()).collect();
                return Err(Mistakes::one(&format!("fix {id}"), "an unknown fix", one_of(&known)));
            };
            if let Some(other) = fix.excludes.iter().find(|other| settings.fixes.contains(*other)) {
                let found = format!("`{other}` as well");
                return Err(Mistakes::one(&format!("fix {id}"), found, "only one of the two"));
            }
        }
        // In the order of the document, so that the order of switching on does not matter.
        for fix in self.fixes.iter().filter(|fix| settings.fixes.contains(&fix.id)) {
            for patch in &fix.patch {
                let Some(place) = place_of(&mut parts, &patch.at) else {
                    let path = format!("fixes.{}.patch", fix.id);
                    return Err(Mistakes::one(
                        &path,
                        format!("`{}`", patch.at),
                        "a place in parts",
                    ));
                };
                *place = patch.value.clone();
            }
        }
        let mut knobs = BTreeMap::new();
        for knob in &self.knobs {
            knobs.insert(knob.id.clone(), self.value(settings, &knob.id).unwrap_or(0.0));
        }
        let mut reader = Reader::new(&knobs);
        let mut system = System::default();
        for (index, part) in parts.iter().enumerate() {
            system.parts.extend(reader.part(part, &format!("parts[{index}]")));
        }
        if reader.mistakes.is_empty() { Ok(system) } else { Err(Mistakes(reader.mistakes)) }
    }

    /// Checks what the form alone does not: ranges, names, and each fix alone.
    fn check(&self) -> Result<(), Mistakes> {
        let none = BTreeMap::new();
        let mut reader = Reader::new(&none);
        if self.parts.len() > PARTS_MAX {
            reader.note("parts", self.parts.len(), format!("at most {PARTS_MAX}"));
        }
        if self.knobs.is_empty() {
            reader.note("knobs", "none", "at least one: the x axis");
        }
        if !(self.objective.p99_ms > 0.0 && (0.0..=1.0).contains(&self.objective.error_share)) {
            reader.note("objective", "impossible limits", "p99_ms above 0, error_share in 0..=1");
        }
        if !(100..=100_000_000).contains(&self.run.requests) {
            reader.note("run.requests", self.run.requests, "100 to 100000000");
        }
        for (index, knob) in self.knobs.iter().enumerate() {
            let path = format!("knobs.{}", knob.id);
            if self.knobs[..index].iter().any(|other| other.id == knob.id) {
                reader.note(&path, "a second knob of this id", "a name of its own");
            }
            let finite = knob.min.is_finite() && knob.max.is_finite();
            if !finite || knob.min >= knob.max || !(knob.min..=knob.max).contains(&knob.default) {
                let found = format!("{} in {}..{}", knob.default, knob.min, knob.max);
                reader.note(&path, found, "min <= default <= max and min < max");
            }
            if knob.scale == Scale::Log && knob.min <= 0.0 {
                reader.note(&path, format!("min {}", knob.min), "above 0 on a log scale");
            }
            if !is_name(&knob.id) || ["v", "s", "z", "m", "fix", "seed"].contains(&knob.id.as_str())
            {
                reader.note(&path, &knob.id, "a-z, 0-9 and -, and no key of links");
            }
        }
        let mut states = vec![("parts".to_owned(), Settings::default())];
        for fix in &self.fixes {
            if !is_name(&fix.id) {
                reader.note(&format!("fixes.{}", fix.id), &fix.id, "a-z, 0-9 and -");
            }
            let fixes = [fix.id.clone()].into();
            states.push((format!("fixes.{}", fix.id), Settings { fixes, ..Settings::default() }));
        }
        for (path, settings) in states {
            match self.system(&settings) {
                Err(Mistakes(found)) => reader.mistakes.extend(found),
                Ok(system) => {
                    if let Err(error) = Simulation::check(&system) {
                        reader.note(&path, error, "a system that can be built");
                    }
                }
            }
        }
        if reader.mistakes.is_empty() { Ok(()) } else { Err(Mistakes(reader.mistakes)) }
    }
}

fn is_name(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn one_of(known: &[&str]) -> String {
    format!("one of: {}", known.join(", "))
}

/// The place in the parts that a dotted path of ids and field names leads to. The last name may be
/// new.
fn place_of<'a>(parts: &'a mut [Value], path: &str) -> Option<&'a mut Value> {
    let mut names = path.split('.');
    let id = names.next()?;
    let mut place =
        parts.iter_mut().find(|part| part.get("id").is_some_and(|found| found == id))?;
    let names: Vec<&str> = names.collect();
    for (index, name) in names.iter().enumerate() {
        let object = place.as_object_mut()?;
        if index + 1 < names.len() && !object.contains_key(*name) {
            return None;
        }
        place = object.entry(*name).or_insert(Value::Null);
    }
    (!names.is_empty()).then_some(place)
}
