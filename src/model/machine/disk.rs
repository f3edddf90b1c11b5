//! A disk that serves one request after the other on each of its channels.
//!
//! First in, first out: a request starts when the first channel is free of all that came before, so
//! its end is known when it comes, and no queue need be kept. A request cannot be taken back: a disk
//! reads on for a client that has gone.
//!
//! Left out: reordering by the controller, a speed that depends on where the last request was.
//! Source: the recursion of Kiefer and Wolfowitz (1955).

use crate::engine::{SimDuration, SimTime};

/// Channels and when each is free again.
#[derive(Debug, Clone)]
pub struct Disk {
    free: Vec<SimTime>,
    busy: SimDuration,
    waited: SimDuration,
    requests: u64,
}

impl Disk {
    /// A disk that serves `channels` requests at once, at least 1: 1 for a spinning disk, about as
    /// many as its queues for a flash one.
    pub fn new(channels: u32) -> Self {
        Self {
            free: vec![SimTime::ZERO; channels.max(1) as usize],
            busy: SimDuration::ZERO,
            waited: SimDuration::ZERO,
            requests: 0,
        }
    }

    /// Asks for something that takes `service` once it starts; when it will be done.
    #[inline]
    pub fn submit(&mut self, now: SimTime, service: SimDuration) -> SimTime {
        let mut first = 0;
        for channel in 1..self.free.len() {
            if self.free[channel] < self.free[first] {
                first = channel;
            }
        }
        let start = self.free[first].max(now);
        let end = start + service;
        self.free[first] = end;
        self.busy += service;
        self.waited += start.since(now);
        self.requests += 1;
        end
    }

    /// A failure: nothing starts before `until`. What is done by then is not done again.
    pub fn stall(&mut self, until: SimTime) {
        for free in &mut self.free {
            *free = (*free).max(until);
        }
    }

    /// Service time asked for so far.
    pub fn busy(&self) -> SimDuration {
        self.busy
    }

    /// Time that requests wait before they start, summed.
    pub fn waited(&self) -> SimDuration {
        self.waited
    }

    /// Requests so far.
    pub fn requests(&self) -> u64 {
        self.requests
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stream;

    #[test]
    fn requests_are_served_one_after_the_other() {
        let mut disk = Disk::new(1);
        assert_eq!(disk.submit(SimTime(0), SimDuration(10)), SimTime(10));
        assert_eq!(disk.submit(SimTime(4), SimDuration(10)), SimTime(20));
        disk.stall(SimTime(30));
        assert_eq!(disk.submit(SimTime(25), SimDuration(10)), SimTime(40));
        assert_eq!((disk.waited(), disk.busy()), (SimDuration(6 + 5), SimDuration(30)));
    }

    /// M/D/1 at 80 %: the mean wait is rho D / (2 (1 - rho)) = 2 D.
    #[test]
    fn the_mean_wait_is_that_of_pollaczek_and_khinchine() {
        let (mut disk, mut random) = (Disk::new(1), Stream::new(1, 0, 0));
        let service = SimDuration(1_000_000);
        let mut now = SimTime::ZERO;
        for _ in 0..2_000_000 {
            now = now + SimDuration((random.exponential() * 1_250_000.0) as u64);
            disk.submit(now, service);
        }
        let mean = disk.waited().as_ms() / disk.requests() as f64;
        // Standard error of such a run: about 0.6 %; allow 4 of them.
        assert!((mean - 2.0).abs() < 0.05, "{mean} ms, not 2 ms");
    }
}
