//! Reads balancers before the instances of services.

use crate::model::system::Balancing;
use crate::policy::BadSetting;
use crate::policy::balancer::by_key::{self, Placement};
use crate::policy::balancer::{self, Algorithm, ejection, health, slow_start};

use super::Unit;
use super::reader::{Fields, Reader};

const ALGORITHMS: [&str; 5] =
    ["round_robin", "random", "least_connections", "two_choices", "by_key"];

impl Reader<'_> {
    /// The balancer in a field, if there is one.
    pub(super) fn balancer(&mut self, fields: &mut Fields<'_>) -> Option<Balancing> {
        if !fields.has("balancer") {
            return None;
        }
        let mut fields = self.inner(fields, "balancer")?;
        let fields = &mut fields;
        let algorithm = match self.word_of(fields, "algorithm", &ALGORITHMS) {
            1 => Algorithm::Random,
            2 => Algorithm::LeastConnections,
            3 => Algorithm::TwoChoices,
            4 => Algorithm::ByKey(self.keys(fields)),
            _ => Algorithm::RoundRobin,
        };
        if fields.has("keys") && !matches!(algorithm, Algorithm::ByKey(_)) {
            self.note(&fields.under("keys"), "keys", "nothing: only by_key looks at them");
        }
        let weights = self.list_of(fields, "weights", false).into_iter();
        let weights: Vec<u32> =
            weights.map(|(item, path)| self.count(item, &path, 1, 1_000)).collect();
        let panic_share = fields
            .take("panic_share")
            .map_or(0.0, |value| self.amount(value, &fields.under("panic_share"), Unit::Share));
        let slow_start = self.slow_start(fields);
        let settings = balancer::Settings { algorithm, panic_share, slow_start };
        let one = [1];
        let checked = if weights.is_empty() { &one[..] } else { &weights };
        self.check_setting(fields, settings.check(checked));
        let health = self.health(fields);
        let ejection = self.ejection(fields);
        self.close(fields);
        Some(Balancing { settings, weights, health, ejection })
    }

    fn keys(&mut self, fields: &mut Fields<'_>) -> by_key::Settings {
        let mut settings = by_key::Settings {
            keys_count: 1,
            popularity: 0.0,
            placement: Placement::Range,
            split_keys: 0,
            split_parts: 1,
        };
        let Some(mut fields) = self.inner(fields, "keys") else { return settings };
        settings.keys_count = self.count_of(&mut fields, "count", 1, 1_000_000_000);
        settings.popularity = self.number_or(&mut fields, "popularity", 0.0);
        if self.word_of(&mut fields, "placement", &["range", "hash"]) == 1 {
            settings.placement = Placement::Hash;
        }
        if fields.has("split_keys") {
            settings.split_keys = self.count_of(&mut fields, "split_keys", 0, 1_000_000);
        }
        settings.split_parts = self.optional_count(&mut fields, "split_parts", 1, 1_000);
        self.check_setting(&fields, settings.check());
        self.close(&fields);
        settings
    }

    fn slow_start(&mut self, fields: &mut Fields<'_>) -> Option<slow_start::Settings> {
        if !fields.has("slow_start") {
            return None;
        }
        let mut fields = self.inner(fields, "slow_start")?;
        let usual = slow_start::Settings::default();
        let settings = slow_start::Settings {
            window: self.span_or(&mut fields, "window", usual.window),
            aggression: self.number_or(&mut fields, "aggression", usual.aggression),
            share_min: self.share_or(&mut fields, "share_min", usual.share_min),
        };
        self.check_setting(&fields, settings.check());
        self.close(&fields);
        Some(settings)
    }

    fn health(&mut self, fields: &mut Fields<'_>) -> Option<health::Settings> {
        if !fields.has("health") {
            return None;
        }
        let mut fields = self.inner(fields, "health")?;
        let usual = health::Settings::default();
        let settings = health::Settings {
            interval: self.span_or(&mut fields, "interval", usual.interval),
            rise: self.times_or(&mut fields, "rise", usual.rise),
            fall: self.times_or(&mut fields, "fall", usual.fall),
        };
        self.check_setting(&fields, settings.check());
        self.close(&fields);
        Some(settings)
    }

    fn ejection(&mut self, fields: &mut Fields<'_>) -> Option<ejection::Settings> {
        if !fields.has("ejection") {
            return None;
        }
        let mut fields = self.inner(fields, "ejection")?;
        let usual = ejection::Settings::default();
        let settings = ejection::Settings {
            failures: self.times_or(&mut fields, "failures", usual.failures),
            interval: self.span_or(&mut fields, "interval", usual.interval),
            base_time: self.span_or(&mut fields, "base_time", usual.base_time),
            time_max: self.span_or(&mut fields, "time_max", usual.time_max),
            share_max: self.share_or(&mut fields, "share_max", usual.share_max),
        };
        self.check_setting(&fields, settings.check());
        self.close(&fields);
        Some(settings)
    }

    fn times_or(&mut self, fields: &mut Fields<'_>, name: &'static str, missing: u32) -> u32 {
        let value = fields.take(name);
        value.map_or(missing, |value| self.count(value, &fields.under(name), 1, 1_000))
    }

    fn share_or(&mut self, fields: &mut Fields<'_>, name: &'static str, missing: f64) -> f64 {
        let value = fields.take(name);
        value.map_or(missing, |value| self.amount(value, &fields.under(name), Unit::Share))
    }

    fn check_setting(&mut self, fields: &Fields<'_>, checked: Result<(), BadSetting>) {
        if let Err(BadSetting { setting, found, possible }) = checked {
            self.note(&fields.path, &format!("{setting} {found}"), possible);
        }
    }
}
