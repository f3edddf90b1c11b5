//! The contract of the command line: what it answers, and its exit codes.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn kneepoint(args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_kneepoint");
    Command::new(program).args(args).stdin(Stdio::null()).output().expect("the program starts")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("the answer is JSON")
}

#[test]
fn a_run_answers_with_all_promised_fields() {
    let output = kneepoint(&["run", "queue-knee", "--set", "users=50", "--seed", "3", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let report = json(&output);
    for field in ["scenario", "seed", "digest", "throughput_per_s", "goodput_per_s", "outcomes"] {
        assert!(!report[field].is_null(), "{field}");
    }
    for field in ["mean", "p50", "p95", "p99"] {
        assert!(report["latency_ms"][field].as_f64().unwrap() > 0.0, "{field}");
    }
    assert!(report["parts"]["server"]["utilisation"].as_f64().unwrap() > 0.2);
    assert_eq!(report["seed"], 3);
}

#[test]
fn wrong_input_exits_with_2_and_names_the_field() {
    for (args, words) in [
        (&["run", "nothing"][..], "nothing"),
        (&["run", "n-plus-one", "--set", "users=lots"], "users"),
        (&["run", "n-plus-one", "--set", "users=0"], "users"),
        (&["run", "retry-storm", "--set", "retries=2.5"], "a whole number"),
        (&["run", "n-plus-one", "--set", "colour=1"], "colour"),
        (&["run", "n-plus-one", "--fix", "magic"], "magic"),
        (&["run", "#v=1&s=n-plus-one&posts=x"], "posts"),
        (&["curve", "n-plus-one", "--over", "nothing"], "nothing"),
        (&["run", "Cargo.toml"], "Cargo.toml"),
        (&["dance"], "dance"),
    ] {
        let output = kneepoint(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn what_is_of_the_steady_state_says_that_it_is_without_the_faults_of_a_link() {
    let with = kneepoint(&["ceiling", "v=1&s=queue-knee&fault=slow_server_0s_60s_5"]);
    let without = kneepoint(&["ceiling", "queue-knee"]);
    assert!(!with.stdout.is_empty() && with.stdout == without.stdout);
    assert!(String::from_utf8_lossy(&with.stderr).contains("without the faults of the link"));
    assert!(without.stderr.is_empty());
}

#[test]
fn a_missed_objective_exits_with_1_when_asked() {
    let args = ["run", "queue-knee", "--set", "users=190", "--objective"];
    assert_eq!(kneepoint(&args).status.code(), Some(1));
    assert_eq!(kneepoint(&args[..4]).status.code(), Some(0));
}

#[test]
fn lines_are_answered_one_by_one() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kneepoint"))
        .args(["run", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let lines = "{\"scenario\": \"queue-knee\", \"set\": {\"users\": 20}}\n\
                 nonsense\n\
                 {\"link\": \"v=1&s=queue-knee&users=20&seed=1&m=1\"}\n";
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["digest"], answers[2]["digest"]);
    assert_eq!(answers[1]["line"], 2);
}

#[test]
fn the_catalogue_is_listed_an_object_a_line() {
    let output = kneepoint(&["list", "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let ids: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/scenarios"));
    let files = files.unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let listed: BTreeSet<String> = ids.iter().map(|id| format!("{id}.json")).collect();
    assert_eq!(listed, files.collect());
    assert_eq!(listed.len(), ids.len());
}

#[test]
fn a_picture_is_svg() {
    let output = kneepoint(&["render", "queue-knee", "--size", "400", "300"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("<svg") && text.contains("<desc>p99 latency over users"));
}

#[test]
fn the_schema_is_printed_as_it_ships() {
    let output = kneepoint(&["schema"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, kneepoint::scenario::SCHEMA.as_bytes());
    assert_eq!(json(&output)["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn a_trace_is_told_in_words_and_as_a_file_for_viewers() {
    let args = ["trace", "n-plus-one", "--set", "posts=100", "--percentile", "95"];
    let output = kneepoint(&args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0));
    assert!(text.contains("p95: ") && text.contains("× 100, "), "{text}");
    let file = json(&kneepoint(&[&args[..], &["--json"]].concat()));
    let events = file["traceEvents"].as_array().unwrap();
    let longest = events.iter().filter_map(|event| event["dur"].as_f64()).fold(0.0, f64::max);
    let root = events.iter().find(|event| event["name"] == "request").unwrap();
    assert!(root["dur"].as_f64().unwrap() > 1e5 && longest > 1e5);
    assert_eq!(kneepoint(&["trace", "n-plus-one", "--percentile", "101"]).status.code(), Some(2));
}

#[test]
fn a_walk_up_and_down_is_told_in_words_as_a_table_and_as_json() {
    let args = ["hysteresis", "retry-storm", "--seed", "1"];
    let output = kneepoint(&args);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("Advertised capacity 1.06k, hidden capacity 237."), "{text}");
    let found = json(&kneepoint(&[&args[..], &["--format", "json"]].concat()));
    assert_eq!(found["finding"], "two-states");
    assert!(text.contains(found["digest"].as_str().unwrap()));
    let csv = kneepoint(&[&args[..], &["--format", "csv"]].concat());
    let csv = String::from_utf8_lossy(&csv.stdout).into_owned();
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0][..3], ["way", "users", "p50_ms"]);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    for way in ["up", "down"] {
        let count = rows.iter().filter(|row| row[0] == way).count();
        assert_eq!(count, found[way].as_array().unwrap().len(), "{way}");
    }
    let wrong = kneepoint(&["hysteresis", "retry-storm", "--over", "nothing"]);
    assert_eq!(wrong.status.code(), Some(2));
}
