//! What can stand on the y axis below latency: one small chart each, on the same x axis.

use super::palette::{Palette, Rgb};
use super::sheet::{Dash, Stroke};
use crate::analysis::report::CurvePoint;
use crate::engine::interval::ascending;
use crate::scenario::{Unit, quantity};

/// Parts that a chart of utilisation has lines for: the busiest.
const PARTS_MAX: usize = 3;

/// A measure with a chart of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Requests offered, answered in time and right, and not, per second.
    Load,
    /// Share of finished requests not answered in time and right.
    Errors,
    /// Busy share of the capacity of the busiest parts.
    Utilisation,
    /// Attempts per request.
    Amplification,
    /// Share of the answers that were not true any more.
    Staleness,
    /// Updates that were acknowledged and are gone.
    LostUpdates,
    /// Memory held on the machine that holds most.
    Memory,
}

impl Measure {
    /// All of them, in the order in which they stand below each other.
    pub const ALL: [Self; 7] = [
        Self::Load,
        Self::Errors,
        Self::Utilisation,
        Self::Amplification,
        Self::Staleness,
        Self::LostUpdates,
        Self::Memory,
    ];

    /// In a word or two, as on a switch.
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "Load",
            Self::Errors => "Errors",
            Self::Utilisation => "Utilisation",
            Self::Amplification => "Amplification",
            Self::Staleness => "Staleness",
            Self::LostUpdates => "Lost updates",
            Self::Memory => "Memory",
        }
    }

    /// What the chart shows, and in what.
    pub fn title(self) -> &'static str {
        match self {
            Self::Load => "Requests per second",
            Self::Errors => "Errors, share of requests",
            Self::Utilisation => "Utilisation of the busiest parts",
            Self::Amplification => "Amplification, attempts per request",
            Self::Staleness => "Staleness, share of answers",
            Self::LostUpdates => "Lost updates per second",
            Self::Memory => "Memory held",
        }
    }

    /// What the numbers are.
    pub fn unit(self) -> Unit {
        match self {
            Self::Load | Self::LostUpdates => Unit::PerSecond,
            Self::Errors | Self::Utilisation | Self::Staleness => Unit::Share,
            Self::Amplification => Unit::Count,
            Self::Memory => Unit::Mb,
        }
    }

    /// The points say something of it: it is not everywhere what it is where nothing happens.
    pub fn is_told(self, points: &[CurvePoint]) -> bool {
        let rest = if self == Self::Amplification { 1.0 } else { 0.0 };
        // Amplification that rounds to 1.00 tells nothing.
        let is_more = |point: &CurvePoint| self.main().of(point) > rest * 1.005;
        self == Self::Load || points.iter().any(is_more)
    }

    /// The line that tells most; with two ways to walk, each has one.
    pub(super) fn main(self) -> Series {
        match self {
            Self::Load => Series::Goodput,
            Self::Errors => Series::ErrorShare,
            Self::Utilisation => Series::Busiest,
            Self::Amplification => Series::Amplification,
            Self::Staleness => Series::Stale,
            Self::LostUpdates => Series::Lost,
            Self::Memory => Series::MemoryMean,
        }
    }

    /// All its lines, the one that tells most first.
    pub(super) fn series(self, points: &[CurvePoint]) -> Vec<Series> {
        match self {
            Self::Load => vec![Series::Goodput, Series::Offered, Series::ErrorRate],
            Self::Utilisation => busiest(points).into_iter().map(Series::Part).collect(),
            Self::Memory => vec![Series::MemoryMean, Series::MemoryMost],
            one => vec![one.main()],
        }
    }

    /// Its main figure at a point, with its unit.
    pub fn words(self, at: &CurvePoint) -> String {
        let after = if self == Self::Memory { " MB" } else { "" };
        format!("{}{after}", quantity::format(self.main().of(at), self.unit()))
    }

    /// Its figures at a point, such as `goodput 40/s`.
    pub fn figures(self, points: &[CurvePoint], parts: &[String], at: &CurvePoint) -> Vec<Figure> {
        let figure = |series: Series| {
            // Errors in the chart of load are a rate, in words a share.
            let (value, unit) = match series {
                Series::ErrorRate => (at.error_share, Unit::Share),
                _ => (series.of(at), self.unit()),
            };
            let unit_words = if self == Self::Memory { " MB" } else { "" };
            Figure {
                name: series.name(parts).to_owned(),
                value: format!("{}{unit_words}", quantity::format(value, unit)),
            }
        };
        self.series(points).into_iter().map(figure).collect()
    }
}

/// A value with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// How much, with its unit.
    pub value: String,
}

/// One line of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Series {
    Offered,
    Goodput,
    ErrorRate,
    ErrorShare,
    Busiest,
    /// The part with this number.
    Part(usize),
    Amplification,
    Stale,
    Lost,
    MemoryMean,
    MemoryMost,
}

impl Series {
    pub(super) fn of(self, point: &CurvePoint) -> f64 {
        match self {
            Self::Offered => point.offered_per_s,
            Self::Goodput => point.goodput_per_s,
            Self::ErrorRate => point.offered_per_s * point.error_share,
            Self::ErrorShare => point.error_share,
            Self::Busiest => point.utilisation.iter().copied().fold(0.0, f64::max),
            Self::Part(index) => point.utilisation.get(index).copied().unwrap_or(0.0),
            Self::Amplification => point.amplification,
            Self::Stale => point.stale_share,
            Self::Lost => point.lost_per_s,
            Self::MemoryMean => point.memory_mb,
            Self::MemoryMost => point.memory_most_mb,
        }
    }

    pub(super) fn name(self, parts: &[String]) -> &str {
        match self {
            Self::Offered => "offered",
            Self::Goodput => "goodput",
            Self::ErrorRate | Self::ErrorShare => "errors",
            Self::Busiest => "busiest",
            Self::Part(index) => parts.get(index).map_or("part", String::as_str),
            Self::Amplification => "attempts",
            Self::Stale => "stale",
            Self::Lost => "lost",
            Self::MemoryMean => "mean",
            Self::MemoryMost => "most",
        }
    }

    /// How the line looks that is the `rank`th of its chart.
    pub(super) fn stroke(self, rank: usize, palette: &Palette) -> Stroke {
        let thin = |colour: Rgb, dash| Stroke { dash, ..Stroke::solid(colour, 1.75) };
        match self {
            Self::Offered => Stroke::solid(palette.quiet, 1.25),
            Self::ErrorRate => thin(palette.errors, Dash::Broken(6.0, 3.0)),
            Self::ErrorShare | Self::Lost | Self::Stale => Stroke::solid(palette.errors, 2.25),
            Self::MemoryMost => thin(palette.p99, Dash::Broken(6.0, 3.0)),
            Self::Amplification | Self::Busiest => Stroke::solid(palette.p99, 2.25),
            Self::Part(_) => match rank {
                0 => Stroke::solid(palette.p99, 2.25),
                1 => thin(palette.p95, Dash::Broken(7.0, 3.0)),
                _ => thin(palette.p50, Dash::Broken(2.0, 2.5)),
            },
            Self::Goodput | Self::MemoryMean => Stroke::solid(palette.goodput, 2.25),
        }
    }
}

/// The parts that are busiest anywhere, the busiest first, of those that are ever busy.
fn busiest(points: &[CurvePoint]) -> Vec<usize> {
    let count = points.first().map_or(0, |point| point.utilisation.len());
    let most =
        |part: usize| points.iter().map(|point| Series::Part(part).of(point)).fold(0.0, f64::max);
    let parts: Vec<usize> = (0..count).filter(|part| most(*part) > 0.005).collect();
    let least_first = ascending(&parts.iter().map(|part| most(*part)).collect::<Vec<_>>());
    least_first.into_iter().rev().take(PARTS_MAX).map(|place| parts[place]).collect()
}

/// A choice of measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measures(u8);

impl Measures {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// Load alone, as a page begins.
    pub const LOAD: Self = Self(1);

    /// Those of which the points say something.
    pub fn told_by(points: &[CurvePoint]) -> Self {
        let told = Measure::ALL.into_iter().filter(|measure| measure.is_told(points));
        told.fold(Self::NONE, Self::with)
    }

    /// Whether the measure is among them.
    pub fn has(self, measure: Measure) -> bool {
        self.0 & (1 << measure as u8) != 0
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, measure: Measure) -> Self {
        Self(self.0 | (1 << measure as u8))
    }

    /// With the measure if it was not among them, without it if it was.
    #[must_use]
    pub fn toggled(self, measure: Measure) -> Self {
        Self(self.0 ^ (1 << measure as u8))
    }

    /// Those of either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Each of them, in order.
    pub fn each(self) -> impl Iterator<Item = Measure> {
        Measure::ALL.into_iter().filter(move |measure| self.has(*measure))
    }
}
