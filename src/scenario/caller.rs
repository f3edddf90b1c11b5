//! Reads a call: what is called, and what its caller does about failures and slowness.

use serde_json::Value;

use crate::engine::{Distribution, SimDuration};
use crate::model::guard::{COPIES_MAX, Hedge, Network, Settings};
use crate::model::system::Call;
use crate::policy::backoff::{Backoff, Jitter};
use crate::policy::retry::{FOR_EVER, Failure, Failures, RetryAfter};
use crate::policy::{BadSetting, breaker, budget, bulkhead, hedge, throttle};

use super::Unit;
use super::reader::{Fields, Reader};

const FAILURES: [(&str, Failure); 6] = [
    ("timed_out", Failure::TimedOut),
    ("rejected", Failure::Rejected),
    ("shed", Failure::Shed),
    ("failed", Failure::Error),
    ("gave_up", Failure::GaveUp),
    ("breaker_open", Failure::BreakerOpen),
];
const JITTERS: [&str; 4] = ["none", "equal", "full", "exponential"];
/// Answers before the first copy is sent, and after which earlier ones count half.
const HEDGE_MEMORY: (u32, u32) = (100, 10_000);

impl Reader<'_> {
    /// A call; its fallback may have steps from `depth` on.
    pub(super) fn call(&mut self, value: &Value, path: &str, depth: usize) -> Option<Call> {
        let mut fields = self.fields(value, path)?;
        let fields = &mut fields;
        let to = self.text_of(fields, "to");
        let target = to.split_once('.');
        if target.is_none() && !to.is_empty() {
            self.note(&fields.under("to"), &format!("`{to}`"), "service.endpoint");
        }
        let (service, endpoint) = target.unwrap_or_default();
        let (service, endpoint) = (service.to_owned(), endpoint.to_owned());
        let timeout = self.optional_time(fields, "timeout");
        let cancels = self.flag(fields, "cancels", false);
        let retries = fields.take("retries");
        let mut retries_count =
            retries.map_or(0, |value| self.count(value, &fields.under("retries"), 0, 100));
        if self.flag(fields, "retries_for_ever", false) {
            retries_count = FOR_EVER;
        }
        let backoff = fields.take("backoff");
        let backoff = backoff
            .and_then(|value| self.backoff(value, &fields.under("backoff")))
            .unwrap_or_default();
        if retries_count == FOR_EVER && backoff == Backoff::None {
            self.note(
                &fields.under("backoff"),
                "nothing",
                "a back-off for a client that never stops",
            );
        }
        let guard = Box::new(self.guard(fields, depth));
        if guard.network.loss > 0.0 && timeout.is_none() && guard.patience.is_none() {
            let expected = "a timeout or patience, because the network loses messages";
            self.note(&fields.under("timeout"), "nothing", expected);
        }
        self.close(fields);
        Some(Call { service, endpoint, timeout, cancels, retries_count, backoff, guard })
    }

    fn guard(&mut self, fields: &mut Fields<'_>, depth: usize) -> Settings {
        let fallback = fields.take("fallback");
        Settings {
            patience: self.optional_time(fields, "patience"),
            retried: self.retried(fields),
            retry_after: self.retry_after(fields),
            budget: self.budget(fields),
            throttle: self.throttle(fields),
            breaker: self.breaker(fields),
            bulkhead: self.bulkhead(fields),
            hedge: self.hedge(fields),
            fallback: fallback.map(|value| self.steps(value, &fields.under("fallback"), depth + 1)),
            network: self.network(fields),
        }
    }

    fn backoff(&mut self, value: &Value, path: &str) -> Option<Backoff> {
        let mut fields = self.fields(value, path)?;
        let base = self.span_of(&mut fields, "base");
        let backoff = if fields.has("cap") {
            let cap = self.span_of(&mut fields, "cap");
            let jitter = match self.word_of(&mut fields, "jitter", &JITTERS) {
                1 => Jitter::Equal,
                2 => Jitter::Full,
                3 => Jitter::Exponential,
                _ => Jitter::None,
            };
            match self.word_of(&mut fields, "growth", &["exponential", "linear", "decorrelated"]) {
                1 => Backoff::Linear { base, cap, jitter },
                2 => Backoff::Decorrelated { base, cap },
                _ => Backoff::Exponential { base, cap, jitter },
            }
        } else {
            Backoff::Fixed { base }
        };
        self.usable(&fields, backoff.check());
        self.close(&fields);
        Some(backoff)
    }

    fn retried(&mut self, fields: &mut Fields<'_>) -> Failures {
        if !fields.has("retry_on") {
            return Failures::USUAL;
        }
        let mut failures = Failures::NONE;
        for (index, word) in self.texts_of(fields, "retry_on").iter().enumerate() {
            if let Some((_, failure)) = FAILURES.iter().find(|(known, _)| known == word) {
                failures = failures.with(*failure);
            } else {
                let known = FAILURES.map(|(word, _)| word).join(", ");
                let path = format!("{}[{index}]", fields.under("retry_on"));
                self.note(&path, &format!("`{word}`"), &format!("one of: {known}"));
            }
        }
        failures
    }

    fn retry_after(&mut self, fields: &mut Fields<'_>) -> RetryAfter {
        let Some(mut fields) = self.optional(fields, "retry_after") else {
            return RetryAfter::Ignored;
        };
        let spread = self.optional_time(&mut fields, "spread").unwrap_or(SimDuration::ZERO);
        let kind = self.word_of(&mut fields, "use", &["at_least", "instead"]);
        self.close(&fields);
        if kind == 0 { RetryAfter::AtLeast } else { RetryAfter::Instead { spread } }
    }

    fn budget(&mut self, fields: &mut Fields<'_>) -> Option<budget::Settings> {
        let mut fields = self.optional(fields, "budget")?;
        let kinds = ["bucket", "window", "throttle", "concurrent"];
        let kind = kinds.into_iter().find(|kind| fields.has(kind));
        let Some(mut inner) = kind.and_then(|kind| self.inner(&mut fields, kind)) else {
            self.note(&fields.path, "no kind of budget", "bucket, window, throttle or concurrent");
            return None;
        };
        let settings = match kind {
            Some("bucket") => budget::Settings::Bucket {
                tokens_max: self.amount_of(&mut inner, "tokens", Unit::Count),
                ratio: self.amount_of(&mut inner, "ratio", Unit::Share),
            },
            Some("window") => budget::Settings::Window {
                ratio: self.amount_of(&mut inner, "ratio", Unit::Share),
                reserve_per_sec: self.amount_of(&mut inner, "reserve_per_s", Unit::PerSecond),
                window: self.span_of(&mut inner, "window"),
            },
            Some("throttle") => budget::Settings::Throttle {
                tokens_max: self.amount_of(&mut inner, "tokens", Unit::Count),
                ratio: self.amount_of(&mut inner, "ratio", Unit::Share),
            },
            _ => budget::Settings::Concurrent {
                share: self.amount_of(&mut inner, "share", Unit::Share),
                least: self.count_of(&mut inner, "least", 0, 1_000_000),
            },
        };
        self.usable(&inner, settings.check());
        self.close(&inner);
        self.close(&fields);
        Some(settings)
    }

    fn throttle(&mut self, fields: &mut Fields<'_>) -> Option<throttle::Settings> {
        let mut fields = self.optional(fields, "throttle")?;
        let k = self.amount_of(&mut fields, "k", Unit::Count);
        let settings = throttle::Settings { k, window: self.span_of(&mut fields, "window") };
        self.usable(&fields, settings.check());
        self.close(&fields);
        Some(settings)
    }

    fn breaker(&mut self, fields: &mut Fields<'_>) -> Option<breaker::Settings> {
        let mut fields = self.optional(fields, "breaker")?;
        let fields = &mut fields;
        let window = if fields.has("window") {
            breaker::Window::Time(self.span_of(fields, "window"))
        } else {
            breaker::Window::Calls(self.count_of(fields, "window_calls", 1, 10_000))
        };
        let slow_after = self.optional_time(fields, "slow_after");
        let slow_share = fields.take("slow_share");
        let settings = breaker::Settings {
            window,
            calls_min: self.count_of(fields, "calls_min", 1, 1_000_000),
            failures_share: self.amount_of(fields, "failures_share", Unit::Share),
            failures_min: 0,
            slow_after: slow_after.unwrap_or(SimDuration(u64::MAX)),
            slow_share: slow_share
                .map_or(2.0, |value| self.amount(value, &fields.under("slow_share"), Unit::Share)),
            open_wait: self.span_of(fields, "open"),
            probes_count: self.count_of(fields, "probes", 1, 10_000),
            probing: match self.word_of(fields, "probing", &["all_succeed", "shares_below"]) {
                0 => breaker::Probing::AllSucceed,
                _ => breaker::Probing::SharesBelow,
            },
        };
        self.usable(fields, settings.check());
        self.close(fields);
        Some(settings)
    }

    fn bulkhead(&mut self, fields: &mut Fields<'_>) -> Option<bulkhead::Settings> {
        let mut fields = self.optional(fields, "bulkhead")?;
        let running_max = self.count_of(&mut fields, "running", 1, 1_000_000);
        let waiting = fields.take("waiting");
        let waiting_max =
            waiting.map_or(0, |value| self.count(value, &fields.under("waiting"), 0, 1_000_000));
        self.close(&fields);
        Some(bulkhead::Settings { running_max, waiting_max })
    }

    fn hedge(&mut self, fields: &mut Fields<'_>) -> Option<Hedge> {
        let mut fields = self.optional(fields, "hedge")?;
        let after = if fields.has("after") {
            hedge::After::Fixed(self.span_of(&mut fields, "after"))
        } else {
            let share = self.amount_of(&mut fields, "quantile", Unit::Share);
            let (answers_min, half_life) = HEDGE_MEMORY;
            hedge::After::Quantile { share, answers_min, half_life }
        };
        let copies = fields.take("copies");
        let most = COPIES_MAX as u32;
        let copies_max =
            copies.map_or(1, |value| self.count(value, &fields.under("copies"), 1, most));
        let cancels = self.flag(&mut fields, "cancels", false);
        let elsewhere = self.flag(&mut fields, "elsewhere", false);
        let budget = self.budget(&mut fields);
        let when = hedge::Settings { after, copies_max, budget };
        self.usable(&fields, when.check());
        self.close(&fields);
        Some(Hedge { when, cancels, elsewhere })
    }

    fn network(&mut self, fields: &mut Fields<'_>) -> Network {
        let Some(mut fields) = self.optional(fields, "network") else { return Network::default() };
        let delay = fields.take("delay");
        let delay = delay.map_or(Distribution::Constant(0.0), |value| {
            self.duration(value, &fields.under("delay"))
        });
        let loss = fields.take("loss");
        let loss = loss.map_or(0.0, |value| self.share(value, &fields.under("loss")));
        self.close(&fields);
        Network { delay, loss }
    }

    fn share(&mut self, value: &Value, path: &str) -> f64 {
        let share = self.amount(value, path, Unit::Share);
        if !(0.0..=1.0).contains(&share) {
            self.note(path, &share.to_string(), "a share from 0 to 1");
        }
        share.clamp(0.0, 1.0)
    }

    pub(super) fn optional_time(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
    ) -> Option<SimDuration> {
        fields.has(name).then(|| self.span_of(fields, name))
    }

    pub(super) fn optional<'a>(
        &mut self,
        fields: &mut Fields<'a>,
        name: &'static str,
    ) -> Option<Fields<'a>> {
        if fields.has(name) { self.inner(fields, name) } else { None }
    }

    /// Notes what a policy says about its settings.
    pub(super) fn usable(&mut self, fields: &Fields<'_>, checked: Result<(), BadSetting>) {
        if let Err(BadSetting { setting, found, possible }) = checked {
            self.note(&fields.path, &format!("{setting} {found}"), possible);
        }
    }
}
