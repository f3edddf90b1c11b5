//! Claims of a scenario, tried on one seed after the other.

use super::{Job, Outcome, Trial, Worker};
use crate::analysis::claims::try_once;
use crate::scenario::{Claim, Scenario};

impl Worker {
    /// Tries the next claim: all on one seed, then on the next.
    pub(super) fn try_claim(&mut self) -> Option<Outcome> {
        let Some(Job::Claims(scenario, claims, next, seed, last)) = self.jobs.front_mut() else {
            return None;
        };
        let result = try_next(scenario, claims, (*next, *seed));
        (*next, *seed) = if *next + 1 < claims.len() { (*next + 1, *seed) } else { (0, *seed + 1) };
        if *seed > *last || matches!(result, Outcome::Error(_)) {
            self.jobs.pop_front();
        }
        Some(result)
    }
}

/// Measures a claim on a seed, whole runs at a time: nothing waits for the worker that does this.
fn try_next(scenario: &Scenario, claims: &[Claim], (index, seed): (usize, u32)) -> Outcome {
    let Some(claim) = claims.get(index) else {
        return Outcome::Error("This scenario has no claims.".to_owned());
    };
    match try_once(scenario, claim, u64::from(seed)) {
        Ok((value, without)) => Outcome::Tried(index, Trial { value, without }),
        Err(mistakes) => Outcome::Error(mistakes.to_string()),
    }
}
