//! What the page asks its workers, what they answer, and how a worker shares its time.
//!
//! A worker holds one question at a time; a newer one replaces it between two slices of work.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::analysis::curve::{CurveJob, Share};
use crate::analysis::explain::explain;
use crate::analysis::report::{Curve, Explanation, RunReport};
use crate::analysis::run::Run;
use crate::scenario::link::{self, Link};
use crate::scenario::{Mistakes, Scenario, Settings};

/// A question to a worker. The link carries scenario, settings and seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Comes back in every answer, so that late ones can be told.
    pub id: u32,
    /// The state asked about.
    pub link: String,
    /// What to compute.
    pub want: Want,
}

/// What a worker computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Want {
    /// A share of the curve over a knob.
    Curve {
        /// Id of the knob.
        knob: String,
        /// Which points.
        share: Share,
    },
    /// The run at the operating point, then its explanation.
    Point,
}

/// An answer of a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Id of the question.
    pub id: u32,
    /// The result.
    pub result: Outcome,
}

/// A result, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// A share of the curve after another pass.
    Curve(Share, Curve),
    /// The run at the operating point.
    Report(RunReport),
    /// Why it came out so.
    Explanation(Explanation),
    /// What is wrong with the question.
    Error(String),
}

enum Job {
    Curve(Share, Box<CurveJob>),
    Point(Arc<Scenario>, Settings, Box<Run>),
    /// The run is reported; explaining waits until the worker has been idle for a moment.
    Explain(Arc<Scenario>, Settings),
}

/// A worker without its thread.
#[derive(Default)]
pub struct Worker {
    id: u32,
    job: Option<Job>,
}

impl Worker {
    /// Drops the present question for a new one.
    pub fn ask(&mut self, question: Question) -> Option<Answer> {
        self.id = question.id;
        match start(question) {
            Ok(job) => {
                self.job = Some(job);
                None
            }
            Err(mistakes) => {
                self.job = None;
                Some(Answer { id: self.id, result: Outcome::Error(mistakes.to_string()) })
            }
        }
    }

    /// There is something left to do.
    pub fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    /// The next slice cannot be interrupted and should wait until nobody is turning a knob.
    pub fn wants_quiet(&self) -> bool {
        matches!(self.job, Some(Job::Explain(..)))
    }

    /// Works for about `events` events.
    pub fn step(&mut self, events: u64) -> Option<Answer> {
        let result = match self.job.take()? {
            Job::Curve(share, mut job) => {
                let passed = job.step(events);
                let answer = passed.then(|| Outcome::Curve(share, job.curve()));
                if !(passed && job.finished()) {
                    self.job = Some(Job::Curve(share, job));
                }
                answer
            }
            Job::Point(scenario, settings, mut run) => {
                if run.advance(events) {
                    let report = run.report(&scenario, &settings);
                    self.job = Some(Job::Explain(scenario, settings));
                    Some(Outcome::Report(report))
                } else {
                    self.job = Some(Job::Point(scenario, settings, run));
                    None
                }
            }
            Job::Explain(scenario, settings) => Some(match explain(&scenario, &settings) {
                Ok(explanation) => Outcome::Explanation(explanation),
                Err(mistakes) => Outcome::Error(mistakes.to_string()),
            }),
        };
        result.map(|result| Answer { id: self.id, result })
    }
}

fn start(question: Question) -> Result<Job, Mistakes> {
    let Link { scenario, settings, .. } = link::decode(&question.link).link;
    Ok(match question.want {
        Want::Curve { knob, share } => {
            Job::Curve(share, Box::new(CurveJob::new(&scenario, &settings, &knob, share)?))
        }
        Want::Point => {
            let run = Box::new(Run::of(&scenario, &settings)?);
            Job::Point(scenario, settings, run)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(worker: &mut Worker, id: u32, want: Want) -> Option<Answer> {
        worker.ask(Question { id, link: "v=1&s=queue-knee&seed=1&m=1".to_owned(), want })
    }

    #[test]
    fn a_point_is_reported_then_explained() {
        let mut worker = Worker::default();
        assert_eq!(ask(&mut worker, 7, Want::Point), None);
        let mut answers = Vec::new();
        while worker.is_busy() {
            answers.extend(worker.step(50_000));
        }
        assert!(matches!(answers[0], Answer { id: 7, result: Outcome::Report(_) }));
        assert!(matches!(answers[1], Answer { id: 7, result: Outcome::Explanation(_) }));
        assert_eq!(answers.len(), 2);
    }

    #[test]
    fn a_newer_question_replaces_the_older() {
        let mut worker = Worker::default();
        let want = Want::Curve { knob: "users".to_owned(), share: Share::ALL };
        ask(&mut worker, 1, want.clone());
        assert_eq!(worker.step(10), None);
        ask(&mut worker, 2, want);
        let answer = std::iter::from_fn(|| Some(worker.step(100_000))).flatten().next().unwrap();
        assert_eq!(answer.id, 2);
    }

    #[test]
    fn a_wrong_question_is_answered_with_its_mistake() {
        let mut worker = Worker::default();
        let want = Want::Curve { knob: "nothing".to_owned(), share: Share::ALL };
        let answer = ask(&mut worker, 3, want).unwrap();
        assert!(matches!(answer.result, Outcome::Error(text) if text.contains("nothing")));
        assert!(!worker.is_busy());
    }
}
