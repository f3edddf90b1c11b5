//! What happens when a job is due while an earlier one still runs.
//!
//! A run begins at each period, whatever became of those before, unless this policy leaves it out or
//! ends the earlier one, which then counts as failed.
//!
//! With `Allow`, jobs longer than their period pile up: duration over period of them run at once,
//! more as they slow each other down. The default of Kubernetes is `Allow`.
//!
//! Left out: runs that were missed while nobody could start them, time zones and changes of the clock.
//! Source: Kubernetes `CronJobSpec.concurrencyPolicy` (Allow, Forbid, Replace).

/// What a job that is due does about those that run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// Runs beside them.
    #[default]
    Allow,
    /// Does not run this time.
    Forbid,
    /// Ends them and runs.
    Replace,
}

/// What is done about a job that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It runs.
    Start,
    /// It is left out.
    Skip,
    /// Those that run are cancelled first.
    CancelAndStart,
}

impl Overlap {
    /// Decides about a job that is due while `running` of its kind run.
    #[inline]
    pub fn decide(self, running: u32) -> Decision {
        match self {
            _ if running == 0 => Decision::Start,
            Self::Allow => Decision::Start,
            Self::Forbid => Decision::Skip,
            Self::Replace => Decision::CancelAndStart,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jobs of `duration` are due every `period`; gives the most that ran at once, those that
    /// started, and those that ended by themselves.
    fn hour(overlap: Overlap, period: u64, duration: u64) -> (usize, usize, usize) {
        let (mut running, mut most, mut started, mut ended) = (Vec::new(), 0, 0, 0);
        for now in (0..3_600).step_by(period as usize) {
            let before = running.len();
            running.retain(|&end| end > now);
            ended += before - running.len();
            match overlap.decide(running.len() as u32) {
                Decision::Skip => continue,
                Decision::CancelAndStart => running.clear(),
                Decision::Start => {}
            }
            running.push(now + duration);
            started += 1;
            most = most.max(running.len());
        }
        (most, started, ended)
    }

    #[test]
    fn jobs_longer_than_their_period_pile_up_unless_forbidden() {
        // 150 s every minute: 2.5 on average, 3 at most.
        assert_eq!(hour(Overlap::Allow, 60, 150), (3, 60, 57));
        // Every third due time, and each runs to its end.
        assert_eq!(hour(Overlap::Forbid, 60, 150), (1, 20, 19));
        // Every job is cut off by the next: none ever ends.
        assert_eq!(hour(Overlap::Replace, 60, 150), (1, 60, 0));
    }

    #[test]
    fn jobs_shorter_than_their_period_never_meet() {
        for overlap in [Overlap::Allow, Overlap::Forbid, Overlap::Replace] {
            assert_eq!(hour(overlap, 60, 60), (1, 60, 59));
        }
    }
}
