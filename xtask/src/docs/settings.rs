//! Tables of settings: what each says, its unit and range, and what holds unless it is given.

use std::collections::BTreeMap;

use super::schema::{Node, Schema};
use super::words::{number, shown, without_default};

/// What all fields of any name are called.
const ANY_NAME: &str = "NAME";

/// Tables are made from the schema, and refer to the pages of what is described elsewhere.
#[derive(Debug)]
pub struct Tables<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// Page and title by the place in the schema that the page describes.
    pub owners: BTreeMap<String, (String, String)>,
}

/// One setting.
#[derive(Debug)]
pub struct Row {
    /// Its place in the schema: a definition, and names below it.
    pub place: String,
    /// Its name in the table.
    pub name: String,
    /// What it says.
    pub about: String,
    /// Unit, or kind of value.
    pub unit: String,
    /// Which values are possible.
    pub range: String,
    /// What holds if it is not there; `None` if that is not said.
    pub otherwise: Option<String>,
}

/// A field of one or more branches of an object.
struct Field<'a> {
    name: &'a str,
    value: &'a Node,
    /// What the branch says that has it, if others do not have it.
    branch: &'a str,
    is_needed: bool,
    /// Other branches do without it.
    is_choice: bool,
    /// It is needed, or possible, with some values of other fields only, as its description says.
    is_conditional: bool,
}

impl Tables<'_> {
    /// The settings at a place of the schema; only some of its fields if any are named.
    pub fn rows(&self, place: &str, only: &[&str]) -> Result<Vec<Row>, String> {
        let mut rows = Vec::new();
        self.walk_into(place, "", self.schema.place(place)?, &mut rows)?;
        if !only.is_empty() {
            let is_meant = |row: &Row| {
                let first = row.name.split(['.', '[']).next().unwrap_or_default();
                only.contains(&first)
            };
            rows.retain(is_meant);
        }
        Ok(rows)
    }

    /// Adds what is in a value, if that is an object, or a list or collection of objects.
    fn walk_into(
        &self,
        place: &str,
        name: &str,
        value: &Node,
        rows: &mut Vec<Row>,
    ) -> Result<(), String> {
        let value = self.schema.resolved(value)?;
        let place_of = |inner: &Node, under: &str| {
            inner.refers_to().map_or_else(|| under.to_owned(), str::to_owned)
        };
        if let Some(items) = value.get("items").filter(|items| self.is_new(items)) {
            let (place, object) = (place_of(items, place), self.schema.resolved(items)?);
            return self.walk(&place, &format!("{name}[]"), object, rows);
        }
        if let Some(any) = any_of(value).filter(|any| self.is_new(any)) {
            let place = place_of(any, &below(place, ANY_NAME));
            let object = self.schema.resolved(any)?;
            return self.walk(&place, &below(name, ANY_NAME), object, rows);
        }
        self.walk(place, name, value, rows)
    }

    /// Adds the fields of an object, and those of the objects in it that no page is about.
    fn walk(
        &self,
        place: &str,
        name: &str,
        object: &Node,
        rows: &mut Vec<Row>,
    ) -> Result<(), String> {
        for field in fields_of(object) {
            if field.value.get("const").is_some() && field.name == "kind" {
                continue;
            }
            let (place, name) = (below(place, field.name), below(name, field.name));
            rows.push(self.row(&field, &place, &name)?);
            if self.owner(&place, field.value).is_none() {
                let place = field.value.refers_to().map_or(place, str::to_owned);
                self.walk_into(&place, &name, field.value, rows)?;
            }
        }
        Ok(())
    }

    /// No page is about what this refers to.
    fn is_new(&self, value: &Node) -> bool {
        value.refers_to().is_none_or(|name| !self.owners.contains_key(name))
    }

    /// The page about a field.
    fn owner(&self, place: &str, value: &Node) -> Option<&(String, String)> {
        let by_name = || value.refers_to().and_then(|name| self.owners.get(name));
        self.owners.get(place).or_else(by_name)
    }

    fn row(&self, field: &Field<'_>, place: &str, name: &str) -> Result<Row, String> {
        let value = field.value;
        let resolved = self.schema.resolved(value)?;
        let about = value.text("description").or_else(|| resolved.text("description"));
        let about = about.ok_or_else(|| format!("`{place}` has no description"))?;
        let (about, said) = without_default(about);
        let about = [field.branch, &about].join(" ").trim().to_owned();
        let unit = match self.owner(place, value) {
            Some((page, title)) if !is_amount(value) => format!("[{title}]({page}.md)"),
            _ => self.unit(value)?,
        };
        let default = value.get("default").or_else(|| resolved.get("default"));
        let otherwise = if field.is_needed {
            Some("needed".to_owned())
        } else if field.is_choice {
            Some("one of these".to_owned())
        } else {
            let as_said = field.is_conditional.then(|| "as said".to_owned());
            default.map(shown).or(said).or(as_said).or_else(|| self.empty(value))
        };
        let (name, place) = (name.to_owned(), place.to_owned());
        Ok(Row { place, name, about, unit, range: self.range(value)?, otherwise })
    }

    /// What lists are if nothing is said: empty. What a choice has not is not done.
    fn empty(&self, value: &Node) -> Option<String> {
        let resolved = self.schema.resolved(value).ok()?;
        let is_list = resolved.text("type") == Some("array") && resolved.get("minItems").is_none();
        is_list.then(|| "none".to_owned())
    }

    fn unit(&self, value: &Node) -> Result<String, String> {
        let unit = match value.refers_to() {
            Some("time") => "ms",
            Some("duration") => "ms, [drawn](amounts.md)",
            Some("count") => "number",
            Some("rate") => "per second",
            Some("share") => "share",
            Some(_) => return self.unit(self.schema.resolved(value)?),
            None if value.get("enum").is_some() => "word",
            None if value.get("const").is_some() => "flag",
            None => match value.text("type") {
                Some("integer") => "whole number",
                Some("number") => "number",
                Some("string") => "text",
                Some("boolean") => "flag",
                Some("array") => {
                    let items = value.get("items").unwrap_or(value);
                    if let Some((page, title)) =
                        items.refers_to().and_then(|to| self.owners.get(to))
                        && !is_amount(items)
                    {
                        return Ok(format!("list: [{title}]({page}.md)"));
                    }
                    return Ok(format!("list: {}", self.unit(items)?));
                }
                Some(_) => "object",
                None if is_number_or_more(value) => "number or knob",
                None if value.get("oneOf").or_else(|| value.get("anyOf")).is_some() => "object",
                None => "",
            },
        };
        Ok(unit.to_owned())
    }

    fn range(&self, value: &Node) -> Result<String, String> {
        let words = |words: &[Node]| words.iter().map(shown).collect::<Vec<_>>().join(", ");
        if let Some(Node::List(all)) = value.get("enum") {
            return Ok(words(all));
        }
        if let Some(only) = value.get("const") {
            return Ok(shown(only));
        }
        let low = value.number("minimum").map(|low| (low, true));
        let low = low.or_else(|| value.number("exclusiveMinimum").map(|low| (low, false)));
        let high = value.number("maximum");
        match (low, high) {
            (Some((low, true)), Some(high)) => {
                return Ok(format!("{} to {}", number(low), number(high)));
            }
            (Some((low, false)), Some(high)) => {
                return Ok(format!("above {}, to {}", number(low), number(high)));
            }
            (Some((low, true)), None) => return Ok(format!("{} or more", number(low))),
            (Some((low, false)), None) => return Ok(format!("above {}", number(low))),
            (None, Some(high)) => return Ok(format!("to {}", number(high))),
            (None, None) => {}
        }
        match (value.refers_to(), value.text("type")) {
            (Some("duration"), _) => Ok("0 or more".to_owned()),
            (Some("time" | "count" | "rate" | "share"), _) => Ok(String::new()),
            (Some(_), _) => self.range(self.schema.resolved(value)?),
            (None, Some("boolean")) => Ok("`true`, `false`".to_owned()),
            (None, Some("array")) => {
                let items = self.range(value.get("items").unwrap_or(value))?;
                let count = match (value.number("minItems"), value.number("maxItems")) {
                    (Some(least), Some(most)) => {
                        format!("{} to {} of them", number(least), number(most))
                    }
                    (None, Some(most)) => format!("at most {} of them", number(most)),
                    (Some(least), None) => format!("{} or more of them", number(least)),
                    (None, None) => String::new(),
                };
                let both = [count, items];
                Ok(both.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": "))
            }
            _ => Ok(String::new()),
        }
    }
}

impl Row {
    /// What is not said of it, and should be.
    pub fn gaps(&self) -> Vec<String> {
        let unit = self.unit.split(',').next().unwrap_or_default();
        let words = ["ms", "number", "per second", "share", "whole number", "word", "flag"];
        // Objects and texts have no range.
        let has_range = !words.contains(&unit) || !self.range.is_empty();
        let gap = |what: &str| format!("{}: no {what}", self.place);
        let mut gaps = Vec::new();
        if unit.is_empty() {
            gaps.push(gap("unit"));
        }
        if !has_range {
            gaps.push(gap("range"));
        }
        if self.otherwise.is_none() {
            gaps.push(gap("word on what holds unless it is given"));
        }
        gaps
    }
}

/// Lines of a Markdown table.
pub fn table(rows: &[Row]) -> String {
    let mut text =
        "| setting | what it says | unit | range | unless given |\n|---|---|---|---|---|\n"
            .to_owned();
    for Row { name, about, unit, range, otherwise, .. } in rows {
        let otherwise = otherwise.as_deref().unwrap_or_default();
        let cells = [&format!("`{name}`"), about, unit, range, otherwise];
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        text +=
            &format!("| {} |\n", cells.join(" | ").replace("|  |", "| |").replace("|  |", "| |"));
    }
    text
}

/// A name below another, if there is one.
fn below(name: &str, inner: &str) -> String {
    if name.is_empty() { inner.to_owned() } else { format!("{name}.{inner}") }
}

/// Times, counts, rates and shares: a page explains them, and every table has them.
fn is_amount(value: &Node) -> bool {
    matches!(value.refers_to(), Some("time" | "count" | "rate" | "share" | "duration"))
}

/// A number, or something else in its place.
fn is_number_or_more(value: &Node) -> bool {
    value.list("anyOf").iter().any(|branch| branch.text("type") == Some("number"))
}

/// What fields of any name are, if they may have any name.
fn any_of(object: &Node) -> Option<&Node> {
    object.get("additionalProperties").filter(|any| !any.fields().is_empty())
}

/// The fields of all branches, each once.
fn fields_of(object: &Node) -> Vec<Field<'_>> {
    let mut branches = object.branches();
    branches.retain(|branch| branch.get("properties").is_some());
    let mut fields: Vec<Field<'_>> = Vec::new();
    let has = |branch: &Node, name: &str| {
        branch.get("properties").is_some_and(|all| all.get(name).is_some())
    };
    for branch in &branches {
        for (name, value) in branch.get("properties").map_or(&[][..], Node::fields) {
            if fields.iter().any(|field| field.name == name) {
                continue;
            }
            let everywhere = branches.iter().all(|branch| has(branch, name));
            let of_branch = branch.text("description").unwrap_or_default();
            fields.push(Field {
                name,
                value,
                branch: if everywhere || branches.len() == 1 { "" } else { of_branch },
                is_needed: everywhere && branch.needs(name),
                // Either one of several forms, or the one field that an object may have.
                is_conditional: is_conditional(branch, name),
                is_choice: (!everywhere && branch.needs(name))
                    || branch.number("maxProperties") == Some(1.0),
            });
        }
    }
    fields
}

/// Some rule of an object needs a field.
fn is_conditional(object: &Node, name: &str) -> bool {
    let rules = std::iter::once(object).chain(object.list("allOf"));
    let outcomes = rules.flat_map(|rule| [rule.get("then"), rule.get("else")]).flatten();
    outcomes.into_iter().any(|outcome| outcome.needs(name))
}
