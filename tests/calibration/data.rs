//! Queries, pools and rows, as they were measured with one client or many.

use serde_json::{Value, json};

use super::curves::Curve;
use super::report;

/// Milliseconds to a client in Python and back, without execution; what a query costs that is not
/// prepared, what the driver computes for each; and to a client in C.
const PYTHON_TRIP: f64 = 0.07;
const UNPREPARED: f64 = 0.058;
const DRIVER: f64 = 0.018;
const C_TRIP: f64 = 0.036;
/// Microseconds for a narrow row.
const NARROW_ROW: f64 = 0.68;
/// Microseconds that the driver in Python computes for a row: of small answers, and of large ones.
const ROW: [f64; 2] = [1.1, 1.95];

pub(super) fn modelled(curve: &Curve, x: f64) -> Option<f64> {
    let row_us = if x <= 1_000.0 { ROW[0] } else { ROW[1] };
    Some(match curve.name.as_str() {
        "scan" => page(PYTHON_TRIP, x, json!({}), one(json!({ "rows": 1, "by": "email" }))),
        "index" => {
            page(PYTHON_TRIP, x, json!({ "email": {} }), one(json!({ "rows": 1, "by": "email" })))
        }
        "n_plus_1" => {
            // The list, and an author for each of its rows.
            let mut author = query(json!({ "rows": 1, "by": "id" }));
            author["query"]["table"] = json!("few");
            let list = query(json!({ "rows": x, "by": "author" }));
            let each = json!([{ "cpu": format!("{DRIVER}ms") }, author]);
            let steps = json!([
                { "cpu": format!("{}ms", DRIVER + UNPREPARED) }, list,
                { "repeat": { "times": x, "steps": each } }
            ]);
            page(PYTHON_TRIP, 100_000.0, json!({ "author": {} }), steps)
        }
        "offset" | "keyset" => {
            let offset = if curve.name == "offset" { x } else { 0.0 };
            let next = json!({ "by": "created", "order": "index", "offset": offset, "limit": 20 });
            let steps = json!([query(next), { "cpu": format!("{}us", 20.0 * NARROW_ROW) }]);
            page(PYTHON_TRIP, 500_000.0, json!({ "created": {} }), steps)
        }
        "unbounded" => {
            let steps =
                json!([query(json!({ "limit": x })), { "cpu": format!("{}us", x * row_us) }]);
            page(PYTHON_TRIP + UNPREPARED, 200_000.0, json!({}), steps)
        }
        "unbounded_c" => page(C_TRIP, 200_000.0, json!({}), one(json!({ "limit": x }))),
        "hot_row" | "spread_rows" => rows(curve.name == "hot_row", x),
        name => return pool(name, x).or_else(|| sqlite(name, x)),
    })
}

/// A query of the table.
fn query(mut what: Value) -> Value {
    what["via"] = json!("db");
    what["table"] = json!("rows");
    json!({ "query": what })
}

fn one(what: Value) -> Value {
    json!([query(what)])
}

/// Mean latency in ms of a page that one client asks for.
fn page(trip_ms: f64, rows: f64, indexes: Value, steps: Value) -> f64 {
    let tables = json!({
        "rows": { "rows": rows, "row_bytes": 240, "indexes": indexes },
        "few": { "rows": 10_000, "row_bytes": 240, "indexes": { "id": {} } }
    });
    let parts = json!([
        { "kind": "clients", "id": "client", "call": { "to": "app.page" },
          "arrivals": { "closed": { "users": 1, "think": "1ms" } } },
        { "kind": "service", "id": "app", "endpoints": { "page": steps } },
        { "kind": "database", "id": "db", "cores": 2, "round_trip": trip_ms, "tables": tables }
    ]);
    report(parts, json!({ "requests": 200 })).latency_ms.mean.expect("it answers")
}

/// Transactions a second that hold a row for 5 ms: all the same row, or each its own.
fn rows(is_hot: bool, clients: f64) -> f64 {
    let statement = json!({ "query": { "via": "db", "work": { "exponential": "0.06ms" } } });
    let held = json!([statement, { "wait": "5ms" }, statement]);
    let steps = if is_hot { json!([{ "lock": { "on": "row", "steps": held } }]) } else { held };
    let parts = json!([
        { "kind": "clients", "id": "clients", "call": { "to": "app.page" },
          "arrivals": { "closed": { "users": clients, "think": 0 } } },
        { "kind": "service", "id": "app", "workers": 100, "endpoints": { "page": steps } },
        { "kind": "database", "id": "db", "cores": 2, "round_trip": "0.1ms" },
        { "kind": "lock", "id": "row", "capacity": 1 }
    ]);
    report(parts, json!({ "requests": 5000 })).throughput_per_s
}

/// A pool of ten connections, each busy for as long as a query sleeps.
fn pool(name: &str, clients: f64) -> Option<f64> {
    let [hold, what] = name.strip_prefix("pool_")?.split('_').collect::<Vec<_>>()[..] else {
        return None;
    };
    let parts = json!([
        { "kind": "clients", "id": "clients", "call": { "to": "app.page" },
          "arrivals": { "closed": { "users": clients, "think": 0 } } },
        { "kind": "service", "id": "app", "workers": 1000,
          "endpoints": { "page": [{ "query": { "via": "pool", "work": hold } }] } },
        { "kind": "pool", "id": "pool", "database": "db", "connections": 10 },
        { "kind": "database", "id": "db", "cores": 1000, "round_trip": "0.25ms" }
    ]);
    let report = report(parts, json!({ "requests": 5000 }));
    match what {
        "throughput" => Some(report.throughput_per_s),
        "latency" => report.latency_ms.mean,
        _ => None,
    }
}

/// Milliseconds that a transaction of a file has its lock beyond what it sleeps, those between two of
/// one writer, and those until one comes back who found the lock taken and does not wait for it: of
/// each of 1 to 49 of them 192 to 195 a second were counted.
const COMMIT: f64 = 0.18;
const BETWEEN: f64 = 0.2;
const COMEBACK: f64 = 5.15;

/// Writers of a file who have its lock for 10 ms: commits a second, and the share of attempts that
/// find it taken.
fn sqlite(name: &str, writers: f64) -> Option<f64> {
    let [how, what] = name.strip_prefix("sqlite_held_")?.split('_').collect::<Vec<_>>()[..] else {
        return None;
    };
    let mut file = json!({ "journal": "wal" });
    if how == "waiting" {
        file["busy_timeout"] = json!("5s");
    }
    let held = json!([
        { "query": { "via": "file", "work": format!("{COMMIT}ms"), "writes": true } },
        { "wait": "10ms" }
    ]);
    let transaction = json!({ "on": "file", "begin": "immediate", "steps": held });
    let call = json!({ "to": "app.write", "retries_for_ever": true,
                       "backoff": { "base": format!("{COMEBACK}ms") } });
    let parts = json!([
        { "kind": "clients", "id": "writers", "call": call,
          "arrivals": { "closed": { "users": writers, "think": format!("{BETWEEN}ms") } } },
        { "kind": "service", "id": "app", "workers": 100,
          "endpoints": { "write": [{ "transaction": transaction }] } },
        { "kind": "database", "id": "file", "cores": 100, "sqlite": file }
    ]);
    let file = report(parts, json!({ "time": "400s" })).files["file"];
    Some(match what {
        "throughput" => file.writes_per_s,
        _ => file.busy_per_s / (file.busy_per_s + file.writes_per_s),
    })
}
