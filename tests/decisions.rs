//! What a decision asks of memory: nothing, after the policy was made.

mod tour;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

/// One test, because the counters are those of the whole process.
#[test]
fn no_decision_allocates() {
    for (name, mut decide) in tour::tour() {
        let region = Region::new(GLOBAL);
        let sum = (0..20_000).fold(0_u64, |sum, k| sum.wrapping_add(decide(k)));
        let change = region.change();
        // The harness has a thread of its own that may allocate meanwhile; a policy that does would
        // do so thousands of times.
        let allocations = change.allocations + change.reallocations;
        assert!(allocations <= 40, "{name}: {allocations} allocations in 20,000 decisions");
        assert!(sum > 0, "{name} always decides the same");
    }
}
