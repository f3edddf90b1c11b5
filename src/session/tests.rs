use super::jobs::{Answer, GhostWanted, Outcome, Want};
use super::readout::Readout;
use super::*;
use crate::scenario::link::decode;

fn turned(session: Session, id: &str, value: f64) -> Session {
    session.reduce(Action::Turn(id.to_owned(), value))
}

fn toggled(session: Session, id: &str) -> Session {
    session.reduce(Action::Toggle(id.to_owned()))
}

/// Workers answer everything that is asked, first passes only.
fn answered(mut session: Session) -> Session {
    for question in session.curve_questions() {
        let mut worker = jobs::Worker::default();
        worker.ask(question);
        let answer = std::iter::from_fn(|| Some(worker.step(1_000_000))).flatten().next();
        session = session.reduce(Action::Answered(Box::new(answer.unwrap())));
    }
    session
}

#[test]
fn moving_the_operating_point_keeps_the_curve() {
    let session = answered(Session::default());
    let (curve_id, point_id) = (session.curve_id, session.point_id);
    let moved = turned(session, "users", 500.0);
    assert_eq!((moved.curve_id, moved.point_id), (curve_id, point_id + 1));
    let changed = turned(moved, "posts", 100.0);
    assert_eq!(changed.curve_id, curve_id + 1);
}

#[test]
fn a_first_pass_under_way_is_finished_and_the_newest_state_follows() {
    let mut session = answered(Session::default());
    let id = session.curve_id;
    for posts in [20.0, 30.0, 40.0] {
        session = turned(session, "posts", posts);
    }
    assert_eq!(session.curve_id, id + 1, "the second and third wait");
    session = answered(session);
    assert_eq!(session.curve_id, id + 2, "the third is asked for");
    assert!(session.curve_questions()[0].link.contains("posts=40"));
    let session = answered(session);
    assert_eq!(session.curve_id, id + 2);
}

/// The operating point is measured.
fn measured(session: Session) -> Session {
    let mut worker = jobs::Worker::default();
    worker.ask(session.point_question());
    let answer = std::iter::from_fn(|| Some(worker.step(1_000_000))).flatten().next();
    session.reduce(Action::Answered(Box::new(answer.unwrap())))
}

#[test]
fn what_is_said_of_a_state_is_never_taken_for_another() {
    let mut session = toggled(answered(Session::default()), "join");
    for _ in 0..2 {
        assert_eq!(session.known, Known::Nothing);
        let mut worker = jobs::Worker::default();
        worker.ask(session.point_question());
        let mut order = Vec::new();
        while worker.is_busy() {
            if let Some(answer) = worker.step(1_000_000) {
                session = session.reduce(Action::Answered(Box::new(answer)));
                order.push(session.known);
            }
        }
        order.dedup();
        let whole = [Known::Measured, Known::Explained, Known::Compared, Known::Traced];
        assert_eq!(order, whole);
        assert!(session.comparison.is_some() && session.traces.is_some());
        // All of it stays, and is of the state before.
        session = turned(session, "users", 900.0);
        assert!(session.comparison.is_some() && session.traces.is_some());
    }
    // What is said beside another ghost has nothing to do with it.
    assert_eq!(session.reduce(Action::Pin).comparison, None);
}

#[test]
fn figures_are_of_the_state_that_the_curve_shown_is_of() {
    let readout = |session: &Session| Readout::of(session).unwrap();
    let session = measured(answered(Session::default()));
    let before = readout(&session);
    assert!(before.is_measured);
    // The curve is of the state before, and so are they.
    let changed = turned(session.clone(), "posts", 100.0);
    assert_eq!(readout(&changed), before);
    assert_eq!(changed.announcement(), "");
    // No file says that it is of the present one.
    assert!(session.csv().is_some() && session.json("link").is_some());
    assert!(changed.csv().is_none() && changed.json("link").is_none());
    assert!(answered(changed.clone()).csv().is_some());
    let after = readout(&answered(changed.clone()));
    assert!(!after.is_measured && after.p99_ms > before.p99_ms, "{after:?}");
    assert!(readout(&measured(answered(changed.clone()))).is_measured);
    // Elsewhere nothing has been measured.
    for elsewhere in [turned(session, "users", 500.0), turned(changed, "users", 500.0)] {
        assert!(!readout(&elsewhere).is_measured);
    }
}

#[test]
fn a_drag_is_one_step_of_undo() {
    let mut session = Session::default();
    for posts in [20.0, 50.0, 100.0] {
        session = turned(session, "posts", posts);
    }
    session = toggled(session.reduce(Action::Commit), "join");
    assert_eq!(session.commits, 2);
    session = session.reduce(Action::Undo);
    assert!((session.value("posts") - 100.0).abs() < 1e-9 && session.settings.fixes.is_empty());
    session = session.reduce(Action::Undo);
    assert_eq!(session.settings, Settings::default());
    assert!(!session.can_undo());
    session = session.reduce(Action::Redo).reduce(Action::Redo);
    assert!(session.settings.fixes.contains("join") && !session.can_redo());
}

#[test]
fn another_scenario_can_be_undone() {
    let session = turned(Session::default(), "posts", 20.0).reduce(Action::Commit);
    let other = catalogue::find("queue-knee").unwrap();
    let session = session.reduce(Action::Open(other));
    assert_eq!((session.scenario.id.as_str(), session.x().id.as_str()), ("queue-knee", "users"));
    let session = session.reduce(Action::Undo);
    assert_eq!(session.scenario.id, "n-plus-one");
    assert!((session.value("posts") - 20.0).abs() < 1e-9);
}

#[test]
fn fixes_that_exclude_each_other_replace_each_other() {
    let session = toggled(toggled(Session::default(), "join"), "batch");
    assert_eq!(session.settings.fixes, ["batch".to_owned()].into());
    assert_eq!(toggled(session, "nothing").settings.fixes, ["batch".to_owned()].into());
}

#[test]
fn the_ghost_is_the_state_before_the_last_fix() {
    let session = answered(turned(answered(Session::default()), "posts", 100.0));
    assert_eq!(session.ghost, None);
    let session = answered(toggled(session, "join"));
    let ghost = session.ghost.clone().unwrap();
    assert!(ghost.settings.fixes.is_empty() && ghost.curve.is_some());
    assert_eq!(session.ghost_words().unwrap(), "without Join");
    assert!(session.knee_words().unwrap().starts_with("knee × "), "{:?}", session.knee_words());
    let session = turned(session, "posts", 200.0);
    assert_eq!(session.ghost, Some(ghost), "a knob leaves it");
    assert_eq!(session.ghost_words().unwrap(), "without Join, Posts per page 100");
    assert_eq!(session.reduce(Action::Unpin).ghost, None);
}

#[test]
fn a_fix_right_after_a_knob_leaves_the_state_between_as_the_ghost() {
    let session = turned(answered(Session::default()), "posts", 100.0).reduce(Action::Commit);
    let ghost = toggled(session, "join").ghost.unwrap();
    assert_eq!(ghost.settings.knobs["posts"].to_string(), "100");
    assert_eq!(ghost.curve, None, "the curve shown is of 10 posts");
}

#[test]
fn a_ghost_from_a_link_is_computed() {
    let session = Session::new(decode("v=1&s=n-plus-one&fix=join&~b.posts=50"));
    let Want::Point { ghost } = session.point_question().want else { panic!() };
    assert_eq!(ghost, Some(GhostWanted { knob: "users".to_owned(), missing: true }));
    let mut worker = jobs::Worker::default();
    worker.ask(session.point_question());
    let answer = std::iter::from_fn(|| Some(worker.step(1_000_000))).flatten().next().unwrap();
    let session = session.reduce(Action::Answered(Box::new(answer)));
    assert_eq!(session.ghost.unwrap().curve.unwrap().points.len(), 24);
}

#[test]
fn another_axis_needs_new_curves() {
    let session = toggled(answered(Session::default()), "join");
    let id = session.curve_id;
    let session = session.reduce(Action::Axis("posts".to_owned()));
    assert_eq!((session.curve_id, session.x().id.as_str()), (id + 1, "posts"));
    assert_eq!((session.curve.clone(), session.ghost.clone().unwrap().curve), (None, None));
    let session = session.reduce(Action::Undo);
    assert_eq!(session.x().id, "users");
}

#[test]
fn late_answers_are_ignored() {
    let session = Session::default();
    let late = Answer { id: 0, result: Outcome::Error("late".to_owned()) };
    assert_eq!(session.clone().reduce(Action::Answered(Box::new(late))), session);
}
