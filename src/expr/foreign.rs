//! Operators of other languages, where an expression stops to be one: what is written here instead.

/// An operator that there is not, as in `a && b`.
#[derive(Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Its first byte.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// What means the same, where a word can take its place.
    pub instead: Option<&'static str>,
    /// What to write.
    pub help: &'static str,
}

/// Longer ones first: `===` begins with `==`.
const OPERATORS: &[(&str, Option<&str>, &str)] = &[
    ("===", Some("=="), "compare with `==`"),
    ("!==", Some("!="), "compare with `!=`"),
    ("<>", Some("!="), "compare with `!=`"),
    ("&&", Some("and"), "write `and`"),
    ("||", Some("or"), "write `or`; a text is joined with `~`"),
    ("??", None, "write `a | default(b)`"),
    ("?.", None, "write `.`: a member of what is missing is missing, and nothing fails"),
    (
        "=>",
        None,
        "compare with `>=`; there are no functions of one's own: `pluck('a')`, `map('upper')`, `selectattr('a', 'gt', 1)` do what they are used for",
    ),
    ("?", None, "write `a if condition else b`"),
    ("!", Some("not "), "write `not`"),
    ("=", Some("=="), "compare with `==`; names are given with `let`"),
    ("^", Some("**"), "write `**` for powers"),
    ("@", None, "write the name of the value: `row` is the current row"),
    ("\u{201c}", None, "put texts in straight quotes: `'…'` or `\"…\"`"),
    ("\u{201d}", None, "put texts in straight quotes: `'…'` or `\"…\"`"),
    ("\u{2018}", None, "put texts in straight quotes: `'…'` or `\"…\"`"),
    ("\u{2019}", None, "put texts in straight quotes: `'…'` or `\"…\"`"),
    ("\u{201e}", None, "put texts in straight quotes: `'…'` or `\"…\"`"),
    ("`", None, "put texts in quotes: `'…'` or `\"…\"`"),
    (";", None, "write one expression; names for parts of it are given with `let`"),
];

impl Foreign {
    /// The operator at the byte where the reading of an expression stopped.
    pub fn at(text: &str, stopped: usize) -> Option<Self> {
        let stopped = stopped.min(text.len());
        OPERATORS.iter().find_map(|&(operator, instead, help)| {
            let begins = |start: &usize| text.get(*start..).is_some_and(|rest| rest.starts_with(operator));
            let start = (stopped.saturating_sub(operator.len())..=stopped).rev().find(begins)?;
            let (before, rest) = text.split_at_checked(start)?;
            let is_known = match operator {
                "=" => rest.starts_with("==") || before.ends_with(['=', '!', '<', '>']),
                "!" => rest.starts_with("!="),
                _ => false,
            };
            (!is_known).then_some(Foreign { start, end: start + operator.len(), instead, help })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, stopped: usize) -> Option<&str> {
        Foreign::at(text, stopped).and_then(|found| text.get(found.start..found.end))
    }

    #[test]
    fn operators_of_other_languages_are_known_where_the_reading_stops() {
        assert_eq!(found("a && b", 2), Some("&&"));
        assert_eq!(found("a || b", 3), Some("||"));
        assert_eq!(found("a === b", 4), Some("==="));
        assert_eq!(found("a !== b", 4), Some("!=="));
        assert_eq!(found("a = b", 2), Some("="));
        assert_eq!(found("a ? b : c", 2), Some("?"));
        assert_eq!(found("!a", 0), Some("!"));
        assert_eq!(found("a ?? b", 2), Some("??"));
    }

    #[test]
    fn operators_of_this_language_are_not_foreign() {
        assert_eq!(found("a == ", 5), None);
        assert_eq!(found("a != ", 5), None);
        assert_eq!(found("a <= )", 5), None);
        assert_eq!(found("a | b c", 6), None);
    }
}
