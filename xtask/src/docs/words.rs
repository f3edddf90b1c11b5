//! Descriptions and values of the schema as they stand in the cells of a table.

use super::schema::Node;

/// A description without its last clause, if that says what holds unless something is given; and
/// that clause.
pub(super) fn without_default(about: &str) -> (String, Option<String>) {
    let whole = about.trim_end_matches('.');
    let last = ["; ", ". "].into_iter().filter_map(|border| whole.rfind(border)).max();
    if let Some(last) = last
        && let clause = &whole[last + 2..]
        && !clause.contains('(')
        && clause.contains("unless given")
    {
        let said = clause.replace(" unless given", "");
        return (format!("{}.", &whole[..last]), Some(lower(said.trim_end_matches(','))));
    }
    let is_in_text = about.contains("unless given");
    (about.to_owned(), is_in_text.then(|| "as said".to_owned()))
}

/// A clause as it stands in a cell: without a capital that only began a sentence.
fn lower(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// A value of JSON as code.
pub(super) fn shown(value: &Node) -> String {
    match value {
        Node::Nothing => "nothing".to_owned(),
        Node::Flag(flag) => format!("`{flag}`"),
        Node::Number(value) => number(*value),
        Node::Text(text) => format!("`{text}`"),
        Node::List(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Node::Object(_) => "an object".to_owned(),
    }
}

/// A number with its thousands apart.
pub(super) fn number(value: f64) -> String {
    if value.fract() != 0.0 || value.abs() < 10_000.0 {
        return value.to_string();
    }
    let digits = format!("{value:.0}");
    let mut found = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            found.push(',');
        }
        found.push(digit);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_clause_says_what_holds_unless_given() {
        let cases = [
            ("Copies; 1 unless given.", "Copies.", Some("1")),
            ("Sleeps (unless given), or not.", "Sleeps (unless given), or not.", Some("as said")),
            ("How many.", "How many.", None),
        ];
        for (about, text, said) in cases {
            assert_eq!(without_default(about), (text.to_owned(), said.map(str::to_owned)));
        }
    }

    #[test]
    fn large_numbers_have_their_thousands_apart() {
        let found = [0.001, 64.0, 9999.0, 10_000.0, 1_000_000.0].map(number);
        assert_eq!(found, ["0.001", "64", "9999", "10,000", "1,000,000"]);
    }
}
