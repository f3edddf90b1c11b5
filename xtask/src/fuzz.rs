//! Reads changed links and documents, and runs random scenarios, for a given time.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::run::{command, number_after, succeed};

const SECS: u64 = 600;

/// Goes on until the time is over or an input is found that breaks the rules of `tests/fuzz.rs` or
/// `tests/properties`.
pub fn fuzz(args: &[String]) -> Result<(), String> {
    let secs = number_after(args, "--secs")?.unwrap_or(SECS);
    let seed = match number_after(args, "--seed")? {
        Some(seed) => seed,
        None => other_each_time(),
    };
    // Half of the time each.
    let half = secs.div_ceil(2).to_string();
    for (test, what) in [
        ("fuzz", "reading changed links and documents"),
        ("properties", "running random scenarios"),
    ] {
        println!("{what} for {half} s, from seed {seed}");
        let mut test = command("cargo", &["test", "--quiet", "--test", test, "--", "--nocapture"]);
        succeed(
            test.env("KNEEPOINT_FUZZ_SECS", &half).env("KNEEPOINT_FUZZ_SEED", seed.to_string()),
        )?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "each call shall try something else")]
fn other_each_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs())
}
