use super::*;

#[test]
fn pages_are_what_comments_and_schema_say() {
    let pages = pages(&root()).expect("every page can be made");
    let folder = root().join(FOLDER);
    for (name, text) in &pages {
        let found = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(found == *text, "{FOLDER}/{name} is out of date: cargo xtask docs writes it anew");
    }
    let files = fs::read_dir(folder).expect("the pages are there").count();
    assert_eq!(files, pages.len(), "files in {FOLDER} that no part has");
}

#[test]
fn nothing_is_missing_on_the_pages() {
    let schema = read_schema(&root()).expect("a schema");
    let gaps = gaps::gaps(&root(), &schema, &tables(&schema)).expect("every page can be made");
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
}

/// A part that nobody has written about, with one field that says all and one that says nothing.
const STRANGER: &str = r##"{ "$defs": {
    "time": { "description": "A time." },
    "part": { "oneOf": [{ "$ref": "#/$defs/stranger" }] },
    "stranger": { "required": ["size"], "properties": {
        "kind": { "const": "stranger" },
        "size": { "$ref": "#/$defs/time", "minimum": 0, "description": "How large." },
        "age": { "$ref": "#/$defs/time", "description": "How old." }
    } }
} }"##;

#[test]
fn what_is_missing_is_found() {
    let schema = Schema::parse(STRANGER).expect("a schema");
    let tables = Tables { schema: &schema, owners: BTreeMap::new() };
    let rows = tables.rows("stranger", &[]).expect("a table");
    let gaps: Vec<String> = rows.iter().flat_map(Row::gaps).collect();
    let missing = ["range", "word on what holds unless it is given"];
    assert_eq!(gaps, missing.map(|what| format!("stranger.age: no {what}")));
    let mut found = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    gaps::reach(&schema, "part", &mut found.0, &mut found.1);
    assert_eq!(found.1.into_iter().collect::<Vec<_>>(), ["stranger.age", "stranger.size"]);
}
