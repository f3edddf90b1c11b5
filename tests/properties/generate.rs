//! Scenarios drawn at random from the whole space of documents, as the JSON Schema describes it: a part
//! or a field that the schema knows is drawn without a line here.

use kneepoint::engine::math::pow;
use kneepoint::scenario::{SCHEMA, Scenario};
use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus as Chance;
use serde_json::{Map, Value, json};

use super::mend::mend;

/// Levels of objects inside objects, beyond which only what is needed is drawn.
const DEPTH_MAX: usize = 14;
/// Times that mistakes of a drawn document are mended.
const MENDINGS_MAX: usize = 60;

/// Draws documents.
pub(crate) struct Generator {
    schema: Value,
    pub(super) chance: Chance,
    /// Ids of the parts by kind.
    ids: Vec<(String, String)>,
    /// The number of the service whose steps are being drawn; callers call only later ones.
    service: usize,
    /// Names of the fields on the way to the value being drawn.
    path: Vec<String>,
}

/// A scenario with its document; `None` if chance drew one that cannot be mended.
pub(crate) fn scenario(seed: u64) -> Option<(Value, Scenario)> {
    let mut document = Generator::new(seed).document();
    for _ in 0..MENDINGS_MAX {
        match Scenario::parse(&document.to_string()) {
            Ok(scenario) => return Some((document, scenario)),
            Err(mistakes) => {
                let paths: Vec<String> =
                    mistakes.0.iter().map(|mistake| mistake.path.clone()).collect();
                // From the end of lists, so that the other places stay where they are.
                if !paths.iter().rev().any(|path| mend(&mut document, path)) {
                    return None;
                }
            }
        }
    }
    None
}

impl Generator {
    fn new(seed: u64) -> Self {
        Self {
            schema: serde_json::from_str(SCHEMA).expect("the schema is JSON"),
            chance: Chance::seed_from_u64(seed),
            ids: Vec::new(),
            service: 0,
            path: Vec::new(),
        }
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        self.chance.random_range(0..most.max(1))
    }

    fn document(mut self) -> Value {
        let kinds = self.kinds();
        // One of each kind, so that names find something, and some more.
        let mut wanted: Vec<String> = ["clients", "service"].map(str::to_owned).into();
        wanted.extend(kinds.iter().map(|(kind, _)| kind.clone()));
        wanted.retain(|kind| kind != "fault");
        for _ in 0..self.below(8) {
            let kind = self.below(kinds.len());
            wanted.push(kinds[kind].0.clone());
        }
        self.ids = wanted
            .iter()
            .enumerate()
            .map(|(index, kind)| (kind.clone(), format!("p{index}")))
            .collect();
        let mut parts = Vec::new();
        for (index, kind) in wanted.iter().enumerate() {
            self.service = index;
            let (_, schema) = kinds.iter().find(|(known, _)| known == kind).expect("a kind");
            let mut part = self.value(&schema.clone(), 0);
            part["kind"] = json!(kind);
            part["id"] = json!(format!("p{index}"));
            if kind == "service" {
                let steps = json!({ "$ref": "#/$defs/endpoint" });
                let endpoint = self.named("endpoints", |drawn| drawn.value(&steps, 1));
                part["endpoints"] = json!({ "work": endpoint });
            }
            self.agree(&mut part);
            parts.push(part);
        }
        json!({
            "format": 1, "id": "random", "title": "What happens?", "group": "failure",
            "summary": "Drawn by lot.", "seed": 1, "run": { "time": "20s" },
            "objective": { "p99_ms": 1000, "error_share": 0.01 },
            "knobs": [{ "id": "unused", "label": "-", "about": "-", "min": 1, "max": 2, "default": 1 }],
            "parts": parts
        })
    }

    /// All kinds of parts with their schemas.
    fn kinds(&self) -> Vec<(String, Value)> {
        let all = self.schema["$defs"]["part"]["oneOf"].as_array().expect("parts are of kinds");
        let of = |schema: &Value| {
            let schema = self.resolved(schema);
            let kind = schema["properties"]["kind"]["const"].as_str().expect("a kind");
            (kind.to_owned(), schema)
        };
        all.iter().map(of).collect()
    }

    /// What a reference points to, with what stands beside it.
    fn resolved(&self, schema: &Value) -> Value {
        let Some(place) = schema.get("$ref").and_then(Value::as_str) else { return schema.clone() };
        let target = self.schema.pointer(place.trim_start_matches('#')).expect("a reference");
        let mut all = self.resolved(target);
        if let (Some(all), Some(more)) = (all.as_object_mut(), schema.as_object()) {
            let more = more.iter().filter(|(name, _)| *name != "$ref");
            all.extend(more.map(|(name, value)| (name.clone(), value.clone())));
        }
        all
    }

    pub(super) fn named<T>(&mut self, name: &str, draw: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(name.to_owned());
        let drawn = draw(self);
        self.path.pop();
        drawn
    }

    pub(super) fn value(&mut self, schema: &Value, depth: usize) -> Value {
        let amount = schema.get("$ref").and_then(Value::as_str).unwrap_or_default();
        let amount = amount.trim_start_matches("#/$defs/").to_owned();
        let schema = self.resolved(schema);
        if ["time", "count", "rate", "share"].contains(&amount.as_str()) {
            return self.number(&amount, &schema);
        }
        if amount == "steps" {
            return self.steps(depth);
        }
        if amount == "step" {
            return self.only_one(&schema, depth);
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(Value::Array(words)) = schema.get("enum") {
            let place = self.below(words.len());
            return words[place].clone();
        }
        for several in ["oneOf", "anyOf"] {
            if let Some(Value::Array(ways)) = schema.get(several) {
                let place = self.below(ways.len());
                return self.value(&ways[place].clone(), depth);
            }
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("boolean") => json!(self.chance.random_bool(0.5)),
            Some("array") => {
                let least = schema["minItems"].as_u64().unwrap_or(0) as usize;
                let count = least + if depth < DEPTH_MAX { self.below(3) } else { 0 };
                let items = schema["items"].clone();
                (0..count).map(|_| self.value(&items, depth + 1)).collect()
            }
            Some("string") => json!(self.name()),
            Some("number" | "integer") => self.number("count", &schema),
            _ if schema.get("maxProperties") == Some(&json!(1)) => self.only_one(&schema, depth),
            _ => self.object(&schema, depth),
        }
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let needed: Vec<&str> = schema["required"]
            .as_array()
            .map_or_else(Vec::new, |names| names.iter().filter_map(Value::as_str).collect());
        let mut object = Map::new();
        let likely = if depth < 4 { 0.35 } else { 0.25 };
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let is_needed = needed.contains(&name.as_str());
            if is_needed || depth < DEPTH_MAX && self.chance.random_bool(likely) {
                let value = self.named(name, |drawn| drawn.value(inner, depth + 1));
                object.insert(name.clone(), value);
            }
        }
        if let Some(inner) = schema.get("additionalProperties").filter(|inner| inner.is_object()) {
            for name in ["a", "b"] {
                object.insert(name.to_owned(), self.value(inner, depth + 1));
            }
        }
        Value::Object(object)
    }

    /// An object with one of its fields.
    fn only_one(&mut self, schema: &Value, depth: usize) -> Value {
        let fields = schema["properties"].as_object().expect("fields to choose from");
        let mut names: Vec<&String> = fields.keys().collect();
        if depth > DEPTH_MAX - 5 {
            names.retain(|name| {
                ["cpu", "wait", "fail", "token_bucket", "bucket"].contains(&name.as_str())
            });
        }
        if self.callees().is_empty() {
            names.retain(|name| *name != "call");
        }
        let place = self.below(names.len());
        let Some(name) = names.get(place) else { return json!({ "cpu": 1 }) };
        let name = (*name).clone();
        let inner = fields[&name].clone();
        json!({ name.clone(): self.named(&name, |drawn| drawn.value(&inner, depth + 1)) })
    }

    fn steps(&mut self, depth: usize) -> Value {
        let most = if depth > DEPTH_MAX - 6 { 2 } else { 4 };
        let count = self.below(most);
        let step = json!({ "$ref": "#/$defs/step" });
        (0..count).map(|_| self.value(&step, depth + 1)).collect()
    }

    /// A number of modest size in the range of the schema.
    fn number(&mut self, amount: &str, schema: &Value) -> Value {
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        let least = bound("minimum").or(bound("exclusiveMinimum").map(|least| least + 1e-3));
        let least = least.unwrap_or(0.0);
        let (usual, least): (f64, f64) = match amount {
            "time" => (2_000.0, least),
            "rate" => (80.0, least.max(0.05)),
            "share" => (1.0, least),
            _ => (40.0, least),
        };
        let most = bound("maximum").unwrap_or(f64::INFINITY).min(usual.max(least));
        let middle = match self.below(8) {
            0 => least,
            1 => most,
            _ => {
                // Small numbers are as likely as large ones.
                let low = least.max(most * 1e-4);
                low * pow(most / low, self.chance.random_range(0.0..1.0))
            }
        };
        let whole = amount == "count" && least.fract() == 0.0 && most >= 1.0;
        let number = if whole { middle.round().max(least) } else { middle };
        match (amount, self.below(3)) {
            ("time", 0) => json!(format!("{number:.3}ms")),
            ("share", 0) => json!(format!("{:.3}%", number * 100.0)),
            ("rate", 0) => json!(format!("{number:.3}/s")),
            _ => json!(number),
        }
    }

    /// The endpoints that whoever is being drawn may call: any by clients, later ones by services.
    fn callees(&self) -> Vec<String> {
        let is_client = self.ids[self.service].0 == "clients";
        let from = if is_client { 0 } else { self.service + 1 };
        let services = self.ids[from..].iter().filter(|(kind, _)| kind == "service");
        services.map(|(_, id)| format!("{id}.work")).collect()
    }

    /// A name that a field may hold: the id of a part of the kind that fits, a table, an endpoint.
    fn name(&mut self) -> String {
        let field = self.path.last().cloned().unwrap_or_default();
        let around = self.path.iter().rev().nth(1).cloned().unwrap_or_default();
        let kinds: &[&str] = match (around.as_str(), field.as_str()) {
            ("enqueue", "to") => &["jobs"],
            (_, "to") => {
                let services = self.callees();
                let place = self.below(services.len());
                return services.get(place).cloned().unwrap_or_else(|| "p1.work".to_owned());
            }
            ("runs", "on") => &["machine"],
            (_, "each") => &["service"],
            ("transaction", "on") | (_, "primary") => &["database"],
            (_, "on") => &["lock"],
            (_, "via") => &["database", "pool"],
            (_, "peer") => &["service", "database", "cache", "third_party"],
            (_, "part") => &["service", "clients", "database", "pool", "cache", "lock"],
            (_, "party") => &["third_party"],
            (_, "table" | "by") => return if self.below(2) == 0 { "a" } else { "b" }.to_owned(),
            (_, other) => &[other],
        };
        let fits: Vec<&str> = self
            .ids
            .iter()
            .filter(|(kind, _)| kinds.contains(&kind.as_str()))
            .map(|(_, id)| id.as_str())
            .collect();
        let name = fits.get(self.chance.random_range(0..fits.len().max(1)));
        name.map_or_else(|| "p0".to_owned(), |name| (*name).to_owned())
    }
}
