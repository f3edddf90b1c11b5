//! How many registers a list of steps needs.

use super::system::Step;

/// Registers that steps need at once, those of calls aside: a call that does not fit gets an edge.
pub(super) fn registers(steps: &[Step]) -> usize {
    let need = |step: &Step| match step {
        Step::Cpu(_)
        | Step::Wait(_)
        | Step::Fail
        | Step::Reject(_)
        | Step::Parallel { .. }
        | Step::Enqueue { .. }
        | Step::Record { .. } => 0,
        Step::Call(call) => call.guard.fallback.as_deref().map_or(0, registers),
        Step::Ask(_) => 1,
        Step::Read(read) => registers(&read.steps),
        // A connection, the transaction and a core.
        Step::Change { .. } => 3,
        // A connection and a core.
        Step::Query { .. } | Step::Select { .. } => 2,
        Step::Once { steps, .. }
        | Step::FileTransaction { steps, .. }
        | Step::Transaction { steps, .. }
        | Step::Lock { steps, .. }
        | Step::Repeat { steps, .. } => 1 + registers(steps),
        Step::Update(update) => {
            let lists = [&update.read, &update.steps, &update.write, &update.after];
            1 + lists.map(|steps| registers(steps)).into_iter().max().unwrap_or(0)
        }
        Step::Choice { then, otherwise, .. } => registers(then).max(registers(otherwise)),
        Step::Cached { load, store, is_scan, .. } => {
            1 + usize::from(*is_scan) + registers(load).max(registers(store))
        }
        Step::Write { steps, tell, .. } => registers(steps).max(1 + registers(tell)),
    };
    steps.iter().map(need).max().unwrap_or(0)
}
