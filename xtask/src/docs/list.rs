//! The pages: which comments and which settings stand on each.

/// A page of `docs/parts`.
#[derive(Debug)]
pub struct Page {
    /// Name of the file, without its end.
    pub name: &'static str,
    /// Heading, and how other pages call it.
    pub title: &'static str,
    /// Where its first words come from.
    pub prose: &'static str,
    /// Further headings, and where the words below them come from.
    pub sections: &'static [(&'static str, &'static str)],
    /// Places of the schema, each a table; only some of the fields if any are named.
    pub tables: &'static [(&'static str, &'static [&'static str])],
    /// Places of the schema that it is about, without a table of their own.
    pub about: &'static [&'static str],
}

/// Pages by group, in the order of the index.
pub const GROUPS: &[(&str, &[Page])] = &[
    ("Parts", PARTS),
    ("Data of a database", DATA),
    ("What a caller does", CALLS),
    ("What a service lets in, and who is next", DOORS),
    ("Inside, and beside", REST),
];

const PARTS: &[Page] = &[
    Page {
        name: "clients",
        title: "Clients",
        prose: "src/model/system/callers.rs#Clients",
        sections: &[
            ("Clocks of their own", "src/policy/arrivals/mod.rs"),
            ("Busy and quiet times, and steps", "src/policy/arrivals/phases.rs"),
            ("Waves", "src/policy/arrivals/wave.rs"),
        ],
        tables: &[("clients", &[]), ("arrivals", &[]), ("batch", &[])],
        about: &[],
    },
    Page {
        name: "clocks",
        title: "Polls and crons",
        prose: "src/policy/arrivals/poll.rs",
        sections: &[("Crons", "src/policy/overlap.rs")],
        tables: &[("arrivals.poll", &[]), ("arrivals.cron", &[])],
        about: &[],
    },
    Page {
        name: "service",
        title: "Service",
        prose: "src/model/system/stations.rs#Service",
        sections: &[("Cold starts", "src/model/system/stations.rs#ColdStart")],
        tables: &[("service", &[])],
        about: &[],
    },
    Page {
        name: "balancer",
        title: "Balancer",
        prose: "src/policy/balancer/mod.rs",
        sections: &[
            ("Keys", "src/policy/balancer/by_key.rs"),
            ("Health checks", "src/policy/balancer/health.rs"),
            ("Ejection", "src/policy/balancer/ejection.rs"),
            ("Slow start", "src/policy/balancer/slow_start.rs"),
        ],
        tables: &[("balancer", &[])],
        about: &[],
    },
    Page {
        name: "pool",
        title: "Pool",
        prose: "src/model/system/stations.rs#Pool",
        sections: &[],
        tables: &[("pool", &[])],
        about: &[],
    },
    Page {
        name: "lock",
        title: "Lock",
        prose: "src/model/system/stations.rs#Lock",
        sections: &[],
        tables: &[("lock", &[]), ("step.lock", &[])],
        about: &[],
    },
    Page {
        name: "database",
        title: "Database",
        prose: "src/model/system/data.rs#Database",
        sections: &[
            ("Many connections", "src/model/database/connections.rs"),
            ("Pages in memory", "src/model/planner/memory.rs"),
            ("Disk", "src/model/machine/disk.rs"),
        ],
        tables: &[("database", &[])],
        about: &[],
    },
    Page {
        name: "cache",
        title: "Cache",
        prose: "src/model/cache/mod.rs",
        sections: &[
            ("Versions", "src/model/cache/versions.rs"),
            ("Settings", "src/model/cache/settings.rs"),
        ],
        tables: &[("cache", &[]), ("step.cached", &[]), ("step.write", &[])],
        about: &[],
    },
    Page {
        name: "jobs",
        title: "Jobs",
        prose: "src/model/jobs/queue.rs",
        sections: &[
            ("Handlers", "src/model/working.rs"),
            ("Records, and what is done once", "src/model/jobs/idempotency.rs"),
        ],
        tables: &[("jobs", &[]), ("step.enqueue", &[]), ("step.record", &[]), ("step.once", &[])],
        about: &[],
    },
    Page {
        name: "third-party",
        title: "Third party",
        prose: "src/model/third_party.rs",
        sections: &[],
        tables: &[("third_party", &[]), ("step.ask", &[])],
        about: &[],
    },
    Page {
        name: "machine",
        title: "Machine",
        prose: "src/model/machine/mod.rs",
        sections: &[
            ("Cores", "src/model/machine/sharing.rs"),
            ("Weights and limits", "src/model/machine/groups.rs"),
            ("Interpreter lock", "src/model/machine/interpreter_lock.rs"),
            ("Memory", "src/model/machine/memory.rs"),
        ],
        tables: &[("machine", &[]), ("runtime", &[])],
        about: &[],
    },
];

const DATA: &[Page] = &[
    Page {
        name: "planner",
        title: "Planner",
        prose: "src/model/planner/mod.rs",
        sections: &[("The work of a plan", "src/model/planner/work.rs")],
        tables: &[("step.query", &[]), ("database.tables", &[])],
        about: &[],
    },
    Page {
        name: "updates",
        title: "Updates",
        prose: "src/model/database/updates.rs",
        sections: &[("Locks of rows", "src/model/database/row_locks.rs")],
        tables: &[("step.update", &[])],
        about: &[],
    },
    Page {
        name: "replica",
        title: "Replica",
        prose: "src/model/database/replica.rs",
        sections: &[],
        tables: &[("database.replica", &[]), ("step.read", &[])],
        about: &[],
    },
    Page {
        name: "sqlite",
        title: "SQLite",
        prose: "src/model/database/sqlite.rs",
        sections: &[("Waiting", "src/policy/busy.rs")],
        tables: &[("database.sqlite", &[]), ("step.transaction", &[])],
        about: &[],
    },
];

const CALLS: &[Page] = &[
    Page {
        name: "call",
        title: "Call",
        prose: "src/model/system/callers.rs#Call",
        sections: &[
            ("The order of things", "src/model/guard/mod.rs"),
            ("Network", "src/model/guard/mod.rs#Network"),
        ],
        tables: &[("call", &[])],
        about: &[],
    },
    Page {
        name: "retries",
        title: "Retries",
        prose: "src/policy/retry.rs",
        sections: &[("Back-off", "src/policy/backoff.rs"), ("Budgets", "src/policy/budget.rs")],
        tables: &[
            ("call", &["retries", "retries_for_ever", "retry_on", "retry_after"]),
            ("backoff", &[]),
            ("budget", &[]),
        ],
        about: &[],
    },
    Page {
        name: "throttle",
        title: "Throttle",
        prose: "src/policy/throttle.rs",
        sections: &[],
        tables: &[("call.throttle", &[])],
        about: &[],
    },
    Page {
        name: "breaker",
        title: "Breaker",
        prose: "src/policy/breaker.rs",
        sections: &[],
        tables: &[("breaker", &[])],
        about: &[],
    },
    Page {
        name: "bulkhead",
        title: "Bulkhead",
        prose: "src/policy/bulkhead.rs",
        sections: &[],
        tables: &[("call.bulkhead", &[])],
        about: &[],
    },
    Page {
        name: "hedge",
        title: "Hedge",
        prose: "src/policy/hedge.rs",
        sections: &[],
        tables: &[("hedge", &[])],
        about: &[],
    },
    Page {
        name: "fallback",
        title: "Fallback",
        prose: "src/model/guard/mod.rs#fallback",
        sections: &[],
        tables: &[("call", &["fallback"])],
        about: &["call.fallback"],
    },
];

const DOORS: &[Page] = &[
    Page {
        name: "admission",
        title: "Admission",
        prose: "src/policy/admission/mod.rs",
        sections: &[
            ("Token bucket", "src/policy/admission/token_bucket.rs"),
            ("Leaky bucket", "src/policy/admission/leaky_bucket.rs"),
            ("Fixed window", "src/policy/admission/fixed_window.rs"),
            ("Sliding log", "src/policy/admission/sliding_log.rs"),
            ("Sliding counter", "src/policy/admission/sliding_counter.rs"),
            ("Whose requests", "src/policy/admission/keyed.rs"),
            ("Concurrency", "src/policy/admission/concurrency.rs"),
            ("Adaptive limits", "src/policy/admission/adaptive.rs"),
            ("Gradient", "src/policy/admission/gradient.rs"),
            ("Vegas", "src/policy/admission/vegas.rs"),
            ("Deadline", "src/policy/admission/deadline.rs"),
            ("Priority", "src/policy/admission/priority.rs"),
        ],
        tables: &[("limit", &[])],
        about: &["admission"],
    },
    Page {
        name: "queue",
        title: "Queue",
        prose: "src/policy/queue/mod.rs",
        sections: &[
            ("CoDel", "src/policy/queue/codel.rs"),
            ("Controlled delay", "src/policy/queue/controlled_delay.rs"),
        ],
        tables: &[("queue", &[])],
        about: &[],
    },
];

const REST: &[Page] = &[
    Page {
        name: "steps",
        title: "Steps",
        prose: "src/model/system/mod.rs#Step",
        sections: &[],
        tables: &[("step", &[])],
        about: &["steps"],
    },
    Page {
        name: "faults",
        title: "Faults",
        prose: "src/model/system/mod.rs#Fault",
        sections: &[("How they are done", "src/model/faults.rs")],
        tables: &[("fault", &[])],
        about: &[],
    },
    Page {
        name: "amounts",
        title: "Amounts",
        prose: "src/scenario/quantity.rs",
        sections: &[("Times that are drawn", "src/engine/distribution.rs")],
        tables: &[("duration", &[]), ("knob_amount", &[])],
        about: &["time", "count", "rate", "share"],
    },
];
