//! Scenarios: documents that name parts, knobs, fixes and claims, and compile to a system.

mod face;

pub mod document;

mod migrate;

mod reader;

mod form;

mod claims;

mod caller;

mod senders;

mod parts;

mod queues;

mod balancers;

mod admission;

mod length;

mod faults;

pub mod by_hand;

mod caches;

mod databases;

mod machines;

mod third_parties;

mod updates;

mod jobs;

pub mod quantity;

pub mod catalogue;

pub mod link;

pub use document::Scenario;
pub use face::{
    Bound, Claim, ClaimState, Fix, Knob, Measure, Objective, Price, Scale, Settings, Source,
    Theory, Unit,
};
pub use length::{Phase, RunEnd, RunLength};
pub use migrate::{FORMAT_VERSION, LINK_VERSION};
pub use reader::{Mistake, Mistakes};

/// The JSON Schema of documents, draft 2020-12.
pub const SCHEMA: &str = include_str!("../../assets/scenario.schema.json");

/// The version of the model: rises when the same link gives other numbers than before.
pub const MODEL_VERSION: u32 = 1;
