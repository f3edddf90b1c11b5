//! Charts on any `plotters` backend: the page's canvas, and SVG for files and tests.
//!
//! A curve over a knob makes charts, one under the other on the same x axis: latency
//! ([`plot::latency`]) and a small one for each of some measures ([`plot::small`]). All take a
//! [`plot::Spec`] and give the [`plot::Layout`] that a page needs to follow a pointer. What `plotters` leaves open is settled
//! here, once:
//!
//! - lines are clipped to the plot before `plotters` sees them, for it would bend them (`clip`);
//! - text is measured by what the backend's owner gives, never through a document ([`backend`]);
//! - coordinates have fractions of a device pixel: lines are smooth and rules are sharp;
//! - ticks are round numbers with units that do not touch ([`ticks`]), and words neither overlap
//!   nor hide a line where there is room (`labels`).

pub mod plot;

mod latency;

pub mod measure;

mod small;

mod walk;

mod lost;

pub mod paper;

mod stage;

pub mod time;

#[cfg(not(target_arch = "wasm32"))]
mod card;

pub mod axis;

pub mod ticks;

mod labels;

mod clip;

mod sheet;

pub mod palette;

pub mod backend;

#[cfg(target_arch = "wasm32")]
pub mod canvas;

pub mod describe;

#[cfg(not(target_arch = "wasm32"))]
pub mod text;

#[cfg(not(target_arch = "wasm32"))]
pub mod svg;
