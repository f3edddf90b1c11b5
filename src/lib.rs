//! Kneepoint: a playground for the ways systems fail when they grow.
//!
//! One simulator, three faces: a page (Yew on wasm32), a command line (native) and this library.
//! Layers are modules, and each uses only those before it:
//!
//! ```text
//! engine <- policy <- model <- scenario <- analysis <- chart <- session <- { ui, cli }
//! ```

pub mod engine;

pub mod policy;

pub mod model;

pub mod scenario;

pub mod analysis;

pub mod chart;

pub mod session;

#[cfg(not(target_arch = "wasm32"))]
pub mod cli;

#[cfg(target_arch = "wasm32")]
pub mod ui;
