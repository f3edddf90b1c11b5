//! What holds for every scenario that ships: it opens well, breaks within two changes, gets better by
//! its fix, makes sense wherever its knobs stand, and explains itself by what was measured.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use kneepoint::analysis::curve::{CurveJob, Share};
use kneepoint::analysis::explain::explain;
use kneepoint::analysis::report::{CurvePoint, Explanation, RunReport};
use kneepoint::analysis::run::run;
use kneepoint::scenario::{Scenario, Settings, catalogue};

/// How a scenario is broken from its default state, and the fix that makes it better.
struct Story {
    id: &'static str,
    broken: &'static [(&'static str, f64)],
    fix: &'static str,
}

const fn story(
    id: &'static str,
    broken: &'static [(&'static str, f64)],
    fix: &'static str,
) -> Story {
    Story { id, broken, fix }
}

const STORIES: &[Story] = &[
    story("n-plus-one", &[("posts", 500.0)], "join"),
    story("hot-key", &[("users", 3000.0)], "split"),
    story("pool-exhaustion", &[("pool", 256.0)], "right-size"),
    story("n-plus-one-cold", &[("rows", 5e6), ("users", 1000.0)], "index-only"),
    story("missing-index", &[("rows", 500_000.0)], "index"),
    story("planner-flip", &[("rows", 300_000.0)], "analyze"),
    story("unbounded-results", &[("rows", 20_000.0)], "limit"),
    story("table-growth", &[("days", 900.0)], "archive"),
    story("queue-knee", &[("users", 190.0)], "second-worker"),
    story("mvp-at-1000-users", &[("users", 200.0)], "cache"),
    story("gil-workers", &[("users", 3000.0)], "processes"),
    story("memory-limit", &[("users", 60.0)], "bounded-queue"),
    story("lost-update", &[("users", 1000.0)], "atomic"),
    story("sqlite-production", &[("users", 1000.0)], "immediate"),
    story("single-vm", &[("job-mb", 150.0)], "second"),
    story("cache-staleness", &[("ttl", 60_000.0)], "invalidate"),
    story("cache-stampede", &[("users", 1000.0)], "single-flight"),
    story("cache-loss", &[("users", 400.0)], "admission"),
    story("balancer-sinkhole", &[("failing", 1.0)], "ejection"),
    story("cascade", &[("slow", 0.5)], "bulkhead"),
    story("goodput-collapse", &[("users", 2000.0)], "bounded-queue"),
    story("jitter", &[("users", 100.0)], "full"),
    story("layered-retries", &[("failure", 1.0)], "one-layer"),
    story("retry-storm", &[("trigger", 10_000.0)], "bounded-queue"),
    story("tail-at-scale", &[("fan-out", 100.0)], "hedge"),
    story("backlog", &[("outage", 3_600_000.0)], "lifo"),
    story("cron-pileup", &[("rows", 60.0)], "forbid"),
    story("login-brute-force", &[("attack", 40.0)], "limit"),
    story("noisy-client", &[("abuse", 167.0)], "per-user"),
    story("rate-limiters", &[("burst", 100.0)], "sliding-log"),
    story("third-party-quota", &[("users", 400.0)], "batch"),
    story("webhook-duplicates", &[("items", 300.0)], "answer-first"),
];

fn scenario(id: &str) -> Arc<Scenario> {
    catalogue::find(id).unwrap_or_else(|| panic!("{id} ships"))
}

impl Story {
    fn broken(&self) -> Settings {
        let mut settings = Settings::default();
        for (knob, value) in self.broken {
            settings.knobs.insert((*knob).to_owned(), *value);
        }
        settings
    }

    fn fixed(&self) -> Settings {
        Settings { fixes: [self.fix.to_owned()].into(), ..self.broken() }
    }
}

/// Which limits of the objective a run misses.
fn misses(scenario: &Scenario, report: &RunReport) -> (bool, bool) {
    let objective = &scenario.objective;
    let slow = report.latency_ms.p99.is_none_or(|p99| p99 > objective.p99_ms);
    (slow, report.error_share > objective.error_share)
}

#[test]
fn every_scenario_has_a_story() {
    let told: BTreeSet<&str> = STORIES.iter().map(|story| story.id).collect();
    let shipped: BTreeSet<&str> =
        catalogue::all().iter().map(|scenario| scenario.id.as_str()).collect();
    assert_eq!(told, shipped);
}

#[test]
fn every_scenario_opens_well_breaks_within_two_changes_and_gets_better_by_its_fix() {
    for story in STORIES {
        let scenario = scenario(story.id);
        let report = |settings: &Settings| {
            run(&scenario, settings).unwrap_or_else(|error| panic!("{}: {error}", story.id))
        };
        let fine = |settings: &Settings| misses(&scenario, &report(settings)) == (false, false);
        assert!(fine(&Settings::default()), "{}: broken when it opens", story.id);
        let first = &scenario.knobs[0];
        let smallest = [(first.id.clone(), first.min)].into();
        let smallest = Settings { knobs: smallest, ..Settings::default() };
        assert!(fine(&smallest), "{}: broken at its smallest scale", story.id);
        assert!(story.broken.len() <= 2, "{}", story.id);
        let (broken, fixed) = (report(&story.broken()), report(&story.fixed()));
        let (slow, fails) = misses(&scenario, &broken);
        assert!(slow || fails, "{}: not broken", story.id);
        let p99 = |report: &RunReport| report.latency_ms.p99.unwrap_or(f64::INFINITY);
        let is_faster = slow && p99(&fixed) < p99(&broken);
        // Where everything fails the fix keeps others from it.
        let is_lighter = fixed.amplification < broken.amplification;
        assert!(
            is_faster || fixed.error_share < broken.error_share || is_lighter,
            "{}: {} does not help",
            story.id,
            story.fix
        );
    }
}

#[test]
fn every_scenario_has_what_a_reader_needs() {
    for scenario in catalogue::all() {
        let id = &scenario.id;
        let visible = scenario.knobs.iter().filter(|knob| knob.visible).count();
        assert!((3..=5).contains(&visible), "{id}: {visible} visible knobs");
        assert!(!scenario.fixes.is_empty() && !scenario.claims.is_empty(), "{id}");
        assert!(!scenario.assumptions.is_empty() && !scenario.notice.is_empty(), "{id}");
        assert!(!scenario.sources.is_empty(), "{id}");
    }
}

/// Every knob at both ends, and every pair of extremes of the visible ones.
fn extremes(scenario: &Scenario) -> Vec<Settings> {
    let ends = |knob: &kneepoint::scenario::Knob| {
        [knob.min, knob.max].map(|value| (knob.id.clone(), value))
    };
    let mut found = Vec::new();
    for (index, knob) in scenario.knobs.iter().enumerate() {
        for one in ends(knob) {
            found.push(Settings { knobs: [one.clone()].into(), ..Settings::default() });
            for other in scenario.knobs[..index].iter().filter(|_| knob.visible) {
                for two in ends(other).into_iter().filter(|_| other.visible) {
                    let knobs = [one.clone(), two].into();
                    found.push(Settings { knobs, ..Settings::default() });
                }
            }
        }
    }
    found
}

/// Why a point makes no sense.
fn nonsense(point: &CurvePoint) -> Option<String> {
    let latency = &point.latency_ms;
    let times = [latency.p50, latency.p95, latency.p99, latency.max];
    let times: Vec<f64> = times.into_iter().flatten().collect();
    let rates = [point.offered_per_s, point.goodput_per_s];
    let wrong = [
        (times.iter().any(|ms| !ms.is_finite() || *ms < 0.0), "a time"),
        (times.windows(2).any(|pair| pair[0] > pair[1] * (1.0 + 1e-9)), "the order of times"),
        (!times.is_empty() && times.len() < 4, "a percentile that is missing"),
        (rates.iter().any(|rate| !rate.is_finite() || *rate < 0.0), "a rate"),
        (!(0.0..=1.0).contains(&point.error_share), "the share of errors"),
        (point.stopped.is_some(), "the end"),
        (
            times.is_empty() && point.goodput_per_s > 0.0 && !point.overloaded,
            "answers that took no time",
        ),
    ];
    let (_, what) = wrong.into_iter().find(|(is_wrong, _)| *is_wrong)?;
    Some(format!("{what} in {point:?}"))
}

#[test]
fn wherever_its_knobs_stand_a_scenario_gives_a_curve_that_makes_sense() {
    for scenario in catalogue::all() {
        let axis = scenario.knobs[0].id.clone();
        let mut states = 0;
        for settings in extremes(scenario) {
            let place = format!("{} at {:?}", scenario.id, settings.knobs);
            // A third of the points is enough where they cost alike: they are spread over the axis.
            let is_timed = scenario.run.end.is_timed();
            let share = if is_timed { Share::ALL } else { Share { index: states % 3, of: 3 } };
            let mut job = CurveJob::new(scenario, &settings, &axis, share)
                .unwrap_or_else(|error| panic!("{place}: {error}"));
            while !job.step(u64::MAX) {}
            let points = job.curve().points;
            assert!(points.len() >= 3, "{place}: {} points", points.len());
            for point in &points {
                if let Some(what) = nonsense(point) {
                    panic!("{place}: {what}");
                }
            }
            let shows =
                |point: &CurvePoint| point.latency_ms.p99.is_some() || point.error_share > 0.0;
            assert!(points.iter().any(shows), "{place}: an empty chart");
            states += 1;
        }
        assert!(states > 10, "{}", scenario.id);
    }
}

/// The states in which scenarios explain themselves.
fn states(story: &Story) -> [(&'static str, Settings); 3] {
    [("default", Settings::default()), ("broken", story.broken()), ("fixed", story.fixed())]
}

#[test]
fn explanations_read_as_they_were_read_aloud() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/explanations");
    let mut changed = Vec::new();
    for story in STORIES {
        let scenario = scenario(story.id);
        let mut text = String::new();
        for (name, settings) in states(story) {
            let explanation = explain(&scenario, &settings).expect("a valid setting");
            text.push_str(&format!("{name}\n"));
            for sentence in &explanation.sentences {
                text.push_str(&format!("  {}\n", sentence.text));
            }
        }
        let path = folder.join(format!("{}.txt", story.id));
        if std::env::var_os("KNEEPOINT_WRITE_GOLDEN").is_some() {
            fs::create_dir_all(&folder).expect("a folder can be made");
            fs::write(&path, &text).expect("a file can be written");
        }
        if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            changed.push(format!("{}:\n{text}", story.id));
        }
    }
    assert!(
        changed.is_empty(),
        "read these aloud, then set KNEEPOINT_WRITE_GOLDEN=1:\n{}",
        changed.concat()
    );
}

/// Parts that a run has found saturated, slow or out of the ordinary.
fn found(report: &RunReport, explanation: &Explanation) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (id, part) in &report.parts {
        let fair = 1.5 / part.instance_shares.len().max(1) as f64;
        let is_uneven = part.instance_shares.iter().any(|share| *share > fair);
        if part.demand_ratio >= 0.9 || part.visits_per_request >= 1.5 || is_uneven {
            found.insert(id.clone());
        }
    }
    let slow: f64 = explanation.time.iter().map(|share| share.slow_ms).sum();
    let slow = explanation.time.iter().filter(|share| share.slow_ms >= 0.1 * slow);
    found.extend(slow.map(|share| share.part.clone()));
    found.extend(explanation.first_to_break.iter().map(|first| first.part.clone()));
    let background = report.clients.iter().filter(|(_, clients)| clients.background);
    found.extend(background.map(|(id, _)| id.clone()));
    let refusing = report.third_parties.iter().filter(|(_, party)| party.refused_per_s > 0.0);
    found.extend(refusing.map(|(id, _)| id.clone()));
    let full = report.machines.iter().filter(|(_, machine)| machine.kills > 0);
    found.extend(full.map(|(id, _)| id.clone()));
    found
}

#[test]
fn explanations_mention_no_part_that_was_not_found_saturated_or_slow() {
    let mut mentions = 0;
    for story in STORIES {
        let scenario = scenario(story.id);
        for (name, settings) in states(story) {
            let explanation = explain(&scenario, &settings).expect("a valid setting");
            let report = run(&scenario, &settings).expect("a valid setting");
            let found = found(&report, &explanation);
            let all = report.parts.keys().chain(report.clients.keys());
            let all = all.chain(report.third_parties.keys()).chain(report.machines.keys());
            for id in all.filter(|id| id.as_str() != "users") {
                for sentence in &explanation.sentences {
                    let is_word = |c: char| c.is_alphanumeric() || c == '-';
                    let mentioned = sentence.text.split(|c| !is_word(c)).any(|word| word == id);
                    let place = format!("{} {name}: {}", story.id, sentence.text);
                    assert!(!mentioned || found.contains(id), "{place} ({id})");
                    mentions += usize::from(mentioned);
                }
            }
        }
    }
    assert!(mentions > STORIES.len(), "{mentions}");
}

/// Where the time goes is that of the requests that are measured, not of the start before them.
#[test]
fn the_time_of_a_slow_request_is_that_of_a_request_as_slow_as_measured() {
    let mut checked = 0;
    for story in STORIES {
        let scenario = scenario(story.id);
        for (name, settings) in states(story) {
            let report = run(&scenario, &settings).expect("a valid setting");
            let explanation = explain(&scenario, &settings).expect("a valid setting");
            let spent: f64 = explanation.time.iter().map(|share| share.slow_ms).sum();
            let latency = report.latency_ms;
            let (Some(p99), Some(max)) = (latency.p99, latency.max) else { continue };
            // An explanation sees less of a long run, which matters where queues grow without end.
            if report.overloaded {
                continue;
            }
            let range = 0.8 * p99..=1.1 * max;
            assert!(range.contains(&spent), "{} {name}: {spent}, not in {range:?}", story.id);
            checked += 1;
        }
    }
    assert!(checked > STORIES.len(), "{checked}");
}

/// With a fifth fewer users than are said to fill the first part the system keeps up, and with a quarter
/// more it does not: that part is busy, or requests fail.
#[test]
fn what_is_said_to_break_first_breaks_at_those_users() {
    let mut checked = Vec::new();
    for scenario in catalogue::all() {
        let found = explain(scenario, &Settings::default()).expect("a default state");
        let Some(first) = found.first_to_break else { continue };
        let (Some(users), Some(knob)) = (first.at_users, scenario.knob("users")) else { continue };
        if 0.8 * users < knob.min || 1.25 * users > knob.max {
            continue;
        }
        let at = |users: f64| {
            let knobs = [("users".to_owned(), users)].into();
            run(scenario, &Settings { knobs, ..Settings::default() }).expect("a value within")
        };
        let (fewer, more) = (at(0.8 * users), at(1.25 * users));
        assert!(!fewer.overloaded, "{}: {first:?}", scenario.id);
        let is_busy = more.parts.get(&first.part).is_some_and(|part| part.utilisation > 0.95);
        let fails = more.error_share > fewer.error_share + 0.02;
        assert!(is_busy || fails, "{}: {first:?}, {:?}", scenario.id, more.parts.get(&first.part));
        checked.push(scenario.id.clone());
    }
    assert!(checked.len() >= 12, "{checked:?}");
}
