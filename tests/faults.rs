//! Faults do what they say while they last, and leave nothing behind.

use kneepoint::engine::{Distribution, SimDuration, SimTime};
use kneepoint::model::system::{
    Arrivals, Call, Clients, Effect, Endpoint, Fault, Part, Service, Step, System,
};
use kneepoint::model::{Outcome, Progress, Simulation, Totals};

const MEAN_SECS: f64 = 0.01;

fn secs(secs: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(secs)
}

/// Ten workers of 10 ms, at 500 requests a second: half busy.
fn system(part: &str, effect: Effect) -> System {
    let call = Call::new("app", "page");
    let arrivals = Arrivals::Open { gap: Distribution::Exponential { mean: 0.002 } };
    let steps = vec![Step::Cpu(Distribution::Exponential { mean: MEAN_SECS })];
    let endpoint = Endpoint { name: "page".to_owned(), steps, ..Endpoint::default() };
    let service = Service { instances_count: 2, ..Service::new("app", 5, vec![endpoint]) };
    // Just after the end of a stretch, so that what a crash loses counts to the next.
    let (from, until) = (secs(20.0) + SimDuration(1), secs(40.0) + SimDuration(1));
    let fault = Fault {
        id: "fault".to_owned(),
        part: part.to_owned(),
        instance: None,
        peer: None,
        from,
        until,
        effect,
    };
    vec![
        Part::Clients(Clients::new("users", arrivals, call)),
        Part::Service(service),
        Part::Fault(fault),
    ]
    .into()
}

/// Totals, busy seconds and queue length at the end of each of six stretches of ten seconds: two
/// before the fault, two in it, two after.
fn stretches(part: &str, effect: Effect) -> Vec<(Totals, f64, u64)> {
    let mut simulation = Simulation::new(&system(part, effect), 7).expect("the system is valid");
    let mut ends = vec![(Totals::default(), 0.0, 0)];
    for stretch in 1..=6 {
        let progress = simulation.advance_until(secs(10.0 * f64::from(stretch)), u64::MAX);
        assert_eq!(progress, Progress::Finished);
        let period = simulation.period(0);
        ends.push((period.totals, period.parts[0].busy.as_secs(), period.parts[0].queue_now));
    }
    let between = |pair: &[(Totals, f64, u64)]| {
        (pair[1].0.since(&pair[0].0), pair[1].1 - pair[0].1, pair[1].2)
    };
    ends.windows(2).map(between).collect()
}

fn is_near(found: u64, expected: f64) -> bool {
    // Five standard deviations of a Poisson count.
    (found as f64 - expected).abs() < 5.0 * expected.sqrt().max(1.0)
}

#[test]
fn a_spike_multiplies_arrivals_while_it_lasts() {
    for (index, (totals, ..)) in
        stretches("users", Effect::Spike { factor: 3.0 }).iter().enumerate()
    {
        let expected = if (2..4).contains(&index) { 15_000.0 } else { 5_000.0 };
        assert!(is_near(totals.sent, expected), "stretch {index}: {}", totals.sent);
    }
}

#[test]
fn a_slow_part_works_longer_on_each_request_and_is_as_fast_as_before_afterwards() {
    for (index, (totals, busy, _)) in
        stretches("app", Effect::Slow { factor: 1.5 }).iter().enumerate()
    {
        let expected = MEAN_SECS * if (2..4).contains(&index) { 1.5 } else { 1.0 };
        let mean = busy / totals.finished() as f64;
        assert!((mean / expected - 1.0).abs() < 0.08, "stretch {index}: {mean}");
    }
}

#[test]
fn what_comes_to_a_stopped_part_waits_and_is_served_afterwards() {
    let found = stretches("app", Effect::Stop);
    for (index, (totals, _, queue)) in found.iter().enumerate() {
        match index {
            2 | 3 => {
                assert!(totals.finished() <= 10, "{}", totals.finished());
                assert!(is_near(*queue, 5_000.0 * (index as f64 - 1.0)), "{queue} wait");
            }
            // 10,000 are left over, and the part can do twice what comes.
            4 | 5 => assert!(is_near(totals.finished(), 10_000.0), "{}", totals.finished()),
            _ => assert!(is_near(totals.finished(), 5_000.0)),
        }
        assert_eq!(totals.of(Outcome::InTime), totals.finished(), "nothing is lost");
    }
}

#[test]
fn a_crash_loses_what_is_under_way_and_what_comes() {
    let found = stretches("app", Effect::Crash);
    for (index, (totals, busy, queue)) in found.iter().enumerate() {
        let is_down = (2..4).contains(&index);
        assert!(is_near(totals.finished(), 5_000.0), "stretch {index}: {}", totals.finished());
        let failed = totals.of(Outcome::Failed);
        assert_eq!(failed, if is_down { totals.finished() } else { 0 }, "stretch {index}");
        assert!(!is_down || *busy < 1e-6, "stretch {index}: {busy} s busy");
        assert!(*queue < 20, "stretch {index}: {queue} wait");
    }
}

#[test]
fn a_share_is_refused_and_no_more() {
    for (index, (totals, ..)) in stretches("app", Effect::Refuse { share: 0.2 }).iter().enumerate()
    {
        let expected = if (2..4).contains(&index) { 1_000.0 } else { 0.0 };
        let failed = totals.of(Outcome::Failed);
        assert!(is_near(failed, expected), "stretch {index}: {failed}");
    }
}

#[test]
fn a_fault_names_a_part_that_exists() {
    for effect in [Effect::Stop, Effect::Spike { factor: 2.0 }, Effect::Crash] {
        let error = Simulation::new(&system("nobody", effect), 1).unwrap_err();
        assert!(error.to_string().contains("`nobody` does not exist"), "{error}");
    }
}
