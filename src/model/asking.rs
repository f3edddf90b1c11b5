//! Calls of third parties: their quota, their outages, and how a caller waits for the next window.

use crate::engine::events::Ticket;
use crate::engine::{Distribution, SimDuration, SimTime};

use super::build::{BuildError, Builder, unknown};
use super::holdings::{HOLDING, Holding};
use super::program::{Op, Spent};
use super::record::Mark;
use super::simulation::Simulation;
use super::system::{Ask, ThirdParty as Part};
use super::task::State;
use super::third_party::{Answer, Counters, ThirdParty};

/// A third party at work.
#[derive(Debug, Clone)]
pub(super) struct PartyModel {
    pub(super) id: String,
    pub(super) party: ThirdParty,
    pub(super) stream: u16,
    pub(super) account: u16,
    /// Length of the window of its quota.
    pub(super) window: SimDuration,
}

/// A step that asks a third party; three operations for its ends come after it.
#[derive(Debug, Clone)]
pub(super) struct AskStep {
    pub(super) party: u16,
    pub(super) register: u8,
    /// Times it is asked until the step fails.
    pub(super) attempts: u32,
    /// More waited than until the next window, in seconds.
    pub(super) jitter: Distribution,
}

/// What a third party answered in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct ThirdPartyMeasure {
    /// Its id.
    pub id: String,
    /// Calls by their end.
    pub counters: Counters,
    /// Calls a second that its quota lets in; `None` for one without.
    pub quota_per_s: Option<f64>,
}

impl Builder<'_> {
    pub(super) fn add_third_party(&mut self, part: &Part) {
        let window = part.settings.quota.map_or(SimDuration::ZERO, |quota| quota.calls.window);
        let model = PartyModel {
            id: part.id.clone(),
            party: ThirdParty::new(part.settings.clone()),
            stream: self.stream(&part.id, "answers"),
            account: self.account(&part.id, Spent::Outside),
            window,
        };
        self.model.parties.push(model);
    }

    pub(super) fn ask(&mut self, ask: &Ask, register: usize) -> Result<(), BuildError> {
        let party = self.model.parties.iter().position(|party| party.id == ask.party);
        let party = party.ok_or_else(|| unknown("third party", &ask.party))? as u16;
        self.register(register)?;
        let wire = self.wire_to(&ask.party);
        self.cross(wire, false);
        let number = self.model.asks.len() as u16;
        let (register, attempts) = (register as u8, ask.attempts_count.max(1));
        let jitter = ask.jitter.clone();
        self.model.asks.push(AskStep { party, register, attempts, jitter });
        let start = self.emit(Op::Ask { ask: number });
        let end = start + 4;
        self.emit(Op::Jump { to: end });
        self.emit(Op::Fail);
        self.emit(Op::Jump { to: start });
        Ok(())
    }
}

impl Simulation {
    /// Asks a third party; the task waits for its answer.
    pub(super) fn ask(&mut self, id: u32, ask: u16) {
        let register = self.model.asks[usize::from(ask)].register;
        let tries = self.tries(id, register) + 1;
        let AskStep { party, attempts, jitter, .. } = &self.model.asks[usize::from(ask)];
        let (party, attempts) = (usize::from(*party), *attempts);
        let model = &mut self.model.parties[party];
        let random = &mut self.model.streams[usize::from(model.stream)];
        let answer = model.party.call(self.now, random);
        let account = model.account;
        let start = self.tasks[id].pc - 1;
        let (until, then) = match answer {
            Answer::Served(after) => {
                self.forget_tries(id, register);
                (self.now + after, start + 1)
            }
            Answer::Failed(after) => (self.now + after, start + 2),
            Answer::Refused { after, .. } => {
                let told = self.now + after;
                if tries < attempts {
                    let jitter = SimDuration::from_secs(jitter.sample(random));
                    let window = model.window.0.max(1);
                    let next = SimTime((told.0 / window + 1) * window);
                    self.hold_in(id, register, Holding::Tries(tries));
                    (next + jitter, start + 3)
                } else {
                    (told, start + 2)
                }
            }
            Answer::Hangs => (SimTime::NEVER, start + 2),
        };
        let ticket = if until == SimTime::NEVER {
            Ticket::NONE
        } else {
            self.model.events.schedule(until, id)
        };
        let task = &mut self.tasks[id];
        task.pc = then;
        task.state = State::Holding;
        task.since = self.now;
        task.awaited = ticket;
        if self.breakdown.is_some() && until < SimTime::NEVER {
            self.book(id, account, until.since(self.now));
        }
    }

    /// How often the task has been refused.
    fn tries(&self, id: u32, register: u8) -> u32 {
        let task = &self.tasks[id];
        let named = task.registers[usize::from(register)];
        if task.held & (1 << register) == 0 || named < HOLDING {
            return 0;
        }
        match self.holdings.get(named) {
            Holding::Tries(tries) => tries,
            _ => 0,
        }
    }

    fn forget_tries(&mut self, id: u32, register: u8) {
        if self.tries(id, register) > 0 {
            self.take_holding(id, register);
        }
    }

    /// The counters of all third parties.
    pub(super) fn party_counters(&self) -> Vec<Counters> {
        self.model.parties.iter().map(|model| model.party.counters()).collect()
    }

    pub(super) fn party_measures(&self, begin: Option<&Mark>) -> Vec<ThirdPartyMeasure> {
        let measures = self.model.parties.iter().enumerate().map(|(index, model)| {
            let before = begin.map_or_else(Counters::default, |mark| mark.parties[index]);
            let counters = model.party.counters().since(&before);
            let quota_per_s = model.party.quota_per_s();
            ThirdPartyMeasure { id: model.id.clone(), counters, quota_per_s }
        });
        measures.collect()
    }
}
