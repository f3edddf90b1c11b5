//! Reads the faults of a document.

use crate::engine::{SimDuration, SimTime};
use crate::model::system::{ColdStart, Effect, Fault, Part};

use super::Unit;
use super::reader::{Fields, Reader};

const EFFECTS: [&str; 10] =
    ["spike", "slow", "delay", "stop", "crash", "refuse", "flush", "partition", "deploy", "drop"];

impl Reader<'_> {
    pub(super) fn fault(&mut self, fields: &mut Fields<'_>, id: String) -> Part {
        let part = self.text_of(fields, "part");
        let instance = fields.take("instance");
        let instance = instance.map(|value| self.count(value, &fields.under("instance"), 1, 1_000));
        let from = SimTime::ZERO + self.span_of(fields, "from");
        let until = from + self.span_of(fields, "for");
        if !fields.has("effect") {
            self.note(&fields.under("effect"), "nothing", &EFFECTS.join(", "));
        }
        let effect = self.word_of(fields, "effect", &EFFECTS);
        let effect = match effect {
            0 => Effect::Spike { factor: self.factor_of(fields) },
            1 => Effect::Slow { factor: self.factor_of(fields) },
            2 => Effect::Delay { factor: self.factor_of(fields) },
            3 => Effect::Stop,
            4 => Effect::Crash,
            6 => Effect::Flush,
            7 => Effect::Partition,
            8 => Effect::Deploy {
                share: self.share_of(fields),
                errors: self.number_within(fields, "errors", 0.0, 1.0),
                factor: if fields.has("factor") { self.factor_of(fields) } else { 1.0 },
            },
            9 => Effect::Drop { share: self.share_of(fields) },
            _ => Effect::Refuse { share: self.share_of(fields) },
        };
        let is_network = matches!(effect, Effect::Partition | Effect::Drop { .. });
        let is_named = is_network && fields.has("peer");
        let peer = is_named.then(|| self.text_of(fields, "peer"));
        Part::Fault(Fault { id, part, instance, peer, from, until, effect })
    }

    pub(super) fn span_of(&mut self, fields: &mut Fields<'_>, name: &'static str) -> SimDuration {
        let ms = self.amount_of(fields, name, Unit::Ms);
        if ms < 0.0 {
            self.note(&fields.under(name), &ms.to_string(), "a time, 0 or more");
        }
        SimDuration::from_ms(ms.max(0.0))
    }

    /// How an instance of a service is that has just started.
    pub(super) fn cold_start(&mut self, fields: &mut Fields<'_>) -> Option<ColdStart> {
        if !fields.has("cold_start") {
            return None;
        }
        let mut cold = self.inner(fields, "cold_start")?;
        let mut span = |name: &'static str| {
            if cold.has(name) { self.span_of(&mut cold, name) } else { SimDuration::ZERO }
        };
        let (down, slow) = (span("down"), span("slow"));
        let factor = if cold.has("factor") { self.factor_of(&mut cold) } else { 1.0 };
        let from_begin = self.flag(&mut cold, "from_begin", false);
        self.close(&cold);
        Some(ColdStart { down, slow, factor, from_begin })
    }

    fn share_of(&mut self, fields: &mut Fields<'_>) -> f64 {
        let share = self.amount_of(fields, "share", Unit::Share);
        if !(0.0..=1.0).contains(&share) {
            self.note(&fields.under("share"), &share.to_string(), "a share from 0 to 1");
        }
        share
    }

    fn factor_of(&mut self, fields: &mut Fields<'_>) -> f64 {
        let factor = self.amount_of(fields, "factor", Unit::Count);
        if !(factor > 0.0 && factor <= 1e6) {
            self.note(&fields.under("factor"), &factor.to_string(), "a factor above 0, at most 1M");
            return 1.0;
        }
        factor
    }
}
