//! Versions as values that compare like versions.
//!
//! A version becomes a list of parts, and each part a list that starts with its rank, so that
//! `<` on lists, which goes item by item, never meets a word beside a number:
//! pre-release words (`rc`) < the end < other words (`p1`, `ubuntu`) < numbers.

use super::arg;
use super::{Cx, Function, function, needs};
use crate::base::number::Number;
use crate::base::print::shown;
use crate::base::value::Value;
use crate::expr::fault::Fault;

pub const TABLE: &[Function] = &[function(
    "version",
    &[needs("text")],
    version,
    "A value that compares like a version: `1.10` after `1.9`, `2.0-rc1` before `2.0`, `1.0` equal to `1.0.0`. Words before the first digit and everything from a `+` or a blank on do not count.",
    ("version('v1.10') > version('1.9.3')", "true"),
)];

const PRE_RELEASE: i64 = 0;
const END: i64 = 1;
const WORD: i64 = 2;
const NUMBER: i64 = 3;

/// Words that announce a version instead of following it.
const BEFORE: &[&str] = &["alpha", "beta", "dev", "m", "milestone", "pre", "preview", "rc", "snapshot"];

fn version(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    let start = text.find(|c: char| c.is_ascii_digit());
    let start = start.ok_or_else(|| Fault::failed(format!("{} has no digit and is no version", shown(arg::at(args, 0)))))?;
    let counting = text.get(start..).unwrap_or("");
    let counting = counting.split(|c: char| c == '+' || c.is_whitespace()).next().unwrap_or("");
    let mut parts = Vec::new();
    let mut rest = counting;
    while let Some((part, after)) = next(rest) {
        cx.step(1)?;
        if !part.starts_with(|c: char| c.is_ascii_digit()) {
            drop_zeros(&mut parts);
        }
        parts.push(ranked(part, after));
        rest = after;
    }
    drop_zeros(&mut parts);
    parts.push(Value::list(vec![Value::Int(END)]));
    Ok(Value::list(parts))
}

/// The next run of digits or of letters.
fn next(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits || !c.is_alphanumeric()).unwrap_or(text.len());
    text.split_at_checked(end).filter(|(part, _)| !part.is_empty())
}

/// Zeros at the end of a run of numbers say nothing: 1.0 is 1.0.0.
fn drop_zeros(parts: &mut Vec<Value>) {
    let zero = Value::list(vec![Value::Int(NUMBER), Value::Int(0)]);
    while parts.last() == Some(&zero) {
        parts.pop();
    }
}

fn ranked(part: &str, after: &str) -> Value {
    if let Some(number) = Number::parse(part) {
        return Value::list(vec![Value::Int(NUMBER), Value::number(number)]);
    }
    let word = part.to_lowercase();
    // `1.1.1a` is a later one, `3.12a1` an earlier one.
    let letter_before_digit = matches!(&*word, "a" | "b" | "c") && after.starts_with(|c: char| c.is_ascii_digit());
    let rank = if letter_before_digit || BEFORE.contains(&&*word) { PRE_RELEASE } else { WORD };
    Value::list(vec![Value::Int(rank), Value::text(word)])
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, check};
    use crate::base::value::Value;
    use crate::expr::ops::{compare, equal};
    use std::cmp::Ordering;

    fn version(text: &str) -> Value {
        call("version", &[text.into()]).unwrap()
    }

    #[test]
    fn versions_stand_in_their_order() {
        let ordered = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-beta",
            "1.0-rc1",
            "1.0-rc2",
            "1.0-rc10",
            "1.0",
            "1.0p1",
            "1.0.1",
            "1.1.1",
            "1.1.1a",
            "1.1.1k",
            "1.9",
            "1.10",
            "3.12a1",
            "3.12",
            "8.0.36-0ubuntu0.22.04.1",
            "8.0.37",
            "20240501",
        ];
        for pair in ordered.windows(2) {
            assert_eq!(compare(&version(pair[0]), &version(pair[1])), Ok(Ordering::Less), "{pair:?}");
        }
    }

    #[test]
    fn the_same_versions_in_other_words_are_equal() {
        for (a, b) in [
            ("1.0", "1.0.0"),
            ("v2.1", "2.1"),
            ("nginx/1.25.3", "1.25.3"),
            ("1.2+build5", "1.2"),
            ("8.0.36 Community", "8.0.36"),
            ("1.0.0-rc1", "1.0-RC1"),
        ] {
            assert!(equal(&version(a), &version(b)), "{a} {b}");
        }
        check(&[("version", r#"["latest"]"#, "\"latest\" has no digit and is no version"), ("version", "[null]", "missing")]);
    }
}
