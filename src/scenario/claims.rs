//! Reads the claims of a document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::reader::{Fields, Reader};
use super::{Bound, Claim, ClaimState, Measure};

impl Reader<'_> {
    /// The claims of an object that holds nothing else.
    pub(super) fn claims(&mut self, value: &Value) -> Vec<Claim> {
        let Some(mut fields) = self.fields(value, "") else { return Vec::new() };
        self.claims_of(&mut fields)
    }

    pub(super) fn claims_of(&mut self, fields: &mut Fields<'_>) -> Vec<Claim> {
        let items = self.list_of(fields, "claims", false);
        let read = |(item, path): (&Value, String)| {
            let mut fields = self.named(item, &path, "claims")?;
            let fields = &mut fields;
            let claim = Claim {
                id: fields.name.clone(),
                says: self.text_of(fields, "says"),
                measure: self.measure(fields).unwrap_or(Measure::MeanMs),
                phase: fields.has("phase").then(|| self.text_of(fields, "phase")),
                clients: fields.has("clients").then(|| self.text_of(fields, "clients")),
                state: self.claim_state(fields, "in", true).unwrap_or_default(),
                relative_to: self.claim_state(fields, "relative_to", false),
                expect: self.bound(fields),
                without: self.claim_state(fields, "without", true).unwrap_or_default(),
                because: self.text_of(fields, "because"),
            };
            self.close(fields);
            Some(claim)
        };
        items.into_iter().filter_map(read).collect()
    }

    fn measure(&mut self, fields: &mut Fields<'_>) -> Option<Measure> {
        let mut fields = self.inner(fields, "measure")?;
        let fields = &mut fields;
        let kind = self.text_of(fields, "kind");
        let measure = match kind.as_str() {
            "mean_ms" => Measure::MeanMs,
            "p50_ms" => Measure::P50Ms,
            "p95_ms" => Measure::P95Ms,
            "p99_ms" => Measure::P99Ms,
            "max_ms" => Measure::MaxMs,
            "slow_share" => Measure::SlowShare { over_ms: self.number_of(fields, "over_ms") },
            "recovery_secs" => Measure::RecoverySecs,
            "goodput_per_s" => Measure::GoodputPerS,
            "throughput_per_s" => Measure::ThroughputPerS,
            "error_share" => Measure::ErrorShare,
            "goodput_share" => Measure::GoodputShare,
            "amplification" => Measure::Amplification,
            "stale_share" => Measure::StaleShare,
            "lost_updates" => Measure::LostUpdates,
            "duplicates" => Measure::Duplicates,
            "lost_share" => Measure::LostShare { part: self.text_of(fields, "part") },
            "hit_ratio" => Measure::HitRatio { part: self.text_of(fields, "part") },
            "visits_per_request" => {
                Measure::VisitsPerRequest { part: self.text_of(fields, "part") }
            }
            "utilisation" => Measure::Utilisation { part: self.text_of(fields, "part") },
            "instance_share" => Measure::InstanceShare {
                part: self.text_of(fields, "part"),
                instance: self.count_of(fields, "instance", 1, 1_000),
            },
            "ceiling" => Measure::Ceiling { knob: self.text_of(fields, "knob") },
            "mean_over_theory" => Measure::MeanOverTheory,
            _ => {
                let known = "mean_ms, p50_ms, p95_ms, p99_ms, max_ms, slow_share, recovery_secs, \
                             goodput_per_s, throughput_per_s, error_share, goodput_share, \
                             amplification, stale_share, lost_updates, lost_share, duplicates, hit_ratio, \
                             visits_per_request, utilisation, instance_share, \
                             ceiling or \
                             mean_over_theory";
                if !kind.is_empty() {
                    self.note(&fields.under("kind"), &kind, known);
                }
                return None;
            }
        };
        self.close(fields);
        Some(measure)
    }

    fn claim_state(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        is_needed: bool,
    ) -> Option<ClaimState> {
        if !is_needed && !fields.has(name) {
            return None;
        }
        let mut fields = self.inner(fields, name)?;
        let mut knobs = BTreeMap::new();
        if fields.has("knobs")
            && let Some(values) = self.inner(&mut fields, "knobs")
        {
            for (id, value) in values.object {
                let value = self.number(value, &values.under(id));
                knobs.insert(id.clone(), value);
            }
        }
        let mut fixes = BTreeSet::new();
        for id in self.texts_of(&mut fields, "fixes") {
            fixes.insert(id);
        }
        self.close(&fields);
        Some(ClaimState { knobs, fixes })
    }

    fn bound(&mut self, fields: &mut Fields<'_>) -> Bound {
        let Some(mut fields) = self.inner(fields, "expect") else { return Bound::default() };
        let mut limit = |name: &'static str| {
            let value = fields.take(name)?;
            Some(self.number(value, &fields.under(name)))
        };
        let bound = Bound { min: limit("min"), max: limit("max") };
        self.close(&fields);
        bound
    }
}
