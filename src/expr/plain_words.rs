//! Plain words that look like an expression: a text field sends them as they are.

use crate::base::diag::Diagnostic;
use crate::yaml::node::Node;
use crate::yaml::read::Reader;

/// A warning for constant words that are meant as an expression.
pub(super) fn warn(text: &str, why: &str, node: &Node, reader: &mut Reader<'_>) {
    if let Some(inner) = in_single_braces(text) {
        let problem = Diagnostic::warning("words-like-expression", format!("`{{{inner}}}` is sent as it stands"), node.span);
        reader.report(problem.label("one brace means nothing here").help(format!("write `{{{{ {inner} }}}}`")));
        return;
    }
    // A tag in a list has its key before its value: `node:row.name`.
    let (key, words) = match text.split_once(':') {
        Some((key, words)) if looks_computed(words) => (format!("{key}:"), words),
        _ => (String::new(), text),
    };
    if !looks_computed(words) && !reads_source(words, reader) {
        return;
    }
    let problem = Diagnostic::warning("words-like-expression", format!("these are the words \"{words}\", not a value"), node.span);
    let path = text.strip_prefix("row.").filter(|rest| !rest.contains('|')).map(|rest| format!(" or `$.{rest}`")).unwrap_or_default();
    reader.report(problem.label(why).help(format!("write `\"{key}{{{{ {words} }}}}\"`{path}")));
}

/// What stands in `{row.name}`, as other languages fill texts in.
fn in_single_braces(text: &str) -> Option<&str> {
    let inner = text.split('{').skip(1).find_map(|rest| rest.split_once('}').map(|(inner, _)| inner.trim()))?;
    looks_computed(inner).then_some(inner)
}

/// `page.doc.version`, `hosts.rows[0]`: the beginning of an expression on a source. A name may well
/// be that of a metric: `bindings.count`.
fn reads_source(text: &str, reader: &Reader<'_>) -> bool {
    let Some((name, rest)) = text.split_once('.') else { return false };
    let member = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
    let goes_on = rest.contains(['[', '|']);
    (member == "doc" || goes_on && ["rows", "by", "count"].contains(&member))
        && reader.source_names.iter().any(|id| reader.names.text(*id) == name)
}

/// Whether constant words are meant as an expression: `row.name`, `instance.tags[0] | upper`.
pub fn looks_computed(text: &str) -> bool {
    let Some(rest) = ["row.", "instance.", "init_config."].iter().find_map(|root| text.strip_prefix(root)) else { return false };
    let path = rest.split_once(" | ").map_or(rest, |(path, _)| path);
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_') && part.chars().all(|c| c.is_alphanumeric() || "_[]'".contains(c))
    };
    path.split('.').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_meant_as_an_expression_are_told_from_words() {
        for text in ["row.name", "row.a.b", "row['a'].b", "instance.url", "row.name | upper", "row.list[0]"] {
            assert_eq!(looks_computed(text), !text.starts_with("row["), "{text}");
        }
        for text in ["row", "row.", "row. name", "arow.name", "row.name is up", "in row.name", "{{ row.name }}", "$.name"] {
            assert!(!looks_computed(text), "{text}");
        }
    }
}
