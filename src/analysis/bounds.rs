//! Which part breaks first as load grows: bounds on the rate from what a request asks of each part.
//!
//! Source: Denning and Buzen, "The Operational Analysis of Queueing Network Models" (1978): the rate of
//! a system is at most the capacity of each part over the busy time that a request asks of it.

use std::collections::BTreeMap;

use crate::model::system::{Part, Service, System};
use crate::model::third_party::Counters;
use crate::model::{Outcome, PartMeasure, ThirdPartyMeasure};
use crate::scenario::quantity::format;
use crate::scenario::{Mistakes, Scenario, Settings, Unit};

use super::measured::Measured;
use super::report::{Breaks, FirstToBreak};
use super::run::Run;
use super::run_data::by_id;

/// Requests of the light run that shows what each request asks of each part: where one in a thousand asks
/// for a thousand times as much as the others, a thousand would not show it.
const LIGHT_REQUESTS: u64 = 10_000;
/// The same where others make load in the background, which go on meanwhile.
const LIGHT_REQUESTS_BESIDE: u64 = 1_000;
/// Events that the light run may take.
const LIGHT_EVENTS_MAX: u64 = 500_000;
/// Share of requests answered with an error up to which a light run shows what requests ask for.
const FAILING: f64 = 0.01;
/// So many times as many requests must be under way for what each asks of a part to be told from
/// what others ask of it,
const BESIDE_LEAST: f64 = 1.5;
/// ..and they must keep this share of the part busy.
const BESIDE_SHARE: f64 = 0.05;
/// How far two measures of users for each request a second may be apart.
const AGREEMENT: f64 = 0.25;
/// The most of a thousand instances that are all alike gets less than so many standard deviations (square
/// roots of its share, as arrivals are counted) more than its share.
const CHANCE: f64 = 4.0;

/// Bounds on the rate, under way: a light run, with as few users as there may be, shows what each
/// request asks of each part.
#[derive(Debug)]
pub(super) struct Bounds {
    light: Run,
    /// Requests a second in it, if that is known without measuring.
    light_rate: Option<f64>,
    /// Users of the light run, and of the run that is explained for each request a second, where all
    /// who send are users.
    users: Option<(f64, f64)>,
    /// Something else than users' requests makes load.
    has_background: bool,
    /// How busy parts are in the run that is explained, where clients in the background keep them
    /// busy as well and it is not overloaded.
    beside: Option<Busy>,
    /// Services that let in so many a second, from everybody together.
    limits: Vec<(String, f64)>,
    /// Services one of whose endpoints lets in so many; how many come to it alone is not measured.
    endpoint_limits: Vec<(String, f64)>,
}

/// What bounds say.
#[derive(Debug)]
pub(super) struct Found {
    /// The smallest bound. Unknown where requests fail even when hardly anyone waits: what they would
    /// have asked for is not seen.
    pub(super) first_to_break: Option<FirstToBreak>,
    /// Visits that a request makes of each part, by id, where clients in the background make some too:
    /// how many more there are with more requests. `None` where nobody is in the background; nothing
    /// where it is unknown.
    pub(super) visits_beside_others: Option<BTreeMap<String, f64>>,
}

/// Requests per second; how many of each part's servers they and others keep busy on average, and how
/// many visits they make of it together, per second; how many calls of each third party.
#[derive(Debug)]
struct Busy {
    rate: f64,
    parts: Vec<f64>,
    visits: Vec<f64>,
    calls: Vec<f64>,
}

impl Busy {
    fn of(measured: &Measured) -> Self {
        let secs = measured.period.span.as_secs();
        let parts = measured.period.parts.iter().map(|part| part.busy.as_secs() / secs).collect();
        let visits = measured.period.parts.iter().map(|part| measured.rate(part.visits)).collect();
        let calls = measured.period.third_parties.iter().map(|party| calls_per_s(measured, party));
        let rate = measured.rate(measured.period.totals.sent);
        Self { rate, parts, visits, calls: calls.collect() }
    }
}

impl Bounds {
    /// The bounds of a scenario under these settings, beside a run of it that has ended and what was
    /// measured in it.
    ///
    /// # Errors
    /// Names what is wrong with the settings.
    pub(super) fn new(
        scenario: &Scenario,
        settings: &Settings,
        run: &Run,
        measured: &Measured,
    ) -> Result<Self, Mistakes> {
        let at = |users: f64| {
            let mut settings = settings.clone();
            settings.knobs.insert("users".to_owned(), users);
            settings
        };
        let knob = scenario.knob("users");
        let light = knob.map_or_else(|| settings.clone(), |knob| at(knob.min));
        let light = scenario.lasting(light);
        let system = scenario.system(&light)?;
        let rate = measured.rate(measured.period.totals.sent);
        let users = match knob {
            Some(knob) if all_are_users(&system, &scenario.system(&at(knob.max))?) => {
                scenario.value(settings, "users").map(|users| (knob.min, users / rate))
            }
            _ => None,
        };
        let has_background = measured.has_background();
        let beside = (has_background && !measured.overloaded()).then(|| Busy::of(measured));
        let light = if beside.is_some() && run.is_timed() {
            // What others do in the course of that time must happen in both.
            Run::of(scenario, &light)?
        } else {
            let requests = if has_background { LIGHT_REQUESTS_BESIDE } else { LIGHT_REQUESTS };
            Run::new(&system, scenario.seed(settings), requests)
                .map_err(|error| Mistakes::one("parts", error, "a system that can be built"))?
        };
        let services = system.parts.iter().filter_map(|part| match part {
            Part::Service(service) => Some(service),
            _ => None,
        });
        let limits_of = |limit: fn(&Service) -> Option<f64>| {
            services
                .clone()
                .filter_map(|service| Some((service.id.clone(), limit(service)?)))
                .collect()
        };
        let limits = limits_of(Service::rate_limit_per_s);
        let endpoint_limits = limits_of(Service::endpoint_limit_per_s);
        let light_rate = system.open_rate_per_s();
        Ok(Self { light, light_rate, users, has_background, beside, limits, endpoint_limits })
    }

    /// Goes on for at most `events` events; true once the bounds are known.
    pub(super) fn advance(&mut self, events: u64) -> bool {
        let left = LIGHT_EVENTS_MAX.saturating_sub(self.light.events());
        self.light.advance(events.min(left)) || self.light.events() >= LIGHT_EVENTS_MAX
    }

    /// What the light run has shown by now.
    pub(super) fn found(&self) -> Found {
        let light = self.light.measured();
        let beside = self.few_and_many(&light);
        let first_to_break = match &beside {
            _ if fails(&light) => None,
            Some((few, many)) => self.first_beside_others(&light, few, many),
            None if self.has_background => None,
            None => self.first_alone(&light),
        };
        let visits = |(few, many)| visits_of_a_request(&light, &few, many);
        let visits_beside_others =
            self.has_background.then(|| beside.map(visits).unwrap_or_default());
        Found { first_to_break, visits_beside_others }
    }

    /// The smallest bound where all load is that of the requests.
    fn first_alone(&self, light: &Measured) -> Option<FirstToBreak> {
        let rate = light.rate(light.period.totals.sent);
        let users_a_rate = self.users_a_rate(rate);
        let bound = |part: &str, bound_per_s, why| {
            FirstToBreak::new(part.to_owned(), bound_per_s, users_a_rate, why)
        };
        let busy = light.period.parts.iter().filter_map(|part| {
            let demand = light.demand_secs(part);
            let bound_per_s = f64::from(part.capacity) / demand / unevenness(&part.sent);
            (demand > 0.0).then(|| bound(&part.id, bound_per_s, Breaks::busy(demand)))
        });
        let quotas = light.period.third_parties.iter().filter_map(|party| {
            let calls = calls_per_s(light, party) / rate;
            let bound_per_s = party.quota_per_s? / calls;
            bound_per_s.is_finite().then(|| bound(&party.id, bound_per_s, Breaks::Quota { calls }))
        });
        let limits = self.limits.iter().filter_map(|(id, limit_per_s)| {
            let part = light.period.parts.iter().find(|part| part.id == *id)?;
            let calls = light.rate(part.visits) / rate;
            (calls > 0.0).then(|| bound(id, limit_per_s / calls, Breaks::Limit { calls }))
        });
        least(busy.chain(quotas).chain(limits)).filter(|first| {
            let visits = |part: &PartMeasure| light.rate(part.visits) / rate * first.bound_per_s;
            let visits: Vec<f64> = light.period.parts.iter().map(visits).collect();
            lets_in(&self.endpoint_limits, &visits, light)
        })
    }

    /// The same where others make load in the background: what a request asks of a part is how much
    /// busier the part is with more requests. Unknown unless the others do the same in both runs, and
    /// where a limit or a quota may turn requests away earlier, as it counts theirs too.
    fn first_beside_others(
        &self,
        light: &Measured,
        few: &Busy,
        many: &Busy,
    ) -> Option<FirstToBreak> {
        let users_a_rate = self.users_a_rate(few.rate);
        let both = few.parts.iter().zip(&many.parts);
        let bounds = light.period.parts.iter().zip(both).filter_map(|(part, (few_busy, busy))| {
            let capacity = f64::from(part.capacity);
            let demand = (busy - few_busy) / (many.rate - few.rate);
            let bound_per_s = few.rate + (capacity - few_busy) / demand / unevenness(&part.sent);
            // Less may be chance: the others are never as busy twice.
            (busy - few_busy > BESIDE_SHARE * capacity).then(|| {
                FirstToBreak::new(part.id.clone(), bound_per_s, users_a_rate, Breaks::busy(demand))
            })
        });
        least(bounds).filter(|first| {
            let grown = (first.bound_per_s - few.rate) / (many.rate - few.rate);
            let at_bound = |few: &[f64], many: &[f64]| -> Vec<f64> {
                few.iter().zip(many).map(|(few, many)| few + (many - few) * grown).collect()
            };
            let visits = at_bound(&few.visits, &many.visits);
            let calls = at_bound(&few.calls, &many.calls);
            let mut asked = light.period.third_parties.iter().zip(calls);
            lets_in(&self.limits, &visits, light)
                && lets_in(&self.endpoint_limits, &visits, light)
                && asked.all(|(party, calls)| party.quota_per_s.is_none_or(|quota| calls <= quota))
        })
    }

    /// How busy parts are with few requests and with many, if there are enough more, where others
    /// make load in the background.
    fn few_and_many(&self, light: &Measured) -> Option<(Busy, &Busy)> {
        let (many, few) = (self.beside.as_ref()?, Busy::of(light));
        let is_enough =
            self.light.events() < LIGHT_EVENTS_MAX && many.rate >= BESIDE_LEAST * few.rate;
        is_enough.then_some((few, many))
    }

    /// Users for each request a second, if both runs agree that the rate grows with the users.
    fn users_a_rate(&self, measured_rate: f64) -> Option<f64> {
        let (users, full) = self.users?;
        let light = users / self.light_rate.unwrap_or(measured_rate);
        ((light / full - 1.0).abs() < AGREEMENT).then_some(light)
    }
}

impl Breaks {
    /// A part that each request keeps busy for so many seconds.
    fn busy(demand_secs: f64) -> Self {
        Self::Busy { demand_ms: demand_secs * 1e3 }
    }
}

impl FirstToBreak {
    fn new(part: String, bound_per_s: f64, users_a_rate: Option<f64>, why: Breaks) -> Self {
        let at_users = users_a_rate.map(|users| users * bound_per_s);
        Self { part, bound_per_s, at_users, why }
    }

    /// What a request costs the part, in words.
    pub(super) fn cost(&self) -> String {
        let counted = |calls: f64| {
            let most = format(self.bound_per_s * calls, Unit::PerSecond);
            let calls = match format(calls, Unit::Count).as_str() {
                "1" => "one call".to_owned(),
                several => format!("{several} calls"),
            };
            (calls, most)
        };
        match self.why {
            Breaks::Busy { demand_ms } => {
                format!("each request keeps it busy for {}", format(demand_ms, Unit::Ms))
            }
            Breaks::Quota { calls } => {
                let (calls, quota) = counted(calls);
                format!("a request makes {calls} of it, and its quota is {quota}")
            }
            Breaks::Limit { calls } => {
                let (calls, limit) = counted(calls);
                format!("a request makes {calls} of it, and it lets in {limit}")
            }
        }
    }
}

/// So many requests end with an error that what requests ask for is not seen.
fn fails(light: &Measured) -> bool {
    let totals = &light.period.totals;
    let failures = [Outcome::Failed, Outcome::Shed, Outcome::GaveUp];
    let failed: u64 = failures.into_iter().map(|outcome| totals.of(outcome)).sum();
    failed as f64 / totals.finished().max(1) as f64 > FAILING
}

/// Services with limits, of so many a second, let in so many visits of each part.
fn lets_in(limits: &[(String, f64)], visits: &[f64], light: &Measured) -> bool {
    light.period.parts.iter().zip(visits).all(|(part, visits)| {
        limits.iter().all(|(id, limit_per_s)| part.id != *id || visits <= limit_per_s)
    })
}

/// How many more visits each part has with each request more, by id.
fn visits_of_a_request(light: &Measured, few: &Busy, many: &Busy) -> BTreeMap<String, f64> {
    let more = few.visits.iter().zip(&many.visits).map(|(few, many)| many - few);
    let parts = light.period.parts.iter().zip(more);
    by_id(parts.map(|(part, more)| (part.id.clone(), more / (many.rate - few.rate))))
}

fn calls_per_s(measured: &Measured, party: &ThirdPartyMeasure) -> f64 {
    let Counters { served, refused, failed } = party.counters;
    measured.rate(served + refused + failed)
}

fn least(bounds: impl Iterator<Item = FirstToBreak>) -> Option<FirstToBreak> {
    bounds.min_by(|a, b| a.bound_per_s.total_cmp(&b.bound_per_s))
}

/// Whoever sends requests and is not in the background sends others with few users than with many.
fn all_are_users(few: &System, many: &System) -> bool {
    few.parts.iter().zip(&many.parts).all(|parts| match parts {
        (Part::Clients(few), Part::Clients(many)) => {
            few.is_background || few.arrivals != many.arrivals
        }
        _ => true,
    })
}

/// How many times its even share the instance with the most attempts gets; 1 if that may be chance.
fn unevenness(sent: &[u64]) -> f64 {
    let (all, most) = (sent.iter().sum::<u64>(), sent.iter().max());
    let even = all as f64 / sent.len() as f64;
    match most.map(|most| *most as f64) {
        Some(most) if most > even + CHANCE * even.max(1.0).sqrt() => most / even,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests;
