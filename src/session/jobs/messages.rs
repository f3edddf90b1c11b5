//! The messages between the page and its workers.

use serde::{Deserialize, Serialize};

use crate::analysis::curve::Share;
use crate::analysis::hysteresis::Hysteresis;
use crate::analysis::report::{Comparison, Curve, Explanation, RunReport};
use crate::analysis::timeline::{Script, Strip};
use crate::analysis::trace::Trace;

/// A question to a worker. The link carries scenario, settings and seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Comes back in every answer, so that late ones can be told.
    pub id: u32,
    /// The state asked about, and the state before it.
    pub link: String,
    /// What to compute.
    pub want: Want,
}

/// What a worker computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Want {
    /// A share of the curve over a knob.
    Curve {
        /// Id of the knob.
        knob: String,
        /// Which points.
        share: Share,
    },
    /// The run at the operating point, its explanation, and the comparison with the state before.
    Point {
        /// The curve of the state before, if it is still needed.
        ghost: Option<GhostWanted>,
    },
    /// The run over time.
    Time {
        /// What happens in it.
        script: Script,
        /// How far it should go, in milliseconds.
        to_ms: f64,
    },
    /// Whole curves of other states, each refined in turn.
    Sketches {
        /// Id of the knob on the axis; the first of each scenario if empty.
        knob: String,
        /// The states, as links.
        links: Vec<String>,
        /// Passes of each curve, at most.
        passes: u32,
    },
    /// Nothing: what is under way is given back.
    Rest,
    /// Load up and down over a knob.
    Walk {
        /// Id of the knob.
        knob: String,
    },
    /// The claims of a scenario, on one seed after the other.
    Claims {
        /// The claims as they stand in the document.
        claims: String,
        /// How many seeds, from 1.
        seeds: u32,
    },
}

/// The curve of the state before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GhostWanted {
    /// Id of the knob on its axis.
    pub knob: String,
    /// There is none yet to show: its first pass comes before everything else.
    pub missing: bool,
}

/// An answer of a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Id of the question.
    pub id: u32,
    /// The result.
    pub result: Outcome,
}

/// A result, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// A share of the curve after another pass.
    Curve(Share, Curve),
    /// The run at the operating point.
    Report(Box<RunReport>),
    /// Why it came out so.
    Explanation(Explanation),
    /// What a typical, a slow and a failed request did.
    Traces(Vec<Trace>),
    /// Against the state before.
    Comparison(Comparison),
    /// The whole curve of the state before, after another pass.
    Ghost(Curve),
    /// The run over time, and whether it has come as far as it should.
    Time(Strip, bool),
    /// The whole curve of another state, by its place in the question, after another pass.
    Sketch(usize, Curve),
    /// Load up and down, as far as it has come.
    Walk(Box<Hysteresis>),
    /// A claim by its place in the list, measured on one more seed.
    Tried(usize, Trial),
    /// What is wrong with the question.
    Error(String),
}

/// A claim on one seed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// As it is claimed.
    pub value: f64,
    /// Without the mechanism.
    pub without: f64,
}
