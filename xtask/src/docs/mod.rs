//! Writes `docs/parts`: a page for each part and policy, from doc comments and the schema.
//!
//! What a part does, leaves out and comes from stands once, in the comment of the module or type
//! that models it; its settings stand once, in the schema. [`list`] says which belong together.

mod gaps;
mod list;
mod prose;
mod schema;
mod settings;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use self::list::{GROUPS, Page};
use self::prose::Prose;
use self::schema::Schema;
use self::settings::{Row, Tables, table};
use crate::run::root;

const FOLDER: &str = "docs/parts";
const SCHEMA: &str = "assets/scenario.schema.json";

/// Writes all pages, takes away those that are none any more, and says what they do not say.
pub fn write() -> Result<(), String> {
    let schema = read_schema(&root())?;
    let gaps = gaps::gaps(&root(), &schema, &tables(&schema))?;
    let pages = pages(&root())?;
    let folder = root().join(FOLDER);
    let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(wrong)?;
    for entry in fs::read_dir(&folder).map_err(wrong)?.flatten() {
        if !pages.contains_key(&*entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path()).map_err(wrong)?;
        }
    }
    for (name, text) in &pages {
        fs::write(folder.join(name), text).map_err(wrong)?;
    }
    println!("{} pages in {FOLDER}", pages.len());
    if gaps.is_empty() { Ok(()) } else { Err(format!("missing on them:\n{}", gaps.join("\n"))) }
}

fn all() -> impl Iterator<Item = &'static Page> {
    GROUPS.iter().flat_map(|(_, pages)| pages.iter())
}

fn read_schema(root: &Path) -> Result<Schema, String> {
    let text =
        fs::read_to_string(root.join(SCHEMA)).map_err(|error| format!("{SCHEMA}: {error}"))?;
    Schema::parse(&text)
}

/// The text of each file by its name.
fn pages(root: &Path) -> Result<BTreeMap<String, String>, String> {
    let schema = read_schema(root)?;
    let tables = tables(&schema);
    let mut found = BTreeMap::new();
    let mut index = INDEX.to_owned();
    for (group, pages) in GROUPS {
        index += &format!("\n## {group}\n\n| page | about |\n|---|---|\n");
        for page in *pages {
            let prose = prose::read(root, page.prose)?;
            let first = prose.text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
            let first = first.split_inclusive(". ").next().unwrap_or_default().trim().to_owned();
            index += &format!("| [{}]({}.md) | {first} |\n", page.title, page.name);
            found.insert(format!("{}.md", page.name), text_of(page, root, &tables)?);
        }
    }
    found.insert("README.md".to_owned(), index);
    Ok(found)
}

/// Tables that know which page is about what.
fn tables(schema: &Schema) -> Tables<'_> {
    let mut owners = BTreeMap::new();
    for page in all() {
        let whole = page.tables.iter().filter(|(_, only)| only.is_empty()).map(|(place, _)| *place);
        for place in whole.chain(page.about.iter().copied()) {
            owners.insert(place.to_owned(), (page.name.to_owned(), page.title.to_owned()));
        }
    }
    Tables { schema, owners }
}

/// Everything that is said of a page's mechanisms: its own words, and those of its sections.
fn proses(page: &Page, root: &Path) -> Result<Vec<(&'static str, Prose)>, String> {
    let mut found = vec![("", prose::read(root, page.prose)?)];
    for (title, place) in page.sections {
        found.push((title, prose::read(root, place)?));
    }
    Ok(found)
}

/// The tables of a page, each with its place in the schema.
fn rows_of(page: &Page, tables: &Tables<'_>) -> Result<Vec<(&'static str, Vec<Row>)>, String> {
    page.tables.iter().map(|(place, only)| Ok((*place, tables.rows(place, only)?))).collect()
}

fn text_of(page: &Page, root: &Path, tables: &Tables<'_>) -> Result<String, String> {
    let proses = proses(page, root)?;
    let mut text = format!("# {}\n", page.title);
    for (title, prose) in &proses {
        if !title.is_empty() {
            text += &format!("\n## {title}\n");
        }
        text += &format!("\n{}\n", prose.text);
    }
    text += "\n## What can be set\n";
    for (place, rows) in rows_of(page, tables)? {
        let here = format!("[{}]({}.md)", page.title, page.name);
        let table = table(&rows).replace(&here, "on this page");
        text += &format!("\n{}\n\n{table}", heading(place));
    }
    text += "\n## What it leaves out\n\n";
    text += &items(&proses, |prose| prose.left_out.iter().map(|item| upper(item)).collect());
    text += "\n## Sources\n\n";
    text += &items(&proses, |prose| prose.sources.clone());
    let files = std::iter::once(page.prose).chain(page.sections.iter().map(|(_, place)| *place));
    let files: Vec<String> = files.map(|place| format!("`{place}`")).collect();
    text += &format!("\nWritten by `cargo xtask docs` from {} and `{SCHEMA}`.\n", files.join(", "));
    Ok(text)
}

/// How a table is introduced: by where it stands in a document.
fn heading(place: &str) -> String {
    match place.split_once('.') {
        Some(("step", step)) => format!("The step `{step}`:"),
        Some((_, field)) => {
            format!("The field `{field}` of `{}`:", place.split('.').next().unwrap_or_default())
        }
        None => format!("`{place}`:"),
    }
}

/// A list of what all sections say, each under its heading.
fn items(proses: &[(&'static str, Prose)], of: impl Fn(&Prose) -> Vec<String>) -> String {
    let mut text = String::new();
    for (title, prose) in proses {
        let start = if title.is_empty() { String::new() } else { format!("*{title}*: ") };
        text.extend(of(prose).into_iter().map(|item| format!("* {start}{item}\n")));
    }
    text
}

/// A sentence with a capital at its begin.
fn upper(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

const INDEX: &str = "\
# The parts

A page for each part of a system, each policy and each fault: what it does, what can be set, what it leaves out, and where it
comes from. Written by `cargo xtask docs` from the comments in the code and the schema of documents, and checked with the tests.

In the tables, *ms* are milliseconds as plain numbers, or texts such as `\"4s\"`; a *share* is a number from 0 to 1 or a text
such as `\"10%\"`; every number may be the value of a knob: [Amounts](amounts.md). `a.b` is the field `b` of the object `a`, `a[]`
stands for each item of a list, and `NAME` for any name. How the parts make a document: [documents.md](../documents.md); how
their numbers are measured: [model.md](../model.md).
";

#[cfg(test)]
mod tests;
