//! What to change in a text that does not parse.

use crate::base::diag::Diagnostic;
use crate::base::span::Sources;
use crate::base::units::parse_duration;
use crate::yaml::locate;
use crate::yaml::node::{Node, Style};

/// Names of the language that have members of their own: a `$` before them is no document of a source.
const NO_SOURCES: &[&str] =
    &["row", "instance", "init_config", "engine", "state", "previous", "tables", "run", "checks", "change", "parent"];

/// The cure for the slip that a text which does not parse most likely has.
pub fn cure(text: &str) -> String {
    if text.contains("{%") {
        "write `{% if … %}…{% endif %}` or `{% for x in … %}…{% endfor %}`".to_owned()
    } else if text.contains("{{") && !text.contains("}}") {
        "close the hole with `}}`".to_owned()
    } else if text.contains("{{") {
        "look between `{{` and `}}`: names, operators, calls and `| filters`; texts stand in quotes".to_owned()
    } else if text.starts_with('.') {
        format!("a path begins with `$`: write `${text}`; in an expression `row{text}`")
    } else if text.matches('\'').count() % 2 == 1 || text.matches('"').count() % 2 == 1 {
        "close the quote".to_owned()
    } else if text.contains('$') {
        let name: String = text.chars().skip_while(|c| *c != '$').skip(1).take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        match &*name {
            "" => "a path stands alone; inside an expression write `row.name` for `$.name`".to_owned(),
            name if NO_SOURCES.contains(&name) => format!("a path stands alone; inside an expression write `{name}.…` without `$`"),
            name => format!(
                "a path stands alone; inside an expression the document of a source is `{name}.doc`: write `{name}.doc.…` for `${name}.…`"
            ),
        }
    } else if ["<", ">", "==", "!="].iter().any(|operator| text.starts_with(operator)) {
        format!("say what is compared: `row.NAME {text}`")
    } else if let Some((written, seconds)) = with_unit(text) {
        format!("a number has no unit in an expression; times are seconds: write `{seconds}` for `{written}`")
    } else if is_cut(text) {
        "it ends in the middle: complete it; where `{ }` or `[ ]` of YAML has cut it at a comma or bracket, put the whole value in double quotes"
            .to_owned()
    } else {
        "an expression is made of names, numbers, texts in quotes, operators and `| filters`; plain words need quotes".to_owned()
    }
}

/// The first duration, as `5m`, and what it is in seconds.
fn with_unit(text: &str) -> Option<(&str, f64)> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '.');
    words.filter(|word| word.ends_with(char::is_alphabetic)).find_map(|word| Some((word, parse_duration(word).ok()?)))
}

/// True for a text that ends within brackets or behind an operator.
fn is_cut(text: &str) -> bool {
    let text = text.trim_end();
    let operators = [" in", " is", " and", " or", " not", " if", " else", "+", "-", "*", "/", "~", "|", "=", "<", ">"];
    if operators.iter().any(|operator| text.ends_with(operator)) {
        return true;
    }
    let (mut open, mut quote) = (0_i32, None);
    for c in text.chars() {
        match (quote, c) {
            (Some(mark), _) if mark == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(' | '{') => open += 1,
            (None, ']' | ')' | '}') => open -= 1,
            _ => {}
        }
    }
    open > 0
}

/// What a path is that goes on as an expression: `$.used | number`, `$hosts.count + 1`.
#[derive(Debug, PartialEq, Eq)]
pub struct Continued {
    /// Where it stops to be a path.
    pub at: usize,
    /// The whole as an expression.
    pub expression: String,
}

impl Continued {
    /// The slip, if the text has it; `of_source` says whether a name is that of a source.
    pub fn find(text: &str, of_source: impl Fn(&str) -> bool) -> Option<Self> {
        let at = outside_brackets(text, |c| c == ' ' || c == '|')?;
        let (path, rest) = text.split_at_checked(at)?;
        let operator = rest.trim_start();
        let words = ["and ", "or ", "in ", "not ", "is ", "if "];
        if !operator.starts_with(['|', '+', '-', '*', '/', '%', '~', '=', '!', '<', '>'])
            && !words.iter().any(|word| operator.starts_with(word))
        {
            return None;
        }
        let path = path.strip_prefix('$')?;
        let (name, steps) = path.split_at_checked(path.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(path.len()))?;
        let root = match name {
            "" => "row".to_owned(),
            name if of_source(name) => format!("{name}.doc"),
            name => name.to_owned(),
        };
        let quote = if steps.contains('\'') { '"' } else { '\'' };
        let plain = !steps.contains(['*', '?', ':']) && !steps.contains("..");
        let expression = if plain { format!("{root}{steps}{rest}") } else { format!("path({root}, {quote}${steps}{quote}){rest}") };
        Some(Continued { at: at + rest.len() - operator.len(), expression })
    }
}

/// The first such character that stands in neither brackets nor quotes.
fn outside_brackets(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    let (mut depth, mut quote) = (0usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, c) if depth == 0 && wanted(c) => return Some(at),
            _ => {}
        }
    }
    None
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
    fn a_number_with_a_unit_is_told_in_seconds() {
        assert!(cure("row.since > now - 5m").contains("write `300` for `5m`"));
        assert_eq!(with_unit("row.a5 > 5.5 and row.m"), None);
    }

    #[test]
    fn a_path_that_goes_on_is_written_as_an_expression() {
        let whole = |text: &str| Continued::find(text, |name| name == "hosts").map(|found| found.expression);
        assert_eq!(whole("$.used | number").as_deref(), Some("row.used | number"));
        assert_eq!(whole("$.used|number").as_deref(), Some("row.used|number"));
        assert_eq!(whole("$hosts.total / 2").as_deref(), Some("hosts.doc.total / 2"));
        assert_eq!(whole("$instance.a == 1").as_deref(), Some("instance.a == 1"));
        assert_eq!(whole("$.l[?@.a == 'b c'].n | sum").as_deref(), Some(r#"path(row, "$.l[?@.a == 'b c'].n") | sum"#));
        assert_eq!(whole("$.used bytes"), None);
        assert_eq!(whole("$.l[?@.a == 1].n"), None);
    }

    #[test]
    fn a_number_is_no_name_with_a_digit() {
        assert_eq!(DigitName::at("row.a + 1.5xx", 11), None);
        assert_eq!(DigitName::in_path("$.a[?@.b == 1.5x]"), None);
        assert_eq!(DigitName::in_path("$['a.2xx'] x"), None);
        assert_eq!(DigitName::at("row.2xx", 5), Some(DigitName { base: 0, dot: 3, end: 7 }));
        assert_eq!(DigitName::in_path("$.a.2"), Some(DigitName { base: 0, dot: 3, end: 5 }));
    }
}
