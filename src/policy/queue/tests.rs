use proptest::prelude::*;

use super::*;
use crate::engine::SimDuration;

/// An entry as a test sees it.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    previous: u32,
    next: u32,
    enqueued: SimTime,
    deadline: SimTime,
    class: u8,
}

#[derive(Debug, Default)]
struct Slab(Vec<Entry>);

impl Entries for Slab {
    fn previous(&self, id: u32) -> u32 {
        self.0[id as usize].previous
    }
    fn next(&self, id: u32) -> u32 {
        self.0[id as usize].next
    }
    fn set_previous(&mut self, id: u32, previous: u32) {
        self.0[id as usize].previous = previous;
    }
    fn set_next(&mut self, id: u32, next: u32) {
        self.0[id as usize].next = next;
    }
    fn enqueued(&self, id: u32) -> SimTime {
        self.0[id as usize].enqueued
    }
    fn deadline(&self, id: u32) -> SimTime {
        self.0[id as usize].deadline
    }
    fn class(&self, id: u32) -> u8 {
        self.0[id as usize].class
    }
}

impl Slab {
    fn add(&mut self, now: u64, class: u8, deadline: u64) -> u32 {
        let (enqueued, deadline) = (SimTime(now), SimTime(deadline));
        self.0.push(Entry { enqueued, deadline, class, ..Entry::default() });
        (self.0.len() - 1) as u32
    }
}

fn settings(order: Order, capacity: u32) -> Settings {
    Settings { order, capacity, ..Settings::default() }
}

/// Entries 0, 1, .. with these classes come at once; gives the order in which they are served.
fn served(settings: &Settings, classes: &[u8]) -> Vec<u32> {
    let (mut slab, mut queue) = (Slab::default(), Queue::new(settings));
    for class in classes {
        let id = slab.add(0, *class, 0);
        queue.push(&mut slab, id, SimTime::ZERO);
    }
    let next = |_| match queue.pop(&mut slab, SimTime::ZERO) {
        Popped::Serve(id) => Some(id),
        Popped::Drop(_) | Popped::Empty => None,
    };
    (0..).map(next).take_while(Option::is_some).flatten().collect()
}

#[test]
fn each_order_serves_its_own_way() {
    let endless = u32::MAX;
    assert_eq!(served(&settings(Order::Fifo, endless), &[0; 4]), [0, 1, 2, 3]);
    assert_eq!(served(&settings(Order::Lifo, endless), &[0; 4]), [3, 2, 1, 0]);
    let adaptive = Order::AdaptiveLifo { from: 2 };
    assert_eq!(served(&settings(adaptive, endless), &[0; 5]), [4, 3, 2, 0, 1]);
    let classes = [2, 0, 9, 1, 0, 2];
    assert_eq!(served(&settings(Order::Priority, endless), &classes), [1, 4, 3, 0, 5, 2]);
}

#[test]
fn a_full_queue_turns_the_new_or_the_oldest_away() {
    let (mut slab, mut queue) = (Slab::default(), Queue::new(&settings(Order::Fifo, 2)));
    let ids: Vec<u32> = (0..3).map(|_| slab.add(0, 0, 0)).collect();
    assert_eq!(queue.push(&mut slab, ids[0], SimTime::ZERO), Pushed::Queued);
    assert_eq!(queue.push(&mut slab, ids[1], SimTime::ZERO), Pushed::Queued);
    assert_eq!(queue.push(&mut slab, ids[2], SimTime::ZERO), Pushed::Full);
    queue.when_full = WhenFull::DropOldest;
    assert_eq!(queue.push(&mut slab, ids[2], SimTime::ZERO), Pushed::Displaced(0));
    assert_eq!(queue.length(), 2);
}

#[test]
fn only_lower_classes_make_place() {
    let when_full = WhenFull::DropOldest;
    let priority = Settings { when_full, ..settings(Order::Priority, 2) };
    let (mut slab, mut queue) = (Slab::default(), Queue::new(&priority));
    let mut push = |class| {
        let id = slab.add(0, class, 0);
        queue.push(&mut slab, id, SimTime::ZERO)
    };
    assert_eq!([push(1), push(1)], [Pushed::Queued; 2]);
    assert_eq!(push(2), Pushed::Full);
    assert_eq!(push(1), Pushed::Displaced(0));
    assert_eq!(push(0), Pushed::Displaced(1));
    assert_eq!(push(0), Pushed::Displaced(3));
}

#[test]
fn work_that_nobody_waits_for_is_dropped() {
    let expired = Settings { shed: Shed::Expired, ..Settings::default() };
    let (mut slab, mut queue) = (Slab::default(), Queue::new(&expired));
    for deadline in [10, 20, 30] {
        let id = slab.add(0, 0, deadline);
        queue.push(&mut slab, id, SimTime::ZERO);
    }
    let mut pop = |now| queue.pop(&mut slab, SimTime(now));
    assert_eq!(
        [pop(10), pop(10), pop(40), pop(40)],
        [Popped::Drop(0), Popped::Serve(1), Popped::Drop(2), Popped::Empty]
    );
}

#[test]
fn the_time_of_waiting_begins_again_after_a_break() {
    let limits = controlled_delay::Settings { target: SimDuration(5), interval: SimDuration(100) };
    let shed = Shed::ControlledDelay(limits);
    let (mut slab, mut queue) =
        (Slab::default(), Queue::new(&Settings { shed, ..Settings::default() }));
    let mut step = |now, comes: bool| {
        if comes {
            let id = slab.add(now, 0, 0);
            queue.push(&mut slab, id, SimTime(now));
            return Popped::Empty;
        }
        queue.pop(&mut slab, SimTime(now))
    };
    step(0, true);
    step(150, true);
    assert_eq!(step(100, false), Popped::Serve(0), "a whole interval");
    assert_eq!(step(156, false), Popped::Drop(1), "it found a queue that had lasted 150");
    step(200, true);
    assert_eq!(step(300, false), Popped::Serve(2), "the queue had been empty");
}

/// What a queue does, in the plainest way: a list that is searched.
fn expected(order: Order, waiting: &[(u32, u8)]) -> Option<u32> {
    let newest = waiting.last().map(|entry| entry.0);
    let oldest = waiting.first().map(|entry| entry.0);
    match order {
        Order::Lifo => newest,
        Order::AdaptiveLifo { from } if waiting.len() > from as usize => newest,
        Order::Fifo | Order::AdaptiveLifo { .. } => oldest,
        Order::Priority => waiting.iter().min_by_key(|entry| entry.1).map(|entry| entry.0),
    }
}

proptest! {
    #[test]
    fn a_queue_equals_a_plain_list(
        order in prop_oneof![
            Just(Order::Fifo),
            Just(Order::Lifo),
            (0_u32..6).prop_map(|from| Order::AdaptiveLifo { from }),
            Just(Order::Priority),
        ],
        capacity in 0_u32..10,
        steps in prop::collection::vec((0_u8..5, any::<u8>()), 1..200),
    ) {
        let mut slab = Slab::default();
        let mut queue = Queue::new(&settings(order, capacity));
        let mut waiting: Vec<(u32, u8)> = Vec::new();
        for (step, pick) in steps {
            match step {
                0 | 1 => {
                    let popped = match queue.pop(&mut slab, SimTime::ZERO) {
                        Popped::Serve(id) => Some(id),
                        Popped::Drop(_) | Popped::Empty => None,
                    };
                    prop_assert_eq!(popped, expected(order, &waiting));
                    waiting.retain(|entry| Some(entry.0) != popped);
                }
                2 if !waiting.is_empty() => {
                    let (id, _) = waiting.remove(usize::from(pick) % waiting.len());
                    queue.remove(&mut slab, id);
                }
                _ => {
                    let class = pick % CLASSES as u8;
                    let id = slab.add(0, class, 0);
                    let pushed = queue.push(&mut slab, id, SimTime::ZERO);
                    prop_assert_eq!(pushed == Pushed::Queued, waiting.len() < capacity as usize);
                    if pushed == Pushed::Queued {
                        waiting.push((id, class));
                    }
                }
            }
            prop_assert_eq!(queue.length() as usize, waiting.len());
            let mut there: Vec<u32> = queue.waiting(&slab).collect();
            there.sort_unstable();
            prop_assert!(there.iter().eq(waiting.iter().map(|entry| &entry.0)));
        }
    }

    /// Whatever the discipline, each entry comes out once: served, dropped, displaced or refused.
    #[test]
    fn no_entry_is_lost_or_served_twice(
        shed in prop_oneof![
            Just(Shed::Nobody),
            Just(Shed::Expired),
            Just(Shed::ControlledDelay(controlled_delay::Settings {
                target: SimDuration(20),
                interval: SimDuration(100),
            })),
            Just(Shed::CoDel(codel::Settings {
                target: SimDuration(20),
                interval: SimDuration(100),
            })),
        ],
        order in prop_oneof![Just(Order::Fifo), Just(Order::Lifo), Just(Order::Priority)],
        capacity in 1_u32..30,
        drops_oldest: bool,
        steps in prop::collection::vec((0_u8..3, 0_u64..40), 1..400),
    ) {
        let when_full = if drops_oldest { WhenFull::DropOldest } else { WhenFull::RejectNew };
        let mut queue = Queue::new(&Settings { order, shed, capacity, when_full });
        let (mut slab, mut now, mut out) = (Slab::default(), 0, Vec::new());
        let pop = |queue: &mut Queue, slab: &mut Slab, now, out: &mut Vec<u32>| loop {
            match queue.pop(slab, SimTime(now)) {
                Popped::Serve(id) => {
                    out.push(id);
                    return true;
                }
                Popped::Drop(id) => out.push(id),
                Popped::Empty => return false,
            }
        };
        for (step, gap) in steps {
            now += gap;
            if step == 0 {
                pop(&mut queue, &mut slab, now, &mut out);
                continue;
            }
            let id = slab.add(now, step, now + gap * 2);
            match queue.push(&mut slab, id, SimTime(now)) {
                Pushed::Queued => {}
                Pushed::Full => out.push(id),
                Pushed::Displaced(other) => out.push(other),
            }
            prop_assert!(queue.length() <= capacity);
        }
        while pop(&mut queue, &mut slab, now, &mut out) {}
        out.sort_unstable();
        prop_assert_eq!(out, (0..slab.0.len() as u32).collect::<Vec<_>>());
    }
}
