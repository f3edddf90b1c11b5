//! What a system is made of, and the interpreter that runs requests through it.

pub mod system;

pub mod lines;

pub mod sparse;

pub mod guard;

pub mod machine;

pub mod cache;

pub mod database;

pub mod planner;

pub mod jobs;

pub mod third_party;

mod build;

mod compile;

mod nesting;

mod program;

mod built;

mod senders;

mod station;

mod task;

mod record;

mod stories;

mod trace;

mod recorder;

mod scopes;

mod spans;

mod simulation;

mod waiting;

mod endings;

mod calls;

mod faults;

mod entrance;

mod discipline;

mod rare;

mod doors;

mod gauges;

mod balance;

mod booking;

mod turning;

mod asking;

mod crons;

mod caching;

mod caching_build;

mod holdings;

mod placing;

mod placing_build;

mod placing_memory;

mod querying;

mod querying_build;

mod starting;

mod partition;

mod pooling;

mod pooling_build;

mod measure;

mod changing;

mod registers;

mod query_steps;

mod once;

mod replicating;

mod working;

mod filing;

mod filing_build;

mod updating;

mod updating_build;

pub mod reference;

pub use asking::ThirdPartyMeasure;
pub use build::BuildError;
pub use built::PartKind;
pub use caching::CacheMeasure;
pub use crons::CronMeasure;
pub use filing::FileMeasure;
pub use measure::{ClientsMeasure, PartMeasure, Period};
pub use partition::NetworkMeasure;
pub use placing::MachineMeasure;
pub use pooling::PoolMeasure;
pub use program::{Account, Spent};
pub use querying_build::PlannedQuery;
pub use record::{Outcome, Totals};
pub use replicating::ReplicaMeasure;
pub use simulation::{Limit, Progress, Simulation};
pub use spans::{Label, Span, SpanKind, Spans};
pub use stories::Story;
pub use trace::{Breakdown, Exemplars};
pub use updating::TableMeasure;
pub use working::JobsMeasure;
