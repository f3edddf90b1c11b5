use proptest::prelude::*;

use super::*;
use crate::analysis::timeline::Window;
use crate::scenario::by_hand::{FaultKind, HandFault};
use crate::scenario::catalogue;
use crate::session::Action;
use crate::session::jobs::{self, Worker};

fn session() -> Session {
    Session::default().reduce(Action::Open(catalogue::find("queue-knee").unwrap()))
}

/// A page and its worker: every question is answered at once.
struct Rig {
    session: Session,
    playback: Playback,
    worker: Worker,
    asked: u32,
}

impl Rig {
    fn new() -> Self {
        let playback = Playback::new(Rc::new(session()), true);
        let mut rig = Self { session: session(), playback, worker: Worker::default(), asked: 0 };
        rig.settle();
        rig
    }

    fn settle(&mut self) {
        if self.playback.question_id == self.asked {
            return;
        }
        self.asked = self.playback.question_id;
        let bytes = jobs::pack(&self.playback.question()).unwrap();
        self.worker.ask(jobs::unpack(&bytes).unwrap());
        while self.worker.is_busy() {
            assert!(!self.worker.wants_quiet(), "a run over time never waits for quiet");
            if let Some(answer) = self.worker.step(20_000) {
                self.playback = self.playback.clone().reduce(Move::Answered(Box::new(answer)));
            }
        }
    }

    fn play(&mut self, step: Move) {
        self.playback = self.playback.clone().reduce(step);
        self.settle();
    }

    fn act(&mut self, action: Action) {
        self.session = self.session.clone().reduce(action);
        self.play(Move::Follow(Rc::new(self.session.clone())));
    }

    fn to(&mut self, ms: f64) {
        self.play(Move::Play);
        while self.playback.target_ms < ms {
            self.play(Move::Tick(33.0));
        }
        self.play(Move::Pause);
    }
}

fn slow(from_ms: u64, to_ms: u64) -> HandFault {
    HandFault { kind: FaultKind::Slow, part: "server".to_owned(), from_ms, to_ms, amount: 5.0 }
}

#[test]
fn time_goes_on_only_while_it_plays_and_stops_at_the_end() {
    let mut rig = Rig::new();
    let span = rig.playback.span_ms();
    assert!(span >= 60_000.0);
    rig.play(Move::Tick(33.0));
    let first = rig.playback.target_ms;
    assert!((first - 33.0 * rig.playback.speed()).abs() < 1e-6, "{first}");
    rig.play(Move::Pause);
    rig.play(Move::Tick(33.0));
    assert_eq!(rig.playback.target_ms.to_bits(), first.to_bits());
    rig.play(Move::Play);
    let mut ticks = 0;
    while rig.playback.is_playing {
        rig.play(Move::Tick(250.0));
        ticks += 1;
        assert!(ticks < 1_000);
    }
    assert!(rig.playback.is_at_end());
    assert_eq!(rig.playback.target_ms.to_bits(), span.to_bits());
    rig.play(Move::Play);
    assert!(rig.playback.is_playing && rig.playback.span_ms() > span, "it goes on");
}

#[test]
fn time_waits_for_the_worker() {
    let playback = Playback::new(Rc::new(session()), true);
    let ticked = playback.clone().reduce(Move::Tick(33.0));
    assert_eq!(ticked, playback, "nothing was answered yet");
}

#[test]
fn a_step_is_one_window() {
    let mut rig = Rig::new();
    for windows in 1..=5 {
        rig.play(Move::Step);
        assert_eq!(rig.playback.strip.windows.len(), windows);
        assert!(!rig.playback.is_playing);
    }
}

#[test]
fn speeds_are_bounded_and_fit_a_span_into_half_a_minute() {
    let mut rig = Rig::new();
    let speed = rig.playback.speed();
    assert!(SPEEDS.contains(&speed));
    assert!(rig.playback.span_ms() / speed <= 30_000.0 || (speed - 100.0).abs() < 1e-9);
    for (wanted, found) in [(0.0, 0.1), (1e9, 100.0), (f64::NAN, speed), (5.0, 5.0)] {
        rig.play(Move::Speed(wanted));
        assert!((rig.playback.speed() - found).abs() < 1e-9, "{wanted}");
    }
}

#[test]
fn a_knob_turned_on_the_way_takes_effect_there_and_is_marked_once() {
    let mut rig = Rig::new();
    rig.to(100_000.0);
    let at_ms = rig.playback.target_ms;
    let before = rig.playback.strip.windows.clone();
    for users in [150.0, 250.0, 300.0] {
        rig.act(Action::Turn("users".to_owned(), users));
    }
    assert_eq!(rig.playback.script.changes.len(), 1, "nothing happened in between");
    assert_eq!(rig.playback.marks(), [Mark { at_ms, words: "Users 300".to_owned() }]);
    rig.to(200_000.0);
    let strip = &rig.playback.strip;
    assert_eq!(strip.windows[..before.len()], before[..], "the past stays");
    let sent = |windows: &[Window]| {
        windows.iter().map(|w| w.sent).sum::<u64>() as f64 / windows.len() as f64
    };
    let ratio = sent(&strip.windows[before.len() + 1..]) / sent(&before);
    assert!((2.0..4.5).contains(&ratio), "three times the users: {ratio}");
    rig.act(Action::Toggle("second-worker".to_owned()));
    let words: Vec<String> = rig.playback.marks().into_iter().map(|mark| mark.words).collect();
    assert_eq!(words, ["Users 300", "One more worker on"]);
    rig.play(Move::Restart);
    assert!(rig.playback.script.changes.is_empty() && rig.playback.marks().is_empty());
    assert_eq!(rig.playback.script.settings, rig.session.settings);
}

#[test]
fn a_fault_moved_into_the_past_is_what_would_have_been() {
    let mut rig = Rig::new();
    rig.to(200_000.0);
    let plain = Rc::clone(&rig.playback.strip);
    rig.act(Action::DropFault(slow(50_000, 100_000)));
    let after = Rc::clone(&rig.playback.strip);
    assert_eq!(after.now_ms.to_bits(), plain.now_ms.to_bits(), "it stands where it stood");
    let edge = (50_000.0 / plain.length_ms) as usize;
    assert_eq!(after.windows[..edge], plain.windows[..edge]);
    assert_ne!(after.windows[edge..], plain.windows[edge..]);
    let fresh = {
        let script = Script { settings: rig.session.settings.clone(), changes: Vec::new() };
        let mut timeline =
            crate::analysis::timeline::Timeline::new(&rig.session.scenario, script).unwrap();
        while !timeline.advance(rig.playback.target_ms, u64::MAX) {}
        timeline.strip()
    };
    assert_eq!(*after, fresh);
    assert_eq!(rig.playback.bands(), [Band { from_ms: 50_000.0, to_ms: 100_000.0 }]);
    let ends = Mark { at_ms: 100_000.0, words: "trigger ends".to_owned() };
    assert_eq!(rig.playback.marks(), [ends]);
    rig.act(Action::LiftFault(0));
    assert_eq!(*rig.playback.strip, *plain);
}

#[test]
fn another_seed_or_scenario_starts_again() {
    let mut rig = Rig::new();
    rig.to(50_000.0);
    rig.act(Action::Seed(7));
    assert!(rig.playback.target_ms <= 0.0 && rig.playback.strip.windows.is_empty());
    rig.to(50_000.0);
    rig.act(Action::Open(catalogue::find("n-plus-one").unwrap()));
    assert!(rig.playback.target_ms <= 0.0);
    assert!(rig.playback.strip.span_ms > 0.0, "the worker has answered for the new one");
}

#[test]
fn a_worker_that_was_lost_is_asked_again() {
    let mut rig = Rig::new();
    rig.to(50_000.0);
    let before = Rc::clone(&rig.playback.strip);
    rig.worker = Worker::default();
    rig.play(Move::Lost);
    assert_eq!(rig.playback.strip, before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_the_speed_and_the_frames_the_run_is_the_same(
        ticks in prop::collection::vec(1.0..250.0_f64, 1..40),
        speed in prop::sample::select(SPEEDS.to_vec()),
    ) {
        let mut rig = Rig::new();
        rig.play(Move::Speed(speed));
        ticks.into_iter().for_each(|ms| rig.play(Move::Tick(ms)));
        let script = Script { settings: rig.session.settings.clone(), changes: Vec::new() };
        let mut timeline =
            crate::analysis::timeline::Timeline::new(&rig.session.scenario, script).unwrap();
        while !timeline.advance(rig.playback.target_ms, u64::MAX) {}
        prop_assert_eq!(&*rig.playback.strip, &timeline.strip());
    }
}

#[test]
fn times_read_as_on_a_clock() {
    let found = [0.0, 12_500.0, 119_000.0, 185_000.0, 3_600_000.0].map(time);
    assert_eq!(found, ["0 s", "12.5 s", "119 s", "3:05", "1:00:00"]);
}
