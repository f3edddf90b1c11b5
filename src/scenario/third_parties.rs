//! Reads third parties and the steps that ask them.

use crate::engine::{Distribution, SimDuration, SimTime};
use crate::model::system::{Ask, Part, Step, ThirdParty};
use crate::model::third_party::{Outage, Outages, Quota, Settings};
use crate::policy::admission::fixed_window;

use super::reader::{Fields, Reader};

impl Reader<'_> {
    pub(super) fn third_party(&mut self, fields: &mut Fields<'_>, id: String) -> Part {
        let latency = self.duration_of(fields, "latency");
        let quota = if fields.has("quota") { self.quota(fields) } else { None };
        let outages = if fields.has("outages") { self.outages(fields) } else { Vec::new() };
        let outage = if fields.has("error_after") {
            Outage::Fails(self.span_above_zero(fields, "error_after", 0.0))
        } else {
            Outage::Hangs
        };
        let outages = Outages::At(outages);
        Part::ThirdParty(ThirdParty { id, settings: Settings { latency, quota, outages, outage } })
    }

    fn quota(&mut self, fields: &mut Fields<'_>) -> Option<Quota> {
        let mut quota = self.inner(fields, "quota")?;
        let limit = self.count_of(&mut quota, "calls", 1, 1_000_000_000);
        let window = self.span_above_zero(&mut quota, "window", 60_000.0);
        let refusal = self.span_above_zero(&mut quota, "refusal", 10.0);
        self.close(&quota);
        let window = window.max(SimDuration::from_ms(0.001));
        Some(Quota { calls: fixed_window::Settings { limit, window }, refusal })
    }

    /// Times when it is down, in order and apart.
    fn outages(&mut self, fields: &mut Fields<'_>) -> Vec<(SimTime, SimTime)> {
        let mut times: Vec<(SimTime, SimTime)> = Vec::new();
        for (item, path) in self.list_of(fields, "outages", false) {
            let Some(mut fields) = self.fields(item, &path) else { continue };
            let mut at = |name: &'static str| SimTime::ZERO + self.span_of(&mut fields, name);
            let (from, to) = (at("from"), at("to"));
            self.close(&fields);
            if from >= to || times.last().is_some_and(|last| from < last.1) {
                self.note(&fields.path, "an outage out of order", "from < to, after the last one");
                continue;
            }
            times.push((from, to));
        }
        times
    }

    pub(super) fn ask(&mut self, fields: &mut Fields<'_>) -> Step {
        let party = self.text_of(fields, "party");
        let attempts_count = self.optional_count(fields, "attempts", 1, 1_000);
        let jitter = fields.take("jitter");
        let jitter = jitter.map_or(Distribution::Constant(0.0), |value| {
            self.duration(value, &fields.under("jitter"))
        });
        Step::Ask(Ask { party, attempts_count, jitter })
    }
}
