//! A lock with readers and writers that is handed over strictly first in, first out.
//!
//! Readers share it, a writer has it alone. Who comes is let in at once only if nobody waits, so that
//! neither side starves. What a database does when its waiting is fair; SQLite's own waiting is not,
//! see [`super::sqlite`].

use crate::engine::arena::Arena;
use crate::model::lines::{Line, Lines, Place};

/// What is wanted of the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Beside other readers.
    Read,
    /// Alone.
    Write,
}

/// A lock and those who wait for it.
#[derive(Debug, Clone, Default)]
pub struct FairLock {
    readers: u32,
    is_writing: bool,
    requests: Arena<Request>,
    waiting: Lines,
    queue: Queue,
    granted: Queue,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    who: u32,
    mode: Mode,
}

#[derive(Debug, Clone, Copy)]
struct Queue(Line);

impl Default for Queue {
    fn default() -> Self {
        Self(Line::EMPTY)
    }
}

/// A request that waits; valid until it is granted or leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    request: u32,
    place: Place,
}

impl FairLock {
    /// `who` wants the lock: `None` if they have it, otherwise they wait.
    pub fn ask(&mut self, mode: Mode, who: u32) -> Option<RequestId> {
        if self.queue.0.is_empty() && self.admits(mode) {
            self.enter(mode);
            return None;
        }
        let request = self.requests.insert(Request { who, mode });
        let place = self.waiting.push(&mut self.queue.0, request);
        Some(RequestId { request, place })
    }

    /// Gives the lock back; who may go on is named by [`FairLock::take_granted`].
    pub fn release(&mut self, mode: Mode) {
        match mode {
            Mode::Read => self.readers -= 1,
            Mode::Write => self.is_writing = false,
        }
        self.grant();
    }

    /// A request stops waiting. Those behind it may go on now.
    pub fn leave(&mut self, id: RequestId) {
        self.waiting.take(&mut self.queue.0, id.place);
        self.requests.remove(id.request);
        self.grant();
    }

    /// Somebody who has the lock now after a wait; call again until there is none.
    pub fn take_granted(&mut self) -> Option<u32> {
        let request = self.waiting.pop(&mut self.granted.0)?;
        self.requests.remove(request);
        Some(self.requests[request].who)
    }

    /// Whether nobody has the lock.
    pub fn is_free(&self) -> bool {
        self.readers == 0 && !self.is_writing
    }

    fn admits(&self, mode: Mode) -> bool {
        match mode {
            Mode::Read => !self.is_writing,
            Mode::Write => self.is_free(),
        }
    }

    fn enter(&mut self, mode: Mode) {
        match mode {
            Mode::Read => self.readers += 1,
            Mode::Write => self.is_writing = true,
        }
    }

    fn grant(&mut self) {
        while let Some(request) = self.waiting.first(self.queue.0) {
            let mode = self.requests[request].mode;
            if !self.admits(mode) {
                break;
            }
            self.enter(mode);
            self.waiting.pop(&mut self.queue.0);
            self.waiting.push(&mut self.granted.0, request);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(lock: &mut FairLock) -> Vec<u32> {
        std::iter::from_fn(|| lock.take_granted()).collect()
    }

    #[test]
    fn readers_behind_a_writer_wait_for_it() {
        let mut lock = FairLock::default();
        assert_eq!(lock.ask(Mode::Read, 1), None);
        assert!(lock.ask(Mode::Write, 2).is_some());
        assert!(lock.ask(Mode::Read, 3).is_some());
        assert!(lock.ask(Mode::Read, 4).is_some());
        lock.release(Mode::Read);
        assert_eq!(granted(&mut lock), [2]);
        lock.release(Mode::Write);
        assert_eq!(granted(&mut lock), [3, 4]);
    }

    #[test]
    fn those_behind_a_writer_that_leaves_go_on() {
        let mut lock = FairLock::default();
        assert_eq!(lock.ask(Mode::Read, 1), None);
        let writer = lock.ask(Mode::Write, 2).expect("a reader has the lock");
        assert!(lock.ask(Mode::Read, 3).is_some());
        lock.leave(writer);
        assert_eq!(granted(&mut lock), [3]);
    }
}
