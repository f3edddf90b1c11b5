//! How long a run is, and which stretches of it are measured by themselves.

use crate::engine::SimDuration;

use super::Unit;
use super::quantity::format as quantity;
use super::reader::{Fields, Reader};

const PHASES_MAX: usize = 16;
/// The longest run: time is counted in nanoseconds, in 64 bits.
const RUN_MAX: SimDuration = SimDuration(3_600_000_000_000_000);

/// How long a run is.
#[derive(Debug, Clone, PartialEq)]
pub struct RunLength {
    /// When it ends; it also ends at a hard limit of events.
    pub end: RunEnd,
    /// Stretches of time that are measured by themselves.
    pub phases: Vec<Phase>,
}

/// When a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// When so many requests have finished. What is measured is the steady state: the warm-up is
    /// left out, and a longer run gives narrower intervals.
    Requests(u64),
    /// After this time. All of it is measured: something happens in it, such as a fault.
    Time(SimDuration),
}

impl RunEnd {
    /// It measures all of a stretch of time, rather than a steady state.
    pub fn is_timed(self) -> bool {
        matches!(self, Self::Time(_))
    }
}

/// A stretch of a run's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// Names it in claims and reports.
    pub id: String,
    /// When it begins.
    pub from: SimDuration,
    /// When it ends; after `from`, and not after the run.
    pub to: SimDuration,
}

impl Reader<'_> {
    pub(super) fn run_length(&mut self, fields: &mut Fields<'_>) -> RunLength {
        let mut length = RunLength { end: RunEnd::Requests(0), phases: Vec::new() };
        let Some(mut run) = self.inner(fields, "run") else { return length };
        if run.has("time") {
            let time = self.time_of(&mut run, "time");
            if !(SimDuration::from_ms(1.0)..=RUN_MAX).contains(&time) {
                self.note(&run.under("time"), &written(time), "1ms to 1000h");
            }
            length.end = RunEnd::Time(time);
            length.phases = self.phases_of(&mut run, time);
        } else {
            let path = run.under("requests");
            let before = self.mistakes.len();
            let requests = self.whole_of(&mut run, "requests");
            if self.mistakes.len() == before && !(100..=100_000_000).contains(&requests) {
                self.note(&path, &requests.to_string(), "100 to 100000000");
            }
            length.end = RunEnd::Requests(requests);
        }
        self.close(&run);
        length
    }

    fn phases_of(&mut self, run: &mut Fields<'_>, end: SimDuration) -> Vec<Phase> {
        let mut phases: Vec<Phase> = Vec::new();
        for (item, path) in self.list_of(run, "phases", false).into_iter().take(PHASES_MAX) {
            let Some(mut fields) = self.named(item, &path, "run.phases") else { continue };
            let id = fields.name.clone();
            let (from, to) = (self.time_of(&mut fields, "from"), self.time_of(&mut fields, "to"));
            self.close(&fields);
            if from >= to || to > end {
                self.note(
                    &fields.path,
                    &format!("{} to {}", written(from), written(to)),
                    "from < to <= time of the run",
                );
            }
            if phases.iter().any(|other| other.id == id) {
                self.note(&fields.path, "a second phase of this id", "a name of its own");
            }
            phases.push(Phase { id, from, to });
        }
        phases
    }

    /// A time that no knob changes.
    fn time_of(&mut self, fields: &mut Fields<'_>, name: &'static str) -> SimDuration {
        SimDuration::from_ms(self.amount_of(fields, name, Unit::Ms).max(0.0))
    }
}

fn written(time: SimDuration) -> String {
    quantity(time.as_secs() * 1e3, Unit::Ms)
}
