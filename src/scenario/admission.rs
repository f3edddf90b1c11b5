//! Reads the limits on what a service or an endpoint lets in.

use serde_json::Value;

use crate::engine::SimDuration;
use crate::model::system::Admission;
use crate::policy::BadSetting;
use crate::policy::admission::keyed::{self, Scope};
use crate::policy::admission::priority::{CLASSES, PriorityShedder};
use crate::policy::admission::{
    adaptive, deadline, fixed_window, gradient, leaky_bucket, token_bucket,
};

use super::Unit;
use super::reader::{Fields, Reader};

const KINDS: &str = "token_bucket, leaky_bucket, fixed_window, sliding_log, sliding_counter, \
                     concurrency, adaptive, deadline or priority";
/// Most requests that a window or an entrance lets in.
const LIMIT_MAX: u32 = 1_000_000;
/// Weight of the latest service time in the estimate, unless given.
const WEIGHT: f64 = 0.1;

impl Reader<'_> {
    /// The limits in a field; none is an empty list.
    pub(super) fn admission(&mut self, fields: &mut Fields<'_>) -> Vec<Admission> {
        let items = self.list_of(fields, "admission", false);
        items.into_iter().filter_map(|(item, path)| self.limit(item, &path)).collect()
    }

    fn limit(&mut self, value: &Value, path: &str) -> Option<Admission> {
        let single = value.as_object().filter(|object| object.len() == 1);
        let Some((kind, inner)) = single.and_then(|object| object.iter().next()) else {
            self.wrong(path, value, "an object with one field that names the limit");
            return None;
        };
        let path = format!("{path}.{kind}");
        let known = KINDS.split([',', ' ']).any(|word| word == kind && word != "or");
        if !known {
            self.note(&path, &format!("`{kind}`"), KINDS);
            return None;
        }
        let mut fields = self.fields(inner, &path)?;
        let limit = self.limit_of(kind, &mut fields);
        self.close(&fields);
        let checked = match &limit {
            // How many keys there are is known when the system is built.
            Admission::Rate { limit, .. } => limit.check(1),
            Admission::Concurrency { .. } => Ok(()),
            Admission::Adaptive(settings) => settings.check(),
            Admission::Deadline(settings) => settings.check(),
            Admission::Priority(shedder) => shedder.check(),
        };
        if let Err(BadSetting { setting, found, possible }) = checked {
            self.note(&path, &format!("{setting} {found}"), possible);
        }
        Some(limit)
    }

    fn limit_of(&mut self, kind: &str, fields: &mut Fields<'_>) -> Admission {
        match kind {
            "concurrency" => {
                Admission::Concurrency { limit: self.count_of(fields, "limit", 1, LIMIT_MAX) }
            }
            "adaptive" => Admission::Adaptive(self.adaptive(fields)),
            "deadline" => {
                let mut number = |name, missing| self.number_or(fields, name, missing);
                let (weight, caution) = (number("weight", WEIGHT), number("caution", 1.0));
                let service_first = self.span_of(fields, "service_first");
                Admission::Deadline(deadline::Settings { service_first, weight, caution })
            }
            "priority" => {
                let mut thresholds = [f64::INFINITY; CLASSES];
                let items = self.list_of(fields, "thresholds", true);
                if items.len() > CLASSES {
                    let path = fields.under("thresholds");
                    self.note(&path, &items.len().to_string(), "at most 4, one for each class");
                }
                for (threshold, (item, path)) in thresholds.iter_mut().zip(items) {
                    *threshold = self.amount(item, &path, Unit::Count);
                }
                // Classes that are not named see the limit of the last that is.
                let named = thresholds.iter().take_while(|limit| limit.is_finite()).count();
                if named > 0 {
                    let last = thresholds[named - 1];
                    thresholds[named..].fill(last);
                }
                Admission::Priority(PriorityShedder { thresholds })
            }
            _ => {
                let limit = self.rate_limit(kind, fields);
                let scope = match self.word_of(fields, "scope", &["global", "tenant", "user"]) {
                    1 => Scope::PerTenant,
                    2 => Scope::PerUser,
                    _ => Scope::Global,
                };
                Admission::Rate { limit, scope }
            }
        }
    }

    fn rate_limit(&mut self, kind: &str, fields: &mut Fields<'_>) -> keyed::Settings {
        if kind == "token_bucket" {
            let rate_per_sec = self.amount_of(fields, "rate_per_s", Unit::PerSecond);
            let burst = self.number_or(fields, "burst", 1.0);
            let wait_max = self.span_or(fields, "wait_max", SimDuration::ZERO);
            let settings = token_bucket::Settings { rate_per_sec, burst, wait_max };
            return keyed::Settings::TokenBucket(settings);
        }
        if kind == "leaky_bucket" {
            let rate_per_sec = self.amount_of(fields, "rate_per_s", Unit::PerSecond);
            let burst = self.number_or(fields, "burst", f64::INFINITY);
            let undelayed = self.number_or(fields, "undelayed", 0.0);
            let tick = self.span_or(fields, "tick", SimDuration::ZERO);
            let settings = leaky_bucket::Settings { rate_per_sec, burst, undelayed, tick };
            return keyed::Settings::LeakyBucket(settings);
        }
        let limit = self.count_of(fields, "limit", 1, LIMIT_MAX);
        let settings = fixed_window::Settings { limit, window: self.span_of(fields, "window") };
        match kind {
            "fixed_window" => keyed::Settings::FixedWindow(settings),
            "sliding_log" => keyed::Settings::SlidingLog(settings),
            _ => keyed::Settings::SlidingCounter(settings),
        }
    }

    fn adaptive(&mut self, fields: &mut Fields<'_>) -> adaptive::Settings {
        let usual = adaptive::Settings::default();
        let algorithm = match self.word_of(fields, "algorithm", &["gradient", "vegas"]) {
            1 => adaptive::Algorithm::Vegas,
            _ => adaptive::Algorithm::Gradient(gradient::Settings::default()),
        };
        let mut count = |name, missing| {
            let value = fields.take(name);
            value.map_or(missing, |value| self.count(value, &fields.under(name), 1, LIMIT_MAX))
        };
        let [limit_first, limit_min, limit_max] =
            [("first", usual.limit_first), ("min", usual.limit_min), ("max", usual.limit_max)]
                .map(|(name, missing)| count(name, missing));
        let window = self.span_or(fields, "window", usual.window);
        let samples_min = usual.samples_min;
        adaptive::Settings { algorithm, limit_first, limit_min, limit_max, window, samples_min }
    }

    pub(super) fn number_or(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        missing: f64,
    ) -> f64 {
        let value = fields.take(name);
        value.map_or(missing, |value| self.amount(value, &fields.under(name), Unit::Count))
    }

    pub(super) fn span_or(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        missing: SimDuration,
    ) -> SimDuration {
        if fields.has(name) { self.span_of(fields, name) } else { missing }
    }
}
