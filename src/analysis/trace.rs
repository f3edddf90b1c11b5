//! Traces of exemplar requests: all that a typical, a slow and a failed request did.
//!
//! A run tells the percentiles; the same run again tells which requests have them; once more, with
//! the same arrivals, it keeps what these few requests do. The runs themselves keep nothing.

use serde::{Deserialize, Serialize};

use super::report::{LatencySummary, Outcomes};
use super::run::Run;
use crate::engine::{SimDuration, SimTime};
use crate::model::{
    Breakdown, Exemplars, Label, Outcome, PartKind, Progress, Simulation, SpanKind, Spans, Spent,
};
use crate::scenario::{Mistakes, RunEnd, Scenario, Settings};

/// What one request did. Times are in nanoseconds since it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// `p50` or another percentile, or `failed`.
    pub of: String,
    /// When it was sent, in simulated nanoseconds.
    pub sent_ns: u64,
    /// How it ended: `in time`, `rejected` and so on.
    pub outcome: String,
    /// What spans are.
    pub labels: Vec<TraceLabel>,
    /// Each before those inside it; the first is the request.
    pub spans: Vec<TraceSpan>,
}

/// What a span is. Spans with one label are the same step, done again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceLabel {
    /// In words.
    pub text: String,
    /// Id of the part; empty if it is about none.
    pub part: String,
    /// What kind it is.
    pub kind: TraceKind,
    /// How an attempt or a branch ended; empty for all else.
    pub outcome: String,
}

/// Kinds of spans. All but `Branches` are as long as what lies in them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TraceKind {
    /// All of it.
    Request,
    /// One attempt of a call.
    Attempt,
    /// Branches, or copies of an attempt, at once.
    Branches,
    /// One of them.
    Branch,
    /// A worker, connection, core or lock is held.
    Held,
    /// Once through a loop.
    Round,
    /// Work is done.
    Working,
    /// Waiting for a worker, connection, core, lock or load.
    Waiting,
    /// On the network.
    Network,
    /// Between two attempts.
    Pause,
    /// No answer comes.
    Silence,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceSpan {
    /// Index of the label.
    pub label: u32,
    /// How many spans it lies in.
    pub depth: u16,
    /// When it begins.
    pub from_ns: u64,
    /// When it ends.
    pub until_ns: u64,
}

impl Trace {
    /// From its first attempt to its outcome.
    pub fn latency_ns(&self) -> u64 {
        self.spans.first().map_or(0, |span| span.until_ns)
    }

    /// The label of a span.
    pub fn label(&self, span: &TraceSpan) -> &TraceLabel {
        &self.labels[span.label as usize]
    }

    fn new(of: &str, spans: &Spans) -> Option<Self> {
        let root = spans.all.first()?;
        let span = |span: &crate::model::Span| TraceSpan {
            label: span.label,
            depth: span.depth,
            from_ns: span.from.since(root.from).0,
            until_ns: span.until.since(root.from).0,
        };
        Some(Self {
            of: of.to_owned(),
            sent_ns: root.from.since(SimTime::ZERO).0,
            outcome: outcome_word(spans.labels[root.label as usize].outcome).to_owned(),
            labels: spans.labels.iter().map(label).collect(),
            spans: spans.all.iter().map(span).collect(),
        })
    }
}

/// How requests and attempts end, in words.
fn outcome_word(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::InTime) => "in time",
        Some(Outcome::Rejected) => "rejected",
        Some(Outcome::GaveUp) => "gave up",
        Some(Outcome::TimedOut) => "timed out",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::Shed) => "shed",
        None => "not waited for any more",
    }
}

fn label(label: &Label) -> TraceLabel {
    let Label { kind, part, name, outcome, .. } = label;
    let (kind, text) = match kind {
        SpanKind::Request => (TraceKind::Request, "request".to_owned()),
        SpanKind::Attempt => (TraceKind::Attempt, format!("attempt at {part}")),
        SpanKind::Branches => (TraceKind::Branches, "at once".to_owned()),
        SpanKind::Branch => (TraceKind::Branch, "branch".to_owned()),
        SpanKind::Held(PartKind::Pool) => (TraceKind::Held, format!("connection of {part}")),
        SpanKind::Held(_) if name.is_empty() => (TraceKind::Held, format!("{part} held")),
        SpanKind::Held(_) => (TraceKind::Held, format!("{part}.{name}")),
        SpanKind::Round => (TraceKind::Round, "repeated".to_owned()),
        SpanKind::Pause => (TraceKind::Pause, format!("pause before {part} is asked again")),
        SpanKind::Silence => (TraceKind::Silence, "no answer".to_owned()),
        SpanKind::Spent(Spent::Waiting) => (TraceKind::Waiting, format!("waiting for {part}")),
        SpanKind::Spent(Spent::Computing) => (TraceKind::Working, format!("computing in {part}")),
        SpanKind::Spent(Spent::Outside) => {
            (TraceKind::Working, format!("waiting outside, in {part}"))
        }
        SpanKind::Spent(Spent::Network) => (TraceKind::Network, format!("network to {part}")),
        SpanKind::Spent(Spent::Query) => (TraceKind::Working, format!("query in {part}")),
        SpanKind::Spent(Spent::Disk) => (TraceKind::Working, format!("disk of {part}")),
        SpanKind::Spent(Spent::Opening) => {
            (TraceKind::Network, format!("opening a connection of {part}"))
        }
        SpanKind::Spent(Spent::LostAttempts) => (TraceKind::Silence, format!("lost at {part}")),
    };
    let can_differ = matches!(kind, TraceKind::Attempt | TraceKind::Branch | TraceKind::Request);
    let outcome = if can_differ { outcome_word(*outcome).to_owned() } else { String::new() };
    TraceLabel { text, part: part.clone(), kind, outcome }
}

/// A run again that follows its exemplars.
#[derive(Debug)]
pub struct TraceJob {
    again: Simulation,
    end: RunEnd,
    exemplars: Exemplars,
    /// Names of the smaller and the larger latency sought.
    names: [String; 2],
    events_max: u64,
}

impl TraceJob {
    /// Follows the exemplars of the same run; `rested` is as the run was before it began.
    pub(super) fn new(
        mut rested: Simulation,
        end: RunEnd,
        exemplars: Exemplars,
        names: [&str; 2],
        events_max: u64,
    ) -> Self {
        rested.set_breakdown(Breakdown::of(&exemplars));
        let names = names.map(str::to_owned);
        Self { again: rested, end, exemplars, names, events_max }
    }

    /// Goes on for at most `events` events; the traces when all are complete.
    pub fn step(&mut self, events: u64) -> Option<Vec<Trace>> {
        let last = self.again.events_count().saturating_add(events).min(self.events_max);
        let mut is_over = false;
        while !is_over && !self.is_complete() && self.again.events_count() < last {
            let some = (last - self.again.events_count()).min(1_000);
            is_over = advance(&mut self.again, self.end, some) != Progress::Running;
        }
        let is_over = is_over || self.again.events_count() >= self.events_max;
        (is_over || self.is_complete()).then(|| self.traces())
    }

    fn is_complete(&self) -> bool {
        self.again.breakdown().is_some_and(Breakdown::is_complete)
    }

    fn traces(&self) -> Vec<Trace> {
        let Exemplars { median, slow, failed } = self.exemplars;
        let [small, large] = &self.names;
        let chosen = [(median, small.as_str()), (slow, large), (failed, "failed")];
        let trace = |(number, of): (Option<u64>, &str)| Trace::new(of, &self.again.spans(number?)?);
        chosen.into_iter().filter_map(trace).collect()
    }
}

/// A run of a scenario goes on.
pub(super) fn advance(simulation: &mut Simulation, end: RunEnd, events: u64) -> Progress {
    match end {
        RunEnd::Requests(requests) => simulation.advance(requests, events),
        RunEnd::Time(end) => simulation.advance_until(SimTime::ZERO + end, events),
    }
}

/// Whether a request that was answered is an example of the others: not where their latencies are not told.
pub(super) fn has_examples(latency: &LatencySummary, outcomes: &Outcomes) -> bool {
    latency.p99.is_some() || outcomes.in_time == 0
}

/// Traces of the median request of a scenario, of the one at a percentile, and of the first that
/// failed, as far as there are such requests.
///
/// # Errors
/// Names what is wrong with the settings.
pub fn trace(
    scenario: &Scenario,
    settings: &Settings,
    percentile: f64,
) -> Result<Vec<Trace>, Mistakes> {
    let mut run = Run::of(scenario, settings)?;
    run.advance(u64::MAX);
    let measured = run.measured();
    if !has_examples(&measured.latency(), &measured.outcomes()) {
        return Ok(Vec::new());
    }
    let period = measured.period;
    let quantile = |q| SimDuration(period.latencies.quantile(q).unwrap_or(0.0) as u64);
    let sought = [quantile(0.5), quantile(percentile / 100.0)];
    let rested = Run::of(scenario, settings)?.into_simulation();
    let mut again = Run::of(scenario, settings)?.into_simulation();
    again.set_breakdown(Breakdown::default().seeking(sought, period.from));
    advance(&mut again, scenario.run.end, u64::MAX);
    let exemplars = again.breakdown().map(Breakdown::exemplars).unwrap_or_default();
    let name = format!("p{percentile}");
    let mut job = TraceJob::new(rested, scenario.run.end, exemplars, ["p50", &name], u64::MAX);
    Ok(std::iter::from_fn(|| Some(job.step(u64::MAX))).flatten().next().unwrap_or_default())
}
