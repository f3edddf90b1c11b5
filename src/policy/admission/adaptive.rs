//! A limit on requests in flight that follows latency.
//!
//! Samples are gathered for at least `window` and `samples_min` of them; their mean latency and the
//! most requests in flight then move the limit, by [`gradient`] or [`vegas`](super::vegas). A window
//! of zero moves it with every sample.
//!
//! Left out: limits for groups of requests; percentiles instead of the mean.
//! Source: Netflix concurrency-limits, `WindowedLimit`, `SimpleLimiter` (limits 20 at first, at most
//! 200 or 1000; windows of a second with at least 10 samples).

use crate::engine::{SimDuration, SimTime, Stream};
use crate::policy::setting::{BadSetting, in_range};

use super::gradient::{self, Gradient};
use super::vegas::Vegas;
use super::{Decision, REJECT};

/// How the limit moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Algorithm {
    /// By the long-term over the present latency.
    Gradient(gradient::Settings),
    /// By the queue that the latency tells of.
    Vegas,
}

/// An adaptive limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// How the limit moves.
    pub algorithm: Algorithm,
    /// The limit at first, from the least to the most.
    pub limit_first: u32,
    /// The least limit, at least 1.
    pub limit_min: u32,
    /// The most, up to a million.
    pub limit_max: u32,
    /// How long samples are gathered; zero for one sample at a time.
    pub window: SimDuration,
    /// Samples gathered at least, if there is a window.
    pub samples_min: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Gradient(gradient::Settings::default()),
            limit_first: 20,
            limit_min: 20,
            limit_max: 200,
            window: SimDuration(1_000_000_000),
            samples_min: 10,
        }
    }
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        let [first, least, most] =
            [self.limit_first, self.limit_min, self.limit_max].map(f64::from);
        in_range("limit_min", least, [1.0, 1e6], "1 to a million")?;
        in_range("limit_max", most, [least, 1e6], "the least to a million")?;
        in_range("limit_first", first, [least, most], "from the least to the most")?;
        match self.algorithm {
            Algorithm::Gradient(settings) => settings.check(),
            Algorithm::Vegas => Ok(()),
        }
    }
}

/// Samples of one window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Gathered {
    samples: u32,
    sum_nanos: f64,
    in_flight_max: u32,
    dropped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Follower {
    Gradient(Gradient),
    Vegas(Vegas),
}

/// Requests in flight, and the limit as it is now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaptiveLimit {
    settings: Settings,
    follower: Follower,
    limit: f64,
    in_flight: u32,
    gathered: Gathered,
    window_end: SimTime,
}

impl AdaptiveLimit {
    /// Nobody has come yet.
    pub fn new(settings: &Settings) -> Self {
        let follower = match &settings.algorithm {
            Algorithm::Gradient(settings) => Follower::Gradient(Gradient::new(settings)),
            Algorithm::Vegas => Follower::Vegas(Vegas::default()),
        };
        Self {
            settings: *settings,
            follower,
            limit: f64::from(settings.limit_first),
            in_flight: 0,
            gathered: Gathered::default(),
            window_end: SimTime::ZERO,
        }
    }

    /// Decides about a request; one that is let in must be released or forgotten.
    #[inline]
    pub fn decide(&mut self) -> Decision {
        if self.in_flight >= self.limit() {
            return REJECT;
        }
        self.in_flight += 1;
        Decision::Admit
    }

    /// A request that was let in has ended after `took`, badly if `dropped`.
    pub fn release(&mut self, now: SimTime, took: SimDuration, dropped: bool, random: &mut Stream) {
        let gathered = &mut self.gathered;
        gathered.samples += 1;
        gathered.sum_nanos += took.0.max(1) as f64;
        gathered.in_flight_max = gathered.in_flight_max.max(self.in_flight);
        gathered.dropped |= dropped;
        let enough = self.settings.window == SimDuration::ZERO
            || now >= self.window_end && gathered.samples >= self.settings.samples_min;
        if enough {
            self.window_end = now + self.settings.window;
            self.follow(random);
        }
        self.forget();
    }

    /// A request that was let in has ended in a way that says nothing about the callee.
    #[inline]
    pub fn forget(&mut self) {
        debug_assert!(self.in_flight > 0, "only what was let in can be released");
        self.in_flight -= 1;
    }

    /// Requests that may be in flight now.
    pub fn limit(&self) -> u32 {
        self.limit as u32
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    fn follow(&mut self, random: &mut Stream) {
        let Gathered { samples, sum_nanos, in_flight_max, dropped } =
            std::mem::take(&mut self.gathered);
        let nanos = sum_nanos / f64::from(samples);
        let limit = match &mut self.follower {
            Follower::Gradient(gradient) => gradient.update(self.limit, nanos, in_flight_max),
            Follower::Vegas(vegas) => {
                vegas.update(self.limit, nanos, in_flight_max, dropped, random)
            }
        };
        let [least, most] = [self.settings.limit_min, self.settings.limit_max].map(f64::from);
        self.limit = limit.clamp(least, most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Requests keep coming to `workers` that take 10 ms each; gives the limit at the end of a minute
    /// and the mean latency of its second half, in milliseconds.
    fn settled(algorithm: Algorithm, workers: u64) -> (u32, f64) {
        let settings =
            Settings { algorithm, limit_min: 1, limit_max: 1_000, ..Settings::default() };
        let mut limit = AdaptiveLimit::new(&settings);
        let mut random = Stream::new(1, 0, 0);
        let mut free = vec![0_u64; workers as usize];
        let mut running = std::collections::VecDeque::new();
        let (mut now, mut sum, mut count) = (0, 0, 0);
        while now < 60_000 * MS {
            while limit.decide() == Decision::Admit {
                // The worker that is free first: deterministic service keeps the order.
                let worker = (0..free.len()).min_by_key(|&worker| free[worker]).unwrap();
                free[worker] = free[worker].max(now) + 10 * MS;
                running.push_back((now, free[worker]));
            }
            let (came, ends) = running.pop_front().unwrap();
            now = ends;
            limit.release(SimTime(now), SimDuration(ends - came), false, &mut random);
            if now > 30_000 * MS {
                sum += ends - came;
                count += 1;
            }
        }
        (limit.limit(), SimDuration(sum / count).as_ms())
    }

    #[test]
    fn the_limit_grows_to_the_workers_and_a_small_queue() {
        // Vegas keeps 3 to 6 steps queued; 50 workers: a step of 1.
        let (limit, latency) = settled(Algorithm::Vegas, 50);
        assert!((51..=62).contains(&limit), "{limit}");
        assert!((10.0..12.0).contains(&latency), "{latency} ms");
        // Gradient2 compares with a mean that follows, so it allows more, but far from 1000.
        let (limit, latency) = settled(Algorithm::Gradient(gradient::Settings::default()), 50);
        assert!((51..=150).contains(&limit), "{limit}");
        assert!((10.0..30.0).contains(&latency), "{latency} ms");
    }

    #[test]
    fn a_window_moves_the_limit_once() {
        let mut limit = AdaptiveLimit::new(&Settings::default());
        let mut random = Stream::new(1, 0, 0);
        for sample in 0..30 {
            (0..20).for_each(|_| assert_eq!(limit.decide(), Decision::Admit));
            let now = SimTime(sample * MS);
            limit.release(now, SimDuration(MS), false, &mut random);
            (0..19).for_each(|_| limit.forget());
            let moved = if sample < 9 { 20.0 } else { 20.8 };
            assert!((limit.limit - moved).abs() < 1e-9, "{sample}: {}", limit.limit);
        }
    }

    #[test]
    fn the_limit_stays_in_its_bounds() {
        let settings = Settings {
            algorithm: Algorithm::Vegas,
            limit_first: 3,
            limit_min: 2,
            limit_max: 9,
            window: SimDuration::ZERO,
            samples_min: 0,
        };
        let mut limit = AdaptiveLimit::new(&settings);
        let mut random = Stream::new(2, 0, 0);
        let mut seen = [false; 10];
        for _ in 0..10_000 {
            while limit.decide() == Decision::Admit {}
            let (took, dropped) = (MS + random.below(3 * MS), random.chance(0.3));
            limit.release(SimTime::ZERO, SimDuration(took), dropped, &mut random);
            seen[limit.limit() as usize] = true;
            assert!(limit.in_flight() <= 9);
        }
        assert!(seen[2] && seen[9] && !seen[..2].contains(&true), "{seen:?}");
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert_eq!(Settings::default().check(), Ok(()));
        assert!(Settings { limit_min: 0, ..Settings::default() }.check().is_err());
        assert!(Settings { limit_first: 19, ..Settings::default() }.check().is_err());
        assert!(Settings { limit_max: 19, ..Settings::default() }.check().is_err());
    }
}
