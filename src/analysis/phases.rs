//! Stretches of a run that are measured by themselves, such as before, during and after a fault.

use std::collections::BTreeMap;

use crate::engine::SimTime;
use crate::engine::histogram::Histogram;
use crate::model::{ClientsMeasure, Outcome, Period, Simulation, Totals};
use crate::scenario::Phase;

use super::report::{ClientsReport, LatencySummary, PhaseReport};
use super::run_data::by_id;

/// What had been counted at an edge.
#[derive(Debug, Clone)]
struct Counted {
    totals: Totals,
    latencies: Histogram,
    clients: Vec<ClientsMeasure>,
}

/// The phases of a run, as far as it has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Phases {
    named: Vec<Phase>,
    /// Begins and ends of phases, ascending.
    edges: Vec<SimTime>,
    /// What had been counted at each edge that is past.
    counted: Vec<Counted>,
}

impl Phases {
    pub(super) fn new(phases: &[Phase]) -> Self {
        let ends = phases.iter().flat_map(|phase| [phase.from, phase.to]);
        let mut edges: Vec<SimTime> = ends.map(|end| SimTime::ZERO + end).collect();
        edges.sort_unstable();
        edges.dedup();
        Self { named: phases.to_vec(), edges, counted: Vec::new() }
    }

    /// The next edge to come to.
    pub(super) fn next_edge(&self) -> Option<SimTime> {
        self.edges.get(self.counted.len()).copied()
    }

    /// Counts at an edge; false if there is none at this time.
    pub(super) fn pass(&mut self, time: SimTime, simulation: &Simulation) -> bool {
        let is_edge = self.next_edge() == Some(time);
        if is_edge {
            let Period { totals, latencies, clients, .. } = simulation.period(0);
            self.counted.push(Counted { totals, latencies, clients });
        }
        is_edge
    }

    /// Reports of the phases that are over.
    pub(super) fn reports(&self) -> BTreeMap<String, PhaseReport> {
        let report = |phase: &Phase| Some((phase.id.clone(), self.report(phase)?));
        by_id(self.named.iter().filter_map(report))
    }

    fn report(&self, phase: &Phase) -> Option<PhaseReport> {
        let at = |span| {
            let edge = self.edges.binary_search(&(SimTime::ZERO + span)).ok()?;
            self.counted.get(edge)
        };
        let (before, after) = (at(phase.from)?, at(phase.to)?);
        let totals = after.totals.since(&before.totals);
        let latencies = after.latencies.since(&before.latencies);
        let clients = after.clients.iter().zip(&before.clients).map(|(after, before)| {
            let totals = after.totals.since(&before.totals);
            let measure = ClientsMeasure { totals, ..after.clone() };
            let secs = phase.to.as_secs() - phase.from.as_secs();
            (measure.id.clone(), ClientsReport::new(&measure, secs))
        });
        let (from_secs, to_secs) = (phase.from.as_secs(), phase.to.as_secs());
        let rate = |count: u64| count as f64 / (to_secs - from_secs);
        let in_time = totals.of(Outcome::InTime);
        let ms = |nanos: Option<f64>| nanos.map(|nanos| nanos / 1e6);
        Some(PhaseReport {
            from_secs,
            to_secs,
            latency_ms: LatencySummary {
                mean: ms(latencies.mean()),
                p50: ms(latencies.quantile(0.5)),
                p95: ms(latencies.quantile(0.95)),
                p99: ms(latencies.quantile(0.99)),
                max: ms(latencies.max().map(|max| max as f64)),
                ..LatencySummary::default()
            },
            sent_per_s: rate(totals.sent),
            throughput_per_s: rate(totals.finished()),
            goodput_per_s: rate(totals.right()),
            lost_updates: totals.lost_updates(),
            duplicates: totals.duplicates,
            stale_share: totals.stale as f64 / in_time.max(1) as f64,
            clients: by_id(clients),
            error_share: totals.error_share(),
            amplification: (totals.sent + totals.retries) as f64 / totals.sent.max(1) as f64,
        })
    }
}
