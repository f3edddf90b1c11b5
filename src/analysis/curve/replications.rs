//! A stretch of time run again on one seed after the other.
//!
//! What happens once in a run, such as a spike, has no steady state that a longer run would know
//! better: only further runs tell how much of what was seen was chance. A measure is then the mean
//! over the runs, and its interval is Student's of that mean.
//!
//! Source: Law and Kelton, Simulation Modeling and Analysis, section 9.4 (independent replications).

use crate::engine::interval::{half_width, mean};

use crate::analysis::report::{CurvePoint, LatencySummary};

/// Runs of a point, at most.
pub(super) const RUNS_MAX: usize = 64;
/// An interval from fewer runs may be narrow by chance.
const RUNS_MIN: usize = 4;

/// What each run of one point gave.
#[derive(Debug, Default)]
pub(super) struct Replications {
    runs: Vec<CurvePoint>,
}

impl Replications {
    /// Adds a run that has ended.
    pub(super) fn push(&mut self, point: CurvePoint) {
        self.runs.push(point);
    }

    /// Runs that have ended.
    pub(super) fn count(&self) -> usize {
        self.runs.len()
    }

    /// Half the width of the 95 % interval of p99 is within this share of it, or p99 is not known
    /// from any run and never will be.
    pub(super) fn is_narrow(&self, share: f64) -> bool {
        let latency = self.mean().latency_ms;
        self.count() >= RUNS_MIN
            && match (latency.p99, latency.p99_half_width) {
                (Some(p99), Some(half_width)) => half_width <= share * p99,
                _ => true,
            }
    }

    /// The mean of each measure over the runs that know it; with one run, that run.
    pub(super) fn mean(&self) -> CurvePoint {
        let (Some(first), 2..) = (self.runs.first(), self.count()) else {
            return self.runs.first().cloned().unwrap_or_default();
        };
        let of =
            |value: fn(&CurvePoint) -> f64| mean(&self.runs.iter().map(value).collect::<Vec<_>>());
        // The part that limits most often is the one to name, with what is asked of it then.
        let named = |point: &CurvePoint| point.busiest.as_ref().map(|(part, _)| part.clone());
        let times = |part: &String| {
            self.runs.iter().filter(|point| named(point).as_ref() == Some(part)).count()
        };
        let busiest = self.runs.iter().filter_map(named).max_by_key(times).map(|part| {
            let asked = self.runs.iter().filter_map(|point| point.busiest.as_ref());
            let ratios = asked.filter(|(id, _)| *id == part).map(|(_, ratio)| *ratio);
            let ratio = mean(&ratios.collect::<Vec<_>>());
            (part, ratio)
        });
        let overloaded = self.runs.iter().filter(|point| point.overloaded).count();
        let all: Vec<f64> = self.runs.iter().filter_map(|point| point.p99_all_ms).collect();
        CurvePoint {
            x: first.x,
            latency_ms: self.latency(),
            p99_all_ms: Some(all).filter(|all| !all.is_empty()).map(|all| mean(&all)),
            offered_per_s: of(|point| point.offered_per_s),
            goodput_per_s: of(|point| point.goodput_per_s),
            error_share: of(|point| point.error_share),
            overloaded: 2 * overloaded > self.count(),
            settled: false,
            busiest,
            stopped: self.runs.iter().find_map(|point| point.stopped.clone()),
            amplification: of(|point| point.amplification),
            stale_share: of(|point| point.stale_share),
            lost_per_s: of(|point| point.lost_per_s),
            memory_mb: of(|point| point.memory_mb),
            memory_most_mb: of(|point| point.memory_most_mb),
            utilisation: self.utilisation(),
        }
    }

    /// The mean of each part over the runs.
    fn utilisation(&self) -> Vec<f64> {
        let parts = self.runs.first().map_or(0, |point| point.utilisation.len());
        let of = |part: usize| {
            let each = self.runs.iter().filter_map(|point| point.utilisation.get(part));
            mean(&each.copied().collect::<Vec<_>>())
        };
        (0..parts).map(of).collect()
    }

    fn latency(&self) -> LatencySummary {
        let known = |value: fn(&LatencySummary) -> Option<f64>| -> Vec<f64> {
            self.runs.iter().filter_map(|point| value(&point.latency_ms)).collect()
        };
        let of = |value| Some(known(value)).filter(|all| !all.is_empty()).map(|all| mean(&all));
        LatencySummary {
            mean: of(|latency| latency.mean),
            p50: of(|latency| latency.p50),
            p95: of(|latency| latency.p95),
            p99: of(|latency| latency.p99),
            max: known(|latency| latency.max).into_iter().max_by(f64::total_cmp),
            mean_half_width: half_width(&known(|latency| latency.mean)),
            p99_half_width: half_width(&known(|latency| latency.p99)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(p99s: &[Option<f64>]) -> Replications {
        let mut runs = Replications::default();
        for (index, &p99) in p99s.iter().enumerate() {
            let latency_ms = LatencySummary { p99, max: p99, ..LatencySummary::default() };
            let error_share = index as f64;
            let busiest = Some((["db", "app", "db"][index % 3].to_owned(), error_share));
            runs.push(CurvePoint { latency_ms, error_share, busiest, ..CurvePoint::default() });
        }
        runs
    }

    #[test]
    fn a_measure_is_the_mean_of_the_runs_that_know_it() {
        let point = of(&[Some(1.0), None, Some(3.0)]).mean();
        assert_eq!(point.latency_ms.p99, Some(2.0));
        assert_eq!(point.latency_ms.max, Some(3.0));
        assert!((point.error_share - 1.0).abs() < 1e-12);
        assert_eq!(point.busiest, Some(("db".to_owned(), 1.0)));
        // Student's t with one degree of freedom, 12.7, times the standard error, 1.
        let half_width = point.latency_ms.p99_half_width.unwrap();
        assert!((half_width - 12.71).abs() < 0.01, "{half_width}");
    }

    #[test]
    fn one_run_is_shown_as_it_is() {
        let mut runs = of(&[Some(7.0)]);
        runs.runs[0].latency_ms.p99_half_width = Some(0.5);
        assert_eq!(runs.mean(), runs.runs[0]);
        assert!(!runs.is_narrow(0.05));
    }

    #[test]
    fn an_interval_is_narrow_only_when_enough_runs_agree() {
        assert!(!of(&[Some(10.0), Some(10.0)]).is_narrow(0.05));
        assert!(of(&[Some(10.0); 4]).is_narrow(0.05));
        assert!(!of(&[Some(10.0), Some(90.0), Some(10.0), Some(90.0)]).is_narrow(0.05));
        assert!(of(&[None; 4]).is_narrow(0.05));
    }
}
