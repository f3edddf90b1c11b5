//! Policies whose models need no queue: formulas, schedules, cron, throttling.

use kneepoint::engine::{SimDuration, SimTime};
use kneepoint::policy::admission::vegas;
use kneepoint::policy::arrivals::{self, Source};
use kneepoint::policy::overlap::{Decision, Overlap};
use kneepoint::policy::queue::codel::{self, CoDel};
use kneepoint::policy::throttle::{self, Throttle};

use super::{Case, Measures, at, stream};

pub(super) fn vegas(case: &Case<'_>) -> Measures {
    let [limit, shortest, latency] = ["limit", "min_rtt", "rtt"].map(|name| case.number(name));
    [("queue_estimate", vegas::queue(limit, shortest, latency))].into()
}

/// Waits that never fall: entries are taken out at the very instants at which a drop is due.
pub(super) fn codel_law(case: &Case<'_>) -> Measures {
    let interval = SimDuration::from_secs(case.number("interval"));
    let mut codel = CoDel::new(&codel::Settings { target: SimDuration(1), interval });
    let wait = SimDuration::from_secs(1e3);
    let mut now = SimTime::ZERO + interval;
    assert!(!codel.drops(SimTime::ZERO, wait, 100), "not above the target for an interval yet");
    let mut times = Vec::new();
    for _ in 0..case.count("drops") {
        assert!(codel.drops(now, wait, 100), "a drop is due");
        times.push(now.since(SimTime::ZERO + interval).as_secs());
        assert!(!codel.drops(now, wait, 100), "the next one is served");
        now = codel.drop_next().expect("it is dropping");
    }
    let names = [(2, "drop_time_2"), (5, "drop_time_5"), (10, "drop_time_10")];
    let more = [(12, "drop_time_12"), (20, "drop_time_20")];
    let all = names.into_iter().chain(more);
    all.filter_map(|(drop, name)| Some((name, *times.get(drop - 1)?))).collect()
}

/// A job by the clock that nothing holds back.
pub(super) fn cron(case: &Case<'_>, is_even: bool) -> Measures {
    let (period, duration) = (case.number("P"), case.number("D"));
    let mut source = Source::new(&arrivals::Settings::Cron {
        period: SimDuration::from_secs(period),
        offset: SimDuration::ZERO,
        jitter: SimDuration::ZERO,
    });
    let mut random = stream(0, 0);
    let (starts, warm_up) = if is_even { (1_000, 100) } else { (2_000_000, 1_000) };
    let (mut ends, mut now) = (Vec::<f64>::new(), SimTime::ZERO);
    let (mut overlaps, mut at_start, mut longer, mut busy) = (0.0, 0.0, 0.0, 0.0);
    let (mut most, mut time_at_most) = (0, 0.0);
    for k in 0..starts {
        now = source.next(now, &mut random);
        let start = now.as_secs();
        ends.retain(|&end| end > start);
        let running = ends.len();
        assert_eq!(Overlap::Allow.decide(running as u32), Decision::Start);
        let took = if is_even { duration } else { duration * random.exponential() };
        ends.push(start + took);
        if k < warm_up {
            continue;
        }
        overlaps += f64::from(u8::from(running > 0));
        at_start += running as f64;
        longer += f64::from(u8::from(took > period));
        let until = start + period;
        busy += ends.iter().map(|end| end.min(until) - start).sum::<f64>();
        let first_end = ends.iter().fold(until, |first, end| first.min(*end));
        if ends.len() > most {
            (most, time_at_most) = (ends.len(), 0.0);
        }
        if ends.len() == most {
            time_at_most += first_end - start;
        }
    }
    let counted = f64::from(starts - warm_up);
    [
        ("mean_running", busy / counted / period),
        ("prob_start_overlaps", overlaps / counted),
        ("prob_job_longer_than_period", longer / counted),
        ("mean_running_at_start", at_start / counted),
        ("max_running", most as f64),
        ("frac_time_at_max", time_at_most / counted / period),
    ]
    .into()
}

/// A client that throttles itself before a callee of fixed capacity.
pub(super) fn throttle(case: &Case<'_>) -> Measures {
    let (demand, capacity) = (case.number("demand"), case.number("capacity"));
    let settings = throttle::Settings { k: case.number("K"), ..throttle::Settings::default() };
    let (mut throttle, mut random) = (Throttle::new(&settings), stream(0, 0));
    let (warm_up, end) = (600.0, 1_800.0);
    let (mut sent, mut kept_back, mut rejected) = (0.0, 0.0, 0.0);
    let (mut second, mut room) = (0.0, capacity);
    for k in 0..(demand * end) as u32 {
        let secs = f64::from(k) / demand;
        let counts = f64::from(u8::from(secs >= warm_up));
        if secs.floor() > second {
            (second, room) = (secs.floor(), capacity);
        }
        if !throttle.sends(at(secs), &mut random) {
            kept_back += counts;
        } else if room >= 1.0 {
            room -= 1.0;
            sent += counts;
            throttle.on_accept(at(secs));
        } else {
            sent += counts;
            rejected += counts;
        }
    }
    let span = end - warm_up;
    [
        ("sent_rate", sent / span),
        ("local_reject_frac", kept_back / (demand * span)),
        ("backend_reject_rate", rejected / span),
    ]
    .into()
}
