//! Brings documents and links of older versions to the present one, a version at a time.
//!
//! A step is a function from version n to n + 1. It knows only these two, never fails, and leaves
//! alone what it does not understand: the reader of the present version says what is wrong with
//! that. Steps are never changed once links and documents of their version are about.

use serde_json::Value;

/// Takes something from one version to the next.
type Step<T> = fn(T) -> T;
/// Keys and values of a link.
pub(super) type Pairs = Vec<(String, String)>;

/// From document format 1 to 2, from 2 to 3, and so on: none yet.
const DOCUMENT_STEPS: &[Step<Value>] = &[];
/// From link version 1 to 2, and so on: none yet.
const LINK_STEPS: &[Step<Pairs>] = &[];

/// The version of the document format that this build reads and writes.
pub const FORMAT_VERSION: u64 = 1 + DOCUMENT_STEPS.len() as u64;
/// The version of links that this build writes.
pub const LINK_VERSION: u64 = 1 + LINK_STEPS.len() as u64;

/// Why something cannot be brought to the present version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum VersionError {
    /// It comes from a later build.
    #[error("version {found}, made by a newer Kneepoint")]
    Newer { found: u64 },
    /// There never was such a version.
    #[error("{found}")]
    Unknown { found: String },
}

/// A document in the present format.
///
/// # Errors
/// Says if `format` is missing, is no version, or is newer than this build.
pub(super) fn document(value: Value) -> Result<Value, VersionError> {
    document_by(value, DOCUMENT_STEPS)
}

/// The keys and values of a link as the present version has them. They stay as they are, with a
/// reason, if `v` is no version or newer than this build; without `v` they are of the present one.
pub(super) fn link(pairs: Pairs) -> (Pairs, Option<VersionError>) {
    link_by(pairs, LINK_STEPS)
}

fn document_by(value: Value, steps: &[Step<Value>]) -> Result<Value, VersionError> {
    let found = value.get("format");
    let version = found.and_then(Value::as_u64);
    let text = found.map_or_else(|| "nothing".to_owned(), Value::to_string);
    let mut present = climb(value, steps_from(version, &text, steps)?);
    if let Some(object) = present.as_object_mut() {
        object.insert("format".to_owned(), (steps.len() + 1).into());
    }
    Ok(present)
}

fn link_by(pairs: Pairs, steps: &[Step<Pairs>]) -> (Pairs, Option<VersionError>) {
    let Some((_, found)) = pairs.iter().find(|(key, _)| key == "v") else { return (pairs, None) };
    match steps_from(found.parse().ok(), found, steps) {
        Ok(rest) => (climb(pairs, rest), None),
        Err(error) => (pairs, Some(error)),
    }
}

/// The steps that are left from a version on.
fn steps_from<'a, T>(
    version: Option<u64>,
    text: &str,
    steps: &'a [Step<T>],
) -> Result<&'a [Step<T>], VersionError> {
    let newest = steps.len() as u64 + 1;
    match version {
        Some(found) if found > newest => Err(VersionError::Newer { found }),
        Some(found) if found > 0 => Ok(&steps[found as usize - 1..]),
        _ => Err(VersionError::Unknown { found: text.chars().take(40).collect() }),
    }
}

fn climb<T>(value: T, steps: &[Step<T>]) -> T {
    steps.iter().fold(value, |value, step| step(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Format 2 calls `size` by another name; format 3 counts it in another unit.
    const STEPS: &[Step<Value>] = &[
        |mut value| {
            if let Some(object) = value.as_object_mut()
                && let Some(size) = object.remove("size")
            {
                object.insert("length_m".to_owned(), size);
            }
            value
        },
        |mut value| {
            if let Some(length) = value.get_mut("length_m").and_then(|found| found.as_u64()) {
                value["length_cm"] = (length * 100).into();
                value.as_object_mut().expect("it has fields").remove("length_m");
            }
            value
        },
    ];

    #[test]
    fn each_version_takes_the_steps_that_are_left() {
        let present = json!({ "format": 3, "length_cm": 700 });
        for old in [
            json!({ "format": 1, "size": 7 }),
            json!({ "format": 2, "length_m": 7 }),
            json!({ "format": 3, "length_cm": 700 }),
        ] {
            assert_eq!(document_by(old, STEPS).unwrap(), present);
        }
    }

    #[test]
    fn a_step_leaves_alone_what_it_does_not_understand() {
        let odd = json!({ "format": 1, "size": "seven" });
        let read = document_by(odd, STEPS).unwrap();
        assert_eq!(read, json!({ "format": 3, "length_m": "seven" }));
    }

    #[test]
    fn a_newer_version_is_refused_and_said_to_be_newer() {
        let error = document_by(json!({ "format": 4 }), STEPS).unwrap_err();
        assert_eq!(error, VersionError::Newer { found: 4 });
        assert!(error.to_string().contains("newer Kneepoint"));
        for nonsense in
            [json!({}), json!({ "format": 0 }), json!({ "format": "1" }), json!([1]), json!(1)]
        {
            let error = document_by(nonsense, STEPS).unwrap_err();
            assert!(matches!(error, VersionError::Unknown { .. }), "{error}");
        }
    }

    #[test]
    fn links_take_the_same_way() {
        const STEPS: &[Step<Pairs>] = &[|mut pairs| {
            for (key, _) in &mut pairs {
                if key == "people" {
                    *key = "users".to_owned();
                }
            }
            pairs
        }];
        let pairs = |v: &str, key: &str| {
            vec![("v".to_owned(), v.to_owned()), (key.to_owned(), "5".to_owned())]
        };
        assert_eq!(link_by(pairs("1", "people"), STEPS).0[1].0, "users");
        assert_eq!(link_by(pairs("2", "people"), STEPS).0[1].0, "people");
        let newer = Some(VersionError::Newer { found: 3 });
        assert_eq!(link_by(pairs("3", "people"), STEPS), (pairs("3", "people"), newer));
        let unknown = Some(VersionError::Unknown { found: "one".to_owned() });
        assert_eq!(link_by(pairs("one", "people"), STEPS), (pairs("one", "people"), unknown));
    }
}
