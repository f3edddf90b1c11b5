//! Parts placed on machines: work shares the machine's cores, threads share an interpreter's lock.
//!
//! A task that computes waits where it stands and holds its work; the machine's next event ends it.

use crate::engine::events::Ticket;
use crate::engine::{SimDuration, SimTime};

use super::discipline::NO_LINE;
use super::holdings::Holding;
use super::machine::interpreter_lock::{BurstId, SliceEnd, split};
use super::machine::{FULL_SPEED, Groups, InterpreterLock, JobId, Memory, Sharing};
use super::program::Op;
use super::record::Mark;
use super::simulation::Simulation;
use super::task::State;
use super::turning::Turn;

/// A machine at work.
#[derive(Debug, Clone)]
pub(super) struct MachineModel {
    pub(super) id: String,
    pub(super) cores: Cores,
    pub(super) cores_count: u32,
    pub(super) is_named: bool,
    /// Pieces of work done.
    pub(super) jobs: u64,
    /// `None` without a limit.
    pub(super) memory: Option<Memory>,
    /// How long a part is gone that was killed.
    pub(super) restart: SimDuration,
}

/// How cores are divided.
#[derive(Debug, Clone)]
pub(super) enum Cores {
    /// Among all work equally.
    Shared(Sharing),
    /// Among parts by weight, and among the work of each equally.
    Grouped(Groups),
}

/// A part that is placed on a machine.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) part: String,
    pub(super) machine: u16,
    /// Its group of cores.
    pub(super) share: usize,
    /// First of the interpreter locks of its instances, if they have any.
    pub(super) locks: Option<u32>,
    /// Share of computing that is done under the lock.
    pub(super) locked_share: f64,
    /// First of its stations.
    pub(super) first_station: u16,
    /// Its group of stations, and how many instances there are.
    pub(super) group: u16,
    pub(super) instances: u32,
    /// Its number in the memory of the machine.
    pub(super) memory: u16,
    pub(super) request_bytes: u64,
    pub(super) leak_bytes: u64,
    /// Requests after which one instance is started anew, and how many there were since.
    pub(super) recycle_after: u64,
    pub(super) since_recycled: u64,
}

/// A piece of work on a machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compute {
    pub(super) sampler: u16,
    pub(super) placed: u16,
    pub(super) register: u8,
    /// The register that names the instance; the first instance if there is none.
    pub(super) worker: Option<u8>,
}

/// Work of a task on a machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Computing {
    pub(super) placed: u16,
    /// Its turn for the interpreter lock, and which lock that is.
    pub(super) burst: Option<(u32, BurstId)>,
    /// Its place on the cores.
    pub(super) job: Option<JobId>,
    /// What is left beside the lock.
    pub(super) free: SimDuration,
}

/// What a machine did in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineMeasure {
    /// Id of the machine.
    pub id: String,
    /// Most bytes held at once, since the run began; 0 without a limit.
    pub memory_most: u64,
    /// Mean bytes held, since the run began; 0 without a limit.
    pub memory_mean: u64,
    /// Parts killed for their memory, since the run began.
    pub kills: u64,
}

impl Cores {
    fn add(&mut self, now: SimTime, share: usize, demand: SimDuration, who: u32) -> JobId {
        match self {
            Self::Shared(cores) => cores.add(now, demand, who),
            Self::Grouped(cores) => cores.add(now, share, demand, who),
        }
    }

    fn remove(&mut self, now: SimTime, share: usize, job: JobId) {
        match self {
            Self::Shared(cores) => cores.remove(now, job),
            Self::Grouped(cores) => cores.remove(now, share, job),
        };
    }

    fn finish(&mut self, now: SimTime) -> Option<u32> {
        match self {
            Self::Shared(cores) => cores.finish(now),
            Self::Grouped(cores) => cores.finish(now),
        }
    }

    fn alarm(&mut self) -> Option<SimTime> {
        match self {
            Self::Shared(cores) => cores.alarm(),
            Self::Grouped(cores) => cores.alarm(),
        }
    }

    fn woken(&mut self, now: SimTime) {
        match self {
            Self::Shared(cores) => cores.woken(now),
            Self::Grouped(cores) => cores.woken(now),
        }
    }

    fn busy(&self, now: SimTime) -> SimDuration {
        match self {
            Self::Shared(cores) => cores.busy(now),
            Self::Grouped(cores) => cores.busy_in_all(now),
        }
    }

    fn set_speed(&mut self, now: SimTime, speed: u64) {
        match self {
            Self::Shared(cores) => cores.set_speed(now, speed),
            Self::Grouped(cores) => cores.set_speed(now, speed),
        }
    }
}

impl Simulation {
    /// A task computes on a machine; false unless there is nothing to do.
    pub(super) fn compute(&mut self, id: u32, compute: u16) -> bool {
        let Compute { sampler, placed: number, register, worker } =
            self.model.computes[usize::from(compute)];
        let sampler = &self.model.samplers[usize::from(sampler)];
        let random = &mut self.model.streams[usize::from(sampler.stream)];
        let span = sampler.kind.sample(random);
        let span = self.slowed(id, span, worker);
        if span == SimDuration::ZERO {
            return true;
        }
        let placed = &self.model.placed[usize::from(number)];
        let (locks, share, first) = (placed.locks, placed.locked_share, placed.first_station);
        let (locked, free) = match locks {
            Some(_) => split(span, share),
            None => (SimDuration::ZERO, span),
        };
        let task = &mut self.tasks[id];
        task.pc -= 1;
        task.state = State::Queued;
        task.since = self.now;
        task.awaited = Ticket::NONE;
        let instance = worker.map_or(0, |worker| {
            u32::from((task.registers[usize::from(worker)] as u16).saturating_sub(first))
        });
        let computing = Computing { placed: number, burst: None, job: None, free };
        self.hold_in(id, register, Holding::Computing(computing));
        match locks.filter(|_| locked > SimDuration::ZERO) {
            None => self.start_job(id, register, free),
            Some(first) => {
                let lock = first + instance;
                let (burst, slice) = self.model.locks[lock as usize].request(id, locked);
                self.change_computing(id, register, |work| work.burst = Some((lock, burst)));
                if let Some(slice) = slice {
                    self.start_job(id, register, slice.demand);
                }
            }
        }
        false
    }

    /// Work at an instance that a fault may have made slower than others.
    fn slowed(&self, id: u32, span: SimDuration, worker: Option<u8>) -> SimDuration {
        let Some(worker) = worker else { return span };
        let station = self.tasks[id].registers[usize::from(worker)] as u16;
        match self.model.stations[usize::from(station)].line {
            NO_LINE => span,
            line => span.times(self.model.lines[usize::from(line)].slow),
        }
    }

    fn change_computing(&mut self, id: u32, register: u8, change: impl FnOnce(&mut Computing)) {
        let named = self.tasks[id].registers[usize::from(register)];
        if let Holding::Computing(computing) = self.holdings.get_mut(named) {
            change(computing);
        }
    }

    /// Gives a piece of work to the cores.
    fn start_job(&mut self, id: u32, register: u8, demand: SimDuration) {
        let named = self.tasks[id].registers[usize::from(register)];
        let Holding::Computing(Computing { placed, .. }) = self.holdings.get(named) else { return };
        let Placed { machine, share, .. } = self.model.placed[usize::from(placed)];
        let cores = &mut self.model.machines[usize::from(machine)].cores;
        let job = cores.add(self.now, share, demand, id);
        self.change_computing(id, register, |computing| computing.job = Some(job));
        self.set_alarm(machine);
    }

    /// Makes sure that an event comes when the next piece of work is done.
    fn set_alarm(&mut self, machine: u16) {
        if let Some(at) = self.model.machines[usize::from(machine)].cores.alarm() {
            self.model.events.schedule(at, Turn::Machine.about(u32::from(machine)));
        }
    }

    /// The event of a machine has come.
    pub(super) fn machine_woken(&mut self, machine: u16) {
        self.model.machines[usize::from(machine)].cores.woken(self.now);
        while let Some(id) = self.model.machines[usize::from(machine)].cores.finish(self.now) {
            self.model.machines[usize::from(machine)].jobs += 1;
            self.job_done(id);
        }
        self.set_alarm(machine);
    }

    /// The register that the task computes in.
    fn computes_in(&self, id: u32) -> Option<u8> {
        match self.model.program[self.tasks[id].pc as usize] {
            Op::Compute { compute } => Some(self.model.computes[usize::from(compute)].register),
            _ => None,
        }
    }

    fn job_done(&mut self, id: u32) {
        let Some(register) = self.computes_in(id) else { return };
        let named = self.tasks[id].registers[usize::from(register)];
        let Holding::Computing(computing) = self.holdings.get(named) else { return };
        let Some((lock, _)) = computing.burst else {
            self.computed(id, register);
            return;
        };
        self.change_computing(id, register, |computing| computing.job = None);
        let SliceEnd { finished, next } = self.model.locks[lock as usize].slice_done();
        if finished.is_some() {
            self.change_computing(id, register, |computing| computing.burst = None);
            if computing.free > SimDuration::ZERO {
                self.start_job(id, register, computing.free);
            } else {
                self.computed(id, register);
            }
        }
        if let Some(slice) = next
            && let Some(register) = self.computes_in(slice.who)
        {
            self.start_job(slice.who, register, slice.demand);
        }
    }

    fn computed(&mut self, id: u32, register: u8) {
        self.take_holding(id, register);
        let task = &mut self.tasks[id];
        task.pc += 1;
        task.state = State::Running;
        if self.breakdown.is_some() {
            self.book_hold(id);
        }
        self.ready.push_back(id);
    }

    /// Work is given up: the cores and the lock go to others.
    pub(super) fn stop_computing(&mut self, computing: Computing) {
        let Placed { machine, share, .. } = self.model.placed[usize::from(computing.placed)];
        if let Some(job) = computing.job {
            self.model.machines[usize::from(machine)].cores.remove(self.now, share, job);
        }
        if let Some((lock, burst)) = computing.burst
            && let Some(slice) = self.model.locks[lock as usize].leave(burst)
            && let Some(register) = self.computes_in(slice.who)
        {
            self.start_job(slice.who, register, slice.demand);
        }
        self.set_alarm(machine);
    }

    /// All work on a machine takes `factor` times as long.
    pub(super) fn slow_machine(&mut self, machine: u16, factor: f64) {
        let cores = &mut self.model.machines[usize::from(machine)].cores;
        cores.set_speed(self.now, (FULL_SPEED as f64 / factor) as u64);
        self.set_alarm(machine);
    }

    /// Core time given by a machine, in nanoseconds.
    pub(super) fn machine_busy(&self, machine: &MachineModel) -> u64 {
        machine.cores.busy(self.now).0
    }

    /// Core time and pieces of work of all machines.
    pub(super) fn machine_counters(&self) -> Vec<(u64, u64)> {
        let machines = self.model.machines.iter();
        machines.map(|machine| (self.machine_busy(machine), machine.jobs)).collect()
    }

    pub(super) fn machine_measures(&self) -> Vec<MachineMeasure> {
        let machines = self.model.machines.iter().filter(|machine| machine.is_named);
        let measures = machines.map(|machine| MachineMeasure {
            id: machine.id.clone(),
            memory_most: machine.memory.as_ref().map_or(0, Memory::most),
            memory_mean: machine.memory.as_ref().map_or(0, |memory| memory.mean(self.now) as u64),
            kills: machine.memory.as_ref().map_or(0, Memory::kills),
        });
        measures.collect()
    }

    /// Core time and pieces of work of a machine since a mark.
    pub(super) fn machine_since(&self, index: usize, begin: Option<&Mark>) -> (u64, u64) {
        let machine = &self.model.machines[index];
        let (busy, jobs) = begin.map_or((0, 0), |mark| mark.machines[index]);
        (self.machine_busy(machine) - busy, machine.jobs - jobs)
    }
}

/// A lock for each instance.
pub(super) fn locks(instances: u32, switch: Option<SimDuration>) -> Vec<InterpreterLock> {
    vec![InterpreterLock::new(switch); instances as usize]
}
