use proptest::prelude::*;

use super::*;
use crate::scenario::by_hand::{FaultKind, HandFault};
use crate::scenario::catalogue;

fn scenario(id: &str) -> Arc<Scenario> {
    catalogue::find(id).unwrap()
}

fn with(pairs: &[(&str, f64)], fixes: &[&str]) -> Settings {
    let mut settings = Settings::default();
    settings.knobs.extend(pairs.iter().map(|(id, value)| ((*id).to_owned(), *value)));
    settings.fixes.extend(fixes.iter().map(|id| (*id).to_owned()));
    settings
}

fn fault(kind: FaultKind, part: &str, [from_ms, to_ms]: [u64; 2], amount: f64) -> HandFault {
    HandFault { kind, part: part.to_owned(), from_ms, to_ms, amount }
}

fn script(settings: Settings, changes: &[(f64, Settings)]) -> Script {
    let change =
        |(at_ms, settings): &(f64, Settings)| Change { at_ms: *at_ms, settings: settings.clone() };
    Script { settings, changes: changes.iter().map(change).collect() }
}

/// The run of a script in slices of so many events, in steps of so many milliseconds.
fn run(id: &str, script: &Script, to_ms: f64, step_ms: f64, events: u64) -> Strip {
    let mut timeline = Timeline::new(&scenario(id), script.clone()).unwrap();
    let mut to = 0.0;
    while to < to_ms {
        to = (to + step_ms).min(to_ms);
        while !timeline.advance(to, events) {}
    }
    timeline.strip()
}

fn sums(strip: &Strip) -> [u64; 4] {
    let add = |sum: [u64; 4], w: &Window| {
        [sum[0] + w.sent, sum[1] + w.right, sum[2] + w.lost, sum[3] + w.retries]
    };
    strip.windows.iter().fold([0; 4], add)
}

/// Windows between two times.
fn between(strip: &Strip, [from_ms, to_ms]: [f64; 2]) -> Vec<Window> {
    let is_in = |index: usize| {
        let from = index as f64 * strip.length_ms;
        from_ms <= from && from + strip.length_ms <= to_ms + 1e-6
    };
    (0..strip.windows.len()).filter(|i| is_in(*i)).map(|i| strip.windows[i]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn stepping_in_slices_is_running_at_once(
        step_ms in 1.0..20_000.0_f64,
        events in 50_u64..50_000,
        at in prop::collection::vec(0.0..60_000.0_f64, 0..4),
        users in 10.0..190.0_f64,
        [from, length] in [0_u64..60_000, 1..60_000],
        kind in prop::sample::select(vec![FaultKind::Slow, FaultKind::Stop, FaultKind::Crash, FaultKind::Refuse]),
    ) {
        let mut at = at;
        at.sort_by(f64::total_cmp);
        let amount = kind.range().map_or(1.0, |(.., usual)| usual);
        let faults = vec![fault(kind, "server", [from, from + length], amount)];
        let start = Settings { faults, ..with(&[("users", users)], &[]) };
        let states = [
            with(&[("users", 1_000.0 / users)], &[]),
            with(&[], &["second-worker"]),
            with(&[("workers", 3.0)], &["half-time"]),
            with(&[], &[]),
        ];
        let changes: Vec<(f64, Settings)> = at.into_iter().zip(states).collect();
        let script = script(start, &changes);
        let whole = run("queue-knee", &script, 70_000.0, 70_000.0, u64::MAX);
        let sliced = run("queue-knee", &script, 70_000.0, step_ms, events);
        prop_assert_eq!(whole, sliced);
    }

    #[test]
    fn a_change_that_changes_nothing_leaves_every_number_as_it_was(
        at in 0.0..60_000.0_f64,
        kind in prop::sample::select(vec![FaultKind::Slow, FaultKind::Stop, FaultKind::Crash, FaultKind::Refuse, FaultKind::Spike]),
        scenario in prop::sample::select(vec![("queue-knee", "server"), ("n-plus-one", "app")]),
    ) {
        let (id, service) = scenario;
        let part = if kind == FaultKind::Spike { "users" } else { service };
        let amount = kind.range().map_or(1.0, |(.., usual)| usual);
        let faults = vec![fault(kind, part, [20_000, 40_000], amount)];
        let start = Settings { faults, ..Settings::default() };
        let plain = run(id, &script(start.clone(), &[]), 60_000.0, 60_000.0, u64::MAX);
        let changed = script(start, &[(at, Settings::default())]);
        prop_assert_eq!(run(id, &changed, 60_000.0, 60_000.0, u64::MAX), plain);
    }
}

#[test]
fn every_request_is_in_one_window_however_often_windows_were_merged() {
    for scenario in catalogue::all() {
        let plain = script(Settings::default(), &[]);
        let mut timeline = Timeline::new(scenario, plain).unwrap();
        let span = timeline.strip().span_ms;
        while !timeline.advance(span * 5.0, 1_000_000) {}
        let strip = timeline.strip();
        assert!((100..200).contains(&strip.windows.len()), "{}", strip.windows.len());
        let open_ms = strip.now_ms - strip.windows.len() as f64 * strip.length_ms;
        assert!((0.0..strip.length_ms).contains(&open_ms), "{}: {open_ms} ms", scenario.id);
        timeline.gather();
        let open = timeline.open.totals;
        let [sent, right, lost, retries] = sums(&strip);
        let totals = timeline.simulation.totals();
        assert_eq!(sent + open.sent, totals.sent, "{}", scenario.id);
        assert_eq!(right + lost + open.finished(), totals.finished(), "{}", scenario.id);
        assert_eq!(retries + open.retries, totals.retries, "{}", scenario.id);
        let in_flight = timeline.simulation.period(0).in_flight;
        assert_eq!(totals.sent, totals.finished() + in_flight, "{}", scenario.id);
    }
}

#[test]
fn a_first_span_has_a_hundred_to_two_hundred_windows() {
    for scenario in catalogue::all() {
        let timeline = Timeline::new(scenario, Script::default()).unwrap();
        let Strip { length_ms, span_ms, .. } = timeline.strip();
        let windows = span_ms / length_ms;
        assert!((80.0..200.0).contains(&windows), "{}: {windows}", scenario.id);
    }
}

/// The mean queue of M/M/1 at 50 % is 0.5 (Kleinrock, volume 1, section 3.2). Over 200,000 requests
/// the standard error of a mean queue is about 1 %: five of them are allowed.
#[test]
fn the_mean_queue_is_that_of_theory_and_of_littles_law() {
    let strip = run("queue-knee", &Script::default(), 2e7, 2e7, u64::MAX);
    assert_eq!(strip.queue_of.as_deref(), Some("server"));
    let mean = strip.windows.iter().map(|w| w.queue).sum::<f64>() / strip.windows.len() as f64;
    assert!((mean - 0.5).abs() < 0.025, "{mean}");
}

/// A queue that nobody leaves: 30 requests a second on a server of 20 a second, from empty. After
/// `t` seconds about `10 t` wait; with counts of a few hundred the spread is below a fifth.
#[test]
fn a_queue_that_grows_is_seen_while_it_grows() {
    let overload = script(with(&[("users", 300.0)], &[]), &[]);
    let strip = run("queue-knee", &overload, 60_000.0, 60_000.0, u64::MAX);
    let last = between(&strip, [50_000.0, 60_000.0]);
    let mean = last.iter().map(|w| w.queue).sum::<f64>() / last.len() as f64;
    assert!((440.0..660.0).contains(&mean), "{mean}");
}

#[test]
fn numbers_change_in_mid_run_and_the_state_is_carried_over() {
    let changes = [
        (300_000.0, with(&[("users", 300.0)], &[])),
        (600_000.0, with(&[("users", 300.0), ("workers", 4.0)], &[])),
        (900_000.0, with(&[("users", 300.0)], &["half-time"])),
    ];
    let script = script(with(&[("users", 100.0)], &[]), &changes);
    let strip = run("queue-knee", &script, 1_200_000.0, 1_200_000.0, u64::MAX);
    assert_eq!(strip.restarts_ms, Vec::<f64>::new());
    let rate = |from_ms: f64| {
        let windows = between(&strip, [from_ms, from_ms + 300_000.0]);
        windows.iter().map(|w| w.sent).sum::<u64>() as f64 / 300.0
    };
    // Poisson counts of 3,000 and more: 5 standard deviations are below 10 %.
    assert!((rate(0.0) / 10.0 - 1.0).abs() < 0.1, "{}", rate(0.0));
    assert!((rate(300_000.0) / 30.0 - 1.0).abs() < 0.1, "{}", rate(300_000.0));
    let queue = |at_ms: f64| between(&strip, [at_ms, at_ms + strip.length_ms])[0].queue;
    assert!(queue(580_000.0) > 1_000.0, "30 come and 20 go: {}", queue(580_000.0));
    assert!(queue(880_000.0) < 10.0, "four servers work it off: {}", queue(880_000.0));
    assert!(queue(1_180_000.0) < 100.0, "{}", queue(1_180_000.0));
}

#[test]
fn other_steps_start_the_system_anew_and_say_so() {
    let changes = [(30_000.0, with(&[], &["join"]))];
    let script = script(with(&[("posts", 200.0)], &[]), &changes);
    let strip = run("n-plus-one", &script, 60_000.0, 60_000.0, u64::MAX);
    assert_eq!(strip.restarts_ms, vec![30_000.0]);
    let p50 = |windows: Vec<Window>| {
        let found: Vec<f64> = windows.iter().filter_map(|w| w.p50_ms).collect();
        found.iter().sum::<f64>() / found.len() as f64
    };
    let (before, after) =
        (p50(between(&strip, [10_000.0, 30_000.0])), p50(between(&strip, [31_000.0, 60_000.0])));
    assert!(after < before / 5.0, "{before} ms, then {after} ms");
}

#[test]
fn a_fault_by_hand_is_felt_while_it_lasts() {
    let faults = vec![fault(FaultKind::Slow, "server", [200_000, 400_000], 4.0)];
    let settings = Settings { faults, ..with(&[("users", 20.0)], &[]) };
    let strip = run("queue-knee", &script(settings, &[]), 600_000.0, 600_000.0, u64::MAX);
    let p50 = |from: f64, to: f64| {
        let found = between(&strip, [from, to]).into_iter().filter_map(|w| w.p50_ms);
        let found: Vec<f64> = found.collect();
        found.iter().sum::<f64>() / found.len() as f64
    };
    let (before, during, after) =
        (p50(0.0, 200_000.0), p50(205_000.0, 400_000.0), p50(410_000.0, 600_000.0));
    assert!(during > 2.5 * before && after < 1.5 * before, "{before}, {during}, {after}");
}

#[test]
fn a_script_is_followed_only_if_it_agrees_about_the_past() {
    let id = scenario("queue-knee");
    let start = script(Settings::default(), &[]);
    let mut timeline = Timeline::new(&id, start.clone()).unwrap();
    timeline.advance(10_000.0, u64::MAX);
    let users = with(&[("users", 150.0)], &[]);
    assert!(timeline.follow(&id, &script(Settings::default(), &[(10_000.0, users.clone())])));
    assert!(!timeline.follow(&id, &script(Settings::default(), &[(9_999.0, users.clone())])));
    assert!(!timeline.follow(&id, &script(users, &[])));
    assert!(!timeline.follow(&scenario("n-plus-one"), &start));
}

#[test]
fn users_who_are_sent_home_in_several_steps_are_gone_once_each() {
    let home = [(60e3, 400.0), (120e3, 150.0), (180e3, 20.0)];
    let changes = home.map(|(at_ms, users)| (at_ms, with(&[("users", users)], &[])));
    let start = with(&[("users", 800.0)], &[]);
    let strip = run("sqlite-production", &script(start, &changes), 240e3, 240e3, u64::MAX);
    let rate = |from_ms: f64| {
        let windows = between(&strip, [from_ms, from_ms + 50e3]);
        windows.iter().map(|window| window.sent).sum::<u64>() as f64 / 50.0
    };
    // A user thinks for 10 s on average and waits a few milliseconds: a tenth of a request a
    // second. Poisson over 50 s: allow 4 standard deviations.
    for (from_ms, users) in [(65e3, 400.0), (125e3, 150.0), (185e3, 20.0)] {
        let (found, expected) = (rate(from_ms), users / 10.0);
        let allowed = 4.0 * (expected / 50.0_f64).sqrt();
        assert!((found - expected).abs() <= allowed, "{users}: {found} a second");
    }
    assert_eq!(strip.restarts_ms, Vec::<f64>::new());
}
