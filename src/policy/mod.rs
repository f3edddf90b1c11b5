//! Decisions without events: pure state machines, each tested alone.
//!
//! A policy is asked at an instant and answers; what must happen later (a timer, a sweep) is said
//! by the answer, and scheduled by whoever asked.

pub mod setting;

pub mod backoff;

pub mod budget;

pub mod retry;

pub mod breaker;

pub mod hedge;

pub mod bulkhead;

pub mod throttle;

pub mod admission;

pub mod queue;

pub mod balancer;

pub mod arrivals;

pub mod overlap;

pub mod busy;

pub use setting::BadSetting;
