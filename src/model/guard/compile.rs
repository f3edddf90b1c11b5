//! Compiles guarded calls.

use std::collections::VecDeque;

use crate::engine::SimDuration;
use crate::policy::BadSetting;
use crate::policy::backoff::Backoff;
use crate::policy::breaker::Breaker;
use crate::policy::budget::Budget;
use crate::policy::bulkhead::Bulkhead;
use crate::policy::hedge;
use crate::policy::retry::{self, FOR_EVER};
use crate::policy::throttle::Throttle;

use super::{COPIES_MAX, Guard, GuardedEdge, Guarding, Network, Settings};
use crate::model::build::{BuildError, Builder};
use crate::model::built::Model;
use crate::model::compile::place_of;
use crate::model::program::{Choice, Op, Spent};
use crate::model::system::Call;

impl Call {
    /// It needs more than a timeout and plain retries.
    pub(in crate::model) fn is_guarded(&self) -> bool {
        self.retries_count == FOR_EVER
            || matches!(self.backoff, Backoff::Decorrelated { .. })
            || *self.guard != Settings::default()
    }

    fn retry(&self) -> retry::Settings {
        retry::Settings {
            retries_count: self.retries_count,
            failures: self.guard.retried,
            backoff: self.backoff,
            retry_after: self.guard.retry_after,
        }
    }

    /// Whether all policies make sense.
    fn check(&self) -> Result<(), BuildError> {
        let Settings { budget, throttle, breaker, hedge, network, .. } = &*self.guard;
        let wrong = |what: String| BuildError::Policy { place: place_of(self), what };
        let said = |error: BadSetting| wrong(error.to_string());
        if self.retries_count != FOR_EVER && self.retries_count > 100 {
            return Err(wrong(format!("{} retries are more than 100", self.retries_count)));
        }
        self.retry().check().map_err(said)?;
        budget.map_or(Ok(()), |budget| budget.check()).map_err(said)?;
        throttle.map_or(Ok(()), |throttle| throttle.check()).map_err(said)?;
        breaker.map_or(Ok(()), |breaker| breaker.check()).map_err(said)?;
        if let Some(hedge) = hedge {
            hedge.when.check().map_err(said)?;
            if hedge.when.copies_max as usize > COPIES_MAX {
                return Err(wrong(format!("more than {COPIES_MAX} copies of an attempt")));
            }
        }
        if !(0.0..=1.0).contains(&network.loss) {
            return Err(wrong(format!("a loss of {} is no share", network.loss)));
        }
        if network.loss > 0.0 && self.timeout.is_none() && self.guard.patience.is_none() {
            let what = "a network that loses messages needs a timeout or patience";
            return Err(wrong(what.to_owned()));
        }
        Ok(())
    }
}

impl Builder<'_> {
    /// Emits a guarded call.
    pub(in crate::model) fn guarded(
        &mut self,
        call: &Call,
        register: usize,
        wire: Option<u16>,
    ) -> Result<(), BuildError> {
        call.check()?;
        let guard = self.guard_of(call);
        let lost = self.account(&call.service, Spent::LostAttempts);
        let timeout = call.timeout.map(|span| self.delay(span.as_secs()));
        let edge = self.model.guarded.len() as u16;
        let cancels = call.cancels;
        let made = GuardedEdge { start: 0, timeout, cancels, fallback: None, guard, lost };
        self.model.guarded.push(made);
        self.emit(Op::Guarded { edge });
        let start = if call.guard.network == Network::default() && wire.is_none() {
            self.callee(call)?
        } else {
            self.way(call, wire)?
        };
        self.model.guarded[usize::from(edge)].start = start;
        if let Some(steps) = &call.guard.fallback {
            let jump = self.emit(Op::Jump { to: 0 });
            self.model.guarded[usize::from(edge)].fallback = Some(self.here());
            let caller = self.caller();
            self.steps(steps, &caller, register)?;
            self.model.program[jump as usize] = Op::Jump { to: self.here() };
        }
        Ok(())
    }

    /// The service, or the clients, whose steps are being compiled.
    pub(in crate::model) fn caller(&self) -> String {
        let service = self.path.last().and_then(|place| place.split('.').next());
        service.unwrap_or(&self.sender).to_owned()
    }

    /// The guard of a call, shared with equal calls of the same caller.
    fn guard_of(&mut self, call: &Call) -> u16 {
        let of = (self.caller(), call.clone());
        if let Some(found) = self.model.guards.iter().position(|guard| guard.of == of) {
            return found as u16;
        }
        let stream = self.stream(&of.0, &format!("guard of {}", place_of(call)));
        let account = self.account(&call.service, Spent::Waiting);
        let settings = &call.guard;
        self.model.guards.push(Guard {
            of,
            retry: call.retry(),
            patience: settings.patience,
            budget: settings.budget.as_ref().map(Budget::new),
            throttle: settings.throttle.as_ref().map(Throttle::new),
            breaker: settings.breaker.map(Breaker::new),
            bulkhead: settings.bulkhead.as_ref().map(Bulkhead::new),
            waiting: VecDeque::new(),
            hedge: settings.hedge.map(|hedge| (hedge::Hedge::new(&hedge.when), hedge.cancels)),
            in_flight: 0,
            retries: 0,
            copies: 0,
            stream,
            account,
        });
        (self.model.guards.len() - 1) as u16
    }

    /// First operation of the way to a callee over the network and back. What is lost where the
    /// caller gives up is not sent again.
    pub(in crate::model) fn way(
        &mut self,
        call: &Call,
        wire: Option<u16>,
    ) -> Result<u32, BuildError> {
        let vanishes = call.timeout.is_some() || call.guard.patience.is_some();
        let jump = self.emit(Op::Jump { to: 0 });
        let start = self.here();
        let open = std::mem::take(&mut self.open);
        let (timeout, guard) = (None, Box::default());
        let inner =
            Call { timeout, retries_count: 0, backoff: Backoff::None, guard, ..call.clone() };
        self.cross(wire, vanishes);
        self.message(call);
        self.call_over(&inner, 0, None)?;
        self.message(call);
        self.cross(wire, vanishes);
        self.open = open;
        self.emit(Op::Return);
        self.model.program[jump as usize] = Op::Jump { to: self.here() };
        Ok(start)
    }

    /// One message over the network.
    fn message(&mut self, call: &Call) {
        let Network { delay, loss } = &call.guard.network;
        if *loss > 0.0 {
            let stream = self.stream(&call.service, "loss");
            let choice = self.model.choices.len() as u16;
            self.model.choices.push(Choice { probability: *loss, stream });
            let otherwise = self.here() + 2;
            self.emit(Op::Choose { choice, otherwise });
            self.emit(Op::Vanish);
        }
        self.hold(&call.service, delay, Spent::Network, "network");
    }
}

impl Guarding {
    /// What a model needs.
    pub(in crate::model) fn new(model: &Model) -> Self {
        let mut cancels = model.edges.iter().any(|edge| edge.cancels);
        cancels |= model.guarded.iter().any(|edge| edge.cancels);
        cancels |= model.guards.iter().any(|guard| guard.hedge.as_ref().is_some_and(|h| h.1));
        let branches = (cancels && !model.forks.is_empty()).then(Vec::new);
        Self { calls: Vec::new(), branches, named: SimDuration::ZERO }
    }
}
