//! Reads the caches of a document.

use crate::engine::{Distribution, SimDuration};
use crate::model::cache::{Eviction, Fills, Misses, Refresh, Settings, Writes};
use crate::model::system::{Cache, Part};

use super::Unit;
use super::reader::{Fields, Reader};

const KEYS_MAX: u32 = 1_000_000;
const POPULARITY_MAX: f64 = 5.0;
const REFRESHES: [&str; 3] = ["none", "revalidate", "early"];
const MISSES: [&str; 3] = ["load", "wait", "lease"];
const FILLS: [&str; 4] = ["all", "first", "leased", "newer"];
const WRITES: [&str; 4] = ["aside", "invalidate", "through", "behind"];

impl Reader<'_> {
    pub(super) fn cache(&mut self, fields: &mut Fields<'_>, id: String) -> Part {
        let keys_count = self.count_of(fields, "keys", 1, KEYS_MAX);
        let popularity = self.number_within(fields, "popularity", 1.0, POPULARITY_MAX);
        let round_trip = fields.take("round_trip");
        let round_trip = round_trip.map_or(Distribution::Constant(0.0), |value| {
            self.duration(value, &fields.under("round_trip"))
        });
        let is_warm = self.flag(fields, "warm", false);
        let settings = self.cache_settings(fields);
        Part::Cache(Cache { id, keys_count, popularity, settings, round_trip, is_warm })
    }

    fn cache_settings(&mut self, fields: &mut Fields<'_>) -> Settings {
        let capacity = fields.take("capacity");
        let capacity = capacity
            .map_or(u32::MAX, |value| self.count(value, &fields.under("capacity"), 1, KEYS_MAX));
        let ttl = fields.has("ttl").then(|| self.span_above_zero(fields, "ttl", 0.0));
        let spread = self.number_within(fields, "spread", 0.0, 1.0);
        let extends_on_hit = self.flag(fields, "sliding", false);
        let eviction = match self.word_of(fields, "eviction", &["lru", "fifo"]) {
            1 => Eviction::FirstIn,
            _ => Eviction::LeastRecentlyUsed,
        };
        let grace = self.span_above_zero(fields, "grace", 10_000.0);
        let beta = self.number_within(fields, "beta", 1.0, 100.0);
        let refresh = match self.word_of(fields, "refresh", &REFRESHES) {
            1 => Refresh::WhileRevalidate { grace },
            2 => Refresh::Early { beta },
            _ => Refresh::None,
        };
        let lasts = self.span_above_zero(fields, "lease", 10_000.0);
        let retry_after = self.span_above_zero(fields, "retry_after", 10.0);
        let misses = match self.word_of(fields, "misses", &MISSES) {
            1 => Misses::Wait,
            2 => Misses::Lease { lasts, retry_after },
            _ => Misses::Load,
        };
        let fills = match self.word_of(fields, "fills", &FILLS) {
            1 => Fills::First,
            2 => Fills::Leased,
            3 => Fills::Newer,
            _ => Fills::All,
        };
        let after = self.span_above_zero(fields, "behind", 1_000.0);
        let writes = match self.word_of(fields, "writes", &WRITES) {
            1 => Writes::Invalidate,
            2 => Writes::Through,
            3 => Writes::Behind { after },
            _ => Writes::Aside,
        };
        Settings { capacity, eviction, ttl, spread, extends_on_hit, refresh, misses, fills, writes }
    }

    /// A number from 0 to `most`.
    pub(super) fn number_within(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        missing: f64,
        most: f64,
    ) -> f64 {
        let Some(value) = fields.take(name) else { return missing };
        let path = fields.under(name);
        let unit = if most > 1.0 { Unit::Count } else { Unit::Share };
        let number = self.amount(value, &path, unit);
        if (0.0..=most).contains(&number) {
            return number;
        }
        self.note(&path, &number.to_string(), &format!("a number from 0 to {most}"));
        missing
    }

    /// A time of at least a nanosecond.
    pub(super) fn span_above_zero(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        missing_ms: f64,
    ) -> SimDuration {
        let value = fields.take(name);
        let path = fields.under(name);
        let ms = value.map_or(missing_ms, |value| self.amount(value, &path, Unit::Ms));
        if ms < 0.0 {
            self.note(&path, &ms.to_string(), "a time, 0 or more");
        }
        SimDuration(SimDuration::from_ms(ms.max(0.0)).0.max(1))
    }
}
