//! Reads machines, and how parts run on them.

use crate::engine::SimDuration;
use crate::model::system::{Machine, Part, Runtime};

use super::Unit;
use super::reader::{Fields, Reader};

const MEGABYTE: f64 = 1024.0 * 1024.0;
/// A petabyte.
const MEGABYTES_MAX: f64 = 1e9;

impl Reader<'_> {
    pub(super) fn machine(&mut self, fields: &mut Fields<'_>, id: String) -> Part {
        let cores_count = self.optional_count(fields, "cores", 1, 10_000);
        let memory_bytes = fields.has("memory_mb").then(|| self.bytes_of(fields, "memory_mb"));
        let restart = self.span_above_zero(fields, "restart", 10_000.0);
        Part::Machine(Machine { id, cores_count, memory_bytes, restart })
    }

    /// How a part runs; on cores of its own unless it says otherwise.
    pub(super) fn runtime(&mut self, fields: &mut Fields<'_>) -> Runtime {
        let mut runtime = Runtime::default();
        if !fields.has("runs") {
            return runtime;
        }
        let Some(mut runs) = self.inner(fields, "runs") else { return runtime };
        let runs = &mut runs;
        runtime.on = runs.has("on").then(|| self.text_of(runs, "on"));
        runtime.weight = runs.has("weight").then(|| self.count_of(runs, "weight", 1, 10_000));
        if runs.has("cores") {
            let cores = self.amount_of(runs, "cores", Unit::Count);
            if !(0.001..=10_000.0).contains(&cores) {
                self.note(&runs.under("cores"), &cores.to_string(), "0.001 to 10000 cores");
            }
            runtime.cores_limit = Some(cores.clamp(0.001, 10_000.0));
        }
        runtime.locked_share = runs.has("gil").then(|| self.number_within(runs, "gil", 0.0, 1.0));
        runtime.switch = runs.has("switch").then(|| self.switch(runs));
        runtime.base_bytes = self.bytes_of(runs, "memory_mb");
        runtime.request_bytes = self.bytes_of(runs, "request_mb");
        runtime.leak_bytes = self.bytes_of(runs, "leak_mb");
        let recycle = "recycle_after";
        runtime.recycle_after =
            runs.has(recycle).then(|| self.count_of(runs, recycle, 1, 1_000_000_000));
        self.close(runs);
        runtime
    }

    fn switch(&mut self, runs: &mut Fields<'_>) -> SimDuration {
        // Shorter slices than a microsecond would be millions of events a second.
        self.span_above_zero(runs, "switch", 5.0).max(SimDuration::from_ms(0.001))
    }

    fn bytes_of(&mut self, fields: &mut Fields<'_>, name: &'static str) -> u64 {
        (self.number_within(fields, name, 0.0, MEGABYTES_MAX) * MEGABYTE) as u64
    }
}
