//! Reads the steps that update rows.

use crate::engine::Distribution;
use crate::model::system::{Step, UPDATED_ROWS_MAX, Update, Way};

use super::reader::{Fields, Reader};

const WAYS: [&str; 4] = ["plain", "atomic", "version", "lock"];

impl Reader<'_> {
    pub(super) fn update(&mut self, fields: &mut Fields<'_>, depth: usize) -> Step {
        let database = self.text_of(fields, "database");
        let table = self.text_of(fields, "table");
        let way = match self.word_of(fields, "way", &WAYS) {
            1 => Way::Atomic,
            2 => Way::Version,
            3 => Way::Lock,
            _ => Way::Plain,
        };
        let rows_count = self.optional_count(fields, "rows", 1, UPDATED_ROWS_MAX);
        let is_sorted = self.word_of(fields, "order", &["any", "sorted"]) == 1;
        let attempts_count = self.optional_count(fields, "attempts", 10, 1_000);
        let pause = fields.take("pause");
        let pause = pause.map_or(Distribution::Constant(0.0), |value| {
            self.duration(value, &fields.under("pause"))
        });
        let lock_wait = fields.has("lock_wait").then(|| self.span_of(fields, "lock_wait"));
        let mut list = |name: &'static str| {
            let path = fields.under(name);
            fields.take(name).map_or_else(Vec::new, |value| self.steps(value, &path, depth))
        };
        let (read, steps, write) = (list("read"), list("steps"), list("write"));
        Step::Update(Box::new(Update {
            database,
            table,
            way,
            rows_count,
            is_sorted,
            attempts_count,
            pause,
            lock_wait,
            read,
            steps,
            write,
        }))
    }
}
