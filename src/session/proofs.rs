//! Claims tried in front of whoever doubts them.

use std::rc::Rc;

use super::Session;
use super::jobs::Trial;
use crate::analysis::claims::within;
use crate::engine::interval::median;
use crate::scenario::Claim;

/// The claims of the scenario, and what came of them so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proofs {
    /// The claims.
    pub claims: Vec<Claim>,
    /// As they stand in the document, for the worker.
    pub(super) text: String,
    /// Measured so far, for each claim from seed 1 on.
    pub trials: Vec<Vec<Trial>>,
    /// Seeds asked for; 0 if none are.
    pub seeds: u32,
}

/// What can be said of a claim so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proof {
    /// The middle of the measured values.
    pub median: f64,
    /// The smallest.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// The middle of the values without the mechanism.
    pub without: f64,
    /// The claim held on every seed.
    pub holds: bool,
    /// Without the mechanism it failed on every seed.
    pub fails_without: bool,
}

impl Proofs {
    /// What the trials of a claim show; `None` before the first.
    pub fn of(&self, index: usize) -> Option<Proof> {
        let (claim, trials) = (self.claims.get(index)?, self.trials.get(index)?);
        if trials.is_empty() {
            return None;
        }
        let values: Vec<f64> = trials.iter().map(|trial| trial.value).collect();
        let without: Vec<f64> = trials.iter().map(|trial| trial.without).collect();
        Some(Proof {
            median: median(&values),
            low: values.iter().copied().fold(f64::INFINITY, f64::min),
            high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            without: median(&without),
            holds: values.iter().all(|value| within(claim.expect, *value)),
            fails_without: without.iter().all(|value| !within(claim.expect, *value)),
        })
    }

    /// Trials made, and trials asked for.
    pub fn progress(&self) -> (u32, u32) {
        let made = self.trials.iter().map(|trials| trials.len() as u32).sum();
        (made, self.seeds * self.claims.len() as u32)
    }

    /// There are trials to come.
    pub fn is_running(&self) -> bool {
        let (made, asked) = self.progress();
        made < asked
    }
}

impl Session {
    /// Claims are to be tried on so many seeds; on none, they no longer are.
    pub(super) fn verify(&mut self, text: String, seeds: u32) {
        let known = self.spare.proofs.take().filter(|proofs| proofs.text == text);
        let mut proofs = match known {
            Some(proofs) => (*proofs).clone(),
            None => match self.scenario.claims_from(&text) {
                Ok(claims) => {
                    let trials = vec![Vec::new(); claims.len()];
                    Proofs { claims, text, trials, seeds: 0 }
                }
                Err(mistakes) => {
                    self.notices.push(mistakes.to_string());
                    return;
                }
            },
        };
        if seeds > 0 {
            // From the first seed on, so that nothing rests on trials that are out of sight.
            proofs.trials.iter_mut().for_each(Vec::clear);
        }
        proofs.seeds = seeds;
        self.spare.proofs = Some(Rc::new(proofs));
        self.drop_task();
        self.next_task();
    }

    /// A trial of the spare worker.
    pub(super) fn tried(&mut self, index: usize, trial: Trial) {
        if let Some(proofs) = &mut self.spare.proofs
            && let Some(trials) = Rc::make_mut(proofs).trials.get_mut(index)
        {
            trials.push(trial);
        }
        self.next_task();
    }
}
