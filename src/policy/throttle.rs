//! Client-side throttling: a client that is mostly turned away sends less.
//!
//! Over the last `window` the client counts its requests and how many the callee accepted. It sends
//! one with probability `1 - max(0, (requests - k * accepts) / (requests + 1))`: with `k` of 2 it
//! sends twice what is accepted, so that it notices when the callee has recovered.
//!
//! The window is made of ten slots: requests expire a tenth of it late at most.
//!
//! Left out: counts of their own for each class of requests.
//! Source: Google SRE book, chapter 21 ("Client-Side Throttling": k = 2, two minutes).

use crate::engine::{SimDuration, SimTime, Stream};

use super::setting::{BadSetting, in_range};

const SLOTS: u64 = 10;

/// How much more is sent than is accepted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Requests sent for each one accepted, 1 to 1000.
    pub k: f64,
    /// How long requests count, above zero.
    pub window: SimDuration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { k: 2.0, window: SimDuration(120_000_000_000) }
    }
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        in_range("k", self.k, [1.0, 1_000.0], "1 to 1000")?;
        in_range("window_ms", self.window.as_ms(), [1e-3, 1e9], "0.001 to a billion")
    }
}

/// Requests and accepts of the last window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttle {
    k: f64,
    slot_length: u64,
    slot: u64,
    slots: [[u32; 2]; SLOTS as usize],
    requests: u32,
    accepts: u32,
}

impl Throttle {
    /// Nothing was sent yet.
    pub fn new(settings: &Settings) -> Self {
        let slot_length = (settings.window.0 / SLOTS).max(1);
        let slots = [[0; 2]; SLOTS as usize];
        Self { k: settings.k, slot_length, slot: 0, slots, requests: 0, accepts: 0 }
    }

    /// Whether the next request is sent at all; it counts either way.
    #[inline]
    pub fn sends(&mut self, now: SimTime, random: &mut Stream) -> bool {
        self.advance(now);
        let kept_back = self.kept_back();
        self.requests += 1;
        self.slots[(self.slot % SLOTS) as usize][0] += 1;
        kept_back <= 0.0 || !random.chance(kept_back)
    }

    /// The callee has accepted a request, whatever became of it.
    #[inline]
    pub fn on_accept(&mut self, now: SimTime) {
        self.advance(now);
        self.accepts += 1;
        self.slots[(self.slot % SLOTS) as usize][1] += 1;
    }

    /// Probability that the next request is not sent.
    pub fn kept_back(&self) -> f64 {
        let [requests, accepts] = [self.requests, self.accepts].map(f64::from);
        ((requests - self.k * accepts) / (requests + 1.0)).max(0.0)
    }

    #[inline]
    fn advance(&mut self, now: SimTime) {
        let number = now.0 / self.slot_length;
        if number <= self.slot {
            return;
        }
        for back in 0..(number - self.slot).min(SLOTS) {
            let slot = &mut self.slots[((number - back) % SLOTS) as usize];
            let [requests, accepts] = std::mem::take(slot);
            self.requests -= requests;
            self.accepts -= accepts;
        }
        self.slot = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overloaded_callee_is_sent_twice_what_it_accepts() {
        // 500 requests a second to a callee that accepts the first 100 of each second: 200 are sent.
        let mut throttle = Throttle::new(&Settings::default());
        let mut random = Stream::new(1, 0, 0);
        let (mut sent, mut accepted_now) = (0_u32, 0);
        for k in 0..500 * 600_u32 {
            let now = SimTime::from_secs(f64::from(k) / 500.0);
            if k % 500 == 0 {
                accepted_now = 0;
            }
            if throttle.sends(now, &mut random) {
                sent += u32::from(k >= 500 * 200);
                if accepted_now < 100 {
                    accepted_now += 1;
                    throttle.on_accept(now);
                }
            }
        }
        let rate = f64::from(sent) / 400.0;
        // Standard deviation of the count: at most sqrt(200 000 * 0.24) = 219, of the rate 0.6.
        assert!((rate - 200.0).abs() < 2.4, "{rate}");
    }

    #[test]
    fn a_healthy_callee_is_sent_everything_and_a_dead_one_is_forgotten() {
        let mut throttle = Throttle::new(&Settings::default());
        let mut random = Stream::new(2, 0, 0);
        for k in 0..1_000 {
            let now = SimTime::from_secs(f64::from(k) * 0.01);
            assert!(throttle.sends(now, &mut random));
            throttle.on_accept(now);
        }
        let sent = (0..10_000).filter(|_| throttle.sends(SimTime::from_secs(11.0), &mut random));
        assert!(sent.count() < 5_000);
        assert!(throttle.kept_back() > 0.8, "{}", throttle.kept_back());
        throttle.sends(SimTime::from_secs(132.0), &mut random);
        assert!(throttle.kept_back() < 0.51, "one request without an answer is left");
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert_eq!(Settings::default().check(), Ok(()));
        assert!(Settings { k: 0.9, ..Settings::default() }.check().is_err());
        assert!(Settings { window: SimDuration::ZERO, ..Settings::default() }.check().is_err());
    }
}
