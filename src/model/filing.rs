//! Databases that are files at work: one writer, readers beside it or not, and how who finds the file
//! locked waits.

use crate::engine::events::Ticket;
use crate::engine::{SimDuration, SimTime};

use super::database::fair_lock::{Mode, RequestId};
use super::database::sqlite::{Busy, Journal, Snapshot};
use super::database::{FairLock, Sqlite};
use super::holdings::{HOLDING, Holding};
use super::program::Op;
use super::record::{Mark, Outcome};
use super::simulation::Simulation;
use super::system::{FileSettings, FileWaiting};
use super::task::State;

/// A database that is a file.
#[derive(Debug, Clone)]
pub(super) struct FileModel {
    pub(super) id: String,
    pub(super) settings: FileSettings,
    pub(super) polled: Sqlite,
    pub(super) fair: FairLock,
    pub(super) counters: Counters,
    /// Where waiting is booked.
    pub(super) account: u16,
}

/// What a query or a transaction wants of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileAccess {
    pub(super) file: u16,
    pub(super) register: u8,
    pub(super) writes: bool,
}

/// A transaction under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileUse {
    file: u16,
    using: Using,
    /// Sleeps since the present lock was wanted.
    tries: u32,
    /// When it became the writer.
    since: SimTime,
}

/// What a transaction has of its file.
#[derive(Debug, Clone, Copy)]
enum Using {
    Nothing,
    Reads(Snapshot),
    Writes,
    /// The same of a lock that is handed over in line.
    Has(Mode),
    Waits(RequestId),
}

/// What happened at a file so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Transactions that only read and ended well.
    pub reads: u64,
    /// Commits.
    pub writes: u64,
    /// Time with a writer, in nanoseconds.
    pub writing: u64,
    /// Times a lock was found taken.
    pub taken: u64,
    /// Errors of those who waited too long, or would not wait.
    pub busy: u64,
    /// Errors of those who had read and could not become the writer.
    pub upgrades: u64,
}

impl Counters {
    /// What came after `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            reads: self.reads - before.reads,
            writes: self.writes - before.writes,
            writing: self.writing - before.writing,
            taken: self.taken - before.taken,
            busy: self.busy - before.busy,
            upgrades: self.upgrades - before.upgrades,
        }
    }
}

/// What happened at a file in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMeasure {
    /// Id of the database.
    pub id: String,
    /// What happened.
    pub counters: Counters,
}

impl Simulation {
    /// The file of an access.
    pub(super) fn file_of(&self, access: u16) -> &FileModel {
        &self.model.files[usize::from(self.model.file_accesses[usize::from(access)].file)]
    }

    pub(super) fn open_file(&mut self, id: u32, access: u16) {
        let FileAccess { file, register, .. } = self.model.file_accesses[usize::from(access)];
        let (using, tries, since) = (Using::Nothing, 0, self.now);
        self.hold_in(id, register, Holding::File(FileUse { file, using, tries, since }));
    }

    /// What a task has of a file.
    fn file_use(&self, id: u32, register: u8) -> Option<FileUse> {
        let task = &self.tasks[id];
        let named = task.registers[usize::from(register)];
        if task.held & (1 << register) == 0 || named < HOLDING {
            return None;
        }
        match self.holdings.get(named) {
            Holding::File(file) => Some(file),
            _ => None,
        }
    }

    /// A task takes the lock that a query needs; false if it has to wait or has failed.
    pub(super) fn lock_file(&mut self, id: u32, access: u16) -> bool {
        let FileAccess { register, writes, .. } = self.model.file_accesses[usize::from(access)];
        let Some(mut present) = self.file_use(id, register) else { return true };
        let model = &mut self.model.files[usize::from(present.file)];
        let FileWaiting::Polls(_) = model.settings.waiting else {
            return self.lock_in_line(id, register, present, writes);
        };
        let got = match (present.using, writes) {
            (Using::Nothing, false) => model.polled.begin_read().map(Using::Reads),
            (Using::Nothing, true) => model.polled.begin_write().map(|()| Using::Writes),
            (Using::Reads(seen), true) => model.polled.upgrade(seen).map(|()| Using::Writes),
            _ => return true,
        };
        match got {
            Ok(using) => {
                (present.using, present.tries, present.since) = (using, 0, self.now);
                self.hold_in(id, register, Holding::File(present));
                true
            }
            Err(Busy::Upgrade) => {
                model.counters.upgrades += 1;
                self.fail(id, Outcome::Failed);
                false
            }
            Err(Busy::Retry) => {
                self.sleep_for_file(id, register, present);
                false
            }
        }
    }

    /// A task that found a file locked sleeps, or gives up.
    fn sleep_for_file(&mut self, id: u32, register: u8, mut present: FileUse) {
        let model = &mut self.model.files[usize::from(present.file)];
        let account = model.account;
        model.counters.taken += 1;
        let sleep = match model.settings.waiting {
            FileWaiting::Polls(wait) => wait.sleep(present.tries),
            FileWaiting::Fair(_) => None,
        };
        let task = &mut self.tasks[id];
        task.pc -= 1;
        let Some(sleep) = sleep else {
            model.counters.busy += 1;
            self.fail(id, Outcome::GaveUp);
            return;
        };
        task.state = State::BackingOff;
        task.since = self.now;
        task.awaited = self.model.events.schedule(self.now + sleep, id);
        present.tries += 1;
        self.hold_in(id, register, Holding::File(present));
        if self.breakdown.is_some() {
            self.book(id, account, sleep);
        }
    }

    /// The same where the lock is handed over in line.
    fn lock_in_line(&mut self, id: u32, register: u8, mut present: FileUse, writes: bool) -> bool {
        let mode = if writes { Mode::Write } else { Mode::Read };
        let FileModel { fair, settings, counters, .. } =
            &mut self.model.files[usize::from(present.file)];
        let upgrades = match (present.using, mode) {
            (Using::Nothing, _) => false,
            (Using::Has(Mode::Read), Mode::Write) => true,
            _ => return true,
        };
        let reads_freely = settings.journal == Journal::WriteAheadLog && mode == Mode::Read;
        if upgrades && settings.journal == Journal::Rollback {
            fair.release(Mode::Read);
        }
        let request = if reads_freely { None } else { fair.ask(mode, id) };
        let Some(request) = request else {
            (present.using, present.since) = (Using::Has(mode), self.now);
            self.hold_in(id, register, Holding::File(present));
            return true;
        };
        counters.taken += 1;
        present.using = Using::Waits(request);
        let FileWaiting::Fair(limit) = settings.waiting else { return true };
        if upgrades {
            // Whoever has read cannot wait: what it read may change meanwhile.
            counters.upgrades += 1;
            self.hold_in(id, register, Holding::File(present));
            self.fail(id, Outcome::Failed);
            return false;
        }
        let ticket = limit.map_or(Ticket::NONE, |limit: SimDuration| {
            self.model.events.schedule(self.now + limit, id)
        });
        let task = &mut self.tasks[id];
        task.pc -= 1;
        task.state = State::Queued;
        task.since = self.now;
        task.awaited = ticket;
        self.hold_in(id, register, Holding::File(present));
        false
    }

    /// A task gives up that has waited in the line for a file, if it has.
    pub(super) fn note_file_wait(&mut self, id: u32) {
        if let Op::LockFile { access } = self.model.program[self.tasks[id].pc as usize] {
            let file = self.model.file_accesses[usize::from(access)].file;
            self.model.files[usize::from(file)].counters.busy += 1;
        }
    }

    /// Ends a transaction; false if it has to wait for readers, or has failed.
    pub(super) fn close_file(&mut self, id: u32, access: u16) -> bool {
        let FileAccess { register, .. } = self.model.file_accesses[usize::from(access)];
        let Some(present) = self.file_use(id, register) else { return true };
        let model = &mut self.model.files[usize::from(present.file)];
        let is_writing = matches!(present.using, Using::Writes);
        if is_writing && model.polled.begin_commit().is_err() {
            self.sleep_for_file(id, register, present);
            return false;
        }
        match present.using {
            Using::Reads(_) | Using::Has(Mode::Read) => model.counters.reads += 1,
            Using::Writes | Using::Has(Mode::Write) => model.counters.writes += 1,
            Using::Nothing | Using::Waits(_) => {}
        }
        self.take_holding(id, register);
        self.leave_file(present, true);
        true
    }

    /// A transaction comes to nothing.
    pub(super) fn abandon_file(&mut self, file: FileUse) {
        self.leave_file(file, false);
    }

    fn leave_file(&mut self, present: FileUse, is_committed: bool) {
        let FileModel { polled, fair, settings, counters, .. } =
            &mut self.model.files[usize::from(present.file)];
        match present.using {
            Using::Nothing => return,
            Using::Reads(_) => polled.end_read(),
            Using::Writes => polled.end_write(is_committed),
            Using::Has(Mode::Read) if settings.journal == Journal::WriteAheadLog => return,
            Using::Has(mode) => fair.release(mode),
            Using::Waits(request) => fair.leave(request),
        }
        if matches!(present.using, Using::Writes | Using::Has(Mode::Write)) {
            counters.writing += self.now.since(present.since).0;
        }
        while let Some(next) = self.model.files[usize::from(present.file)].fair.take_granted() {
            self.file_granted(next, present.file);
        }
    }

    fn file_granted(&mut self, id: u32, file: u16) {
        let Op::LockFile { access } = self.model.program[self.tasks[id].pc as usize] else {
            return;
        };
        let FileAccess { register, writes, .. } = self.model.file_accesses[usize::from(access)];
        let mode = if writes { Mode::Write } else { Mode::Read };
        let (using, tries, since) = (Using::Has(mode), 0, self.now);
        self.hold_in(id, register, Holding::File(FileUse { file, using, tries, since }));
        if self.breakdown.is_some() {
            self.book_wait(id);
        }
        let task = &mut self.tasks[id];
        task.pc += 1;
        task.state = State::Running;
        task.awaited = Ticket::NONE;
        self.ready.push_back(id);
    }

    /// The counters of all files.
    pub(super) fn file_counters(&self) -> Vec<Counters> {
        self.model.files.iter().map(|file| file.counters).collect()
    }

    pub(super) fn file_measures(&self, begin: Option<&Mark>) -> Vec<FileMeasure> {
        let measures = self.model.files.iter().enumerate().map(|(index, file)| {
            let before = begin.map_or_else(Counters::default, |mark| mark.files[index]);
            FileMeasure { id: file.id.clone(), counters: file.counters.since(&before) }
        });
        measures.collect()
    }

    /// Numbers that are equal only if all that happened at files is equal.
    pub(super) fn file_numbers(&self, add: &mut impl FnMut(u64)) {
        for Counters { reads, writes, writing, taken, busy, upgrades } in self.file_counters() {
            [reads, writes, writing, taken, busy, upgrades].into_iter().for_each(&mut *add);
        }
    }
}
