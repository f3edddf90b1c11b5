//! The scenarios that ship, one line each.

use std::sync::{Arc, OnceLock};

use super::document::Scenario;

/// The entry of a scenario, as the build script leaves it for the target.
macro_rules! entry {
    ($id:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $id, ".rs"))
    };
}

/// Groups of scenarios in the order of the menu: the word in documents, and what it stands for.
pub const GROUPS: [(&str, &str); 6] = [
    ("data", "Data that grows"),
    ("users", "Users and concurrency"),
    ("caches", "Caches: promises about time"),
    ("failure", "Failure that feeds itself"),
    ("limits", "No limits"),
    ("time", "Time, teams, trade-offs"),
];

/// A scenario that ships: what menus show of it, and the rest when it is asked for.
#[derive(Debug)]
pub struct Entry {
    /// Names it in links.
    pub id: &'static str,
    /// A word of [`GROUPS`].
    pub group: &'static str,
    /// The driving question.
    pub title: &'static str,
    /// What it is about.
    pub summary: &'static str,
    document: &'static str,
    scenario: OnceLock<Arc<Scenario>>,
}

impl Entry {
    fn new([id, group, title, summary]: [&'static str; 4], document: &'static str) -> Self {
        Self { id, group, title, summary, document, scenario: OnceLock::new() }
    }

    /// The whole scenario, read when it is first wanted.
    pub fn scenario(&self) -> &Arc<Scenario> {
        let read = || Scenario::read(self.document, false).expect("a scenario that ships is valid");
        self.scenario.get_or_init(|| Arc::new(read()))
    }
}

/// What menus show of all scenarios that ship, in their order.
pub fn entries() -> &'static [Entry] {
    static ALL: OnceLock<Vec<Entry>> = OnceLock::new();
    ALL.get_or_init(listed)
}

/// One line a scenario.
fn listed() -> Vec<Entry> {
    vec![
        // Data that grows.
        entry!("n-plus-one"),
        entry!("n-plus-one-cold"),
        entry!("missing-index"),
        entry!("planner-flip"),
        entry!("unbounded-results"),
        entry!("table-growth"),
        // Users and concurrency.
        entry!("hot-key"),
        entry!("pool-exhaustion"),
        entry!("queue-knee"),
        entry!("mvp-at-1000-users"),
        entry!("gil-workers"),
        entry!("memory-limit"),
        entry!("lost-update"),
        entry!("sqlite-production"),
        entry!("single-vm"),
        // Caches: promises about time.
        entry!("cache-staleness"),
        entry!("cache-stampede"),
        entry!("cache-loss"),
        // Failure that feeds itself.
        entry!("balancer-sinkhole"),
        entry!("cascade"),
        entry!("goodput-collapse"),
        entry!("jitter"),
        entry!("layered-retries"),
        entry!("retry-storm"),
        entry!("tail-at-scale"),
        // No limits.
        entry!("backlog"),
        entry!("cron-pileup"),
        entry!("login-brute-force"),
        entry!("noisy-client"),
        entry!("rate-limiters"),
        entry!("third-party-quota"),
        entry!("webhook-duplicates"),
    ]
}

/// All scenarios that ship, in the order of the menu: reads every document.
pub fn all() -> &'static [Arc<Scenario>] {
    static ALL: OnceLock<Vec<Arc<Scenario>>> = OnceLock::new();
    ALL.get_or_init(|| entries().iter().map(|entry| Arc::clone(entry.scenario())).collect())
}

/// The scenario that opens first.
pub fn first() -> Arc<Scenario> {
    Arc::clone(entries()[0].scenario())
}

/// The scenario of this id.
pub fn find(id: &str) -> Option<Arc<Scenario>> {
    entries().iter().find(|entry| entry.id == id).map(|entry| Arc::clone(entry.scenario()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_is_without_a_mistake_and_as_its_entry_says() {
        for entry in entries() {
            let scenario = Scenario::parse(entry.document).unwrap();
            let Scenario { id, group, title, summary, .. } = &scenario;
            assert_eq!(
                [entry.id, entry.group, entry.title, entry.summary],
                [id, group, title, summary]
            );
            assert_eq!(**entry.scenario(), scenario);
        }
    }

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
