//! What all chapters of a page share: keys of the tree, and expressions and texts as people read them.

use crate::base::print::cut;
use crate::yaml::node::{Entry, Node};

/// The text of a key that holds a scalar.
pub(super) fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    scalar(&node.entry(key)?.value)
}

/// The text of a scalar that is not null.
pub(super) fn scalar(node: &Node) -> Option<&str> {
    if node.is_null() { None } else { node.as_scalar().map(|scalar| &*scalar.text) }
}

/// What a key holds.
pub(super) fn child<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    node.entry(key).map(|entry| &entry.value)
}

/// What a path of keys holds.
pub(super) fn at<'n>(node: &'n Node, path: &[&str]) -> Option<&'n Node> {
    path.iter().try_fold(node, |node, key| child(node, key))
}

/// The entries of a key that holds a map.
pub(super) fn entries<'n>(node: &'n Node, key: &str) -> &'n [Entry] {
    child(node, key).and_then(Node::as_map).unwrap_or(&[])
}

/// The items of a key that holds a list.
pub(super) fn items<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    child(node, key).and_then(Node::as_list).unwrap_or(&[])
}

/// The texts of a key that holds one or a list of them.
pub(super) fn texts<'n>(node: &'n Node, key: &str) -> Vec<&'n str> {
    match child(node, key) {
        Some(value) => match value.as_list() {
            Some(items) => items.iter().filter_map(scalar).collect(),
            None => scalar(value).into_iter().collect(),
        },
        None => Vec::new(),
    }
}

/// Code in Markdown, in one line; with a bar or a backtick in it, too.
pub(super) fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// Several codes with commas.
pub(super) fn codes<T: AsRef<str>>(texts: &[T]) -> String {
    texts.iter().map(|text| code(text.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A text for a cell: in one line.
pub(super) fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text with holes as a pattern: `{{ row.name | lower }}` becomes `<name>`, and a path alone too.
pub(super) fn pattern(template: &str) -> String {
    if template.starts_with('$') && !template.starts_with("$$") {
        return format!("<{}>", word(template));
    }
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let (before, hole) = rest.split_at(at);
        let end = if hole.starts_with("{{") { "}}" } else { "%}" };
        let Some((inside, after)) = hole.split_once(end) else { break };
        out += before;
        // What stands under `{% if %}` may be there or not; its words stay.
        if end == "}}" {
            out += &format!("<{}>", word(inside));
        }
        rest = after;
    }
    out + rest
}

/// The same, short enough for a cell.
pub(super) fn short_pattern(template: &str) -> String {
    cut(&line(&pattern(template)), MOST)
}

/// How many characters of a text a cell shows.
const MOST: usize = 80;

/// All items of a list of texts as patterns.
pub(super) fn patterns(node: &Node, key: &str) -> Vec<String> {
    texts(node, key).into_iter().map(pattern).collect()
}

/// The last word of the first name in an expression.
fn word(expression: &str) -> String {
    let name: String =
        expression.chars().skip_while(|c| !c.is_alphanumeric()).take_while(|c| c.is_alphanumeric() || "_.'\"[]@#-".contains(*c)).collect();
    let mut words = name.split(|c: char| !(c.is_alphanumeric() || "_-".contains(c)));
    words.rfind(|word| !word.is_empty()).unwrap_or("…").to_owned()
}

/// The keys of the tags, labels or identifiers that a node says, as far as they are known.
pub(super) fn tag_keys(node: Option<&Node>) -> Vec<String> {
    let Some(node) = node else { return Vec::new() };
    if let Some(entries) = node.as_map() {
        return entries.iter().map(|entry| pattern(&entry.key)).collect();
    }
    let items = node.as_list().unwrap_or(std::slice::from_ref(node)).iter();
    items.filter_map(|item| scalar(item).or_else(|| text(item, "text"))).flat_map(keys_of).collect()
}

/// The keys of one item: those that a map is picked by, else that of a tag.
fn keys_of(text: &str) -> Vec<String> {
    match text.split_once("| pick(").and_then(|(_, rest)| rest.split_once(')')) {
        Some((picked, _)) => picked.split(',').map(|key| key.trim().trim_matches(['\'', '"']).to_owned()).collect(),
        None => vec![tag_key(text)],
    }
}

/// The key of one tag: what stands before its first colon.
fn tag_key(text: &str) -> String {
    let shown = pattern(text);
    match shown.split_once(':') {
        // A tag without holes is itself.
        Some((key, value)) if value.contains('<') => key.to_owned(),
        _ => shown,
    }
}

/// From which rows something is made, and on which condition: `for each row of X, if Y`.
pub(super) fn occasion(node: &Node) -> String {
    let mut parts = Vec::new();
    let from = texts(node, "from");
    if !from.is_empty() {
        parts.push(format!("for each row of {}", codes(&from)));
    }
    parts.extend(text(node, "on_change").map(|watched| format!("when {} has changed", code(watched))));
    parts.extend(text(node, "when").map(|condition| format!("if {}", code(condition))));
    let once = child(node, "once").and_then(|once| scalar(once).or_else(|| text(once, "key")));
    parts.extend(once.map(|key| format!("once for each {}", code(key))));
    let value = child(node, "once").and_then(|once| text(once, "value"));
    parts.extend(value.map(|value| format!("and again when {} changes", code(value))));
    parts.join(", ")
}

/// A sentence with a capital and a full stop; nothing of nothing.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    let end = if text.ends_with(['.', ':']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_become_words() {
        for (template, shown) in [
            ("plain", "plain"),
            ("a.{{ row.state }}.b", "a.<state>.b"),
            ("{{ row.protocol | lower }}", "<protocol>"),
            ("$.type", "<type>"),
            ("{{ row['odd-name'] }}", "<odd-name>"),
            ("{{ name if path else name ~ '.' ~ point.label }}", "<name>"),
            ("/s{% if x %}?auto{% endif %}", "/s?auto"),
            ("{\"a\": {{ row.a | json }}}", "{\"a\": <a>}"),
            ("{{ not closed", "{{ not closed"),
        ] {
            assert_eq!(pattern(template), shown, "{template}");
        }
    }
}
