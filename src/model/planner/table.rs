//! Tables and indexes: how many pages they take, and what the planner believes of them.

use crate::engine::math::ln;

/// Bytes of a page.
pub const PAGE_BYTES: f64 = 8192.0;
/// Bytes of a page that rows cannot use.
const PAGE_HEADER: f64 = 24.0;
/// Bytes each row takes beside its columns: header, alignment and pointer.
const ROW_OVERHEAD: f64 = 28.0;
/// Bytes an index entry takes beside its key.
const ENTRY_OVERHEAD: f64 = 12.0;
/// How full index pages are kept.
const INDEX_FILL: f64 = 0.9;

/// A table as it is, or as the planner believes it to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Table {
    /// Number of rows.
    pub rows: f64,
    /// Bytes of the columns of one row.
    pub row_bytes: f64,
    /// Pages of rows.
    pub pages: f64,
}

/// A B-tree on some columns of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Index {
    /// Bytes of its key.
    pub key_bytes: f64,
    /// How well the order of rows follows the key: 1 if rows lie in the order of the key, 0 if they
    /// lie anywhere.
    pub correlation: f64,
    /// Whether it holds all columns that queries want, so that rows need not be visited.
    pub covers: bool,
}

impl Table {
    /// A table whose rows fill its pages.
    pub fn new(rows: f64, row_bytes: f64) -> Self {
        let per_page = ((PAGE_BYTES - PAGE_HEADER) / (row_bytes + ROW_OVERHEAD)).floor().max(1.0);
        Self { rows, row_bytes, pages: (rows / per_page).ceil().max(1.0) }
    }

    /// The same table with another number of rows: what statistics say that are out of date.
    #[must_use]
    pub fn believed(self, rows: f64) -> Self {
        Self::new(rows, self.row_bytes)
    }

    /// Bytes of its pages.
    pub fn bytes(&self) -> f64 {
        self.pages * PAGE_BYTES
    }
}

impl Index {
    /// A plain index: rows lie anywhere and must be visited.
    pub fn on(key_bytes: f64) -> Self {
        Self { key_bytes, correlation: 0.0, covers: false }
    }

    /// Pages of entries, all of which a scan of the whole index reads.
    pub fn pages(&self, rows: f64) -> f64 {
        (rows / self.entries_per_page()).ceil().max(1.0) + self.height(rows)
    }

    /// Levels above the pages of entries.
    pub fn height(&self, rows: f64) -> f64 {
        let leaves = (rows / self.entries_per_page()).max(1.0);
        (ln(leaves) / ln(self.entries_per_page())).ceil()
    }

    fn entries_per_page(&self) -> f64 {
        let entry = self.key_bytes + ENTRY_OVERHEAD;
        ((PAGE_BYTES - PAGE_HEADER) * INDEX_FILL / entry).floor().max(2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measured: 2,000,000 users of about 150 bytes take 44,435 pages, as many posts of about 240
    /// bytes 66,560.
    #[test]
    fn tables_take_as_many_pages_as_measured() {
        for (row_bytes, measured) in [(150.0, 44_435.0), (240.0, 66_560.0)] {
            let pages: f64 = Table::new(2e6, row_bytes).pages;
            assert!((pages / measured - 1.0).abs() < 0.03, "{pages}, not {measured}");
        }
    }

    #[test]
    fn an_index_grows_in_height_with_the_logarithm_of_its_rows() {
        let index = Index::on(8.0);
        let heights: Vec<f64> = [100.0, 1e4, 1e5, 1e6, 1e8].map(|n| index.height(n)).to_vec();
        assert_eq!(heights, [0.0, 1.0, 1.0, 2.0, 3.0]);
        assert!((index.pages(1e4) - 29.0).abs() < 1e-9);
    }
}
