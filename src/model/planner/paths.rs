//! The work of each way to get rows: scans, sorts and joins.
//!
//! Every way is computed twice: with what the planner believes, to price it, and with the truth, to
//! pay it. A part of the work comes before the first row and the rest spreads over the rows, so that a
//! query that wants only some of them pays the rest in proportion.

use super::table::{Index, PAGE_BYTES, Table};
use super::work::{Prices, Work, bitmap_page_price, log2, pages_fetched};

/// Operations that a page of an index on the way down counts as.
const PAGE_OPERATIONS: f64 = 50.0;

/// A way to get rows, and its work.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Path {
    /// Before the first row.
    pub(super) start: Work,
    /// Over all rows.
    pub(super) run: Work,
    /// How many rows there are.
    pub(super) rows: f64,
}

impl Path {
    /// All of the work.
    pub(super) fn total(self) -> Work {
        self.start + self.run
    }

    /// The work for the first `count` rows.
    pub(super) fn limited(self, count: f64) -> Work {
        let share = if self.rows > 0.0 { (count / self.rows).min(1.0) } else { 1.0 };
        self.start + self.run * share
    }
}

/// All rows in the order in which they lie; those that meet one condition.
pub(super) fn sequential(table: &Table, rows: f64, conditions: f64) -> Path {
    let run = Work {
        ordered_pages: table.pages,
        tuples: table.rows,
        operations: table.rows * conditions,
        ..Work::default()
    };
    Path { start: Work::default(), run, rows }
}

/// The rows that an index finds, `loops` times with other keys: the work of one time.
pub(super) fn index(table: &Table, index: &Index, rows: f64, loops: f64, prices: &Prices) -> Path {
    let (start, mut run) = entries(table, index, rows, loops, prices);
    if !index.covers {
        let scattered = pages_fetched(rows * loops, table.pages, prices.cached_pages) / loops;
        let ordered = (rows / table.rows.max(1.0) * table.pages).ceil().max(1.0);
        let share = index.correlation * index.correlation;
        let one_by_one = scattered * prices.random_page;
        let in_order = prices.random_page + (ordered - 1.0) * prices.ordered_page;
        run.random_pages += scattered + share * (ordered - scattered);
        run.random_price += one_by_one + share * (in_order - one_by_one);
        run.scattered += rows * (1.0 - share);
    }
    run.tuples += rows;
    Path { start, run, rows }
}

/// The rows that an index finds, collected first and then visited in the order in which they lie.
pub(super) fn bitmap(table: &Table, index: &Index, rows: f64, prices: &Prices) -> Path {
    let (start, run) = entries(table, index, rows, 1.0, prices);
    let mut start = start + run;
    start.operations += 0.1 * rows;
    let pages = pages_fetched(rows, table.pages, f64::INFINITY);
    let run = Work {
        random_pages: pages,
        random_price: pages * bitmap_page_price(pages, table.pages, prices),
        tuples: rows,
        operations: rows,
        ..Work::default()
    };
    Path { start, run, rows }
}

/// The way down an index, and the entries found there.
fn entries(table: &Table, index: &Index, rows: f64, loops: f64, prices: &Prices) -> (Work, Work) {
    let all = index.pages(table.rows);
    let mut pages = (rows * all / table.rows.max(1.0)).ceil().max(1.0);
    if loops > 1.0 {
        pages = pages_fetched(pages * loops, all, prices.cached_pages) / loops;
    }
    let start = Work {
        descents: 1.0,
        descent_steps: log2(table.rows),
        descent_operations: log2(table.rows).ceil()
            + (index.height(table.rows) + 1.0) * PAGE_OPERATIONS,
        ..Work::default()
    };
    let run = Work {
        random_pages: pages,
        random_price: pages * prices.random_page,
        index_tuples: rows,
        operations: rows,
        ..Work::default()
    };
    (start, run)
}

/// The rows of `path` in another order; only the first `wanted` of them, if not all.
pub(super) fn sort(path: Path, row_bytes: f64, wanted: Option<f64>, prices: &Prices) -> Path {
    let rows = path.rows.max(2.0);
    let kept = wanted.filter(|wanted| 2.0 * wanted < rows).unwrap_or(rows);
    let is_short = kept < rows;
    let mut start = path.total();
    start.operations += 2.0 * rows * log2(if is_short { 2.0 * kept } else { rows });
    let bytes = kept * row_bytes;
    if bytes > prices.work_memory {
        // One pass merges as many runs as their buffers fit into memory, at least six.
        let order = (prices.work_memory / (32.0 * PAGE_BYTES)).max(6.0);
        let passes = (log2(bytes / prices.work_memory) / log2(order)).ceil().max(1.0);
        start.spilled_pages += 2.0 * (bytes / PAGE_BYTES).ceil() * passes;
    }
    let run = Work { operations: path.rows, ..Work::default() };
    Path { start, run, rows: path.rows }
}

/// For each row of `outer`, the rows of one `inner`.
pub(super) fn nested_loop(outer: Path, inner: Path) -> Path {
    let rows = outer.rows * inner.rows;
    let mut run = outer.run + inner.total() * outer.rows;
    run.tuples += rows;
    Path { start: outer.start, run, rows }
}

/// The rows of `build` in a hash table, looked up by those of `probe`.
pub(super) fn hash_join(
    probe: Path,
    build: Path,
    rows: f64,
    widths: (f64, f64),
    prices: &Prices,
) -> Path {
    let mut start = probe.start + build.total();
    start.operations += build.rows;
    start.tuples += build.rows;
    let mut run = probe.run;
    // One hash for each row, and half a comparison on average.
    run.operations += 1.5 * probe.rows;
    run.tuples += rows;
    if build.rows * widths.1 > 2.0 * prices.work_memory {
        let pages = |rows: f64, width: f64| (rows * width / PAGE_BYTES).ceil();
        start.spilled_pages += pages(build.rows, widths.1);
        run.spilled_pages += pages(build.rows, widths.1) + 2.0 * pages(probe.rows, widths.0);
    }
    Path { start, run, rows }
}
