//! What the page asks its workers, what they answer, and how a worker shares its time.
//!
//! A worker holds one question at a time; a newer one replaces it between two slices of work.

mod bytes;
mod claims;

mod messages;

use std::collections::VecDeque;
use std::sync::Arc;

pub use self::bytes::{pack, unpack};
pub use self::messages::{Answer, GhostWanted, Outcome, Question, Trial, Want};
use crate::analysis::compare::CompareJob;
use crate::analysis::curve::{CurveJob, Share, merge};
use crate::analysis::explain::ExplainJob;
use crate::analysis::hysteresis::HysteresisJob;
use crate::analysis::run::Run;
use crate::analysis::timeline::Timeline;
use crate::analysis::trace::TraceJob;
use crate::scenario::link::{self, Link};
use crate::scenario::{Claim, Mistakes, Scenario, Settings};

#[derive(Debug)]
enum Job {
    Curve(Share, Box<CurveJob>),
    Run(Arc<Scenario>, Settings, Box<Run>),
    Explain(Box<ExplainJob>),
    Trace(Box<TraceJob>),
    Compare(Box<CompareJob>),
    Ghost(Arc<Scenario>, String, Box<CurveJob>),
    /// Goes on with the run over time to here.
    Time(f64),
    /// A curve that is not begun before its turn: its place, link, knob and passes.
    Planned(usize, String, String, u32),
    Sketch(usize, Arc<Scenario>, Box<CurveJob>, u32),
    Walk(Box<HysteresisJob>),
    /// The claims, the next of them, its seed, and the last seed.
    Claims(Arc<Scenario>, Vec<Claim>, usize, u32, u32),
}

/// Events after which a run over time that has not come far enough is shown as it is.
const SHOWN_EVENTS: u64 = 1_500_000;

/// Events after which a curve that gets better is shown again.
const REFINED_EVENTS: u64 = 1_000_000;

/// Passes before anything is said of the knee of a sketch: one that is short may lie ten per cent off.
pub(super) const TELLING_PASSES: u32 = 3;

/// How long nobody must have asked, in milliseconds, before work begins that can wait.
const QUIET_MS: f64 = 80.0;

/// The same on a slow processor, where a page asks less often as a hand moves, at most.
const QUIET_MAX_MS: f64 = 400.0;

/// How long it must stay quiet, in milliseconds, before work begins that can wait, after a question
/// that came `pause_ms` after the one before.
///
/// Twice the pause, in which a hand that still moves would have asked again. After a long pause it
/// begins to move, or moved once.
pub fn quiet_ms(pause_ms: f64) -> f64 {
    if pause_ms < QUIET_MAX_MS { (2.0 * pause_ms).clamp(QUIET_MS, QUIET_MAX_MS) } else { QUIET_MS }
}

/// A worker without its thread.
#[derive(Debug, Default)]
pub struct Worker {
    id: u32,
    /// The present question, if it has not been begun.
    asked: Option<Question>,
    /// What it asks for, in the order in which it is done.
    jobs: VecDeque<Job>,
    /// The run over time, kept from question to question.
    timeline: Option<Box<Timeline>>,
    /// Events of it, of a walk or of a curve since that was last shown.
    unseen: u64,
}

impl Worker {
    /// Drops the present question for a new one; what it held is given back as the new one begins.
    pub fn ask(&mut self, question: Question) {
        self.id = question.id;
        self.asked = Some(question);
    }

    /// There is something left to do.
    pub fn is_busy(&self) -> bool {
        self.asked.is_some() || !self.jobs.is_empty()
    }

    /// What comes next is neither a first whole curve nor time that plays.
    pub fn can_wait(&self) -> bool {
        match (&self.asked, self.jobs.front()) {
            (Some(question), _) => !matches!(question.want, Want::Curve { .. } | Want::Time { .. }),
            (None, Some(Job::Curve(_, job))) => job.pass() > 0,
            (None, front) => !matches!(front, Some(Job::Time(_))),
        }
    }

    /// What comes next should wait until nobody is turning a knob: the first whole curve is wanted
    /// at once, and everything else would slow down the next one.
    pub fn wants_quiet(&self) -> bool {
        match (&self.asked, self.jobs.front()) {
            (Some(question), _) => match &question.want {
                // To give back a dozen curves takes milliseconds, too.
                Want::Point { .. } | Want::Rest => true,
                Want::Curve { .. }
                | Want::Time { .. }
                | Want::Sketches { .. }
                | Want::Claims { .. }
                | Want::Walk { .. } => false,
            },
            // Asked only once the page is at rest.
            (None, Some(Job::Planned(..) | Job::Sketch(..) | Job::Claims(..))) => false,
            (None, front) => front.is_some() && self.can_wait(),
        }
    }

    /// Works for about `events` events.
    pub fn step(&mut self, events: u64) -> Option<Answer> {
        if let Some(question) = self.asked.take() {
            self.jobs.clear();
            match self.start(question) {
                Ok(jobs) => self.jobs = jobs,
                Err(mistakes) => {
                    let result = Outcome::Error(mistakes.to_string());
                    return Some(Answer { id: self.id, result });
                }
            }
        }
        let result = match self.jobs.front_mut()? {
            Job::Planned(..) => self.begin(),
            Job::Sketch(..) => self.sketch(events),
            Job::Claims(..) => self.try_claim(),
            Job::Walk(job) => {
                let is_level = job.step(events);
                self.unseen += events;
                let is_over = job.found().is_finished();
                let is_shown = is_over || (is_level && self.unseen >= SHOWN_EVENTS);
                let result = is_shown.then(|| Outcome::Walk(Box::new(job.found().clone())));
                if is_shown {
                    self.unseen = 0;
                }
                if is_over {
                    self.jobs.pop_front();
                }
                result
            }
            Job::Curve(share, job) => {
                let is_through = job.step(events);
                self.unseen += events;
                let is_over = is_through && job.finished();
                let is_first = job.pass() == 1;
                let is_shown = is_first || is_over || self.unseen >= REFINED_EVENTS;
                let result = (is_through && is_shown).then(|| {
                    self.unseen = 0;
                    Outcome::Curve(*share, job.curve())
                });
                if is_over {
                    self.jobs.pop_front();
                }
                result
            }
            Job::Run(scenario, settings, run) => {
                if !run.advance(events) {
                    return None;
                }
                let report = Box::new(run.report(scenario, settings));
                // What could be built once can be built again.
                if let Some(Job::Run(scenario, settings, run)) = self.jobs.pop_front()
                    && let Ok(job) = ExplainJob::new(&scenario, &settings, *run)
                {
                    self.jobs.push_front(Job::Explain(Box::new(job)));
                }
                Some(Outcome::Report(report))
            }
            Job::Explain(job) => {
                let result = job.step(events).map(Outcome::Explanation)?;
                if let Some(Job::Explain(job)) = self.jobs.pop_front()
                    && let Some(job) = job.traces()
                {
                    let job = Job::Trace(Box::new(job));
                    let is_last = |job: &Job| matches!(job, Job::Ghost(..));
                    let place = self.jobs.iter().position(is_last).unwrap_or(self.jobs.len());
                    self.jobs.insert(place, job);
                }
                Some(result)
            }
            Job::Trace(job) => {
                let result = job.step(events).map(Outcome::Traces);
                self.done(result)
            }
            Job::Compare(job) => {
                let result = job.step(events).map(Outcome::Comparison);
                self.done(result)
            }
            Job::Ghost(scenario, knob, job) => {
                let result = job.step(events).then(|| {
                    let scale = scenario.knob(knob).map(|knob| knob.scale).unwrap_or_default();
                    Outcome::Ghost(merge(&[&job.curve()], &scenario.objective, scale))
                });
                // After its first pass it is a refinement, which everything else comes before.
                if result.is_some()
                    && let Some(Job::Ghost(scenario, knob, job)) = self.jobs.pop_front()
                    && !job.finished()
                {
                    self.jobs.push_back(Job::Ghost(scenario, knob, job));
                }
                result
            }
            Job::Time(to_ms) => {
                let to_ms = *to_ms;
                self.follow_time(to_ms, events)
            }
        };
        result.map(|result| Answer { id: self.id, result })
    }

    /// Begins the curve whose turn it is.
    fn begin(&mut self) -> Option<Outcome> {
        let Some(Job::Planned(index, link, knob, passes)) = self.jobs.pop_front() else {
            return None;
        };
        match begin_sketch(index, &link, &knob, passes) {
            Ok(job) => {
                self.jobs.push_front(job);
                None
            }
            Err(mistakes) => Some(Outcome::Error(mistakes.to_string())),
        }
    }

    /// Goes on with a sketch; all are sketched before one is refined.
    fn sketch(&mut self, events: u64) -> Option<Outcome> {
        let Some(Job::Sketch(index, scenario, job, passes)) = self.jobs.front_mut() else {
            return None;
        };
        if !job.step(events) {
            return None;
        }
        let is_over = job.finished() || job.pass() >= *passes;
        let result = (is_over || job.pass() >= TELLING_PASSES).then(|| {
            let curve = job.curve();
            let scale = scenario.knob(&curve.knob).map(|knob| knob.scale).unwrap_or_default();
            Outcome::Sketch(*index, merge(&[&curve], &scenario.objective, scale))
        });
        if let Some(job) = self.jobs.pop_front()
            && !is_over
        {
            self.jobs.push_back(job);
        }
        result
    }

    /// The job at the front is over if it has a result.
    fn done(&mut self, result: Option<Outcome>) -> Option<Outcome> {
        if result.is_some() {
            self.jobs.pop_front();
        }
        result
    }
}

impl Worker {
    /// Goes on with the run over time; the run as it is now and then, and when it is far enough.
    fn follow_time(&mut self, to_ms: f64, events: u64) -> Option<Outcome> {
        let timeline = self.timeline.as_mut()?;
        let is_there = timeline.advance(to_ms, events);
        self.unseen += events;
        if is_there {
            self.jobs.pop_front();
        }
        (is_there || self.unseen >= SHOWN_EVENTS).then(|| {
            self.unseen = 0;
            Outcome::Time(timeline.strip(), is_there)
        })
    }

    fn start(&mut self, question: Question) -> Result<VecDeque<Job>, Mistakes> {
        let Want::Time { script, to_ms } = question.want else { return start(question) };
        let scenario = link::decode(&question.link).link.scenario;
        let goes_on = |timeline: &mut Box<Timeline>| {
            !timeline.is_past(to_ms) && timeline.follow(&scenario, &script)
        };
        if !self.timeline.as_mut().is_some_and(goes_on) {
            self.timeline = None;
            self.timeline = Some(Box::new(Timeline::new(&scenario, script)?));
        }
        Ok([Job::Time(to_ms)].into())
    }
}

fn begin_sketch(index: usize, link: &str, knob: &str, passes: u32) -> Result<Job, Mistakes> {
    let Link { scenario, settings, .. } = link::decode(link).link;
    let knob = if knob.is_empty() { &scenario.knobs[0].id } else { knob };
    let job = CurveJob::new(&scenario, &settings, knob, Share::ALL)?;
    Ok(Job::Sketch(index, scenario, Box::new(job), passes))
}

fn start(question: Question) -> Result<VecDeque<Job>, Mistakes> {
    let Link { scenario, settings, before, .. } = link::decode(&question.link).link;
    let mut jobs = VecDeque::new();
    match question.want {
        Want::Time { .. } | Want::Rest => {}
        Want::Curve { knob, share } => {
            let job = CurveJob::new(&scenario, &settings, &knob, share)?;
            jobs.push_back(Job::Curve(share, Box::new(job)));
        }
        Want::Sketches { knob, links, passes } => {
            let plan = |(index, link)| Job::Planned(index, link, knob.clone(), passes);
            jobs.extend(links.into_iter().enumerate().map(plan));
        }
        Want::Walk { knob } => {
            let job = HysteresisJob::new(&scenario, &settings, &knob)?;
            jobs.push_back(Job::Walk(Box::new(job)));
        }
        Want::Claims { claims, seeds } => {
            let claims = scenario.claims_from(&claims)?;
            jobs.push_back(Job::Claims(scenario, claims, 0, 1, seeds));
        }
        Want::Point { ghost } => {
            let run = Run::of(&scenario, &settings)?;
            jobs.push_back(Job::Run(Arc::clone(&scenario), settings.clone(), Box::new(run)));
            if let Some(before) = before {
                let compare = CompareJob::new(&scenario, &before, &settings)?;
                jobs.push_back(Job::Compare(Box::new(compare)));
                if let Some(GhostWanted { knob, missing }) = ghost {
                    let job = Box::new(CurveJob::new(&scenario, &before, &knob, Share::ALL)?);
                    let job = Job::Ghost(scenario, knob, job);
                    if missing { jobs.push_front(job) } else { jobs.push_back(job) }
                }
            }
        }
    }
    Ok(jobs)
}

#[cfg(test)]
mod tests;
