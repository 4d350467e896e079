//! Globs: `*` for any characters, `?` for one, `[a-z]` and `[!a-z]` for one of a set.
//!
//! `*` crosses dots and slashes, since names of metrics and disks are matched with it, not files;
//! alternatives in braces are left to lists of globs. The case counts.

use super::arg;
use super::{Cx, Function, function, needs};
use crate::base::value::Value;
use crate::expr::fault::Fault;

pub const TABLE: &[Function] = &[function(
    "glob_match",
    &[needs("text"), needs("pattern")],
    glob_match,
    "True if the whole text matches the glob, or one of a list of globs: `*` any characters, `?` one, `[a-z]` one of these.",
    ("'disk.sda1.used' | glob_match('disk.*.used')", "true"),
)];

/// A step pays for this many comparisons at worst.
const STEP_COMPARISONS: usize = 1024;

fn glob_match(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    for pattern in arg::texts(args, 1, cx)? {
        cx.step(text.len().saturating_mul(pattern.len()) / STEP_COMPARISONS)?;
        if matches(&pattern, &text) {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

/// True if the whole text matches. A `[` that is not closed stands for itself.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    // Where to go on when a comparison fails: after the last star, one character later.
    let mut again: Option<(&str, &str)> = None;
    loop {
        if let Some(rest) = pattern.strip_prefix('*') {
            again = Some((rest, text));
            pattern = rest;
            continue;
        }
        let mut chars = text.chars();
        match (chars.next(), next(pattern)) {
            (None, None) => return true,
            (Some(c), Some((one, rest))) if one.matches(c) => {
                (pattern, text) = (rest, chars.as_str());
                continue;
            }
            _ => {}
        }
        let Some((after_star, from)) = again else { return false };
        let mut chars = from.chars();
        if chars.next().is_none() {
            return false;
        }
        (pattern, text) = (after_star, chars.as_str());
        again = Some((after_star, text));
    }
}

/// What matches one character.
#[derive(Clone, Copy)]
enum One<'a> {
    Any,
    Exactly(char),
    In(&'a str),
    NotIn(&'a str),
}

impl One<'_> {
    fn matches(self, c: char) -> bool {
        match self {
            One::Any => true,
            One::Exactly(other) => c == other,
            One::In(set) => in_set(set, c),
            One::NotIn(set) => !in_set(set, c),
        }
    }
}

fn next(pattern: &str) -> Option<(One<'_>, &str)> {
    let mut chars = pattern.chars();
    let first = chars.next()?;
    let rest = chars.as_str();
    match first {
        '?' => Some((One::Any, rest)),
        '[' => Some(set(rest).unwrap_or((One::Exactly('['), rest))),
        other => Some((One::Exactly(other), rest)),
    }
}

/// A set up to its `]`; one that stands first belongs to the set.
fn set(pattern: &str) -> Option<(One<'_>, &str)> {
    let inside = pattern.strip_prefix(['!', '^']);
    let body = inside.unwrap_or(pattern);
    let (end, _) = body.char_indices().skip(1).find(|(_, c)| *c == ']')?;
    let (set, rest) = body.split_at_checked(end)?;
    let one = if inside.is_some() { One::NotIn(set) } else { One::In(set) };
    Some((one, rest.strip_prefix(']')?))
}

fn in_set(set: &str, c: char) -> bool {
    let mut rest = set.chars();
    while let Some(low) = rest.next() {
        let mut ahead = rest.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(high)) => {
                if (low..=high).contains(&c) {
                    return true;
                }
                rest = ahead;
            }
            _ if low == c => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn globs_match_whole_texts() {
        for (pattern, text) in [
            ("*", ""),
            ("a*c", "a.b/c"),
            ("*.used", "disk.sda.used"),
            ("a?c", "aßc"),
            ("[a-c]x[!0-9]", "bxy"),
            ("[]]", "]"),
            ("[-a]", "-"),
            ("a[", "a["),
            ("*a*b*c*", "xxaxxbxxcxx"),
            ("**", "ab"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a*", "ba"), ("?", ""), ("A", "a"), ("[!a]", "a"), ("", "a"), ("*a*b", "ba"), ("{a,b}", "a")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn one_of_a_list_is_enough() {
        check(&[
            ("glob_match", r#"["ab", ["x*", "a*"]]"#, "true"),
            ("glob_match", r#"["ab", []]"#, "false"),
            ("glob_match", r#"[42, "4?"]"#, "true"),
            ("glob_match", r#"["ab", null]"#, "missing"),
        ]);
    }

    #[test]
    fn many_stars_do_not_explode() {
        assert!(!matches(&"a*".repeat(30), &"a".repeat(29)));
    }
}
