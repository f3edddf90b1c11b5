//! Laws of growth and of retries that need no simulation.

use crate::engine::math::{exp, pow, sqrt};

/// Throughput of `n` users by the universal scalability law: `gamma` for one of them, `contention`
/// the share that is done one after the other, `coherence` the cost of every pair.
///
/// Source: Gunther, "Guerrilla Capacity Planning" (2007).
pub fn usl(gamma: f64, contention: f64, coherence: f64, n: f64) -> f64 {
    gamma * n / (1.0 + contention * (n - 1.0) + coherence * n * (n - 1.0))
}

/// The users with whom throughput is highest by [`usl`], above which it falls.
pub fn usl_peak(contention: f64, coherence: f64) -> f64 {
    sqrt((1.0 - contention) / coherence)
}

/// What no closed system of users can surpass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Users beyond whom they wait for each other.
    pub users: f64,
    /// Most requests a second.
    pub throughput: f64,
    /// Least seconds of a request.
    pub latency: f64,
}

/// Bounds of `users` who think for `think` seconds and ask `demands` seconds of work, one number for
/// each part.
///
/// Source: Lazowska, Zahorjan, Graham and Sevcik, "Quantitative System Performance" (1984), chapter 5.
pub fn bounds(users: f64, think: f64, demands: &[f64]) -> Bounds {
    let all: f64 = demands.iter().sum();
    let most = demands.iter().copied().fold(0.0, f64::max);
    Bounds {
        users: (all + think) / most,
        throughput: (users / (all + think)).min(1.0 / most),
        latency: all.max(users * most - think),
    }
}

/// Callers of one server (M/M/1) who give up after `timeout` seconds and try again at once, while the
/// server works on for nobody. Rates per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryStorm {
    /// Requests that the server can serve.
    pub capacity: f64,
    /// Timeout in seconds.
    pub timeout: f64,
    /// Retries of each request.
    pub retries: u32,
}

/// Rates of attempts at which a [`RetryStorm`] can stay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FixedPoints {
    /// Where it stays in good times.
    pub stable: Option<f64>,
    /// Beyond this one it runs away.
    pub unstable: Option<f64>,
    /// Where it stays after that: every attempt times out.
    pub metastable: Option<f64>,
}

impl RetryStorm {
    /// Attempts of a request while `attempts` of all come in a second.
    fn amplification(&self, attempts: f64) -> f64 {
        let tries = f64::from(self.retries) + 1.0;
        let failing = exp(-(self.capacity - attempts).max(0.0) * self.timeout);
        let left = 1.0 - failing;
        if left < 1e-12 { tries } else { (1.0 - pow(failing, tries)) / left }
    }

    /// Requests with which `attempts` of all would be a fixed point.
    fn requests(&self, attempts: f64) -> f64 {
        attempts / self.amplification(attempts)
    }

    /// Most requests that have a good fixed point, and the attempts there.
    pub fn critical(&self) -> (f64, f64) {
        let (mut low, mut high) = (0.0, self.capacity);
        for _ in 0..200 {
            let (first, second) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
            if self.requests(first) < self.requests(second) {
                low = first;
            } else {
                high = second;
            }
        }
        (self.requests(low), low)
    }

    /// Requests below which even a server that answers nobody in time recovers.
    pub fn safe(&self) -> f64 {
        self.capacity / (f64::from(self.retries) + 1.0)
    }

    /// The fixed points of so many requests.
    pub fn fixed_points(&self, requests: f64) -> FixedPoints {
        let (most, peak) = self.critical();
        let metastable = requests * (f64::from(self.retries) + 1.0);
        let solve = |mut low: f64, mut high: f64, rises: bool| {
            for _ in 0..100 {
                let middle = f64::midpoint(low, high);
                if (self.requests(middle) < requests) == rises {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            low
        };
        let (is_good, is_bad) = (requests < most, metastable >= self.capacity);
        FixedPoints {
            stable: is_good.then(|| solve(0.0, peak, true)),
            unstable: (is_good && is_bad).then(|| solve(peak, self.capacity, false)),
            metastable: is_bad.then_some(metastable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throughput_falls_beyond_the_peak() {
        let peak = usl_peak(0.05, 0.0005);
        let at = |n| usl(1_000.0, 0.05, 0.0005, n);
        assert!((at(1.0) - 1_000.0).abs() < 1e-9);
        assert!(at(peak) > at(peak - 1.0) && at(peak) > at(peak + 1.0));
    }

    #[test]
    fn a_storm_has_three_fixed_points_between_safe_and_critical() {
        let storm = RetryStorm { capacity: 100.0, timeout: 0.1, retries: 3 };
        let found = storm.fixed_points(storm.safe() - 0.1);
        assert!(found.stable.is_some() && found.metastable.is_none());
        let found = storm.fixed_points(storm.critical().0 + 0.1);
        assert!(found.stable.is_none() && found.metastable.is_some());
        let found = storm.fixed_points(60.0);
        for attempts in
            [found.stable, found.unstable].map(|attempts| attempts.expect("60 is between"))
        {
            assert!((storm.requests(attempts) - 60.0).abs() < 1e-9);
        }
        assert!(found.stable < found.unstable && found.unstable < found.metastable);
    }

    #[test]
    fn the_slowest_part_bounds_a_closed_system() {
        let found = bounds(40.0, 2.0, &[0.02, 0.08, 0.05]);
        assert!((found.throughput - 12.5).abs() < 1e-12 && (found.latency - 1.2).abs() < 1e-12);
        let few = bounds(1.0, 2.0, &[0.02, 0.08, 0.05]);
        assert!((few.throughput - 1.0 / 2.15).abs() < 1e-12 && (few.latency - 0.15).abs() < 1e-12);
    }
}
