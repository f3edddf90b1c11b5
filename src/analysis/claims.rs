//! Proves the claims of a scenario on many seeds, each with its counterfactual.

use serde::Serialize;

use crate::engine::interval::median;
use crate::scenario::{Bound, Claim, ClaimState, Measure, Mistakes, Scenario, Settings};

use super::ceiling::ceiling;
use super::report::{ClientsReport, LatencySummary, PhaseReport, RunReport};
use super::run::Run;
use super::theory;

/// What came of a claim.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClaimResult {
    /// Id of the scenario.
    pub scenario: String,
    /// Id of the claim.
    pub claim: String,
    /// The claim in words.
    pub says: String,
    /// Measured on each seed.
    pub values: Vec<f64>,
    /// The middle of them.
    pub median: f64,
    /// The smallest of them.
    pub low: f64,
    /// The largest of them.
    pub high: f64,
    /// Measured on each seed without the mechanism.
    pub counterfactual: Vec<f64>,
    /// The claim holds on every seed.
    pub holds: bool,
    /// Without the mechanism it fails on every seed.
    pub counterfactual_fails: bool,
}

impl ClaimResult {
    /// The claim is proven.
    pub fn is_proven(&self) -> bool {
        self.holds && self.counterfactual_fails
    }
}

/// Checks one claim on the seeds `1..=seeds`.
///
/// # Errors
/// Names what is wrong with the states of the claim.
pub fn check(scenario: &Scenario, claim: &Claim, seeds: u64) -> Result<ClaimResult, Mistakes> {
    let mut values = Vec::new();
    let mut counterfactual = Vec::new();
    for seed in 1..=seeds {
        let (value, without) = try_once(scenario, claim, seed)?;
        values.push(value);
        counterfactual.push(without);
    }
    Ok(ClaimResult {
        scenario: scenario.id.clone(),
        claim: claim.id.clone(),
        says: claim.says.clone(),
        median: median(&values),
        low: values.iter().copied().fold(f64::INFINITY, f64::min),
        high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        holds: values.iter().all(|value| within(claim.expect, *value)),
        counterfactual_fails: counterfactual.iter().all(|value| !within(claim.expect, *value)),
        values,
        counterfactual,
    })
}

/// Measures one claim on one seed: as it is claimed, and without the mechanism.
///
/// # Errors
/// Names what is wrong with the states of the claim.
pub fn try_once(scenario: &Scenario, claim: &Claim, seed: u64) -> Result<(f64, f64), Mistakes> {
    let base = match &claim.relative_to {
        Some(state) => measure(scenario, claim, state, seed)?,
        None => 1.0,
    };
    let value = measure(scenario, claim, &claim.state, seed)? / base;
    Ok((value, measure(scenario, claim, &claim.without, seed)? / base))
}

/// Whether a measured value is what a claim expects.
pub fn within(bound: Bound, value: f64) -> bool {
    // Not a number is within nothing: what cannot be measured proves nothing.
    value.is_finite()
        && bound.min.is_none_or(|min| value >= min)
        && bound.max.is_none_or(|max| value <= max)
}

fn measure(
    scenario: &Scenario,
    claim: &Claim,
    state: &ClaimState,
    seed: u64,
) -> Result<f64, Mistakes> {
    let (knobs, fixes) = (state.knobs.clone(), state.fixes.clone());
    let settings = Settings { knobs, fixes, seed: Some(seed), ..Settings::default() };
    if let Measure::Ceiling { knob } = &claim.measure {
        return Ok(ceiling(scenario, &settings, knob)?.value.unwrap_or(f64::NAN));
    }
    let mut run = Run::of(scenario, &settings)?;
    run.advance(u64::MAX);
    let report = run.report(scenario, &settings);
    let figures = match &claim.phase {
        None => Figures::of(&report, claim.clients.as_deref()),
        Some(id) => report.phases.get(id).map_or_else(Figures::default, |phase| {
            Figures::of_phase(phase, claim.clients.as_deref())
        }),
    };
    let part = |id: &String| {
        let unknown = || Mistakes::one("claims.measure.part", format!("`{id}`"), "a busy part");
        report.parts.get(id).ok_or_else(unknown)
    };
    let value = match &claim.measure {
        Measure::MeanMs => figures.latency.mean,
        Measure::P50Ms => figures.latency.p50,
        Measure::P95Ms => figures.latency.p95,
        Measure::P99Ms => figures.latency.p99,
        Measure::MaxMs => figures.latency.max,
        Measure::SlowShare { over_ms } => {
            run.measured().period.latencies.share_above(over_ms * 1e6)
        }
        Measure::RecoverySecs => report.recovery_secs,
        Measure::GoodputPerS => figures.goodput_per_s,
        Measure::ThroughputPerS => figures.throughput_per_s,
        Measure::ErrorShare => figures.error_share,
        Measure::GoodputShare => figures.goodput_share,
        Measure::Amplification => figures.amplification,
        Measure::StaleShare => figures.stale_share,
        Measure::LostUpdates => figures.lost_updates,
        Measure::Duplicates => figures.duplicates,
        Measure::LostShare { part: id } => {
            let unknown = || Mistakes::one("claims.measure.part", format!("`{id}`"), "a table");
            Some(report.tables.get(id).ok_or_else(unknown)?.lost_share)
        }
        Measure::HitRatio { part: id } => {
            let unknown = || Mistakes::one("claims.measure.part", format!("`{id}`"), "a cache");
            Some(report.caches.get(id).ok_or_else(unknown)?.hit_ratio)
        }
        Measure::VisitsPerRequest { part: id } => Some(part(id)?.visits_per_request),
        Measure::Utilisation { part: id } => Some(part(id)?.utilisation),
        Measure::InstanceShare { part: id, instance } => {
            let shares = &part(id)?.instance_shares;
            shares.get((*instance as usize).wrapping_sub(1)).copied()
        }
        Measure::Ceiling { .. } => None,
        Measure::MeanOverTheory => {
            let expected = theory::at(scenario, &settings, 0.0).map(|point| point.mean_ms);
            figures.latency.mean.zip(expected).map(|(mean, expected)| mean / expected)
        }
    };
    Ok(value.unwrap_or(f64::NAN))
}

/// What a run and a phase both have; nothing for a phase that the run did not come to.
#[derive(Debug, Clone, Copy, Default)]
struct Figures {
    latency: LatencySummary,
    goodput_per_s: Option<f64>,
    throughput_per_s: Option<f64>,
    error_share: Option<f64>,
    goodput_share: Option<f64>,
    amplification: Option<f64>,
    stale_share: Option<f64>,
    lost_updates: Option<f64>,
    duplicates: Option<f64>,
}

impl Figures {
    fn of(report: &RunReport, clients: Option<&str>) -> Self {
        if let Some(id) = clients {
            return report.clients.get(id).map_or_else(Self::default, Self::of_clients);
        }
        let sent_per_s = report.offered_per_s / report.amplification;
        Self {
            latency: report.latency_ms,
            goodput_per_s: Some(report.goodput_per_s),
            throughput_per_s: Some(report.throughput_per_s),
            error_share: Some(report.error_share),
            goodput_share: Some(report.goodput_per_s / sent_per_s),
            amplification: Some(report.amplification),
            stale_share: Some(report.stale_share),
            lost_updates: Some(report.lost_updates as f64),
            duplicates: Some(report.duplicates as f64),
        }
    }

    fn of_clients(clients: &ClientsReport) -> Self {
        Self {
            latency: LatencySummary::default(),
            goodput_per_s: Some(clients.goodput_per_s),
            throughput_per_s: Some(clients.throughput_per_s),
            error_share: Some(clients.error_share),
            goodput_share: Some(clients.goodput_per_s / clients.sent_per_s),
            amplification: Some(clients.amplification),
            stale_share: None,
            lost_updates: None,
            duplicates: None,
        }
    }

    fn of_phase(phase: &PhaseReport, clients: Option<&str>) -> Self {
        if let Some(id) = clients {
            return phase.clients.get(id).map_or_else(Self::default, Self::of_clients);
        }
        Self {
            latency: phase.latency_ms,
            goodput_per_s: Some(phase.goodput_per_s),
            throughput_per_s: Some(phase.throughput_per_s),
            error_share: Some(phase.error_share),
            goodput_share: Some(phase.goodput_per_s / phase.sent_per_s),
            amplification: Some(phase.amplification),
            stale_share: Some(phase.stale_share),
            lost_updates: Some(phase.lost_updates as f64),
            duplicates: Some(phase.duplicates as f64),
        }
    }
}
