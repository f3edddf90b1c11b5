//! Reads a document value by value, and collects every mistake with its path.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use super::Unit;
use super::quantity::{self, QuantityError};

/// Something in a document that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: found {found}, expected {expected}")]
pub struct Mistake {
    /// Where, such as `parts.app.endpoints.page[2].query.via`.
    pub path: String,
    /// What stands there.
    pub found: String,
    /// What would be right.
    pub expected: String,
}

/// All mistakes of a document, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            let line_break = if index > 0 { "\n" } else { "" };
            write!(f, "{line_break}{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

impl Mistakes {
    /// One mistake.
    pub fn one(path: &str, found: impl fmt::Display, expected: impl fmt::Display) -> Self {
        let (found, expected) = (found.to_string(), expected.to_string());
        Self(vec![Mistake { path: path.to_owned(), found, expected }])
    }
}

/// Reads values under known knobs; each mistake is noted and a harmless value given instead.
pub(super) struct Reader<'a> {
    /// Values of knobs by id.
    pub(super) knobs: &'a BTreeMap<String, f64>,
    pub(super) mistakes: Vec<Mistake>,
}

/// A JSON object with its path, whose fields are taken one by one.
pub(super) struct Fields<'a> {
    pub(super) path: String,
    object: &'a Map<String, Value>,
    taken: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The field, if it is there and not null.
    pub(super) fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.taken.push(name);
        self.object.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn under(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }
}

impl<'k> Reader<'k> {
    pub(super) fn new(knobs: &'k BTreeMap<String, f64>) -> Self {
        Self { knobs, mistakes: Vec::new() }
    }

    pub(super) fn wrong(&mut self, path: &str, found: &Value, expected: impl fmt::Display) {
        let mut found = found.to_string();
        if found.chars().count() > 60 {
            found = found.chars().take(57).chain("...".chars()).collect();
        }
        self.note(path, found, expected);
    }

    pub(super) fn note(
        &mut self,
        path: &str,
        found: impl fmt::Display,
        expected: impl fmt::Display,
    ) {
        let (found, expected) = (found.to_string(), expected.to_string());
        self.mistakes.push(Mistake { path: path.to_owned(), found, expected });
    }

    /// The fields of an object.
    pub(super) fn fields<'a>(&mut self, value: &'a Value, path: &str) -> Option<Fields<'a>> {
        if let Value::Object(object) = value {
            return Some(Fields { path: path.to_owned(), object, taken: Vec::new() });
        }
        self.wrong(path, value, "an object");
        None
    }

    /// Notes every field that nobody took.
    pub(super) fn close(&mut self, fields: Fields<'_>) {
        for name in fields.object.keys() {
            if !fields.taken.contains(&name.as_str()) {
                let known = fields.taken.join(", ");
                self.note(&fields.under(name), "an unknown field", format!("one of: {known}"));
            }
        }
    }

    /// The elements of a list, with their paths.
    pub(super) fn list<'a>(&mut self, value: &'a Value, path: &str) -> Vec<(&'a Value, String)> {
        if let Value::Array(items) = value {
            let place = |(index, item)| (item, format!("{path}[{index}]"));
            return items.iter().enumerate().map(place).collect();
        }
        self.wrong(path, value, "a list");
        Vec::new()
    }

    pub(super) fn text(&mut self, value: Option<&Value>, path: &str) -> String {
        match value {
            Some(Value::String(text)) if !text.is_empty() => text.clone(),
            Some(other) => {
                self.wrong(path, other, "a text");
                String::new()
            }
            None => {
                self.note(path, "nothing", "a text");
                String::new()
            }
        }
    }

    /// A number in `unit`: plain, a text with its unit, or a knob times a factor plus an offset.
    pub(super) fn amount(&mut self, value: &Value, path: &str, unit: Unit) -> f64 {
        let number = match value {
            Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
            Value::String(text) => match quantity::parse(text, unit) {
                Ok(number) => number,
                Err(QuantityError { expected, .. }) => {
                    self.wrong(path, value, expected);
                    return 0.0;
                }
            },
            Value::Object(_) => return self.knob_amount(value, path),
            _ => f64::NAN,
        };
        if !number.is_finite() {
            self.wrong(path, value, "a number, a text with a unit, or {\"knob\": ..}");
            return 0.0;
        }
        number
    }

    fn knob_amount(&mut self, value: &Value, path: &str) -> f64 {
        let Some(mut fields) = self.fields(value, path) else { return 0.0 };
        let name = fields.take("knob");
        let name = self.text(name, &fields.under("knob"));
        let mut plain = |field: &'static str, missing: f64| match fields.take(field) {
            None => Ok(missing),
            Some(value) => value.as_f64().ok_or((field, value)),
        };
        let (times, plus) = (plain("times", 1.0), plain("plus", 0.0));
        let mut read = |number: Result<f64, (&'static str, &Value)>| {
            number.unwrap_or_else(|(field, value)| {
                self.wrong(&format!("{path}.{field}"), value, "a number");
                0.0
            })
        };
        let (times, plus) = (read(times), read(plus));
        let knob = self.knobs.get(&name).copied();
        if knob.is_none() {
            let known = self.knobs.keys().cloned().collect::<Vec<_>>().join(", ");
            self.note(&format!("{path}.knob"), format!("`{name}`"), format!("one of: {known}"));
        }
        self.close(fields);
        knob.unwrap_or(0.0) * times + plus
    }

    /// A whole number in a range; knobs are rounded.
    pub(super) fn count(&mut self, value: &Value, path: &str, least: u32, most: u32) -> u32 {
        let number = self.amount(value, path, Unit::Count).round();
        if number < f64::from(least) || number > f64::from(most) {
            self.wrong(path, value, format!("a whole number from {least} to {most}"));
            return least;
        }
        number as u32
    }
}
