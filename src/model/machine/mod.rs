//! What a machine gives to everything placed on it: cores, memory, a disk, and the lock that an
//! interpreter puts around its own work.
//!
//! Work of services and databases that run on it shares its cores; a part that does not has cores of
//! its own for all its workers. What requests hold in memory counts from their arrival to their end.

mod alarm;

pub mod sharing;

pub mod groups;

pub mod interpreter_lock;

pub mod memory;

pub mod disk;

pub use disk::Disk;
pub use groups::Groups;
pub use interpreter_lock::InterpreterLock;
pub use memory::Memory;
pub use sharing::{CORE, FULL_SPEED, JobId, Sharing};
