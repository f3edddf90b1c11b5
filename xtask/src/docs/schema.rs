//! The schema of documents, with its fields in the order in which they are written.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value whose objects keep their order.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Nothing,
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// A field of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.fields().iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The fields of an object; none of anything else.
    pub fn fields(&self) -> &[(String, Self)] {
        if let Self::Object(fields) = self { fields } else { &[] }
    }

    /// The items of a field that is a list; none of anything else.
    pub fn list(&self, name: &str) -> &[Self] {
        if let Some(Self::List(items)) = self.get(name) { items } else { &[] }
    }

    /// A field that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        if let Some(Self::Text(text)) = self.get(name) { Some(text) } else { None }
    }

    /// A field that is a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        if let Some(Self::Number(number)) = self.get(name) { Some(*number) } else { None }
    }

    /// The name of the definition that this refers to.
    pub fn refers_to(&self) -> Option<&str> {
        self.text("$ref")?.strip_prefix("#/$defs/")
    }

    /// The objects that this may be one of; itself if there is no choice.
    pub fn branches(&self) -> Vec<&Self> {
        let branches = self.list("oneOf").iter().chain(self.list("anyOf"));
        let branches: Vec<&Self> = branches.collect();
        if branches.is_empty() { vec![self] } else { branches }
    }

    /// Whether a field of this name must be there.
    pub fn needs(&self, name: &str) -> bool {
        self.list("required").iter().any(|needed| *needed == Self::Text(name.to_owned()))
    }
}

/// The whole schema.
#[derive(Debug)]
pub struct Schema(Node);

impl Schema {
    /// Reads it.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map(Self).map_err(|error| format!("the schema: {error}"))
    }

    /// A definition.
    pub fn definition(&self, name: &str) -> Result<&Node, String> {
        let found = self.0.get("$defs").and_then(|all| all.get(name));
        found.ok_or_else(|| format!("the schema has no definition `{name}`"))
    }

    /// What a value refers to, or the value itself.
    pub fn resolved<'a>(&'a self, node: &'a Node) -> Result<&'a Node, String> {
        node.refers_to().map_or(Ok(node), |name| self.definition(name))
    }

    /// A place by the name of a definition and those of fields below it, joined by dots.
    pub fn place(&self, path: &str) -> Result<&Node, String> {
        let mut names = path.split('.');
        let mut found = self.definition(names.next().unwrap_or_default())?;
        for name in names {
            let inner = found.branches().into_iter().find_map(|branch| property(branch, name));
            found = self.resolved(inner.ok_or_else(|| format!("the schema has no `{path}`"))?)?;
        }
        Ok(found)
    }
}

/// A named field of an object, or what all fields of any name are.
fn property<'a>(object: &'a Node, name: &str) -> Option<&'a Node> {
    let named = object.get("properties").and_then(|properties| properties.get(name));
    named.or_else(|| object.get("additionalProperties").filter(|_| name == "NAME"))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Flag(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node, A::Error> {
        let mut object = Vec::new();
        while let Some(field) = fields.next_entry()? {
            object.push(field);
        }
        Ok(Node::Object(object))
    }
}
