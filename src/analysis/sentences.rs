//! The sentences of an explanation: each states a measured fact, the most important first.

use std::collections::BTreeMap;

use crate::scenario::Unit;
use crate::scenario::quantity::format;

use super::measured::SATURATED;
use super::report::{FirstToBreak, PartReport, PhaseReport, RunReport, Sentence, TimeShare};

/// A demand below this is said to take all of a part, and no more.
const SHOWN: f64 = 1.1;
/// From so many times its capacity on it is told in times.
const MANY_TIMES: f64 = 10.0;
/// Less than this share of requests that fail is not worth a sentence.
const FAILING: f64 = 0.001;
/// Attempts for each request beyond which retries are worth a sentence.
const AMPLIFIED: f64 = 1.05;
/// Share of the work for nobody that is worth a sentence.
const FOR_NOBODY: f64 = 0.1;
/// A bound so many times the rate of requests is not worth a sentence.
const FAR: f64 = 1_000.0;
/// How much more than its share an instance gets before it is named.
const UNEVEN: f64 = 1.5;
/// Share of the calls that a third party refuses before it is named.
const REFUSING: f64 = 0.01;
/// Connections opened for each request from which on that is worth a sentence.
const REOPENING: f64 = 0.05;
/// How far apart the shares answered in two phases are before they are compared.
const CHANGED: f64 = 0.05;

/// What is known of a run.
pub(super) struct Facts<'a> {
    pub(super) report: &'a RunReport,
    /// Where the time of requests goes, largest first.
    pub(super) time: &'a [TimeShare],
    pub(super) first_to_break: Option<&'a FirstToBreak>,
    /// Visits that a request makes of each part, where clients in the background make some too.
    pub(super) visits_beside_others: Option<BTreeMap<String, f64>>,
}

fn about(part: &str, text: String) -> Sentence {
    Sentence { text, part: Some(part.to_owned()) }
}

fn fact(text: String) -> Sentence {
    Sentence { text, part: None }
}

impl Facts<'_> {
    /// All of them; `last_fault` is when the last fault ended, in seconds.
    pub(super) fn sentences(&self, last_fault: Option<f64>) -> Vec<Sentence> {
        let mut sentences = Vec::new();
        sentences.extend(self.overload());
        sentences.extend(self.failures());
        sentences.extend(self.change(last_fault));
        sentences.extend(self.recovery(last_fault));
        sentences.extend(self.attempts());
        sentences.extend(self.work_for_nobody());
        sentences.extend(self.instances());
        sentences.extend(self.connections());
        sentences.extend(self.outages());
        sentences.extend(self.others());
        sentences.extend(self.slow_request());
        sentences.extend(self.queries());
        sentences.extend(self.bottleneck());
        sentences
    }

    fn overload(&self) -> Option<Sentence> {
        let parts = &self.report.parts;
        let saturated = parts.iter().filter(|(_, part)| part.demand_ratio >= SATURATED);
        let first = self.first_to_break.and_then(|first| parts.get_key_value(&first.part));
        let (id, part) = first
            .filter(|(_, part)| part.demand_ratio >= SATURATED)
            .or_else(|| saturated.max_by_key(|(_, part)| severity(part)))
            .filter(|_| self.report.overloaded)?;
        // What is asked shows only as far as it is refused or served.
        let text = if part.demand_ratio < SHOWN {
            format!("Overloaded: {id} is busy all the time.")
        } else {
            let asked = match part.demand_ratio {
                ratio if ratio >= MANY_TIMES => format!("{} times", format(ratio, Unit::Count)),
                ratio => format!("{} of", format(ratio, Unit::Share)),
            };
            format!("Overloaded: {asked} what {id} can do is asked of it.")
        };
        Some(about(id, text))
    }

    fn failures(&self) -> Option<Sentence> {
        let share = self.report.error_share;
        let text = || {
            let share = format(share, Unit::Share);
            format!("{share} of requests fail: {}.", failures(self.report))
        };
        (share >= FAILING).then(|| fact(text()))
    }

    /// The first and the last phase of a run in which a fault came to an end.
    fn change(&self, last_fault: Option<f64>) -> Option<Sentence> {
        last_fault?;
        let phases = || self.report.phases.values();
        let first = phases().min_by(|a, b| a.from_secs.total_cmp(&b.from_secs))?;
        let last = phases().max_by(|a, b| a.from_secs.total_cmp(&b.from_secs))?;
        let answered = |phase: &PhaseReport| 1.0 - phase.error_share;
        let span = |phase: &PhaseReport| {
            let time = |secs: f64| format(secs * 1e3, Unit::Ms);
            if phase.from_secs <= 0.0 {
                return format!("in the first {}", time(phase.to_secs));
            }
            format!("from {} to {}", time(phase.from_secs), time(phase.to_secs))
        };
        if (answered(first) - answered(last)).abs() < CHANGED {
            return None;
        }
        let [before, after] = [first, last].map(|phase| format(answered(phase), Unit::Share));
        let (earlier, later) = (span(first), span(last));
        Some(fact(format!("{before} of requests are answered in time {earlier}, {after} {later}.")))
    }

    fn recovery(&self, last_fault: Option<f64>) -> Option<Sentence> {
        let time = |secs: f64| format(secs * 1e3, Unit::Ms);
        let ended = time(last_fault?);
        Some(fact(match self.report.recovery_secs {
            Some(secs) if secs > 0.0 => {
                format!("The fault ended at {ended}; requests failed for {} more.", time(secs))
            }
            Some(_) => format!(
                "The fault ended at {ended}; from then on no more requests failed than the \
                 objective allows."
            ),
            None => format!("The fault ended at {ended}, and the failures did not."),
        }))
    }

    fn attempts(&self) -> Option<Sentence> {
        let attempts = self.report.amplification;
        let text = || {
            let attempts = format(attempts, Unit::Count);
            format!("With retries and copies of all layers a request makes {attempts} attempts.")
        };
        (attempts >= AMPLIFIED).then(|| fact(text()))
    }

    fn work_for_nobody(&self) -> Option<Sentence> {
        let (late, useful) = (self.report.late as f64, self.report.outcomes.in_time as f64);
        let share = late / (late + useful).max(1.0);
        let text = || {
            let share = format(share, Unit::Share);
            format!("{share} of the answers come when nobody waits for them any more.")
        };
        (share >= FOR_NOBODY).then(|| fact(text()))
    }

    fn instances(&self) -> Vec<Sentence> {
        let mut sentences = Vec::new();
        for (id, part) in &self.report.parts {
            let shares = &part.instance_shares;
            let fair = 1.0 / shares.len().max(1) as f64;
            let most = shares.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            if let Some((index, &share)) = most
                && share > UNEVEN * fair
            {
                let (number, share) = (index + 1, format(share, Unit::Share));
                let count = shares.len();
                let text =
                    format!("Instance {number} of {count} of {id} gets {share} of its requests.");
                sentences.push(about(id, text));
            }
        }
        sentences
    }

    /// Connections that cannot be opened, and those that nobody gives back.
    fn connections(&self) -> Vec<Sentence> {
        let mut sentences = Vec::new();
        for (id, pool) in &self.report.pools {
            if let Some(limit) = pool.limit
                && pool.refused_per_s >= FAILING * self.report.throughput_per_s
                && pool.refused_per_s > 0.0
            {
                let (database, rate) =
                    (&pool.database, format(pool.refused_per_s, Unit::PerSecond));
                let limit = format(f64::from(limit), Unit::Count);
                let text = format!(
                    "{database} takes {limit} connections and refuses {rate} more that {id} would open."
                );
                sentences.push(about(database, text));
            }
            let all = self.report.parts.get(id).map_or(0, |part| part.capacity);
            if pool.lost > 0 && all > 0 {
                let text = format!(
                    "{} of {all} connections of {id} were never given back.",
                    format(f64::from(pool.lost), Unit::Count)
                );
                sentences.push(about(id, text));
            }
            let finished = self.report.throughput_per_s.max(1e-9);
            if pool.opened_per_s >= REOPENING * finished {
                let rate = format(pool.opened_per_s, Unit::PerSecond);
                sentences.push(about(id, format!("{id} opens connections anew: {rate}.")));
            }
        }
        sentences
    }

    /// Instances that refuse what comes, and networks that are cut or lose messages.
    fn outages(&self) -> Vec<Sentence> {
        let mut sentences = Vec::new();
        let count = |number: u64| format(number as f64, Unit::Count);
        for (id, part) in &self.report.parts {
            if part.instance_refusals > 0 {
                let refused = count(part.instance_refusals);
                let text = format!(
                    "Instances of {id} that were starting, or had a fault, refused {refused} times."
                );
                sentences.push(about(id, text));
            }
        }
        for network in &self.report.networks {
            let [one, other] = &network.ends;
            for (number, what) in [
                (network.lost, "lost, and their callers waited for an answer"),
                (network.delayed, "sent again until they passed"),
            ] {
                if number > 0 {
                    let messages = match number {
                        1 => "1 message was".to_owned(),
                        several => format!("{} messages were", count(several)),
                    };
                    let text =
                        format!("Over the network between {one} and {other}, {messages} {what}.");
                    sentences.push(about(other, text));
                }
            }
        }
        sentences
    }

    /// Background clients, third parties, crons and machines.
    fn others(&self) -> Vec<Sentence> {
        let mut sentences = Vec::new();
        for (id, clients) in &self.report.clients {
            if clients.background && !self.report.crons.contains_key(id) {
                let rate = format(clients.sent_per_s, Unit::PerSecond);
                let text = format!("Beside the users' requests, {rate} come from {id}.");
                sentences.push(about(id, text));
            }
        }
        for (id, party) in &self.report.third_parties {
            let refused =
                party.refused_per_s / (party.refused_per_s + party.served_per_s).max(1e-9);
            if refused >= REFUSING {
                let share = format(refused, Unit::Share);
                let text =
                    format!("{id} refuses {share} of the calls, as they are over its quota.");
                sentences.push(about(id, text));
            }
        }
        for (id, cron) in &self.report.crons {
            if cron.most > 1 {
                let most = cron.most;
                let text = format!("Up to {most} runs of {id} are under way at once.");
                sentences.push(about(id, text));
            }
        }
        for (id, machine) in &self.report.machines {
            if machine.kills > 0 {
                let memory = format(machine.memory_most_mb, Unit::Count);
                let times = match machine.kills {
                    1 => "once".to_owned(),
                    kills => format!("{kills} times"),
                };
                let text = format!(
                    "The memory of {id} is full, with {memory} MB: {times} its largest part is killed."
                );
                sentences.push(about(id, text));
            }
        }
        sentences
    }

    fn slow_request(&self) -> Option<Sentence> {
        let (largest, p99) = (self.time.first()?, self.report.latency_ms.p99?);
        let total: f64 = self.time.iter().map(|share| share.slow_ms).sum();
        let share = format(largest.slow_ms / total.max(1e-9), Unit::Share);
        let locked = self.report.files.get(&largest.part).filter(|file| file.taken_per_s > 0.0);
        let limit = self.report.parts.get(&largest.part).map_or_else(String::new, |part| {
            if let Some(file) = locked {
                let taken = format(file.taken_per_s, Unit::PerSecond);
                return format!(", which one writes at a time: its lock was found taken {taken}");
            }
            let server = match part.kind.as_str() {
                "pool" => "connection",
                "service" => "worker",
                "lock" => "holder",
                _ => "core",
            };
            match part.capacity {
                1 => format!(" (its only {server})"),
                several => format!(" (one of {several} {server}s)"),
            }
        });
        let limit = if largest.waiting { limit } else { String::new() };
        let p99 = format(p99, Unit::Ms);
        let text = format!("{share} of a slow request ({p99}) is {}{limit}.", largest.label);
        Some(about(&largest.part, text))
    }

    fn queries(&self) -> Vec<Sentence> {
        let databases =
            self.report.parts.iter().filter(|(_, part)| {
                part.kind == "database" && self.report.outcomes.is_work_known()
            });
        let counted = databases.filter_map(|(id, part)| match &self.visits_beside_others {
            None => Some((id, part.visits_per_request)),
            Some(visits) => Some((id, *visits.get(id)?)),
        });
        let sentence = |(id, queries): (&String, f64)| {
            let queries = format(queries, Unit::Count);
            about(id, format!("Each request makes {queries} queries."))
        };
        counted.filter(|(_, queries)| *queries >= 1.5).map(sentence).collect()
    }

    fn bottleneck(&self) -> Option<Sentence> {
        let offered = self.report.offered_per_s / self.report.amplification;
        let first = self.first_to_break.filter(|first| first.bound_per_s < FAR * offered)?;
        let bound = format(first.bound_per_s, Unit::PerSecond);
        let cost = first.cost();
        let id = &first.part;
        let has_others = self.report.clients.values().any(|clients| clients.background);
        let beside = if has_others { "beside the other clients " } else { "" };
        let users = first.at_users.map_or_else(String::new, |users| {
            format!(", which is {} users", format(users, Unit::Count))
        });
        let most = format!("{beside}it can serve at most {bound}{users}");
        Some(about(id, format!("The first to break is {id}: {cost}, so {most}.")))
    }
}

/// Orders parts: of those busy all the time as much is asked, but for rounding, and most wait for the worst.
fn severity(part: &PartReport) -> (u64, u64) {
    ((part.demand_ratio * 1e3).round() as u64, part.queue_mean as u64)
}

/// What the errors are that requests end with, as far as the run says.
fn errors_of(report: &RunReport) -> &'static str {
    let has_kills = report.machines.values().any(|machine| machine.kills > 0);
    let has_locked =
        report.files.values().any(|file| file.busy_per_s + file.upgrades_failed_per_s > 0.0);
    match (has_kills, has_locked) {
        (true, _) => "lost with a part that was killed, or sent while it was down",
        (_, true) => "told that the database is locked",
        _ => "answered with an error",
    }
}

fn failures(report: &RunReport) -> String {
    let outcomes = &report.outcomes;
    let unanswered =
        outcomes.rejected + outcomes.timed_out + outcomes.gave_up + outcomes.failed + outcomes.shed;
    // What else is an error was answered in time, and wrong.
    let errors = report.error_share * (unanswered + outcomes.in_time) as f64;
    let wrong = (errors.round() as u64).saturating_sub(unanswered);
    let lost = report.lost_updates.min(wrong);
    let kinds = [
        (wrong - lost, "answered from a copy that was not true any more"),
        (lost, "changes that were answered with success and are gone"),
        (outcomes.rejected, "refused because a queue was full"),
        (outcomes.timed_out, "not answered before the timeout"),
        (outcomes.gave_up, "tired of waiting in a queue"),
        (outcomes.failed, errors_of(report)),
        (outcomes.shed, "turned away to protect the others"),
    ];
    let total = kinds.iter().map(|(count, _)| count).sum::<u64>().max(1);
    let worth_saying = kinds.iter().filter(|(count, _)| *count * 100 >= total);
    let words: Vec<String> = worth_saying
        .map(|(count, what)| {
            let share = *count as f64 / total as f64;
            if share > 0.99 {
                (*what).to_owned()
            } else {
                format!("{} {what}", format(share, Unit::Share))
            }
        })
        .collect();
    words.join(", ")
}
