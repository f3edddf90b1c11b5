//! What the pages do not say, and should.

use std::collections::BTreeSet;
use std::path::Path;

use super::schema::{Node, Schema};
use super::settings::Tables;
use super::{all, proses, rows_of};

/// Everything that is missing: words on what a part leaves out and where it comes from, ranges of
/// settings, and settings that are on no page.
pub fn gaps(root: &Path, schema: &Schema, tables: &Tables<'_>) -> Result<Vec<String>, String> {
    let mut gaps = Vec::new();
    let mut shown = BTreeSet::new();
    for page in all() {
        let proses = proses(page, root)?;
        let sections = proses.iter().filter(|(_, prose)| prose.text.is_empty());
        gaps.extend(sections.map(|(title, _)| format!("{} {title}: no text", page.name)));
        if proses.iter().all(|(_, prose)| prose.left_out.is_empty()) {
            gaps.push(format!("{}: no comment has a line `Left out: ..`", page.name));
        }
        if proses.iter().all(|(_, prose)| prose.sources.is_empty()) {
            gaps.push(format!("{}: no comment has a line `Source: ..`", page.name));
        }
        for (place, rows) in rows_of(page, tables)? {
            if rows.is_empty() {
                gaps.push(format!("{}: nothing in `{place}`", page.name));
            }
            gaps.extend(rows.iter().flat_map(super::settings::Row::gaps));
            shown.extend(rows.into_iter().map(|row| row.place));
        }
    }
    let mut known = BTreeSet::new();
    let mut settings = BTreeSet::new();
    reach(schema, "part", &mut known, &mut settings);
    let missing = settings.difference(&shown);
    gaps.extend(missing.map(|place| format!("{place}: on no page")));
    Ok(gaps)
}

/// Finds the places of all settings in a definition and those it refers to.
pub(super) fn reach(
    schema: &Schema,
    name: &str,
    known: &mut BTreeSet<String>,
    settings: &mut BTreeSet<String>,
) {
    if known.insert(name.to_owned()) {
        let definition = schema.definition(name).expect("what is referred to is there");
        descend(schema, name, definition, known, settings);
    }
}

fn descend(
    schema: &Schema,
    place: &str,
    node: &Node,
    known: &mut BTreeSet<String>,
    settings: &mut BTreeSet<String>,
) {
    if let Some(name) = node.refers_to() {
        reach(schema, name, known, settings);
    }
    for (name, value) in node.get("properties").map_or(&[][..], Node::fields) {
        // Which of the parts it is, the page says.
        if name != "kind" {
            settings.insert(format!("{place}.{name}"));
        }
        descend(schema, &format!("{place}.{name}"), value, known, settings);
    }
    for branch in node.list("oneOf").iter().chain(node.list("anyOf")) {
        descend(schema, place, branch, known, settings);
    }
    if let Some(items) = node.get("items") {
        descend(schema, place, items, known, settings);
    }
    if let Some(any) = node.get("additionalProperties") {
        let inner = format!("{place}.NAME");
        descend(
            schema,
            if any.get("properties").is_some() { &inner } else { place },
            any,
            known,
            settings,
        );
    }
}
