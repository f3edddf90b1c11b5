//! Families about data: caches, their staleness, and what expires.

use kneepoint::engine::{Distribution, SimDuration, SimTime};
use kneepoint::model::cache::{
    Counters, Eviction, Fills, Misses, Popularity, Settings as CacheSettings, Writes,
};
use kneepoint::model::system::{Arrivals, Cache, Clients, Endpoint, Part, Service, Step, System};
use kneepoint::model::{Period, Simulation};
use serde_json::Value;

use super::{Entry, Measures, REQUESTS, call, database, exponential, query, summary};

/// Runs of entries that give a horizon, which are short.
const SHORT_SEEDS: u64 = 12;

/// The measures of a case; `None` if it is of another kind.
pub(super) fn simulate(entry: &Entry, seeds: u64) -> Option<Measures> {
    let mut measures = Measures::new();
    for (variant, settings) in variants(entry)? {
        let system = system_of(entry, settings);
        let mut all = std::collections::BTreeMap::<String, Vec<f64>>::new();
        let seeds = if horizon(entry).is_some() { SHORT_SEEDS } else { seeds };
        for seed in 1..=seeds {
            let mut simulation = Simulation::new(&system, seed).expect("the case can be built");
            let span = Stretch::of(&mut simulation, entry);
            for (measure, value) in span.measures(entry) {
                // Only one of the variants has these.
                let is_own = measure.contains("per_expiry");
                let name = if is_own { measure.to_owned() } else { measure.to_owned() + variant };
                all.entry(name).or_default().push(value);
            }
        }
        measures.extend(all.into_iter().map(|(measure, values)| (measure, summary(values))));
    }
    computed(entry, &mut measures);
    Some(measures)
}

/// What is read off the popularity alone.
fn computed(entry: &Entry, measures: &mut Measures) {
    if !entry.family.starts_with("lru") {
        return;
    }
    let popularity = Popularity::new(entry.number("N") as u32, entry.number("s"));
    let popularity = popularity.expect("the case names a popularity");
    let capacity = entry.number("C");
    let time = popularity.characteristic_time(capacity).unwrap_or(f64::INFINITY);
    let top = popularity.share_of_top(capacity as u32);
    for (measure, value) in [
        ("characteristic_time_requests", time),
        ("hit_ratio_best_static", top),
        ("che_approx", popularity.lru_hit_ratio(capacity)),
    ] {
        measures.insert(measure.to_owned(), (value, 0.0));
    }
}

/// The settings of the caches of a case, by what the names of their measures end in.
fn variants(entry: &Entry) -> Option<Vec<(&'static str, CacheSettings)>> {
    let plain = CacheSettings::default();
    let ttl = |name: &str| CacheSettings { ttl: Some(secs(entry.number(name))), ..plain };
    let flag = |name: &str| entry.parameters.get(name).and_then(Value::as_bool) == Some(true);
    let sized = CacheSettings {
        capacity: entry.parameters.get("C").and_then(Value::as_u64).unwrap_or(1) as u32,
        ..plain
    };
    Some(match entry.family.as_str() {
        "ttl_cache" | "ttl_cache_zipf" | "staleness_ttl" => vec![("", ttl("T"))],
        "ttl_cache_sliding" => vec![("", CacheSettings { extends_on_hit: true, ..ttl("T") })],
        "write_invalidate" => {
            vec![("", CacheSettings { writes: Writes::Invalidate, ..ttl("T") })]
        }
        "write_through" => vec![("", CacheSettings { writes: Writes::Through, ..ttl("T") })],
        "stampede" => vec![
            ("_firstfill", CacheSettings { fills: Fills::First, ..ttl("T") }),
            ("_overwrite", ttl("T")),
            ("_sf", CacheSettings { misses: Misses::Wait, ..ttl("T") }),
        ],
        "cache_stampede" | "cache_stampede_cold" => {
            let misses = if flag("single_flight") { Misses::Wait } else { Misses::Load };
            vec![("", CacheSettings { misses, ..ttl("ttl") })]
        }
        "stale_set_race" => {
            let fills = if flag("lease") { Fills::Leased } else { Fills::All };
            vec![("", CacheSettings { fills, writes: Writes::Invalidate, ..ttl("ttl") })]
        }
        "lru_che" | "lru_exact" => {
            vec![("_lru", sized), ("_fifo", CacheSettings { eviction: Eviction::FirstIn, ..sized })]
        }
        _ => return None,
    })
}

fn system_of(entry: &Entry, settings: CacheSettings) -> System {
    let n = |name: &str| entry.number(name);
    let maybe = |name: &str| entry.parameters.get(name).and_then(Value::as_f64);
    let after = |time: Option<f64>| match time {
        Some(mean) if mean > 0.0 => vec![Step::Wait(exponential(mean))],
        _ => Vec::new(),
    };
    let cache = Cache {
        id: "cache".to_owned(),
        keys_count: maybe("N").or_else(|| maybe("keys")).unwrap_or(1.0) as u32,
        popularity: maybe("s").or_else(|| maybe("zipf")).unwrap_or(0.0),
        settings,
        round_trip: Distribution::Constant(maybe("hit_latency").unwrap_or(0.0)),
        is_warm: entry.parameters.get("warm").and_then(Value::as_bool) == Some(true),
    };
    let mut parts =
        vec![clients("readers", maybe("lam").or_else(|| maybe("lam_r")).unwrap_or(1.0), "read")];
    if let Some(rate) = maybe("u").or_else(|| maybe("lam_w")) {
        parts.push(clients("writers", rate, "write"));
    }
    let load = match entry.family.as_str() {
        "stampede" => vec![Step::Wait(Distribution::Constant(n("D")))],
        "cache_stampede" | "cache_stampede_cold" => vec![query("db", n("db_service"))],
        _ => Vec::new(),
    };
    let name = || "cache".to_owned();
    let read = Step::Cached { cache: name(), load, store: after(maybe("fetch")), is_scan: false };
    let tell = after(maybe("delete_delay"));
    let write = Step::Write { cache: name(), steps: Vec::new(), tell };
    let endpoint = |name: &str, step| Endpoint {
        name: name.to_owned(),
        steps: vec![step],
        ..Endpoint::default()
    };
    let endpoints = vec![endpoint("read", read), endpoint("write", write)];
    parts.push(Part::Service(Service::new("s", 100_000, endpoints)));
    if let Some(servers) = maybe("db_servers") {
        parts.push(database("db", servers as u32));
    }
    parts.push(Part::Cache(cache));
    parts.into()
}

fn clients(id: &str, rate: f64, endpoint: &str) -> Part {
    let mut call = call("s");
    endpoint.clone_into(&mut call.endpoint);
    let arrivals = Arrivals::Open { gap: exponential(1.0 / rate) };
    Part::Clients(Clients::new(id, arrivals, call))
}

fn secs(secs: f64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// Begin and end of what is measured, if the case gives them.
fn horizon(entry: &Entry) -> Option<(SimTime, SimTime)> {
    let at = |name: &str| {
        entry.parameters.get(name).and_then(Value::as_f64).map(|time| SimTime::ZERO + secs(time))
    };
    Some((at("W")?, at("H")?))
}

/// What was measured: a period, and what lies before it if that is not warm-up.
struct Stretch {
    before: Option<Period>,
    all: Period,
}

impl Stretch {
    fn of(simulation: &mut Simulation, entry: &Entry) -> Self {
        if let Some((from, to)) = horizon(entry) {
            simulation.advance_until(from, u64::MAX);
            let before = simulation.period(0);
            simulation.advance_until(to, u64::MAX);
            return Self { before: Some(before), all: simulation.period(0) };
        }
        simulation.advance(REQUESTS, u64::MAX);
        Self { before: None, all: simulation.period(simulation.batches_in(REQUESTS / 10)) }
    }

    fn measures(&self, entry: &Entry) -> Vec<(&'static str, f64)> {
        let mut counters = self.all.caches[0].counters;
        let mut latencies = self.all.latencies.clone();
        let mut span = self.all.span.as_secs();
        let mut busy = self.all.parts.last().map_or(0.0, |part| part.busy.as_secs());
        if let Some(before) = &self.before {
            counters = counters.since(&before.caches[0].counters);
            latencies = latencies.since(&before.latencies);
            span -= before.span.as_secs();
            busy -= before.parts.last().map_or(0.0, |part| part.busy.as_secs());
        }
        let Counters { hits, stale_hits, loads, waits, discarded, .. } = counters;
        let reads = (hits + loads + waits) as f64;
        let (age, stale) = (counters.age_nanos as f64 / 1e9, counters.stale_nanos as f64 / 1e9);
        let of = |part: f64, whole: u64| part / whole.max(1) as f64;
        let stored = loads - discarded;
        let quantile = |q| latencies.quantile(q).map_or(f64::NAN, |nanos| nanos / 1e9);
        let hit_ratio = hits as f64 / reads;
        let mut found = vec![
            ("hit_ratio", hit_ratio),
            ("origin_rate", loads as f64 / span),
            ("mean_age_on_hit", of(age, hits)),
            ("stale_frac_of_hits", of(stale_hits as f64, hits)),
            ("stale_frac_of_reads", stale_hits as f64 / reads),
            ("mean_staleness_on_hit", of(stale, hits)),
            ("mean_stale_age", of(stale, stale_hits)),
            ("coalesced_frac", waits as f64 / reads),
            ("rejected_sets_per_s", discarded as f64 / span),
            ("db_qps", loads as f64 / span),
            ("latency_mean", latencies.mean().map_or(f64::NAN, |nanos| nanos / 1e9)),
            ("latency_p50", quantile(0.5)),
            ("latency_p95", quantile(0.95)),
            ("latency_p99", quantile(0.99)),
            ("origin_rate_nosf", loads as f64 / span),
            // A read at random finds the value as often as it is there.
            ("occupancy", hit_ratio),
        ];
        if let Some(ttl) = entry.maybe("T") {
            // Each copy stays so long (Little).
            found.push(("mean_items_cached", loads as f64 / span * ttl));
        }
        if let Some(servers) = entry.parameters.get("db_servers").and_then(Value::as_f64) {
            found.push(("db_util", busy / span / servers));
        }
        if entry.family == "stampede" && stored < loads {
            found.push(("origin_per_expiry_nosf", of(loads as f64, stored)));
            found.push(("dup_misses_per_expiry", of(loads as f64, stored) - 1.0));
        }
        found
    }
}
