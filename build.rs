//! Gathers the scenarios that ship: as they stand natively, and for the page without what it never
//! shows, as every byte of them is downloaded by every visitor.

use std::path::Path;
use std::{env, fs};

use serde_json::Value;

const SCENARIOS: &str = "assets/scenarios";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={SCENARIOS}");
    println!("cargo::rerun-if-changed=build.rs");
    let is_page = env::var("CARGO_CFG_TARGET_ARCH")? == "wasm32";
    let out = env::var("OUT_DIR")?;
    for entry in fs::read_dir(SCENARIOS)? {
        let entry = entry?;
        let mut text = fs::read_to_string(entry.path())?;
        if is_page {
            let mut document: Value = serde_json::from_str(&text)?;
            if let Some(fields) = document.as_object_mut() {
                // Proven natively; nothing on the page reads them.
                fields.remove("claims");
            }
            text = document.to_string();
        }
        fs::write(Path::new(&out).join(entry.file_name()), text)?;
    }
    Ok(())
}
