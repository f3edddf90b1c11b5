//! Balancers before the instances of a service: who gets the next attempt, and who is out.
//!
//! A health check shares the fate of requests: it fails while its instance is stopped or crashed,
//! and with the share of requests that the instance refuses. It takes no time of a worker.

use crate::engine::SimDuration;
use crate::policy::balancer::ejection::Ejections;
use crate::policy::balancer::health::{self, Change, Health};
use crate::policy::balancer::{Balancer, Out};

use super::build::{BuildError, Builder, wrong_setting};
use super::entrance::Ending;
use super::simulation::Simulation;
use super::starting::Warmth;
use super::system::{Balancing, Service};
use super::task::State;
use super::turning::Turn;

/// A group without a balancer: its stations take turns.
pub(super) const NO_BALANCER: u16 = u16::MAX;

/// The balancer of a group.
#[derive(Debug, Clone)]
pub(super) struct BalancerModel {
    balancer: Balancer,
    ejections: Option<Ejections>,
    /// Settings of the health checks and what they have shown of each instance.
    health: Option<(health::Settings, Vec<Health>)>,
    group: u16,
    /// Random stream of its choices, and of what health checks meet.
    stream: u16,
}

/// Something that a balancer does again and again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    balancer: u16,
    /// Which instance is probed; `None` sweeps the ejected.
    probes: Option<u16>,
    first: SimDuration,
    interval: SimDuration,
}

impl Builder<'_> {
    /// The balancer of a service, if it has one.
    pub(super) fn balancer(&mut self, service: &Service, group: u16) -> Result<u16, BuildError> {
        let Some(Balancing { settings, weights, health, ejection }) = &service.balancer else {
            return Ok(NO_BALANCER);
        };
        let id = &service.id;
        let count = service.instances_count as u16;
        let equal = vec![1; usize::from(count)];
        let weights = if weights.is_empty() { &equal } else { weights };
        if weights.len() != usize::from(count) {
            return Err(BuildError::Count {
                what: format!("number of weights of `{id}`"),
                found: weights.len() as u64,
                possible: format!("{count}, as its instances"),
            });
        }
        settings.check(weights).map_err(|wrong| wrong_setting(id, wrong))?;
        let balancer = self.model.balancers.len() as u16;
        if let Some(settings) = health {
            settings.check().map_err(|wrong| wrong_setting(id, wrong))?;
            for instance in 0..count {
                let first = settings.first_probe(instance, count);
                let (probes, interval) = (Some(instance), settings.interval);
                self.model.watches.push(Watch { balancer, probes, first, interval });
            }
        }
        if let Some(settings) = ejection {
            settings.check().map_err(|wrong| wrong_setting(id, wrong))?;
            let interval = settings.interval;
            let first = interval;
            self.model.watches.push(Watch { balancer, probes: None, first, interval });
        }
        let stream = self.stream(id, "balancer");
        self.model.balancers.push(BalancerModel {
            balancer: Balancer::new(settings, weights),
            ejections: ejection.as_ref().map(|settings| Ejections::new(settings, count)),
            health: health.map(|settings| (settings, vec![Health::default(); usize::from(count)])),
            group,
            stream,
        });
        Ok(balancer)
    }
}

impl Simulation {
    /// The station of a group that gets the next attempt; `None` if all are out.
    pub(super) fn pick_station(&mut self, group: u16) -> Option<u16> {
        let model = &mut self.model;
        let group = &mut model.groups[usize::from(group)];
        if group.balancer == NO_BALANCER {
            return Some(group.next_station());
        }
        let BalancerModel { balancer, stream, .. } =
            &mut model.balancers[usize::from(group.balancer)];
        let random = &mut model.streams[usize::from(*stream)];
        let backend = balancer.pick(self.now, random)?;
        Some(group.first + backend)
    }

    /// Lets time pass at the instance whose worker a register holds.
    #[inline(never)]
    pub(super) fn hold_at(&mut self, id: u32, sampler: u16, register: u8) {
        let model = &mut self.model;
        let task = &mut self.tasks[id];
        let station = task.registers[usize::from(register)] as u16;
        let slow = model.lines[usize::from(model.stations[usize::from(station)].line)].slow;
        let sampler = &model.samplers[usize::from(sampler)];
        let span = sampler.kind.sample(&mut model.streams[usize::from(sampler.stream)]);
        let span = span.times(slow);
        task.state = State::Holding;
        task.since = self.now;
        task.awaited = model.events.schedule(self.now + span, id);
    }

    /// Tells the balancer of a group, if it has one, that an attempt at a station is over.
    pub(super) fn tell_balancer(&mut self, group: u16, station: u16, ending: Ending) {
        let group = &self.model.groups[usize::from(group)];
        if group.balancer == NO_BALANCER {
            return;
        }
        let backend = station - group.first;
        let model = &mut self.model.balancers[usize::from(group.balancer)];
        model.balancer.finished(backend);
        if let Some(ejections) = &mut model.ejections
            && ending != Ending::Dropped
            && ejections.on_outcome(self.now, backend, ending == Ending::Done)
        {
            model.balancer.take_out(backend, Out::Ejected);
        }
    }

    /// An attempt was not sent after all.
    pub(super) fn unpick_station(&mut self, group: u16, station: u16) {
        self.tell_balancer(group, station, Ending::Dropped);
    }

    /// Schedules the first of all that balancers do again and again.
    pub(super) fn schedule_watches(&mut self) {
        for (index, watch) in self.model.watches.iter().enumerate() {
            let subject = Turn::Watch.about(index as u32);
            self.model.events.schedule(self.now + watch.first, subject);
        }
    }

    /// Does what a balancer does again and again.
    pub(super) fn watch(&mut self, index: u32) {
        let Watch { balancer, probes, interval, .. } = self.model.watches[index as usize];
        match probes {
            Some(backend) => self.probe(balancer, backend),
            None => self.sweep(balancer),
        }
        // Where nothing but watches is left to happen, nothing will.
        if self.model.events.len() + 1 > self.model.watches.len() || !self.ready.is_empty() {
            let subject = Turn::Watch.about(index);
            self.model.events.schedule(self.now + interval, subject);
        }
    }

    fn probe(&mut self, balancer: u16, backend: u16) {
        let model = &mut self.model;
        let BalancerModel { balancer, health, group, stream, .. } =
            &mut model.balancers[usize::from(balancer)];
        let Some((settings, known)) = health else { return };
        let group = &model.groups[usize::from(*group)];
        let station = &model.stations[usize::from(group.first + backend)];
        let line = &model.lines[usize::from(station.line)];
        let is_down = station.is_stopped || line.warmth == Warmth::Down;
        let refused = group.refused_share.max(line.refused_share);
        let random = &mut model.streams[usize::from(*stream)];
        let fails = is_down || refused > 0.0 && random.chance(refused);
        match known[usize::from(backend)].on_probe(settings, !fails) {
            Change::None => {}
            Change::Out => balancer.take_out(backend, Out::Unhealthy),
            Change::Back => balancer.bring_back(backend, Out::Unhealthy, self.now),
        }
    }

    fn sweep(&mut self, balancer: u16) {
        let now = self.now;
        let BalancerModel { balancer, ejections, .. } =
            &mut self.model.balancers[usize::from(balancer)];
        if let Some(ejections) = ejections {
            ejections.sweep(now, |backend| balancer.bring_back(backend, Out::Ejected, now));
        }
    }
}
