//! Decisions without events: pure state machines, each tested alone.

pub mod backoff;
