//! Planned queries at work: pages that are not in memory come from the disk, and many connections
//! slow each other down.

use crate::engine::SimTime;

use super::database::Connections;
use super::machine::Disk;
use super::planner::memory::misses;
use super::simulation::Simulation;
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
    /// Where the time is booked.
    pub(super) account: u16,
}

/// A database that is slower the more connections work at once.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    pub(super) connections: Connections,
    /// The station of its cores.
    pub(super) station: u16,
}

impl Simulation {
    /// Reads the pages of a query that are not in memory; false if that takes time.
    pub(super) fn read_pages(&mut self, id: u32, reads: u16) -> bool {
        let reads = self.model.page_reads[usize::from(reads)];
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
        let Crowd { connections, station } = &self.model.crowds[usize::from(crowd)];
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
