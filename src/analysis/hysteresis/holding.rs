//! One level of load, held in a running system until its state is plain.
//!
//! Time is measured in blocks. A level is good when two blocks in a row meet the objective and
//! nothing piles up. It is broken when blocks miss the objective and what is under way stops
//! becoming less: a system that is still working off what piled up before is given more time, in
//! ever longer blocks, for it is on its way back.

use crate::engine::{SimDuration, SimTime};
use crate::model::{Period, Progress, Simulation};
use crate::scenario::Objective;

use crate::analysis::measured::Measured;
use crate::analysis::report::CurvePoint;

/// Requests that a block should see the end of.
const REQUESTS: u64 = 1_000;
/// A block is at most so many times as long as the first one of its level.
const LONGEST: u64 = 64;
/// Blocks without fewer tasks under way after which a broken level stays broken.
const PATIENCE: u32 = 3;
/// Standard deviations of the number of comings and goings by which fewer are really fewer.
const SURELY: f64 = 3.0;
/// Events of a block; it is as long as they last.
const BLOCK_EVENTS: u64 = 300_000;
/// Events of a level; its state is then told as it is.
const LEVEL_EVENTS: u64 = 6_000_000;

/// What became of a level.
#[derive(Debug, Clone)]
pub(super) struct Held {
    /// The last block.
    pub(super) point: CurvePoint,
    /// Misses the objective, and will not meet it by waiting.
    pub(super) is_broken: bool,
}

/// A level that is being held.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    x: f64,
    /// What had been counted when the block began.
    before: Period,
    began_at_event: u64,
    block_began_at_event: u64,
    /// The shortest block.
    unit: SimDuration,
    /// The block goes on at least until then.
    until: SimTime,
    length: SimDuration,
    /// The system may be on its way back to health, which can take long.
    is_way_back: bool,
    good_in_a_row: u32,
    fewest: usize,
    last: usize,
    patience: u32,
}

impl Holding {
    /// Begins to hold the level at which `simulation` runs now, in blocks of at least `unit`.
    pub(super) fn new(
        x: f64,
        simulation: &Simulation,
        unit: SimDuration,
        is_way_back: bool,
    ) -> Self {
        let events = simulation.events_count();
        Self {
            x,
            before: simulation.period(0),
            began_at_event: events,
            block_began_at_event: events,
            unit,
            until: simulation.now() + unit,
            length: unit,
            is_way_back,
            good_in_a_row: 0,
            fewest: usize::MAX,
            last: usize::MAX,
            patience: 0,
        }
    }

    /// Goes on for at most `events` events; what became of the level once that is plain.
    pub(super) fn step(
        &mut self,
        simulation: &mut Simulation,
        objective: &Objective,
        events: u64,
    ) -> Option<Held> {
        let last = simulation.events_count().saturating_add(events);
        loop {
            let block_end = self.block_began_at_event + BLOCK_EVENTS;
            let now = simulation.events_count();
            let left = last.min(block_end).saturating_sub(now);
            let progress = simulation.advance_until(self.until, left);
            let is_stopped = matches!(progress, Progress::Stopped(_));
            let is_full = simulation.events_count() >= block_end;
            if progress == Progress::Running && !is_full {
                return None;
            }
            let finished = simulation.finished() - self.before.totals.finished();
            let longest = SimDuration(self.unit.0 * LONGEST);
            let spent = self.until.since(self.before.from + self.before.span);
            let is_over = is_stopped || is_full || finished >= REQUESTS || spent >= longest;
            if !is_over {
                self.until = self.until + spent;
                continue;
            }
            if let Some(held) = self.end_block(simulation, objective, is_stopped) {
                return Some(held);
            }
            if simulation.events_count() >= last {
                return None;
            }
        }
    }

    fn end_block(
        &mut self,
        simulation: &Simulation,
        objective: &Objective,
        is_stopped: bool,
    ) -> Option<Held> {
        let measured = Measured::new(between(&self.before, simulation.period(0)));
        let point = measured.point(self.x);
        let is_bad = misses(&point, objective);
        let under_way = simulation.tasks_count();
        let is_plain = if is_bad {
            self.good_in_a_row = 0;
            let totals = measured.period.totals;
            let moves = totals.sent + totals.retries + totals.finished() + totals.late;
            let noise = SURELY * (moves as f64).sqrt();
            let is_fewer = under_way as f64 + noise < self.fewest as f64;
            if is_fewer {
                (self.patience, self.fewest) = (0, under_way);
            } else {
                self.patience += 1;
            }
            self.patience >= PATIENCE
        } else {
            self.good_in_a_row += 1;
            self.patience = 0;
            // A queue that fills is not broken yet.
            let is_growing = under_way as f64 > 1.2 * self.last as f64 + 10.0;
            self.good_in_a_row >= 2 && !is_growing
        };
        self.last = under_way;
        let events = simulation.events_count() - self.began_at_event;
        if is_plain || is_stopped || events >= LEVEL_EVENTS {
            let point = CurvePoint { settled: is_plain, ..point };
            return Some(Held { point, is_broken: is_bad });
        }
        if is_bad && self.is_way_back {
            self.length = SimDuration(self.length.0.saturating_mul(3) / 2);
        }
        self.before = simulation.period(0);
        self.block_began_at_event = simulation.events_count();
        self.until = simulation.now() + self.length;
        None
    }
}

/// Users do not get what the objective promises.
fn misses(point: &CurvePoint, objective: &Objective) -> bool {
    let is_fast = point.latency_ms.p99.is_some_and(|p99| p99 <= objective.p99_ms);
    !is_fast || point.error_share > objective.error_share
}

/// What was counted from the end of `before` to that of `after`, both of one run from its begin.
fn between(before: &Period, mut after: Period) -> Period {
    for (part, before) in after.parts.iter_mut().zip(&before.parts) {
        part.visits -= before.visits;
        part.waits -= before.waits;
        part.waited = SimDuration(part.waited.0 - before.waited.0);
        part.queue_area = SimDuration(part.queue_area.0.saturating_sub(before.queue_area.0));
        part.busy = SimDuration(part.busy.0.saturating_sub(before.busy.0));
        part.rejected -= before.rejected;
        part.left -= before.left;
    }
    let (from, now) = (before.span.as_secs(), after.span.as_secs());
    for (machine, before) in after.machines.iter_mut().zip(&before.machines) {
        // The most is only known of the whole run.
        let area = machine.memory_mean as f64 * now - before.memory_mean as f64 * from;
        machine.memory_mean = (area / (now - from).max(1e-9)).max(0.0) as u64;
        machine.memory_most = machine.memory_mean;
    }
    after.from = after.from + before.span;
    after.span = SimDuration(after.span.0 - before.span.0);
    after.totals = after.totals.since(&before.totals);
    after.latencies = after.latencies.since(&before.latencies);
    after.failures = after.failures.since(&before.failures);
    (after.mean_half_width, after.p99_half_width) = (None, None);
    after
}
