//! Which points of a curve come first, and which of several workers computes which.

use std::cmp::Ordering;

/// Which points of a curve to compute, so that several workers can share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Share {
    /// Number of this share, from 0.
    pub index: usize,
    /// How many shares there are.
    pub of: usize,
}

impl Share {
    /// All points.
    pub const ALL: Self = Self { index: 0, of: 1 };

    /// Numbers of the points that it has of a curve, from the left, where `costs` tells about what
    /// each takes.
    ///
    /// All shares take about as long, in the points that come first as in all of them: of those that
    /// come first, then of the others, the costliest left goes to whoever has least to do. (R. L.
    /// Graham, Bounds on Multiprocessing Timing Anomalies, SIAM J. Appl. Math. 17, 1969: in those that
    /// come first, a third more than the best at most.)
    pub(super) fn points(self, costs: &[f64]) -> Vec<usize> {
        let count = costs.len();
        let mut loads = vec![0.0_f64; self.of.max(1)];
        let mut owners = vec![None; count];
        for _ in 0..count {
            let left = (0..count).filter(|&point| owners[point].is_none());
            let rank = |&point: &usize| (!is_between(point, count), costs[point]);
            let next = left.max_by(|a, b| rank(a).partial_cmp(&rank(b)).unwrap_or(Ordering::Equal));
            let least = (0..loads.len()).min_by(|&a, &b| loads[a].total_cmp(&loads[b]));
            let (Some(next), Some(least)) = (next, least) else { break };
            loads[least] += costs[next];
            owners[next] = Some(least);
        }
        (0..count).filter(|&point| owners[point] == Some(self.index)).collect()
    }
}

/// The point lies between two of those that come first: both ends and every second one, but the two
/// before the last, as points up there cost most and mostly lie past the knee.
pub(super) fn is_between(point: usize, count: usize) -> bool {
    let from_last = count - 1 - point;
    point > 0 && (from_last == 1 || from_last > 1 && from_last.is_multiple_of(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::math::pow;

    fn both(costs: &[f64]) -> [Vec<usize>; 2] {
        [0, 1].map(|index| Share { index, of: 2 }.points(costs))
    }

    #[test]
    fn each_point_is_in_one_share() {
        for costs in [vec![], vec![3.0], vec![1.0; 24], (0..23).map(f64::from).collect()] {
            let [a, b] = both(&costs);
            let mut all = [a, b].concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..costs.len()));
            assert!(Share::ALL.points(&costs).into_iter().eq(0..costs.len()));
        }
    }

    #[test]
    fn shares_take_as_long_both_at_first_and_in_all() {
        let alike = vec![1.0; 24];
        // Users from 10 to 3,000.
        let load: Vec<f64> = (0..24).map(|point| pow(300.0, f64::from(point) / 23.0)).collect();
        for costs in [alike, load] {
            let of = |points: &[usize], first: bool| -> f64 {
                let counts = |&&point: &&usize| !first || !is_between(point, 24);
                points.iter().filter(counts).map(|&point| costs[point]).sum()
            };
            let [a, b] = both(&costs);
            for first in [true, false] {
                let (a, b) = (of(&a, first), of(&b, first));
                assert!((a / b - 1.0).abs() < 0.2, "{first}: {a}, {b}");
            }
        }
    }

    #[test]
    fn a_first_pass_has_both_ends_and_every_second_point() {
        let first: Vec<usize> = (0..24).filter(|&point| !is_between(point, 24)).collect();
        assert_eq!(first, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 23]);
        assert!((0..2).all(|point| !is_between(point, 2)));
        assert!(!is_between(0, 1));
    }
}
