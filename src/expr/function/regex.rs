//! Regular expressions, in the syntax of the `regex` crate: they search, they are not anchored.
//!
//! Patterns may come from data, so they are compiled within limits and remembered. There is no
//! look-around and there are no back-references, and so no pattern that takes forever.

use super::arg::{self, Output};
use super::{Cx, Function, function, needs};
use crate::base::limits;
use crate::base::map::Map;
use crate::base::value::Value;
use crate::expr::fault::Fault;
use ::regex::{Captures, Regex};

pub const TABLE: &[Function] = &[
    function(
        "regex_match",
        &[needs("text"), needs("pattern")],
        regex_match,
        "True if the pattern, or one of a list of patterns, is found anywhere in the text.",
        ("'error 42' | regex_match('[0-9]+$')", "true"),
    ),
    function(
        "regex_find",
        &[needs("text"), needs("pattern")],
        regex_find,
        "The first match: its named groups as a map, else its first group, else all of it; missing where there is none.",
        ("'up 3 days' | regex_find('([0-9]+) days')", "\"3\""),
    ),
    function(
        "regex_find_all",
        &[needs("text"), needs("pattern")],
        regex_find_all,
        "All matches, each as `regex_find` gives it.",
        ("'a=1 b=2' | regex_find_all('=([0-9])')", "[\"1\",\"2\"]"),
    ),
    function(
        "regex_replace",
        &[needs("text"), needs("pattern"), needs("replacement")],
        regex_replace,
        "Every match replaced; `$1` and `${name}` are groups, `$$` is a dollar sign.",
        ("'sda1' | regex_replace('([a-z]+)([0-9]+)', '${1}p$2')", "\"sdap1\""),
    ),
    function(
        "regex_split",
        &[needs("text"), needs("pattern")],
        regex_split,
        "The parts between the matches.",
        ("'a, b;c' | regex_split('[,;] *')", "[\"a\",\"b\",\"c\"]"),
    ),
];

fn regex_split(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (text, pattern) = (arg::text(args, 0, cx)?, arg::text(args, 1, cx)?);
    let regex = cx.cache.regex(&pattern)?;
    let parts = regex.split(&text).map(|part| cx.step(1).map(|()| Value::text(part)));
    parts.collect::<Result<Vec<_>, _>>().map(Value::list)
}

fn regex_match(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    if let Value::Text(pattern) = arg::at(args, 1) {
        return Ok(cx.cache.regex(pattern)?.is_match(&text).into());
    }
    for pattern in arg::texts(args, 1, cx)? {
        cx.step(1 + text.len() / 64)?;
        if cx.cache.regex(&pattern)?.is_match(&text) {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn regex_find(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (text, pattern) = (arg::text(args, 0, cx)?, arg::text(args, 1, cx)?);
    let regex = cx.cache.regex(&pattern)?;
    Ok(regex.captures(&text).map_or(Value::Missing, |captures| found(&regex, &captures)))
}

fn regex_find_all(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (text, pattern) = (arg::text(args, 0, cx)?, arg::text(args, 1, cx)?);
    let regex = cx.cache.regex(&pattern)?;
    let paid = regex.captures_iter(&text).map(|captures| cx.step(1).map(|()| found(&regex, &captures)));
    paid.collect::<Result<Vec<_>, _>>().map(Value::list)
}

/// A group that takes no part in the match is missing.
fn found(regex: &Regex, captures: &Captures<'_>) -> Value {
    let group = |n: usize| captures.get(n).map(|found| found.as_str().into()).into();
    let named: Map = regex.capture_names().enumerate().filter_map(|(n, name)| Some((name?.into(), group(n)))).collect();
    if !named.is_empty() {
        return Value::map(named);
    }
    group(usize::from(regex.captures_len() > 1))
}

fn regex_replace(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (text, pattern, replacement) = (arg::text(args, 0, cx)?, arg::text(args, 1, cx)?, arg::text(args, 2, cx)?);
    let regex = cx.cache.regex(&pattern)?;
    let n_groups = replacement.matches('$').count();
    let mut out = Output::default();
    let (mut last, mut expanded) = (0, String::new());
    for captures in regex.captures_iter(&text) {
        let Some(whole) = captures.get(0) else { continue };
        cx.step(1)?;
        // A long match in a replacement that repeats it a thousand times is not even begun.
        if n_groups.saturating_mul(whole.len()) > 16 * limits::TEXT_BYTES {
            return Err(Fault::failed("the replacement makes the text too long"));
        }
        out.push(text.get(last..whole.start()).unwrap_or(""))?;
        expanded.clear();
        captures.expand(&replacement, &mut expanded);
        out.push(&expanded)?;
        last = whole.end();
    }
    out.push(text.get(last..).unwrap_or(""))?;
    Ok(out.finish())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, check};
    use super::*;

    #[test]
    fn patterns_search_the_text() {
        check(&[
            ("regex_match", r#"["abc", "b"]"#, "true"),
            ("regex_match", r#"["abc", ["x", "^a"]]"#, "true"),
            ("regex_match", r#"["abc", []]"#, "false"),
            ("regex_match", r#"[123, "2"]"#, "true"),
            ("regex_match", r#"[["a"], "a"]"#, "[\"a\"] is a list, not a text"),
            ("regex_match", r#"["a", "("]"#, "the pattern \"(\" does not compile: unclosed group"),
            ("regex_match", r#"[null, "a"]"#, "missing"),
        ]);
    }

    #[test]
    fn matches_are_named_groups_or_the_first_group_or_the_whole() {
        check(&[
            ("regex_find", r#"["a1", "(?<l>[a-z])(?<d>\\d)(?<x>z)?"]"#, r#"{"l":"a","d":"1","x":null}"#),
            ("regex_find", r#"["a1", "[a-z](\\d)"]"#, r#""1""#),
            ("regex_find", r#"["a1", "[a-z]\\d"]"#, r#""a1""#),
            ("regex_find", r#"["a1", "(z)?a"]"#, "missing"),
            ("regex_find", r#"["a1", "z"]"#, "missing"),
            ("regex_find_all", r#"["a1b2", "[a-z](\\d)"]"#, r#"["1","2"]"#),
            ("regex_find_all", r#"["a", "z"]"#, "[]"),
        ]);
    }

    #[test]
    fn replacements_use_groups() {
        check(&[
            ("regex_replace", r#"["a-b c-d", "(\\w)-(\\w)", "$2-$1"]"#, r#""b-a d-c""#),
            ("regex_replace", r#"["äöü", "", "."]"#, r#"".ä.ö.ü.""#),
            ("regex_replace", r#"["5", "5", "$$"]"#, r#""$""#),
        ]);
        let long = Value::text("a".repeat(1 << 20));
        assert!(call("regex_replace", &[long, ".*".into(), "$0".repeat(1000).into()]).is_err());
    }
}
