//! Where a character of a scalar's value stands in the file.
//!
//! Escapes, folded lines and indentation make the value differ from what was written. Only errors
//! ask this, so it walks both texts side by side instead of keeping a table per scalar.

use super::node::{Node, Style};
use crate::base::span::{Sources, Span};

/// The span in the file of the bytes `start..end` of a scalar's text.
pub fn inside(sources: &Sources, node: &Node, start: usize, end: usize) -> Span {
    let Some(scalar) = node.as_scalar() else { return node.span };
    let raw = sources.slice(node.span);
    let from = raw_offset(raw, &scalar.text, scalar.style, start);
    let to = if end > start { last_char_end(raw, &scalar.text, scalar.style, end) } else { from };
    let base = node.span.start as usize;
    Span::new(node.span.file, base + from, base + to.max(from))
}

fn last_char_end(raw: &str, value: &str, style: Style, end: usize) -> usize {
    let mut before = end.min(value.len()).saturating_sub(1);
    while !value.is_char_boundary(before) {
        before -= 1;
    }
    let at = raw_offset(raw, value, style, before);
    at + raw_step(raw.get(at..).unwrap_or(""), style)
}

/// How many raw bytes one character of the value takes.
fn raw_step(raw: &str, style: Style) -> usize {
    let mut chars = raw.chars();
    let first = chars.next();
    match (style, first) {
        (Style::Double, Some('\\')) => match chars.next() {
            Some('x') => 4,
            Some('u') => 6,
            Some('U') => 10,
            Some(c) => 1 + c.len_utf8(),
            None => 1,
        },
        (Style::Single, Some('\'')) if raw.starts_with("''") => 2,
        (_, Some(c)) => c.len_utf8(),
        (_, None) => 0,
    }
}

/// The raw offset of the value's byte `target`.
fn raw_offset(raw: &str, value: &str, style: Style, target: usize) -> usize {
    let mut at = content_start(style);
    for (offset, c) in value.char_indices() {
        at = skip_to(raw, at, c, style);
        if offset >= target {
            return at;
        }
        at += raw_step(raw.get(at..).unwrap_or(""), style);
    }
    at.min(raw.len())
}

fn content_start(style: Style) -> usize {
    match style {
        // The span of a block begins with its first line of content, after the `|` or `>`.
        Style::Plain | Style::Literal | Style::Folded => 0,
        Style::Single | Style::Double => 1,
    }
}

/// Moves over indentation, folds and escaped line ends to the raw character that stands for `c`.
fn skip_to(raw: &str, mut at: usize, c: char, style: Style) -> usize {
    loop {
        let rest = raw.get(at..).unwrap_or("");
        let Some(found) = rest.chars().next() else { return at };
        let folded = c == ' ' && found == '\n' && style != Style::Literal;
        if found == c || folded || is_escape(rest, style) {
            return at;
        }
        if style == Style::Double && (rest.starts_with("\\\n") || rest.starts_with("\\\r")) {
            at += 2;
            continue;
        }
        if !found.is_whitespace() {
            return at;
        }
        at += found.len_utf8();
    }
}

fn is_escape(rest: &str, style: Style) -> bool {
    style == Style::Double && rest.starts_with('\\') && !rest.starts_with("\\\n") && !rest.starts_with("\\\r")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::load::load;

    fn found(text: &str, needle: &str) -> String {
        let mut sources = Sources::default();
        let file = sources.add("t", text);
        let root = load(&sources, file).root;
        let value = &root.as_map().unwrap()[0].value;
        let at = value.as_scalar().unwrap().text.find(needle).unwrap();
        sources.slice(inside(&sources, value, at, at + needle.len())).to_owned()
    }

    #[test]
    fn a_place_in_the_value_is_found_in_every_style() {
        assert_eq!(found("a: one two\n", "two"), "two");
        assert_eq!(found("a: 'it''s two'\n", "two"), "two");
        assert_eq!(found("a: \"\\u00e9\\n\\ttwo\"\n", "two"), "two");
        assert_eq!(found("a: |\n    one\n    two\n", "two"), "two");
        assert_eq!(found("a: >-\n  one\n  two three\n", "two"), "two");
        assert_eq!(found("a: one\n   two\n", "two"), "two");
        assert_eq!(found("a: 'é two'\n", "two"), "two");
    }
}
