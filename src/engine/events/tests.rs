use super::*;
use crate::engine::Stream;

/// Pops everything and checks the order against a plain sort.
fn assert_sorted_drain(events: &mut FutureEvents, mut expected: Vec<(u64, u32)>) {
    expected.sort_by_key(|&(time, _)| time);
    let mut popped = Vec::new();
    while let Some(event) = events.pop_until(SimTime::NEVER) {
        popped.push((event.time.0, event.subject));
    }
    assert_eq!(popped, expected);
    assert!(events.is_empty());
}

#[test]
fn simultaneous_events_come_out_in_the_order_of_scheduling() {
    let mut events = FutureEvents::default();
    let lane = events.lane(SimDuration(50)).unwrap();
    let mut expected = Vec::new();
    for subject in 0..500 {
        if subject % 3 == 0 {
            events.schedule_in_lane(lane, subject);
        } else {
            events.schedule(SimTime(50), subject);
        }
        expected.push((50, subject));
    }
    assert_sorted_drain(&mut events, expected);
}

/// Crowds at few instants, some of them now, while others come and go.
#[test]
fn crowds_at_one_instant_keep_their_order_and_the_short_list_short() {
    let mut random = Stream::new(3, 1, 4);
    let mut events = FutureEvents::default();
    let mut model = std::collections::BTreeSet::new();
    for order in 0..60_000_u32 {
        let time = if order < 20_000 { 100 } else { 100 * random.below(4) };
        let time = time.max(events.now);
        events.schedule(SimTime(time), order);
        assert!(events.near.len() <= 2 * NEAR_MAX, "{} after {order}", events.near.len());
        model.insert((time, order));
        if order % 2_000 == 1_999 {
            let event = events.pop_until(SimTime::NEVER).unwrap();
            assert_eq!(Some((event.time.0, event.subject)), model.pop_first());
        }
    }
    assert_sorted_drain(&mut events, model.into_iter().collect());
}

#[test]
fn events_of_all_magnitudes_come_out_in_order() {
    let mut random = Stream::new(1, 2, 3);
    let mut events = FutureEvents::default();
    let mut expected = Vec::new();
    for subject in 0..20_000 {
        let time = random.next_u64() >> random.below(64);
        events.schedule(SimTime(time), subject);
        expected.push((time, subject));
    }
    assert_sorted_drain(&mut events, expected);
}

/// The hold model: each event that comes out schedules another, for several sizes of the list.
#[test]
fn a_running_list_equals_a_sorted_list() {
    for size in [1_usize, 5, 39, 40, 41, 300, 5_000] {
        let mut random = Stream::new(7, size as u64, 0);
        let mut events = FutureEvents::default();
        let lane = events.lane(SimDuration(1_000)).unwrap();
        let mut model = std::collections::BTreeSet::new();
        let mut order = 0_u64;
        for subject in 0..size {
            let time = random.below(1_000);
            events.schedule(SimTime(time), subject as u32);
            model.insert((time, order, subject as u32));
            order += 1;
        }
        for step in 0..20_000_u32 {
            let event = events.pop_until(SimTime::NEVER).unwrap();
            let (time, _, subject) = model.pop_first().unwrap();
            assert_eq!((event.time.0, event.subject), (time, subject), "size {size}, step {step}");
            let next = if random.below(4) == 0 {
                events.schedule_in_lane(lane, step);
                time + 1_000
            } else {
                let magnitude = 4 + random.below(24);
                let gap = random.below(1 << magnitude);
                events.schedule(SimTime(time + gap), step);
                time + gap
            };
            model.insert((next, order, step));
            order += 1;
        }
    }
}

#[test]
fn an_event_after_the_limit_stays() {
    let mut events = FutureEvents::default();
    events.schedule(SimTime(10), 1);
    assert_eq!(events.pop_until(SimTime(9)), None);
    assert_eq!(events.pop_until(SimTime(10)).unwrap().subject, 1);
}

#[test]
fn the_same_delay_shares_a_lane_and_lanes_are_few() {
    let mut events = FutureEvents::default();
    assert_eq!(events.lane(SimDuration(5)), events.lane(SimDuration(5)));
    let made = (0..20).filter(|&delay| events.lane(SimDuration(100 + delay)).is_some()).count();
    assert_eq!(made, LANES_MAX - 1);
}

/// Times are in milliseconds in a debug build; a list that shifts all events for each takes minutes.
#[test]
fn hundreds_of_thousands_of_events_of_one_instant_cost_no_more_than_others() {
    let mut events = FutureEvents::default();
    let mut expected = Vec::new();
    for subject in 0..300_000 {
        let time = if subject % 2 == 0 { 1_000_000_000 } else { 2_000_000_000 };
        events.schedule(SimTime(time), subject);
        expected.push((time, subject));
    }
    assert_sorted_drain(&mut events, expected);
}

/// Timers in lanes fire, and what they schedule piles up, long before the wheel's first event.
#[test]
fn a_pile_before_a_distant_event_does_not_stay_in_one_list() {
    let mut events = FutureEvents::default();
    let lane = events.lane(SimDuration(1_000_000)).unwrap();
    let mut model = std::collections::BTreeSet::new();
    let distant = 1 << 40;
    for subject in 0..100 {
        events.schedule(SimTime(distant + u64::from(subject)), subject);
        model.insert((distant + u64::from(subject), u64::from(subject), subject));
    }
    for subject in 100..5_100 {
        events.schedule_in_lane(lane, subject);
        model.insert((1_000_000, u64::from(subject), subject));
    }
    let mut random = Stream::new(3, 0, 0);
    for order in 5_100..40_000_u32 {
        let event = events.pop_until(SimTime::NEVER).unwrap();
        let (time, _, subject) = model.pop_first().unwrap();
        assert_eq!((event.time.0, event.subject), (time, subject), "order {order}");
        let next = time + 1 + random.below(1 << 30);
        events.schedule(SimTime(next), order);
        model.insert((next, u64::from(order), order));
        assert!(events.near.len() <= NEAR_MAX + 1, "{} in one list", events.near.len());
    }
}
