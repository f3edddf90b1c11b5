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
    /// Its id, if it has one and that was read.
    pub(super) name: String,
    pub(super) object: &'a Map<String, Value>,
    taken: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The field, if it is there and not null.
    pub(super) fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.take_even_null(name).filter(|value| !value.is_null())
    }

    /// The field, if it is there.
    pub(super) fn take_even_null(&mut self, name: &'static str) -> Option<&'a Value> {
        self.taken.push(name);
        self.object.get(name)
    }

    /// Whether `take` would find it; known from then on.
    pub(super) fn has(&mut self, name: &'static str) -> bool {
        self.take(name).is_some()
    }

    pub(super) fn under(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

impl<'k> Reader<'k> {
    pub(super) fn new(knobs: &'k BTreeMap<String, f64>) -> Self {
        Self { knobs, mistakes: Vec::new() }
    }

    pub(super) fn wrong(&mut self, path: &str, found: &Value, expected: &str) {
        self.note(path, &shown(found), expected);
    }

    pub(super) fn note(&mut self, path: &str, found: &str, expected: &str) {
        let path = if path.is_empty() { "document" } else { path };
        let (path, found, expected) = (path.to_owned(), found.to_owned(), expected.to_owned());
        self.mistakes.push(Mistake { path, found, expected });
    }

    /// The fields of an object.
    pub(super) fn fields<'a>(&mut self, value: &'a Value, path: &str) -> Option<Fields<'a>> {
        if let Value::Object(object) = value {
            let (path, name) = (path.to_owned(), String::new());
            return Some(Fields { path, name, object, taken: Vec::new() });
        }
        self.wrong(path, value, "an object");
        None
    }

    /// Notes every field that nobody took.
    pub(super) fn close(&mut self, fields: &Fields<'_>) {
        for name in fields.object.keys() {
            if !fields.taken.contains(&name.as_str()) {
                let known = format!("one of: {}", fields.taken.join(", "));
                self.note(&fields.under(name), "an unknown field", &known);
            }
        }
    }

    /// The field, which must be there.
    pub(super) fn needed<'a>(
        &mut self,
        fields: &mut Fields<'a>,
        name: &'static str,
        expected: &str,
    ) -> Option<&'a Value> {
        let value = fields.take(name);
        if value.is_none() {
            self.note(&fields.under(name), "nothing", expected);
        }
        value
    }

    /// The fields of an object that must be there.
    pub(super) fn inner<'a>(
        &mut self,
        fields: &mut Fields<'a>,
        name: &'static str,
    ) -> Option<Fields<'a>> {
        let value = self.needed(fields, name, "an object")?;
        self.fields(value, &fields.under(name))
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

    /// The elements of a list in a field.
    pub(super) fn list_of<'a>(
        &mut self,
        fields: &mut Fields<'a>,
        name: &'static str,
        is_needed: bool,
    ) -> Vec<(&'a Value, String)> {
        if let Some(value) = fields.take(name) {
            self.list(value, &fields.under(name))
        } else {
            if is_needed {
                self.note(&fields.under(name), "nothing", "a list");
            }
            Vec::new()
        }
    }

    /// A list of texts; none is an empty one.
    pub(super) fn texts_of(&mut self, fields: &mut Fields<'_>, name: &'static str) -> Vec<String> {
        let items = self.list_of(fields, name, false);
        items.into_iter().map(|(item, path)| self.text(item, &path)).collect()
    }

    fn text(&mut self, value: &Value, path: &str) -> String {
        match value.as_str() {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => {
                self.wrong(path, value, "a text");
                String::new()
            }
        }
    }

    /// A text that must be there and say something.
    pub(super) fn text_of(&mut self, fields: &mut Fields<'_>, name: &'static str) -> String {
        let value = self.needed(fields, name, "a text");
        value.map_or_else(String::new, |value| self.text(value, &fields.under(name)))
    }

    /// A text that must be there and may be empty.
    pub(super) fn words_of(&mut self, fields: &mut Fields<'_>, name: &'static str) -> String {
        match fields.object.get(name).and_then(Value::as_str) {
            Some("") => {
                fields.take(name);
                String::new()
            }
            _ => self.text_of(fields, name),
        }
    }

    /// Which of the known words stands there; the first if none does.
    pub(super) fn word_of(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        known: &[&str],
    ) -> usize {
        let Some(value) = fields.take(name) else { return 0 };
        let place = known.iter().position(|word| value.as_str() == Some(word));
        if place.is_none() {
            self.wrong(&fields.under(name), value, &format!("one of: {}", known.join(", ")));
        }
        place.unwrap_or(0)
    }

    pub(super) fn flag(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        missing: bool,
    ) -> bool {
        let Some(value) = fields.take(name) else { return missing };
        value.as_bool().unwrap_or_else(|| {
            self.wrong(&fields.under(name), value, "true or false");
            missing
        })
    }

    /// A plain number.
    pub(super) fn number(&mut self, value: &Value, path: &str) -> f64 {
        value.as_f64().unwrap_or_else(|| {
            self.wrong(path, value, "a number");
            1.0
        })
    }

    /// A plain number that must be there.
    pub(super) fn number_of(&mut self, fields: &mut Fields<'_>, name: &'static str) -> f64 {
        let value = self.needed(fields, name, "a number");
        value.map_or(1.0, |value| self.number(value, &fields.under(name)))
    }

    /// A plain whole number that must be there.
    pub(super) fn whole_of(&mut self, fields: &mut Fields<'_>, name: &'static str) -> u64 {
        let expected = "a whole number";
        let Some(value) = self.needed(fields, name, expected) else { return 0 };
        value.as_u64().unwrap_or_else(|| {
            self.wrong(&fields.under(name), value, expected);
            0
        })
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

    /// A number in `unit` that must be there.
    pub(super) fn amount_of(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        unit: Unit,
    ) -> f64 {
        let value = self.needed(fields, name, "a number");
        value.map_or(1.0, |value| self.amount(value, &fields.under(name), unit))
    }

    fn knob_amount(&mut self, value: &Value, path: &str) -> f64 {
        let Some(mut fields) = self.fields(value, path) else { return 0.0 };
        let name = self.text_of(&mut fields, "knob");
        let mut plain = |field: &'static str, missing: f64| match fields.take(field) {
            None => missing,
            // A factor may be a knob as well: so many days of so many rows a day.
            Some(value @ Value::Object(_)) => self.knob_amount(value, &fields.under(field)),
            Some(value) => self.number(value, &fields.under(field)),
        };
        let (times, plus) = (plain("times", 1.0), plain("plus", 0.0));
        let (least, most) = (plain("least", f64::NEG_INFINITY), plain("most", f64::INFINITY));
        let knob = self.knobs.get(&name).copied();
        if knob.is_none() && !name.is_empty() {
            let known: Vec<&str> = self.knobs.keys().map(String::as_str).collect();
            let known = format!("one of: {}", known.join(", "));
            self.note(&fields.under("knob"), &format!("`{name}`"), &known);
        }
        self.close(&fields);
        // No `clamp`, which panics if the limits are the wrong way round.
        (knob.unwrap_or(0.0) * times + plus).max(least).min(most)
    }

    /// A whole number in a range; knobs are rounded.
    pub(super) fn count(&mut self, value: &Value, path: &str, least: u32, most: u32) -> u32 {
        let before = self.mistakes.len();
        let number = self.amount(value, path, Unit::Count).round();
        if self.mistakes.len() > before {
            return least;
        }
        if number < f64::from(least) || number > f64::from(most) {
            self.wrong(path, value, &format!("a whole number from {least} to {most}"));
            return least;
        }
        number as u32
    }
}

/// A value for eyes: short, and in the words of JSON where they are short.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(whole), _) => whole.to_string(),
            (None, number) => number.unwrap_or(f64::NAN).to_string(),
        },
        Value::String(text) if text.chars().count() > 60 => {
            let start: String = text.chars().take(57).collect();
            format!("\"{start}...\"")
        }
        Value::String(text) => format!("\"{text}\""),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(object) => {
            let names: Vec<&str> = object.keys().take(8).map(String::as_str).collect();
            format!(
                "an object with {}",
                if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
            )
        }
    }
}
