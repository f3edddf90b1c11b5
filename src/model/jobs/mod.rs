//! Work that nobody waits for: queues of jobs, their repetition, and jobs by the clock.

pub mod queue;

pub mod idempotency;

pub mod cron;

pub use cron::Cron;
pub use idempotency::Keys;
pub use queue::JobQueue;
