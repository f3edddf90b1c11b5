//! Who sends requests, and how one part calls another.

use crate::engine::{Distribution, SimDuration};
use crate::policy::arrivals;
use crate::policy::arrivals::batch::Batch;
use crate::policy::arrivals::poll::Poll;
use crate::policy::backoff::Backoff;
use crate::policy::overlap::Overlap;

use super::{Part, System};

/// Clients: who sends requests, when, and what each of them calls.
///
/// *Open* clients send requests whether or not earlier ones were answered, by default as a Poisson
/// process. *Closed* clients are users who think, send one request, wait for its outcome, and think
/// again: when answers are slow they send less. Others keep time: at equal gaps, by a clock, in busy
/// and quiet times, at rates that change at given times or rise and fall; and several at once where
/// they come in batches.
///
/// What a request calls is the same for all, or drawn by weight from a mix. Requests of clients in the
/// *background* are load and no outcomes: what becomes of them is in no figure but their own.
///
/// Left out: sessions of several requests in an order, and users who leave for good because they are
/// served badly.
/// Source: Schroeder, Wierman and Harchol-Balter, "Open Versus Closed: A Cautionary Tale" (2006).
#[derive(Debug, Clone, PartialEq)]
pub struct Clients {
    /// Unique in the system.
    pub id: String,
    /// When requests are sent.
    pub arrivals: Arrivals,
    /// What each request is, unless it is one of the others.
    pub call: Call,
    /// What some requests are instead.
    pub others: Vec<Action>,
    /// Class of their requests in queues by priority, 0 the highest; endpoints may have their own.
    pub priority: u8,
    /// Users that requests of clients who do not wait come from, each as likely; 0 is 1. Those of the
    /// others are known.
    pub users_count: u32,
    /// Their requests are load, and no outcomes: they are not in latency, goodput and errors.
    pub is_background: bool,
}

impl Clients {
    /// Clients whose requests are all this call, of the highest class.
    pub fn new(id: &str, arrivals: Arrivals, call: Call) -> Self {
        let (id, others, priority, users_count) = (id.to_owned(), Vec::new(), 0, 1);
        Self { id, arrivals, call, others, priority, users_count, is_background: false }
    }
}

/// What a share of requests is.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Share of all requests, 0..=1; those of all actions together are at most 1.
    pub share: f64,
    /// What they are.
    pub call: Call,
}

/// When clients send requests.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrivals {
    /// Requests come whether or not earlier ones were answered; the gap between two, in seconds.
    Open {
        /// Exponential for Poisson arrivals.
        gap: Distribution,
    },
    /// Requests come at instants of a clock of its own.
    Timed {
        /// The clock.
        source: arrivals::Settings,
        /// How many come at each instant.
        batch: Batch,
        /// What becomes of one while earlier ones are under way; `None` for clients that are no job.
        overlap: Option<Overlap>,
    },
    /// Each user asks, waits for the outcome and then for an interval, and asks again.
    Poll {
        /// How many users.
        users_count: u32,
        /// The interval.
        poll: Poll,
    },
    /// Each user thinks, sends one request, waits for its outcome, and thinks again.
    Closed {
        /// How many users.
        users_count: u32,
        /// Time between an outcome and the next request, in seconds.
        think: Distribution,
    },
}

impl System {
    /// Requests a second of all clients that are not in the background, while no fault changes them;
    /// `None` if any of them waits for answers or goes by a clock.
    pub fn open_rate_per_s(&self) -> Option<f64> {
        let clients = self.parts.iter().filter_map(|part| match part {
            Part::Clients(clients) if !clients.is_background => Some(&clients.arrivals),
            _ => None,
        });
        let rate = |arrivals: &Arrivals| match arrivals {
            Arrivals::Open { gap } => Some(1.0 / gap.mean()),
            _ => None,
        };
        clients.map(rate).sum()
    }
}

/// A call to an endpoint of a service, and what the caller does when it goes wrong.
///
/// The caller waits at most for the timeout of an attempt, and at most as long as its patience for all
/// attempts together. An attempt that timed out is cancelled at the callee, with all it has called and
/// its branches, or goes on working for nobody. A request is *in time* if its last attempt is answered
/// before the caller gives up.
///
/// Left out: connections between services, which cost nothing and are never short, and deadlines that
/// a callee is told; queues and limits that shed by deadline know it all the same.
/// Source: Brooker, "Timeouts, retries, and backoff with jitter" (AWS Builders' Library, 2019).
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Id of the service.
    pub service: String,
    /// Name of one of its endpoints.
    pub endpoint: String,
    /// How long the caller waits for one attempt; `None` waits for ever.
    pub timeout: Option<SimDuration>,
    /// Whether a timed-out attempt is cancelled at the callee; if not, the callee works on.
    pub cancels: bool,
    /// Attempts after the first.
    pub retries_count: u32,
    /// The wait before each retry.
    pub backoff: Backoff,
    /// What else the caller does about failures and slowness; nothing by default.
    pub guard: Box<crate::model::guard::Settings>,
}

impl Call {
    /// A call whose caller waits for ever, and does nothing about failures.
    pub fn new(service: &str, endpoint: &str) -> Self {
        Self {
            service: service.to_owned(),
            endpoint: endpoint.to_owned(),
            timeout: None,
            cancels: false,
            retries_count: 0,
            backoff: Backoff::None,
            guard: Box::default(),
        }
    }
}
