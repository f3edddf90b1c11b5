//! Changes links and documents by chance.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec;
use rand::RngExt as _;
use rand_xoshiro::Xoshiro256PlusPlus as Chance;
use serde_json::{Map, Value, json};

/// Most inputs of one kind that are kept to be changed further.
const KEPT_MAX: usize = 256;

const TEXTS: [&str; 24] = [
    "",
    "0",
    "-0",
    "-1",
    "1e308",
    "1e-320",
    "1e999",
    "nan",
    "inf",
    "18446744073709551616",
    "2.5k",
    "10%",
    "40/s",
    "250ms",
    "1h",
    "9e99h",
    "%",
    "%41",
    "%zz",
    "+",
    "µs",
    "é\u{202e}𝕏",
    "a.b.c",
    "#",
];
const NUMBERS: [f64; 14] =
    [0.0, -0.0, 1.0, -1.0, 0.5, 1e-9, 1e-320, 3.0, 1e3, 65_536.0, 4e6, 5e6, 1e18, 1e308];

/// Inputs so far.
pub(crate) struct Source {
    links: Vec<String>,
    documents: Vec<String>,
    /// Those that came with the program; they stay.
    given: [usize; 2],
}

impl Source {
    pub(crate) fn new() -> Self {
        let documents: Vec<String> = [
            include_str!("../../assets/scenarios/n-plus-one.json"),
            include_str!("../../assets/scenarios/queue-knee.json"),
            include_str!("../data/everything.json"),
        ]
        .into_iter()
        .map(small)
        .collect();
        let golden = include_str!("../golden/links-v1.txt").lines();
        let mut links: Vec<String> =
            golden.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
        links.extend(documents.iter().map(|text| packed(text.as_bytes())));
        let given = [links.len(), documents.len()];
        Self { links, documents, given }
    }

    /// Keeps a readable input in place of an earlier one.
    pub(crate) fn keep(&mut self, is_link: bool, text: String, chance: &mut Chance) {
        let (kept, given) = if is_link {
            (&mut self.links, self.given[0])
        } else {
            (&mut self.documents, self.given[1])
        };
        if kept.len() < KEPT_MAX {
            kept.push(text);
        } else {
            let at = chance.random_range(given..KEPT_MAX);
            kept[at] = text;
        }
    }

    /// A changed link.
    pub(crate) fn link(&self, chance: &mut Chance) -> String {
        let mut text = pick(&self.links, chance).clone();
        for _ in 0..chance.random_range(1..=4) {
            text = match chance.random_range(0..8) {
                0 => bytes(&text, chance),
                1 => packed(self.document(chance).as_bytes()),
                2 => squeezed(&text, chance),
                _ => self.pairs(&text, chance),
            };
        }
        text
    }

    /// Changes keys and values.
    fn pairs(&self, text: &str, chance: &mut Chance) -> String {
        let mut pairs: Vec<String> = text.split('&').map(str::to_owned).collect();
        let other: Vec<&str> = pick(&self.links, chance).split('&').collect();
        let at = chance.random_range(0..pairs.len());
        let (key, value) = pairs[at].split_once('=').unwrap_or((&pairs[at], ""));
        match chance.random_range(0..7) {
            0 => drop(pairs.remove(at)),
            1 => pairs.push(pairs[at].clone()),
            2 => pairs.push((*pick(&other, chance)).to_owned()),
            3 => pairs[at] = format!("{key}={}", pick(&TEXTS, chance)),
            4 => pairs[at] = format!("~b.{key}={value}"),
            5 => pairs[at] = format!("{key}={}", pick(&NUMBERS, chance)),
            _ => {
                let key = pick(&other, chance).split('=').next().unwrap_or("");
                pairs[at] = format!("{key}={value}");
            }
        }
        pairs.join("&")
    }

    /// A changed document.
    pub(crate) fn document(&self, chance: &mut Chance) -> String {
        let text = pick(&self.documents, chance);
        if chance.random_bool(0.1) {
            return bytes(text, chance);
        }
        let Ok(mut document) = serde_json::from_str::<Value>(text) else { return text.clone() };
        for _ in 0..chance.random_range(1..=3) {
            let other: Value =
                serde_json::from_str(pick::<String>(&self.documents, chance)).unwrap_or_default();
            change(&mut document, &other, chance);
        }
        document.to_string()
    }
}

/// A document whose claims are few, so that chance finds the other fields.
fn small(text: &str) -> String {
    let mut document: Value = serde_json::from_str(text).expect("documents that ship are JSON");
    if let Some(claims) = document["claims"].as_array_mut() {
        claims.truncate(2);
    }
    document.to_string()
}

fn pick<'a, T>(items: &'a [T], chance: &mut Chance) -> &'a T {
    &items[chance.random_range(0..items.len())]
}

fn packed(text: &[u8]) -> String {
    format!("v=1&z={}", URL_SAFE_NO_PAD.encode(compress_to_vec(text, 6)))
}

/// Changes bytes of what a link has packed.
fn squeezed(text: &str, chance: &mut Chance) -> String {
    let Some((_, z)) = text.split_once("z=") else { return text.to_owned() };
    let z = z.split('&').next().unwrap_or_default();
    let Ok(mut inner) = URL_SAFE_NO_PAD.decode(z) else { return text.to_owned() };
    if !inner.is_empty() {
        let at = chance.random_range(0..inner.len());
        inner[at] ^= 1 << chance.random_range(0..8);
    }
    format!("v=1&z={}", URL_SAFE_NO_PAD.encode(inner))
}

/// Removes, doubles or replaces some characters.
fn bytes(text: &str, chance: &mut Chance) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for _ in 0..chance.random_range(1..=3) {
        if text.is_empty() {
            break;
        }
        let from = chance.random_range(0..text.len());
        let to = (from + chance.random_range(1..=8)).min(text.len());
        match chance.random_range(0..3) {
            0 => drop(text.drain(from..to)),
            1 => {
                let copy = text[from..to].to_vec();
                text.splice(from..from, copy);
            }
            _ => text[from] = char::from(chance.random_range(b' '..=b'~')),
        }
    }
    text.into_iter().collect()
}

/// Changes one place of a document.
fn change(document: &mut Value, other: &Value, chance: &mut Chance) {
    let mut places = Vec::new();
    places_of(document, "", &mut places);
    let mut others = Vec::new();
    places_of(other, "", &mut others);
    let place = pick(&places, chance).clone();
    let Some(at) = document.pointer_mut(&place) else { return };
    match chance.random_range(0..7) {
        0 => *at = anything(chance),
        1 => *at = other.pointer(pick::<String>(&others, chance)).cloned().unwrap_or_default(),
        2 => *at = json!(*pick(&NUMBERS, chance)),
        3 => *at = json!(*pick(&TEXTS, chance)),
        // Something of the same name elsewhere fits more often.
        4 => {
            let name = place.rsplit('/').next().unwrap_or_default();
            let same: Vec<&String> =
                others.iter().filter(|place| place.rsplit('/').next() == Some(name)).collect();
            if let Some(from) = same.get(chance.random_range(0..same.len().max(1))) {
                *at = other.pointer(from).cloned().unwrap_or_default();
            }
        }
        5 => grow(at, chance),
        _ => shrink(at, chance),
    }
}

fn grow(at: &mut Value, chance: &mut Chance) {
    match at {
        Value::Array(items) if !items.is_empty() => {
            let copy = pick(items, chance).clone();
            let times = *pick(&[1, 2, 70], chance);
            items.extend(std::iter::repeat_n(copy, times));
        }
        Value::Object(object) => {
            object.insert((*pick(&TEXTS, chance)).to_owned(), anything(chance));
        }
        Value::String(text) => *text = text.repeat(*pick(&[2, 50], chance)),
        Value::Number(number) => {
            *at = json!(number.as_f64().unwrap_or(1.0) * pick(&[-1.0, 0.1, 10.0, 1e3], chance));
        }
        other => *other = json!([other.clone()]),
    }
}

fn shrink(at: &mut Value, chance: &mut Chance) {
    match at {
        Value::Array(items) if !items.is_empty() => {
            items.remove(chance.random_range(0..items.len()));
        }
        Value::Object(object) if !object.is_empty() => {
            let names: Vec<String> = object.keys().cloned().collect();
            object.remove(pick(&names, chance));
        }
        other => *other = Value::Null,
    }
}

fn anything(chance: &mut Chance) -> Value {
    match chance.random_range(0..8) {
        0 => Value::Null,
        1 => json!(chance.random_bool(0.5)),
        2 => json!([]),
        3 => Value::Object(Map::new()),
        4 => {
            json!({ "knob": "users", "times": *pick(&NUMBERS, chance), "plus": *pick(&NUMBERS, chance) })
        }
        5 => {
            let times = *pick(&[1, 30, 1000], chance);
            json!([{ "parallel": { "times": times, "steps": [{ "parallel": { "times": times, "steps": [{ "cpu": 1 }] } }] } }])
        }
        6 => {
            json!([{ "repeat": { "times": 1_000_000, "steps": [{ "repeat": { "times": 1_000_000, "steps": [] } }] } }])
        }
        _ => json!({ "closed": { "users": 5_000_000, "think": *pick(&TEXTS, chance) } }),
    }
}

/// Pointers to every place of a document.
fn places_of(value: &Value, path: &str, places: &mut Vec<String>) {
    places.push(path.to_owned());
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                let name = name.replace('~', "~0").replace('/', "~1");
                places_of(inner, &format!("{path}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places_of(item, &format!("{path}/{index}"), places);
            }
        }
        _ => {}
    }
}
