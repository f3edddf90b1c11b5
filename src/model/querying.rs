//! Planned queries at work: pages that are not in memory come from the disk, and many connections
//! slow each other down.

use crate::engine::SimTime;

use super::database::Connections;
use super::machine::Disk;
use super::planner::PageMemory;
use super::planner::memory::misses;
use super::simulation::Simulation;
use super::system::DiskSettings;
use super::task::State;

/// The disk of a database.
#[derive(Debug, Clone)]
pub(super) struct DiskModel {
    pub(super) disk: Disk,
    /// Random stream of what is in memory.
    pub(super) stream: u16,
}

/// Pages that a query touches.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageReads {
    pub(super) disk: u16,
    /// Pages in any order, and in the order in which they lie.
    pub(super) random_pages: f64,
    pub(super) ordered_pages: f64,
    /// Share of them that is in memory.
    pub(super) hit_ratio: f64,
    /// Seconds for a page in any order, and in order.
    pub(super) random_secs: f64,
    pub(super) ordered_secs: f64,
    /// The crowd whose connections leave less memory for pages, or [`NO_CROWD`].
    pub(super) crowd: u16,
    /// Where the time is booked.
    pub(super) account: u16,
}

/// A database that is slower the more connections work at once.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    pub(super) connections: Connections,
    /// The station of its cores.
    pub(super) station: u16,
    /// What is left for pages beside them, if they take any of it.
    pub(super) pages: Option<PagesBeside>,
}

/// No connections that matter.
pub(super) const NO_CROWD: u16 = u16::MAX;
/// Numbers of open connections that are told apart.
const STEPS: u32 = 64;

/// Memory for pages beside open connections.
#[derive(Debug, Clone)]
pub(super) struct PagesBeside {
    /// All memory, and what one connection takes of it, in bytes.
    memory: (f64, f64),
    exponent: f64,
    /// Pages in use.
    working_set: f64,
    /// Connections between two numbers that are told apart.
    step: u32,
    /// Hit ratios by number of steps, as far as they have been asked for.
    known: Vec<Option<f64>>,
}

impl PagesBeside {
    /// Memory of `disk` for `working_set` pages, of which each of at most `most` connections takes
    /// `each` bytes.
    pub(super) fn new(disk: &DiskSettings, working_set: f64, each: f64, most: u32) -> Self {
        let step = most.div_ceil(STEPS).max(1);
        let (memory, exponent) = ((disk.memory_bytes, each), disk.unevenness);
        Self { memory, exponent, working_set, step, known: Vec::new() }
    }

    /// Share of reads that find their page while so many connections are open.
    fn hit_ratio(&mut self, open: u32) -> f64 {
        let place = open / self.step;
        if self.known.len() <= place as usize {
            self.known.resize(place as usize + 1, None);
        }
        let Self { memory: (all, each), exponent, working_set, step, .. } = *self;
        *self.known[place as usize].get_or_insert_with(|| {
            let left = (all - each * f64::from(place * step)).max(0.0);
            PageMemory::new(left, exponent).hit_ratio(working_set)
        })
    }
}

impl Simulation {
    /// Reads the pages of a query that are not in memory; false if that takes time.
    pub(super) fn read_pages(&mut self, id: u32, reads: u16) -> bool {
        let mut reads = self.model.page_reads[usize::from(reads)];
        if reads.crowd != NO_CROWD {
            let Crowd { connections, pages, .. } = &mut self.model.crowds[usize::from(reads.crowd)];
            if let Some(pages) = pages {
                reads.hit_ratio = pages.hit_ratio(connections.opened());
            }
        }
        let DiskModel { disk, stream } = &mut self.model.disks[usize::from(reads.disk)];
        let random = &mut self.model.streams[usize::from(*stream)];
        let scattered = misses(reads.random_pages, reads.hit_ratio, random);
        let in_order = misses(reads.ordered_pages, reads.hit_ratio, random);
        if scattered + in_order == 0 {
            return true;
        }
        let secs =
            f64::from(scattered) * reads.random_secs + f64::from(in_order) * reads.ordered_secs;
        let end = disk.submit(self.now, crate::engine::SimDuration::from_secs(secs));
        self.hold_until(id, end);
        false
    }

    /// Holds for the work of a query beside those of all other connections.
    pub(super) fn hold_beside(&mut self, id: u32, sampler: u16, crowd: u16) {
        let sampler = &self.model.samplers[usize::from(sampler)];
        let random = &mut self.model.streams[usize::from(sampler.stream)];
        let span = sampler.kind.sample(random);
        let Crowd { connections, station, .. } = &self.model.crowds[usize::from(crowd)];
        let station = &self.model.stations[usize::from(*station)];
        let span = connections.beside(span, station.in_use + station.queue_length);
        self.hold_until(id, self.now + span);
    }

    fn hold_until(&mut self, id: u32, end: SimTime) {
        let task = &mut self.tasks[id];
        task.state = State::Holding;
        task.since = self.now;
        task.awaited = self.model.events.schedule(end, id);
    }
}
