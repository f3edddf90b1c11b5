//! Reads changed links and documents for a given time.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::run::{command, number_after, succeed};

const SECS: u64 = 600;

/// Goes on until the time is over or an input is found that breaks the rules of `tests/fuzz.rs`.
pub fn fuzz(args: &[String]) -> Result<(), String> {
    let secs = number_after(args, "--secs")?.unwrap_or(SECS);
    let seed = match number_after(args, "--seed")? {
        Some(seed) => seed,
        None => other_each_time(),
    };
    println!("reading changed links and documents for {secs} s, from seed {seed}");
    let mut test = command("cargo", &["test", "--quiet", "--test", "fuzz", "--", "--nocapture"]);
    test.env("KNEEPOINT_FUZZ_SECS", secs.to_string()).env("KNEEPOINT_FUZZ_SEED", seed.to_string());
    succeed(&mut test)
}

#[expect(clippy::disallowed_methods, reason = "each call shall try something else")]
fn other_each_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs())
}
