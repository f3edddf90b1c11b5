//! Fields of a part that the schema or the reader allow only together.

use rand::RngExt as _;
use serde_json::{Value, json};

use super::generate::Generator;

impl Generator {
    /// Makes fields agree that a part has drawn by themselves, where the schema says so by conditions.
    pub(super) fn agree(&mut self, part: &mut Value) {
        let kind = part["kind"].as_str().unwrap_or_default().to_owned();
        let instances = part["instances"].as_u64().unwrap_or(1);
        let Some(object) = part.as_object_mut() else { return };
        match kind.as_str() {
            "clients" if object.contains_key("mix") => drop(object.remove("call")),
            "clients" if !object.contains_key("call") => {
                let call =
                    self.named("call", |drawn| drawn.value(&json!({ "$ref": "#/$defs/call" }), 1));
                object.insert("call".to_owned(), call);
            }
            "service" => {
                if object.get("instances").is_some_and(|instances| !instances.is_u64()) {
                    object.remove("instances");
                }
                if let Some(weights) = object.get_mut("balancer").and_then(|b| b.get_mut("weights"))
                {
                    *weights = (1..=instances).map(|weight| json!(weight)).collect();
                }
            }
            "database" if !object.contains_key("tables") => {
                let index = json!({ "a": {}, "b": { "correlation": 1 } });
                let table = json!({ "rows": 1000, "indexes": index });
                object.insert("tables".to_owned(), json!({ "a": table, "b": table }));
            }
            // Those of one service may be each instance's own, if no other uses them.
            "pool" if object.contains_key("each") && self.below(4) > 0 => {
                object.remove("each");
            }
            "fault" => {
                let effect = object["effect"].as_str().unwrap_or_default().to_owned();
                let has = |effects: &[&str]| effects.contains(&effect.as_str());
                if !has(&["partition", "drop"]) {
                    object.remove("peer");
                }
                for (name, is_its) in [
                    ("factor", has(&["spike", "slow", "delay", "deploy"])),
                    ("share", has(&["refuse", "deploy", "drop"])),
                    ("errors", has(&["deploy"])),
                ] {
                    object.remove(name);
                    if is_its {
                        object.insert(name.to_owned(), json!(self.chance.random_range(0.1..1.0)));
                    }
                }
                if object.remove("instance").is_some()
                    && !["spike", "delay", "flush", "partition", "drop", "deploy"]
                        .contains(&effect.as_str())
                {
                    object.insert("instance".to_owned(), json!(1));
                    object.insert("part".to_owned(), json!("p1"));
                }
            }
            _ => {}
        }
    }
}
