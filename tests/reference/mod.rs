//! Reference values of models, and what each reference allows.

mod collection;
mod shared;

use serde_json::Value;

/// One reference value.
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) case: String,
    pub(crate) family: String,
    pub(crate) measure: String,
    pub(crate) expected: f64,
    pub(crate) parameters: Value,
    tolerance: Value,
}

impl Entry {
    fn read(value: &Value) -> Option<Self> {
        let text = |field: &str| Some(value.get(field)?.as_str()?.to_owned());
        // Group 2 are published figures, not values of a model.
        (value.get("group")?.as_u64()? != 2).then_some(())?;
        Some(Self {
            id: text("id")?,
            case: text("case")?,
            family: text("family")?,
            measure: text("measure")?,
            expected: value.get("expected")?.as_f64()?,
            parameters: value.get("parameters")?.clone(),
            tolerance: value.get("tolerance")?.clone(),
        })
    }

    /// What the reference allows for a run of the length of its own.
    pub(crate) fn allowed(&self) -> f64 {
        let field = |name: &str| self.tolerance.get(name).and_then(Value::as_f64);
        field("abs").unwrap_or_else(|| field("rel").unwrap_or(0.003) * self.expected.abs())
    }
}

/// The values of a [`collection`](collection::collection) that models have.
pub(crate) fn entries(own: &str) -> Vec<Entry> {
    collection::collection(own).iter().filter_map(Entry::read).collect()
}
