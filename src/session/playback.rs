//! How a run is played: where it stands, how fast it goes, what was changed on the way. Time comes
//! as data; nothing here knows a clock.
//!
//! The page and its worker talk in turns. While the worker is asked, time stands still: it can run
//! at most as fast as the simulation does.

use std::rc::Rc;

use crate::analysis::timeline::{Change, Script, Strip};
use crate::chart::time::{Band, Mark};
use crate::engine::interval::ascending;
use crate::model::system::Part;
use crate::scenario::by_hand::{FaultKind, HandFault, id_of, words};
use crate::scenario::quantity::format;
use crate::scenario::{Scenario, Settings, Unit};

use super::Session;
use super::jobs::{Answer, Outcome, Question, Want};

/// Simulated milliseconds a millisecond that can be chosen.
pub const SPEEDS: [f64; 10] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
/// A whole span should take about so long at the speed of the start, in milliseconds.
const SHOW_MS: f64 = 30_000.0;
/// At a greater distance in real time a tick is taken as that long: the page was away.
const TICK_MAX_MS: f64 = 250.0;
/// Changes kept; with more, the run starts anew.
const CHANGES_MAX: usize = 400;

/// Everything that can happen to a playback.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    /// Plays, or goes on after the end.
    Play,
    /// Stands still.
    Pause,
    /// So many milliseconds of real time have passed.
    Tick(f64),
    /// One window further, then stands still.
    Step,
    /// From the start, with the present settings.
    Restart,
    /// Simulated time runs so many times as fast as real time.
    Speed(f64),
    /// The session is in another state.
    Follow(Rc<Session>),
    /// The worker answered.
    Answered(Box<Answer>),
    /// The worker was started anew: what it was asked is lost.
    Lost,
}

/// A run being played.
#[derive(Debug, Clone, PartialEq)]
pub struct Playback {
    /// What is played.
    session: Rc<Session>,
    /// All that goes wrong in it: faults of the document first.
    pub faults: Rc<Vec<Shown>>,
    /// Parts by id, with what can be done to each.
    pub breakable: Rc<Vec<(String, &'static [FaultKind])>>,
    /// What happens in it.
    pub script: Script,
    /// Time runs.
    pub is_playing: bool,
    /// Where the run should be, in milliseconds.
    pub target_ms: f64,
    /// Simulated milliseconds a millisecond; `None` until chosen: so that a span takes half a minute.
    speed: Option<f64>,
    /// End of the time axis, in milliseconds; it grows when the run is played beyond.
    span_ms: Option<f64>,
    /// The run as far as the worker has come.
    pub strip: Rc<Strip>,
    /// What was changed, beside the settings of each change, in words.
    marks: Vec<Mark>,
    /// Rises with every question.
    pub question_id: u32,
    /// The question has not been answered in full.
    is_asked: bool,
    /// Why there is nothing to play.
    pub trouble: Option<String>,
}

impl Playback {
    /// A run of what a session shows, at its start.
    pub fn new(session: Rc<Session>, is_playing: bool) -> Self {
        let script = Script { settings: session.settings.clone(), changes: Vec::new() };
        let mut playback = Self {
            session,
            faults: Rc::default(),
            breakable: Rc::default(),
            script,
            is_playing,
            target_ms: 0.0,
            speed: None,
            span_ms: None,
            strip: Rc::default(),
            marks: Vec::new(),
            question_id: 1,
            is_asked: true,
            trouble: None,
        };
        playback.read_parts();
        playback
    }

    /// A tick would change something.
    pub fn takes_ticks(&self) -> bool {
        self.is_playing && !self.is_asked && self.strip.span_ms > 0.0
    }

    /// Finds out what goes wrong and what can.
    fn read_parts(&mut self) {
        let Session { scenario, settings, .. } = &*self.session;
        let of_document = Settings { faults: Vec::new(), ..settings.clone() };
        let parts = scenario.system(&of_document).map(|system| system.parts).unwrap_or_default();
        self.faults = Rc::new(faults_of(&parts, &settings.faults));
        let breakable =
            parts.iter().map(|part| (id_of(part).to_owned(), FaultKind::possible(part)));
        self.breakable = Rc::new(breakable.filter(|(_, kinds)| !kinds.is_empty()).collect());
    }

    /// End of the time axis, in milliseconds.
    pub fn span_ms(&self) -> f64 {
        self.span_ms.unwrap_or(self.strip.span_ms.max(1.0))
    }

    /// Simulated milliseconds a millisecond.
    pub fn speed(&self) -> f64 {
        let wanted = self.span_ms() / SHOW_MS;
        let last = SPEEDS[SPEEDS.len() - 1];
        self.speed
            .unwrap_or_else(|| SPEEDS.into_iter().find(|speed| *speed >= wanted).unwrap_or(last))
    }

    /// p99 that users must get, in milliseconds.
    pub fn objective_ms(&self) -> f64 {
        self.session.scenario.objective.p99_ms
    }

    /// The run is at the end of its time axis.
    pub fn is_at_end(&self) -> bool {
        self.strip.span_ms > 0.0 && self.target_ms >= self.span_ms()
    }

    /// What to ask the worker.
    pub fn question(&self) -> Question {
        let want = Want::Time { script: self.script.clone(), to_ms: self.target_ms };
        let link = crate::scenario::link::encode(&self.session.link());
        Question { id: self.question_id, link, want }
    }

    /// The state after a move.
    #[must_use]
    pub fn reduce(mut self, action: Move) -> Self {
        match action {
            Move::Play => {
                if self.is_at_end() {
                    self.span_ms = Some(2.0 * self.span_ms());
                }
                self.is_playing = true;
            }
            Move::Pause => self.is_playing = false,
            Move::Tick(ms) => self.tick(ms),
            Move::Step => self.step(),
            Move::Restart => self.restart(),
            Move::Speed(speed) => {
                let (slowest, fastest) = (SPEEDS[0], SPEEDS[SPEEDS.len() - 1]);
                self.speed = speed.is_finite().then(|| speed.clamp(slowest, fastest));
            }
            Move::Follow(session) => self.follow(session),
            Move::Answered(answer) => self.answered(*answer),
            Move::Lost => self.ask(),
        }
        self
    }

    fn ask(&mut self) {
        self.question_id += 1;
        self.is_asked = true;
    }

    fn tick(&mut self, ms: f64) {
        if !self.takes_ticks() {
            return;
        }
        let ms = if ms.is_finite() { ms.clamp(0.0, TICK_MAX_MS) } else { 0.0 };
        self.target_ms = (self.target_ms + ms * self.speed()).min(self.span_ms());
        self.is_playing = !self.is_at_end();
        self.ask();
    }

    fn step(&mut self) {
        self.is_playing = false;
        let length = self.strip.length_ms;
        if length <= 0.0 {
            return;
        }
        // A little more, for a time just before an edge counts as on it.
        let windows = (self.target_ms / length + 1e-6).floor() + 1.0;
        self.target_ms = windows * length;
        if self.target_ms > self.span_ms() {
            self.span_ms = Some(2.0 * self.span_ms());
        }
        self.ask();
    }

    fn restart(&mut self) {
        self.script = Script { settings: self.session.settings.clone(), changes: Vec::new() };
        self.marks.clear();
        self.target_ms = 0.0;
        self.span_ms = None;
        let Strip { span_ms, length_ms, .. } = *self.strip;
        self.strip = Rc::new(Strip { length_ms, span_ms, ..Strip::default() });
        self.ask();
    }

    fn follow(&mut self, session: Rc<Session>) {
        let before = std::mem::replace(&mut self.session, session);
        let now = Rc::clone(&self.session);
        self.read_parts();
        let is_other = before.scenario.id != now.scenario.id || before.document != now.document;
        let is_other_seed = before.settings.seed != now.settings.seed;
        if is_other {
            (self.speed, self.strip) = (None, Rc::default());
        }
        if is_other || is_other_seed || self.target_ms <= 0.0 {
            if is_other || before.settings != now.settings {
                self.restart();
            }
            return;
        }
        if before.settings.faults != now.settings.faults {
            // They are of the whole run: what would have been is found out again.
            self.script.settings.faults.clone_from(&now.settings.faults);
            self.ask();
        }
        let same = |settings: &Settings| (settings.knobs.clone(), settings.fixes.clone());
        if same(&before.settings) != same(&now.settings) {
            self.change(&before.settings, &now);
        }
    }

    fn change(&mut self, before: &Settings, now: &Session) {
        if self.script.changes.len() >= CHANGES_MAX {
            self.restart();
            return;
        }
        let settings = Settings { faults: Vec::new(), seed: None, ..now.settings.clone() };
        let at_ms = self.target_ms;
        match self.script.changes.last_mut() {
            // Nothing has happened in between.
            Some(last) if last.at_ms.to_bits() == at_ms.to_bits() => last.settings = settings,
            _ => self.script.changes.push(Change { at_ms, settings }),
        }
        self.mark(at_ms, before, now);
        self.ask();
    }

    /// Marks a change; one that goes on is one mark.
    fn mark(&mut self, at_ms: f64, before: &Settings, now: &Session) {
        let words = difference(&now.scenario, before, &now.settings);
        let subject = |words: &str| words.rsplit_once(' ').map(|(name, _)| name.to_owned());
        let near_ms = 4.0 * self.strip.length_ms;
        match self.marks.last_mut() {
            Some(last)
                if at_ms - last.at_ms <= near_ms && subject(&last.words) == subject(&words) =>
            {
                *last = Mark { at_ms, words };
            }
            _ => self.marks.push(Mark { at_ms, words }),
        }
    }

    fn answered(&mut self, answer: Answer) {
        if answer.id != self.question_id {
            return;
        }
        match answer.result {
            Outcome::Time(strip, is_there) => {
                self.trouble.clone_from(&strip.trouble);
                self.is_asked = !is_there;
                // Not one window of a run that is being followed again.
                if is_there || strip.now_ms >= self.strip.now_ms {
                    self.strip = Rc::new(strip);
                }
            }
            Outcome::Error(text) => {
                (self.trouble, self.is_playing, self.is_asked) = (Some(text), false, false);
            }
            _ => {}
        }
    }

    /// Faults as bands, those of the document and those dropped by hand.
    pub fn bands(&self) -> Vec<Band> {
        self.faults.iter().map(|fault| fault.band.clone()).collect()
    }

    /// What happened so far, and the end of each trigger.
    pub fn marks(&self) -> Vec<Mark> {
        let mut marks = self.marks.clone();
        let restarts = self.strip.restarts_ms.iter();
        marks
            .extend(restarts.map(|at_ms| Mark { at_ms: *at_ms, words: "started anew".to_owned() }));
        for fault in &*self.faults {
            if fault.band.to_ms <= self.strip.now_ms {
                marks.push(Mark { at_ms: fault.band.to_ms, words: "trigger ends".to_owned() });
            }
        }
        let order = ascending(&marks.iter().map(|mark| mark.at_ms).collect::<Vec<_>>());
        order.into_iter().map(|index| marks[index].clone()).collect()
    }
}

/// A fault as the time line shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// When it is there.
    pub band: Band,
    /// What it does.
    pub words: String,
    /// Its number among those dropped by hand; `None` for one of the document.
    pub by_hand: Option<usize>,
}

/// All faults of a state: those of the document first.
fn faults_of(parts: &[Part], by_hand: &[HandFault]) -> Vec<Shown> {
    let mut shown = Vec::new();
    for part in parts {
        let Part::Fault(fault) = part else { continue };
        let (from_ms, to_ms) = (fault.from.as_secs() * 1e3, fault.until.as_secs() * 1e3);
        let words = words(&fault.part, fault.effect);
        shown.push(Shown { band: Band { from_ms, to_ms }, words, by_hand: None });
    }
    for (index, fault) in by_hand.iter().enumerate() {
        let band = Band { from_ms: fault.from_ms as f64, to_ms: fault.to_ms as f64 };
        shown.push(Shown { band, words: fault.words(), by_hand: Some(index) });
    }
    shown
}

/// What differs in the second state, such as `Users 400` or `Join on`.
fn difference(scenario: &Scenario, before: &Settings, after: &Settings) -> String {
    let mut words = Vec::new();
    for fix in &scenario.fixes {
        match (before.fixes.contains(&fix.id), after.fixes.contains(&fix.id)) {
            (false, true) => words.push(format!("{} on", fix.label)),
            (true, false) => words.push(format!("{} off", fix.label)),
            _ => {}
        }
    }
    for knob in &scenario.knobs {
        let value = |settings| scenario.value(settings, &knob.id).unwrap_or(0.0);
        if value(before).to_bits() != value(after).to_bits() {
            let value = format(value(after), knob.unit).replace(' ', "\u{a0}");
            words.push(format!("{} {value}", knob.label));
        }
    }
    words.truncate(2);
    words.join(", ")
}

/// A time on the time line: `12.5 s`, from two minutes on `3:05` or `1:00:00`.
pub fn time(ms: f64) -> String {
    let secs = ms.max(0.0) / 1e3;
    if ms <= 0.0 {
        return "0 s".to_owned();
    }
    if secs < 119.95 {
        return format(ms, Unit::Ms);
    }
    let secs = secs.round() as u64;
    let (hours, minutes, secs) = (secs / 3_600, secs / 60 % 60, secs % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{secs:02}")
    } else {
        format!("{minutes}:{secs:02}")
    }
}

#[cfg(test)]
mod tests;
