//! What the schema says about the range of a number is what the reader takes.

use kneepoint::scenario::Scenario;
use serde_json::{Value, json};

use super::{EVERYTHING, Place, object, objects_of, parsed};

/// Fields whose range depends on other fields as well, as that of a cap on its base.
const DEPENDENT: [&str; 20] = [
    "burst",
    "busy",
    "cap",
    "connections",
    "first",
    "from",
    "high",
    "hot_rows",
    "instance",
    "instances",
    "interval",
    "least",
    "max",
    "memory_mb",
    "min",
    "needed",
    "time_max",
    "times",
    "to",
    "users",
];

/// Numbers that are just possible and just not, as the bounds of a field say.
struct Probes {
    inside: Vec<f64>,
    outside: Vec<f64>,
}

fn probes(field: &Value) -> Probes {
    let mut probes = Probes { inside: Vec::new(), outside: Vec::new() };
    if let Some(least) = field["minimum"].as_f64() {
        probes.inside.push(least);
        probes.outside.push(if least >= 1.0 || least == 0.0 { least - 1.0 } else { least / 2.0 });
    }
    if let Some(border) = field["exclusiveMinimum"].as_f64() {
        probes.outside.push(border);
    }
    if let Some(most) = field["maximum"].as_f64() {
        probes.inside.push(most);
        probes.outside.push(if most > 1.0 { most + 1.0 } else { most + 0.001 });
    }
    probes
}

/// The document with a number in place of a field.
fn with(document: &Value, place: &Place, name: &str, number: f64) -> Value {
    let mut changed = document.clone();
    let whole = number.fract() == 0.0;
    let number = if whole { json!(number as i64) } else { json!(number) };
    object(&mut changed, &place.path).insert(name.to_owned(), number);
    changed
}

#[test]
fn the_reader_takes_the_numbers_within_the_bounds_of_the_schema_and_no_others() {
    let (document, schema) = (parsed(EVERYTHING), parsed(super::SCHEMA));
    let (mut tried, mut wrong) = (0, Vec::new());
    for place in objects_of(&document) {
        let fields = schema.pointer(&place.pointer).expect("a place")["properties"].clone();
        for (name, field) in fields.as_object().into_iter().flatten() {
            if document.pointer(&format!("{}/{name}", place.path)).is_none() {
                continue;
            }
            let Probes { inside, outside } = probes(field);
            tried += outside.len();
            for number in outside {
                if Scenario::parse(&with(&document, &place, name, number).to_string()).is_ok() {
                    wrong.push(format!("{}/{name}: {number} is taken", place.path));
                }
            }
            let is_dependent = DEPENDENT.contains(&name.as_str());
            for number in inside.into_iter().filter(|_| !is_dependent) {
                let read = Scenario::parse(&with(&document, &place, name, number).to_string());
                if let Err(mistakes) = read {
                    wrong.push(format!("{}/{name}: {number}: {mistakes}", place.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 150, "only {tried} bounds");
}
