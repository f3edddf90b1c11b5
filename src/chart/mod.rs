//! Charts on any `plotters` backend: the page's canvas, and SVG for files and tests.

pub mod axis;

mod clip;

pub mod palette;

mod lines;

pub mod plot;

pub mod describe;

#[cfg(not(target_arch = "wasm32"))]
pub mod svg;
