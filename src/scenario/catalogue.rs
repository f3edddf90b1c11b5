//! The scenarios that ship, one line each.

use std::sync::{Arc, OnceLock};

use super::document::Scenario;

/// The text of a document, as the build script leaves it for the target.
macro_rules! document {
    ($name:literal) => {
        include_str!(concat!(env!("OUT_DIR"), "/", $name))
    };
}

const DOCUMENTS: &[&str] = &[
    // Data that grows.
    document!("n-plus-one.json"),
    document!("n-plus-one-cold.json"),
    document!("missing-index.json"),
    document!("planner-flip.json"),
    document!("unbounded-results.json"),
    document!("table-growth.json"),
    // Users and concurrency.
    document!("hot-key.json"),
    document!("pool-exhaustion.json"),
    document!("queue-knee.json"),
    document!("mvp-at-1000-users.json"),
    document!("gil-workers.json"),
    document!("memory-limit.json"),
    document!("lost-update.json"),
    document!("sqlite-production.json"),
    document!("single-vm.json"),
    // Caches: promises about time.
    document!("cache-staleness.json"),
    document!("cache-stampede.json"),
    document!("cache-loss.json"),
    // Failure that feeds itself.
    document!("balancer-sinkhole.json"),
    document!("cascade.json"),
    document!("goodput-collapse.json"),
    document!("jitter.json"),
    document!("layered-retries.json"),
    document!("retry-storm.json"),
    document!("tail-at-scale.json"),
    // No limits.
    document!("backlog.json"),
    document!("cron-pileup.json"),
    document!("login-brute-force.json"),
    document!("noisy-client.json"),
    document!("rate-limiters.json"),
    document!("third-party-quota.json"),
    document!("webhook-duplicates.json"),
];

/// Groups of scenarios in the order of the menu: the word in documents, and what it stands for.
pub const GROUPS: [(&str, &str); 6] = [
    ("data", "Data that grows"),
    ("users", "Users and concurrency"),
    ("caches", "Caches: promises about time"),
    ("failure", "Failure that feeds itself"),
    ("limits", "No limits"),
    ("time", "Time, teams, trade-offs"),
];

/// All scenarios that ship, in the order of the menu.
pub fn all() -> &'static [Arc<Scenario>] {
    static ALL: OnceLock<Vec<Arc<Scenario>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let parse = |text: &&str| Scenario::parse(text).expect("a scenario that ships is valid");
        DOCUMENTS.iter().map(parse).map(Arc::new).collect()
    })
}

/// The scenario that opens first.
pub fn first() -> Arc<Scenario> {
    Arc::clone(&all()[0])
}

/// The scenario of this id.
pub fn find(id: &str) -> Option<Arc<Scenario>> {
    all().iter().find(|scenario| scenario.id == id).map(Arc::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_summaries_short() {
        for (index, scenario) in all().iter().enumerate() {
            assert!(all()[..index].iter().all(|other| other.id != scenario.id));
            assert!(scenario.summary.split_whitespace().count() <= 60, "{}", scenario.id);
            assert!(scenario.title.ends_with('?'), "{}", scenario.id);
            assert!(GROUPS.iter().any(|(group, _)| *group == scenario.group), "{}", scenario.id);
            assert_eq!(scenario.knobs[0].id, "users", "{}", scenario.id);
        }
    }
}
