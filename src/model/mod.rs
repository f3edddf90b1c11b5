//! What a system is made of, and the interpreter that runs requests through it.

pub mod system;
