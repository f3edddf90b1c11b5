//! What a run means: reports, curves, ceilings, explanations, comparisons; statistics over them.

pub mod report;

mod report_curve;

mod report_data;

pub mod run;

pub mod measured;

mod run_data;

mod measures;

mod phases;

mod recovery;

mod sentences;

pub mod curve;

pub mod hysteresis;

pub mod ceiling;

pub mod laws;

pub mod theory;

pub mod explain;

mod bounds;

pub mod plans;

pub mod trace;

pub mod waterfall;

pub mod trace_file;

pub mod compare;

pub mod claims;

pub mod timeline;
