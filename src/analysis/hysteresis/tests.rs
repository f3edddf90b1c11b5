use super::*;
use crate::scenario::catalogue;

fn walk(id: &str, fixes: &[&str], seed: u64) -> Hysteresis {
    let scenario = catalogue::find(id).unwrap();
    let fixes = fixes.iter().map(|fix| (*fix).to_owned()).collect();
    let settings = Settings { fixes, seed: Some(seed), ..Settings::default() };
    hysteresis(&scenario, &settings, "users", |_| {}).unwrap()
}

fn sentence(found: &Hysteresis, id: &str) -> String {
    found.sentence(catalogue::find(id).unwrap().knob("users").unwrap())
}

#[test]
fn a_retry_storm_breaks_at_its_capacity_and_recovers_below_a_quarter_of_it() {
    for seed in 1..=3 {
        let found = walk("retry-storm", &[], seed);
        assert_eq!(found.finding, Finding::TwoStates);
        // The server does 100 attempts a second, a user asks for a tenth: 1000 users while all is
        // well. When all of them are too late each request is 4 attempts, which 250 users fill.
        // Where it turns is known to a fine step: 24 values over a factor of 200 are 1.26 apart,
        // a quarter of that is 1.059; draining at 99 % of capacity takes longer than a level.
        let (high, low) = (found.breaks_at.unwrap(), found.recovers_below.unwrap());
        assert!((1_000.0 / 1.062..=1_000.0 * 1.062).contains(&high), "{high}");
        assert!((250.0 / 1.13..=250.0 * 1.062).contains(&low), "{low}");
        let between = |points: &[CurvePoint]| {
            let inside = points.iter().filter(|point| (300.0..900.0).contains(&point.x));
            inside.map(|point| point.error_share).collect::<Vec<_>>()
        };
        assert!(between(&found.up).iter().all(|share| *share < 0.01));
        assert!(between(&found.down).iter().all(|share| *share > 0.99));
        assert!(between(&found.up).len() >= 4 && between(&found.down).len() >= 4);
    }
    let found = walk("retry-storm", &[], 1);
    let said = sentence(&found, "retry-storm");
    assert!(said.starts_with("Breaks at 1.06k users, recovers below 237:"), "{said}");
}

#[test]
fn what_keeps_retries_from_feeding_on_themselves_leaves_no_second_state() {
    for fix in ["bounded-queue", "budget"] {
        let found = walk("retry-storm", &[fix], 1);
        assert_eq!(found.finding, Finding::OneState, "{fix}");
    }
    // Waiting longer between retries does not make them fewer.
    assert_eq!(walk("retry-storm", &["backoff"], 1).finding, Finding::TwoStates);
}

#[test]
fn a_queue_recovers_where_it_broke_however_much_has_piled_up() {
    for seed in 1..=5 {
        let found = walk("queue-knee", &[], seed);
        assert_eq!(found.finding, Finding::OneState, "seed {seed}");
        let said = sentence(&found, "queue-knee");
        assert!(said.starts_with("No second state found: breaks at 1"), "{said}");
        // It has seen overload, and is well again at the end.
        assert!(found.up.iter().any(|point| point.latency_ms.p99 > Some(20_000.0)));
        assert!(found.down.last().unwrap().latency_ms.p99 < Some(1_000.0));
    }
}

#[test]
fn a_walk_is_the_same_in_any_slices_and_another_with_another_seed() {
    let scenario = catalogue::find("retry-storm").unwrap();
    let settings = Settings { seed: Some(1), ..Settings::default() };
    let mut job = HysteresisJob::new(&scenario, &settings, "users").unwrap();
    while !job.found().is_finished() {
        job.step(7_777);
    }
    let whole = walk("retry-storm", &[], 1);
    assert_eq!(*job.found(), whole);
    assert_eq!(whole.digest.as_ref().map(String::len), Some(16));
    assert_ne!(walk("retry-storm", &[], 2).digest, whole.digest);
}

#[test]
fn every_scenario_of_the_catalogue_gives_a_finding() {
    for scenario in catalogue::all() {
        let knob = &scenario.knobs[0];
        let found = hysteresis(scenario, &Settings::default(), &knob.id, |_| {}).unwrap();
        let said = found.sentence(knob);
        assert!(found.is_finished() && said.ends_with('.'), "{}: {said}", scenario.id);
        assert_eq!(found.up.is_empty(), found.finding == Finding::CannotWalk, "{}", scenario.id);
        let climbs = |points: &[CurvePoint]| points.windows(2).all(|pair| pair[0].x < pair[1].x);
        assert!(climbs(&found.up), "{}", scenario.id);
        let mut down = found.down.clone();
        down.reverse();
        assert!(climbs(&down), "{}", scenario.id);
    }
}

#[test]
fn a_knob_that_a_running_system_cannot_turn_is_named() {
    let scenario = catalogue::find("cache-staleness").unwrap();
    assert!(hysteresis(&scenario, &Settings::default(), "nothing", |_| {}).is_err());
    let knob = scenario.knob("ttl").unwrap();
    let found = hysteresis(&scenario, &Settings::default(), "ttl", |_| {}).unwrap();
    assert_eq!(found.finding, Finding::CannotWalk);
    let said = found.sentence(knob);
    assert!(said.contains("cannot be turned in a running system"), "{said}");
}
