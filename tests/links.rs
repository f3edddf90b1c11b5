//! Links: the same for ever, and harmless whatever they hold.

use std::sync::Arc;

use base64::Engine as _;
use kneepoint::analysis::run::run;
use kneepoint::scenario::link::{Link, decode, encode};
use kneepoint::scenario::{Settings, catalogue};
use proptest::prelude::*;

/// Each line is a link of version 1 and the digest of its run.
const GOLDEN: &str = include_str!("golden/links-v1.txt");

#[test]
fn published_links_keep_their_text_and_their_numbers() {
    let mut links = 0;
    for line in GOLDEN.lines() {
        let (text, digest) = line.split_once(' ').expect("a link and a digest");
        let decoded = decode(text);
        assert!(decoded.notices.is_empty(), "{text}: {:?}", decoded.notices);
        assert_eq!(encode(&decoded.link), text);
        let report = run(&decoded.link.scenario, &decoded.link.settings).unwrap();
        assert_eq!(report.digest, digest, "{text}");
        links += 1;
    }
    assert!(links >= 50, "only {links} links");
}

/// Any state of any scenario: each knob at its default or anywhere on its slider.
fn any_link() -> impl Strategy<Value = Link> {
    let scenario = 0..catalogue::all().len();
    let sliders = prop::collection::vec(prop::option::of(0.0..=1.0), 16);
    (scenario, sliders, any::<u16>(), any::<u64>()).prop_map(|(index, sliders, fixes, seed)| {
        let scenario = Arc::clone(&catalogue::all()[index]);
        let mut settings = Settings { seed: Some(seed), ..Settings::default() };
        for (knob, slider) in scenario.knobs.iter().zip(sliders) {
            let value = slider.map_or(knob.default, |position: f64| knob.at(position));
            if value.to_bits() != knob.default.to_bits() {
                settings.knobs.insert(knob.id.clone(), value);
            }
        }
        if seed == scenario.seed {
            settings.seed = None;
        }
        for (bit, fix) in scenario.fixes.iter().enumerate() {
            let excluded = fix.excludes.iter().any(|other| settings.fixes.contains(other));
            if fixes & (1 << bit) != 0 && !excluded {
                settings.fixes.insert(fix.id.clone());
            }
        }
        Link { scenario, document: None, settings, before: None }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn every_state_survives_its_link(link in any_link()) {
        let text = encode(&link);
        let decoded = decode(&text);
        prop_assert_eq!(&decoded.notices, &Vec::<String>::new());
        prop_assert_eq!(&decoded.link, &link);
        prop_assert_eq!(encode(&decoded.link), text.clone());
        prop_assert!(text.len() <= 400, "{} characters", text.len());
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~=&".contains(c);
        prop_assert!(text.chars().all(plain) && text.ends_with(|c: char| c.is_ascii_alphanumeric()));
    }

    #[test]
    fn any_text_gives_a_scenario_that_compiles(text in "\\PC{0,200}") {
        let decoded = decode(&text);
        prop_assert!(decoded.link.scenario.system(&decoded.link.settings).is_ok());
    }

    #[test]
    fn a_mangled_link_gives_a_scenario_that_compiles(
        link in any_link(),
        place in any::<prop::sample::Index>(),
        with in "\\PC{0,6}",
        packed in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut text = encode(&link);
        let at = place.index(text.len());
        text.replace_range(at..=at, &with);
        let decoded = decode(&text);
        prop_assert!(decoded.link.scenario.system(&decoded.link.settings).is_ok());
        let packed = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(packed);
        prop_assert_eq!(decode(&format!("v=1&z={packed}")).notices.len(), 1);
    }
}
