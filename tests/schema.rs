//! The JSON Schema of documents says what the reader does: both take the same documents, refuse the
//! same mistakes and know the same fields.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use boon::{Compiler, Schemas};
use kneepoint::scenario::{SCHEMA, Scenario};
use serde_json::{Value, json};

/// A document with every field of the format.
const EVERYTHING: &str = include_str!("data/everything.json");

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
fn broken_documents_are_refused_by_schema_and_reader() {
    let broken = [
        ("/format", json!(2)),
        ("/format", json!("1")),
        ("/seed", json!(-1)),
        ("/seed", json!(1.5)),
        ("/title", Value::Null),
        ("/run", json!({ "requests": 10 })),
        ("/run", json!({ "requests": "many" })),
        ("/run", json!({ "requests": 1000, "time": "1s" })),
        ("/run/time", json!("long")),
        ("/run/phases/0/id", json!("Before")),
        ("/run/phases/0/to", json!(true)),
        ("/objective/p99_ms", json!(0)),
        ("/objective/error_share", json!(2)),
        ("/knobs", json!([])),
        ("/knobs/0/id", json!("Users")),
        ("/knobs/0/id", json!("seed")),
        ("/knobs/0/unit", json!("apples")),
        ("/knobs/0/scale", json!("square")),
        ("/knobs/0/min", json!(0)),
        ("/knobs/0/whole", json!("yes")),
        ("/knobs/1/max", json!("10ms")),
        ("/parts/0", json!("clients")),
        ("/parts/0/kind", json!("crowd")),
        ("/parts/0/id", json!(1)),
        ("/parts/0/arrivals", json!({ "sometimes": {} })),
        ("/parts/0/arrivals/open/rate_per_s", json!(0)),
        ("/parts/0/arrivals/open/rate_per_s", json!("40ms")),
        ("/parts/0/arrivals/open/rate_per_s/times", json!("x")),
        ("/parts/0/call/to", json!("app")),
        ("/parts/0/call/timeout", json!("soon")),
        ("/parts/0/call/cancels", json!("yes")),
        ("/parts/0/call/retries", json!(101)),
        ("/parts/0/call/backoff/jitter", json!("some")),
        ("/parts/2/arrivals/closed/users", json!(0)),
        ("/parts/2/arrivals/closed/think", json!({ "normal": 1 })),
        ("/parts/2/arrivals/closed/think", json!({ "erlang": { "mean": 1 } })),
        ("/parts/3/workers", json!(-1)),
        ("/parts/3/instances", json!(1001)),
        ("/parts/3/queue/capacity", json!("lots")),
        ("/parts/3/endpoints", json!([])),
        ("/parts/3/endpoints/page/0", json!({ "dance": 1 })),
        ("/parts/3/endpoints/page/0", json!({ "cpu": 1, "wait": 1 })),
        ("/parts/3/endpoints/page/0/cpu", json!(true)),
        ("/parts/3/endpoints/page/2/query", json!({ "via": "pool" })),
        ("/parts/3/endpoints/page/4/repeat/times", json!(1_000_001)),
        ("/parts/3/endpoints/page/5/parallel/times", json!(0)),
        ("/parts/3/endpoints/page/6/choice/probability", json!(1.5)),
        ("/parts/5/database", json!(["disk"])),
        ("/parts/6/cores", json!(0)),
        ("/parts/7/effect", json!("gremlin")),
        ("/parts/7/factor", json!(0)),
        ("/parts/7/from", json!("noon")),
        ("/parts/10/effect", json!("spike")),
        ("/parts/12/share", json!(2)),
        (
            "/parts/3/endpoints/measure/2/query",
            json!({ "via": "pool", "table": "posts", "work": 1 }),
        ),
        ("/parts/3/endpoints/measure/2/query/order", json!("random")),
        ("/parts/3/endpoints/measure/2/query/limit", json!(-1)),
        ("/parts/6/tables/posts/rows", json!("many")),
        ("/parts/6/tables/posts/hot", json!(2)),
        ("/parts/6/disk/memory_mb", json!(0)),
        ("/parts/6/disk/page", json!("soon")),
        ("/parts/3/runs/weight", json!(0)),
        ("/parts/3/runs/gil", json!(2)),
        ("/parts/3/runs/cores", json!(0)),
        ("/parts/16/quota/calls", json!(0)),
        ("/parts/16/outages/0/to", json!("never")),
        ("/parts/17/arrivals/cron/every", json!(0)),
        ("/parts/17/arrivals/cron/overlap", json!("perhaps")),
        ("/parts/3/endpoints/measure/3/ask/attempts", json!(0)),
        ("/parts/15/cores", json!(0)),
        ("/parts/15/restart", json!("soon")),
        ("/parts/13/keys", json!(0)),
        ("/parts/13/popularity", json!(-1)),
        ("/parts/13/spread", json!(2)),
        ("/parts/13/sliding", json!("yes")),
        ("/parts/13/misses", json!("panic")),
        ("/parts/13/ttl", json!("soon")),
        ("/fixes/0/patch", json!("app.workers")),
        ("/fixes/0/patch/0/at", json!("workers")),
        ("/claims/0/measure/kind", json!("luck")),
        ("/claims/0/measure", json!({ "kind": "ceiling" })),
        ("/claims/0/expect/min", json!("1")),
        ("/claims/0/in/knobs/users", json!("5")),
        ("/theory/kind", json!("chaos")),
        ("/sources/0/from", json!(7)),
    ];
    for (place, value) in broken {
        let mut document = parsed(EVERYTHING);
        let at = document.pointer_mut(place).unwrap_or_else(|| panic!("{place} is no place"));
        *at = value.clone();
        assert!(valid("", &document).is_err(), "the schema takes {value} at {place}");
        let read = Scenario::parse(&document.to_string());
        assert!(read.is_err(), "the reader takes {value} at {place}");
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
        ("/parts/0/kind", "/$defs/part/oneOf"),
        ("/parts/0/call/backoff/jitter", "/$defs/backoff/oneOf/1/properties/jitter/enum"),
        ("/claims/0/measure/kind", "/$defs/measure/oneOf"),
        ("/parts/13/eviction", "/$defs/cache/properties/eviction/enum"),
        ("/parts/13/refresh", "/$defs/cache/properties/refresh/enum"),
        ("/parts/13/misses", "/$defs/cache/properties/misses/enum"),
        ("/parts/13/fills", "/$defs/cache/properties/fills/enum"),
        ("/parts/13/writes", "/$defs/cache/properties/writes/enum"),
        ("/theory/kind", "/$defs/theory/oneOf"),
    ] {
        let words = schema.pointer(definition).and_then(Value::as_array).expect("a list");
        let word = |item: &Value| if item.is_string() { item.clone() } else { of_kinds(item) };
        let words = words.iter().map(|item| word(item).as_str().expect("a word").to_owned());
        let mut wrong = parsed(EVERYTHING);
        *wrong.pointer_mut(place).expect("a place of the document") = json!("zzz");
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
