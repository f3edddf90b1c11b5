//! Kneepoint.
pub mod engine;
pub mod policy;
pub mod model;
