//! Clients that keep time: bursts, steps, waves, crons, and users who poll.
//!
//! They send requests at instants of their own, several at one instant if they come in batches.

use crate::engine::{Distribution, SimTime};
use crate::policy::BadSetting;
use crate::policy::arrivals::Source;
use crate::policy::arrivals::batch::Batch;
use crate::policy::arrivals::poll::Poll;

use super::build::{BuildError, Builder};
use super::built::Clients as ClientsModel;
use super::crons::{CRON_USERS, CronModel};
use super::program::{Choice, Op, Spent};
use super::simulation::Simulation;
use super::system::{Arrivals, Clients};
use super::task::Task;
use super::turning::Turn;

/// Clients that keep time.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    /// Index of the clients.
    pub(super) clients: u16,
    pub(super) source: Source,
    batch: Batch,
    /// Random stream of the instants.
    stream: u16,
    /// Random stream of the sizes of batches.
    sizes: u16,
}

impl Builder<'_> {
    /// Emits what users who poll do between their requests; gives the first operation of a user,
    /// and of each round after the first.
    pub(super) fn poll(&mut self, id: &str, poll: &Poll) -> Result<(u32, u32), BuildError> {
        usable(id, poll.check())?;
        let secs = poll.interval.as_secs();
        let first = self.here();
        // All together come after a nanosecond, when the run has begun.
        let wait = if poll.starts_together {
            Distribution::Constant(1e-9)
        } else {
            Distribution::Uniform { low: 0.0, high: secs }
        };
        self.hold(id, &wait, Spent::Outside, "first");
        let jump = self.emit(Op::Jump { to: 0 });
        let start = self.here();
        let wait = if poll.jitter > 0.0 {
            let (low, high) = (secs * (1.0 - poll.jitter), secs * (1.0 + poll.jitter));
            Distribution::Uniform { low, high }
        } else {
            Distribution::Constant(secs)
        };
        self.hold(id, &wait, Spent::Outside, "think");
        self.model.program[jump as usize] = Op::Jump { to: self.here() };
        Ok((first, start))
    }

    /// Notes the clock of clients that have one.
    pub(super) fn add_sender(&mut self, clients: &Clients) -> Result<(), BuildError> {
        let Arrivals::Timed { source, batch, overlap } = &clients.arrivals else { return Ok(()) };
        usable(&clients.id, source.check())?;
        usable(&clients.id, batch.check())?;
        let stream = self.stream(&clients.id, "arrivals");
        let sizes = self.stream(&clients.id, "batches");
        let index = self.model.clients.len() as u16;
        let source = Source::new(source);
        self.model.senders.push(Sender { clients: index, source, batch: *batch, stream, sizes });
        if let Some(overlap) = *overlap {
            self.model.crons.push(CronModel::new(clients.id.clone(), index, overlap));
        }
        Ok(())
    }

    /// Emits the calls of which each request makes one.
    pub(super) fn actions(&mut self, clients: &Clients) -> Result<(), BuildError> {
        let mut jumps = Vec::new();
        let mut left = 1.0;
        for action in &clients.others {
            let stream = self.stream(&clients.id, "mix");
            let choice = self.model.choices.len() as u16;
            let probability = if left > 0.0 { (action.share / left).clamp(0.0, 1.0) } else { 0.0 };
            left -= action.share;
            self.model.choices.push(Choice { probability, stream });
            let choose = self.emit(Op::Choose { choice, otherwise: 0 });
            self.call(&action.call, 0)?;
            jumps.push(self.emit(Op::Jump { to: 0 }));
            let otherwise = self.here();
            self.model.program[choose as usize] = Op::Choose { choice, otherwise };
        }
        self.call(&clients.call, 0)?;
        for jump in jumps {
            self.model.program[jump as usize] = Op::Jump { to: self.here() };
        }
        Ok(())
    }
}

/// Says whose arrivals cannot be used.
fn usable(clients: &str, checked: Result<(), BadSetting>) -> Result<(), BuildError> {
    checked.map_err(|error| BuildError::Arrivals {
        clients: clients.to_owned(),
        what: error.to_string(),
    })
}

impl Simulation {
    /// Schedules the next instant of a sender after the one that has come.
    pub(super) fn schedule_sender(&mut self, index: u32) {
        let sender = &mut self.model.senders[index as usize];
        let random = &mut self.model.streams[usize::from(sender.stream)];
        let at = sender.source.next(self.now, random);
        if at != SimTime::NEVER {
            self.model.events.schedule(at.max(self.now), Turn::Timed.about(index));
        }
    }

    /// A batch of requests is sent.
    pub(super) fn arrive_timed(&mut self, index: u32) {
        self.schedule_sender(index);
        let sender = &self.model.senders[index as usize];
        let clients = sender.clients;
        let size = sender.batch.size(&mut self.model.streams[usize::from(sender.sizes)]);
        let ClientsModel { start, users, .. } = self.model.clients[usize::from(clients)];
        // Each request counts, so that events bound all work.
        self.events_count += u64::from(size) - 1;
        if users == CRON_USERS {
            (0..size).for_each(|_| self.run_due(clients));
            return;
        }
        for _ in 0..size {
            let task = self.new_task(Task::new(self.now, start, clients));
            self.ready.push_back(task);
        }
    }

    /// Clients come `factor` times as often from now on.
    pub(super) fn hurry(&mut self, clients: u16, factor: f64) {
        self.model.clients[usize::from(clients)].gap.scale(1.0 / factor);
        for sender in self.model.senders.iter_mut().filter(|sender| sender.clients == clients) {
            sender.source.scale(factor);
        }
    }
}
