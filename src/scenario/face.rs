//! What a scenario shows of itself: knobs, fixes, objective, claims.
//!
//! These types are read from the document (`assets/scenarios/<id>.json`) and are what the page, the
//! command line and the analyses work with.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::by_hand::HandFault;
use crate::engine::math::{exp, ln};

/// What a user has changed: everything else is as the document says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Settings {
    /// Values of knobs that differ from their defaults, by id, in the unit of the knob.
    pub knobs: BTreeMap<String, f64>,
    /// Ids of the fixes that are switched on.
    pub fixes: BTreeSet<String>,
    /// Seed of all random streams; `None` takes the document's.
    pub seed: Option<u64>,
    /// What the user lets go wrong beside the faults of the document.
    pub faults: Vec<HandFault>,
}

/// A number that a user can turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Knob {
    /// Unique in the scenario; the key in links and of `--set`.
    pub id: String,
    /// In words, such as `Posts per page`.
    pub label: String,
    /// One sentence: what it is in the system.
    pub about: String,
    /// What the number counts.
    pub unit: Unit,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Value when the scenario opens.
    pub default: f64,
    /// How a slider spreads the values.
    pub scale: Scale,
    /// Only whole numbers make sense.
    pub whole: bool,
    /// Shown at once rather than under "more".
    pub visible: bool,
}

impl Knob {
    /// The nearest value that the knob can take.
    pub fn clamp(&self, value: f64) -> f64 {
        let value = if value.is_finite() { value } else { self.default };
        let value = value.clamp(self.min, self.max);
        if self.whole { value.round() } else { value }
    }

    /// Whether it can take this very value.
    pub fn takes(&self, value: f64) -> bool {
        (self.min..=self.max).contains(&value) && (!self.whole || value.fract() == 0.0)
    }

    /// The values it takes, in words.
    pub fn possible(&self) -> String {
        let whole = if self.whole { ", a whole number" } else { "" };
        format!("{} to {}{whole}", self.min, self.max)
    }

    /// Where a value lies on the slider, 0..=1.
    pub fn position(&self, value: f64) -> f64 {
        let position = match self.scale {
            Scale::Linear => (value - self.min) / (self.max - self.min),
            Scale::Log => ln(value / self.min) / ln(self.max / self.min),
        };
        position.clamp(0.0, 1.0)
    }

    /// The value at a position of the slider.
    pub fn at(&self, position: f64) -> f64 {
        let position = position.clamp(0.0, 1.0);
        self.clamp(match self.scale {
            Scale::Linear => self.min + (self.max - self.min) * position,
            Scale::Log => self.min * exp(ln(self.max / self.min) * position),
        })
    }
}

/// What a knob counts; decides how it is written and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A plain number, written `2.5k`.
    #[default]
    Count,
    /// Milliseconds, written `250ms` or `4s`.
    Ms,
    /// A share in 0..=1, written `10%`.
    Share,
    /// Per second, written `40/s`.
    PerSecond,
    /// Megabytes, written `50MB` or `4GB`.
    Mb,
    /// Gigabytes, written the same way.
    Gb,
}

/// How a slider spreads the values of a knob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Equal distances are equal differences.
    #[default]
    Linear,
    /// Equal distances are equal factors; needs `min` above 0.
    Log,
}

/// A change to the system that a user can switch on.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    /// Unique in the scenario; the key in links and of `--fix`.
    pub id: String,
    /// In words, such as `Join`.
    pub label: String,
    /// What it changes in the system.
    pub about: String,
    /// What it costs; `None` if the document does not say.
    pub price: Option<Price>,
    /// Fixes that cannot be on at the same time.
    pub excludes: Vec<String>,
    /// Changes to the document's parts, in order.
    pub patch: Vec<Patch>,
}

/// What a fix costs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Price {
    /// Hours of work.
    pub hours: f64,
    /// Dollars a month, as long as it stands.
    pub dollars_a_month: f64,
    /// What it costs besides, such as staleness or load; may be empty.
    pub also: String,
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = if self.hours.to_bits() == 1.0_f64.to_bits() { "hour" } else { "hours" };
        write!(f, "Costs {} {hours} of work", self.hours)?;
        if self.dollars_a_month > 0.0 {
            write!(f, " and ${} a month", self.dollars_a_month)?;
        }
        f.write_str(".")?;
        if self.also.is_empty() { Ok(()) } else { write!(f, " {}", self.also) }
    }
}

/// One change to the document.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    /// Ids and field names below `parts`, joined by dots, such as `app.endpoints.page`.
    pub at: String,
    /// What stands there instead.
    pub value: serde_json::Value,
}

/// What users must get; a run that misses any of these is not good enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Objective {
    /// p99 latency of requests answered in time, at most, in milliseconds.
    pub p99_ms: f64,
    /// Share of requests not answered in time and right, at most, 0..=1.
    pub error_share: f64,
    /// An answer from a copy that is not true any more is a wrong one.
    pub stale_is_wrong: bool,
}

/// Closed-form results that hold for the scenario, drawn beside the simulated curve.
#[derive(Debug, Clone, PartialEq)]
pub enum Theory {
    /// One service with Poisson arrivals: M/M/c for exponential work, M/G/1 for one worker.
    Queue {
        /// Id of the clients.
        clients: String,
        /// Id of the service.
        service: String,
    },
}

/// Where a number of the document comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// What is taken from it.
    pub what: String,
    /// Paper, manual or measurement.
    pub from: String,
}

/// Something the scenario says, which tests prove on many seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Unique in the scenario.
    pub id: String,
    /// The claim in words.
    pub says: String,
    /// What is measured.
    pub measure: Measure,
    /// The phase of the run it is measured in; all of what is measured unless given.
    pub phase: Option<String>,
    /// Id of the clients whose requests are measured; all that count unless given. Only for rates
    /// and shares of requests.
    pub clients: Option<String>,
    /// The state it is measured in.
    pub state: ClaimState,
    /// If given, the measure in `in` is divided by the measure in this state.
    pub relative_to: Option<ClaimState>,
    /// What must come out, on every seed.
    pub expect: Bound,
    /// The counterfactual: in this state, without the mechanism, `expect` must fail on every seed.
    pub without: ClaimState,
    /// Why the counterfactual fails, in words.
    pub because: String,
}

/// Knobs and fixes of a claim; everything else is as the document says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClaimState {
    /// Values of knobs by id.
    pub knobs: BTreeMap<String, f64>,
    /// Fixes that are on.
    pub fixes: BTreeSet<String>,
}

/// What a claim measures.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// Mean latency in milliseconds.
    MeanMs,
    /// Median latency in milliseconds.
    P50Ms,
    /// 95th percentile of latency in milliseconds.
    P95Ms,
    /// 99th percentile of latency in milliseconds.
    P99Ms,
    /// Longest latency in milliseconds.
    MaxMs,
    /// Share of the requests answered in time that took longer than a time.
    SlowShare {
        /// The time, in milliseconds.
        over_ms: f64,
    },
    /// Seconds from the end of the last fault until as few requests fail as the objective allows.
    RecoverySecs,
    /// Requests answered in time and right, per second.
    GoodputPerS,
    /// Requests finished, per second.
    ThroughputPerS,
    /// Share of requests not answered in time and right.
    ErrorShare,
    /// Requests answered in time and right, as a share of those sent.
    GoodputShare,
    /// Attempts per request sent.
    Amplification,
    /// Share of the requests answered in time that were answered with a value not true any more.
    StaleShare,
    /// Updates that were acknowledged and are gone.
    LostUpdates,
    /// Records made of what there was a record of already.
    Duplicates,
    /// Updates of a table that are gone, as a share of those acknowledged.
    LostShare {
        /// Database and table, as `db.accounts`.
        part: String,
    },
    /// Share of lookups in a cache that found a copy.
    HitRatio {
        /// Id of the cache.
        part: String,
    },
    /// Visits to a part per finished request.
    VisitsPerRequest {
        /// Id of the part.
        part: String,
    },
    /// Mean time that a visit to a part waits for it, in milliseconds.
    WaitMs {
        /// Id of the part.
        part: String,
    },
    /// Most runs of a cron at once.
    MostAtOnce {
        /// Id of the clients.
        part: String,
    },
    /// Busy share of a part.
    Utilisation {
        /// Id of the part.
        part: String,
    },
    /// Most memory that the parts of a machine held at once, in megabytes.
    MemoryMostMb {
        /// Id of the machine.
        part: String,
    },
    /// Mean memory that the parts of a machine held, in megabytes.
    MemoryMeanMb {
        /// Id of the machine.
        part: String,
    },
    /// Parts of a machine that were killed for its memory.
    Kills {
        /// Id of the machine.
        part: String,
    },
    /// Share of the attempts at a service that one instance gets.
    InstanceShare {
        /// Id of the service; it has a balancer, or an instance with a fault of its own.
        part: String,
        /// Which one, from 1.
        instance: u32,
    },
    /// Largest value of a knob that meets the objective.
    Ceiling {
        /// Id of the knob.
        knob: String,
    },
    /// Mean latency divided by its value in closed form.
    MeanOverTheory,
}

impl Measure {
    /// Whether it can be measured on the requests of some clients alone.
    pub fn is_of_clients(&self) -> bool {
        matches!(
            self,
            Self::GoodputPerS
                | Self::ThroughputPerS
                | Self::ErrorShare
                | Self::GoodputShare
                | Self::Amplification
        )
    }
}

/// Limits on a measure; both may be given.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bound {
    /// At least this.
    pub min: Option<f64>,
    /// At most this.
    pub max: Option<f64>,
}
