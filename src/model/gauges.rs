//! Gauges: limits at an entrance that look at what is inside, and are told when it is out again.

use crate::engine::SimTime;
use crate::policy::admission::Decision;
use crate::policy::admission::adaptive::AdaptiveLimit;
use crate::policy::admission::concurrency::ConcurrencyLimit;
use crate::policy::admission::deadline::DeadlineShedder;
use crate::policy::admission::priority::PriorityShedder;

use super::build::{BuildError, Builder, wrong_setting};
use super::discipline::deadline_of;
use super::entrance::{Ending, Entrance};
use super::program::REGISTERS;
use super::simulation::Simulation;
use super::system::Admission;

/// Most gauges of a service and an endpoint together.
pub(super) const GAUGES_MAX: usize = 4;
/// No gauge.
pub(super) const NO_GAUGE: u16 = u16::MAX;

/// A limit on what is inside.
#[derive(Debug, Clone)]
pub(super) enum Gauge {
    Concurrency(ConcurrencyLimit),
    /// With the random stream it uses.
    Adaptive(Box<AdaptiveLimit>, u16),
    Deadline(DeadlineShedder),
    Priority(PriorityShedder),
}

/// When tasks came in and were served, by task and register; empty unless a gauge asks for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Stays(Vec<Stay>);

#[derive(Debug, Clone, Copy, Default)]
struct Stay {
    came: SimTime,
    served: SimTime,
}

impl Stays {
    fn of(&mut self, id: u32, register: u8) -> &mut Stay {
        let place = id as usize * REGISTERS + usize::from(register);
        if place >= self.0.len() {
            self.0.resize(place + place / 4 + 64, Stay::default());
        }
        &mut self.0[place]
    }
}

impl Builder<'_> {
    /// The gauges of these limits, in order, made if they are new.
    pub(super) fn gauges(
        &mut self,
        owner: &str,
        part: &str,
        admission: &[Admission],
    ) -> Result<Vec<u16>, BuildError> {
        if let Some((_, known)) = self.gauges.iter().find(|(known, _)| known == owner) {
            return Ok(known.clone());
        }
        let mut gauges = Vec::new();
        for limit in admission {
            let (gauge, checked) = match limit {
                Admission::Rate { .. } => continue,
                Admission::Concurrency { limit } => {
                    (Gauge::Concurrency(ConcurrencyLimit::new(*limit)), Ok(()))
                }
                Admission::Adaptive(settings) => {
                    let stream = self.stream(part, "adaptive limit");
                    let limit = Box::new(AdaptiveLimit::new(settings));
                    (Gauge::Adaptive(limit, stream), settings.check())
                }
                Admission::Deadline(settings) => {
                    (Gauge::Deadline(DeadlineShedder::new(settings)), settings.check())
                }
                Admission::Priority(shedder) => (Gauge::Priority(*shedder), shedder.check()),
            };
            checked.map_err(|wrong| wrong_setting(part, wrong))?;
            self.model.times_stays |= matches!(gauge, Gauge::Adaptive(..) | Gauge::Deadline(_));
            gauges.push(self.model.gauges.len() as u16);
            self.model.gauges.push(gauge);
        }
        self.gauges.push((owner.to_owned(), gauges.clone()));
        Ok(gauges)
    }
}

impl Simulation {
    /// Asks the gauges of an entrance about a task that would go to a station.
    pub(super) fn ask_gauges(&mut self, id: u32, entrance: &Entrance, station: u16) -> Decision {
        for (place, gauge) in entrance.gauges().enumerate() {
            let decision = self.ask_gauge(id, entrance, gauge, station);
            if decision != Decision::Admit {
                for earlier in entrance.gauges().take(place) {
                    self.model.gauges[usize::from(earlier)].forget();
                }
                return decision;
            }
        }
        Decision::Admit
    }

    fn ask_gauge(&mut self, id: u32, entrance: &Entrance, gauge: u16, station: u16) -> Decision {
        let model = &mut self.model;
        let station = &model.stations[usize::from(station)];
        match &mut model.gauges[usize::from(gauge)] {
            Gauge::Concurrency(limit) => limit.decide(),
            Gauge::Adaptive(limit, _) => limit.decide(),
            Gauge::Deadline(shedder) => {
                let deadline =
                    deadline_of(&self.tasks, &model.program, &model.edges, &self.guarding, id);
                let free = station.in_use < station.capacity;
                // All are busy: one of them must end before the first that waits is served.
                let waiting = if free { 0 } else { station.queue_length + 1 };
                shedder.decide(self.now, deadline, waiting, station.capacity)
            }
            Gauge::Priority(shedder) => {
                let class = entrance
                    .class
                    .unwrap_or_else(|| model.clients[usize::from(self.tasks[id].clients)].priority);
                let inside = f64::from(station.in_use) + f64::from(station.queue_length);
                shedder.decide(class, inside / f64::from(station.capacity))
            }
        }
    }

    /// A task came in through an entrance.
    pub(super) fn note_came(&mut self, id: u32, register: u8) {
        if self.model.times_stays {
            self.stays.of(id, register).came = self.now;
        }
    }

    /// It is served now.
    pub(super) fn note_served(&mut self, id: u32, register: u8) {
        if self.model.times_stays {
            self.stays.of(id, register).served = self.now;
        }
    }

    /// Tells the gauges of an entrance that a task is out, served or not.
    pub(super) fn tell_gauges(
        &mut self,
        id: u32,
        register: u8,
        entrance: &Entrance,
        ending: Ending,
        was_served: bool,
    ) {
        if entrance.gauges().next().is_none() {
            return;
        }
        let Stay { came, served } =
            if self.model.times_stays { *self.stays.of(id, register) } else { Stay::default() };
        let (stay, service) = (self.now.since(came), self.now.since(served));
        let model = &mut self.model;
        for gauge in entrance.gauges() {
            match &mut model.gauges[usize::from(gauge)] {
                Gauge::Adaptive(limit, stream) if ending != Ending::Dropped => {
                    let random = &mut model.streams[usize::from(*stream)];
                    limit.release(self.now, stay, ending == Ending::Failed, random);
                }
                Gauge::Deadline(shedder) if was_served && ending == Ending::Done => {
                    shedder.observe(service);
                }
                other => other.forget(),
            }
        }
    }
}

impl Gauge {
    /// A task that was let in is out, and nothing is learned from it.
    fn forget(&mut self) {
        match self {
            Self::Concurrency(limit) => limit.release(),
            Self::Adaptive(limit, _) => limit.forget(),
            Self::Deadline(_) | Self::Priority(_) => {}
        }
    }
}

/// The gauges of a service and those of one of its endpoints, in one list.
pub(super) fn list_of(
    part: &str,
    service: &[u16],
    endpoint: &[u16],
) -> Result<[u16; GAUGES_MAX], BuildError> {
    let mut list = [NO_GAUGE; GAUGES_MAX];
    let found = service.len() + endpoint.len();
    if found > GAUGES_MAX {
        let what = format!("limits on what is inside of `{part}` and one endpoint");
        let (found, possible) = (found as u64, format!("at most {GAUGES_MAX}"));
        return Err(BuildError::Count { what, found, possible });
    }
    for (place, gauge) in list.iter_mut().zip(service.iter().chain(endpoint)) {
        *place = *gauge;
    }
    Ok(list)
}
