//! A scenario as the fragment of a link: a preset and what differs from it, in readable form.
//!
//! ```text
//! v=1&s=n-plus-one&users=2500&fix=join&seed=42&m=1&~b.users=2500
//! ```
//!
//! `v` is the version of links, `s` the scenario, then knobs that differ, `fix` the fixes that are
//! on, `fault` what the user lets go wrong (see [`by_hand`]), `seed`, and `m` the version of the
//! model. Keys under `~b.` are the state to compare with, to which the same goes wrong.
//! Documents that are not in the catalogue travel whole, deflated, as `z` in place of `s`.
//!
//! Whatever comes in, something usable comes out, with a notice for everything that was not as
//! expected: a link is a stranger's input. The same state always gives the same text.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::document::DOCUMENT_BYTES_MAX;
use super::migrate::{self, LINK_VERSION, Pairs, VersionError};
use super::{MODEL_VERSION, Scenario, Settings, by_hand, catalogue, quantity};

/// Longer links are refused.
pub const LINK_BYTES_MAX: usize = 8 * 1024;

/// What a link says.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The document as it stands in links (see `pack`), if it is not in the catalogue.
    pub document: Option<String>,
    /// Its state.
    pub settings: Settings,
    /// The state to compare with.
    pub before: Option<Settings>,
}

/// A link read, with everything that was not as expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// Always usable: what could not be read is as the document says.
    pub link: Link,
    /// For people; each names the field it is about.
    pub notices: Vec<String>,
}

/// Writes a link, without the leading `#`.
pub fn encode(link: &Link) -> String {
    let mut text = format!("v={LINK_VERSION}");
    match &link.document {
        None => text += &format!("&s={}", link.scenario.id),
        Some(document) => text += &format!("&z={document}"),
    }
    write_settings(&mut text, "", &link.scenario, &link.settings);
    if !link.settings.faults.is_empty() {
        text += &format!("&fault={}", by_hand::written(&link.settings.faults));
    }
    text += &format!("&seed={}&m={MODEL_VERSION}", link.scenario.seed(&link.settings));
    if let Some(before) = &link.before {
        text += "&~b=1";
        write_settings(&mut text, "~b.", &link.scenario, before);
    }
    text
}

/// The text of a document as it stands in links: deflated, and in letters that need no escapes.
pub fn pack(document: &str) -> String {
    URL_SAFE_NO_PAD.encode(compress_to_vec(document.as_bytes(), 9))
}

fn write_settings(text: &mut String, prefix: &str, scenario: &Scenario, settings: &Settings) {
    // In the order of the document, so that equal states give equal links.
    for knob in &scenario.knobs {
        if let Some(value) = settings.knobs.get(&knob.id)
            && knob.clamp(*value).to_bits() != knob.default.to_bits()
        {
            // The shortest decimal that reads back as the same number.
            *text += &format!("&{prefix}{}={}", knob.id, knob.clamp(*value));
        }
    }
    let on = scenario.fixes.iter().filter(|fix| settings.fixes.contains(&fix.id));
    let on: Vec<&str> = on.map(|fix| fix.id.as_str()).collect();
    if !on.is_empty() {
        *text += &format!("&{prefix}fix={}", on.join("."));
    }
}

/// Reads a link: a fragment, or a whole address that ends in one.
pub fn decode(text: &str) -> Decoded {
    let mut notices = Vec::new();
    let (pairs, wrong_version) = migrate::link(pairs_of(text, &mut notices));
    let get = |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    match wrong_version {
        Some(error @ VersionError::Newer { .. }) => notices.push(format!(
            "v: this link is of {error}; read as version {LINK_VERSION}, it may say less."
        )),
        Some(VersionError::Unknown { found }) => notices
            .push(format!("v: `{found}` is no version of links; read as version {LINK_VERSION}.")),
        None => {}
    }
    if let Some(model) = get("m")
        && model.parse() != Ok(MODEL_VERSION)
    {
        notices.push(format!(
            "m: made with model version {model}, run with {MODEL_VERSION}: numbers may differ."
        ));
    }
    let (scenario, document) = scenario_of(get("s"), get("z"), &mut notices);
    let mut settings = Settings::default();
    let mut before = Settings::default();
    let mut compares = false;
    for (key, value) in &pairs {
        if let Some(key) = key.strip_prefix("~b.") {
            let faults = notices.len();
            read_pair(&scenario, &mut before, key, value, &mut notices);
            // Nothing that could be read is no state to compare with.
            compares |= notices.len() == faults;
        } else if key == "~b" {
            compares = true;
        } else {
            read_pair(&scenario, &mut settings, key, value, &mut notices);
        }
    }
    // Compared are two systems to which the same happens.
    (before.seed, before.faults) = (settings.seed, settings.faults.clone());
    drop_excluded(&scenario, &mut settings, &mut notices);
    drop_excluded(&scenario, &mut before, &mut notices);
    let before = compares.then_some(before);
    Decoded { link: Link { scenario, document, settings, before }, notices }
}

/// Keys and values, percent-decoded; nothing of a text that is too long.
fn pairs_of(text: &str, notices: &mut Vec<String>) -> Pairs {
    if text.len() > LINK_BYTES_MAX {
        notices.push("This link is longer than 8 kB and was not read.".to_owned());
        return Vec::new();
    }
    let text = text.trim();
    let text = text.split_once('#').map_or(text, |(_, fragment)| fragment);
    let text = text.rsplit_once('?').map_or(text, |(_, query)| query);
    // Chat tools add punctuation at the end.
    let text = text.trim_end_matches(['.', ',', ')', ';', '>', '"', '\'', '=', '&']);
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(k, v)| (unescape(k), unescape(v)))
        .collect()
}

/// `%41` becomes `A`, `+` a space; broken escapes stay as they are.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let escaped = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        (bytes, rest) = match (first, escaped) {
            (b'%', Some(byte)) => (push(bytes, byte), &after[2..]),
            (b'+', _) => (push(bytes, b' '), after),
            _ => (push(bytes, first), after),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn push(mut bytes: Vec<u8>, byte: u8) -> Vec<u8> {
    bytes.push(byte);
    bytes
}

fn scenario_of(
    id: Option<&String>,
    packed: Option<&String>,
    notices: &mut Vec<String>,
) -> (Arc<Scenario>, Option<String>) {
    if let Some(packed) = packed {
        match unpack(packed) {
            Ok(scenario) => return (Arc::new(scenario), Some(packed.clone())),
            Err(reason) => notices.push(format!("z: {reason}. The first scenario is shown.")),
        }
        return (catalogue::first(), None);
    }
    if let Some(id) = id {
        if let Some(scenario) = catalogue::find(id) {
            return (scenario, None);
        }
        let id: String = id.chars().take(40).collect();
        notices.push(format!("s: there is no scenario `{id}`. The first one is shown."));
    }
    (catalogue::first(), None)
}

fn unpack(packed: &str) -> Result<Scenario, String> {
    let bytes = URL_SAFE_NO_PAD.decode(packed).map_err(|error| format!("unreadable ({error})"))?;
    let text = decompress_to_vec_with_limit(&bytes, DOCUMENT_BYTES_MAX)
        .map_err(|error| format!("cannot be unpacked to at most 64 kB ({})", error.status as i8))?;
    let text = String::from_utf8(text).map_err(|error| format!("no text ({error})"))?;
    Scenario::parse(&text).map_err(|mistakes| format!("invalid: {mistakes}"))
}

fn read_pair(
    scenario: &Scenario,
    settings: &mut Settings,
    key: &str,
    value: &str,
    notices: &mut Vec<String>,
) {
    let short: String = value.chars().take(40).collect();
    match key {
        "v" | "m" | "s" | "z" => {}
        "seed" => match value.parse() {
            Ok(seed) => settings.seed = (seed != scenario.seed).then_some(seed),
            Err(_) => notices.push(format!("seed: `{short}` is no whole number; kept as it was.")),
        },
        "fix" => {
            for id in value.split('.').filter(|id| !id.is_empty()) {
                if scenario.fix(id).is_some() {
                    settings.fixes.insert(id.to_owned());
                } else {
                    let id: String = id.chars().take(40).collect();
                    notices.push(format!("fix: there is no fix `{id}` here; ignored."));
                }
            }
        }
        "fault" => {
            let (faults, wrong) = by_hand::read(value, scenario);
            settings.faults = faults;
            notices.extend(wrong.map(|wrong| format!("fault: {wrong}; ignored.")));
        }
        _ => {
            let Some(knob) = scenario.knob(key) else {
                let key: String = key.chars().take(40).collect();
                notices.push(format!("{key}: unknown here; ignored."));
                return;
            };
            match quantity::parse(value, knob.unit) {
                Err(error) => notices.push(format!("{key}: {error}; kept as it was.")),
                Ok(number) => {
                    let possible = knob.clamp(number);
                    if (possible - number).abs() > 1e-9 * number.abs() {
                        let is_inside = (knob.min..=knob.max).contains(&number);
                        let wrong = if is_inside { "no whole number" } else { "out of range" };
                        notices.push(format!("{key}: {short} is {wrong}; {possible} taken."));
                    }
                    if possible.to_bits() != knob.default.to_bits() {
                        settings.knobs.insert(key.to_owned(), possible);
                    }
                }
            }
        }
    }
}

/// Of fixes that exclude each other the first in the document stays.
fn drop_excluded(scenario: &Scenario, settings: &mut Settings, notices: &mut Vec<String>) {
    for fix in &scenario.fixes {
        if !settings.fixes.contains(&fix.id) {
            continue;
        }
        for other in &fix.excludes {
            if settings.fixes.remove(other) {
                notices.push(format!("fix: `{other}` cannot be combined with `{}`; off.", fix.id));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str) -> String {
        encode(&decode(text).link)
    }

    #[test]
    fn a_link_reads_back_as_it_was_written() {
        for text in [
            "v=1&s=n-plus-one&seed=1&m=1",
            "v=1&s=n-plus-one&users=2500&posts=500&fix=join&seed=42&m=1",
            "v=1&s=queue-knee&users=150.5&seed=7&m=1&~b=1&~b.users=20",
        ] {
            assert_eq!(decode(text).notices, Vec::<String>::new(), "{text}");
            assert_eq!(round_trip(text), text);
        }
    }

    #[test]
    fn whole_addresses_escapes_and_added_punctuation_are_read() {
        let plain = round_trip("v=1&s=n-plus-one&users=2500&seed=1&m=1");
        for text in [
            "https://host/path/?embed=1#v=1&s=n-plus-one&users=2500",
            "#v=1&s=n%2dplus%2Done&users=2.5k).",
            "https://host/?v=1&s=n-plus-one&users=2500",
            "  v=1&s=n-plus-one&users=2500>;",
        ] {
            assert_eq!(round_trip(text), plain, "{text}");
        }
    }

    #[test]
    fn every_fault_gets_a_notice_that_names_the_field() {
        for (text, field) in [
            ("v=9&s=n-plus-one", "v: this link is of version 9, made by a newer Kneepoint"),
            ("v=one&s=n-plus-one", "v: `one` is no version"),
            ("v=1&s=nothing", "s:"),
            ("v=1&s=n-plus-one&users=many", "users:"),
            ("v=1&s=n-plus-one&users=1e99", "users: 1e99 is out of range"),
            ("v=1&s=retry-storm&retries=2.5", "retries: 2.5 is no whole number; 3 taken."),
            ("v=1&s=n-plus-one&colour=red", "colour:"),
            ("v=1&s=n-plus-one&fix=magic", "fix:"),
            ("v=1&s=n-plus-one&fix=join.batch", "fix:"),
            ("v=1&s=n-plus-one&seed=-1", "seed:"),
            ("v=1&s=n-plus-one&m=77", "m:"),
            ("v=1&z=AAAA", "z:"),
            ("v=1&z=%%%", "z:"),
        ] {
            let decoded = decode(text);
            assert_eq!(decoded.notices.len(), 1, "{text}: {:?}", decoded.notices);
            assert!(decoded.notices[0].starts_with(field), "{text}: {:?}", decoded.notices);
            assert!(decoded.link.scenario.system(&decoded.link.settings).is_ok());
        }
        assert_eq!(decode(&"x".repeat(LINK_BYTES_MAX + 1)).notices.len(), 1);
    }

    #[test]
    fn a_document_travels_whole_and_a_bomb_does_not_explode() {
        let document = include_str!("../../assets/scenarios/queue-knee.json").to_owned();
        let scenario = Arc::new(Scenario::parse(&document).unwrap());
        let link = Link {
            scenario,
            document: Some(pack(&document)),
            settings: Settings::default(),
            before: None,
        };
        let text = encode(&link);
        assert!(text.len() < LINK_BYTES_MAX, "{}", text.len());
        assert_eq!(decode(&text).link, link);

        let bomb = URL_SAFE_NO_PAD.encode(compress_to_vec(&vec![b' '; 4_000_000], 9));
        assert!(decode(&format!("v=1&z={bomb}")).notices[0].contains("64 kB"));
    }
}
