//! A job by the clock, and what happens when the last run has not ended yet.

/// What to do at a start while an earlier run is still under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// Start anyway: runs pile up if each takes longer than the period.
    #[default]
    Allow,
    /// Leave this start out.
    Forbid,
    /// Start as soon as the run ends; several starts missed are made up for by one.
    Wait,
    /// Stop the run and start afresh.
    Replace,
}

/// Runs of one job.
#[derive(Debug, Clone, Default)]
pub struct Cron {
    overlap: Overlap,
    running: u32,
    most: u32,
    is_due: bool,
    skipped: u64,
}

/// What to do at a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Start a run.
    Now,
    /// Stop all runs, for which nothing is reported any more, and start one.
    InsteadOfRunning,
    /// Nothing.
    Not,
}

impl Cron {
    /// A job that does not run yet.
    pub fn new(overlap: Overlap) -> Self {
        Self { overlap, ..Self::default() }
    }

    /// The clock says that a run should start.
    pub fn due(&mut self) -> Start {
        let start = match self.overlap {
            _ if self.running == 0 => Start::Now,
            Overlap::Allow => Start::Now,
            Overlap::Forbid => Start::Not,
            Overlap::Wait => {
                self.skipped += u64::from(self.is_due);
                self.is_due = true;
                return Start::Not;
            }
            Overlap::Replace => Start::InsteadOfRunning,
        };
        match start {
            Start::Now => self.running += 1,
            Start::InsteadOfRunning => self.running = 1,
            Start::Not => self.skipped += 1,
        }
        self.most = self.most.max(self.running);
        start
    }

    /// A run has ended; whether the next starts at once.
    pub fn ended(&mut self) -> bool {
        self.running -= 1;
        let starts = self.running == 0 && std::mem::take(&mut self.is_due);
        self.running += u32::from(starts);
        starts
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
}

#[cfg(test)]
mod tests {
    use super::Start::{InsteadOfRunning, Not, Now};
    use super::*;

    #[test]
    fn each_policy_does_what_it_says() {
        let starts = |overlap| {
            let mut cron = Cron::new(overlap);
            let starts = [cron.due(), cron.due(), cron.due()];
            (starts, cron.running(), cron.skipped(), cron.ended(), cron.running())
        };
        assert_eq!(starts(Overlap::Allow), ([Now, Now, Now], 3, 0, false, 2));
        assert_eq!(starts(Overlap::Forbid), ([Now, Not, Not], 1, 2, false, 0));
        assert_eq!(starts(Overlap::Wait), ([Now, Not, Not], 1, 1, true, 1));
        let replaced = [Now, InsteadOfRunning, InsteadOfRunning];
        assert_eq!(starts(Overlap::Replace), (replaced, 1, 0, false, 0));
    }
}
