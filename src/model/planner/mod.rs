//! A query planner: it chooses by what it believes, and the run pays the truth.
//!
//! The ways to answer a query are priced with PostgreSQL's formulas and constants, using the number of
//! rows and the selectivity that the *statistics* say. The cheapest is chosen, and its work is then
//! computed again with what is *true*. When statistics are old the choice is wrong, and the work may be
//! many times what was expected.
//!
//! Left out: parallel workers, index-only scans of pages not all visible, joins of more than two
//! tables, histograms: a selectivity is a number that the scenario gives, true and believed.
//! Source: `src/backend/optimizer/path/costsize.c` and `utils/adt/selfuncs.c` of PostgreSQL 15.

pub mod table;

pub mod work;

mod paths;

pub mod memory;

pub use memory::PageMemory;
pub use table::{Index, Table};
pub use work::{PRICES, Prices, SPEEDS, Speeds, Work, pages_fetched};

use paths::Path;

/// A number as it is, and as the statistics say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fact {
    /// As it is.
    pub truth: f64,
    /// As the planner believes.
    pub believed: f64,
}

impl Fact {
    /// A number that the statistics know.
    pub fn known(value: f64) -> Self {
        Self { truth: value, believed: value }
    }
}

/// A question to a database.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Query {
    /// The table that the rows come from.
    pub table: Table,
    /// Its rows; `truth` must be those of `table`.
    pub table_rows: Fact,
    /// Rows that meet the condition, out of those of the table.
    pub matching: Fact,
    /// Conditions computed for each row, 0 if all rows are wanted.
    pub conditions: f64,
    /// An index that finds the matching rows.
    pub index: Option<Index>,
    /// An order the rows are wanted in.
    pub order: Option<Order>,
    /// Rows of another table wanted with each of them.
    pub join: Option<Join>,
    /// Rows left out at the start.
    pub offset: f64,
    /// Most rows wanted; `None` for all.
    pub limit: Option<f64>,
}

/// An order in which rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Whether the index of the query gives the rows in this order.
    pub is_in_index: bool,
}

/// Rows of another table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Join {
    /// The other table.
    pub table: Table,
    /// Its rows; `truth` must be those of `table`.
    pub table_rows: Fact,
    /// Rows of it for each row of the first.
    pub each: Fact,
    /// An index on the column that joins.
    pub index: Option<Index>,
}

/// How the rows of the first table are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// Through all of the table.
    Sequential,
    /// Through an index, row by row.
    Index,
    /// Through an index, then through the pages in order.
    Bitmap,
}

/// How the rows of the other table are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinBy {
    /// For each row, through an index.
    IndexLoop,
    /// For each row, through all of the table.
    TableLoop,
    /// With a hash table of the other table.
    HashOther,
    /// With a hash table of the rows of the first.
    HashFirst,
}

/// A way to answer a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How rows are found.
    pub scan: Scan,
    /// How those of the other table are found.
    pub join: Option<JoinBy>,
    /// Whether they are sorted afterwards.
    pub sorts: bool,
}

/// A plan, what was expected of it, and what it does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chosen {
    /// The cheapest plan, as the planner believes.
    pub plan: Plan,
    /// Its price before the first row, in units of a page read in order.
    pub start_price: f64,
    /// Its price.
    pub price: f64,
    /// Rows expected in the answer.
    pub expected_rows: f64,
    /// The work that is really done.
    pub work: Work,
}

/// Whether a path is computed with beliefs or with the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Belief,
    Truth,
}

/// The plan that a planner with these prices chooses; the first of equally cheap ones.
pub fn plan(query: &Query, prices: &Prices) -> Chosen {
    let mut best: Option<(f64, Plan)> = None;
    for plan in plans(query) {
        let price = work_of(query, plan, Side::Belief, prices).0.price(prices);
        if best.is_none_or(|(cheapest, _)| price < cheapest) {
            best = Some((price, plan));
        }
    }
    let (_, plan) = best.expect("a sequential scan is always possible");
    explain(query, plan, prices)
}

/// What a given plan is expected to cost, and what it really does.
pub fn explain(query: &Query, plan: Plan, prices: &Prices) -> Chosen {
    let (expected, believed) = work_of(query, plan, Side::Belief, prices);
    let (work, _) = work_of(query, plan, Side::Truth, prices);
    Chosen {
        plan,
        start_price: believed.start.price(prices),
        price: expected.price(prices),
        expected_rows: expected.rows,
        work,
    }
}

/// All plans for a query, the simplest first.
fn plans(query: &Query) -> impl Iterator<Item = Plan> {
    let has_index = query.index.is_some();
    let scans = [Scan::Sequential, Scan::Index, Scan::Bitmap];
    let joins: &[Option<JoinBy>] = match query.join {
        None => &[None],
        Some(Join { index: None, .. }) => {
            &[Some(JoinBy::TableLoop), Some(JoinBy::HashOther), Some(JoinBy::HashFirst)]
        }
        Some(_) => &[
            Some(JoinBy::IndexLoop),
            Some(JoinBy::TableLoop),
            Some(JoinBy::HashOther),
            Some(JoinBy::HashFirst),
        ],
    };
    let order = query.order;
    scans.into_iter().filter(move |scan| has_index || *scan == Scan::Sequential).flat_map(
        move |scan| {
            joins.iter().map(move |join| {
                // A hash table of the first rows gives them back in any order.
                let keeps_order = scan == Scan::Index && *join != Some(JoinBy::HashFirst);
                let sorts = order.is_some_and(|order| !(order.is_in_index && keeps_order));
                Plan { scan, join: *join, sorts }
            })
        },
    )
}

/// The work of a plan for the rows wanted, and the path it is part of.
fn work_of(query: &Query, plan: Plan, side: Side, prices: &Prices) -> (Work, Path) {
    let of = |fact: Fact| if side == Side::Belief { fact.believed } else { fact.truth };
    let sized = |table: Table, rows: Fact| match side {
        Side::Belief => table.believed_if_other(rows.believed),
        Side::Truth => table,
    };
    let table = sized(query.table, query.table_rows);
    let matching = of(query.matching);
    let found = match (plan.scan, query.index) {
        (Scan::Index, Some(index)) => paths::index(&table, &index, matching, 1.0, prices),
        (Scan::Bitmap, Some(index)) => paths::bitmap(&table, &index, matching, prices),
        (Scan::Sequential, _) | (_, None) => paths::sequential(&table, matching, query.conditions),
    };
    let mut width = table.row_bytes;
    let mut path = found;
    if let (Some(join), Some(by)) = (query.join, plan.join) {
        let other = sized(join.table, join.table_rows);
        path = joined(found, table.row_bytes, &other, &join, by, of(join.each), prices);
        width += other.row_bytes;
    }
    let wanted = query.limit.map(|limit| limit + query.offset);
    if plan.sorts {
        path = paths::sort(path, width, wanted, prices);
    }
    let mut work = path.limited(wanted.unwrap_or(path.rows));
    let answered = wanted.map_or(path.rows, |wanted| wanted.min(path.rows));
    work.rows = (answered - query.offset).max(0.0);
    (work, path)
}

fn joined(
    first: Path,
    first_width: f64,
    other: &Table,
    join: &Join,
    by: JoinBy,
    each: f64,
    prices: &Prices,
) -> Path {
    let rows = first.rows * each;
    match (by, join.index) {
        (JoinBy::IndexLoop, Some(index)) => {
            let loops = first.rows.max(1.0);
            paths::nested_loop(first, paths::index(other, &index, each, loops, prices))
        }
        (JoinBy::TableLoop | JoinBy::IndexLoop, _) => {
            paths::nested_loop(first, paths::sequential(other, each, 1.0))
        }
        (JoinBy::HashOther, _) => {
            let build = paths::sequential(other, other.rows, 0.0);
            paths::hash_join(first, build, rows, (first_width, other.row_bytes), prices)
        }
        (JoinBy::HashFirst, _) => {
            let probe = paths::sequential(other, other.rows, 0.0);
            paths::hash_join(probe, first, rows, (other.row_bytes, first_width), prices)
        }
    }
}

impl Table {
    fn believed_if_other(self, rows: f64) -> Self {
        if (rows - self.rows).abs() < 0.5 { self } else { self.believed(rows) }
    }
}

#[cfg(test)]
mod tests;
