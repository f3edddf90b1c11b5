//! A leaky bucket with burst: requests leave at a steady rate, a few may come early.
//!
//! The bucket drains at `rate_per_sec`. A request that finds more than `burst` ahead of it is
//! turned away; otherwise it waits until those beyond `undelayed` have drained. This is the generic
//! cell rate algorithm, counted in requests; as nginx's `limit_req`, `undelayed` is 0 for `burst=b`,
//! `b` for `burst=b nodelay`, and `n` for `delay=n`, and `tick` is a millisecond: nginx sees time
//! in whole milliseconds, so that requests spaced exactly by the rate are turned away when the clock
//! cuts one gap short.
//!
//! With endless `burst` and no tick the waits are those of an M/D/1 queue.
//! Source: ITU-T I.371 (1996), annex A; nginx 1.22, `ngx_http_limit_req_module.c`.

use crate::engine::{SimDuration, SimTime};
use crate::policy::setting::{BadSetting, in_range};

use super::Decision;

/// Rate, burst and clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Requests per second that drain, above 0 to a billion.
    pub rate_per_sec: f64,
    /// Requests that may be ahead of one that is let in, 0 or more; may be infinite.
    pub burst: f64,
    /// Requests ahead for which one does not wait, 0 to `burst`.
    pub undelayed: f64,
    /// How often the clock that the limiter sees moves on; zero for an exact clock.
    pub tick: SimDuration,
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        let rate = [f64::MIN_POSITIVE, 1e9];
        in_range("rate_per_sec", self.rate_per_sec, rate, "above 0, at most a billion")?;
        in_range("burst", self.burst, [0.0, f64::INFINITY], "0 or more")?;
        in_range("undelayed", self.undelayed, [0.0, self.burst], "0 to the burst")
    }
}

/// A bucket and what is in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeakyBucket {
    /// Requests in it.
    ahead: f64,
    burst: f64,
    undelayed: f64,
    /// Requests that drain in a nanosecond.
    rate: f64,
    tick: SimDuration,
    last: SimTime,
}

impl LeakyBucket {
    /// An empty bucket.
    pub fn new(settings: &Settings) -> Self {
        Self {
            ahead: 0.0,
            burst: settings.burst,
            undelayed: settings.undelayed,
            rate: settings.rate_per_sec / 1e9,
            tick: settings.tick,
            last: SimTime::ZERO,
        }
    }

    /// Decides about a request that comes `now`, not before an earlier one.
    #[inline]
    pub fn decide(&mut self, now: SimTime) -> Decision {
        let tick = self.tick.0.max(1);
        let seen = SimTime(if tick == 1 { now.0 } else { now.0 - now.0 % tick });
        self.ahead = (self.ahead - seen.since(self.last).0 as f64 * self.rate).max(0.0);
        self.last = seen;
        let over = self.ahead - self.burst;
        // What drains in a nanosecond is due to the rounding of instants.
        if over > self.rate {
            let until_seen = (over / self.rate).ceil() as u64;
            let at = seen.0.saturating_add(until_seen).div_ceil(tick).saturating_mul(tick);
            return Decision::Reject { retry_after: SimTime(at).since(now) };
        }
        let wait = ((self.ahead - self.undelayed) / self.rate) as u64;
        self.ahead += 1.0;
        if wait == 0 { Decision::Admit } else { Decision::Delay(SimDuration(wait)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stream;

    const MS: SimDuration = SimDuration(1_000_000);

    fn bucket(burst: f64, undelayed: f64, tick: SimDuration) -> LeakyBucket {
        LeakyBucket::new(&Settings { rate_per_sec: 100.0, burst, undelayed, tick })
    }

    fn admitted(bucket: &mut LeakyBucket, now: f64, requests: u32) -> u32 {
        let now = SimTime::from_secs(now);
        (0..requests)
            .map(|_| u32::from(!matches!(bucket.decide(now), Decision::Reject { .. })))
            .sum()
    }

    #[test]
    fn a_burst_of_nginx_lets_one_more_than_the_burst_through() {
        // Measured on nginx 1.22 at 100/s: 150 requests at once, and 150 more half a second later,
        // pass 1, 21 and 101 (of which 50 half a second later) of the first and second.
        for (burst, first, second) in [(0.0, 1, 1), (20.0, 21, 21), (100.0, 101, 50)] {
            for undelayed in [0.0, burst] {
                let mut bucket = bucket(burst, undelayed, MS);
                assert_eq!(admitted(&mut bucket, 1.0, 150), first, "burst {burst}");
                assert_eq!(admitted(&mut bucket, 1.5, 150), second, "burst {burst}");
            }
        }
    }

    #[test]
    fn a_delayed_burst_leaves_evenly() {
        let mut bucket = bucket(3.0, 1.0, SimDuration::ZERO);
        let wait = |ms| Decision::Delay(SimDuration::from_ms(ms));
        let all: Vec<Decision> = (0..5).map(|_| bucket.decide(SimTime::ZERO)).collect();
        let rejected = Decision::Reject { retry_after: SimDuration::from_ms(10.0) };
        assert_eq!(all, [Decision::Admit, Decision::Admit, wait(10.0), wait(20.0), rejected]);
    }

    #[test]
    fn a_clock_of_milliseconds_turns_evenly_spaced_requests_away() {
        // 100/s against 100/s, each 0 or 1 ms late on the clock that the limiter sees. After one
        // that was late, half the next come a millisecond too early and the one after passes: the
        // last admitted was late two times in three, and 1 / (1 + 2/3 * 1/2) = 3/4 pass.
        let mut random = Stream::new(5, 0, 0);
        let mut coarse = bucket(0.0, 0.0, MS);
        let mut patient = bucket(1.0, 1.0, SimDuration::ZERO);
        let (mut passed, mut all) = (0, 0);
        for k in 0..10_000 {
            let now = f64::from(k) * 0.01 + random.unit() * 0.002;
            passed += admitted(&mut coarse, now, 1);
            all += admitted(&mut patient, now, 1);
        }
        // Standard deviation about sqrt(10 000 * 3/16) = 43; allow 4.
        assert!((7_330..7_670).contains(&passed), "{passed}");
        assert_eq!(all, 10_000);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let good = Settings { rate_per_sec: 1.0, burst: f64::INFINITY, undelayed: 0.0, tick: MS };
        assert_eq!(good.check(), Ok(()));
        assert!(Settings { undelayed: 2.0, burst: 1.0, ..good }.check().is_err());
        assert!(Settings { rate_per_sec: -1.0, ..good }.check().is_err());
        assert!(Settings { burst: f64::NAN, ..good }.check().is_err());
    }
}
