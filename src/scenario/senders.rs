//! Reads clients: when they send, and what.

use serde_json::Value;

use crate::engine::{Distribution, SimTime};
use crate::model::system::{Action, Arrivals, Call, Clients, Part};
use crate::policy::arrivals::batch::Batch;
use crate::policy::arrivals::phases::{OnOff, Step};
use crate::policy::arrivals::poll::Poll;
use crate::policy::arrivals::wave::Wave;
use crate::policy::arrivals::{self, Settings};
use crate::policy::overlap::Overlap;

use super::Unit;
use super::reader::{Fields, Reader};

/// Most calls of one kind of clients.
const ACTIONS_MAX: usize = 32;
/// Largest batch: all of it comes in one step of a run.
const BATCH_MAX: u32 = 100_000;
/// Most steps of a rate.
const STEPS_MAX: usize = 1_000;

impl Reader<'_> {
    pub(super) fn clients(&mut self, fields: &mut Fields<'_>, id: String) -> Option<Part> {
        let arrivals = self.needed(fields, "arrivals", "{\"open\": ..} or {\"closed\": ..}");
        let arrivals = arrivals.and_then(|value| self.arrivals(value, &fields.under("arrivals")));
        let (call, others) = self.actions(fields)?;
        let arrivals = arrivals?;
        let priority = self.class(fields);
        let waits = matches!(arrivals, Arrivals::Closed { .. } | Arrivals::Poll { .. });
        let users_count = fields.take("users");
        if users_count.is_some() && waits {
            self.note(&fields.under("users"), "clients who wait", "others: these know theirs");
        }
        let users_count =
            users_count.map_or(1, |value| self.count(value, &fields.under("users"), 1, 1_000_000));
        let is_background = self.flag(fields, "background", false);
        let clients = Clients { id, arrivals, call, others, priority, users_count, is_background };
        Some(Part::Clients(clients))
    }

    /// What requests are: one call, or several by their weight.
    fn actions(&mut self, fields: &mut Fields<'_>) -> Option<(Call, Vec<Action>)> {
        if !fields.has("mix") {
            let call = self.needed(fields, "call", "an object")?;
            return Some((self.call(call, &fields.under("call"), 0)?, Vec::new()));
        }
        let mut actions = Vec::new();
        for (item, path) in self.list_of(fields, "mix", true).into_iter().take(ACTIONS_MAX) {
            let Some(mut fields) = self.fields(item, &path) else { continue };
            let weight = self.amount_of(&mut fields, "weight", Unit::Count);
            if !(0.0..=1e9).contains(&weight) {
                self.note(&fields.under("weight"), &weight.to_string(), "0 or more");
            }
            let call = self.needed(&mut fields, "call", "an object");
            let call = call.and_then(|value| self.call(value, &fields.under("call"), 0));
            self.close(&fields);
            if let Some(call) = call {
                actions.push(Action { share: weight.clamp(0.0, 1e9), call });
            }
        }
        let all: f64 = actions.iter().map(|action| action.share).sum();
        if all <= 0.0 {
            let found = format!("weights of {all} in all");
            self.note(&fields.under("mix"), &found, "at least one call with a weight above 0");
            return None;
        }
        actions.iter_mut().for_each(|action| action.share /= all);
        // The first has what the others leave.
        let first = actions.remove(0);
        Some((first.call, actions))
    }

    fn arrivals(&mut self, value: &Value, path: &str) -> Option<Arrivals> {
        let mut fields = self.fields(value, path)?;
        let arrivals = if fields.has("open") {
            let mut open = self.inner(&mut fields, "open")?;
            let gap = if let Some(rate) = open.take("rate_per_s") {
                let rate = self.amount(rate, &open.under("rate_per_s"), Unit::PerSecond);
                let mean = if rate > 0.0 { 1.0 / rate } else { f64::INFINITY };
                if !mean.is_finite() {
                    self.note(&open.under("rate_per_s"), &rate.to_string(), "a rate above 0");
                }
                Distribution::Exponential { mean }
            } else {
                self.duration_of(&mut open, "gap")
            };
            self.close(&open);
            Arrivals::Open { gap }
        } else if fields.has("closed") {
            let mut closed = self.inner(&mut fields, "closed")?;
            let users_count = self.count_of(&mut closed, "users", 1, 5_000_000);
            let think = self.duration_of(&mut closed, "think");
            self.close(&closed);
            Arrivals::Closed { users_count, think }
        } else if let Some(arrivals) = self.keeping_time(&mut fields) {
            arrivals
        } else {
            self.wrong(path, value, "{\"open\": ..}, {\"closed\": ..} or another kind of arrivals");
            return None;
        };
        self.close(&fields);
        Some(arrivals)
    }

    /// Arrivals that keep time; nothing is noted if there are none.
    fn keeping_time(&mut self, fields: &mut Fields<'_>) -> Option<Arrivals> {
        let kinds = ["batches", "constant", "bursts", "steps", "wave", "cron", "poll"];
        let kind = kinds.into_iter().find(|kind| fields.has(kind))?;
        let mut inner = self.inner(fields, kind)?;
        let fields = &mut inner;
        let arrivals = match kind {
            "poll" => self.poll(fields),
            "batches" => {
                let rate_per_sec = self.rate(fields, "rate_per_s");
                self.in_batches(fields, Settings::Poisson { rate_per_sec })
            }
            "constant" => {
                let rate_per_sec = self.rate(fields, "rate_per_s");
                let first = self.optional_time(fields, "first").unwrap_or_default();
                self.in_batches(fields, Settings::Constant { rate_per_sec, first })
            }
            "cron" => {
                let period = self.span_of(fields, "period");
                let offset = self.optional_time(fields, "offset").unwrap_or_default();
                let jitter = self.optional_time(fields, "jitter").unwrap_or_default();
                let source = Settings::Cron { period, offset, jitter };
                let batch = self.batch(fields);
                Arrivals::Timed { source, batch, overlap: Some(self.overlap(fields)) }
            }
            "bursts" => {
                let settings = OnOff {
                    busy_per_sec: self.rate(fields, "busy_per_s"),
                    quiet_per_sec: self.rate(fields, "quiet_per_s"),
                    busy: self.span_of(fields, "busy"),
                    quiet: self.span_of(fields, "quiet"),
                    is_random: self.flag(fields, "random", false),
                };
                single(Settings::OnOff(settings))
            }
            "steps" => single(Settings::Steps(self.rates(fields).into_boxed_slice())),
            _ => {
                let wave = Wave {
                    mean_per_sec: self.rate(fields, "mean_per_s"),
                    swing: self.amount_of(fields, "swing", Unit::Share),
                    period: self.span_of(fields, "period"),
                    peak: self.optional_time(fields, "peak").unwrap_or_default(),
                };
                single(Settings::Wave(wave))
            }
        };
        match &arrivals {
            Arrivals::Timed { source, batch, .. } => {
                self.usable(fields, source.check());
                self.usable(fields, batch.check());
            }
            Arrivals::Poll { poll, .. } => self.usable(fields, poll.check()),
            Arrivals::Open { .. } | Arrivals::Closed { .. } => {}
        }
        self.close(fields);
        Some(arrivals)
    }

    fn poll(&mut self, fields: &mut Fields<'_>) -> Arrivals {
        let users_count = self.count_of(fields, "users", 1, 5_000_000);
        let interval = self.span_of(fields, "interval");
        let jitter = fields.take("jitter");
        let jitter =
            jitter.map_or(0.0, |value| self.amount(value, &fields.under("jitter"), Unit::Share));
        let starts_together = self.flag(fields, "together", false);
        Arrivals::Poll { users_count, poll: Poll { interval, jitter, starts_together } }
    }

    fn in_batches(&mut self, fields: &mut Fields<'_>, source: Settings) -> Arrivals {
        let batch = self.batch(fields);
        Arrivals::Timed { source, batch, overlap: None }
    }

    fn overlap(&mut self, fields: &mut Fields<'_>) -> Overlap {
        match self.word_of(fields, "overlap", &["allow", "forbid", "replace"]) {
            1 => Overlap::Forbid,
            2 => Overlap::Replace,
            _ => Overlap::Allow,
        }
    }

    fn batch(&mut self, fields: &mut Fields<'_>) -> Batch {
        let Some(mut fields) = self.optional(fields, "batch") else { return Batch::One };
        let batch = if fields.has("size") {
            Batch::Constant(self.count_of(&mut fields, "size", 1, BATCH_MAX))
        } else {
            let mean = self.amount_of(&mut fields, "mean", Unit::Count);
            if mean > f64::from(BATCH_MAX) / 10.0 {
                let expected = format!("at most {}", BATCH_MAX / 10);
                self.note(&fields.under("mean"), &mean.to_string(), &expected);
            }
            Batch::Geometric { mean }
        };
        self.close(&fields);
        batch
    }

    fn rates(&mut self, fields: &mut Fields<'_>) -> Vec<Step> {
        let items = self.list_of(fields, "rates", true);
        if items.len() > STEPS_MAX {
            let found = items.len().to_string();
            self.note(&fields.under("rates"), &found, &format!("at most {STEPS_MAX}"));
        }
        let mut steps = Vec::new();
        for (item, path) in items.into_iter().take(STEPS_MAX) {
            let Some(mut fields) = self.fields(item, &path) else { continue };
            let from = SimTime::ZERO + self.span_of(&mut fields, "from");
            steps.push(Step { from, rate_per_sec: self.rate(&mut fields, "rate_per_s") });
            self.close(&fields);
        }
        steps
    }

    fn rate(&mut self, fields: &mut Fields<'_>, name: &'static str) -> f64 {
        self.amount_of(fields, name, Unit::PerSecond)
    }
}

fn single(source: arrivals::Settings) -> Arrivals {
    Arrivals::Timed { source, batch: Batch::One, overlap: None }
}
