//! The runs of a job by the clock.

use crate::policy::overlap::{Decision, Overlap};

/// Runs of one job, and what its overlap policy has done about starts.
#[derive(Debug, Clone, Default)]
pub struct Cron {
    overlap: Overlap,
    running: u32,
    most: u32,
    skipped: u64,
    cancelled: u64,
}

impl Cron {
    /// A job that does not run yet.
    pub fn new(overlap: Overlap) -> Self {
        Self { overlap, ..Self::default() }
    }

    /// The clock says that a run should start. If runs are cancelled for it, [`Cron::ended`] is not
    /// to be called for them.
    pub fn due(&mut self) -> Decision {
        let decision = self.overlap.decide(self.running);
        match decision {
            Decision::Start => self.running += 1,
            Decision::Skip => self.skipped += 1,
            Decision::CancelAndStart => {
                self.cancelled += u64::from(self.running);
                self.running = 1;
            }
        }
        self.most = self.most.max(self.running);
        decision
    }

    /// A run has ended, or was killed.
    pub fn ended(&mut self) {
        self.running -= 1;
    }

    /// Runs under way.
    pub fn running(&self) -> u32 {
        self.running
    }

    /// The most runs that were ever under way at once.
    pub fn most(&self) -> u32 {
        self.most
    }

    /// Starts left out so far.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Runs cancelled so far.
    pub fn cancelled(&self) -> u64 {
        self.cancelled
    }
}

#[cfg(test)]
mod tests {
    use super::Decision::{CancelAndStart, Skip, Start};
    use super::*;

    #[test]
    fn runs_are_counted_under_each_policy() {
        let starts = |overlap| {
            let mut cron = Cron::new(overlap);
            let starts = [cron.due(), cron.due(), cron.due()];
            (starts, cron.running(), cron.most(), cron.skipped(), cron.cancelled())
        };
        assert_eq!(starts(Overlap::Allow), ([Start, Start, Start], 3, 3, 0, 0));
        assert_eq!(starts(Overlap::Forbid), ([Start, Skip, Skip], 1, 1, 2, 0));
        let cancelled = [Start, CancelAndStart, CancelAndStart];
        assert_eq!(starts(Overlap::Replace), (cancelled, 1, 1, 0, 2));
    }
}
