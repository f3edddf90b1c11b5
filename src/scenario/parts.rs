//! Reads the parts and steps of a document into a system.

use serde_json::Value;

use crate::engine::Distribution;
use crate::model::system::{Lock, Part, Pool, Service, Step};

use super::Unit;
use super::reader::{Fields, Reader};

/// Steps inside steps inside steps.. at most this deep.
const NESTING_MAX: usize = 8;
/// Steps of all branches of a `parallel` together: branches of branches multiply.
const BRANCH_STEPS_MAX: usize = 20_000;

impl Reader<'_> {
    pub(super) fn part(&mut self, value: &Value, path: &str) -> Option<Part> {
        let mut fields = self.fields(value, path)?;
        let kind = self.text_of(&mut fields, "kind");
        let id = self.text_of(&mut fields, "id");
        if !id.is_empty() {
            fields.path = format!("parts.{id}");
        }
        let part = match kind.as_str() {
            "clients" => self.clients(&mut fields, id),
            "service" => Some(self.service(&mut fields, id)),
            "pool" => Some(self.pool(&mut fields, id)),
            "database" => Some(self.database(&mut fields, id)),
            "lock" => Some(self.lock(&mut fields, id)),
            "fault" => Some(self.fault(&mut fields, id)),
            "cache" => Some(self.cache(&mut fields, id)),
            "machine" => Some(self.machine(&mut fields, id)),
            "third_party" => Some(self.third_party(&mut fields, id)),
            "jobs" => self.jobs(&mut fields, id),
            "" => return None,
            _ => {
                let path = fields.under("kind");
                self.note(
                    &path,
                    &format!("`{kind}`"),
                    "clients, service, pool, database, lock, cache, machine, third_party, jobs or fault",
                );
                return None;
            }
        };
        self.close(&fields);
        part
    }

    fn service(&mut self, fields: &mut Fields<'_>, id: String) -> Part {
        let instances_count = self.optional_count(fields, "instances", 1, 1_000);
        let workers_count = self.optional_count(fields, "workers", 1, 100_000);
        let queue = self.queue(fields);
        let admission = self.admission(fields);
        let balancer = self.balancer(fields);
        let mut endpoints = Vec::new();
        match fields.take("endpoints") {
            Some(Value::Object(object)) => {
                for (name, steps) in object {
                    let path = format!("{}.{name}", fields.under("endpoints"));
                    endpoints.push(self.endpoint(name, steps, &path));
                }
            }
            _ => self.note(&fields.under("endpoints"), "nothing", "an object of lists of steps"),
        }
        let runtime = self.runtime(fields);
        let cold_start = self.cold_start(fields);
        Part::Service(Service {
            id,
            instances_count,
            balancer,
            workers_count,
            queue,
            admission,
            endpoints,
            runtime,
            cold_start,
        })
    }

    fn pool(&mut self, fields: &mut Fields<'_>, id: String) -> Part {
        let database = self.text_of(fields, "database");
        let connections_count = self.optional_count(fields, "connections", 1, 100_000);
        let queue = self.queue(fields);
        let opening = fields.take("opening");
        let opening = opening.map_or(Distribution::Constant(0.0), |value| {
            self.duration(value, &fields.under("opening"))
        });
        let idle = fields.has("idle").then(|| self.span_above_zero(fields, "idle", 1.0));
        let least = fields.take("least");
        let least = least.map_or(0, |value| self.count(value, &fields.under("least"), 0, 100_000));
        // A knob may leave fewer than shall stay open.
        let least_count = least.min(connections_count);
        let leak_share = self.number_within(fields, "leak", 0.0, 1.0);
        let each = fields.has("each").then(|| self.text_of(fields, "each"));
        let plain = Pool::new(&id, &database, connections_count);
        Part::Pool(Pool { queue, opening, idle, least_count, leak_share, each, ..plain })
    }

    fn lock(&mut self, fields: &mut Fields<'_>, id: String) -> Part {
        let capacity = self.optional_count(fields, "capacity", 1, 100_000);
        Part::Lock(Lock { id, capacity, queue: self.queue(fields) })
    }

    pub(super) fn steps(&mut self, value: &Value, path: &str, depth: usize) -> Vec<Step> {
        if depth > NESTING_MAX {
            self.note(path, "steps nested too deep", &format!("at most {NESTING_MAX} levels"));
            return Vec::new();
        }
        let items = self.list(value, path);
        items.into_iter().filter_map(|(item, path)| self.step(item, &path, depth)).collect()
    }

    fn step(&mut self, value: &Value, path: &str, depth: usize) -> Option<Step> {
        let single = value.as_object().filter(|object| object.len() == 1);
        let Some((kind, inner)) = single.and_then(|object| object.iter().next()) else {
            self.wrong(path, value, "an object with one field that names the step");
            return None;
        };
        let path = format!("{path}.{kind}");
        match kind.as_str() {
            "cpu" => Some(Step::Cpu(self.duration(inner, &path))),
            "fail" => {
                if inner.as_bool() != Some(true) {
                    self.wrong(&path, inner, "true");
                }
                Some(Step::Fail)
            }
            "wait" => Some(Step::Wait(self.duration(inner, &path))),
            "call" => self.call(inner, &path, depth).map(Step::Call),
            "reject" => {
                let mut fields = self.fields(inner, &path)?;
                let after = self.optional_time(&mut fields, "retry_after").unwrap_or_default();
                self.close(&fields);
                Some(Step::Reject(after))
            }
            "query" | "transaction" | "lock" | "repeat" | "parallel" | "choice" | "cached"
            | "write" | "ask" | "update" | "read" | "enqueue" | "record" | "once" => {
                let mut fields = self.fields(inner, &path)?;
                let step = self.compound(kind, &mut fields, depth + 1);
                self.close(&fields);
                step
            }
            _ => {
                let known = "cpu, wait, fail, reject, query, transaction, lock, call, repeat, \
                             parallel, choice, cached, write, ask, update, read, enqueue, \
                             record or once";
                self.note(&path, &format!("`{kind}`"), known);
                None
            }
        }
    }

    fn compound(&mut self, kind: &str, fields: &mut Fields<'_>, depth: usize) -> Option<Step> {
        let inner = |reader: &mut Self, fields: &mut Fields<'_>, name: &'static str| {
            let path = fields.under(name);
            fields.take(name).map_or_else(Vec::new, |value| reader.steps(value, &path, depth))
        };
        Some(match kind {
            "query" => {
                let via = self.text_of(fields, "via");
                if fields.has("table") {
                    Step::Select { via, select: Box::new(self.select(fields)) }
                } else {
                    self.skip_select(fields);
                    let work = self.duration_of(fields, "work");
                    if self.flag(fields, "writes", false) {
                        Step::Change { via, work }
                    } else {
                        Step::Query { via, work }
                    }
                }
            }
            "transaction" => {
                if fields.has("on") {
                    let database = self.text_of(fields, "on");
                    let is_immediate =
                        self.word_of(fields, "begin", &["deferred", "immediate"]) == 1;
                    let steps = inner(self, fields, "steps");
                    return Some(Step::FileTransaction { database, is_immediate, steps });
                }
                let pool = self.text_of(fields, "pool");
                Step::Transaction { pool, steps: inner(self, fields, "steps") }
            }
            "lock" => {
                let lock = self.text_of(fields, "on");
                Step::Lock { lock, steps: inner(self, fields, "steps") }
            }
            "repeat" => {
                let times = self.count_of(fields, "times", 0, 1_000_000);
                Step::Repeat { times, steps: inner(self, fields, "steps") }
            }
            "parallel" => {
                let times = self.count_of(fields, "times", 1, 1_000);
                let needed = fields.take("needed");
                let needed =
                    needed.map_or(times, |n| self.count(n, &fields.under("needed"), 1, times));
                let steps = inner(self, fields, "steps");
                let all = steps_count(&steps).saturating_mul(times as usize);
                if all > BRANCH_STEPS_MAX {
                    let expected = format!("at most {BRANCH_STEPS_MAX} steps in all branches");
                    self.note(&fields.path, &format!("{all} steps"), &expected);
                    return None;
                }
                Step::Parallel { branches: vec![steps; times as usize], needed }
            }
            "ask" => self.ask(fields),
            "update" => self.update(fields, depth),
            "read" => self.read(fields, depth),
            "enqueue" => Step::Enqueue { jobs: self.text_of(fields, "to") },
            "record" => Step::Record { ledger: self.text_of(fields, "in") },
            "once" => {
                let store = self.text_of(fields, "in");
                let keys_count = self.optional_count(fields, "keep", 100_000, 1_000_000);
                Step::Once { store, keys_count, steps: inner(self, fields, "steps") }
            }
            "cached" => {
                let cache = self.text_of(fields, "cache");
                let load = inner(self, fields, "load");
                let store = inner(self, fields, "store");
                Step::Cached { cache, load, store, is_scan: self.flag(fields, "scan", false) }
            }
            "write" => {
                let cache = self.text_of(fields, "cache");
                let steps = inner(self, fields, "steps");
                Step::Write { cache, steps, tell: inner(self, fields, "tell") }
            }
            _ => {
                let chance = self.amount_of(fields, "probability", Unit::Share);
                if !(0.0..=1.0).contains(&chance) {
                    let path = fields.under("probability");
                    self.note(&path, &chance.to_string(), "a share from 0 to 1");
                }
                let then = inner(self, fields, "then");
                let otherwise = inner(self, fields, "otherwise");
                Step::Choice { probability: chance.clamp(0.0, 1.0), then, otherwise }
            }
        })
    }

    /// A distribution of times; plain numbers are milliseconds, the result is in seconds.
    pub(super) fn duration(&mut self, value: &Value, path: &str) -> Distribution {
        let in_ms = self.duration_ms(value, path);
        if let Err(message) = in_ms.validate() {
            self.wrong(path, value, &message);
        }
        in_ms.scaled(1e-3)
    }

    fn duration_ms(&mut self, value: &Value, path: &str) -> Distribution {
        let kind = value.as_object().filter(|object| !object.contains_key("knob"));
        let Some(object) = kind else {
            return Distribution::Constant(self.amount(value, path, Unit::Ms));
        };
        let Some((kind, inner)) = object.iter().next().filter(|_| object.len() == 1) else {
            self.wrong(path, value, "an object with one field that names the distribution");
            return Distribution::Constant(0.0);
        };
        let path = format!("{path}.{kind}");
        if kind == "exponential" || kind == "constant" {
            let mean = self.amount(inner, &path, Unit::Ms);
            return match kind.as_str() {
                "constant" => Distribution::Constant(mean),
                _ => Distribution::Exponential { mean },
            };
        }
        let Some(mut fields) = self.fields(inner, &path) else {
            return Distribution::Constant(0.0);
        };
        let mut number = |name: &'static str, unit: Unit| self.amount_of(&mut fields, name, unit);
        let distribution = match kind.as_str() {
            "uniform" => Distribution::Uniform {
                low: number("low", Unit::Ms),
                high: number("high", Unit::Ms),
            },
            "erlang" => Distribution::Erlang {
                shape: number("shape", Unit::Count) as u32,
                mean: number("mean", Unit::Ms),
            },
            "hyperexponential" => Distribution::Hyperexponential {
                mean: number("mean", Unit::Ms),
                scv: number("scv", Unit::Count),
            },
            "lognormal" => Distribution::Lognormal {
                mean: number("mean", Unit::Ms),
                scv: number("scv", Unit::Count),
            },
            "pareto" => Distribution::Pareto {
                shape: number("shape", Unit::Count),
                low: number("low", Unit::Ms),
                high: number("high", Unit::Ms),
            },
            "weibull" => Distribution::Weibull {
                shape: number("shape", Unit::Count),
                scale: number("scale", Unit::Ms),
            },
            _ => {
                let known = "constant, uniform, exponential, erlang, hyperexponential, lognormal, \
                             pareto or weibull";
                self.note(&path, &format!("`{kind}`"), known);
                return Distribution::Constant(0.0);
            }
        };
        self.close(&fields);
        distribution
    }

    pub(super) fn duration_of(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
    ) -> Distribution {
        let value = self.needed(fields, name, "a time");
        let none = Distribution::Constant(0.0);
        value.map_or(none, |value| self.duration(value, &fields.under(name)))
    }

    pub(super) fn count_of(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        least: u32,
        most: u32,
    ) -> u32 {
        let value = self.needed(fields, name, "a whole number");
        value.map_or(least, |value| self.count(value, &fields.under(name), least, most))
    }

    pub(super) fn optional_count(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        missing: u32,
        most: u32,
    ) -> u32 {
        let value = fields.take(name);
        value.map_or(missing, |value| self.count(value, &fields.under(name), 1, most))
    }
}

/// Steps of a list and of all lists in them; some are done for each of several rows. An empty list
/// counts as one: thousands of them in each of thousands of branches fill the memory, too.
fn steps_count(steps: &[Step]) -> usize {
    let inner = |step: &Step| {
        let rows = if let Step::Update(update) = step { update.rows_count as usize } else { 1 };
        let lists = step.lists();
        rows.saturating_mul(lists.into_iter().map(steps_count).fold(0, usize::saturating_add))
    };
    let all = steps.iter().map(|step| inner(step).saturating_add(1)).fold(0, usize::saturating_add);
    all.max(1)
}
