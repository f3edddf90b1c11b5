use super::*;

/// The table of the examples in PostgreSQL's documentation of EXPLAIN.
fn tenk(pages: f64) -> Table {
    Table { rows: 10_000.0, row_bytes: 244.0, pages }
}

/// An index with 30 pages and one level above its entries, as there.
fn index() -> Index {
    Index::on(8.0)
}

fn select(table: Table, matching: f64) -> Query {
    Query {
        table,
        table_rows: Fact::known(table.rows),
        matching: Fact::known(matching),
        conditions: 1.0,
        index: None,
        order: None,
        join: None,
        offset: 0.0,
        limit: None,
    }
}

fn assert_price(chosen: &Chosen, start: f64, total: f64) {
    let near = |found: f64, expected: f64| (found - expected).abs() < 0.011;
    assert!(near(chosen.start_price, start), "{chosen:?} should start at {start}");
    assert!(near(chosen.price, total), "{chosen:?} should cost {total}");
}

/// EXPLAIN SELECT * FROM tenk1, then with WHERE unique1 < 7000, < 100 and = 42, as documented.
#[test]
fn scans_cost_what_the_documentation_says() {
    let all = Query { conditions: 0.0, ..select(tenk(358.0), 10_000.0) };
    assert_price(&plan(&all, &PRICES), 0.0, 458.00);
    let most = Query { index: Some(index()), ..select(tenk(358.0), 7_001.0) };
    let chosen = plan(&most, &PRICES);
    assert_eq!(chosen.plan.scan, Scan::Sequential);
    assert_price(&chosen, 0.0, 483.00);
    let some = Query { index: Some(index()), ..select(tenk(358.0), 101.0) };
    let chosen = plan(&some, &PRICES);
    assert_eq!(chosen.plan.scan, Scan::Bitmap);
    assert_price(&chosen, 5.07, 229.20);
    let one = Query { index: Some(index()), ..select(tenk(358.0), 1.0) };
    let chosen = plan(&one, &PRICES);
    assert_eq!(chosen.plan.scan, Scan::Index);
    assert_price(&chosen, 0.29, 8.30);
}

/// EXPLAIN SELECT * FROM tenk1 ORDER BY twothousand: 1109.39..1134.39.
#[test]
fn a_sort_costs_what_the_documentation_says() {
    let order = Some(Order { is_in_index: false });
    let query = Query { conditions: 0.0, order, ..select(tenk(345.0), 10_000.0) };
    let mut prices = PRICES;
    prices.work_memory = 1e9;
    let chosen = plan(&query, &prices);
    assert!(chosen.plan.sorts);
    assert_price(&chosen, 1109.39, 1134.39);
}

/// The joins of tenk1 and tenk2 on unique2 with unique1 < 10 and < 100: 118.50 and 709.73.
#[test]
fn joins_cost_what_the_documentation_says() {
    let join = Join {
        table: tenk(345.0),
        table_rows: Fact::known(10_000.0),
        each: Fact::known(1.0),
        index: Some(index()),
    };
    let few = Query { index: Some(index()), join: Some(join), ..select(tenk(345.0), 10.0) };
    let chosen = plan(&few, &PRICES);
    assert_eq!(chosen.plan.join, Some(JoinBy::IndexLoop));
    assert!((chosen.price - 118.50).abs() < 0.02, "{chosen:?}");
    let more = Query { matching: Fact::known(100.0), ..few };
    let by_hash = Plan { scan: Scan::Bitmap, join: Some(JoinBy::HashFirst), sorts: false };
    let chosen = explain(&more, by_hash, &PRICES);
    assert_price(&chosen, 226.23, 709.73);
}

/// Time on a core and 70 µs for the round trip, against measured medians in milliseconds.
fn assert_time(what: &str, work: &Work, measured_ms: f64) {
    let found = work.core_time(&SPEEDS).as_ms() + 0.07;
    let off = found / measured_ms - 1.0;
    assert!(off.abs() < 0.15, "{what}: {found:.3} ms, measured {measured_ms}");
}

/// Look-ups of one of so many users by e-mail, without and with an index.
#[test]
fn scans_and_look_ups_take_the_time_measured() {
    for (rows, scan_ms, index_ms) in [
        (5_000.0, 0.44, 0.103),
        (50_000.0, 4.3, 0.108),
        (200_000.0, 16.4, 0.112),
        (500_000.0, 41.0, 0.126),
        (2e6, 163.0, 0.128),
    ] {
        let one = select(Table::new(rows, 150.0), 1.0);
        let chosen = plan(&one, &PRICES);
        assert_eq!(chosen.plan.scan, Scan::Sequential);
        assert_time("scan", &chosen.work, scan_ms);
        let chosen = plan(&Query { index: Some(Index::on(24.0)), ..one }, &PRICES);
        assert_eq!(chosen.plan.scan, Scan::Index);
        assert_time("index", &chosen.work, index_ms);
    }
}

/// 20 rows after so many that are skipped; at 50,000 the measured time has its knee.
#[test]
fn skipped_rows_take_the_time_measured() {
    for (offset, measured_ms) in
        [(0.0, 0.19), (10_000.0, 1.0), (1e5, 16.0), (2e5, 34.0), (4e5, 68.0)]
    {
        let query = Query {
            index: Some(index()),
            order: Some(Order { is_in_index: true }),
            offset,
            limit: Some(20.0),
            conditions: 0.0,
            ..select(Table::new(2e6, 240.0), 2e6)
        };
        let by_index = Plan { scan: Scan::Index, join: None, sorts: false };
        let chosen = explain(&query, by_index, &PRICES);
        if offset > 0.0 {
            assert_time("offset", &chosen.work, measured_ms);
        }
        let keyset = Query { offset: 0.0, matching: Fact::known(1e6), ..query };
        assert_time("keyset", &explain(&keyset, by_index, &PRICES).work, 0.14);
    }
}

/// So many rows of 290 bytes to a client in C, whose round trip is 50 µs.
#[test]
fn unbounded_results_take_the_time_measured() {
    for (limit, measured_ms) in [(1e3, 1.085), (1e4, 11.45), (5e4, 58.7), (1e5, 122.5)] {
        let all =
            Query { conditions: 0.0, limit: Some(limit), ..select(Table::new(2e6, 240.0), 2e6) };
        let found = plan(&all, &PRICES).work.core_time(&SPEEDS).as_ms() + 0.05;
        assert!((found / measured_ms - 1.0).abs() < 0.15, "{limit}: {found} ms, not {measured_ms}");
    }
}

/// 10 and 1,000 posts, each with its author, to a client in Python that needs 1.05 µs a row: medians
/// of 0.296 and 6.77 ms, or 6.5 µs a row.
#[test]
fn a_join_takes_the_time_measured_for_each_row() {
    let per_row = |posts: f64| {
        let join = Join {
            table: Table::new(1e5, 150.0),
            table_rows: Fact::known(1e5),
            each: Fact::known(1.0),
            index: Some(index()),
        };
        let query = Query {
            index: Some(index()),
            order: Some(Order { is_in_index: true }),
            join: Some(join),
            limit: Some(posts),
            conditions: 0.0,
            ..select(Table::new(2e6, 240.0), 2e6)
        };
        let chosen = plan(&query, &PRICES);
        let expected = Plan { scan: Scan::Index, join: Some(JoinBy::IndexLoop), sorts: false };
        assert_eq!(chosen.plan, expected);
        chosen.work.core_time(&SPEEDS).as_ms() * 1e3
    };
    let found: f64 = (per_row(1_000.0) - per_row(10.0)) / 990.0 + 1.05;
    assert!((found / 6.54 - 1.0).abs() < 0.15, "{found} µs a row");
}

/// A fact that the statistics have missed makes the planner keep to a nested loop long after a hash
/// join would be better, and the run pays for it.
#[test]
fn old_statistics_flip_the_plan_late_and_cost_many_times_more() {
    let price_of = |rows: f64, believed: f64| {
        let join = Join {
            table: Table::new(1e6, 100.0),
            table_rows: Fact::known(1e6),
            each: Fact::known(1.0),
            index: None,
        };
        let table = Table::new(rows, 100.0);
        let query = Query {
            table_rows: Fact { truth: rows, believed },
            matching: Fact { truth: rows / 10.0, believed: believed / 10.0 },
            join: Some(join),
            ..select(table, 0.0)
        };
        plan(&query, &PRICES)
    };
    let fresh = price_of(100_000.0, 100_000.0);
    let stale = price_of(100_000.0, 10.0);
    assert_ne!(fresh.plan.join, Some(JoinBy::TableLoop));
    assert_eq!(stale.plan.join, Some(JoinBy::TableLoop));
    let times = |chosen: &Chosen| chosen.work.core_time(&SPEEDS).as_secs();
    assert!(times(&stale) > 10.0 * times(&fresh), "{} and {}", times(&stale), times(&fresh));
}

#[test]
fn the_plan_changes_at_one_share_of_rows_and_stays_changed() {
    let table = Table::new(1e6, 100.0);
    let mut scans = Vec::new();
    for percent in 0..1000 {
        let matching = 1e6 * f64::from(percent) / 1000.0;
        let query = Query { index: Some(index()), ..select(table, matching.max(1.0)) };
        let scan = plan(&query, &PRICES).plan.scan;
        if scans.last() != Some(&scan) {
            scans.push(scan);
        }
    }
    assert_eq!(scans, [Scan::Index, Scan::Bitmap, Scan::Sequential]);
}

#[test]
fn a_limit_pays_for_the_rows_it_takes_unless_they_must_be_sorted() {
    let table = Table::new(1e6, 100.0);
    let limited = Query { limit: Some(10.0), ..select(table, 1e5) };
    let unsorted = plan(&limited, &PRICES);
    assert!(unsorted.work.tuples < 200.0, "{unsorted:?}");
    let order = Some(Order { is_in_index: false });
    let sorted = plan(&Query { order, ..limited }, &PRICES);
    assert!(sorted.work.tuples >= 1e6, "{sorted:?}");
    assert!((sorted.work.rows - 10.0).abs() < 1e-9);
}
