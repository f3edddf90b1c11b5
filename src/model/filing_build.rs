//! Builds databases that are files, and compiles their transactions.

use super::build::{BuildError, Builder, unknown};
use super::database::{FairLock, Sqlite};
use super::filing::{Counters, FileAccess, FileModel};
use super::program::{Op, Spent};
use super::system::{Database, Step};

impl Builder<'_> {
    pub(super) fn add_file(&mut self, database: &Database) {
        if let Some(settings) = database.file {
            let account = self.account(&database.id, Spent::Waiting);
            self.model.files.push(FileModel {
                id: database.id.clone(),
                settings,
                polled: Sqlite::new(settings.journal),
                fair: FairLock::default(),
                counters: Counters::default(),
                account,
            });
        }
    }

    fn file(&self, id: &str) -> Option<u16> {
        let found = self.model.files.iter().position(|file| file.id == id);
        found.map(|file| file as u16)
    }

    fn access(&mut self, file: u16, register: u8, writes: bool) -> u16 {
        self.model.file_accesses.push(FileAccess { file, register, writes });
        (self.model.file_accesses.len() - 1) as u16
    }

    /// Emits what a query of a database needs before it, if that is a file: a lock, and a transaction
    /// of its own if there is none. Gives that, and the next free register.
    pub(super) fn begin_query(
        &mut self,
        id: &str,
        writes: bool,
        register: usize,
    ) -> Result<(Option<u16>, usize), BuildError> {
        let Some(file) = self.file(id) else { return Ok((None, register)) };
        let open = self.open.files.iter().find(|(open, _)| *open == file);
        if let Some(&(_, open)) = open {
            let access = self.access(file, open, writes);
            self.emit(Op::LockFile { access });
            return Ok((None, register));
        }
        let inside = self.register(register)?;
        let access = self.access(file, register as u8, writes);
        self.emit(Op::OpenFile { access });
        self.emit(Op::LockFile { access });
        Ok((Some(access), inside))
    }

    /// Emits the end of the transaction of a single query.
    pub(super) fn end_query(&mut self, access: Option<u16>) {
        if let Some(access) = access {
            self.emit(Op::CloseFile { access });
        }
    }

    pub(super) fn file_transaction(
        &mut self,
        id: &str,
        is_immediate: bool,
        steps: &[Step],
        service: &str,
        register: usize,
    ) -> Result<(), BuildError> {
        let file = self.file(id).ok_or_else(|| unknown("database with `sqlite`", id))?;
        if self.open.files.iter().any(|(open, _)| *open == file) {
            let reason = "a transaction inside another one of the same database".to_owned();
            return Err(BuildError::Setting { part: id.to_owned(), reason });
        }
        let inside = self.register(register)?;
        let access = self.access(file, register as u8, is_immediate);
        self.emit(Op::OpenFile { access });
        if is_immediate {
            self.emit(Op::LockFile { access });
        }
        self.open.files.push((file, register as u8));
        self.steps(steps, service, inside)?;
        self.open.files.pop();
        self.emit(Op::CloseFile { access });
        Ok(())
    }
}
