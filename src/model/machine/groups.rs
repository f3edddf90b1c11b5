//! Cores shared by groups of jobs, each with a weight and a limit.
//!
//! Without limits everything on a machine shares its cores job by job: a nightly batch of a hundred
//! processes takes nearly all of them. With groups each gets cores in proportion to its weight, at most
//! its limit, and what one does not need goes to the others; within a group jobs share equally.
//!
//! The division is that of weighted max-min fairness: a group gets `min(jobs, limit, weight * x)`, with
//! the `x` at which all cores are given out. Cores are counted in 1/1048576, so that what rounding
//! loses is below a millionth of a core for each group.
//!
//! Left out: groups of groups, limits on short bursts only.
//! Source: control groups of Linux (`cpu.weight`, `cpu.max`); Bertsekas and Gallager, Data Networks
//! (1992), section 6.5.2, for the division.

use crate::engine::{SimDuration, SimTime};

use super::alarm::Alarm;
use super::sharing::{CORE, JobId, Sharing};

/// Cores and the groups that share them.
#[derive(Debug, Clone)]
pub struct Groups {
    cores: u64,
    members: Vec<Group>,
    alarm: Alarm,
}

#[derive(Debug, Clone)]
struct Group {
    jobs: Sharing,
    weight: u64,
    limit: u64,
    /// Cores it has now.
    has: u64,
    /// Whether they are settled in the division under way.
    is_settled: bool,
}

impl Groups {
    /// A machine with `cores` cores and no groups.
    pub fn new(cores: u32) -> Self {
        Self { cores: u64::from(cores.max(1)) * CORE, members: Vec::new(), alarm: Alarm::default() }
    }

    /// Adds a group with a weight, 1..=10000, and at most `limit` cores; its number.
    pub fn add_group(&mut self, weight: u32, limit: Option<f64>) -> usize {
        let limit = limit.map_or(u64::MAX, |cores| (cores * CORE as f64) as u64);
        let (jobs, weight) = (Sharing::new(1), u64::from(weight.clamp(1, 10_000)));
        self.members.push(Group { jobs, weight, limit, has: CORE, is_settled: true });
        self.members.len() - 1
    }

    /// Places a job that needs `demand` of one core.
    pub fn add(&mut self, now: SimTime, group: usize, demand: SimDuration, who: u32) -> JobId {
        let job = self.members[group].jobs.add(now, demand, who);
        self.divide(now);
        job
    }

    /// Takes a job away before its end; the demand that was left, rounded up.
    pub fn remove(&mut self, now: SimTime, group: usize, id: JobId) -> SimDuration {
        let left = self.members[group].jobs.remove(now, id);
        self.divide(now);
        left
    }

    /// Takes out one job whose demand is served by `now`; call again until there is none.
    pub fn finish(&mut self, now: SimTime) -> Option<u32> {
        let who = self.members.iter_mut().find_map(|group| group.jobs.finish(now))?;
        self.divide(now);
        Some(who)
    }

    /// When the next job ends if nothing changes.
    pub fn next_end(&self) -> Option<SimTime> {
        self.members.iter().filter_map(|group| group.jobs.next_end()).min()
    }

    /// The instant to schedule an event for, if none that is early enough is on its way; as
    /// [`Sharing::alarm`].
    pub fn alarm(&mut self) -> Option<SimTime> {
        self.alarm.set(self.next_end()?)
    }

    /// An event set by [`Groups::alarm`] has come.
    pub fn woken(&mut self, now: SimTime) {
        self.alarm.woken(now);
    }

    /// Changes how fast each core works; as [`Sharing::set_speed`].
    pub fn set_speed(&mut self, now: SimTime, speed: u64) {
        for group in &mut self.members {
            group.jobs.set_speed(now, speed);
        }
    }

    /// Core time that a group has used up to `now`.
    pub fn busy(&self, group: usize, now: SimTime) -> SimDuration {
        self.members[group].jobs.busy(now)
    }

    /// Core time that all groups have used up to `now`.
    pub fn busy_in_all(&self, now: SimTime) -> SimDuration {
        SimDuration(self.members.iter().map(|group| group.jobs.busy(now).0).sum())
    }

    /// Jobs of a group in service.
    pub fn len(&self, group: usize) -> usize {
        self.members[group].jobs.len()
    }

    /// No job of any group is in service.
    pub fn is_empty(&self) -> bool {
        self.members.iter().all(|group| group.jobs.is_empty())
    }

    /// Gives each group its cores.
    fn divide(&mut self, now: SimTime) {
        let (mut left, mut weights) = (self.cores, 0);
        for group in &mut self.members {
            group.is_settled = group.jobs.is_empty();
            weights += if group.is_settled { 0 } else { group.weight };
        }
        // Groups that want less than their part get it first, which leaves more for the others: each
        // round settles at least one, or the rest is divided by weight.
        let mut is_changed = true;
        while std::mem::take(&mut is_changed) {
            for group in self.members.iter_mut().filter(|group| !group.is_settled) {
                let wants = group.limit.min(group.jobs.len() as u64 * CORE).min(self.cores);
                if wants * weights <= left * group.weight {
                    give(group, wants, now);
                    (left, weights) = (left - wants, weights - group.weight);
                    (group.is_settled, is_changed) = (true, true);
                }
            }
        }
        for group in self.members.iter_mut().filter(|group| !group.is_settled) {
            give(group, left * group.weight / weights, now);
        }
    }
}

fn give(group: &mut Group, cores: u64, now: SimTime) {
    if group.has != cores {
        group.has = cores;
        group.jobs.set_capacity(now, cores);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stream;

    const SECOND: u64 = 1_000_000_000;

    fn fill(machine: &mut Groups, group: usize, jobs: u32) {
        for who in 0..jobs {
            machine.add(SimTime::ZERO, group, SimDuration(1_000 * SECOND), who);
        }
    }

    fn cores(machine: &Groups) -> Vec<f64> {
        let after = SimTime(100 * SECOND);
        (0..machine.members.len())
            .map(|group| machine.busy(group, after).as_secs() / 100.0)
            .collect()
    }

    fn assert_cores(machine: &Groups, expected: &[f64]) {
        let found = cores(machine);
        let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off < 2e-6 && found.len() == expected.len(), "{found:?}, not {expected:?}");
    }

    #[test]
    fn cores_are_divided_by_weight_and_limit_and_none_is_idle_while_wanted() {
        let mut machine = Groups::new(4);
        let groups = [(1, None), (3, None), (1, Some(0.5))]
            .map(|(weight, limit)| machine.add_group(weight, limit));
        fill(&mut machine, groups[0], 100);
        assert_cores(&machine, &[4.0, 0.0, 0.0]);
        fill(&mut machine, groups[2], 100);
        assert_cores(&machine, &[3.5, 0.0, 0.5]);
        fill(&mut machine, groups[1], 1);
        assert_cores(&machine, &[2.5, 1.0, 0.5]);
        fill(&mut machine, groups[1], 9);
        assert_cores(&machine, &[0.875, 2.625, 0.5]);
    }

    /// One group is a machine without groups, to the nanosecond.
    #[test]
    fn one_group_is_plain_sharing() {
        let mut random = Stream::new(1, 0, 0);
        let (mut plain, mut machine) = (Sharing::new(2), Groups::new(2));
        let group = machine.add_group(5, None);
        let mut now = SimTime::ZERO;
        for who in 0..20_000 {
            now = now + SimDuration(random.below(1_000_000));
            while let Some(end) = plain.next_end().filter(|end| *end <= now) {
                assert_eq!(machine.next_end(), Some(end));
                assert_eq!(machine.finish(end), plain.finish(end));
            }
            let demand = SimDuration(random.below(2_000_000));
            plain.add(now, demand, who);
            machine.add(now, group, demand, who);
        }
        assert_eq!(machine.busy(group, now), plain.busy(now));
    }
}
