//! Instances that have just started: they take nothing for a while, and are slow for another.

use std::ops::Range;

use super::build::{BuildError, Builder};
use super::discipline::NO_LINE;
use super::simulation::Simulation;
use super::system::{ColdStart, Effect, Fault, Part, Service, System};
use super::turning::Turn;

/// How the instances of a group start.
#[derive(Debug, Clone, Copy)]
pub(super) struct StartModel {
    pub(super) group: u16,
    settings: ColdStart,
}

/// How far an instance has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Warmth {
    /// As fast as ever.
    #[default]
    Warm,
    /// Slow still.
    Slow,
    /// Not there yet.
    Down,
}

impl Fault {
    /// It is done to single instances, which must be told apart.
    pub(super) fn is_apart(&self) -> bool {
        self.instance.is_some() || matches!(self.effect, Effect::Deploy { .. })
    }
}

/// Instances of a service can differ: a fault hits some of them, or they start cold.
pub(super) fn differ(service: &Service, system: &System) -> bool {
    let is_hit = |part: &Part| matches!(part, Part::Fault(fault) if fault.part == service.id && fault.is_apart());
    service.cold_start.is_some() || system.parts.iter().any(is_hit)
}

/// Instances of a service can be slow by themselves.
pub(super) fn can_be_slow(service: &Service, system: &System) -> bool {
    let slows = |part: &Part| {
        matches!(part, Part::Fault(fault) if fault.part == service.id && fault.is_apart()
            && matches!(fault.effect, Effect::Slow { .. } | Effect::Deploy { .. }))
    };
    service.cold_start.is_some() || system.parts.iter().any(slows)
}

impl Builder<'_> {
    /// Notes how the instances of a service start.
    pub(super) fn add_start(&mut self, service: &Service, group: u16) -> Result<(), BuildError> {
        let Some(settings) = service.cold_start else { return Ok(()) };
        if !(settings.factor > 0.0 && settings.factor <= 1e6) {
            let reason = format!("a cold start of factor {}, not above 0 to 1M", settings.factor);
            return Err(BuildError::Setting { part: service.id.clone(), reason });
        }
        self.model.starts.push(StartModel { group, settings });
        Ok(())
    }
}

impl Simulation {
    /// Instances that start with the run.
    pub(super) fn start_instances(&mut self) {
        for index in 0..self.model.starts.len() {
            let StartModel { group, settings } = self.model.starts[index];
            if settings.from_begin {
                self.start_cold(self.model.groups[usize::from(group)].stations(), true);
            }
        }
    }

    /// These stations have just started; with `is_gone` nobody was there while they did.
    pub(super) fn start_cold(&mut self, stations: Range<u16>, is_gone: bool) {
        for station in stations {
            let Some(settings) = self.start_of(station) else { continue };
            if is_gone && settings.down.0 > 0 {
                self.set_warmth(station, Warmth::Down, settings.factor);
                let subject = Turn::Warm.about(u32::from(station));
                self.model.events.schedule(self.now + settings.down, subject);
            } else {
                self.start_slow(station, settings);
            }
        }
    }

    fn start_slow(&mut self, station: u16, settings: ColdStart) {
        let warmth = if settings.slow.0 > 0 { Warmth::Slow } else { Warmth::Warm };
        self.set_warmth(station, warmth, settings.factor);
        if warmth == Warmth::Slow {
            let subject = Turn::Warm.about(u32::from(station));
            self.model.events.schedule(self.now + settings.slow, subject);
        }
    }

    fn start_of(&self, station: u16) -> Option<ColdStart> {
        let is_its = |start: &&StartModel| {
            self.model.groups[usize::from(start.group)].stations().contains(&station)
        };
        self.model.starts.iter().find(is_its).map(|start| start.settings)
    }

    /// An instance has come further, unless it has been started again since.
    pub(super) fn warm_up(&mut self, station: u16) {
        let Some(settings) = self.start_of(station) else { return };
        let line = usize::from(self.model.stations[usize::from(station)].line);
        let line = &mut self.model.lines[line];
        line.pending -= 1;
        if line.pending > 0 {
            return;
        }
        match line.warmth {
            Warmth::Down => self.start_slow(station, settings),
            Warmth::Slow | Warmth::Warm => self.set_warmth(station, Warmth::Warm, settings.factor),
        }
    }

    fn set_warmth(&mut self, station: u16, warmth: Warmth, factor: f64) {
        let line = self.model.stations[usize::from(station)].line;
        if line == NO_LINE {
            return;
        }
        let line = &mut self.model.lines[usize::from(line)];
        if line.warmth == Warmth::Slow {
            line.slow /= factor;
        }
        line.warmth = warmth;
        line.pending += u32::from(warmth != Warmth::Warm);
        if warmth == Warmth::Slow {
            line.slow *= factor;
        }
    }
}
