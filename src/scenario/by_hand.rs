//! Faults that a user drops on the time line, beside those of the document.

mod in_links;

use serde::{Deserialize, Serialize};

pub(super) use self::in_links::{read, written};
use super::Unit;
use super::quantity::format as written_quantity;
use crate::engine::{SimDuration, SimTime};
use crate::model::system::{Arrivals, Effect, Fault, Part};

/// Most of them at a time.
pub const FAULTS_MAX: usize = 12;
/// The latest end: a run takes at most as long.
pub const END_MAX_MS: u64 = 3_600_000_000;

/// A fault dropped by a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandFault {
    /// What is done.
    pub kind: FaultKind,
    /// Id of the part it is done to.
    pub part: String,
    /// When it begins, in milliseconds.
    pub from_ms: u64,
    /// When it ends, in milliseconds; after `from_ms`, at most [`END_MAX_MS`].
    pub to_ms: u64,
    /// A factor or a share, see [`FaultKind::range`]; 1 where there is none.
    pub amount: f64,
}

/// What can be done to a part by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultKind {
    /// Clients come so many times as often.
    Spike,
    /// Work takes so many times as long.
    Slow,
    /// The network takes so many times as long.
    Delay,
    /// Nothing new is taken: what comes waits.
    Stop,
    /// All that is worked on is lost, and what comes fails at once.
    Crash,
    /// This share of what comes fails at once.
    Refuse,
    /// All entries are lost.
    Flush,
    /// Nothing passes between it and any other part.
    Partition,
    /// This share of the messages between it and any other part is lost.
    Drop,
    /// Half of the instances have a version that fails this share of what comes.
    Deploy,
}

/// Share of the instances that a bad version is given to.
const DEPLOYED: f64 = 0.5;

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Spike,
        Self::Slow,
        Self::Delay,
        Self::Stop,
        Self::Crash,
        Self::Refuse,
        Self::Flush,
        Self::Partition,
        Self::Drop,
        Self::Deploy,
    ];

    /// The word for it in links, which is also that of documents.
    pub fn word(self) -> &'static str {
        match self {
            Self::Spike => "spike",
            Self::Slow => "slow",
            Self::Delay => "delay",
            Self::Stop => "stop",
            Self::Crash => "crash",
            Self::Refuse => "refuse",
            Self::Flush => "flush",
            Self::Partition => "partition",
            Self::Drop => "drop",
            Self::Deploy => "deploy",
        }
    }

    /// The least, the greatest and the usual amount; `None` where there is nothing to choose.
    pub fn range(self) -> Option<(f64, f64, f64)> {
        match self {
            Self::Spike => Some((0.01, 1_000.0, 3.0)),
            Self::Slow => Some((0.01, 1_000.0, 5.0)),
            Self::Delay => Some((0.01, 1_000.0, 10.0)),
            Self::Drop => Some((0.001, 1.0, 0.1)),
            Self::Refuse | Self::Deploy => Some((0.001, 1.0, 0.5)),
            Self::Stop | Self::Crash | Self::Flush | Self::Partition => None,
        }
    }

    /// What can be done to a part. Nothing to clients who wait for their answers; to what belongs to
    /// others, only what the network does.
    pub fn possible(part: &Part) -> &'static [Self] {
        match part {
            Part::Clients(clients) => match clients.arrivals {
                Arrivals::Open { .. } | Arrivals::Timed { .. } => &[Self::Spike],
                Arrivals::Poll { .. } | Arrivals::Closed { .. } => &[],
            },
            // What computes on a machine is as fast as the machine.
            Part::Service(service) if service.runtime.on.is_some() => {
                use FaultKind::{Crash, Deploy, Drop, Partition, Refuse, Stop};
                &[Stop, Crash, Refuse, Partition, Drop, Deploy]
            }
            Part::Service(_) => {
                use FaultKind::{Crash, Deploy, Drop, Partition, Refuse, Slow, Stop};
                &[Slow, Stop, Crash, Refuse, Partition, Drop, Deploy]
            }
            Part::Pool(_) => &[Self::Stop],
            Part::Database(database) if database.runtime.on.is_some() => {
                use FaultKind::{Crash, Delay, Drop, Partition, Refuse, Stop};
                &[Delay, Stop, Crash, Refuse, Partition, Drop]
            }
            Part::Database(_) => {
                use FaultKind::{Crash, Delay, Drop, Partition, Refuse, Slow, Stop};
                &[Slow, Delay, Stop, Crash, Refuse, Partition, Drop]
            }
            Part::Machine(_) => &[Self::Slow],
            Part::Cache(_) => &[Self::Flush, Self::Delay, Self::Partition, Self::Drop],
            Part::ThirdParty(_) => &[Self::Partition, Self::Drop],
            Part::Lock(_) | Part::Jobs(_) | Part::Fault(_) => &[],
        }
    }

    fn effect(self, amount: f64) -> Effect {
        match self {
            Self::Spike => Effect::Spike { factor: amount },
            Self::Slow => Effect::Slow { factor: amount },
            Self::Delay => Effect::Delay { factor: amount },
            Self::Stop => Effect::Stop,
            Self::Crash => Effect::Crash,
            Self::Refuse => Effect::Refuse { share: amount },
            Self::Flush => Effect::Flush,
            Self::Partition => Effect::Partition,
            Self::Drop => Effect::Drop { share: amount },
            Self::Deploy => Effect::Deploy { share: DEPLOYED, errors: amount, factor: 1.0 },
        }
    }
}

/// What is done by an effect, in few words such as `db 5 × slower`.
pub fn words(part: &str, effect: Effect) -> String {
    let times = |factor| written_quantity(factor, Unit::Count);
    match effect {
        Effect::Spike { factor } => format!("{part} × {}", times(factor)),
        Effect::Slow { factor } => format!("{part} {} × slower", times(factor)),
        Effect::Delay { factor } => format!("network to {part} {} × slower", times(factor)),
        Effect::Stop => format!("{part} stopped"),
        Effect::Crash => format!("{part} down"),
        Effect::Refuse { share } => {
            format!("{part} refuses {}", written_quantity(share, Unit::Share))
        }
        Effect::Flush => format!("{part} flushed"),
        Effect::Partition => format!("{part} cut off"),
        Effect::Drop { share } => {
            format!("network to {part} loses {}", written_quantity(share, Unit::Share))
        }
        Effect::Deploy { errors, .. } if errors > 0.0 => {
            format!("bad version of {part} fails {}", written_quantity(errors, Unit::Share))
        }
        Effect::Deploy { .. } => format!("bad version of {part}"),
    }
}

/// Which part of a fault is moved along the time line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All of it.
    Both,
    /// Its begin.
    From,
    /// Its end.
    To,
}

/// What can be typed of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// When it begins, in milliseconds; it lasts as long as before.
    From,
    /// When it ends, in milliseconds.
    To,
    /// How much of it there is.
    Amount,
}

impl HandFault {
    /// The same with another figure.
    #[must_use]
    pub fn with(&self, figure: Figure, value: f64) -> Self {
        let mut fault = self.clone();
        let ms = value.max(0.0) as u64;
        match figure {
            Figure::From => {
                let length = self.to_ms - self.from_ms;
                (fault.from_ms, fault.to_ms) = (ms, ms.saturating_add(length));
            }
            Figure::To => fault.to_ms = ms,
            Figure::Amount => fault.amount = value,
        }
        fault.clamped()
    }

    /// The same moved or stretched by so many milliseconds, to whole steps, and at least a step long.
    #[must_use]
    pub fn moved(&self, end: End, by_ms: f64, step_ms: f64) -> Self {
        let step = if step_ms.is_finite() { step_ms.max(1.0) } else { 1.0 };
        let snapped = |ms: f64| ((ms / step).round() * step).max(0.0).round() as u64;
        let (from, to) = (self.from_ms as f64, self.to_ms as f64);
        let mut fault = self.clone();
        match end {
            End::Both => {
                fault.from_ms = snapped(from + by_ms);
                fault.to_ms = fault.from_ms.saturating_add(self.to_ms - self.from_ms);
            }
            End::From => fault.from_ms = snapped((from + by_ms).min(to - step)),
            End::To => fault.to_ms = snapped((to + by_ms).max(from + step)),
        }
        fault.clamped()
    }

    /// What it does, in few words.
    pub fn words(&self) -> String {
        words(&self.part, self.kind.effect(self.amount))
    }

    /// The same within the ranges: it ends after it begins, and not too late.
    #[must_use]
    pub fn clamped(mut self) -> Self {
        self.from_ms = self.from_ms.min(END_MAX_MS - 1);
        self.to_ms = self.to_ms.clamp(self.from_ms + 1, END_MAX_MS);
        self.amount = match self.kind.range() {
            Some((least, most, usual)) => {
                if self.amount.is_finite() {
                    self.amount.clamp(least, most)
                } else {
                    usual
                }
            }
            None => 1.0,
        };
        self
    }

    fn is_possible(&self, parts: &[Part]) -> bool {
        let of_part = |part: &&Part| id_of(part) == self.part;
        parts
            .iter()
            .find(of_part)
            .is_some_and(|part| FaultKind::possible(part).contains(&self.kind))
    }
}

/// Id of a part.
pub fn id_of(part: &Part) -> &str {
    match part {
        Part::Clients(clients) => &clients.id,
        Part::Service(service) => &service.id,
        Part::Pool(pool) => &pool.id,
        Part::Database(database) => &database.id,
        Part::Lock(lock) => &lock.id,
        Part::Cache(cache) => &cache.id,
        Part::Machine(machine) => &machine.id,
        Part::ThirdParty(party) => &party.id,
        Part::Jobs(jobs) => &jobs.id,
        Part::Fault(fault) => &fault.id,
    }
}

/// Adds them to a system. Those of parts that a fix has taken out do nothing.
pub(super) fn add(faults: &[HandFault], parts: &mut Vec<Part>) {
    let at = |ms: u64| SimTime::ZERO + SimDuration(ms.saturating_mul(1_000_000));
    for (index, fault) in faults.iter().enumerate() {
        if !fault.is_possible(parts) {
            continue;
        }
        parts.push(Part::Fault(Fault {
            id: format!("by hand {}", index + 1),
            part: fault.part.clone(),
            instance: None,
            peer: None,
            from: at(fault.from_ms),
            until: at(fault.to_ms),
            effect: fault.kind.effect(fault.amount),
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Settings, catalogue};

    fn fault(kind: FaultKind, part: &str, from_ms: u64, to_ms: u64, amount: f64) -> HandFault {
        HandFault { kind, part: part.to_owned(), from_ms, to_ms, amount }
    }

    #[test]
    fn a_fault_moves_by_whole_steps_and_never_vanishes() {
        let middle = fault(FaultKind::Stop, "app", 20_000, 30_000, 1.0);
        let times = |end, by_ms| {
            let moved = middle.moved(end, by_ms, 500.0);
            [moved.from_ms, moved.to_ms]
        };
        assert_eq!(times(End::Both, 740.0), [20_500, 30_500]);
        assert_eq!(times(End::Both, -90_000.0), [0, 10_000]);
        assert_eq!(times(End::From, 90_000.0), [29_500, 30_000]);
        assert_eq!(times(End::To, -90_000.0), [20_000, 20_500]);
        assert_eq!(times(End::To, 1e30), [20_000, END_MAX_MS]);
        assert_eq!(times(End::Both, f64::NAN), [0, 10_000]);
    }

    #[test]
    fn everything_possible_can_be_built_in_every_scenario() {
        let mut tried = 0;
        for scenario in catalogue::all() {
            let system = scenario.system(&Settings::default()).unwrap();
            for part in &system.parts {
                for kind in FaultKind::possible(part) {
                    let amount = kind.range().map_or(1.0, |(.., usual)| usual);
                    let faults = vec![fault(*kind, id_of(part), 0, 1_000, amount)];
                    let settings = Settings { faults, ..Settings::default() };
                    let with = scenario.system(&settings).unwrap();
                    assert_eq!(with.parts.len(), system.parts.len() + 1);
                    let checked = crate::model::Simulation::check(&with);
                    assert_eq!(checked, Ok(()), "{}: {kind:?} of {}", scenario.id, id_of(part));
                    tried += 1;
                }
            }
        }
        assert!(tried > 10, "{tried}");
    }
}
