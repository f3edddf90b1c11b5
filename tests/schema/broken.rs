//! Documents with one mistake each, that schema and reader both refuse.

use kneepoint::scenario::Scenario;
use serde_json::{Value, json};

use super::{EVERYTHING, numbered, parsed, valid};

#[test]
fn broken_stations_are_refused_by_schema_and_reader() {
    let broken = [
        ("/parts/desk/queue/order", json!("random")),
        ("/parts/desk/queue/lifo_from", json!("x")),
        ("/parts/desk/queue/shed", json!({})),
        ("/parts/desk/queue/shed", json!({ "expired": true, "codel": {} })),
        ("/parts/desk/queue/shed/codel/target", json!(-1)),
        ("/parts/desk/queue/when_full", json!("explode")),
        ("/parts/desk/endpoints/ask/priority", json!(4)),
        ("/parts/till/queue", json!({ "lifo_from": 5 })),
        ("/parts/till/queue/shed/expired", json!(false)),
        ("/parts/shoppers/priority", json!(-1)),
        ("/parts/desk/admission", json!({})),
        ("/parts/desk/admission/0", json!({ "gate": {} })),
        ("/parts/desk/admission/0/token_bucket/rate_per_s", json!(0)),
        ("/parts/desk/admission/0/token_bucket/burst", json!(0)),
        ("/parts/desk/admission/0/token_bucket/scope", json!("planet")),
        ("/parts/desk/admission/1/leaky_bucket/tick", json!(-1)),
        ("/parts/desk/admission/2/fixed_window/limit", json!(0)),
        ("/parts/desk/admission/2/fixed_window/window", json!(0)),
        ("/parts/desk/admission/5/concurrency/limit", json!(0)),
        ("/parts/desk/admission/6/adaptive/algorithm", json!("magic")),
        ("/parts/desk/endpoints/ask/admission/0/deadline/weight", json!(2)),
        ("/parts/desk/endpoints/ask/admission/1/priority/thresholds", json!([1, 1, 1, 1, 1])),
        ("/parts/shoppers/users", json!(0)),
        ("/parts/till/balancer", json!(true)),
        ("/parts/till/balancer/algorithm", json!("psychic")),
        ("/parts/till/balancer/weights", json!([0, 1, 1])),
        ("/parts/till/balancer/panic_share", json!(2)),
        ("/parts/till/balancer/slow_start/window", json!(0)),
        ("/parts/till/balancer/slow_start/aggression", json!(0)),
        ("/parts/till/balancer/slow_start/share_min", json!(0)),
        ("/parts/till/balancer/health/rise", json!(0)),
        ("/parts/till/balancer/health/interval", json!(0)),
        ("/parts/till/balancer/ejection/failures", json!(0)),
        ("/parts/till/balancer/ejection/share_max", json!(2)),
        ("/parts/till/endpoints/pay/0/lock", json!({ "steps": [] })),
        ("/parts/drawer/capacity", json!(0)),
        ("/parts/lame/instance", json!(0)),
        ("/parts/pool/opening", json!("soon")),
        ("/parts/pool/idle", json!(-1)),
        ("/parts/pool/least", json!(-1)),
        ("/parts/pool/leak", json!(2)),
        ("/parts/pool/each", json!(3)),
        ("/parts/disk/connections", json!(0)),
        ("/parts/disk/connection_mb", json!(-1)),
    ];
    refused(&broken);
}

#[test]
fn broken_documents_are_refused_by_schema_and_reader() {
    let broken = [
        ("/format", json!(2)),
        ("/format", json!("1")),
        ("/seed", json!(-1)),
        ("/seed", json!(1.5)),
        ("/title", Value::Null),
        ("/run", json!({ "requests": 10 })),
        ("/run", json!({ "requests": "many" })),
        ("/run", json!({ "requests": 1000, "time": "1s" })),
        ("/run/time", json!("long")),
        ("/run/phases/0/id", json!("Before")),
        ("/run/phases/0/to", json!(true)),
        ("/objective/p99_ms", json!(0)),
        ("/objective/error_share", json!(2)),
        ("/knobs", json!([])),
        ("/knobs/0/id", json!("Users")),
        ("/knobs/0/id", json!("seed")),
        ("/knobs/0/unit", json!("apples")),
        ("/knobs/0/scale", json!("square")),
        ("/knobs/0/min", json!(0)),
        ("/knobs/0/whole", json!("yes")),
        ("/knobs/1/max", json!("10ms")),
        ("/parts/strangers", json!("clients")),
        ("/parts/strangers/kind", json!("crowd")),
        ("/parts/strangers/id", json!(1)),
        ("/parts/strangers/arrivals", json!({ "sometimes": {} })),
        ("/parts/strangers/arrivals/open/rate_per_s", json!(0)),
        ("/parts/strangers/arrivals/open/rate_per_s", json!("40ms")),
        ("/parts/strangers/arrivals/open/rate_per_s/times", json!("x")),
        ("/parts/strangers/call/to", json!("app")),
        ("/parts/strangers/call/timeout", json!("soon")),
        ("/parts/strangers/call/cancels", json!("yes")),
        ("/parts/strangers/call/retries", json!(101)),
        ("/parts/strangers/call/backoff/jitter", json!("some")),
        ("/parts/staff/arrivals/closed/users", json!(0)),
        ("/parts/staff/arrivals/closed/think", json!({ "normal": 1 })),
        ("/parts/staff/arrivals/closed/think", json!({ "erlang": { "mean": 1 } })),
        ("/parts/app/workers", json!(-1)),
        ("/parts/app/instances", json!(1001)),
        ("/parts/app/queue/capacity", json!("lots")),
        ("/parts/app/endpoints", json!([])),
        ("/parts/app/endpoints/page/0", json!({ "dance": 1 })),
        ("/parts/app/endpoints/page/0", json!({ "cpu": 1, "wait": 1 })),
        ("/parts/app/endpoints/page/0/cpu", json!(true)),
        ("/parts/app/endpoints/page/2/query", json!({ "via": "pool" })),
        ("/parts/app/endpoints/page/4/repeat/times", json!(1_000_001)),
        ("/parts/app/endpoints/page/5/parallel/times", json!(0)),
        ("/parts/app/endpoints/page/6/choice/probability", json!(1.5)),
        ("/parts/pool/database", json!(["disk"])),
        ("/parts/disk/cores", json!(0)),
        ("/parts/crowd/effect", json!("gremlin")),
        ("/parts/crowd/factor", json!(0)),
        ("/parts/crowd/from", json!("noon")),
        ("/parts/still/effect", json!("spike")),
        ("/parts/full/share", json!(2)),
        (
            "/parts/app/endpoints/measure/2/query",
            json!({ "via": "pool", "table": "posts", "work": 1 }),
        ),
        ("/parts/app/endpoints/measure/2/query/order", json!("random")),
        ("/parts/app/endpoints/measure/2/query/limit", json!(-1)),
        ("/parts/disk/tables/posts/rows", json!("many")),
        ("/parts/disk/tables/posts/hot", json!(2)),
        ("/parts/disk/disk/memory_mb", json!(0)),
        ("/parts/disk/disk/page", json!("soon")),
        ("/parts/app/runs/weight", json!(0)),
        ("/parts/app/runs/gil", json!(2)),
        ("/parts/app/runs/cores", json!(0)),
        ("/parts/acquirer/quota/calls", json!(0)),
        ("/parts/acquirer/outages/0/to", json!("never")),
        ("/parts/clock/arrivals/cron/period", json!(0)),
        ("/parts/clock/arrivals/cron/overlap", json!("perhaps")),
        ("/parts/app/endpoints/measure/3/ask/attempts", json!(0)),
        ("/parts/box/cores", json!(0)),
        ("/parts/box/restart", json!("soon")),
        ("/parts/copies/keys", json!(0)),
        ("/parts/copies/popularity", json!(-1)),
        ("/parts/copies/spread", json!(2)),
        ("/parts/copies/sliding", json!("yes")),
        ("/parts/copies/misses", json!("panic")),
        ("/parts/copies/ttl", json!("soon")),
        ("/fixes/0/patch", json!("app.workers")),
        ("/fixes/0/patch/0/at", json!("workers")),
        ("/claims/0/measure/kind", json!("luck")),
        ("/claims/0/measure", json!({ "kind": "ceiling" })),
        ("/claims/0/expect/min", json!("1")),
        ("/claims/0/in/knobs/users", json!("5")),
        ("/theory/kind", json!("chaos")),
        ("/sources/0/from", json!(7)),
    ];
    refused(&broken);
}

#[test]
fn broken_callers_are_refused_by_schema_and_reader() {
    let broken = [
        ("/parts/staff/call/patience", json!("long")),
        ("/parts/staff/call/retries_for_ever", json!(1)),
        ("/parts/staff/call/backoff/growth", json!("fast")),
        ("/parts/staff/call/retry_on/0", json!("bad_luck")),
        ("/parts/staff/call/retry_after/use", json!("never")),
        ("/parts/staff/call/budget", json!({ "money": {} })),
        ("/parts/staff/call/budget/window/ratio", json!(-1)),
        ("/parts/staff/call/throttle/k", json!(0.5)),
        ("/parts/staff/call/breaker/failures_share", json!(0)),
        ("/parts/staff/call/breaker/probes", json!(0)),
        ("/parts/staff/call/bulkhead/running", json!(0)),
        ("/parts/staff/call/hedge/quantile", json!(0.3)),
        ("/parts/staff/call/hedge/copies", json!(4)),
        ("/parts/staff/call/fallback", json!({ "cpu": 1 })),
        ("/parts/staff/call/network/loss", json!(1.5)),
        ("/parts/many/mix", json!([])),
        ("/parts/many/mix/0/weight", json!(-1)),
        ("/parts/many/mix/0/call", json!("store.read")),
        ("/parts/many/arrivals/batches/batch/mean", json!(0)),
        ("/parts/generator/arrivals/constant/rate_per_s", json!(0)),
        ("/parts/generator/arrivals/constant/batch/size", json!(0)),
        ("/parts/stormy/arrivals/bursts/quiet_per_s", json!(-1)),
        ("/parts/stormy/arrivals/bursts/random", json!("yes")),
        ("/parts/growing/arrivals/steps/rates", json!([])),
        ("/parts/growing/arrivals/steps/rates/1/rate_per_s", json!("fast")),
        ("/parts/daily/arrivals/wave/swing", json!(1)),
        ("/parts/clock/arrivals/cron/period", json!("daily")),
        ("/parts/pollers/arrivals/poll/users", json!(0)),
        ("/parts/pollers/arrivals/poll/jitter", json!(2)),
    ];
    refused(&broken);
}

/// Both refuse the document of every field with each of these values at its place.
fn refused(broken: &[(&str, Value)]) {
    for (place, value) in broken {
        let mut document = parsed(EVERYTHING);
        let place = &numbered(&document, place);
        let at = document.pointer_mut(place).unwrap_or_else(|| panic!("{place} is no place"));
        *at = value.clone();
        assert!(valid("", &document).is_err(), "the schema takes {value} at {place}");
        let read = Scenario::parse(&document.to_string());
        assert!(read.is_err(), "the reader takes {value} at {place}");
    }
}
