//! Takes mistakes out of a document that chance has drawn.

use serde_json::{Value, json};

/// Takes out what a mistake is about, or the smallest thing around it that can be missing.
pub(crate) fn mend(document: &mut Value, path: &str) -> bool {
    let mut names: Vec<String> =
        path.replace('[', ".").replace(']', "").split('.').map(str::to_owned).collect();
    if names.first().is_some_and(|name| name == "parts")
        && let Some(id) = names.get(1)
        && let Some(parts) = document["parts"].as_array()
        && let Some(place) = parts.iter().position(|part| part["id"] == id.as_str())
    {
        names[1] = place.to_string();
    }
    if names == ["parts"]
        && let Some(parts) = document["parts"].as_array_mut()
    {
        // Mostly a replica of itself, or of another one.
        let mut parts = parts.iter_mut().filter_map(Value::as_object_mut);
        return parts.any(|part| part.remove("replica").is_some());
    }
    // A distribution becomes a time, arrivals the simplest ones.
    let place = format!("/{}", names.join("/"));
    if let Some(found @ Value::Object(_)) = document.pointer_mut(&place) {
        let simple = match names.last().map(String::as_str) {
            Some("arrivals") => json!({ "open": { "rate_per_s": 5 } }),
            Some("latency" | "gap" | "think" | "work" | "cpu" | "wait" | "delay") => json!(20),
            _ => Value::Null,
        };
        if !simple.is_null() {
            *found = simple;
            return true;
        }
    }
    if names.len() == 3 && names[2] == "call" && names[0] == "parts" {
        let place = format!("/{}", names[..2].join("/"));
        if let Some(Value::Object(clients)) = document.pointer_mut(&place) {
            clients.remove("mix");
            clients.insert("call".to_owned(), json!({ "to": "p1.work" }));
            return true;
        }
    }
    let kept = ["kind", "id", "to", "arrivals", "endpoints", "latency", "keys", "database"];
    while names.len() > 2 {
        let last = names.pop().unwrap_or_default();
        let place = format!("/{}", names.join("/"));
        match document.pointer_mut(&place) {
            Some(Value::Object(object))
                if !kept.contains(&last.as_str()) && object.contains_key(&last) =>
            {
                object.remove(&last);
                return true;
            }
            Some(Value::Array(items)) => {
                if let Ok(index) = last.parse::<usize>()
                    && index < items.len()
                {
                    items.remove(index);
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}
