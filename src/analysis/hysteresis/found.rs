//! What a walk up and down gives.

use serde::{Deserialize, Serialize};

use crate::analysis::report::CurvePoint;
use crate::scenario::Knob;
use crate::scenario::quantity::format;

/// What a walk has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The walk is not over.
    #[default]
    UnderWay,
    /// This knob cannot be turned in a running system.
    CannotWalk,
    /// The objective is missed at the least load already.
    AlwaysBroken,
    /// The objective is met at every load of the range.
    NeverBroken,
    /// It recovers where it broke: there is one state for each load.
    OneState,
    /// It recovers only far below where it broke.
    TwoStates,
    /// It does not recover within the range.
    NoWayBack,
}

/// A walk up and down, as far as it has come.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Hysteresis {
    /// Id of the knob.
    pub knob: String,
    /// Levels on the way up, ascending.
    pub up: Vec<CurvePoint>,
    /// Levels on the way down, descending.
    pub down: Vec<CurvePoint>,
    /// The least load that broke it on the way up: advertised capacity.
    pub breaks_at: Option<f64>,
    /// The least load at which it was still broken on the way down; it recovers below.
    pub recovers_below: Option<f64>,
    /// What that means.
    pub finding: Finding,
    /// Ids of the parts of which points tell the utilisation.
    pub parts: Vec<String>,
    /// 16 hex digits once the walk is over; equal only for equal walks, on every machine.
    pub digest: Option<String>,
    /// Events simulated.
    pub events: u64,
}

impl Hysteresis {
    /// The walk is over.
    pub fn is_finished(&self) -> bool {
        self.finding != Finding::UnderWay
    }

    /// What was found, in one sentence.
    pub fn sentence(&self, knob: &Knob) -> String {
        let said = |value: Option<f64>| value.map_or_else(String::new, |x| format(x, knob.unit));
        let (high, low) = (said(self.breaks_at), said(self.recovers_below));
        let label = knob.label.to_ascii_lowercase();
        match self.finding {
            Finding::UnderWay => format!("Walking {label} up and down in one running system …"),
            Finding::CannotWalk => format!(
                "{} cannot be turned in a running system without losing its state: nothing to walk.",
                knob.label
            ),
            Finding::AlwaysBroken => {
                format!("The objective is missed from {} {label} on.", said(Some(knob.min)))
            }
            Finding::NeverBroken => format!(
                "No second state found: the objective is met up to {} {label}.",
                said(Some(knob.max))
            ),
            Finding::OneState => {
                format!("No second state found: breaks at {high} {label}, and recovers there.")
            }
            Finding::TwoStates => format!(
                "Breaks at {high} {label}, recovers below {low}: between them it stays broken once \
                 broken. Advertised capacity {high}, hidden capacity {low}."
            ),
            Finding::NoWayBack => format!(
                "Breaks at {high} {label} and does not recover down to {}: it stays broken once \
                 broken.",
                said(self.down.last().map(|point| point.x))
            ),
        }
    }
}
