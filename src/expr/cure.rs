//! What to change in a text that does not parse.

use crate::base::diag::Diagnostic;
use crate::base::span::Sources;
use crate::yaml::locate;
use crate::yaml::node::{Node, Style};

/// The cure for the slip that a text which does not parse most likely has.
pub fn cure(text: &str) -> String {
    if text.contains("{{") && !text.contains("}}") {
        "close the hole with `}}`".to_owned()
    } else if text.contains("{{") {
        "look between `{{` and `}}`: names, operators, calls and `| filters`; texts stand in quotes".to_owned()
    } else if text.contains('$') {
        "a path stands alone; inside an expression write `row.name` for `$.name`".to_owned()
    } else if text.contains("&&") || text.contains("||") || text.contains('!') && !text.contains("!=") {
        "write `and`, `or`, `not`".to_owned()
    } else if text.contains(" = ") {
        "compare with `==`".to_owned()
    } else {
        "an expression is made of names, numbers, texts in quotes, operators and `| filters`; plain words need quotes".to_owned()
    }
}

/// A name that begins with a digit, written after a dot: `.2xx` in `row.2xx`.
#[derive(Debug, PartialEq, Eq)]
pub struct DigitName {
    /// Where that stands which it is a member of.
    base: usize,
    dot: usize,
    end: usize,
}

impl DigitName {
    /// The one that holds the byte at which the reading of an expression stopped.
    pub fn at(text: &str, stopped: usize) -> Option<Self> {
        let all = text.match_indices('.').filter_map(|(dot, _)| Self::after(text, dot));
        let is_number = |name: &Self| text.get(name.dot + 1..name.end).is_some_and(|name| name.bytes().all(|b| b.is_ascii_digit()));
        all.filter(|name| !is_number(name)).find(|name| (name.dot..=name.end).contains(&stopped))
    }

    /// The first one of a path that is no path.
    pub fn in_path(text: &str) -> Option<Self> {
        let in_quotes = |dot: usize| {
            let before = text.get(..dot).unwrap_or("");
            before.matches('\'').count() % 2 == 1 || before.matches('"').count() % 2 == 1
        };
        text.match_indices('.').filter(|(dot, _)| !in_quotes(*dot)).find_map(|(dot, _)| Self::after(text, dot))
    }

    fn after(text: &str, dot: usize) -> Option<Self> {
        let name = text.get(dot + 1..)?;
        let length = name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
        let before = text.get(..dot)?;
        let is_word = |c: char| c.is_alphanumeric() || "_.$@".contains(c);
        let base = before.trim_end_matches(is_word).len();
        let of_name = before.get(base..)?.starts_with(|c: char| c.is_alphabetic() || "_$@".contains(c));
        let of_item = base == dot && before.ends_with([']', ')']);
        // For the message: `row[0]` of `row[0].2xx`.
        let item = before.ends_with(']').then(|| before.rfind('[')).flatten();
        let base = item.and_then(|at| before.get(..at)).map_or(base, |of| of.trim_end_matches(is_word).len());
        let found = name.starts_with(|c: char| c.is_ascii_digit()) && (of_name || of_item);
        found.then_some(DigitName { base, dot, end: dot + 1 + length })
    }

    /// The problem with its cure: a name in brackets and quotes.
    pub fn problem(&self, code: &'static str, text: &str, node: &Node, sources: &Sources) -> Diagnostic {
        let name = text.get(self.dot + 1..self.end).unwrap_or("");
        let base = text.get(self.base..self.dot).unwrap_or("");
        let member = format!("['{name}']");
        let base = if base.is_empty() { "…" } else { base };
        let other = match (base.strip_prefix("row"), base.strip_prefix('$')) {
            (Some(rest), _) if rest.is_empty() || rest.starts_with('.') => format!(" (as a path: `${rest}{member}`)"),
            (_, Some(rest)) if rest.is_empty() || rest.starts_with('.') => format!(" (in an expression: `row{rest}{member}`)"),
            _ => String::new(),
        };
        let span = locate::inside(sources, node, self.dot, self.end);
        let problem = Diagnostic::error(code, format!("`.{name}` is no name"), span)
            .label("a name after a dot begins with a letter or `_`")
            .help(format!("write `{base}{member}`{other}"));
        self.with_edit(problem, name, text, node, span)
    }

    /// Brackets would end an unquoted text inside `{ }` and `[ ]`, so that it gets quotes, too.
    fn with_edit(&self, problem: Diagnostic, name: &str, text: &str, node: &Node, span: crate::base::span::Span) -> Diagnostic {
        let style = node.as_scalar().map(|scalar| scalar.style);
        match style {
            Some(Style::Plain) => {
                let (before, behind) = (text.get(..self.dot).unwrap_or(""), text.get(self.end..).unwrap_or(""));
                let whole = format!("{before}['{name}']{behind}");
                problem.edit(node.span, format!("\"{}\"", whole.replace('\\', "\\\\").replace('"', "\\\"")))
            }
            Some(Style::Single) => problem.edit(span, format!("[\"{name}\"]")),
            _ => problem.edit(span, format!("['{name}']")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_no_name_with_a_digit() {
        assert_eq!(DigitName::at("row.a + 1.5xx", 11), None);
        assert_eq!(DigitName::in_path("$.a[?@.b == 1.5x]"), None);
        assert_eq!(DigitName::in_path("$['a.2xx'] x"), None);
        assert_eq!(DigitName::at("row.2xx", 5), Some(DigitName { base: 0, dot: 3, end: 7 }));
        assert_eq!(DigitName::in_path("$.a.2"), Some(DigitName { base: 0, dot: 3, end: 5 }));
    }
}
