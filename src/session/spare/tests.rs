use super::*;
use crate::analysis::report::CurvePoint;
use crate::session::Action;
use crate::session::jobs::{Answer, Outcome, Worker};

/// All answers to the questions for the main curve, and to that of the spare worker.
fn answer_all(mut session: Session) -> Session {
    let mut answered = 0;
    // A first pass under way is finished before the newest state is asked for.
    while answered != session.curve_id {
        answered = session.curve_id;
        for question in session.curve_questions() {
            session = answer(session, question);
        }
    }
    let question = session.spare_question();
    answer(session, question)
}

fn answer(mut session: Session, question: Question) -> Session {
    let mut worker = Worker::default();
    worker.ask(question);
    while worker.is_busy() {
        if let Some(answer) = worker.step(1_000_000) {
            session = session.reduce(Action::Answered(Box::new(answer)));
        }
    }
    session
}

#[test]
fn effects_come_after_the_main_curve_and_go_with_the_state() {
    let session = Session::default();
    assert_eq!(session.spare_question().want, Want::Rest);
    let session = answer_all(session);
    let (words, better) = session.effect_of("join").unwrap();
    assert!(words.starts_with("knee × ") && better == Some(true), "{words}");
    assert_eq!(session.effect_of("scale-out"), Some(("knee as before".to_owned(), None)));
    let moved = session.clone().reduce(Action::Turn("users".to_owned(), 100.0));
    assert_eq!(moved.effect_of("join"), session.effect_of("join"), "the curve is the same");
    let turned = session.reduce(Action::Turn("posts".to_owned(), 50.0));
    assert_eq!(turned.effect_of("join"), None);
}

#[test]
fn a_fix_takes_the_place_of_those_that_exclude_it() {
    let session = answer_all(Session::default().reduce(Action::Toggle("join".to_owned())));
    let Want::Sketches { links, .. } = session.spare_question().want else { panic!("no curves") };
    assert_eq!(links.len(), session.scenario.fixes.len() - 1);
    assert!(links.iter().any(|link| link.contains("fix=batch&")), "{links:?}");
    assert!(links.iter().any(|link| link.contains("fix=join.scale-out&")), "{links:?}");
    assert_eq!(session.effect_of("join"), None, "it is on");
}

#[test]
fn the_gallery_asks_for_what_is_missing_and_for_nothing_twice() {
    let session = Session::default().reduce(Action::Gallery(true));
    let question = session.spare_question();
    let Want::Sketches { links, passes, .. } = &question.want else { panic!("no curves") };
    assert_eq!((links.len(), *passes), (catalogue::all().len(), 1));
    let session = answer(session, question);
    assert!((0..catalogue::all().len()).all(|index| session.sketch(index).is_some()));
    let again = session.reduce(Action::Gallery(false)).reduce(Action::Gallery(true));
    assert_eq!(again.spare_question().want, Want::Rest);
}

#[test]
fn claims_are_tried_seed_by_seed_until_stopped() {
    let text = r#"[{"id":"a","says":"b","measure":{"kind":"visits_per_request","part":"db"},
        "in":{"knobs":{"posts":10}},"expect":{"min":10.9,"max":11.1},
        "without":{"fixes":["batch"]},"because":"c"}]"#;
    let session = Session::default().reduce(Action::Verify(text.to_owned(), 2));
    assert_eq!(session.spare.proofs.as_ref().unwrap().progress(), (0, 2));
    let question = session.spare_question();
    let session = answer(session, question);
    let proofs = session.spare.proofs.clone().unwrap();
    assert!(!proofs.is_running());
    let proof = proofs.of(0).unwrap();
    assert!(proof.holds && proof.fails_without && (proof.without - 2.0).abs() < 0.1, "{proof:?}");
    let again = session.reduce(Action::Verify(text.to_owned(), 20));
    assert_eq!(again.spare.proofs.as_ref().unwrap().progress(), (0, 20));
    let stopped = again.reduce(Action::Verify(text.to_owned(), 0));
    assert!(!matches!(stopped.spare_question().want, Want::Claims { .. }));
}

#[test]
fn late_and_foreign_answers_change_nothing() {
    let session = Session::default().reduce(Action::Gallery(true));
    let curve = Curve {
        knob: "users".to_owned(),
        points: vec![CurvePoint::default()],
        pass: 1,
        finished: true,
        knee: None,
        theory: Vec::new(),
        parts: Vec::new(),
    };
    let result = Outcome::Sketch(0, curve);
    let late = Answer { id: session.spare.id.wrapping_sub(1), result };
    assert_eq!(session.clone().reduce(Action::Answered(Box::new(late))), session);
}
