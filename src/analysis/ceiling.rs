//! The largest value of a knob that meets the objective.

use crate::scenario::{Knob, Mistakes, Scenario, Settings};

use super::report::{Ceiling, RunReport};
use super::run::run;

/// The search ends when the range is this share of the slider.
const PRECISION: f64 = 0.002;

/// Finds the ceiling by bisection on the slider of `knob`, all runs on the same random numbers; of a
/// steady state without faults dropped by hand.
///
/// # Errors
/// Names what is wrong with the settings, or the knob if there is none of this name.
pub fn ceiling(scenario: &Scenario, settings: &Settings, knob: &str) -> Result<Ceiling, Mistakes> {
    let Some(knob) = scenario.knob(knob) else {
        return Err(Mistakes::one("knob", format!("`{knob}`"), "a knob of the scenario"));
    };
    let settings = scenario.lasting(settings.clone());
    let mut runs = 0;
    let mut met = |position: f64| {
        runs += 1;
        let mut settings = settings.clone();
        settings.knobs.insert(knob.id.clone(), knob.at(position));
        run(scenario, &settings).map(|report| meets(scenario, &report))
    };
    let (mut low, mut high) = (0.0, 1.0);
    let value = if !met(low)? {
        None
    } else if met(high)? {
        low = high;
        Some(knob.at(high))
    } else {
        while high - low > PRECISION && knob.at(low).to_bits() != knob.at(high).to_bits() {
            let middle = f64::midpoint(low, high);
            if met(middle)? {
                low = middle;
            } else {
                high = middle;
            }
            if is_next(knob, low, high) {
                break;
            }
        }
        Some(knob.at(low))
    };
    Ok(Ceiling { knob: knob.id.clone(), value, beyond_range: low >= 1.0, runs })
}

/// Whole numbers have nothing between neighbours.
fn is_next(knob: &Knob, low: f64, high: f64) -> bool {
    knob.whole && knob.at(high) - knob.at(low) <= 1.0
}

/// Whether a run meets the objective of its scenario.
pub fn meets(scenario: &Scenario, report: &RunReport) -> bool {
    let objective = &scenario.objective;
    let fast = report.latency_ms.p99.is_some_and(|p99| p99 <= objective.p99_ms);
    fast && report.error_share <= objective.error_share && !report.overloaded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::catalogue;

    #[test]
    fn the_ceiling_of_a_queue_is_where_theory_says() {
        let scenario = catalogue::find("queue-knee").unwrap();
        let found = ceiling(&scenario, &Settings::default(), "users").unwrap();
        // p99 of M/M/1 reaches 1 s at 153.9 users; a run of 200 000 requests knows p99 to about
        // 5 %, which is 3 % in users.
        let value = found.value.unwrap();
        assert!((value / 153.9 - 1.0).abs() < 0.04, "{found:?}");
        assert!(found.runs < 16, "{found:?}");
    }
}
