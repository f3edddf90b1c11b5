//! Compiles endpoints to operations.
//!
//! A call without timeout and retries is compiled into its caller where there is room, so that it
//! costs no task of its own; any other call gets an edge, whose attempts are tasks. Endpoints behind
//! edges are compiled once, however many edges lead to them.

use crate::engine::Distribution;

use super::build::{BuildError, Builder, Place, Worker, in_range, unknown};
use super::pooling::Home;
use super::program::{Choice, Edge, Fork, Op, REGISTERS, Sampler, SamplerKind, Spent};
use super::query_steps::Work;
use super::registers::registers;
use super::scopes::ScopeOf;
use super::starting::can_be_slow;
use super::system::{Call, Endpoint, Part, Service, Step};

/// Deepest chain of calls.
const DEPTH_MAX: usize = 64;
/// Calls are compiled into their caller while so many registers do, so that their steps have some left.
const INLINE_REGISTERS: usize = 5;
/// In a program longer than this no call is compiled into its caller any more: calls in callers in
/// callers multiply.
const INLINE_MAX: usize = 4_000;
/// Most operations and branches of a program.
const PROGRAM_MAX: usize = 50_000;

/// An endpoint that edges lead to.
pub(super) struct Compiled {
    /// Service and endpoint.
    place: String,
    /// Its first operation.
    start: u32,
    /// The part that is taken first.
    part: u16,
}

impl<'a> Builder<'a> {
    /// Emits a call: in place if the caller has no policy, else along an edge.
    pub(super) fn call(&mut self, call: &Call, register: usize) -> Result<(), BuildError> {
        let wire = self.wire_to(&call.service);
        self.call_over(call, register, wire)
    }

    /// The same over a network that can be cut, or one that cannot.
    pub(super) fn call_over(
        &mut self,
        call: &Call,
        register: usize,
        wire: Option<u16>,
    ) -> Result<(), BuildError> {
        let is_plain = call.timeout.is_none() && call.retries_count == 0 && !call.is_guarded();
        if is_plain && self.fits(call, register) {
            self.cross(wire, false);
            self.endpoint(call, register)?;
            self.cross(wire, false);
            return Ok(());
        }
        if call.is_guarded() {
            return self.guarded(call, register, wire);
        }
        if call.retries_count > 100 {
            let what = format!("retries of the call to `{}`", call.service);
            let found = u64::from(call.retries_count);
            return Err(BuildError::Count { what, found, possible: "0 to 100".to_owned() });
        }
        let edge = self.model.edges.len() as u16;
        let owner = self.path.last().cloned().unwrap_or_default();
        let stream = self.stream(&owner, "backoff");
        let lost = self.account(&call.service, Spent::LostAttempts);
        let timeout = call.timeout.map(|span| self.delay(span.as_secs()));
        self.model.edges.push(Edge {
            start: 0,
            timeout,
            cancels: call.cancels,
            retries: call.retries_count,
            backoff: call.backoff,
            stream,
            lost,
        });
        self.emit(Op::Call { edge });
        self.model.edges[usize::from(edge)].start = match wire {
            None => self.callee(call)?,
            Some(_) => self.way(call, wire)?,
        };
        Ok(())
    }

    /// There is room for the callee in the caller: operations, and registers from `register` on.
    fn fits(&self, call: &Call, register: usize) -> bool {
        let steps = self.endpoint_of(call).map_or(&[][..], |(_, endpoint)| &endpoint.steps);
        self.model.program.len() < INLINE_MAX
            && register + 1 + registers(steps) + self.extra_registers(call) <= INLINE_REGISTERS
    }

    /// Registers that the callee needs because of the machine it runs on.
    fn extra_registers(&self, call: &Call) -> usize {
        let has_memory = self.placed_with_memory(&call.service).is_some();
        usize::from(self.placed(&call.service).is_some()) + usize::from(has_memory)
    }

    /// First operation of an endpoint that an edge leads to.
    pub(super) fn callee(&mut self, call: &Call) -> Result<u32, BuildError> {
        let place = place_of(call);
        if let Some(Compiled { start, part, .. }) =
            self.compiled.iter().find(|known| known.place == place)
        {
            let (start, part) = (*start, *part);
            self.nest(part);
            return Ok(start);
        }
        // The callee stands after the call; the caller jumps over it.
        let jump = self.emit(Op::Jump { to: 0 });
        let start = self.here();
        let open = std::mem::take(&mut self.open);
        self.endpoint(call, 0)?;
        self.open = open;
        self.emit(Op::Return);
        self.model.program[jump as usize] = Op::Jump { to: self.here() };
        let part = self.place(&call.service)?.part;
        self.compiled.push(Compiled { place, start, part });
        Ok(start)
    }

    /// Emits an endpoint: a worker held through all its steps.
    fn endpoint(&mut self, call: &Call, register: usize) -> Result<(), BuildError> {
        let place = place_of(call);
        if self.path.contains(&place) {
            return Err(BuildError::Circle { place });
        }
        if self.path.len() == DEPTH_MAX {
            return Err(BuildError::TooLong { place });
        }
        let (service, endpoint) = self.endpoint_of(call)?;
        self.path.push(place);
        let place = self.path.last().cloned().unwrap_or_default();
        self.knock(service, endpoint, &place)?;
        let memory = self.placed_with_memory(&service.id);
        let mut taken = register;
        if let Some(placed) = memory {
            taken = self.register(register)?;
            self.emit(Op::TakeMemory { placed, register: register as u8 });
        }
        let inside = self.acquire_for(&service.id, Some((service, endpoint)), taken)?;
        let can_be_slow = can_be_slow(service, self.system);
        let outer = self.worker.replace(Worker { register: taken as u8, can_be_slow });
        let group = self.place(&service.id)?.group;
        let home = self.home.replace(Home { group, register: taken as u8, up: 0 });
        self.steps(&endpoint.steps, &service.id, inside)?;
        (self.worker, self.home) = (outer, home);
        self.release(taken);
        if memory.is_some() {
            self.emit(Op::GiveMemory { register: register as u8 });
        }
        self.path.pop();
        Ok(())
    }

    fn endpoint_of(&self, call: &Call) -> Result<(&'a Service, &'a Endpoint), BuildError> {
        let service = self.system.parts.iter().find_map(|part| match part {
            Part::Service(service) if service.id == call.service => Some(service),
            _ => None,
        });
        let service = service.ok_or_else(|| unknown("service", &call.service))?;
        let found = service.endpoints.iter().find(|endpoint| endpoint.name == call.endpoint);
        Ok((service, found.ok_or_else(|| unknown("endpoint", &place_of(call)))?))
    }

    pub(super) fn steps(
        &mut self,
        steps: &[Step],
        service: &str,
        register: usize,
    ) -> Result<(), BuildError> {
        for step in steps {
            if self.model.program.len() + self.branches_count > PROGRAM_MAX {
                return Err(BuildError::TooLong { place: self.path.join(" > ") });
            }
            self.step(step, service, register)?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step, service: &str, register: usize) -> Result<(), BuildError> {
        match step {
            Step::Cpu(time) => {
                return self.work(service, time, Spent::Computing, "cpu", register);
            }
            Step::Wait(time) => self.hold_at(service, time, Spent::Outside, "wait", self.worker),
            Step::Lock { lock, steps } => {
                let inside = self.acquire(lock, register)?;
                self.steps(steps, service, inside)?;
                self.release(register);
            }
            Step::Query { via, work } => return self.query(via, Work::Given(work), register),
            Step::Select { via, select } => {
                return self.query(via, Work::Planned(select), register);
            }
            Step::Transaction { pool, steps } => {
                let inside = self.acquire(pool, register)?;
                self.open.pools.push(pool.clone());
                self.steps(steps, service, inside)?;
                self.open.pools.pop();
                self.release(register);
            }
            Step::Ask(ask) => return self.ask(ask, register),
            Step::Change { via, work } => return self.query(via, Work::Changes(work), register),
            Step::Enqueue { jobs } => {
                let jobs = self.jobs_of(jobs)?;
                self.emit(Op::Enqueue { jobs });
            }
            Step::Record { ledger } => self.record(ledger),
            Step::Once { store, keys_count, steps } => {
                return self.once(store, *keys_count, steps, service, register);
            }
            Step::FileTransaction { database, is_immediate, steps } => {
                return self.file_transaction(database, *is_immediate, steps, service, register);
            }
            Step::Read(read) => return self.read_copy(read, service, register),
            Step::Update(update) => return self.update(update, service, register),
            Step::Fail => {
                self.emit(Op::Fail);
            }
            Step::Reject(after) => {
                self.emit(Op::Reject { after: (after.0 / 1_000).min(u64::from(u32::MAX)) as u32 });
            }
            Step::Call(call) => return self.call(call, register),
            Step::Cached { cache, load, store, is_scan: true } => {
                return self.scan(cache, load, store, service, register);
            }
            Step::Cached { cache, load, store, is_scan: false } => {
                self.cached(cache, load, store, service, register)?;
            }
            Step::Write { cache, steps, tell } => {
                return self.write(cache, steps, tell, service, register);
            }
            Step::Repeat { times, steps } => {
                let inside = self.register(register)?;
                let register = register as u8;
                let scope = self.begin_scope(ScopeOf::Rounds { register });
                let enter = self.emit(Op::Loop { register, times: *times, end: 0 });
                let start = self.here();
                self.steps(steps, service, inside)?;
                self.emit(Op::Again { register, start });
                self.end_scope(scope);
                let end = self.here();
                self.model.program[enter as usize] = Op::Loop { register, times: *times, end };
            }
            Step::Parallel { branches, needed } => self.fork(branches, *needed, service)?,
            Step::Choice { probability, then, otherwise } => {
                let stream = self.stream(service, "choice");
                let choice = self.model.choices.len() as u16;
                self.model.choices.push(Choice { probability: *probability, stream });
                let choose = self.emit(Op::Choose { choice, otherwise: 0 });
                self.steps(then, service, register)?;
                let jump = self.emit(Op::Jump { to: 0 });
                let other = self.here();
                self.steps(otherwise, service, register)?;
                let end = self.here();
                self.model.program[choose as usize] = Op::Choose { choice, otherwise: other };
                self.model.program[jump as usize] = Op::Jump { to: end };
            }
        }
        Ok(())
    }

    fn fork(
        &mut self,
        branches: &[Vec<Step>],
        needed: u32,
        service: &str,
    ) -> Result<(), BuildError> {
        in_range(service, "parallel branches", branches.len() as u32, 10_000)?;
        self.branches_count += branches.len();
        let fork = self.model.forks.len() as u16;
        let needed = needed.clamp(1, branches.len() as u32) as u16;
        self.model.forks.push(Fork { starts: Vec::new(), needed });
        self.emit(Op::Fork { fork });
        let jump = self.emit(Op::Jump { to: 0 });
        let mut starts: Vec<u32> = Vec::with_capacity(branches.len());
        let home = self.home;
        self.home = home.and_then(Home::of_parent);
        for (index, steps) in branches.iter().enumerate() {
            // Equal neighbours share their code.
            if index > 0 && branches[index - 1] == *steps {
                starts.push(starts[index - 1]);
                continue;
            }
            starts.push(self.here());
            let open = std::mem::take(&mut self.open);
            // A branch would wait for the rows that its own update has locked.
            self.open.tables.clone_from(&open.tables);
            let worker = self.worker.take();
            self.steps(steps, service, 0)?;
            (self.open, self.worker) = (open, worker);
            self.emit(Op::Return);
        }
        self.home = home;
        self.model.forks[usize::from(fork)].starts = starts;
        self.model.program[jump as usize] = Op::Jump { to: self.here() };
        Ok(())
    }

    /// Takes a server of `part` into `register`; gives the next free register.
    pub(super) fn acquire(&mut self, part: &str, register: usize) -> Result<usize, BuildError> {
        self.acquire_for(part, None, register)
    }

    /// The same for an endpoint of a service.
    fn acquire_for(
        &mut self,
        part: &str,
        endpoint: Option<(&Service, &Endpoint)>,
        register: usize,
    ) -> Result<usize, BuildError> {
        let &Place { group, part: index, is_special, .. } = self.place(part)?;
        let next = self.register(register)?;
        self.nest(index);
        self.held.push(index);
        let register = register as u8;
        let name = endpoint.map(|(_, endpoint)| self.name(&endpoint.name));
        let scope = self.begin_scope(ScopeOf::Held { part: index, name });
        self.held_scopes.push(scope);
        if let Some(pool) = self.pool_that_opens(group) {
            self.borrow(part, pool, register)?;
        } else if is_special {
            let entrance = self.entrance(part, group, endpoint)?;
            self.emit(Op::Enter { entrance, register });
        } else {
            self.emit(Op::Acquire { group, register });
        }
        Ok(next)
    }

    /// Gives back what the last `acquire` took.
    pub(super) fn release(&mut self, register: usize) {
        self.held.pop();
        self.emit(Op::Release { register: register as u8 });
        if let Some(scope) = self.held_scopes.pop() {
            self.end_scope(scope);
        }
    }

    pub(super) fn place(&self, part: &str) -> Result<&Place, BuildError> {
        self.places.iter().find(|place| place.id == part).ok_or_else(|| unknown("part", part))
    }

    pub(super) fn register(&self, register: usize) -> Result<usize, BuildError> {
        if register < REGISTERS {
            return Ok(register + 1);
        }
        Err(BuildError::TooDeep { place: self.path.join(" > ") })
    }

    /// Emits a hold, unless it always takes no time.
    pub(super) fn hold(&mut self, part: &str, time: &Distribution, what: Spent, purpose: &str) {
        if *time == Distribution::Constant(0.0) {
            return;
        }
        let stream = self.stream(part, purpose);
        let account = self.account(part, what);
        let sampler = self.model.samplers.len() as u16;
        self.model.samplers.push(Sampler { kind: SamplerKind::new(time), stream, account });
        self.emit(Op::Hold { sampler });
    }

    /// Emits a hold of a worker, whose instance may be slower than others.
    pub(super) fn hold_at(
        &mut self,
        part: &str,
        time: &Distribution,
        what: Spent,
        purpose: &str,
        worker: Option<Worker>,
    ) {
        let before = self.here();
        self.hold(part, time, what, purpose);
        if self.here() > before
            && let Some(Worker { register, can_be_slow: true }) = worker
            && let Some(op) = self.model.program.last_mut()
            && let Op::Hold { sampler } = *op
        {
            *op = Op::HoldAt { sampler, register };
        }
    }

    pub(super) fn here(&self) -> u32 {
        self.model.program.len() as u32
    }

    pub(super) fn emit(&mut self, op: Op) -> u32 {
        self.model.program.push(op);
        self.here() - 1
    }
}

/// Service and endpoint that a call leads to.
pub(super) fn place_of(call: &Call) -> String {
    format!("{}.{}", call.service, call.endpoint)
}
