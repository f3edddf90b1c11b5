//! Shedding by priority: the less a request is worth, the earlier it is turned away.
//!
//! Each class has a threshold on the load, whatever that is measured in (busy share of the workers,
//! requests waiting); a class is let in while the load is below its threshold. Thresholds that fall
//! with the class keep room for what matters.
//!
//! Source: Google SRE book, chapter 21 ("Criticality": critical plus, critical, sheddable plus,
//! sheddable); Stripe, "Scaling your API with rate limiters" (2017), fleet usage load shedder.

use crate::policy::setting::{BadSetting, in_range};

use super::{Decision, REJECT};

/// Classes of priority; 0 is the highest.
pub const CLASSES: usize = 4;

/// What each class may see of the load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriorityShedder {
    /// A class is let in while the load is below its threshold; never rising, may be infinite.
    pub thresholds: [f64; CLASSES],
}

impl PriorityShedder {
    /// Decides about a request of `class`; classes beyond the last are the last.
    #[inline]
    pub fn decide(&self, class: u8, load: f64) -> Decision {
        let class = usize::from(class).min(CLASSES - 1);
        if load < self.thresholds[class] { Decision::Admit } else { REJECT }
    }

    /// Whether the thresholds make sense.
    ///
    /// # Errors
    /// One is below zero, or above that of a higher class.
    pub fn check(&self) -> Result<(), BadSetting> {
        self.thresholds.iter().try_fold(f64::INFINITY, |above, &threshold| {
            let possible = "0 up to the threshold of the class above";
            in_range("threshold", threshold, [0.0, above], possible).map(|()| threshold)
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_class_goes_first() {
        let shedder = PriorityShedder { thresholds: [f64::INFINITY, 0.95, 0.8, 0.5] };
        assert_eq!(shedder.check(), Ok(()));
        let admitted =
            |load| (0..6).filter(|c| shedder.decide(*c, load) == Decision::Admit).count();
        assert_eq!([0.0, 0.5, 0.8, 0.949, 0.95, 1.0].map(admitted), [6, 3, 2, 2, 1, 1]);
    }

    #[test]
    fn rising_thresholds_are_refused() {
        assert!(PriorityShedder { thresholds: [0.5, 0.6, 0.5, 0.5] }.check().is_err());
        assert!(PriorityShedder { thresholds: [0.5, 0.5, 0.5, -0.1] }.check().is_err());
        assert!(PriorityShedder { thresholds: [f64::NAN; 4] }.check().is_err());
    }
}
