//! The work of a query: what a planner guesses the price of, and what an execution pays in time.
//!
//! Prices are the defaults of PostgreSQL. Speeds were measured: a scan takes 81 ns a row, and a row
//! reached through an index, anywhere in memory, takes longer.
//!
//! Source: `src/include/optimizer/cost.h` of PostgreSQL 15 for prices; for speeds, scans and lookups in
//! 5,000 to 2,000,000 rows on PostgreSQL 15 (0.44 to 163 ms, and 0.103 to 0.128 ms).

use std::ops::{Add, Mul};

use crate::engine::SimDuration;
use crate::engine::math::{ln, sqrt};

/// Counts of what an execution does; fractions are expectations.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Work {
    /// Pages read in the order in which they lie.
    pub ordered_pages: f64,
    /// Pages read in any order.
    pub random_pages: f64,
    /// What those pages count as in the planner's price, in units of an ordered page.
    pub random_price: f64,
    /// Rows looked at.
    pub tuples: f64,
    /// Rows among them that were reached through an index, each anywhere in memory.
    pub scattered: f64,
    /// Index entries looked at.
    pub index_tuples: f64,
    /// Conditions, comparisons and hashes computed.
    pub operations: f64,
    /// Ways down an index.
    pub descents: f64,
    /// Comparisons on those ways.
    pub descent_steps: f64,
    /// Their price, in operations.
    pub descent_operations: f64,
    /// Pages written to and read from temporary files.
    pub spilled_pages: f64,
    /// Rows in the answer.
    pub rows: f64,
}

/// Prices in units of reading one page in order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// `seq_page_cost`.
    pub ordered_page: f64,
    /// `random_page_cost`.
    pub random_page: f64,
    /// `cpu_tuple_cost`.
    pub tuple: f64,
    /// `cpu_index_tuple_cost`.
    pub index_tuple: f64,
    /// `cpu_operator_cost`.
    pub operation: f64,
    /// `effective_cache_size`, in pages.
    pub cached_pages: f64,
    /// `work_mem`, in bytes.
    pub work_memory: f64,
}

/// The defaults of PostgreSQL since release 9.4 (`src/include/optimizer/cost.h`).
pub const PRICES: Prices = Prices {
    ordered_page: 1.0,
    random_page: 4.0,
    tuple: 0.01,
    index_tuple: 0.005,
    operation: 0.0025,
    cached_pages: 524_288.0,
    work_memory: 4_194_304.0,
};

impl Work {
    /// What the planner thinks it costs.
    pub fn price(&self, prices: &Prices) -> f64 {
        self.ordered_pages * prices.ordered_page
            + self.random_price * prices.ordered_page
            + self.tuples * prices.tuple
            + self.index_tuples * prices.index_tuple
            + (self.operations + self.descent_operations) * prices.operation
            + self.spilled_pages * (0.75 * prices.ordered_page + 0.25 * prices.random_page)
    }

    /// Time on a core when all pages are in memory.
    pub fn core_time(&self, speeds: &Speeds) -> SimDuration {
        let first_steps = self.descent_steps / self.descents.max(1.0);
        let cold = if self.descents > 0.0 { first_steps } else { 0.0 };
        let cached_rows = speeds.cpu_cache_bytes / speeds.touched_bytes;
        let nanos = self.tuples * speeds.tuple_ns
            + (self.scattered - cached_rows).max(0.0) * speeds.touch_ns
            + self.index_tuples * speeds.index_tuple_ns
            + self.operations * speeds.operation_ns
            + cold * speeds.descent_step_ns
            + (self.descents - 1.0).max(0.0) * speeds.next_descent_ns
            + self.rows * speeds.row_out_ns;
        SimDuration((nanos + 0.5) as u64)
    }

    /// Pages it touches, in memory or not.
    pub fn pages(&self) -> f64 {
        self.ordered_pages + self.random_pages
    }

    /// Pages it reads from disk if a share `hit_ratio` of them is in memory; spilled pages go there.
    pub fn disk_pages(&self, hit_ratio: f64) -> f64 {
        self.pages() * (1.0 - hit_ratio) + self.spilled_pages
    }
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            ordered_pages: self.ordered_pages + other.ordered_pages,
            random_pages: self.random_pages + other.random_pages,
            random_price: self.random_price + other.random_price,
            tuples: self.tuples + other.tuples,
            scattered: self.scattered + other.scattered,
            index_tuples: self.index_tuples + other.index_tuples,
            operations: self.operations + other.operations,
            descents: self.descents + other.descents,
            descent_steps: self.descent_steps + other.descent_steps,
            descent_operations: self.descent_operations + other.descent_operations,
            spilled_pages: self.spilled_pages + other.spilled_pages,
            rows: self.rows + other.rows,
        }
    }
}

impl Mul<f64> for Work {
    type Output = Self;

    fn mul(self, by: f64) -> Self {
        Self {
            ordered_pages: self.ordered_pages * by,
            random_pages: self.random_pages * by,
            random_price: self.random_price * by,
            tuples: self.tuples * by,
            scattered: self.scattered * by,
            index_tuples: self.index_tuples * by,
            operations: self.operations * by,
            descents: self.descents * by,
            descent_steps: self.descent_steps * by,
            descent_operations: self.descent_operations * by,
            spilled_pages: self.spilled_pages * by,
            rows: self.rows * by,
        }
    }
}

/// How long each kind of work takes on one core, in nanoseconds, with all pages in memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speeds {
    /// To look at a row.
    pub tuple_ns: f64,
    /// More for a row anywhere in memory, once those looked at exceed the processor's cache.
    pub touch_ns: f64,
    /// To look at an index entry.
    pub index_tuple_ns: f64,
    /// To compute a condition, a comparison's half, or a hash.
    pub operation_ns: f64,
    /// For each comparison on the first way down an index, whose pages are cold.
    pub descent_step_ns: f64,
    /// For each further way down the same index.
    pub next_descent_ns: f64,
    /// To send a row.
    pub row_out_ns: f64,
    /// The part of the processor's cache that rows find.
    pub cpu_cache_bytes: f64,
    /// Bytes that looking at a row anywhere brings there.
    pub touched_bytes: f64,
}

/// Measured with PostgreSQL 15 on one core: a scan with one condition takes 81 ns a row, a skipped row
/// about 90 ns up to some 20,000 and 170 ns beyond 50,000, the first way down an index 14 µs for 5,000
/// rows and 33 µs for 2,000,000 beside a round trip of 70 µs, each further one in a join about 4 µs, and
/// a row of 290 bytes 1.1 µs to a client in C, scan included.
pub const SPEEDS: Speeds = Speeds {
    tuple_ns: 70.0,
    touch_ns: 80.0,
    index_tuple_ns: 9.0,
    operation_ns: 11.0,
    descent_step_ns: 2_750.0,
    next_descent_ns: 4_000.0,
    row_out_ns: 1_050.0,
    cpu_cache_bytes: 6e6,
    touched_bytes: 300.0,
};

/// Different pages touched when `tuples` rows anywhere in `pages` pages are looked at, while `cached`
/// pages stay in memory.
///
/// Source: Mackert and Lohman, "Index Scans Using a Finite LRU Buffer" (1989), as PostgreSQL computes
/// it (`index_pages_fetched` in costsize.c).
pub fn pages_fetched(tuples: f64, pages: f64, cached: f64) -> f64 {
    let touched = 2.0 * pages * tuples / (2.0 * pages + tuples);
    if pages <= cached {
        return if touched >= pages { pages } else { touched.ceil() };
    }
    let limit = 2.0 * pages * cached / (2.0 * pages - cached);
    let fetched = if tuples <= limit {
        touched
    } else {
        cached + (tuples - limit) * (pages - cached) / pages
    };
    fetched.ceil()
}

/// The price of a random page that is one of `fetched` out of `pages`, read in order: nearer to that of
/// an ordered one the more of them there are.
pub(super) fn bitmap_page_price(fetched: f64, pages: f64, prices: &Prices) -> f64 {
    if fetched < 2.0 {
        return prices.random_page;
    }
    prices.random_page - (prices.random_page - prices.ordered_page) * sqrt(fetched / pages)
}

/// Logarithm to base 2, at least 0.
pub(super) fn log2(x: f64) -> f64 {
    (ln(x.max(1.0)) / std::f64::consts::LN_2).max(0.0)
}
