//! A balancer: which backend gets the next attempt.
//!
//! It counts what it has sent and not seen finished, as a balancer in the world does; it does not
//! look into the queues of its backends. Backends that are unhealthy or ejected get nothing, unless
//! so many are out that the rest could not bear it (panic). A backend that comes back may start
//! slowly. [`health`] and [`ejection`] decide who is out, and tell the balancer.
//!
//! An attempt counts until it has left its backend, also if its caller has given up before. A backend
//! that crashed or refuses answers in no time, and so looks idle.
//!
//! With unequal weights, round robin is smooth weighted round robin (nginx), random is weighted,
//! and connections are compared per weight.
//!
//! Left out: several balancers that do not know of each other, and retries by the balancer itself.
//! Sources: nginx commit 52327e0627f4 (smooth weighted round robin); Mitzenmacher, "The Power of
//! Two Choices in Randomized Load Balancing" (2001); Envoy, "Panic threshold" (50 %).

pub mod by_key;

pub mod ejection;

pub mod health;

pub mod slow_start;

use crate::engine::{SimTime, Stream};

use super::setting::{BadSetting, in_range};
use by_key::Sharding;

/// Most backends.
pub const BACKENDS_MAX: usize = 1_000;
/// Draws after which a weighted choice by rejection takes what it has.
const DRAWS_MAX: u32 = 64;

/// How the next backend is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Algorithm {
    /// Each in turn, by weight.
    #[default]
    RoundRobin,
    /// Any, by weight.
    Random,
    /// The one with the fewest attempts under way; chance decides ties.
    LeastConnections,
    /// Of two different ones drawn at random, the one with fewer.
    TwoChoices,
    /// The one that has the key, or the next after it that is not out; weights count for nothing.
    ByKey(by_key::Settings),
}

/// A balancer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Settings {
    /// How the next backend is chosen.
    pub algorithm: Algorithm,
    /// Below this share of usable backends, all are used, 0 to 1; 0 for never.
    pub panic_share: f64,
    /// How a backend that comes back starts.
    pub slow_start: Option<slow_start::Settings>,
}

impl Settings {
    /// Whether a balancer can be made for backends with these weights.
    ///
    /// # Errors
    /// Names the first value out of range: 1 to [`BACKENDS_MAX`] weights of 1 to 1000.
    pub fn check(&self, weights: &[u32]) -> Result<(), BadSetting> {
        in_range("backends", weights.len() as f64, [1.0, BACKENDS_MAX as f64], "1 to 1000")?;
        for weight in weights {
            in_range("weight", f64::from(*weight), [1.0, 1_000.0], "1 to 1000")?;
        }
        in_range("panic_share", self.panic_share, [0.0, 1.0], "0 to 1")?;
        if let Algorithm::ByKey(keys) = &self.algorithm {
            keys.check()?;
        }
        self.slow_start.map_or(Ok(()), |settings| settings.check())
    }
}

/// Why a backend gets nothing; both may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Out {
    /// Its health checks fail.
    Unhealthy = 1,
    /// It failed so often that it was ejected.
    Ejected = 2,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Backend {
    weight: f64,
    /// Bits of [`Out`].
    out: u8,
    /// Place in the list of usable ones, if it is in.
    place: u16,
    /// Balance of smooth round robin.
    credit: f64,
    /// When it came back last, if it did.
    back_since: Option<SimTime>,
}

/// Backends and whose turn it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Balancer {
    settings: Settings,
    backends: Box<[Backend]>,
    /// Attempts under way at each; apart, because the search for the fewest reads them all.
    in_flight: Box<[u32]>,
    /// Those not out, in any order; never grows beyond its first capacity.
    usable: Vec<u16>,
    all: Box<[u16]>,
    has_weights: bool,
    /// When the last slow start is over.
    ramp_end: SimTime,
    turn: u16,
    sharding: Option<Sharding>,
}

impl Balancer {
    /// All backends are usable; `weights` has one for each.
    pub fn new(settings: &Settings, weights: &[u32]) -> Self {
        let count = weights.len().min(BACKENDS_MAX) as u16;
        let backend = |(place, weight): (u16, &u32)| Backend {
            weight: f64::from(*weight),
            out: 0,
            place,
            credit: 0.0,
            back_since: None,
        };
        Self {
            settings: *settings,
            backends: (0..count).zip(weights).map(backend).collect(),
            in_flight: vec![0; usize::from(count)].into_boxed_slice(),
            usable: (0..count).collect(),
            all: (0..count).collect(),
            has_weights: weights.windows(2).any(|pair| pair[0] != pair[1]),
            ramp_end: SimTime::ZERO,
            turn: 0,
            sharding: match &settings.algorithm {
                Algorithm::ByKey(keys) => Some(Sharding::new(keys)),
                _ => None,
            },
        }
    }

    /// Chooses a backend and counts the attempt; `None` if all are out.
    #[inline]
    pub fn pick(&mut self, now: SimTime, random: &mut Stream) -> Option<u16> {
        if self.candidates().is_empty() {
            return None;
        }
        let is_plain = !self.has_weights && now >= self.ramp_end;
        let chosen = match self.settings.algorithm {
            Algorithm::RoundRobin if is_plain => self.next_in_turn(),
            Algorithm::RoundRobin => self.next_by_credit(now),
            Algorithm::Random => self.any(now, is_plain, random),
            Algorithm::LeastConnections => self.least(now, is_plain, random),
            Algorithm::TwoChoices => self.better_of_two(now, is_plain, random),
            Algorithm::ByKey(_) => self.owner(random),
        };
        self.in_flight[usize::from(chosen)] += 1;
        Some(chosen)
    }

    /// An attempt at `backend` has ended, or is no longer waited for.
    #[inline]
    pub fn finished(&mut self, backend: u16) {
        let in_flight = &mut self.in_flight[usize::from(backend)];
        debug_assert!(*in_flight > 0, "only what was sent can end");
        *in_flight -= 1;
    }

    /// Attempts under way at `backend`.
    pub fn in_flight(&self, backend: u16) -> u32 {
        self.in_flight[usize::from(backend)]
    }

    /// How many backends are not out.
    pub fn usable_count(&self) -> usize {
        self.usable.len()
    }

    /// Takes a backend out for a reason.
    pub fn take_out(&mut self, backend: u16, reason: Out) {
        let entry = &mut self.backends[usize::from(backend)];
        let was_usable = entry.out == 0;
        entry.out |= reason as u8;
        if was_usable {
            let place = usize::from(entry.place);
            self.usable.swap_remove(place);
            if let Some(moved) = self.usable.get(place) {
                self.backends[usize::from(*moved)].place = place as u16;
            }
        }
    }

    /// A reason to keep a backend out holds no more.
    pub fn bring_back(&mut self, backend: u16, reason: Out, now: SimTime) {
        let entry = &mut self.backends[usize::from(backend)];
        let was_out = entry.out != 0;
        entry.out &= !(reason as u8);
        if was_out && entry.out == 0 {
            entry.place = self.usable.len() as u16;
            entry.credit = 0.0;
            if let Some(ramp) = &self.settings.slow_start {
                entry.back_since = Some(now);
                self.ramp_end = now + ramp.window;
            }
            self.usable.push(backend);
        }
    }

    /// The weight of a backend now, less while it starts slowly.
    pub fn weight(&self, backend: u16, now: SimTime) -> f64 {
        let Backend { weight, back_since, .. } = self.backends[usize::from(backend)];
        match (&self.settings.slow_start, back_since) {
            (Some(ramp), Some(since)) => weight * ramp.share(now.since(since)),
            _ => weight,
        }
    }

    fn in_panic(&self) -> bool {
        let needed = self.settings.panic_share * self.backends.len() as f64;
        (self.usable.len() as f64) < needed
    }

    fn candidates(&self) -> &[u16] {
        if self.in_panic() { &self.all } else { &self.usable }
    }

    fn next_in_turn(&mut self) -> u16 {
        let takes_any = self.in_panic();
        loop {
            let chosen = self.turn;
            self.turn = if usize::from(chosen) + 1 == self.backends.len() { 0 } else { chosen + 1 };
            if takes_any || self.backends[usize::from(chosen)].out == 0 {
                return chosen;
            }
        }
    }

    /// Smooth weighted round robin: each gets its weight, the richest pays them all.
    fn next_by_credit(&mut self, now: SimTime) -> u16 {
        let takes_any = self.in_panic();
        let (mut total, mut richest) = (0.0, None);
        for index in 0..self.backends.len() {
            let weight = self.weight(index as u16, now);
            let backend = &mut self.backends[index];
            if !takes_any && backend.out != 0 {
                continue;
            }
            backend.credit += weight;
            total += weight;
            if richest.is_none_or(|(_, most)| backend.credit > most) {
                richest = Some((index, backend.credit));
            }
        }
        let (chosen, _) = richest.expect("there is a candidate");
        self.backends[chosen].credit -= total;
        chosen as u16
    }

    /// Who has the key of this attempt, or the next after it that may be used.
    fn owner(&self, random: &mut Stream) -> u16 {
        let count = self.backends.len();
        let owner = self.sharding.as_ref().map_or(0, |sharding| sharding.pick(count, random));
        let takes_any = self.in_panic();
        let after = (owner..count).chain(0..owner);
        let mut usable = after.filter(|index| takes_any || self.backends[*index].out == 0);
        usable.next().unwrap_or(owner) as u16
    }

    fn any(&self, now: SimTime, is_plain: bool, random: &mut Stream) -> u16 {
        let candidates = self.candidates();
        let mut draw = || candidates[random.below(candidates.len() as u64) as usize];
        if is_plain {
            return draw();
        }
        let heaviest = self.backends.iter().fold(0.0, |most: f64, b| most.max(b.weight));
        let mut chosen = draw();
        for _ in 1..DRAWS_MAX {
            if random.chance(self.weight(chosen, now) / heaviest) {
                break;
            }
            chosen = candidates[random.below(candidates.len() as u64) as usize];
        }
        chosen
    }

    /// Attempts per weight, the next one included.
    fn load(&self, backend: u16, now: SimTime) -> f64 {
        (f64::from(self.in_flight(backend)) + 1.0) / self.weight(backend, now)
    }

    fn least(&self, now: SimTime, is_plain: bool, random: &mut Stream) -> u16 {
        let candidates = self.candidates();
        if !is_plain {
            let loads = || candidates.iter().map(|&backend| self.load(backend, now));
            return candidates[any_least(loads, f64::INFINITY, random)];
        }
        if candidates.len() == self.backends.len() {
            return any_fewest(&self.in_flight, random) as u16;
        }
        let counts = || candidates.iter().map(|&backend| self.in_flight[usize::from(backend)]);
        candidates[any_least(counts, u32::MAX, random)]
    }

    fn better_of_two(&self, now: SimTime, is_plain: bool, random: &mut Stream) -> u16 {
        let candidates = self.candidates();
        let count = candidates.len() as u64;
        let first = random.below(count);
        if count == 1 {
            return candidates[0];
        }
        let second = random.below(count - 1);
        let second = second + u64::from(second >= first);
        let [first, second] = [first, second].map(|place| candidates[place as usize]);
        // Which of two equals was drawn first is a coin already.
        let second_is_better = if is_plain {
            self.in_flight(second) < self.in_flight(first)
        } else {
            self.load(second, now) < self.load(first, now)
        };
        if second_is_better { second } else { first }
    }
}

/// The place of one of the fewest, each as likely as another; without branches that depend on the
/// counts, which nobody could predict.
fn any_fewest(counts: &[u32], random: &mut Stream) -> usize {
    let fewest = counts.iter().copied().fold(u32::MAX, u32::min);
    let ties = |part: &[u32]| part.iter().map(|&count| u32::from(count == fewest)).sum::<u32>();
    let all = ties(counts);
    // So many of them come before the chosen one.
    let mut before = if all > 1 { random.below(u64::from(all)) as u32 } else { 0 };
    let mut place = 0;
    for part in counts.chunks(32) {
        let here = ties(part);
        if before < here {
            let mut seen = 0;
            for &count in part {
                seen += u32::from(count == fewest);
                place += usize::from(seen <= before);
            }
            return place;
        }
        before -= here;
        place += part.len();
    }
    0
}

/// The place of one of the least of some loads, each as likely as another: one pass for how many
/// there are, and one to the chosen one.
fn any_least<T: PartialOrd + Copy, L: Iterator<Item = T>>(
    loads: impl Fn() -> L,
    most: T,
    random: &mut Stream,
) -> usize {
    let least = loads().fold(most, |least, load| if load < least { load } else { least });
    let ties = loads().filter(|&load| load <= least).count() as u64;
    let chosen = if ties > 1 { random.below(ties) } else { 0 };
    let mut among = loads().enumerate().filter(|(_, load)| *load <= least);
    among.nth(chosen as usize).map_or(0, |(place, _)| place)
}

#[cfg(test)]
mod tests;
