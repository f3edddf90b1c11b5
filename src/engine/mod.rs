//! Time, chance and order: everything a simulation needs that knows nothing of requests.

pub mod time;

pub mod math;

pub mod random;

pub mod distribution;

pub mod events;

pub mod arena;

pub mod ring;

pub mod histogram;

pub mod batches;

pub mod windows;

pub mod warmup;

pub mod interval;

pub use distribution::Distribution;
pub use random::Stream;
pub use time::{SimDuration, SimTime};
