//! The locks of SQLite: one writer, readers beside it or not, and waiting by polling.
//!
//! *Rollback journal*: readers share the file. A writer reserves it, which lets readers go on, but to
//! commit it needs the file alone: it lets no new reader in and waits for those inside.
//! *Write-ahead log*: readers see the state of their begin and block nobody; writers exclude each
//! other.
//!
//! A query is a transaction of its own, and writes if it says so; several are one in a `transaction`,
//! which becomes the writer with its first query that writes, or at its begin.
//!
//! Who finds a lock taken is not queued: the busy handler sleeps and tries again, so that who came last
//! often wins. A transaction
//! that began by reading and then wants to write fails at once, without the handler: waiting could
//! never help it, because either its snapshot is old or the writer waits for it.
//!
//! Left out: checkpoints, the cost of `fsync` (it is part of a query's work), and several files.
//! Source: sqlite.org/lockingv3.html, sqlite.org/wal.html,
//! `sqlite3BtreeBeginTrans` in btree.c (the handler runs only while no transaction is open).

use crate::engine::SimDuration;
use crate::policy::busy::BusyHandler;

/// How changes are kept until they are committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Journal {
    /// `journal_mode = DELETE` and its kin.
    #[default]
    Rollback,
    /// `journal_mode = WAL`.
    WriteAheadLog,
}

/// Locks of one database file.
#[derive(Debug, Clone, Default)]
pub struct Sqlite {
    journal: Journal,
    /// Readers, without a writer that began by reading.
    readers: u32,
    is_writing: bool,
    /// A writer has begun to commit: no new reader may come in.
    is_committing: bool,
    commits: u64,
}

/// What a reader sees: all commits up to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot(u64);

/// Why a lock was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// The busy handler may sleep and try again.
    Retry,
    /// `SQLITE_BUSY` at once: only a new transaction can help.
    Upgrade,
}

impl Sqlite {
    /// A file that nobody uses.
    pub fn new(journal: Journal) -> Self {
        Self { journal, ..Self::default() }
    }

    /// A read begins.
    ///
    /// # Errors
    /// [`Busy::Retry`] while a writer commits, with a rollback journal only.
    pub fn begin_read(&mut self) -> Result<Snapshot, Busy> {
        if self.journal == Journal::Rollback && self.is_committing {
            return Err(Busy::Retry);
        }
        self.readers += 1;
        Ok(Snapshot(self.commits))
    }

    /// A read ends.
    pub fn end_read(&mut self) {
        self.readers -= 1;
    }

    /// `BEGIN IMMEDIATE`: a write begins.
    ///
    /// # Errors
    /// [`Busy::Retry`] while there is another writer.
    pub fn begin_write(&mut self) -> Result<(), Busy> {
        if self.is_writing {
            return Err(Busy::Retry);
        }
        self.is_writing = true;
        Ok(())
    }

    /// A transaction that began by reading wants to write (`BEGIN DEFERRED`, the default). It is a
    /// writer afterwards, and no reader any more.
    ///
    /// # Errors
    /// [`Busy::Upgrade`] if there is another writer or, with a write-ahead log, if anybody has
    /// committed since the read began. It is still a reader then, and should end.
    pub fn upgrade(&mut self, seen: Snapshot) -> Result<(), Busy> {
        let is_old = self.journal == Journal::WriteAheadLog && seen.0 != self.commits;
        if self.is_writing || is_old {
            return Err(Busy::Upgrade);
        }
        self.readers -= 1;
        self.is_writing = true;
        Ok(())
    }

    /// The writer wants to commit.
    ///
    /// # Errors
    /// [`Busy::Retry`] while there are readers, with a rollback journal only; no new ones come in.
    pub fn begin_commit(&mut self) -> Result<(), Busy> {
        self.is_committing = true;
        if self.journal == Journal::Rollback && self.readers > 0 {
            return Err(Busy::Retry);
        }
        Ok(())
    }

    /// The writer ends, and its changes are there if `is_committed`.
    pub fn end_write(&mut self, is_committed: bool) {
        self.is_writing = false;
        self.is_committing = false;
        self.commits += u64::from(is_committed);
    }

    /// Commits so far.
    pub fn commits(&self) -> u64 {
        self.commits
    }
}

/// How who finds the lock taken waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusyWait {
    /// SQLite's own handler: longer and longer sleeps.
    BuiltIn(BusyHandler),
    /// A handler of the program that sleeps the same time again and again: fairer to old waiters.
    Constant {
        /// The sleep.
        every: SimDuration,
        /// How long in all.
        timeout: SimDuration,
    },
}

impl BusyWait {
    /// The sleep before the next attempt, after `tries` sleeps already; `None` to give up.
    pub fn sleep(self, tries: u32) -> Option<SimDuration> {
        match self {
            Self::BuiltIn(handler) => handler.sleep(tries),
            Self::Constant { every, timeout } => {
                let slept = every.0.saturating_mul(u64::from(tries));
                let sleep = every.0.min(timeout.0.saturating_sub(slept));
                (sleep > 0).then_some(SimDuration(sleep))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_wait_ends_with_its_timeout() {
        let (every, timeout) = (SimDuration(10), SimDuration(25));
        let wait = BusyWait::Constant { every, timeout };
        assert_eq!(
            [0, 1, 2, 3].map(|tries| wait.sleep(tries).map(|sleep| sleep.0)),
            [Some(10), Some(10), Some(5), None]
        );
    }

    #[test]
    fn a_rollback_journal_lets_readers_stay_until_the_commit() {
        let mut file = Sqlite::new(Journal::Rollback);
        file.begin_read().unwrap();
        file.begin_write().unwrap();
        assert_eq!(file.begin_write(), Err(Busy::Retry));
        file.begin_read().unwrap();
        assert_eq!(file.begin_commit(), Err(Busy::Retry));
        assert_eq!(file.begin_read(), Err(Busy::Retry), "no new reader comes in");
        file.end_read();
        file.end_read();
        assert_eq!(file.begin_commit(), Ok(()));
        file.end_write(true);
        assert!(file.begin_read().is_ok());
    }

    #[test]
    fn a_log_blocks_no_reader_and_no_commit() {
        let mut file = Sqlite::new(Journal::WriteAheadLog);
        let old = file.begin_read().unwrap();
        file.begin_write().unwrap();
        file.begin_commit().unwrap();
        file.begin_read().unwrap();
        file.end_write(true);
        assert_eq!(file.upgrade(old), Err(Busy::Upgrade), "somebody has committed since");
        let new = file.begin_read().unwrap();
        assert_eq!(file.upgrade(new), Ok(()));
    }

    #[test]
    fn two_who_read_and_then_write_cannot_both_go_on() {
        for journal in [Journal::Rollback, Journal::WriteAheadLog] {
            let mut file = Sqlite::new(journal);
            let (first, second) = (file.begin_read().unwrap(), file.begin_read().unwrap());
            assert_eq!(file.upgrade(first), Ok(()));
            assert_eq!(file.upgrade(second), Err(Busy::Upgrade));
        }
    }
}
