//! Gathers the scenarios that ship: as they stand natively, and for the page without what it never
//! shows, as every byte of them is downloaded by every visitor. Beside each stands its entry of the
//! catalogue, so that a menu needs no document to be read.

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
        let mut document: Value = serde_json::from_str(&text)?;
        let field = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let (id, shown) = (field("id"), ["id", "group", "title", "summary"].map(field));
        if is_page {
            if let Some(fields) = document.as_object_mut() {
                // Proven natively; nothing on the page reads them.
                fields.remove("claims");
            }
            text = document.to_string();
        }
        let made = format!("Entry::new({shown:?}, include_str!(\"{id}.json\"))");
        fs::write(Path::new(&out).join(format!("{id}.json")), text)?;
        fs::write(Path::new(&out).join(format!("{id}.rs")), made)?;
    }
    Ok(())
}
