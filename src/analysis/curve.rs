//! A curve: the same system at many values of a knob, on the same random numbers, refined pass by
//! pass.
//!
//! The first pass is short, so that a whole curve is there at once; each further pass makes every point
//! that is not settled yet longer, as much as its interval asks for but at most to twice its length. A
//! point that measures a stretch of time, which has no short run, is run again on further seeds instead,
//! and the first pass has half of such points.

use std::sync::Arc;

use crate::engine::interval::ascending;
use crate::scenario::{Knob, Mistakes, Objective, Scale, Scenario, Settings};

use super::report::{Curve, CurvePoint, TheoryPoint};
use super::theory;

mod knee;
mod point;
mod replications;
mod shares;

use knee::knee;
use point::Point;
pub use shares::Share;
use shares::is_between;

/// Points of a curve, unless the knob has fewer values.
const POINTS: usize = 24;

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

impl CurveJob {
    /// A share of the curve over `knob`, everything else as in `settings`; of a steady state without
    /// faults dropped by hand.
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
        let settings = scenario.lasting(settings.clone());
        let values = values_of(&knob);
        let count = values.len();
        // A steady state is measured over about as many events at each point; a stretch of time has
        // as many as there is load, which the first knob of a scenario sets.
        let is_load = scenario.run.end.is_timed() && scenario.knobs[0].id == knob.id;
        let cost = |(point, &x)| if is_load { x } else { (count + point) as f64 };
        let costs: Vec<f64> = values.iter().enumerate().map(cost).collect();
        let mine = share.points(&costs).into_iter();
        let points = mine.map(|point| {
            let x = values[point];
            let mut settings = settings.clone();
            settings.knobs.insert(knob.id.clone(), x);
            Point::new(x, scenario, settings, is_between(point, count))
        });
        let points = points.collect::<Result<_, Mistakes>>()?;
        let scenario = Arc::clone(scenario);
        Ok(Self { scenario, settings, knob, points, done: 0, pass: 0 })
    }

    /// Goes on for about `events` events; true when a whole pass has just been completed.
    pub fn step(&mut self, events: u64) -> bool {
        let first = self.pass == 0;
        let mut left = events;
        while let Some(point) = self.points.get_mut(self.done) {
            let is_passed_over = point.settled || first && point.waits();
            if !is_passed_over {
                let before = point.events();
                let ended = point.advance(left, first);
                left = left.saturating_sub(point.events() - before);
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
        for point in self.points.iter_mut().filter(|point| !(first && point.waits())) {
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
            points: self.points.iter().filter_map(Point::report).collect(),
            pass: self.pass,
            finished: self.finished(),
            knee: None,
            theory: theory.collect(),
        }
    }
}

/// The whole curve from the shares of all workers.
pub fn merge(shares: &[&Curve], objective: &Objective, scale: Scale) -> Curve {
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
        let curve = merge(&[&job.curve()], &scenario.objective, scale);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::ceiling::ceiling;
    use crate::scenario::by_hand::{FaultKind, HandFault};
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
        let merged = |shares: &[&Curve]| merge(shares, &scenario.objective, Scale::Log);
        let whole = merged(&[&pass(Share::ALL)]);
        let shares = [0, 1].map(|index| pass(Share { index, of: 2 }));
        assert_eq!(merged(&shares.each_ref()), whole);
        assert_eq!(whole.points.len(), POINTS);
    }

    /// How much of a run they take would depend on its length, which is another at each point.
    #[test]
    fn faults_dropped_by_hand_are_no_part_of_a_steady_state() {
        let scenario = catalogue::find("queue-knee").unwrap();
        let first = |faults| {
            let settings = Settings { faults, ..Settings::default() };
            let mut job = CurveJob::new(&scenario, &settings, "users", Share::ALL).unwrap();
            while !job.step(u64::MAX) {}
            (job.curve(), ceiling(&scenario, &settings, "users").unwrap().value)
        };
        let slow = HandFault {
            kind: FaultKind::Slow,
            part: "server".to_owned(),
            from_ms: 0,
            to_ms: 600_000,
            amount: 5.0,
        };
        assert_eq!(first(vec![slow]), first(Vec::new()));
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

    /// A price changes once a minute, and its copy is wrong for half a second on average: 0.8 % of the
    /// answers where somebody always reads, and the objective allows 2 %. The p99 is known long before.
    #[test]
    fn a_point_is_settled_once_its_errors_are_known_too() {
        let scenario = catalogue::find("cache-staleness").unwrap();
        for seed in 1..=2 {
            let settings = Settings { seed: Some(seed), ..Settings::default() };
            let found = curve(&scenario, &settings, "users", |_| {}).unwrap();
            assert_eq!(found.knee, None, "seed {seed}");
            for CurvePoint { x, error_share, .. } in found.points.iter().filter(|p| p.x > 100.0) {
                assert!((0.002..0.018).contains(error_share), "{x}: {error_share}");
            }
        }
    }

    /// A spike comes once: each pass runs it on as many further seeds as there were, and the point is
    /// the mean of all of them.
    #[test]
    fn a_stretch_of_time_is_run_on_further_seeds() {
        let scenario = catalogue::find("retry-storm").unwrap();
        let settings = Settings::default();
        // It has point 12 in the first pass, and one below it in the next.
        let share = Share { index: 5, of: POINTS / 2 };
        let mut job = CurveJob::new(&scenario, &settings, "users", share).unwrap();
        let seed = |seed| {
            let settings =
                Settings { seed: Some(scenario.seed(&settings) + seed), ..settings.clone() };
            let mut job = CurveJob::new(&scenario, &settings, "users", share).unwrap();
            while !job.step(1_000) {}
            job.curve().points.last().unwrap().latency_ms.p99.unwrap()
        };
        let p99s: Vec<f64> = (0..4).map(seed).collect();
        for runs in [1, 2, 4] {
            while !job.step(1_000) {}
            let found = job.curve().points.last().unwrap().latency_ms.p99.unwrap();
            let mean = p99s[..runs].iter().sum::<f64>() / runs as f64;
            assert!((found / mean - 1.0).abs() < 1e-12, "{runs}: {found}, {mean}");
        }
        while !job.finished() {
            job.step(u64::MAX);
        }
        assert!(job.points[0].ended.count() <= replications::RUNS_MAX);
    }
}
