//! Kneepoint.
pub mod engine;
pub mod policy;
pub mod model;
pub mod scenario;
pub mod analysis;
