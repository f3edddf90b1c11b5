//! What a policy says about a setting it cannot use.

/// Why a setting cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{setting} is {found}, but must be {possible}")]
pub struct BadSetting {
    /// Name of the setting, with its unit.
    pub setting: &'static str,
    /// Its value.
    pub found: f64,
    /// The range, in words.
    pub possible: &'static str,
}

/// Fails unless `low <= found <= high`; not-a-number fails too.
///
/// # Errors
/// Names the setting and what is possible.
pub fn in_range(
    setting: &'static str,
    found: f64,
    [low, high]: [f64; 2],
    possible: &'static str,
) -> Result<(), BadSetting> {
    if (low..=high).contains(&found) {
        return Ok(());
    }
    Err(BadSetting { setting, found, possible })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_setting_is_named_with_what_is_possible() {
        let error = in_range("rate_per_sec", f64::NAN, [0.0, 1.0], "0 to 1").unwrap_err();
        assert_eq!(error.to_string(), "rate_per_sec is NaN, but must be 0 to 1");
        assert_eq!(in_range("share", 1.0, [0.0, 1.0], "0 to 1"), Ok(()));
        assert!(in_range("share", 1.01, [0.0, 1.0], "0 to 1").is_err());
    }
}
