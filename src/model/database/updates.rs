//! Rows that are read, changed by the program, and written back: where updates get lost.
//!
//! A row is modelled by what it *contains*: how many of the updates made to it are reflected in its
//! value, as in a counter. Who writes back what they computed from an older value takes with them all
//! updates since: acknowledged, and gone. The number lost is exact: updates acknowledged, less
//! updates contained.
//!
//! A row is locked while it is written, until all rows of the update are committed. Every update that
//! was acknowledged and is gone makes the answer of one request wrong: the goodput leaves it out.
//!
//! The cures: an atomic update (`SET n = n + 1`), a row lock from the read on (`SELECT FOR UPDATE`,
//! see [`super::row_locks`]), and an optimistic check of a version, which refuses the write.
//!
//! With one row, updates at rate `r` and a time `d` between read and write, a share
//! `r d / (1 + r d)` is lost: going back from the last write, each value was read `d` before it was
//! written, and the write it contains was the last one before that.
//!
//! Left out: isolation levels, and what else than the rows of the update is read in a transaction.
//! Source: Berenson et al., "A Critique of ANSI SQL Isolation Levels" (1995), phenomenon P4.

/// Rows and what became of updates to them.
#[derive(Debug, Clone)]
pub struct Updates {
    rows: Vec<Row>,
    acknowledged: u64,
    contained: u64,
    refused: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Row {
    /// Updates reflected in the value.
    contained: u32,
    /// Writes so far.
    version: u32,
}

/// What a program read of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    contained: u32,
    version: u32,
}

impl Updates {
    /// `rows` rows without any update.
    pub fn new(rows: u32) -> Self {
        let rows = vec![Row::default(); rows.max(1) as usize];
        Self { rows, acknowledged: 0, contained: 0, refused: 0 }
    }

    /// Reads a row.
    #[inline]
    pub fn read(&self, row: u32) -> Seen {
        let Row { contained, version } = self.rows[row as usize];
        Seen { contained, version }
    }

    /// Writes back what was computed from `seen`, whatever has happened since.
    pub fn write(&mut self, row: u32, seen: Seen) {
        self.set(row, seen.contained + 1);
    }

    /// The same if nobody has written since; otherwise nothing happens, and the program must read
    /// again.
    pub fn write_if_unchanged(&mut self, row: u32, seen: Seen) -> bool {
        let is_unchanged = self.rows[row as usize].version == seen.version;
        if is_unchanged {
            self.write(row, seen);
        } else {
            self.refused += 1;
        }
        is_unchanged
    }

    /// Reads, changes and writes in one step inside the database.
    pub fn change(&mut self, row: u32) {
        self.set(row, self.rows[row as usize].contained + 1);
    }

    /// Updates that were acknowledged and are not contained in any row: lost.
    pub fn lost(&self) -> u64 {
        self.acknowledged - self.contained
    }

    /// Updates acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Writes refused by the check of a version so far.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    fn set(&mut self, row: u32, contained: u32) {
        let row = &mut self.rows[row as usize];
        self.contained = self.contained - u64::from(row.contained) + u64::from(contained);
        self.acknowledged += 1;
        row.contained = contained;
        row.version += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, VecDeque};

    use super::*;
    use crate::engine::{SimDuration, SimTime, Stream};

    #[test]
    fn a_write_takes_all_updates_since_its_read_with_it() {
        let mut updates = Updates::new(1);
        let slow = updates.read(0);
        for _ in 0..5 {
            updates.change(0);
        }
        let late = updates.read(0);
        updates.write(0, slow);
        assert_eq!(updates.lost(), 5);
        updates.write(0, late);
        assert_eq!(updates.lost(), 1, "the last write brings back what it had read");
    }

    /// Against rows that hold the very set of updates.
    #[test]
    fn the_lost_are_counted_one_by_one() {
        let mut random = Stream::new(1, 0, 0);
        let mut updates = Updates::new(3);
        let mut rows = vec![BTreeSet::new(); 3];
        let mut open = Vec::new();
        let mut acknowledged = 0_u64;
        for id in 0..5_000_u32 {
            let row = random.below(3) as u32;
            if random.chance(0.2) {
                updates.change(row);
                rows[row as usize].insert(id);
                acknowledged += 1;
            } else {
                open.push((row, updates.read(row), rows[row as usize].clone(), id));
            }
            while open.len() > 4 {
                let (row, seen, mut content, id) =
                    open.swap_remove(random.below(open.len() as u64) as usize);
                updates.write(row, seen);
                content.insert(id);
                rows[row as usize] = content;
                acknowledged += 1;
            }
            let contained: usize = rows.iter().map(BTreeSet::len).sum();
            assert_eq!(updates.lost(), acknowledged - contained as u64);
        }
        assert!(updates.lost() > 100, "{}", updates.lost());
    }

    /// Poisson updates of one row at 20/s, 50 ms between read and write: half are lost.
    #[test]
    fn the_share_lost_is_that_of_theory_and_a_check_loses_none() {
        let pause = SimDuration::from_ms(50.0);
        let run = |checks: bool| {
            let mut random = Stream::new(2, 0, 0);
            let mut updates = Updates::new(1);
            let mut open: VecDeque<(SimTime, Seen)> = VecDeque::new();
            let mut now = SimTime::ZERO;
            for _ in 0..200_000 {
                now = now + SimDuration::from_secs(random.exponential() / 20.0);
                while let Some((due, seen)) = open.front().copied().filter(|(due, _)| *due <= now) {
                    open.pop_front();
                    if !checks {
                        updates.write(0, seen);
                    } else if !updates.write_if_unchanged(0, seen) {
                        open.push_back((due + pause, updates.read(0)));
                    }
                }
                open.push_back((now + pause, updates.read(0)));
            }
            updates
        };
        let blind = run(false);
        let share = blind.lost() as f64 / blind.acknowledged() as f64;
        // Standard error: sqrt(0.25 / 200 000) = 0.0011; allow 4.
        assert!((share - 0.5).abs() < 0.0045, "{share}");
        let checked = run(true);
        assert_eq!(checked.lost(), 0);
        assert!(checked.refused() > 10_000, "{}", checked.refused());
    }
}
