//! What requests are about: the event that is the same in all attempts, and in the jobs that come of
//! it. Records of it that are made twice are duplicates; keys of what has been done prevent them.

use super::build::{BuildError, Builder, in_range};
use super::doors::Numbers;
use super::holdings::Holding;
use super::jobs::Keys;
use super::jobs::idempotency::Known;
use super::program::Op;
use super::simulation::Simulation;
use super::system::{Part, Step, System};

/// Events whose records are remembered, by name of the records.
const REMEMBERED: usize = 100_000;
/// Most keys that may be kept.
const KEYS_MAX: u32 = 1_000_000;

/// The numbers of what requests are about.
#[derive(Debug, Clone, Default)]
pub(super) struct Origins {
    pub(super) by_task: Numbers,
    count: u32,
}

/// A step that is done once.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnceStep {
    store: u16,
    register: u8,
}

/// Whether some step asks what requests are about.
pub(super) fn follows(system: &System) -> bool {
    system.parts.iter().any(|part| match part {
        Part::Service(service) => service.endpoints.iter().any(|found| any_follows(&found.steps)),
        Part::Clients(clients) => {
            let fallback = clients.call.guard.fallback.as_deref();
            let others = clients.others.iter().filter_map(|one| one.call.guard.fallback.as_deref());
            fallback.into_iter().chain(others).any(any_follows)
        }
        _ => false,
    })
}

fn any_follows(steps: &[Step]) -> bool {
    let asks = |step: &Step| {
        matches!(step, Step::Enqueue { .. } | Step::Record { .. } | Step::Once { .. })
            || step.lists().into_iter().any(any_follows)
    };
    steps.iter().any(asks)
}

/// The number of the store of this name, made if it is new.
fn named(stores: &mut Vec<(String, Keys)>, name: &str, keys: usize) -> u16 {
    let found = stores.iter().position(|(known, _)| known == name);
    found.unwrap_or_else(|| {
        stores.push((name.to_owned(), Keys::new(keys)));
        stores.len() - 1
    }) as u16
}

impl Builder<'_> {
    pub(super) fn record(&mut self, ledger: &str) {
        let ledger = named(&mut self.model.ledgers, ledger, REMEMBERED);
        self.emit(Op::Record { ledger });
    }

    pub(super) fn once(
        &mut self,
        store: &str,
        keys: u32,
        steps: &[Step],
        service: &str,
        register: usize,
    ) -> Result<(), BuildError> {
        in_range(store, "keys", keys, KEYS_MAX)?;
        let inside = self.register(register)?;
        let store = named(&mut self.model.key_stores, store, keys as usize);
        let once = self.model.once_steps.len() as u16;
        self.model.once_steps.push(OnceStep { store, register: register as u8 });
        let enter = self.emit(Op::Once { once, end: 0 });
        self.steps(steps, service, inside)?;
        self.emit(Op::OnceDone { once });
        let end = self.here();
        self.model.program[enter as usize] = Op::Once { once, end };
        Ok(())
    }
}

impl Simulation {
    /// A new request is about something new.
    pub(super) fn number_origin(&mut self, id: u32) {
        let origin = self.origins.count;
        self.origins.count = origin.wrapping_add(1);
        self.origins.by_task.set(id, origin);
    }

    /// A task is about what another is about.
    pub(super) fn inherit_origin(&mut self, parent: u32, child: u32) {
        if self.origins.count > 0 {
            let origin = self.origins.by_task.of(parent);
            self.origins.by_task.set(child, origin);
        }
    }

    pub(super) fn make_record(&mut self, id: u32, ledger: u16) {
        let origin = self.origins.by_task.of(id);
        let is_known = self.model.ledgers[usize::from(ledger)].1.done(u64::from(origin));
        let totals = self.record.of(self.tasks[id].clients);
        totals.records += 1;
        totals.duplicates += u64::from(is_known);
    }

    /// A task does something, unless it has been done or is being done.
    pub(super) fn begin_once(&mut self, id: u32, once: u16, end: u32) {
        let OnceStep { store, register } = self.model.once_steps[usize::from(once)];
        let key = self.origins.by_task.of(id);
        match self.model.key_stores[usize::from(store)].1.begin(u64::from(key)) {
            Known::New => self.hold_in(id, register, Holding::Once { store, key }),
            Known::UnderWay | Known::Done => self.tasks[id].pc = end,
        }
    }

    pub(super) fn once_done(&mut self, id: u32, once: u16) {
        let OnceStep { register, .. } = self.model.once_steps[usize::from(once)];
        if let Holding::Once { store, key } = self.take_holding(id, register) {
            self.model.key_stores[usize::from(store)].1.done(u64::from(key));
        }
    }

    /// It came to nothing: the next to ask may do it.
    pub(super) fn once_failed(&mut self, store: u16, key: u32) {
        self.model.key_stores[usize::from(store)].1.failed(u64::from(key));
    }
}
