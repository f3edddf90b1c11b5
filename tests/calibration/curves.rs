//! The measured curves.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::shared::shared;

/// A measured curve: medians over the calmer half of the repetitions.
pub(crate) struct Curve {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) points: Vec<(f64, f64)>,
    file: String,
    rows: BTreeMap<String, String>,
    x: String,
    y: String,
}

fn own() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/calibration.json");
    let text = std::fs::read_to_string(path).expect("the measured curves are readable");
    serde_json::from_str(&text).expect("the measured curves are JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("points are numbers")
}

/// All of them.
pub(crate) fn all() -> Vec<Curve> {
    let read = |value: &Value| {
        let text = |field: &str| value[field].as_str().expect("a curve names all").to_owned();
        let pair = |point: &Value| (number(&point[0]), number(&point[1]));
        let rows = value["where"].as_object().expect("a curve names its rows");
        Curve {
            name: text("name"),
            unit: text("unit"),
            points: value["points"].as_array().expect("points").iter().map(pair).collect(),
            file: text("file"),
            rows: rows
                .iter()
                .map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned()))
                .collect(),
            x: text("x"),
            y: text("y"),
        }
    };
    own()["curves"].as_array().expect("curves").iter().map(read).collect()
}

/// The curve of this name.
pub(crate) fn named(name: &str) -> Curve {
    all().into_iter().find(|curve| curve.name == name).unwrap_or_else(|| panic!("no curve {name}"))
}

/// The measured retry storms.
pub(crate) fn storms() -> Vec<Value> {
    own()["storms"].as_array().expect("storms").clone()
}

/// Points that are compared with the measurements themselves, if they are there.
pub(crate) fn compare_with_measurements() -> Option<usize> {
    let folder = shared("calibration/raw");
    if !folder.exists() {
        return None;
    }
    let mut checked = 0;
    for curve in all() {
        let measured = measured(&curve, &folder);
        for (x, y) in &curve.points {
            let found = measured.iter().find(|(at, _)| (at - x).abs() < 1e-9);
            let found = found.unwrap_or_else(|| panic!("{} at {x} was not measured", curve.name)).1;
            assert!((found - y).abs() < 1e-5, "{} at {x}: {y}, measured {found}", curve.name);
            checked += 1;
        }
    }
    Some(checked)
}

fn measured(curve: &Curve, folder: &Path) -> Vec<(f64, f64)> {
    let text = std::fs::read_to_string(folder.join(&curve.file)).expect("a file of measurements");
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let head = lines.next().expect("it names its columns");
    let column = |name: &str| head.iter().position(|column| *column == name);
    let place = |name: &str| column(name).expect("the file has the columns of the curve");
    let mut points: Vec<(f64, Vec<(f64, f64)>)> = Vec::new();
    for line in lines {
        let is_meant = |(name, value): (&String, &String)| line[place(name)] == value;
        if !curve.rows.iter().all(is_meant) {
            continue;
        }
        let number = |name: &str| line[place(name)].parse::<f64>().unwrap_or(f64::NAN);
        let foreign = if column("foreign").is_some() { number("foreign") } else { 0.0 };
        let x = number(&curve.x);
        let found = points.iter_mut().find(|(at, _)| (at - x).abs() < 1e-9);
        match found {
            Some((_, values)) => values.push((foreign, number(&curve.y))),
            None => points.push((x, vec![(foreign, number(&curve.y))])),
        }
    }
    points.into_iter().map(|(x, values)| (x, calm_median(values))).collect()
}

/// The median of those that others disturbed least.
fn calm_median(mut values: Vec<(f64, f64)>) -> f64 {
    values.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    values.truncate(values.len().div_ceil(2));
    let mut calm: Vec<f64> = values.into_iter().map(|(_, y)| y).collect();
    calm.sort_unstable_by(f64::total_cmp);
    f64::midpoint(calm[(calm.len() - 1) / 2], calm[calm.len() / 2])
}
