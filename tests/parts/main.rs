//! Single parts of the model against reference values: each in a small simulation of its own, so
//! that a difference points at one part.

mod cache_races;
mod caches;
#[path = "../reference/collection.rs"]
mod collection;
mod jobs;
mod locks;
mod machines;
mod reference;
#[path = "../reference/shared.rs"]
mod shared;
