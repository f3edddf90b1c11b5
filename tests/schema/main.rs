//! The JSON Schema of documents says what the reader does: both take the same documents, refuse the
//! same mistakes and know the same fields.

mod broken;
mod ranges;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use boon::{Compiler, Schemas};
use kneepoint::scenario::{SCHEMA, Scenario};
use serde_json::{Value, json};

/// A document with every field of the format.
const EVERYTHING: &str = include_str!("../data/everything.json");

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

thread_local! {
    /// Places of the schema are compiled once for each test.
    static CHECKS: RefCell<(Compiler, Schemas)> = {
        let mut compiler = Compiler::new();
        compiler.add_resource("scenario.json", parsed(SCHEMA)).expect("the schema is JSON");
        RefCell::new((compiler, Schemas::new()))
    };
}

/// Whether a value is valid at a place of the schema, and if not, why.
fn valid(pointer: &str, value: &Value) -> Result<(), String> {
    CHECKS.with_borrow_mut(|(compiler, schemas)| {
        let place = format!("scenario.json#{pointer}");
        let index = compiler.compile(&place, schemas).expect("the schema is a schema");
        schemas.validate(value, index).map_err(|error| format!("{error:#}"))
    })
}

/// Every document that ships, and the one with every field.
fn documents() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/scenarios");
    let mut found = vec![("everything".to_owned(), parsed(EVERYTHING))];
    for entry in std::fs::read_dir(folder).expect("scenarios ship").flatten() {
        let text = std::fs::read_to_string(entry.path()).expect("a document is text");
        found.push((entry.file_name().to_string_lossy().into_owned(), parsed(&text)));
    }
    found
}

/// A place with the number of a part for its id.
fn numbered(document: &Value, place: &str) -> String {
    let Some(named) = place.strip_prefix("/parts/") else { return place.to_owned() };
    let (id, rest) = named.split_once('/').unwrap_or((named, ""));
    let parts = document["parts"].as_array().expect("a list");
    match parts.iter().position(|part| part["id"] == id) {
        Some(number) if rest.is_empty() => format!("/parts/{number}"),
        Some(number) => format!("/parts/{number}/{rest}"),
        None => place.to_owned(),
    }
}

#[test]
fn documents_that_ship_are_valid_by_schema_and_reader() {
    let documents = documents();
    assert!(documents.len() > 2, "no document was found");
    for (name, document) in documents {
        valid("", &document).unwrap_or_else(|error| panic!("{name}: {error}"));
        Scenario::parse(&document.to_string()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn schema_and_reader_need_the_same_fields() {
    let document = parsed(EVERYTHING);
    let mut needed = 0;
    for place in objects_of(&document) {
        for name in names_in(&document, &place.path) {
            let mut smaller = document.clone();
            object(&mut smaller, &place.path).remove(&name);
            let schema = valid("", &smaller);
            let reader = Scenario::parse(&smaller.to_string());
            // Empty lists of steps are possible, and what is not there cannot be referred to.
            if schema.is_err() {
                needed += 1;
                assert!(reader.is_err(), "only the schema needs {}/{name}", place.path);
            }
        }
    }
    assert!(needed > 80, "only {needed} fields are needed");
}

/// Names that the schema gives to the objects of one definition, and those of the reader.
#[derive(Default)]
struct Known {
    schema: BTreeSet<String>,
    reader: BTreeSet<String>,
    used: BTreeSet<String>,
}

#[test]
fn schema_and_reader_know_the_same_fields() {
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    let schema = parsed(SCHEMA);
    each_definition(&schema, "", &mut |pointer, properties| {
        let names = properties.keys().cloned();
        known.entry(definition(pointer)).or_default().schema.extend(names);
    });
    for (_, document) in documents() {
        for place in objects_of(&document) {
            let entry = known.entry(definition(&place.pointer)).or_default();
            entry.used.extend(names_in(&document, &place.path));
            let mut wrong = document.clone();
            let object = object(&mut wrong, &place.path);
            if place.is_choice {
                object.clear();
            }
            object.insert("zzz".to_owned(), json!({}));
            match Scenario::parse(&wrong.to_string()) {
                Err(mistakes) => {
                    entry.reader.extend(names_expected(&mistakes.to_string(), place.has_kind));
                }
                // Of a measure without fields nothing but its kind is read.
                Ok(_) => assert_eq!(definition(&place.pointer), "$defs/measure"),
            }
        }
    }
    assert!(known.len() > 30, "only {} kinds of object", known.len());
    for (definition, Known { schema, reader, used }) in known {
        assert_eq!(schema, reader, "{definition}: schema, and reader");
        assert_eq!(schema, used, "{definition}: schema, and what {EVERYTHING} uses");
    }
}

#[test]
fn schema_and_reader_know_the_same_words() {
    let schema = parsed(SCHEMA);
    let of_kinds = |branch: &Value| {
        let target = branch["$ref"].as_str().map_or("", |target| target.trim_start_matches('#'));
        let branch = if target.is_empty() { Some(branch) } else { schema.pointer(target) };
        branch.expect("a definition")["properties"]["kind"]["const"].clone()
    };
    for (place, definition) in [
        ("/knobs/0/unit", "/$defs/knob/properties/unit/enum"),
        ("/knobs/0/scale", "/$defs/knob/properties/scale/enum"),
        ("/parts/strangers/kind", "/$defs/part/oneOf"),
        ("/parts/strangers/call/backoff/jitter", "/$defs/backoff/oneOf/1/properties/jitter/enum"),
        ("/parts/desk/queue/order", "/$defs/queue/properties/order/enum"),
        ("/parts/desk/queue/when_full", "/$defs/queue/properties/when_full/enum"),
        ("/parts/desk/admission/0/token_bucket/scope", "/$defs/scope/enum"),
        (
            "/parts/desk/admission/6/adaptive/algorithm",
            "/$defs/limit/properties/adaptive/properties/algorithm/enum",
        ),
        ("/parts/till/balancer/algorithm", "/$defs/balancer/properties/algorithm/enum"),
        ("/claims/0/measure/kind", "/$defs/measure/oneOf"),
        ("/parts/copies/eviction", "/$defs/cache/properties/eviction/enum"),
        ("/parts/copies/refresh", "/$defs/cache/properties/refresh/enum"),
        ("/parts/copies/misses", "/$defs/cache/properties/misses/enum"),
        ("/parts/copies/fills", "/$defs/cache/properties/fills/enum"),
        ("/parts/copies/writes", "/$defs/cache/properties/writes/enum"),
        ("/theory/kind", "/$defs/theory/oneOf"),
    ] {
        let words = schema.pointer(definition).and_then(Value::as_array).expect("a list");
        let word = |item: &Value| if item.is_string() { item.clone() } else { of_kinds(item) };
        let words = words.iter().map(|item| word(item).as_str().expect("a word").to_owned());
        let mut wrong = parsed(EVERYTHING);
        let place = numbered(&wrong, place);
        *wrong.pointer_mut(&place).expect("a place of the document") = json!("zzz");
        let said = Scenario::parse(&wrong.to_string()).map(|_| ()).expect_err("an unknown word");
        let expected = names_expected(&said.to_string(), false);
        assert_eq!(words.collect::<BTreeSet<_>>(), expected, "{place}");
    }
}

/// An object of a document, and the place in the schema that describes it.
struct Place {
    path: String,
    pointer: String,
    /// Exactly one of the properties is there.
    is_choice: bool,
    has_kind: bool,
}

fn objects_of(document: &Value) -> Vec<Place> {
    let mut places = Vec::new();
    walk(&parsed(SCHEMA), "", document, "", &mut places);
    places
}

/// Follows a value and its schema side by side, and notes every object with named fields.
fn walk(root: &Value, pointer: &str, value: &Value, path: &str, places: &mut Vec<Place>) {
    // The value of a patch may be of any form.
    let Some(schema) = root.pointer(pointer) else { return };
    if let Some(target) = schema["$ref"].as_str() {
        return walk(root, target.trim_start_matches('#'), value, path, places);
    }
    for word in ["oneOf", "anyOf"] {
        let branches = schema[word].as_array().map_or(0, Vec::len);
        let mut branches = (0..branches).map(|index| format!("{pointer}/{word}/{index}"));
        if let Some(branch) = branches.find(|branch| valid(branch, value).is_ok()) {
            return walk(root, &branch, value, path, places);
        }
    }
    match value {
        Value::Object(object) => {
            if schema.get("properties").is_some() {
                let is_choice = schema["maxProperties"] == 1;
                let has_kind = object.contains_key("kind");
                let (path, pointer) = (path.to_owned(), pointer.to_owned());
                places.push(Place { path, pointer, is_choice, has_kind });
            }
            for (name, inner) in object {
                let named = format!("{pointer}/properties/{name}");
                let other = format!("{pointer}/additionalProperties");
                let next = if root.pointer(&named).is_some() { named } else { other };
                walk(root, &next, inner, &format!("{path}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(root, &format!("{pointer}/items"), item, &format!("{path}/{index}"), places);
            }
        }
        _ => {}
    }
}

/// Calls `found` for each place of the schema that names properties.
fn each_definition(
    schema: &Value,
    pointer: &str,
    found: &mut dyn FnMut(&str, &serde_json::Map<String, Value>),
) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties")
                && object.contains_key("additionalProperties")
            {
                found(pointer, properties);
            }
            for (name, inner) in object {
                each_definition(inner, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                each_definition(item, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// A place of the schema without the choices that lead to it.
fn definition(pointer: &str) -> String {
    let mut words = Vec::new();
    let mut all = pointer.split('/').skip(1);
    while let Some(word) = all.next() {
        if word == "oneOf" || word == "anyOf" {
            all.next();
        } else {
            words.push(word);
        }
    }
    words.join("/")
}

fn object<'a>(document: &'a mut Value, path: &str) -> &'a mut serde_json::Map<String, Value> {
    let found = document.pointer_mut(path).and_then(Value::as_object_mut);
    found.expect("the path leads to an object")
}

fn names_in(document: &Value, path: &str) -> Vec<String> {
    let found = document.pointer(path).and_then(Value::as_object);
    found.expect("the path leads to an object").keys().cloned().collect()
}

/// The names that the line of a message about `zzz` expects.
fn names_expected(said: &str, has_kind: bool) -> BTreeSet<String> {
    let line = said.lines().find(|line| line.contains("zzz")).unwrap_or_else(|| panic!("{said}"));
    let expected = line.split("expected").nth(1).expect("a mistake says what was expected");
    let words = expected.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let filler = ["one", "of", "or", ""];
    let mut names: BTreeSet<String> =
        words.filter(|word| !filler.contains(word)).map(str::to_owned).collect();
    if has_kind {
        names.insert("kind".to_owned());
    }
    names
}
