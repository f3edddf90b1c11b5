//! Links and documents of strangers: whatever they hold, reading them ends soon, takes little memory
//! and never panics.
//!
//! Known links and documents are changed by chance, most of the time in ways that keep their form;
//! those that are still readable are changed further. `cargo xtask fuzz` goes on for a given time,
//! a plain test for a given number of inputs.

mod fuzz {
    pub(super) mod check;
    pub(super) mod mutate;
}

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fuzz::check::{self, Cost};
use fuzz::mutate::Source;
use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

/// Inputs of a plain test.
const SMOKE_INPUTS: u64 = 4_000;
/// An input that takes longer than this by the clock hangs.
const HANG: Duration = Duration::from_mins(1);

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// One test, because the memory that is counted is that of the whole process.
#[test]
fn no_input_panics_hangs_or_fills_the_memory() {
    let seed = setting("KNEEPOINT_FUZZ_SEED").unwrap_or(1);
    let time = setting("KNEEPOINT_FUZZ_SECS").map(Duration::from_secs);
    check::hostile_documents_end_soon(GLOBAL);

    let mut chance = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut source = Source::new();
    let watched = watch();
    // The documents of the catalogue are read once, not by whoever comes first.
    assert!(!kneepoint::scenario::catalogue::all().is_empty());
    let mut worst = [Cost::default(); 2];
    let mut readable = [0_u64; 2];
    let begin = check::now();
    let mut inputs = 0;
    while time.map_or(inputs < SMOKE_INPUTS, |time| begin.elapsed() < time) {
        let is_link = chance.random_bool(0.5);
        let text = if is_link { source.link(&mut chance) } else { source.document(&mut chance) };
        *watched.lock().expect("the watch is alive") = Some((check::now(), text.clone()));
        let (cost, was_read) = if is_link {
            check::link(&text, GLOBAL)
        } else {
            check::document(&text, GLOBAL, inputs)
        };
        worst[usize::from(is_link)] = worst[usize::from(is_link)].most(cost);
        if was_read {
            readable[usize::from(is_link)] += 1;
            source.keep(is_link, text, &mut chance);
        }
        inputs += 1;
    }
    *watched.lock().expect("the watch is alive") = None;
    let seconds = begin.elapsed().as_secs();
    println!("{inputs} inputs from seed {seed} in {seconds} s");
    println!("documents: {} readable, at most {}", readable[0], worst[0]);
    println!("links: {} readable, at most {}", readable[1], worst[1]);
    // Changes that nothing survives would test only the first line of the readers.
    assert!(readable.iter().all(|count| count * 40 > inputs), "{readable:?} of {inputs}");
}

/// Ends the process, with the input, when one takes for ever.
#[expect(clippy::print_stderr, reason = "the input is all there is to find the fault by")]
fn watch() -> Arc<Mutex<Option<(std::time::Instant, String)>>> {
    let watched = Arc::new(Mutex::new(None::<(std::time::Instant, String)>));
    let shared = Arc::clone(&watched);
    #[expect(clippy::disallowed_methods, reason = "a hanging thread cannot watch itself")]
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let Ok(input) = shared.lock() else { return };
            if let Some((begin, text)) = &*input
                && begin.elapsed() > HANG
            {
                eprintln!("hangs: {text}");
                std::process::abort();
            }
        }
    });
    watched
}
