//! Curves as plain data; see [`report`](super::report).

use serde::{Deserialize, Serialize};

use super::report::LatencySummary;

/// One point of a curve: the system at one value of a knob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Value of the knob.
    pub x: f64,
    /// Latency of requests answered in time.
    pub latency_ms: LatencySummary,
    /// 99 % of all requests had ended by then, in milliseconds, answered in time or not.
    pub p99_all_ms: Option<f64>,
    /// Requests sent per second.
    pub offered_per_s: f64,
    /// Requests answered in time and right, per second.
    pub goodput_per_s: f64,
    /// Share of finished requests not answered in time and right, 0..=1.
    pub error_share: f64,
    /// More is asked for than the system can ever do.
    pub overloaded: bool,
    /// The 95 % interval of p99 is within 5 % of it and that of the errors within a fifth of what the
    /// objective allows, or the point is overloaded.
    pub settled: bool,
    /// Id of the part that limits, and what is asked of it as a share of its capacity.
    pub busiest: Option<(String, f64)>,
    /// Why the run ended early, in words.
    pub stopped: Option<String>,
    /// Attempts per request, at least 1.
    pub amplification: f64,
    /// Share of the requests answered in time that saw a value that was not true any more, 0..=1.
    pub stale_share: f64,
    /// Updates that were acknowledged and are gone, per second.
    pub lost_per_s: f64,
    /// Mean megabytes held on the machine that held most; 0 where no machine has a limit.
    pub memory_mb: f64,
    /// Most megabytes held there at once.
    pub memory_most_mb: f64,
    /// Busy share of the capacity of each part, 0..=1, in the order of [`Curve::parts`].
    pub utilisation: Vec<f64>,
}

/// The system over a range of one knob, on the same arrivals at every point.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Curve {
    /// Id of the knob on the x axis.
    pub knob: String,
    /// In ascending order of `x`; 24 of them unless the knob has fewer values.
    pub points: Vec<CurvePoint>,
    /// Ids of the parts that can be busy, in the order of the document.
    pub parts: Vec<String>,
    /// Passes made over the points so far, from 1.
    pub pass: u32,
    /// No further pass will come.
    pub finished: bool,
    /// Where the curve bends, if it does within the range.
    pub knee: Option<Knee>,
    /// Exact values beside the simulated ones, where theory has them.
    pub theory: Vec<TheoryPoint>,
}

/// Where the objective stops being met along the curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Knee {
    /// Value of the knob up to which the objective is met, interpolated between points.
    pub x: f64,
    /// p99 of latency there, in milliseconds; the objective if latency is the limit.
    pub p99_ms: f64,
    /// Which limit is crossed first.
    pub limit: KneeLimit,
}

/// What stops an objective from being met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KneeLimit {
    /// p99 of latency.
    P99,
    /// The share of requests not answered in time and right.
    Errors,
    /// More is asked for than the system can ever do.
    Overload,
}

impl KneeLimit {
    /// What to add to the word *knee*, if latency is not what limits.
    pub fn aside(self) -> &'static str {
        match self {
            Self::P99 => "",
            Self::Errors => " (errors)",
            Self::Overload => " (overload)",
        }
    }
}

/// Values known in closed form at one value of the knob.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TheoryPoint {
    /// Value of the knob.
    pub x: f64,
    /// Mean latency, in milliseconds.
    pub mean_ms: f64,
    /// Percentiles, where the theory gives the whole distribution.
    pub p50_ms: Option<f64>,
    /// See `p50_ms`.
    pub p95_ms: Option<f64>,
    /// See `p50_ms`.
    pub p99_ms: Option<f64>,
}
