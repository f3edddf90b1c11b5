//! The concurrency limit called Vegas: keeps a small queue at the callee.
//!
//! The queue is estimated as `limit * (1 - shortest / latency)`, with the shortest latency seen.
//! Below one threshold the limit grows, above another it shrinks; thresholds grow with the decimal
//! logarithm of the limit. Now and then the shortest latency is measured anew, in case the callee
//! has become slower for good.
//!
//! Source: Brakmo and Peterson, "TCP Vegas" (1995); Netflix concurrency-limits, `VegasLimit`, whose
//! constants are those here.

use crate::engine::Stream;

/// The limit times this many samples, less a random half, until the shortest latency is measured
/// anew.
const PROBE_EVERY: f64 = 30.0;

/// The shortest latency and when it is measured again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vegas {
    shortest_nanos: f64,
    samples: u32,
    /// Uniform in 0.5 to 1.
    spread: f64,
}

impl Default for Vegas {
    fn default() -> Self {
        Self { shortest_nanos: 0.0, samples: 0, spread: 1.0 }
    }
}

/// Requests that queue at a callee whose latency is `latency` instead of `shortest`.
pub fn queue(limit: f64, shortest: f64, latency: f64) -> f64 {
    limit * (1.0 - shortest / latency)
}

impl Vegas {
    /// The limit after a sample of `nanos`, not yet cut off at its least and most, with `in_flight`
    /// requests under the present `limit`; `dropped` if one of them failed.
    pub fn update(
        &mut self,
        limit: f64,
        nanos: f64,
        in_flight: u32,
        dropped: bool,
        random: &mut Stream,
    ) -> f64 {
        self.samples += 1;
        if self.spread * PROBE_EVERY * limit <= f64::from(self.samples) {
            self.spread = 0.5 + 0.5 * random.unit();
            self.samples = 0;
            self.shortest_nanos = nanos;
            return limit;
        }
        if self.shortest_nanos <= 0.0 || nanos < self.shortest_nanos {
            self.shortest_nanos = nanos;
            return limit;
        }
        let step = f64::from((limit as u32).max(1).ilog10().max(1));
        if dropped {
            return limit - step;
        }
        // Few in flight say nothing about how many would be too many.
        if f64::from(in_flight) * 2.0 < limit {
            return limit;
        }
        match queue(limit, self.shortest_nanos, nanos).ceil() {
            queued if queued <= step => limit + 6.0 * step,
            queued if queued < 3.0 * step => limit + step,
            queued if queued > 6.0 * step => limit - step,
            _ => limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updated(limit: f64, nanos: f64, in_flight: u32, dropped: bool) -> f64 {
        let mut random = Stream::new(1, 0, 0);
        let mut vegas = Vegas { shortest_nanos: 1e6, ..Vegas::default() };
        vegas.update(limit, nanos, in_flight, dropped, &mut random)
    }

    #[test]
    fn the_queue_is_what_latency_adds() {
        assert!((queue(100.0, 10.0, 12.5) - 20.0).abs() < 1e-12);
        assert!(queue(100.0, 10.0, 10.0).abs() < 1e-12);
    }

    #[test]
    fn the_limit_follows_the_queue() {
        // Limit 20: a step of 1, thresholds 1, 3 and 6 queued.
        let same = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
        same(updated(20.0, 1.0e6, 20, false), 26.0);
        same(updated(20.0, 1.05e6, 20, false), 26.0);
        same(updated(20.0, 1.1e6, 20, false), 21.0);
        same(updated(20.0, 1.3e6, 20, false), 20.0);
        same(updated(20.0, 1.5e6, 20, false), 19.0);
        same(updated(20.0, 1.0e6, 20, true), 19.0);
        same(updated(20.0, 1.5e6, 9, false), 20.0);
        // Limit 200: a step of 2, thresholds 2, 6 and 12.
        same(updated(200.0, 1.0e6, 200, false), 212.0);
        same(updated(200.0, 1.1e6, 200, false), 198.0);
    }

    #[test]
    fn the_shortest_latency_is_measured_anew() {
        let mut random = Stream::new(1, 0, 0);
        let mut vegas = Vegas::default();
        vegas.update(10.0, 1e6, 10, false, &mut random);
        // Twice as slow for good: nothing but shrinking until a probe, after 300 samples.
        let changes: Vec<f64> =
            (0..302).map(|_| vegas.update(10.0, 4e6, 10, false, &mut random) - 10.0).collect();
        assert!(changes[..298].iter().all(|&change| change < 0.0));
        assert!(changes[300..].iter().all(|&change| change > 0.0), "{:?}", &changes[298..]);
    }
}
