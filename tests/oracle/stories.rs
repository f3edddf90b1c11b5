//! What the stories of single requests tell: waits, latencies of some of them, how many ran at once.

use kneepoint::engine::{SimDuration, SimTime};
use kneepoint::model::{Breakdown, Outcome, Period, Simulation, Spent};

use super::{Entry, Found, at};

/// One request.
pub(super) struct Request {
    pub(super) clients: usize,
    pub(super) sent: SimTime,
    pub(super) ended: SimTime,
    pub(super) outcome: Outcome,
    /// Seconds waited for each part that is named.
    waited: Vec<f64>,
}

impl Request {
    pub(super) fn latency(&self) -> f64 {
        self.ended.since(self.sent).as_secs()
    }

    pub(super) fn is_in_time(&self) -> bool {
        self.outcome == Outcome::InTime
    }
}

/// The requests of a run, in the order in which they ended.
pub(super) struct Stories {
    parts: Vec<String>,
    pub(super) requests: Vec<Request>,
}

/// Keeps the story of every request from now on.
pub(super) fn keep(simulation: &mut Simulation) {
    simulation.set_breakdown(Breakdown::of_all());
}

impl Stories {
    pub(super) fn of(simulation: &Simulation) -> Self {
        let breakdown = simulation.breakdown().expect("stories are kept");
        let waits: Vec<(usize, String)> = breakdown
            .accounts()
            .iter()
            .enumerate()
            .filter(|(_, account)| account.what == Spent::Waiting)
            .map(|(place, account)| (place, account.part.clone()))
            .collect();
        let requests = breakdown.stories().map(|story| Request {
            clients: story.clients,
            sent: story.sent,
            ended: story.ended,
            outcome: story.outcome,
            waited: waits.iter().map(|(place, _)| story.spent_on(*place).as_secs()).collect(),
        });
        let requests = requests.collect();
        Self { parts: waits.into_iter().map(|(_, part)| part).collect(), requests }
    }

    /// Those sent in a stretch of time.
    pub(super) fn sent_in(mut self, from: f64, to: f64) -> Self {
        let (from, to) = (at(from), at(to));
        self.requests.retain(|request| from <= request.sent && request.sent < to);
        self
    }

    /// All but so many that ended first.
    pub(super) fn without_first(mut self, count: usize) -> Self {
        self.requests.drain(..count.min(self.requests.len()));
        self
    }

    /// Latencies of those answered in time.
    pub(super) fn latencies(&self, wanted: impl Fn(&Request) -> bool) -> Vec<f64> {
        let of = self.requests.iter().filter(|request| request.is_in_time() && wanted(request));
        of.map(Request::latency).collect()
    }

    /// Waits of those answered in time: for one part, or for all together.
    pub(super) fn waits(&self, part: Option<&str>) -> Vec<f64> {
        let is_meant: Vec<bool> =
            self.parts.iter().map(|known| part.is_none_or(|part| part == known)).collect();
        let waited = |request: &Request| {
            let pairs = request.waited.iter().zip(&is_meant);
            pairs.filter(|(_, is_meant)| **is_meant).map(|(wait, _)| wait).sum()
        };
        self.requests.iter().filter(|request| request.is_in_time()).map(waited).collect()
    }

    /// How many of them were under way in a stretch of time: the mean, and the share of the time with
    /// each number.
    pub(super) fn running(&self, from: SimTime, to: SimTime) -> (f64, Vec<f64>) {
        let mut changes: Vec<(u64, i64)> = Vec::new();
        for request in &self.requests {
            let (begin, end) = (request.sent.max(from), request.ended.min(to));
            if begin < end {
                changes.extend([(begin.0, 1), (end.0, -1)]);
            }
        }
        changes.sort_unstable();
        let (mut now, mut running, mut area) = (from.0, 0_i64, 0_u128);
        let mut times: Vec<u64> = Vec::new();
        for (time, change) in changes.into_iter().chain([(to.0, 0)]) {
            let place = running as usize;
            times.resize(times.len().max(place + 1), 0);
            times[place] += time - now;
            area += u128::from(time - now) * place as u128;
            (now, running) = (time, running + change);
        }
        let span = to.since(from).0 as f64;
        (area as f64 / span, times.iter().map(|time| *time as f64 / span).collect())
    }
}

/// Mean and percentiles of values, by the names of the references.
pub(super) fn spread(name: &str, mut values: Vec<f64>) -> Found {
    values.sort_unstable_by(f64::total_cmp);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let quantile = |share: f64| {
        let place = share * (values.len().max(1) - 1) as f64;
        let (below, rest) = (place as usize, place.fract());
        match (values.get(below), values.get(below + 1)) {
            (Some(low), Some(high)) => low + (high - low) * rest,
            (Some(low), None) => *low,
            _ => f64::NAN,
        }
    };
    let of = |what: &str, value| (format!("{name}_{what}"), value);
    let shares = [of("p50", quantile(0.5)), of("p95", quantile(0.95)), of("p99", quantile(0.99))];
    [of("mean", mean), (format!("mean_{name}"), mean)].into_iter().chain(shares).collect()
}

/// What waits say of a case whose requests wait at one place; the first tenth is warm-up.
pub(super) fn of_waits(simulation: &Simulation) -> Found {
    let told = Stories::of(simulation);
    let tenth = told.requests.len() / 10;
    let waits = told.without_first(tenth).waits(None);
    let second = waits.iter().map(|wait| wait * wait).sum::<f64>() / waits.len() as f64;
    let served = spread("wait_served", waits.clone());
    let mut found = spread("wait", waits);
    found.extend(served);
    found.push(("wait_second_moment".to_owned(), second));
    // The names say it the other way round.
    let of =
        |name: &str, found: &Found| found.iter().find(|(known, _)| known == name).map(|(_, v)| *v);
    if let Some(mean) = of("wait_served_mean", &found) {
        found.push(("mean_wait_served".to_owned(), mean));
    }
    found.retain(|(name, _)| !["mean_wait", "wait_mean"].contains(&name.as_str()));
    found
}

/// A run up to the end of what is measured, and the stories of all that were sent in it.
pub(super) struct Window {
    pub(super) before: Period,
    pub(super) all: Period,
    pub(super) stories: Stories,
}

impl Window {
    /// Measures from `W` (or the beginning) to `H` of a case; what was sent until then has `drain`
    /// more seconds to end.
    pub(super) fn of(simulation: &mut Simulation, entry: &Entry, drain: f64) -> Self {
        let (from, to) = (entry.maybe("W").unwrap_or(0.0), entry.number("H"));
        keep(simulation);
        simulation.advance_until(at(from), u64::MAX);
        let before = simulation.period(0);
        simulation.advance_until(at(to), u64::MAX);
        let all = simulation.period(0);
        simulation.advance_until(at(to + drain), u64::MAX);
        let stories = Stories::of(simulation).sent_in(from, to);
        Self { before, all, stories }
    }

    /// A count or time of the whole run, from `W` on.
    pub(super) fn since(&self, value: impl Fn(&Period) -> f64) -> f64 {
        value(&self.all) - value(&self.before)
    }

    pub(super) fn secs(&self) -> f64 {
        self.since(|period| period.span.as_secs())
    }

    /// Share of its time that a part was busy.
    pub(super) fn busy(&self, part: usize) -> f64 {
        let busy = self.since(|period| period.parts[part].busy.as_secs());
        busy / self.secs() / f64::from(self.all.parts[part].capacity)
    }

    /// How many were served by a part at once, on average.
    pub(super) fn running(&self, part: usize) -> f64 {
        self.since(|period| period.parts[part].busy.as_secs()) / self.secs()
    }

    /// Share of the requests that ended so.
    pub(super) fn share(&self, outcome: Outcome) -> f64 {
        let all = &self.stories.requests;
        all.iter().filter(|request| request.outcome == outcome).count() as f64 / all.len() as f64
    }
}

/// Seconds as a duration.
pub(super) fn secs(secs: f64) -> SimDuration {
    SimDuration::from_secs(secs)
}
