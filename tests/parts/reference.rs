//! Reference values for single parts, and the comparison with what a part does.

use std::collections::BTreeMap;

use kneepoint::engine::interval::{mean, variance};
use serde_json::Value;

use crate::collection::collection;

/// One model with its parameters, and what is known about it.
pub(crate) struct Case {
    pub(crate) name: String,
    parameters: Value,
    /// Expected value and allowed difference by measure; the difference depends on our own runs.
    expected: BTreeMap<String, Value>,
}

/// What one run found.
pub(crate) type Found = Vec<(&'static str, f64)>;

impl Case {
    pub(crate) fn number(&self, name: &str) -> f64 {
        self.maybe(name).unwrap_or_else(|| panic!("{} has no {name}", self.name))
    }

    pub(crate) fn maybe(&self, name: &str) -> Option<f64> {
        self.parameters.get(name).and_then(Value::as_f64)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.parameters.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.parameters.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// What the reference allows for the mean of `runs` runs whose standard error is `error`.
    fn allowed(entry: &Value, runs: f64, error: f64) -> f64 {
        let number = |field: &str| entry.get(field).and_then(Value::as_f64);
        let expected = number("expected").unwrap_or_default().abs();
        let tolerance = |field: &str| entry["tolerance"].get(field).and_then(Value::as_f64);
        match (number("sd_between_replications"), number("replications")) {
            (Some(deviation), Some(replications)) => {
                let both = deviation * (1.0 / replications + 1.0 / runs).sqrt();
                (4.0 * both).max(0.005 * expected)
            }
            // An exact value, or a named approximation: our own error, and the model's.
            _ => (5.0 * error).max(tolerance("rel").map_or(0.003, |rel| rel.min(0.05)) * expected),
        }
        .max(1e-12)
    }
}

/// All cases of a model, from the larger collection if it lies beside the repository.
pub(crate) fn cases(model: &str) -> Vec<Case> {
    let entries = collection("parts.json");
    let mut cases: BTreeMap<String, Case> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry["model"] == model) {
        let name = entry["case"].as_str().expect("an entry names its case").to_owned();
        let case = cases.entry(name.clone()).or_insert_with(|| Case {
            name,
            parameters: entry["parameters"].clone(),
            expected: BTreeMap::new(),
        });
        let measure = entry["measure"].as_str().expect("an entry names its measure").to_owned();
        case.expected.insert(measure, entry.clone());
    }
    assert!(!cases.is_empty(), "there is no case of {model}");
    cases.into_values().collect()
}

/// Runs every case of `model` with `runs` seeds and compares every measure that both know;
/// `compared` is how many there are at least, so that no measure is lost in silence.
pub(crate) fn agree(model: &str, runs: u64, compared: usize, run: impl Fn(&Case, u64) -> Found) {
    let (count, wrong) = compare(model, runs, |_| Some(0.0), run);
    assert!(wrong.is_empty(), "{} of {count} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= compared, "only {count} values of {model} were compared");
}

/// The same, where `slack` leaves out a case or allows at least a share of the expected value.
pub(crate) fn compare(
    model: &str,
    runs: u64,
    slack: impl Fn(&Case) -> Option<f64>,
    run: impl Fn(&Case, u64) -> Found,
) -> (usize, Vec<String>) {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for case in cases(model) {
        let Some(slack) = slack(&case) else { continue };
        let found: Vec<Found> = (0..runs).map(|seed| run(&case, seed)).collect();
        for (index, (measure, _)) in found[0].iter().enumerate() {
            let Some(entry) = case.expected.get(*measure) else { continue };
            let values: Vec<f64> = found.iter().map(|one| one[index].1).collect();
            let (value, runs) = (mean(&values), runs as f64);
            let error = if runs > 1.0 { (variance(&values) / runs).sqrt() } else { 0.0 };
            let expected = entry["expected"].as_f64().unwrap_or(f64::NAN);
            let allowed = Case::allowed(entry, runs, error).max(slack * expected.abs());
            count += 1;
            let line = format!(
                "{}.{measure}: {value:.6}, expected {expected:.6} ± {allowed:.6}",
                case.name
            );
            // Not-a-number is wrong as well.
            if value.is_nan() || (value - expected).abs() > allowed {
                wrong.push(line);
            } else {
                report(&line);
            }
        }
    }
    (count, wrong)
}

/// Shown with `--nocapture`.
#[expect(clippy::print_stdout, reason = "a test tells what it found")]
fn report(line: &str) {
    println!("{line}");
}

/// The value below which a share `p` of `values` lies, linear between order statistics.
pub(crate) fn quantile(values: &mut [f64], p: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let place = p * (values.len() - 1) as f64;
    let below = place as usize;
    let above = (below + 1).min(values.len() - 1);
    values[below] + (values[above] - values[below]) * (place - below as f64)
}

/// The events of a small simulation: instants with what happens then, earliest first, ties by order
/// of scheduling.
pub(crate) struct Agenda<E> {
    events: BTreeMap<(u64, u64), E>,
    scheduled: u64,
}

impl<E> Agenda<E> {
    pub(crate) fn new() -> Self {
        Self { events: BTreeMap::new(), scheduled: 0 }
    }

    /// Schedules an event.
    pub(crate) fn at(&mut self, time: kneepoint::engine::SimTime, event: E) {
        self.scheduled += 1;
        self.events.insert((time.0, self.scheduled), event);
    }

    pub(crate) fn next(&mut self) -> Option<(kneepoint::engine::SimTime, E)> {
        let ((time, _), event) = self.events.pop_first()?;
        Some((kneepoint::engine::SimTime(time), event))
    }
}
