//! Compiles queries: a connection, the network, a core.

use crate::engine::Distribution;

use super::build::{BuildError, Builder, unknown};
use super::program::{Op, Spent};
use super::system::{Part, Select};

/// The work of a query.
#[derive(Clone, Copy)]
pub(super) enum Work<'a> {
    /// As the document says.
    Given(&'a Distribution),
    /// The same, and something is written.
    Changes(&'a Distribution),
    /// As the planner finds out.
    Planned(&'a Select),
}

impl Builder<'_> {
    pub(super) fn query(
        &mut self,
        via: &str,
        work: Work<'_>,
        register: usize,
    ) -> Result<(), BuildError> {
        let pool = self.system.parts.iter().find_map(|part| match part {
            Part::Pool(pool) if pool.id == via => Some(pool),
            _ => None,
        });
        let id = pool.map_or(via, |pool| &pool.database);
        let database = self.system.parts.iter().find_map(|part| match part {
            Part::Database(found) if found.id == id => Some(found),
            _ => None,
        });
        let database = database.ok_or_else(|| unknown("pool or database", id))?;
        let borrowed = pool.is_some() && !self.open.pools.iter().any(|open| open == via);
        let inside = if borrowed { self.acquire(via, register)? } else { register };
        let wire = self.wire_to(id);
        self.cross(wire, false);
        self.hold(id, &database.round_trip, Spent::Network, "network");
        let writes = matches!(work, Work::Changes(_));
        let (access, inside) = self.begin_query(id, writes, inside)?;
        let work = match work {
            Work::Given(work) | Work::Changes(work) => work.clone(),
            Work::Planned(select) => self.planned(database, select)?,
        };
        self.acquire(id, inside)?;
        self.work(id, &work, Spent::Query, "query", inside + 1)?;
        if let (Some(crowd), Some(Op::Hold { sampler })) =
            (self.crowd(database)?, self.model.program.last().copied())
        {
            let last = self.model.program.len() - 1;
            self.model.program[last] = Op::HoldBeside { sampler, crowd };
        }
        self.release(inside);
        self.end_query(access);
        self.cross(wire, false);
        if borrowed {
            self.release(register);
        }
        Ok(())
    }
}
