//! Queues with a discipline: who is next, who is dropped, and who makes place.
//!
//! A station with one keeps its waiting tasks in a [`Line`] and none in its own plain queue.

use crate::engine::SimTime;
use crate::engine::arena::Arena;
use crate::policy::queue::{self, Entries, Popped, Pushed, Queue};

use super::built::Clients;
use super::entrance::Entrance;
use super::guard::Guarding;
use super::program::{Edge, Op};
use super::record::Outcome;
use super::simulation::Simulation;
use super::starting::Warmth;
use super::task::{NO_TASK, State, Task};

/// A station with a plain queue.
pub(super) const NO_LINE: u16 = u16::MAX;

/// The queue of a station that is entered through entrances, and what faults do to it alone.
#[derive(Debug, Clone)]
pub(super) struct Line {
    queue: Queue,
    /// Share of what comes that is refused.
    pub(super) refused_share: f64,
    /// How many times as long its work takes.
    pub(super) slow: f64,
    /// How far it has come since it started, and events to come that are about that.
    pub(super) warmth: Warmth,
    pub(super) pending: u32,
    /// What came and was refused for that, or by a fault of the instance.
    pub(super) refusals: u64,
}

impl Line {
    pub(super) fn new(settings: &queue::Settings) -> Self {
        Self {
            queue: Queue::new(settings),
            refused_share: 0.0,
            slow: 1.0,
            warmth: Warmth::Warm,
            pending: 0,
            refusals: 0,
        }
    }
}

/// Tasks as entries of a queue, and all that says who they are.
struct Waiting<'a> {
    tasks: &'a mut Arena<Task>,
    program: &'a [Op],
    edges: &'a [Edge],
    guarding: &'a Guarding,
    entrances: &'a [Entrance],
    clients: &'a [Clients],
}

impl Entries for Waiting<'_> {
    fn previous(&self, id: u32) -> u32 {
        self.tasks[id].previous
    }
    fn next(&self, id: u32) -> u32 {
        self.tasks[id].next
    }
    fn set_previous(&mut self, id: u32, previous: u32) {
        self.tasks[id].previous = previous;
    }
    fn set_next(&mut self, id: u32, next: u32) {
        self.tasks[id].next = next;
    }
    fn enqueued(&self, id: u32) -> SimTime {
        self.tasks[id].since
    }
    fn deadline(&self, id: u32) -> SimTime {
        deadline_of(self.tasks, self.program, self.edges, self.guarding, id)
    }
    fn class(&self, id: u32) -> u8 {
        let task = &self.tasks[id];
        let class = match self.program[task.pc as usize] {
            Op::Enter { entrance, .. } => self.entrances[usize::from(entrance)].class,
            _ => None,
        };
        class.unwrap_or_else(|| self.clients[usize::from(task.clients)].priority)
    }
}

/// When nobody waits for a task any more: the earliest timeout of those who wait for it, directly or
/// through others; the beginning of time if one of them has given up already.
pub(super) fn deadline_of(
    tasks: &Arena<Task>,
    program: &[Op],
    edges: &[Edge],
    guarding: &Guarding,
    mut id: u32,
) -> SimTime {
    let mut deadline = SimTime::NEVER;
    loop {
        let task = &tasks[id];
        if task.parent == NO_TASK {
            // A request of its own, or an attempt that was taken out.
            return if task.answers == 0 { deadline } else { SimTime::ZERO };
        }
        let parent = &tasks[task.parent];
        if parent.expects != task.answers {
            return SimTime::ZERO;
        }
        if parent.state == State::Calling
            && let Op::Call { edge } = program[parent.pc as usize]
            && let Some(timeout) = edges[usize::from(edge)].timeout
        {
            deadline = deadline.min(task.started + timeout.span);
        } else if parent.state == State::Guarded {
            deadline = deadline.min(guarding.until(task.parent));
        }
        id = task.parent;
    }
}

/// The line of a station and its entries.
macro_rules! line_of {
    ($simulation:expr, $station:expr) => {{
        let model = &mut $simulation.model;
        let place = model.stations[usize::from($station)].line;
        let line = &mut model.lines[usize::from(place)].queue;
        let entries = Waiting {
            tasks: &mut $simulation.tasks,
            program: &model.program,
            edges: &model.edges,
            guarding: &$simulation.guarding,
            entrances: &model.entrances,
            clients: &model.clients,
        };
        (line, entries)
    }};
}

impl Simulation {
    /// Lets a task wait in the line of a station; false if it was turned away.
    pub(super) fn join_line(&mut self, id: u32, station: u16) -> bool {
        let now = self.now;
        let (line, mut entries) = line_of!(self, station);
        let pushed = line.push(&mut entries, id, now);
        let length = line.length();
        let model = &mut self.model.stations[usize::from(station)];
        model.queue_length = length;
        model.queue_max = model.queue_max.max(length);
        if pushed != Pushed::Full {
            model.since_sum = model.since_sum.wrapping_add(now.0);
        }
        match pushed {
            Pushed::Queued => {}
            Pushed::Full => {
                model.counters.rejected += 1;
                self.turn_back(id, Outcome::Rejected);
                return false;
            }
            Pushed::Displaced(oldest) => {
                self.count_left(oldest, station);
                self.turn_back(oldest, Outcome::Shed);
            }
        }
        true
    }

    /// Gives the free servers of a station to those that wait, and drops whom its line sheds.
    pub(super) fn serve_line(&mut self, station: u16) {
        let now = self.now;
        loop {
            let model = &mut self.model.stations[usize::from(station)];
            if model.in_use >= model.capacity || model.is_stopped {
                return;
            }
            let (line, mut entries) = line_of!(self, station);
            let popped = line.pop(&mut entries, now);
            let length = line.length();
            let model = &mut self.model.stations[usize::from(station)];
            model.queue_length = length;
            match popped {
                Popped::Empty => return,
                Popped::Drop(id) => {
                    self.count_left(id, station);
                    self.turn_back(id, Outcome::Shed);
                }
                Popped::Serve(id) => {
                    model.try_take(now);
                    let since = self.tasks[id].since;
                    model.since_sum = model.since_sum.wrapping_sub(since.0);
                    model.counters.waits += 1;
                    model.counters.waited += now.since(since).0;
                    if let Some(register) =
                        self.model.program[self.tasks[id].pc as usize].acquired()
                    {
                        self.note_served(id, register);
                    }
                    self.take_over(id);
                }
            }
        }
    }

    /// Takes a task that gives up out of the line of a station.
    pub(super) fn take_out_of_line(&mut self, id: u32, station: u16) {
        let (line, mut entries) = line_of!(self, station);
        line.remove(&mut entries, id);
        let length = line.length();
        self.model.stations[usize::from(station)].queue_length = length;
        self.count_left(id, station);
    }

    /// The tasks that wait in the line of a station.
    pub(super) fn in_line(&mut self, station: u16) -> Vec<u32> {
        let (line, entries) = line_of!(self, station);
        line.waiting(&entries).collect()
    }

    fn count_left(&mut self, id: u32, station: u16) {
        let since = self.tasks[id].since;
        let model = &mut self.model.stations[usize::from(station)];
        model.since_sum = model.since_sum.wrapping_sub(since.0);
        model.counters.left += 1;
        model.counters.waited += self.now.since(since).0;
    }
}
