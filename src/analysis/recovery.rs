//! How long after a fault a system is well again.

use crate::engine::{SimDuration, SimTime};
use crate::model::system::{Part, System};
use crate::model::{Simulation, Totals};

/// Stretches that the time after the last fault is cut into.
const STRETCHES: u64 = 64;

/// Counts at equal distances from the end of the last fault to the end of the run.
#[derive(Debug, Clone)]
pub(super) struct Recovery {
    from: SimTime,
    step: SimDuration,
    counted: Vec<Totals>,
}

impl Recovery {
    /// Watches a system after its last fault; `None` if it has none that ends before the run does.
    pub(super) fn new(system: &System, end: SimTime) -> Option<Self> {
        let faults = system.parts.iter().filter_map(|part| match part {
            Part::Fault(fault) => Some(fault.until),
            _ => None,
        });
        let from = faults.max().filter(|until| *until < end)?;
        let step = SimDuration(end.since(from).0 / STRETCHES);
        (step.0 > 0).then(|| Self { from, step, counted: Vec::new() })
    }

    /// The next instant to count at.
    pub(super) fn next_edge(&self) -> Option<SimTime> {
        let passed = self.counted.len() as u64;
        (passed <= STRETCHES).then(|| self.from + SimDuration(self.step.0 * passed))
    }

    /// Counts, if it is time.
    pub(super) fn pass(&mut self, time: SimTime, simulation: &Simulation) {
        if self.next_edge() == Some(time) {
            self.counted.push(simulation.totals());
        }
    }

    /// Seconds until no more than a share of the requests failed, and from then on; `None` if they
    /// never did, or the run has not come to its end.
    pub(super) fn secs(&self, error_share: f64) -> Option<f64> {
        if (self.counted.len() as u64) <= STRETCHES {
            return None;
        }
        let is_bad = |pair: &[Totals]| {
            let period = pair[1].since(&pair[0]);
            let failed = period.finished() - period.right();
            let nothing = period.finished() == 0 && pair[0].sent > pair[0].finished();
            nothing || failed as f64 > error_share * period.finished() as f64
        };
        let bad = self.counted.windows(2).rposition(is_bad).map_or(0, |last| last + 1);
        (bad < STRETCHES as usize).then(|| self.step.as_secs() * bad as f64)
    }
}
