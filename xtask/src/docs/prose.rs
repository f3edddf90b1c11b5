//! What doc comments say: in general, what is left out, and where it comes from.
//!
//! A line that begins with `Left out:`, `Source:` or `Sources:` begins a paragraph of that kind,
//! which ends with the next of them or an empty line.

use std::fs;
use std::path::Path;

/// The doc comment of a module or an item.
#[derive(Debug, Default, PartialEq)]
pub struct Prose {
    /// What it does, as Markdown.
    pub text: String,
    /// What it leaves out, a paragraph each.
    pub left_out: Vec<String>,
    /// Where it comes from, a paragraph each.
    pub sources: Vec<String>,
}

/// Reads the comment of `file`, or of a type or field in `file#name`, below a folder.
pub fn read(root: &Path, place: &str) -> Result<Prose, String> {
    let (file, item) =
        place.split_once('#').map_or((place, None), |(file, item)| (file, Some(item)));
    let path = root.join(file);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = item.map_or_else(|| Some(of_module(&text)), |item| of_item(&text, item));
    let lines = lines.filter(|lines| !lines.is_empty());
    Ok(parted(&lines.ok_or_else(|| format!("{place} has no doc comment"))?))
}

/// The lines of a comment with this start.
fn without<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    let rest = line.trim_start().strip_prefix(start)?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

fn of_module(text: &str) -> Vec<&str> {
    text.lines().map_while(|line| without(line, "//!")).collect()
}

fn of_item<'a>(text: &'a str, item: &str) -> Option<Vec<&'a str>> {
    let lines: Vec<&str> = text.lines().collect();
    let is_it = |line: &&str| {
        let is_end = |c: char| !c.is_alphanumeric() && c != '_';
        let words: Vec<&str> = line.trim_start().split(is_end).collect();
        matches!(words[..], ["pub", "struct" | "enum", name, ..] | ["pub", name, ..] if name == item)
    };
    let at = lines.iter().position(is_it)?;
    let above = lines[..at].iter().rev().filter(|line| !line.trim_start().starts_with("#["));
    let mut found: Vec<&str> = above.map_while(|line| without(line, "///")).collect();
    found.reverse();
    Some(found)
}

fn parted(lines: &[&str]) -> Prose {
    let mut prose = Prose::default();
    let mut text: Vec<String> = Vec::new();
    // Where the next line goes: to the text, or to the last paragraph of one of the lists.
    let mut list: Option<&mut Vec<String>> = None;
    for line in lines {
        let line = plain(line);
        if let Some(rest) = line.strip_prefix("Left out: ") {
            prose.left_out.push(rest.to_owned());
            list = Some(&mut prose.left_out);
        } else if let Some(rest) =
            line.strip_prefix("Source: ").or_else(|| line.strip_prefix("Sources: "))
        {
            prose.sources.push(rest.to_owned());
            list = Some(&mut prose.sources);
        } else if line.is_empty() {
            list = None;
            text.push(line);
        } else if let Some(paragraph) = list.as_mut().and_then(|list| list.last_mut()) {
            *paragraph += &format!(" {line}");
        } else {
            text.push(line);
        }
    }
    text.dedup_by(|one, other| one.is_empty() && other.is_empty());
    prose.text = text.join("\n").trim().to_owned();
    prose
}

/// A line whose links to code are only the names of it.
fn plain(line: &str) -> String {
    let mut found = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((name, after)) = after.split_once("`]") else { break };
        let after = after
            .strip_prefix('(')
            .map_or(after, |target| target.split_once(')').map_or(after, |(_, after)| after));
        let name = name.rsplit("::").next().unwrap_or(name);
        found += &format!("{before}`{name}`");
        rest = after;
    }
    found + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_parted_by_its_markers() {
        let text = "//! What it is.\n//!\n//! More, see [`Other`](super::Other) and [`a::B`].\n\
                    //! Left out: this,\n//! and that.\n//! Source: somebody\n//! (2001).\n//!\n\
                    //! The end.\n\nuse x;\n";
        let prose = parted(&of_module(text));
        assert_eq!(prose.text, "What it is.\n\nMore, see `Other` and `B`.\n\nThe end.");
        assert_eq!(prose.left_out, ["this, and that."]);
        assert_eq!(prose.sources, ["somebody (2001)."]);
    }

    #[test]
    fn an_item_has_the_comment_above_its_attributes() {
        let text = "/// Not this.\npub struct First;\n\n/// It.\n#[derive(Debug)]\npub struct Second {\n\
                    \x20   /// Inside.\n    pub third: u32,\n";
        assert_eq!(of_item(text, "Second"), Some(vec!["It."]));
        assert_eq!(of_item(text, "third"), Some(vec!["Inside."]));
        assert_eq!(of_item(text, "Fourth"), None);
    }
}
