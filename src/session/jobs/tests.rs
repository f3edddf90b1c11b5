use super::*;

fn ask(worker: &mut Worker, id: u32, more: &str, want: Want) {
    worker.ask(Question { id, link: format!("v=1&s=queue-knee&seed=1&m=1{more}"), want });
}

fn answers(worker: &mut Worker) -> Vec<Outcome> {
    let mut answers = Vec::new();
    while worker.is_busy() {
        answers.extend(worker.step(50_000).map(|answer| answer.result));
    }
    answers
}

#[test]
fn what_can_wait_waits_longer_where_a_hand_asks_less_often() {
    let of =
        |pauses: &[f64]| pauses.iter().map(|pause| quiet_ms(*pause) as u32).collect::<Vec<_>>();
    assert_eq!(of(&[16.0, 40.0, 100.0, 150.0, 199.0]), [80, 80, 200, 300, 398]);
    assert_eq!(of(&[399.0]), [400], "at most");
    assert_eq!(of(&[400.0, f64::INFINITY]), [80, 80], "one move, or the first of many");
}

#[test]
fn a_point_is_reported_then_explained_then_traced() {
    let mut worker = Worker::default();
    ask(&mut worker, 7, "", Want::Point { ghost: None });
    let answers = answers(&mut worker);
    assert!(matches!(answers[0], Outcome::Report(_)));
    assert!(matches!(answers[1], Outcome::Explanation(_)));
    let Outcome::Traces(traces) = &answers[2] else { panic!("{:?}", answers[2]) };
    assert_eq!(traces.iter().map(|trace| trace.of.as_str()).collect::<Vec<_>>(), ["p50", "p99"]);
    assert_eq!(answers.len(), 3);
}

#[test]
fn messages_cross_as_they_are_and_broken_ones_are_refused() {
    let mut worker = Worker::default();
    let ghost = Some(GhostWanted { knob: "users".to_owned(), missing: true });
    ask(&mut worker, 7, "&workers=2&~b=1", Want::Point { ghost });
    let question = worker.asked.clone().unwrap();
    assert_eq!(unpack(&pack(&question).unwrap()), Ok(question));
    for result in answers(&mut worker) {
        let answer = Answer { id: 7, result };
        let bytes = pack(&answer).unwrap();
        assert_eq!(unpack(&bytes), Ok(answer));
        assert!(unpack::<Answer>(&bytes[..bytes.len() / 2]).is_err());
    }
}

#[test]
fn the_state_before_is_drawn_first_if_missing_then_compared_then_refined() {
    let mut worker = Worker::default();
    let ghost = Some(GhostWanted { knob: "users".to_owned(), missing: true });
    ask(&mut worker, 7, "&workers=2&~b=1", Want::Point { ghost });
    let answers = answers(&mut worker);
    let Outcome::Ghost(first) = &answers[0] else { panic!("{:?}", answers[0]) };
    assert_eq!(first.points.len(), 24);
    let compared = answers.iter().position(|a| matches!(a, Outcome::Comparison(_))).unwrap();
    assert_eq!(compared, 3);
    let Some(Outcome::Ghost(last)) = answers.last() else { panic!("no refinement") };
    assert!(last.finished && last.pass > 1);
    let knee = last.knee.as_ref().unwrap().x;
    assert!((knee / 153.9 - 1.0).abs() < 0.1, "one worker, not two: {knee}");
}

#[test]
fn a_newer_question_replaces_the_older() {
    let mut worker = Worker::default();
    let want = Want::Curve { knob: "users".to_owned(), share: Share::ALL };
    ask(&mut worker, 1, "", want.clone());
    assert_eq!(worker.step(10), None);
    ask(&mut worker, 2, "", want);
    let answer = std::iter::from_fn(|| Some(worker.step(100_000))).flatten().next().unwrap();
    assert_eq!(answer.id, 2);
}

#[test]
fn only_the_first_pass_of_a_curve_is_done_while_a_knob_turns() {
    let mut worker = Worker::default();
    let want = Want::Curve { knob: "users".to_owned(), share: Share::ALL };
    ask(&mut worker, 1, "", want);
    assert!(!worker.wants_quiet() && !worker.can_wait());
    while worker.step(10_000).is_none() {
        assert!(!worker.wants_quiet() && !worker.can_wait());
    }
    assert!(worker.is_busy() && worker.wants_quiet() && worker.can_wait());
    ask(&mut worker, 2, "", Want::Point { ghost: None });
    assert!(worker.wants_quiet() && worker.can_wait());
    // Nor is given back what was under way.
    ask(&mut worker, 3, "", Want::Rest);
    assert!(worker.wants_quiet() && worker.can_wait());
    let links = vec!["v=1&s=queue-knee".to_owned()];
    ask(&mut worker, 4, "", Want::Sketches { knob: String::new(), links, passes: 1 });
    assert!(!worker.wants_quiet() && worker.can_wait());
}

#[test]
fn a_wrong_question_is_answered_with_its_mistake() {
    let mut worker = Worker::default();
    let want = Want::Curve { knob: "nothing".to_owned(), share: Share::ALL };
    ask(&mut worker, 3, "", want);
    let answers = answers(&mut worker);
    assert!(matches!(&answers[..], [Outcome::Error(text)] if text.contains("nothing")));
    assert!(!worker.is_busy());
}
