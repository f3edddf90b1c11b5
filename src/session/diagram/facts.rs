//! What a run has measured of each part, in words for its card.

use super::{Graph, Node};
use crate::analysis::report::{ClientsReport, PartReport, RunReport};
use crate::engine::interval::ascending;
use crate::scenario::Unit;
use crate::scenario::quantity::format;

/// Losses below this share of the requests are not shown.
const SHARE_MIN: f64 = 0.001;
/// Dots that come in at a part in a second, at most.
const DOTS_MAX: f64 = 5.0;

/// How busy a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Below 70 %.
    Calm,
    /// From 70 %: queues grow.
    Busy,
    /// From 90 %.
    Full,
}

/// What is known of one part.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// The most telling number, such as `38 %`.
    pub main: String,
    /// Busy share, 0..=1, or the hit ratio of a cache.
    pub share: Option<f64>,
    /// The share is a hit ratio: more is better.
    pub is_hits: bool,
    /// Mean number waiting, in words; empty if nearly nobody does.
    pub waiting: String,
    /// Why and how much is lost here.
    pub lost: Vec<String>,
    /// Requests that come in, per second, if that is measured.
    pub per_s: Option<f64>,
    /// All measures, in words.
    pub measures: Vec<(&'static str, String)>,
}

impl Facts {
    /// How busy it is.
    pub fn level(&self) -> Level {
        match self.share.filter(|_| !self.is_hits) {
            Some(share) if share >= 0.9 => Level::Full,
            Some(share) if share >= 0.7 => Level::Busy,
            _ => Level::Calm,
        }
    }

    /// Of each part of a graph.
    pub fn all(graph: &Graph, report: &RunReport) -> Vec<Self> {
        let counted = report.clients.values().filter(|clients| !clients.background).count();
        graph.nodes.iter().map(|node| Self::of(node, report, counted == 1)).collect()
    }

    fn of(node: &Node, report: &RunReport, is_only: bool) -> Self {
        let mut facts = Self::default();
        if let Some(clients) = report.clients.get(&node.id) {
            facts.add_requests(clients);
            if clients.background {
                facts.lost.clear();
            } else if is_only {
                // Outcomes are those of all clients together.
                facts.lost = reasons(report);
            }
        }
        match node.kind {
            "jobs" => facts.add_jobs(&node.id, report),
            "cache" => facts.add_cache(&node.id, report),
            "third party" => facts.add_third_party(&node.id, report),
            _ => {}
        }
        if let Some(part) = report.parts.get(&node.id) {
            facts.add_part(node, part, report);
        }
        if let Some(machine) = report.machines.get(&node.id)
            && machine.kills > 0
        {
            facts.lost.push(format!("killed {} times", count(machine.kills as f64)));
        }
        facts
    }

    fn add_requests(&mut self, clients: &ClientsReport) {
        let rate = |number: f64| format(number, Unit::PerSecond);
        self.main = rate(clients.sent_per_s);
        let failed = format(clients.error_share, Unit::Share);
        if clients.error_share >= SHARE_MIN {
            self.lost.push(format!("{failed} lost"));
        }
        self.measures = vec![
            ("sent", rate(clients.sent_per_s)),
            ("finished", rate(clients.throughput_per_s)),
            ("goodput", rate(clients.goodput_per_s)),
            ("lost", failed),
            ("attempts a request", count(clients.amplification)),
        ];
    }

    fn add_part(&mut self, node: &Node, part: &PartReport, report: &RunReport) {
        let share = match part.utilisation {
            little if little < 0.000_5 => "0 %".to_owned(),
            share => format(share.min(1.0), Unit::Share),
        };
        self.main.clone_from(&share);
        self.share = Some(part.utilisation.min(1.0));
        if part.queue_mean >= 0.05 {
            self.waiting = format!("{} waiting", count(part.queue_mean));
        }
        let secs = report.measured_secs.max(1e-9);
        let refused = part.rejected as f64 / secs;
        let visits = part.visits_per_s;
        if refused >= SHARE_MIN * report.throughput_per_s && part.rejected > 0 {
            self.lost.push(format!("{} refused", format(refused, Unit::PerSecond)));
        }
        if node.kind != "machine" {
            self.per_s = Some(visits);
            self.measures.push(("served", format(visits, Unit::PerSecond)));
        }
        let at_least = if report.outcomes.is_work_known() { "" } else { "at least " };
        let busy = part.utilisation * f64::from(part.capacity);
        let in_use = format!("{} of {}", count(busy), count(f64::from(part.capacity)));
        self.measures.extend([
            ("busy", format!("{share}, {in_use}")),
            ("asked of it", format!("{at_least}{}", format(part.demand_ratio, Unit::Share))),
            (
                "waiting",
                format!("{}, {} at most", count(part.queue_mean), count(part.queue_max as f64)),
            ),
            ("mean wait", format(part.wait_mean_ms, Unit::Ms)),
        ]);
    }

    fn add_cache(&mut self, id: &str, report: &RunReport) {
        let Some(cache) = report.caches.get(id) else { return };
        let hits = format(cache.hit_ratio, Unit::Share);
        self.main = format!("{hits} hits");
        (self.share, self.is_hits) = (Some(cache.hit_ratio), true);
        self.per_s = Some(cache.lookups_per_s);
        if cache.stale_share >= SHARE_MIN {
            self.lost.push(format!("{} stale", format(cache.stale_share, Unit::Share)));
        }
        if cache.lost_writes > 0 {
            self.lost.push(format!("{} writes lost", count(cache.lost_writes as f64)));
        }
        self.measures = vec![
            ("lookups", format(cache.lookups_per_s, Unit::PerSecond)),
            ("hits", hits),
            ("loads", format(cache.loads_per_s, Unit::PerSecond)),
            ("stale hits", format(cache.stale_share, Unit::Share)),
            ("waited for a load", format(cache.waits_share, Unit::Share)),
        ];
    }

    fn add_jobs(&mut self, id: &str, report: &RunReport) {
        let Some(jobs) = report.jobs.get(id) else { return };
        let rate = |number: f64| format(number, Unit::PerSecond);
        self.main = rate(jobs.sent_per_s);
        self.per_s = Some(jobs.sent_per_s);
        if jobs.waiting > 0 {
            self.waiting = format!("{} at the end", count(jobs.waiting as f64));
        }
        for (number, why) in [(jobs.rejected, "refused"), (jobs.dead, "given up")] {
            if number > 0 {
                self.lost.push(format!("{} {why}", count(number as f64)));
            }
        }
        self.measures = vec![
            ("sent", rate(jobs.sent_per_s)),
            ("done", rate(jobs.finished_per_s)),
            ("deliveries a job", count(jobs.deliveries_per_job)),
            ("waiting at the end", count(jobs.waiting as f64)),
            ("mean wait", format(jobs.wait_mean_ms, Unit::Ms)),
        ];
    }

    fn add_third_party(&mut self, id: &str, report: &RunReport) {
        let Some(party) = report.third_parties.get(id) else { return };
        let rate = |number: f64| format(number, Unit::PerSecond);
        let all = party.served_per_s + party.refused_per_s + party.failed_per_s;
        self.main = rate(all);
        self.per_s = Some(all);
        for (number, why) in [(party.refused_per_s, "refused"), (party.failed_per_s, "failed")] {
            if number > SHARE_MIN * all {
                self.lost.push(format!("{} {why}", rate(number)));
            }
        }
        self.measures = vec![
            ("answered", rate(party.served_per_s)),
            ("refused", rate(party.refused_per_s)),
            ("failed", rate(party.failed_per_s)),
        ];
    }
}

/// Why requests are lost, the most frequent first.
fn reasons(report: &RunReport) -> Vec<String> {
    let finished = (report.throughput_per_s * report.measured_secs).max(1.0);
    let outcomes = &report.outcomes;
    let kinds = [
        (outcomes.timed_out, "timed out"),
        (outcomes.rejected, "rejected"),
        (outcomes.shed, "shed"),
        (outcomes.gave_up, "gave up"),
        (outcomes.failed, "failed"),
    ];
    let share = |index: usize| {
        let (number, why) = kinds[index];
        let share = number as f64 / finished;
        (share >= SHARE_MIN).then(|| format!("{} {why}", format(share, Unit::Share)))
    };
    let least = kinds.map(|(number, _)| -(number as f64));
    ascending(&least).into_iter().filter_map(share).collect()
}

fn count(number: f64) -> String {
    format(number, Unit::Count)
}

/// How many requests one dot stands for, so that the busiest part gets a few dots a second.
pub fn per_dot(facts: &[Facts]) -> f64 {
    let most = facts.iter().filter_map(|facts| facts.per_s).fold(0.0, f64::max);
    let mut per_dot = 1.0;
    while most / per_dot > DOTS_MAX {
        per_dot *= 10.0;
    }
    per_dot
}
