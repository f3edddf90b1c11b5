//! Scenarios: documents that name parts, knobs, fixes and claims, and compile to a system.

pub mod face;

pub use face::{
    Bound, Claim, ClaimState, Fix, Knob, Measure, Objective, RunLength, Scale, Settings, Source, Theory,
    Unit,
};
