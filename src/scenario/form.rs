//! Reads the outer form of a document: all but its parts, which stay as they stand.

use serde_json::Value;

use super::document::{Scenario, is_name};
use super::face::{Patch, Price};
use super::migrate::FORMAT_VERSION;
use super::reader::{Fields, Reader};
use super::{Fix, Knob, Objective, Scale, Source, Theory, Unit};

const PARTS_MAX: usize = 64;
/// Each fix is tried when a document is read.
const FIXES_MAX: usize = 16;
/// Keys of links that no knob may have.
const LINK_KEYS: [&str; 7] = ["v", "s", "z", "m", "fix", "seed", "fault"];
/// What a knob may count; the first unless it says so.
const UNITS: [(&str, Unit); 6] = [
    ("count", Unit::Count),
    ("ms", Unit::Ms),
    ("share", Unit::Share),
    ("per_second", Unit::PerSecond),
    ("mb", Unit::Mb),
    ("gb", Unit::Gb),
];

impl Reader<'_> {
    /// A document whose format version was checked.
    pub(super) fn scenario(&mut self, value: &Value) -> Option<Scenario> {
        let mut fields = self.fields(value, "")?;
        // Checked before everything else.
        fields.take("format");
        let fields = &mut fields;
        let scenario = Scenario {
            format: FORMAT_VERSION,
            id: self.text_of(fields, "id"),
            title: self.text_of(fields, "title"),
            group: self.text_of(fields, "group"),
            summary: self.text_of(fields, "summary"),
            seed: self.whole_of(fields, "seed"),
            run: self.run_length(fields),
            objective: self.objective(fields),
            knobs: self.knobs_of(fields),
            parts: self.parts_of(fields),
            fixes: self.fixes_of(fields),
            claims: self.claims_of(fields),
            theory: self.theory(fields),
            assumptions: self.texts_of(fields, "assumptions"),
            notice: self.texts_of(fields, "notice"),
            sources: self.sources_of(fields),
        };
        self.close(fields);
        self.check_names(&scenario);
        Some(scenario)
    }

    fn objective(&mut self, fields: &mut Fields<'_>) -> Objective {
        let mut objective = Objective { p99_ms: 1.0, error_share: 0.0, stale_is_wrong: false };
        if let Some(mut limits) = self.inner(fields, "objective") {
            objective.p99_ms = self.number_of(&mut limits, "p99_ms");
            if objective.p99_ms <= 0.0 {
                self.note(&limits.under("p99_ms"), &objective.p99_ms.to_string(), "a time above 0");
            }
            objective.error_share = self.number_of(&mut limits, "error_share");
            if !(0.0..=1.0).contains(&objective.error_share) {
                let found = objective.error_share.to_string();
                self.note(&limits.under("error_share"), &found, "a share from 0 to 1");
            }
            objective.stale_is_wrong = self.flag(&mut limits, "stale_is_wrong", false);
            self.close(&limits);
        }
        objective
    }

    fn knobs_of(&mut self, fields: &mut Fields<'_>) -> Vec<Knob> {
        let before = self.mistakes.len();
        let items = self.list_of(fields, "knobs", true);
        if items.is_empty() && self.mistakes.len() == before {
            self.note(&fields.under("knobs"), "none", "at least one: the x axis");
        }
        let mut knobs: Vec<Knob> = Vec::new();
        for (item, path) in items {
            let Some(knob) = self.knob(item, &path) else { continue };
            if !knob.id.is_empty() && knobs.iter().any(|other| other.id == knob.id) {
                let path = format!("knobs.{}", knob.id);
                self.note(&path, "a second knob of this id", "a name of its own");
            }
            knobs.push(knob);
        }
        knobs
    }

    fn knob(&mut self, value: &Value, path: &str) -> Option<Knob> {
        let mut fields = self.named(value, path, "knobs")?;
        let fields = &mut fields;
        let before = self.mistakes.len();
        let mut knob = Knob {
            id: fields.name.clone(),
            label: self.text_of(fields, "label"),
            about: self.words_of(fields, "about"),
            unit: UNITS[self.word_of(fields, "unit", &UNITS.map(|(word, _)| word))].1,
            min: self.number_of(fields, "min"),
            max: self.number_of(fields, "max"),
            default: self.number_of(fields, "default"),
            scale: match self.word_of(fields, "scale", &["linear", "log"]) {
                1 => Scale::Log,
                _ => Scale::Linear,
            },
            whole: self.flag(fields, "whole", false),
            visible: self.flag(fields, "visible", true),
        };
        self.close(fields);
        let (min, max, default) = (knob.min, knob.max, knob.default);
        let is_range = min < max && (min..=max).contains(&default);
        if self.mistakes.len() == before && !is_range {
            let found = format!("{default} in {min}..{max}");
            self.note(&fields.path, &found, "min <= default <= max and min < max");
        } else if self.mistakes.len() == before && knob.scale == Scale::Log && min <= 0.0 {
            self.note(&fields.path, &format!("min {min}"), "above 0 on a log scale");
        }
        if self.mistakes.len() > before {
            // So that what is read with this knob has no mistakes that come from it.
            (knob.min, knob.max, knob.default) = (1.0, 2.0, 1.0);
        }
        if LINK_KEYS.contains(&knob.id.as_str()) {
            self.note(&fields.path, &knob.id, "a name that is no key of links");
        }
        Some(knob)
    }

    fn parts_of(&mut self, fields: &mut Fields<'_>) -> Vec<Value> {
        let parts = self.list_of(fields, "parts", true);
        if parts.len() > PARTS_MAX {
            let found = parts.len().to_string();
            self.note(&fields.under("parts"), &found, &format!("at most {PARTS_MAX}"));
        }
        parts.into_iter().take(PARTS_MAX).map(|(part, _)| part.clone()).collect()
    }

    fn fixes_of(&mut self, fields: &mut Fields<'_>) -> Vec<Fix> {
        let items = self.list_of(fields, "fixes", false);
        if items.len() > FIXES_MAX {
            let found = items.len().to_string();
            self.note(&fields.under("fixes"), &found, &format!("at most {FIXES_MAX}"));
        }
        let mut fixes: Vec<Fix> = Vec::new();
        for (item, path) in items.into_iter().take(FIXES_MAX) {
            let Some(mut fields) = self.named(item, &path, "fixes") else { continue };
            if fixes.iter().any(|other| !other.id.is_empty() && other.id == fields.name) {
                self.note(&fields.path, "a second fix of this id", "a name of its own");
            }
            let fix = Fix {
                id: fields.name.clone(),
                label: self.text_of(&mut fields, "label"),
                about: self.words_of(&mut fields, "about"),
                price: self.price_of(&mut fields),
                excludes: self.texts_of(&mut fields, "excludes"),
                patch: self.patches_of(&mut fields),
            };
            self.close(&fields);
            fixes.push(fix);
        }
        fixes
    }

    fn price_of(&mut self, fields: &mut Fields<'_>) -> Option<Price> {
        let mut fields = self.optional(fields, "price")?;
        let mut price = Price::default();
        for (name, amount) in
            [("hours", &mut price.hours), ("dollars_a_month", &mut price.dollars_a_month)]
        {
            *amount = self.number_of(&mut fields, name);
            if *amount < 0.0 {
                self.note(&fields.under(name), &amount.to_string(), "0 or more");
            }
        }
        if fields.has("also") {
            price.also = self.text_of(&mut fields, "also");
        }
        self.close(&fields);
        Some(price)
    }

    fn patches_of(&mut self, fields: &mut Fields<'_>) -> Vec<Patch> {
        let mut patches = Vec::new();
        for (item, path) in self.list_of(fields, "patch", true) {
            let Some(mut fields) = self.fields(item, &path) else { continue };
            let before = self.mistakes.len();
            let at = self.text_of(&mut fields, "at");
            // Null is a value here: it takes a field away.
            let value = fields.take_even_null("value").cloned();
            if value.is_none() {
                self.note(&fields.under("value"), "nothing", "a value");
            }
            self.close(&fields);
            if self.mistakes.len() == before {
                patches.push(Patch { at, value: value.unwrap_or_default() });
            }
        }
        patches
    }

    fn theory(&mut self, fields: &mut Fields<'_>) -> Option<Theory> {
        if !fields.has("theory") {
            return None;
        }
        let mut fields = self.inner(fields, "theory")?;
        if !fields.has("kind") {
            self.note(&fields.under("kind"), "nothing", "queue");
        }
        self.word_of(&mut fields, "kind", &["queue"]);
        let clients = self.text_of(&mut fields, "clients");
        let service = self.text_of(&mut fields, "service");
        self.close(&fields);
        Some(Theory::Queue { clients, service })
    }

    fn sources_of(&mut self, fields: &mut Fields<'_>) -> Vec<Source> {
        let mut sources = Vec::new();
        for (item, path) in self.list_of(fields, "sources", false) {
            let Some(mut fields) = self.fields(item, &path) else { continue };
            let what = self.text_of(&mut fields, "what");
            let from = self.text_of(&mut fields, "from");
            self.close(&fields);
            sources.push(Source { what, from });
        }
        sources
    }

    /// Knobs and fixes that are named by others must be there.
    pub(super) fn check_names(&mut self, scenario: &Scenario) {
        for fix in &scenario.fixes {
            for other in fix.excludes.iter().filter(|other| scenario.fix(other).is_none()) {
                let path = format!("fixes.{}.excludes", fix.id);
                self.note(&path, &format!("`{other}`"), "a fix of this document");
            }
        }
        for claim in &scenario.claims {
            if let Some(id) = &claim.phase
                && scenario.run.phases.iter().all(|phase| phase.id != *id)
            {
                let path = format!("claims.{}.phase", claim.id);
                self.note(&path, &format!("`{id}`"), "a phase of the run");
            }
            if let Some(id) = &claim.clients {
                let is_it = |part: &Value| part["kind"] == "clients" && part["id"] == id.as_str();
                let (path, found) = (format!("claims.{}.clients", claim.id), format!("`{id}`"));
                if !scenario.parts.iter().any(is_it) {
                    self.note(&path, &found, "a part of kind clients");
                } else if !claim.measure.is_of_clients() {
                    self.note(&path, &found, "nothing: only rates and shares are of clients");
                }
            }
            let states = [
                ("in", Some(&claim.state)),
                ("relative_to", claim.relative_to.as_ref()),
                ("without", Some(&claim.without)),
            ];
            for (name, state) in states {
                let Some(state) = state else { continue };
                let path = format!("claims.{}.{name}", claim.id);
                for (id, value) in &state.knobs {
                    let (path, knob) = (format!("{path}.knobs.{id}"), scenario.knob(id));
                    let Some(knob) = knob else {
                        self.note(&path, "an unknown knob", "a knob of this document");
                        continue;
                    };
                    // What a claim says of one value must not be measured at another.
                    if !knob.takes(*value) {
                        self.note(&path, &value.to_string(), &knob.possible());
                    }
                }
                for id in state.fixes.iter().filter(|id| scenario.fix(id).is_none()) {
                    self.note(
                        &format!("{path}.fixes"),
                        &format!("`{id}`"),
                        "a fix of this document",
                    );
                }
            }
        }
    }

    /// The fields of an object that has an id; its path names it from then on.
    pub(super) fn named<'a>(
        &mut self,
        value: &'a Value,
        path: &str,
        group: &str,
    ) -> Option<Fields<'a>> {
        let mut fields = self.fields(value, path)?;
        fields.name = self.text_of(&mut fields, "id");
        if !fields.name.is_empty() {
            fields.path = format!("{group}.{}", fields.name);
            if !is_name(&fields.name) {
                self.note(&fields.path, &format!("`{}`", fields.name), "a-z, 0-9 and -");
            }
        }
        Some(fields)
    }
}
