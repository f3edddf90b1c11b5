//! Reads queues of jobs.

use crate::model::jobs::queue::Settings;
use crate::model::system::{Jobs, Part};

use super::reader::{Fields, Reader};

impl Reader<'_> {
    pub(super) fn jobs(&mut self, fields: &mut Fields<'_>, id: String) -> Option<Part> {
        let value = self.needed(fields, "call", "a call")?;
        let call = self.call(value, &fields.under("call"), 0);
        let handlers_count = self.optional_count(fields, "handlers", 1, 100_000);
        let visibility =
            fields.has("visibility").then(|| self.span_above_zero(fields, "visibility", 0.0));
        let mut optional = |name: &'static str, most: u32| {
            let value = fields.take(name);
            value.map(|value| self.count(value, &fields.under(name), 1, most))
        };
        let (deliveries, capacity) =
            (optional("deliveries", 1_000), optional("capacity", 2_000_000));
        let shows_failed = self.word_of(fields, "failed", &["hidden", "again"]) == 1;
        let settings = Settings { visibility, deliveries, capacity };
        Some(Part::Jobs(Jobs { id, call: call?, handlers_count, settings, shows_failed }))
    }
}
