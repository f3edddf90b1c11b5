//! What the page says of a session, in words.

use crate::analysis::report::Curve;
use crate::scenario::quantity::{format, spoken};
use crate::scenario::{Settings, Unit};

use super::Session;
use super::readout::Readout;

impl Session {
    /// What differs from the present state in the ghost's, such as `without Join`.
    pub fn ghost_words(&self) -> Option<String> {
        let before = &self.ghost.as_ref()?.settings;
        let mut words = Vec::new();
        for fix in &self.scenario.fixes {
            let is_on = |settings: &Settings| settings.fixes.contains(&fix.id);
            match (is_on(before), is_on(&self.settings)) {
                (true, false) => words.push(format!("with {}", fix.label)),
                (false, true) => words.push(format!("without {}", fix.label)),
                _ => {}
            }
        }
        for knob in self.scenario.knobs.iter().filter(|knob| knob.id != self.x().id) {
            let value = |settings| self.scenario.value(settings, &knob.id).unwrap_or(0.0);
            let (then, now) = (value(before), value(&self.settings));
            if then.to_bits() != now.to_bits() {
                words.push(format!("{} {}", knob.label, format(then, knob.unit)));
            }
        }
        if words.is_empty() {
            words.push("the same state".to_owned());
        }
        Some(words.join(", "))
    }

    /// How far the knee has moved from the ghost's, such as `knee × 4.2`.
    pub fn knee_words(&self) -> Option<String> {
        let ghost = self.ghost.as_ref()?.curve.as_ref()?;
        let curve = self.curve.as_ref().filter(|curve| curve.knob == ghost.knob)?;
        ghost.knee.as_ref()?;
        Some(knee_change(self, ghost, curve)?.0)
    }

    /// The operating point against the ghost's, such as `p99 is 9.6 times lower than before.`
    pub fn comparison_words(&self) -> Option<String> {
        let found = self.comparison.as_ref().filter(|_| self.ghost.is_some())?;
        let ratio = found.p99_ratio?;
        let (times, word) = if ratio >= 1.0 { (ratio, "lower") } else { (1.0 / ratio, "higher") };
        if times < 1.005 {
            return Some("p99 is as before.".to_owned());
        }
        // The interval of a quotient is, to first order, as wide in proportion.
        let spread = found.p99_ratio_half_width.map(|half_width| times * half_width / ratio);
        let times = format(times, Unit::Count);
        // No finer than the number it belongs to.
        let digits = times.split_once('.').map_or(0, |(_, digits)| digits.len());
        let spread = spread.map_or_else(String::new, |spread| format!(" (± {spread:.digits$})"));
        Some(format!("p99 here is {times} times{spread} {word} than before, on the same arrivals."))
    }

    /// One sentence for ears on the operating point; empty before it is measured.
    pub fn announcement(&self) -> String {
        let Some(readout) = Readout::of(self).filter(|_| self.is_measured()) else {
            return String::new();
        };
        let p99 = readout.p99_ms.map_or_else(
            || "nothing answered in time".to_owned(),
            |p99| format!("p99 {}", spoken(p99, Unit::Ms)),
        );
        let goodput = spoken(readout.goodput_per_s, Unit::PerSecond);
        let errors = if readout.error_share > 0.0 {
            format!(", errors {}", spoken(readout.error_share, Unit::Share))
        } else {
            String::new()
        };
        let verdict = if readout.overloaded {
            "overloaded"
        } else if readout.meets(&self.scenario.objective) {
            "objective met"
        } else {
            "objective missed"
        };
        format!("{p99}, goodput {goodput}{errors}; {verdict}.")
    }
}

/// How the knee of one curve lies to that of another, such as `knee × 4.2`; true if that is
/// better, and nothing if it is as good.
pub(super) fn knee_change(
    session: &Session,
    before: &Curve,
    after: &Curve,
) -> Option<(String, Option<bool>)> {
    let place = |curve: &Curve| {
        curve.knee.as_ref().map(|knee| knee.x).or_else(|| {
            // No knee: the objective is met everywhere, or nowhere.
            let last = curve.points.last()?;
            let is_fast =
                last.latency_ms.p99.is_some_and(|p99| p99 <= session.scenario.objective.p99_ms);
            let is_met = is_fast
                && !last.overloaded
                && last.error_share <= session.scenario.objective.error_share;
            is_met.then_some(f64::INFINITY)
        })
    };
    let unit = session.x().unit;
    Some(match (place(before), place(after)) {
        (None, None) => ("met nowhere still".to_owned(), None),
        (Some(_), None) => ("no longer met anywhere".to_owned(), Some(false)),
        (None, Some(after)) if after.is_finite() => {
            (format!("knee at {}", format(after, unit)), Some(true))
        }
        (Some(before), Some(after)) if after.is_finite() => {
            let reach = if before.is_finite() { before } else { session.x().max };
            let factor = after / reach;
            // Short curves know their knee to several per cent.
            if (factor - 1.0).abs() < 0.08 {
                return Some(("knee as before".to_owned(), None));
            }
            (format!("knee × {}", format(factor, Unit::Count)), Some(factor > 1.0))
        }
        (Some(before), Some(_)) if before.is_finite() => {
            let factor = format(session.x().max / before, Unit::Count);
            (format!("knee × {factor} or more"), Some(true))
        }
        (None, Some(_)) => ("met everywhere".to_owned(), Some(true)),
        (Some(_), Some(_)) => ("met everywhere still".to_owned(), None),
    })
}
