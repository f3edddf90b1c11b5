//! Faults dropped by a user, as they stand in links.
//!
//! As `fault=slow_db_20s_30s_5~stop_app_40s_45s`: what is done, to which part, when it begins and
//! ends, and how much, in the order in which they were dropped.

use super::{END_MAX_MS, FAULTS_MAX, FaultKind, HandFault};
use crate::scenario::{Scenario, Unit, quantity};

/// The value of `fault` in links.
pub(in crate::scenario) fn written(faults: &[HandFault]) -> String {
    let texts = faults.iter().map(|fault| {
        let HandFault { kind, part, from_ms, to_ms, amount } = fault;
        let time = |ms: u64| {
            if ms.is_multiple_of(1_000) { format!("{}s", ms / 1_000) } else { format!("{ms}ms") }
        };
        let amount = kind.range().map_or_else(String::new, |_| format!("_{amount}"));
        format!("{}_{part}_{}_{}{amount}", kind.word(), time(*from_ms), time(*to_ms))
    });
    texts.collect::<Vec<_>>().join("~")
}

/// Reads the value of `fault`; what is wrong with the first that cannot be used.
pub(in crate::scenario) fn read(
    text: &str,
    scenario: &Scenario,
) -> (Vec<HandFault>, Option<String>) {
    let (mut faults, mut wrong) = (Vec::new(), None);
    for item in text.split('~').filter(|item| !item.is_empty()) {
        let found = read_one(item, scenario);
        let found = if faults.len() < FAULTS_MAX {
            found
        } else {
            Err(format!("more than {FAULTS_MAX} of them"))
        };
        match found {
            Ok(fault) => faults.push(fault),
            Err(reason) => wrong = wrong.or(Some(reason)),
        }
    }
    (faults, wrong)
}

fn read_one(text: &str, scenario: &Scenario) -> Result<HandFault, String> {
    let short: String = text.chars().take(40).collect();
    let mut fields = text.split('_');
    let mut next = || fields.next().unwrap_or_default();
    let (word, part) = (next(), next());
    let kind = FaultKind::ALL.into_iter().find(|kind| kind.word() == word);
    let kind = kind.ok_or_else(|| format!("`{short}` is none that can be dropped"))?;
    if !scenario.has_part(part) {
        return Err(format!("there is no part for `{short}`"));
    }
    let time = |text: &str| {
        let ms = quantity::parse(text, Unit::Ms).ok()?.round();
        (ms >= 0.0 && ms <= END_MAX_MS as f64).then_some(ms as u64)
    };
    let times = (time(next()), time(next()));
    let (Some(from_ms), Some(to_ms)) = times else {
        return Err(format!("`{short}` needs a begin and an end"));
    };
    if from_ms >= to_ms {
        return Err(format!("`{short}` ends before it begins"));
    }
    let amount = match kind.range() {
        None => 1.0,
        Some((least, most, usual)) => match next() {
            "" => usual,
            text => {
                let amount = quantity::parse(text, Unit::Count).ok();
                amount
                    .filter(|amount| (least..=most).contains(amount))
                    .ok_or_else(|| format!("`{short}` needs an amount from {least} to {most}"))?
            }
        },
    };
    Ok(HandFault { kind, part: part.to_owned(), from_ms, to_ms, amount })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::link::{Link, decode, encode};
    use crate::scenario::{Settings, catalogue};

    fn state(faults: &[HandFault]) -> String {
        let scenario = catalogue::find("n-plus-one").unwrap();
        let settings = Settings { faults: faults.to_vec(), ..Settings::default() };
        let link = Link { scenario, document: None, settings, before: None };
        encode(&link)
    }

    fn fault(kind: FaultKind, part: &str, from_ms: u64, to_ms: u64, amount: f64) -> HandFault {
        HandFault { kind, part: part.to_owned(), from_ms, to_ms, amount }
    }

    #[test]
    fn a_link_carries_faults_as_they_were_dropped() {
        let faults = [
            fault(FaultKind::Slow, "db", 20_000, 30_500, 2.5),
            fault(FaultKind::Stop, "app", 0, 1, 1.0),
            fault(FaultKind::Spike, "users", 5_000, 6_000, 3.0),
            fault(FaultKind::Refuse, "app", 5_000, 6_000, 0.25),
            fault(FaultKind::Partition, "db", 5_000, 6_000, 1.0),
            fault(FaultKind::Drop, "db", 5_000, 6_000, 0.05),
            fault(FaultKind::Deploy, "app", 5_000, 6_000, 0.1),
        ];
        let text = state(&faults);
        let expected = "v=1&s=n-plus-one&fault=slow_db_20s_30500ms_2.5~stop_app_0s_1ms\
                        ~spike_users_5s_6s_3~refuse_app_5s_6s_0.25\
                        ~partition_db_5s_6s~drop_db_5s_6s_0.05~deploy_app_5s_6s_0.1&seed=1&m=1";
        assert_eq!(text, expected);
        let decoded = decode(&text);
        assert_eq!((decoded.notices.len(), &decoded.link.settings.faults[..]), (0, &faults[..]));
        assert_eq!(encode(&decoded.link), text);
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~&=".contains(c);
        assert!(text.chars().all(allowed), "{text}");
    }

    #[test]
    fn the_state_to_compare_with_has_the_same_faults() {
        let text = "v=1&s=n-plus-one&fix=join&fault=slow_db_20s_30s_5&seed=1&m=1&~b=1";
        let link = decode(text).link;
        assert_eq!(link.before.as_ref().unwrap().faults, link.settings.faults);
        assert_eq!(encode(&link), text);
    }

    #[test]
    fn what_cannot_be_dropped_is_named_and_left_out() {
        for (value, what) in [
            ("melt_db_1s_2s", "none that can be dropped"),
            ("slow_nobody_1s_2s", "no part"),
            ("slow_db_2s_1s", "ends before it begins"),
            ("slow_db_2s_2s", "ends before it begins"),
            ("slow_db_x_2s", "a begin and an end"),
            ("slow_db_1s_9999h", "a begin and an end"),
            ("slow_db_1s_2s_0", "an amount from"),
            ("slow_db_1s_2s_1e9", "an amount from"),
            ("slow_db_1s_2s_nan", "an amount from"),
        ] {
            let decoded = decode(&format!("v=1&s=n-plus-one&fault={value}~stop_app_1s_2s"));
            assert_eq!(decoded.notices.len(), 1, "{value}: {:?}", decoded.notices);
            let notice = &decoded.notices[0];
            assert!(notice.starts_with("fault: ") && notice.contains(what), "{value}: {notice}");
            assert_eq!(decoded.link.settings.faults.len(), 1, "{value}");
        }
        let many = vec!["stop_app_1s_2s"; 1_000].join("~");
        let decoded = decode(&format!("v=1&s=n-plus-one&fault={}", &many[..7_000]));
        assert_eq!(decoded.link.settings.faults.len(), FAULTS_MAX);
        assert_eq!(decoded.notices.len(), 1);
    }
}
