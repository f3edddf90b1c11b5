//! A curve: the same system at many values of a knob, on the same random numbers, refined pass by
//! pass.
//!
//! The first pass is short, so that a whole curve is there at once; each further pass doubles the
//! length of every point that is not settled yet.

use std::sync::Arc;

use crate::engine::interval::ascending;
use crate::engine::math::{exp, ln};
use crate::scenario::{Knob, Mistakes, Objective, Scale, Scenario, Settings};

use super::report::{Curve, CurvePoint, Knee, KneeLimit, TheoryPoint};
use super::run::{Measured, Run};
use super::theory;

/// Points of a curve, unless the knob has fewer values.
const POINTS: usize = 24;
/// Events of a point in the first pass..
const FIRST_EVENTS: u64 = 4_000;
/// ..but at least so many requests..
const FIRST_REQUESTS: u64 = 100;
/// ..unless that takes more events than this.
const FIRST_EVENTS_MAX: u64 = 8_000;
/// A point gets no more events than this.
const EVENTS_MAX: u64 = 4_000_000;
/// A point is settled when the half-width of the interval of its p99 is within this share of it.
const SETTLED: f64 = 0.05;
/// Events after which an overloaded point is left as it is: enough for its queues to fill and its
/// first timeouts to pass, and there may be no steady state to find.
const OVERLOADED_EVENTS: u64 = 500_000;

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
}

/// A curve under way.
#[derive(Debug)]
pub struct CurveJob {
    scenario: Arc<Scenario>,
    settings: Settings,
    knob: Knob,
    points: Vec<Point>,
    /// Points of this share whose turn in the pass is over.
    done: usize,
    pass: u32,
}

#[derive(Debug)]
struct Point {
    x: f64,
    run: Run,
    /// The pass goes on until the run has had so many events.
    events_wanted: u64,
    settled: bool,
    /// What was measured at the end of the last pass.
    measured: Option<Measured>,
}

impl CurveJob {
    /// A share of the curve over `knob`, everything else as in `settings`.
    ///
    /// # Errors
    /// Names what is wrong with the settings, or the knob if there is none of this name.
    pub fn new(
        scenario: &Arc<Scenario>,
        settings: &Settings,
        knob: &str,
        share: Share,
    ) -> Result<Self, Mistakes> {
        let Some(knob) = scenario.knob(knob).cloned() else {
            return Err(Mistakes::one("knob", format!("`{knob}`"), "a knob of the scenario"));
        };
        let values = values_of(&knob);
        let mine = values.iter().skip(share.index).step_by(share.of.max(1));
        let points = mine.map(|&x| {
            let mut settings = settings.clone();
            settings.knobs.insert(knob.id.clone(), x);
            let run = Run::of(scenario, &settings)?.without_end();
            // A stretch of time says nothing before its end.
            let events_wanted = if run.is_timed() { EVENTS_MAX } else { FIRST_EVENTS };
            Ok(Point { x, run, events_wanted, settled: false, measured: None })
        });
        let points = points.collect::<Result<_, Mistakes>>()?;
        let (scenario, settings) = (Arc::clone(scenario), settings.clone());
        Ok(Self { scenario, settings, knob, points, done: 0, pass: 0 })
    }

    /// Goes on for about `events` events; true when a whole pass has just been completed.
    pub fn step(&mut self, events: u64) -> bool {
        let first = self.pass == 0;
        let mut left = events;
        while let Some(point) = self.points.get_mut(self.done) {
            if !point.settled {
                let before = point.run.events();
                let ended = point.advance(left, first);
                left = left.saturating_sub(point.run.events() - before);
                if !ended {
                    return false;
                }
            }
            self.done += 1;
            if left == 0 && self.done < self.points.len() {
                return false;
            }
        }
        self.pass += 1;
        self.done = 0;
        for point in &mut self.points {
            point.finish_pass();
        }
        true
    }

    /// Passes completed.
    pub fn pass(&self) -> u32 {
        self.pass
    }

    /// No further pass will change anything.
    pub fn finished(&self) -> bool {
        self.points.iter().all(|point| point.settled)
    }

    /// The points of this share as they are.
    pub fn curve(&self) -> Curve {
        let theory = self.points.iter().filter_map(|point| {
            let mut settings = self.settings.clone();
            settings.knobs.insert(self.knob.id.clone(), point.x);
            theory::at(&self.scenario, &settings, point.x)
        });
        Curve {
            knob: self.knob.id.clone(),
            parts: self.points.first().map(Point::part_ids).unwrap_or_default(),
            points: self.points.iter().map(Point::report).collect(),
            pass: self.pass,
            finished: self.finished(),
            knee: None,
            theory: theory.collect(),
        }
    }
}

impl Point {
    fn advance(&mut self, events: u64, first: bool) -> bool {
        let wanted = self.events_wanted.saturating_sub(self.run.events());
        if self.run.advance(wanted.min(events)) {
            return true;
        }
        if self.run.events() < self.events_wanted {
            return false;
        }
        if first && self.events_wanted < FIRST_EVENTS_MAX && self.run.finished() < FIRST_REQUESTS {
            self.events_wanted = (self.events_wanted * 2).min(FIRST_EVENTS_MAX);
            return false;
        }
        true
    }

    fn finish_pass(&mut self) {
        if self.settled {
            return;
        }
        let measured = self.run.measured();
        let latency = measured.latency();
        let narrow = matches!(
            (latency.p99, latency.p99_half_width),
            (Some(p99), Some(half_width)) if half_width <= SETTLED * p99
        );
        self.settled = narrow
            || self.run.is_timed()
            || self.run.stopped().is_some()
            || self.events_wanted >= EVENTS_MAX
            || (measured.overloaded() && self.run.events() >= OVERLOADED_EVENTS);
        self.events_wanted = (self.run.events() * 2).min(EVENTS_MAX);
        self.measured = Some(measured);
    }

    fn part_ids(&self) -> Vec<String> {
        self.measured.as_ref().map(Measured::part_ids).unwrap_or_default()
    }

    fn report(&self) -> CurvePoint {
        let measured = self.measured.clone().unwrap_or_else(|| self.run.measured());
        let stopped = self.run.stopped().map(str::to_owned);
        CurvePoint { settled: self.settled, stopped, ..measured.point(self.x) }
    }
}

/// The whole curve from the shares of all workers.
pub fn merge(shares: &[Curve], objective: &Objective, scale: Scale) -> Curve {
    let points: Vec<&CurvePoint> = shares.iter().flat_map(|curve| &curve.points).collect();
    let order = ascending(&points.iter().map(|point| point.x).collect::<Vec<_>>());
    let points: Vec<CurvePoint> = order.into_iter().map(|index| points[index].clone()).collect();
    let theory: Vec<TheoryPoint> = shares.iter().flat_map(|c| c.theory.iter().copied()).collect();
    let order = ascending(&theory.iter().map(|point| point.x).collect::<Vec<_>>());
    let theory = order.into_iter().map(|index| theory[index]).collect();
    Curve {
        knob: shares.first().map(|curve| curve.knob.clone()).unwrap_or_default(),
        parts: shares.first().map(|curve| curve.parts.clone()).unwrap_or_default(),
        knee: knee(&points, objective, scale),
        points,
        pass: shares.iter().map(|curve| curve.pass).min().unwrap_or(0),
        finished: shares.iter().all(|curve| curve.finished),
        theory,
    }
}

/// A whole curve, to its end.
///
/// # Errors
/// Names what is wrong with the settings.
pub fn curve(
    scenario: &Arc<Scenario>,
    settings: &Settings,
    knob: &str,
    mut progress: impl FnMut(&Curve),
) -> Result<Curve, Mistakes> {
    let mut job = CurveJob::new(scenario, settings, knob, Share::ALL)?;
    let scale = job.knob.scale;
    loop {
        while !job.step(u64::MAX) {}
        let curve = merge(&[job.curve()], &scenario.objective, scale);
        if curve.finished {
            return Ok(curve);
        }
        progress(&curve);
    }
}

/// Values of the knob at equal distances of its slider, each once.
pub(super) fn values_of(knob: &Knob) -> Vec<f64> {
    let position = |index| index as f64 / (POINTS - 1) as f64;
    let mut values: Vec<f64> = (0..POINTS).map(|index| knob.at(position(index))).collect();
    values.dedup_by(|a, b| a.to_bits() == b.to_bits());
    values
}

/// Where the objective stops being met: the first of its limits to be crossed between the last point
/// that meets it and the first that does not.
fn knee(points: &[CurvePoint], objective: &Objective, scale: Scale) -> Option<Knee> {
    let p99 = |point: &CurvePoint| point.latency_ms.p99.unwrap_or(f64::INFINITY);
    let is_slow = |point: &CurvePoint| p99(point) > objective.p99_ms;
    let fails = |point: &CurvePoint| point.error_share > objective.error_share;
    let is_bad = |point: &CurvePoint| is_slow(point) || fails(point) || point.overloaded;
    let first = points.iter().position(is_bad)?;
    let (before, bad) = (points.get(first.checked_sub(1)?)?, &points[first]);
    // How far from `before` to `bad` a limit between their values lies.
    let between = |low: f64, limit: f64, high: f64| {
        let share = (limit - low) / (high - low);
        if high > limit && share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 }
    };
    // Latency grows by factors, so its logarithm is interpolated.
    let (fast, slow) = (ln(p99(before)), ln(p99(bad).min(1e12)));
    // Demand grows like the knob; on a log scale its logarithm grows like the slider.
    let demand =
        |point: &CurvePoint| point.busiest.as_ref().map_or(0.0, |(_, ratio)| ratio.max(1e-6));
    let saturates = between(ln(demand(before)), 0.0, ln(demand(bad)));
    // Errors that come with overload start there: they do not grow from the point before.
    let is_clean = before.error_share < 0.1 * objective.error_share;
    let loses = if bad.overloaded && is_clean {
        saturates
    } else {
        between(before.error_share, objective.error_share, bad.error_share)
    };
    let slows = between(fast, ln(objective.p99_ms), slow);
    let crossings = [
        (is_slow(bad), slows, KneeLimit::P99),
        (fails(bad), loses, KneeLimit::Errors),
        (bad.overloaded, saturates, KneeLimit::Overload),
    ];
    let crossed = crossings.into_iter().filter(|(is_crossed, ..)| *is_crossed);
    let (_, share, limit) = crossed.min_by(|one, other| one.1.total_cmp(&other.1))?;
    let x = match scale {
        Scale::Linear => before.x + (bad.x - before.x) * share,
        Scale::Log => before.x * exp(ln(bad.x / before.x) * share),
    };
    let p99_ms = match limit {
        KneeLimit::P99 => objective.p99_ms,
        _ => exp(fast + (slow - fast) * share).min(objective.p99_ms),
    };
    Some(Knee { x, p99_ms, limit })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::report::LatencySummary;
    use crate::scenario::catalogue;

    #[test]
    fn shares_of_a_curve_make_the_whole() {
        let scenario = catalogue::find("queue-knee").unwrap();
        let settings = Settings::default();
        let pass = |share| {
            let mut job = CurveJob::new(&scenario, &settings, "users", share).unwrap();
            while !job.step(1_000) {}
            job.curve()
        };
        let merged = |shares: &[Curve]| merge(shares, &scenario.objective, Scale::Log);
        let whole = merged(&[pass(Share::ALL)]);
        let shares = [0, 1].map(|index| pass(Share { index, of: 2 }));
        assert_eq!(merged(&shares), whole);
        assert_eq!(whole.points.len(), POINTS);
    }

    #[test]
    fn the_knee_of_a_queue_is_where_theory_says() {
        let scenario = catalogue::find("queue-knee").unwrap();
        let found = curve(&scenario, &Settings::default(), "users", |_| {}).unwrap();
        // p99 of M/M/1 is ln(100) / (20 - users / 10): 1 s at 153.9 users. Between two points of
        // the curve the interpolation is within 10 %.
        let knee = found.knee.unwrap();
        assert!((knee.x / 153.9 - 1.0).abs() < 0.1, "{knee:?}");
        assert!(found.points.iter().filter(|point| point.x < 200.0).all(|point| !point.overloaded));
        assert!(found.points.iter().filter(|point| point.x > 220.0).all(|point| point.overloaded));
    }

    /// A point with p99 in milliseconds, share of errors and demand of the busiest part.
    fn point(x: f64, p99: f64, error_share: f64, demand: f64) -> CurvePoint {
        CurvePoint {
            x,
            latency_ms: LatencySummary { p99: Some(p99), ..LatencySummary::default() },
            error_share,
            overloaded: demand > 1.0,
            busiest: Some(("db".to_owned(), demand)),
            ..CurvePoint::default()
        }
    }

    #[test]
    fn the_knee_is_where_the_first_limit_is_crossed_and_says_which() {
        let objective = Objective { p99_ms: 1_000.0, error_share: 0.01, stale_is_wrong: false };
        let before = point(100.0, 100.0, 0.0, 0.8);
        let knee = |bad: CurvePoint| knee(&[before.clone(), bad], &objective, Scale::Linear);
        let found = |bad| knee(bad).map(|Knee { x, p99_ms, limit }| (x.round(), p99_ms, limit));
        // Ten times as slow is half way to a hundred times.
        let slow = point(200.0, 10_000.0, 0.0, 0.9);
        assert_eq!(found(slow), Some((150.0, 1_000.0, KneeLimit::P99)));
        // A tenth of the way to 10 % errors, where p99 is still 100 * 100^0.1.
        let (x, p99_ms, limit) = found(point(200.0, 10_000.0, 0.1, 0.9)).unwrap();
        assert_eq!((x, limit), (110.0, KneeLimit::Errors));
        assert!((p99_ms - 158.5).abs() < 0.1, "{p99_ms}");
        // Demand 1 between 0.8 and 1.25 is half way in logarithms; p99 is met throughout.
        let overloaded = point(200.0, 400.0, 0.0, 1.25);
        let (x, p99_ms, limit) = found(overloaded).unwrap();
        assert_eq!((x, limit), (150.0, KneeLimit::Overload));
        assert!((p99_ms - 200.0).abs() < 0.1, "{p99_ms}");
        // Refused for want of capacity: from where there is none left, not from the point before.
        let refused = found(point(200.0, 400.0, 0.5, 1.25)).unwrap();
        assert_eq!((refused.0, refused.2), (150.0, KneeLimit::Errors));
        assert_eq!(found(point(200.0, 900.0, 0.01, 0.99)), None);
    }
}
