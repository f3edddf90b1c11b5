//! What a run means: reports, curves, ceilings, explanations, comparisons; statistics over them.

pub mod report;
