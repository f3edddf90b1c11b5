//! Hedging: a second copy of a request that takes unusually long, and the first answer counts.
//!
//! Another copy is due a fixed time after the last was sent, or when most requests would have been
//! answered: after the 95th percentile it costs 5 % more requests and cuts the tail. A budget keeps
//! hedging from doubling the load when everything is slow.
//!
//! The percentile is measured on a histogram whose counts are halved every `half_life` answers; it
//! is read anew every [`REFRESH_EVERY`] answers, and nothing is hedged before `answers_min`.
//!
//! Copies and retries both count as attempts beyond the first in the amplification. Where the copies
//! that lose are cancelled their latency is not known, and the percentile is that of the first answers.
//!
//! Left out: copies that know of each other at the callee (tied requests).
//! Source: Dean and Barroso, "The Tail at Scale" (2013); gRPC proposal A6, "Hedging Policy".

use crate::engine::histogram::Histogram;
use crate::engine::{SimDuration, SimTime};

use super::budget::{self, Budget};
use super::setting::{BadSetting, in_range};

/// Answers after which the percentile is read anew.
pub const REFRESH_EVERY: u32 = 256;

/// When another copy is due.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum After {
    /// So long after the last copy.
    Fixed(SimDuration),
    /// When this share of the latencies is over.
    Quantile {
        /// Share of requests answered by then, 0.5 to 0.9999.
        share: f64,
        /// Answers before the first copy is sent, at least 1.
        answers_min: u32,
        /// Answers after which earlier ones count half, at least 100.
        half_life: u32,
    },
}

/// A hedging policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// When another copy is due.
    pub after: After,
    /// Copies beside the first, 1 to 10.
    pub copies_max: u32,
    /// What limits the copies of all requests together.
    pub budget: Option<budget::Settings>,
}

impl Settings {
    /// Whether all values are in their range.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), BadSetting> {
        in_range("copies_max", f64::from(self.copies_max), [1.0, 10.0], "1 to 10")?;
        if let After::Quantile { share, answers_min, half_life } = self.after {
            in_range("share", share, [0.5, 0.9999], "0.5 to 0.9999")?;
            let endless = f64::INFINITY;
            in_range("answers_min", f64::from(answers_min), [1.0, endless], "at least 1")?;
            in_range("half_life", f64::from(half_life), [100.0, endless], "at least 100")?;
        }
        self.budget.map_or(Ok(()), |budget| budget.check())
    }
}

/// A hedging policy and what it has measured.
#[derive(Debug, Clone)]
pub struct Hedge {
    settings: Settings,
    budget: Option<Budget>,
    delay: Option<SimDuration>,
    latencies: Option<Histogram>,
    answers: u64,
}

impl Hedge {
    /// Nothing was sent yet.
    pub fn new(settings: &Settings) -> Self {
        let (delay, latencies) = match settings.after {
            After::Fixed(delay) => (Some(delay), None),
            After::Quantile { .. } => (None, Some(Histogram::default())),
        };
        let budget = settings.budget.as_ref().map(Budget::new);
        Self { settings: *settings, budget, delay, latencies, answers: 0 }
    }

    /// How long after the last copy another is due; `None` while that is not known.
    #[inline]
    pub fn delay(&self) -> Option<SimDuration> {
        self.delay
    }

    /// A request is sent for the first time.
    #[inline]
    pub fn on_request(&mut self, now: SimTime) {
        if let Some(budget) = &mut self.budget {
            budget.on_request(now);
        }
    }

    /// Takes leave for another copy when it is due: `copies` were sent beside the first, and of
    /// `in_flight` attempts `hedges` are copies.
    #[inline]
    pub fn try_copy(&mut self, now: SimTime, copies: u32, hedges: u32, in_flight: u32) -> bool {
        if copies >= self.settings.copies_max {
            return false;
        }
        self.budget.as_mut().is_none_or(|budget| budget.try_retry(now, hedges, in_flight))
    }

    /// An attempt has ended; only [`budget::Settings::Throttle`] looks at it.
    #[inline]
    pub fn on_outcome(&mut self, succeeded: bool) {
        if let Some(budget) = &mut self.budget {
            budget.on_outcome(succeeded);
        }
    }

    /// A first copy was answered this long after it was sent.
    ///
    /// If copies that lose are cancelled, their latency is never known, and that of the request has
    /// to do: the percentile then comes out a little low, because whatever was hedged was faster
    /// (5.0 to 5.3 % copies instead of 5 in the test below).
    #[inline]
    pub fn on_answer(&mut self, latency: SimDuration) {
        if let Some(latencies) = &mut self.latencies {
            latencies.record(latency.0);
            self.answers += 1;
            if self.answers.is_multiple_of(u64::from(REFRESH_EVERY)) || self.delay.is_none() {
                self.refresh();
            }
        }
    }

    #[cold]
    fn refresh(&mut self) {
        let After::Quantile { share, answers_min, half_life } = self.settings.after else { return };
        let Some(latencies) = &mut self.latencies else { return };
        if self.answers >= u64::from(answers_min) {
            self.delay = latencies.quantile(share).map(|nanos| SimDuration(nanos as u64));
        }
        // Halved when it holds as many as arrive in two half-lives: then half of them are old.
        if latencies.count() >= 2 * u64::from(half_life) {
            latencies.halve();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stream;

    /// Mean latency and copies a request when answers take Exp(20 ms), over 200 000 requests, with
    /// copies that lose cancelled or not.
    fn hedged(settings: &Settings, slow_down: f64, cancels: bool) -> (f64, f64) {
        let mut random = Stream::new(4, 0, 0);
        let mut hedge = Hedge::new(settings);
        let (mut total, mut copies, requests) = (0.0, 0_u32, 200_000);
        for _ in 0..requests {
            hedge.on_request(SimTime::ZERO);
            let own = slow_down * 20.0 * random.exponential();
            let mut first = own;
            if let Some(delay) = hedge.delay()
                && first > delay.as_ms()
                && hedge.try_copy(SimTime::ZERO, 0, 0, 0)
            {
                copies += 1;
                first = first.min(delay.as_ms() + slow_down * 20.0 * random.exponential());
            }
            hedge.on_answer(SimDuration::from_ms(if cancels { first } else { own }));
            total += first;
        }
        (total / f64::from(requests), f64::from(copies) / f64::from(requests))
    }

    #[test]
    fn a_copy_after_the_95th_percentile_costs_a_twentieth() {
        // -20 ms * ln 0.05; mean 20 * (1 - 0.05 / 2) = 19.5 ms. Standard errors of 200 000:
        // 0.043 ms and 0.0005; allow 4.
        let fixed = After::Fixed(SimDuration::from_ms(59.914_645));
        let (mean, copies) =
            hedged(&Settings { after: fixed, copies_max: 1, budget: None }, 1.0, false);
        assert!((mean - 19.5).abs() < 0.17, "{mean}");
        assert!((copies - 0.05).abs() < 0.002, "{copies}");
        // Measured on 1000 to 2000 answers, the share is within 0.007 each time; about 100 such
        // times are independent, which leaves 0.0007; allow 4.
        let after = After::Quantile { share: 0.95, answers_min: 100, half_life: 1_000 };
        let (mean, copies) = hedged(&Settings { after, copies_max: 1, budget: None }, 1.0, false);
        assert!((mean - 19.5).abs() < 0.25, "{mean}");
        assert!((copies - 0.05).abs() < 0.003, "{copies}");
        let (_, copies) = hedged(&Settings { after, copies_max: 1, budget: None }, 1.0, true);
        assert!((0.05..0.053).contains(&copies), "{copies}");
    }

    #[test]
    fn a_budget_keeps_copies_few_when_everything_is_slow() {
        let after = After::Fixed(SimDuration::from_ms(59.9));
        let budget = Some(budget::Settings::Bucket { tokens_max: 10.0, ratio: 0.1 });
        let (_, copies) = hedged(&Settings { after, copies_max: 1, budget: None }, 10.0, true);
        assert!(copies > 0.7, "e^-0.3 of all: {copies}");
        let (_, copies) = hedged(&Settings { after, copies_max: 1, budget }, 10.0, true);
        assert!((copies - 0.1).abs() < 0.001, "{copies}");
    }

    #[test]
    fn nothing_is_hedged_before_enough_was_measured() {
        let after = After::Quantile { share: 0.9, answers_min: 50, half_life: 100 };
        let mut hedge = Hedge::new(&Settings { after, copies_max: 2, budget: None });
        (0..49).for_each(|_| hedge.on_answer(SimDuration(1_000_000)));
        assert_eq!(hedge.delay(), None);
        hedge.on_answer(SimDuration(1_000_000));
        let delay = hedge.delay().unwrap();
        assert!((990_000..1_010_000).contains(&delay.0), "{delay:?}");
        // Ten half-lives later, only the new latency counts.
        (0..1_000).for_each(|_| hedge.on_answer(SimDuration(9_000_000)));
        let delay = hedge.delay().unwrap();
        assert!((8_900_000..9_100_000).contains(&delay.0), "{delay:?}");
    }

    #[test]
    fn copies_of_one_request_are_counted() {
        let after = After::Fixed(SimDuration(1));
        let mut hedge = Hedge::new(&Settings { after, copies_max: 2, budget: None });
        assert!(hedge.try_copy(SimTime::ZERO, 0, 0, 1));
        assert!(hedge.try_copy(SimTime::ZERO, 1, 1, 2));
        assert!(!hedge.try_copy(SimTime::ZERO, 2, 2, 3));
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let after = After::Quantile { share: 0.95, answers_min: 1, half_life: 100 };
        let good = Settings { after, copies_max: 1, budget: None };
        assert_eq!(good.check(), Ok(()));
        assert!(Settings { copies_max: 0, ..good }.check().is_err());
        let budget = Some(budget::Settings::Bucket { tokens_max: 0.0, ratio: 0.1 });
        assert!(Settings { budget, ..good }.check().is_err());
        let after = After::Quantile { share: 1.0, answers_min: 1, half_life: 100 };
        assert!(Settings { after, ..good }.check().is_err());
    }
}
