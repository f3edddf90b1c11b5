//! The plans of a document's queries: what the planner expected, and what is true.

use serde::{Deserialize, Serialize};

use super::report::Sentence;
use crate::model::PlannedQuery;
use crate::model::planner::{JoinBy, Plan, SPEEDS, Scan};
use crate::scenario::Unit;
use crate::scenario::quantity::format;

/// An estimate this many times off is worth a sentence.
const OFF_FROM: f64 = 10.0;

/// How a database answers a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueryPlan {
    /// Id of the database.
    pub database: String,
    /// Name of the table.
    pub table: String,
    /// In words, such as `index scan, sorted`.
    pub plan: String,
    /// Rows the planner expects in the answer.
    pub expected_rows: f64,
    /// Rows there are.
    pub true_rows: f64,
    /// Time on a core, with all pages in memory, in milliseconds.
    pub core_ms: f64,
}

/// The plans of the queries, each once.
pub(super) fn plans(planned: &[PlannedQuery]) -> Vec<QueryPlan> {
    let mut plans = Vec::new();
    for PlannedQuery { database, table, chosen, .. } in planned {
        let plan = QueryPlan {
            database: database.clone(),
            table: table.clone(),
            plan: words(chosen.plan),
            expected_rows: chosen.expected_rows,
            true_rows: chosen.work.rows,
            core_ms: chosen.work.core_time(&SPEEDS).as_ms(),
        };
        if !plans.contains(&plan) {
            plans.push(plan);
        }
    }
    plans
}

/// The worst estimate, if it is far off.
pub(super) fn sentence(plans: &[QueryPlan]) -> Option<Sentence> {
    let off = |plan: &QueryPlan| {
        let (expected, found) = (plan.expected_rows.max(1.0), plan.true_rows.max(1.0));
        (expected / found).max(found / expected)
    };
    let worst = plans.iter().max_by(|a, b| off(a).total_cmp(&off(b)))?;
    if off(worst) < OFF_FROM {
        return None;
    }
    let [expected, found] =
        [worst.expected_rows, worst.true_rows].map(|rows| format(rows, Unit::Count));
    let QueryPlan { database, table, plan, .. } = worst;
    let text = format!(
        "For {table} the planner of {database} expects {expected} rows where there are {found}, and chooses: {plan}."
    );
    Some(Sentence { text, part: Some(database.clone()) })
}

fn words(plan: Plan) -> String {
    let mut words = match plan.scan {
        Scan::Sequential => "sequential scan",
        Scan::Index => "index scan",
        Scan::Bitmap => "bitmap scan",
    }
    .to_owned();
    words.push_str(match plan.join {
        None => "",
        Some(JoinBy::IndexLoop) => ", joined row by row through an index",
        Some(JoinBy::TableLoop) => ", joined row by row through the whole table",
        Some(JoinBy::HashOther | JoinBy::HashFirst) => ", hash join",
    });
    if plan.sorts {
        words.push_str(", sorted");
    }
    words
}
