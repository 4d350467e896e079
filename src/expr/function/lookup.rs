//! Look-up tables: by the whole key, by its beginning, by a pattern, by a range of numbers.
//!
//! A table is a map as people write it under `tables`. Prefixes compete by length, patterns and
//! ranges by their order in the table, so that a table reads like a list of rules.

use super::arg;
use super::quantity::{PLAIN, measured};
use super::{Cx, Function, function, needs, takes};
use crate::base::glob;
use crate::base::number::Number;
use crate::base::print::shown;
use crate::base::value::{Text, Value};
use crate::expr::fault::Fault;
use crate::expr::ops::as_measure;
use std::cmp::Ordering;

pub const TABLE: &[Function] = &[
    function(
        "lookup",
        &[needs("key"), needs("table"), takes("default")],
        lookup,
        "What the table has under the printed key, else the default; `lookup(table, key)` is the same.",
        ("2 | lookup({'1': 'ok', '2': 'failed'}, 'unknown')", "\"failed\""),
    ),
    function(
        "lookup_prefix",
        &[needs("key"), needs("table"), takes("default")],
        lookup_prefix,
        "What the table has under the longest of its keys with which the printed key begins, else the default; a key `''` fits everything.",
        (
            "['10.0.7.1', '10.9.9.9', '192.168.1.1'] | map('lookup_prefix', {'10.': 'office', '10.0.': 'lab'}, 'other')",
            "[\"lab\",\"office\",\"other\"]",
        ),
    ),
    function(
        "lookup_glob",
        &[needs("key"), needs("table"), takes("default")],
        lookup_glob,
        "What the table has under the first of its keys, in written order, that as a glob matches the whole printed key, else the default.",
        ("'db-03.prod' | lookup_glob({'web-*': 'shop', 'db-*.prod': 'data', '*': 'lab'})", "\"data\""),
    ),
    function(
        "lookup_range",
        &[needs("value"), needs("table"), takes("default")],
        lookup_range,
        "What the table has under the first of its keys, in written order, whose range holds the number, else the default. Ranges: `200`, `200..299` and `200-299` (both ends count), `0..<10` (without its end), `500..`, `..0`, `< 1`, `<= 1`, `> 1`, `>= 1.5`; bounds may have units, as `number` reads them.",
        ("[200, 404, 503] | map('lookup_range', {'200..299': 'ok', '404': 'gone', '>= 500': 'broken'})", "[\"ok\",\"gone\",\"broken\"]"),
    ),
];

/// The key and the table, in either order; `None` where the key is missing.
fn key_and_table(args: &[Value]) -> Option<(&Value, &Value)> {
    let (key, table) = match (arg::at(args, 0), arg::at(args, 1)) {
        (table @ Value::Map(_), key) if !matches!(key, Value::Map(_)) => (key, table),
        (key, table) => (key, table),
    };
    (!key.is_missing()).then_some((key, table))
}

/// Looks up with `find`, which sees the key and the entries; a missing table has none.
fn found_by<'a>(
    args: &'a [Value],
    cx: &Cx<'_>,
    find: impl FnOnce(&Value, &'a crate::base::map::Map) -> Result<Option<&'a Value>, Fault>,
) -> Result<Value, Fault> {
    let Some((key, table)) = key_and_table(args) else { return Ok(Value::Missing) };
    let found = match table {
        Value::Missing => None,
        Value::Map(map) => {
            cx.step(1)?;
            find(key, map)?
        }
        other => return Err(arg::wanted("a map to look things up in", other)),
    };
    Ok(found.filter(|value| !value.is_missing()).unwrap_or(arg::at(args, 2)).clone())
}

fn lookup(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    found_by(args, cx, |key, map| Ok(map.get(&arg::text_like(key)?)))
}

fn lookup_prefix(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    found_by(args, cx, |key, map| {
        cx.step(map.len())?;
        let key = arg::text_like(key)?;
        let fitting = map.iter().filter(|(prefix, _)| key.starts_with(&***prefix));
        Ok(fitting.max_by_key(|(prefix, _)| prefix.len()).map(|(_, value)| value))
    })
}

fn lookup_glob(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    found_by(args, cx, |key, map| {
        cx.step(map.len())?;
        let key = arg::text_like(key)?;
        Ok(map.iter().find(|(pattern, _)| glob::matches(pattern, &key)).map(|(_, value)| value))
    })
}

fn lookup_range(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    found_by(args, cx, |key, map| {
        cx.step(map.len())?;
        let number = arg::number(key)?;
        for (range, value) in map.iter() {
            if Range::read(range)?.holds(number) {
                return Ok(Some(value));
            }
        }
        Ok(None)
    })
}

/// Numbers from a least one to a greatest one; a bound that is absent is no bound.
#[derive(Debug)]
struct Range {
    /// The bound, and whether it belongs to the range itself.
    from: Option<(Number, bool)>,
    to: Option<(Number, bool)>,
}

impl Range {
    fn read(key: &Text) -> Result<Range, Fault> {
        Range::parse(key.trim()).ok_or_else(|| {
            Fault::failed(format!(
                "the key {} of the table is no range: write `200`, `200..299`, `0..<10`, `500..`, `..0`, `< 1` or `>= 1.5`",
                shown(&Value::Text(key.clone()))
            ))
        })
    }

    fn parse(text: &str) -> Option<Range> {
        for (sign, below, itself) in [("<=", true, true), (">=", false, true), ("<", true, false), (">", false, false)] {
            if let Some(rest) = text.strip_prefix(sign) {
                let bound = Some((bound(rest)?, itself));
                return Some(if below { Range { from: None, to: bound } } else { Range { from: bound, to: None } });
            }
        }
        let (from, to) = match text.split_once("..") {
            Some(("", "")) => return None,
            Some((from, to)) => (from, to),
            // A sign at the front is no dash between two bounds.
            None => match text.char_indices().skip(1).find(|(_, c)| *c == '-') {
                Some((at, _)) if bound(text).is_none() => (text.get(..at)?, text.get(at + 1..)?),
                _ => (text, text),
            },
        };
        let (to, itself) = match to.strip_prefix('<') {
            Some(to) => (to, false),
            None => (to, true),
        };
        let optional = |text: &str| if text.trim().is_empty() { Some(None) } else { bound(text).map(Some) };
        Some(Range { from: optional(from)?.map(|from| (from, true)), to: optional(to)?.map(|to| (to, itself)) })
    }

    fn holds(&self, number: Number) -> bool {
        let from = self.from.is_none_or(|(bound, itself)| match number.compare(bound) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => itself,
            _ => false,
        });
        let to = self.to.is_none_or(|(bound, itself)| match number.compare(bound) {
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => itself,
            _ => false,
        });
        from && to
    }
}

/// A bound as `number` reads it: `10`, `1.5`, `10MiB`, `5m`.
fn bound(text: &str) -> Option<Number> {
    let (value, _) = measured(text, PLAIN, 1000.0).ok()?;
    as_measure(&value).ok()
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn tables_are_looked_up_in_either_order() {
        check(&[
            ("lookup", r#"[1.0, {"1": "one"}]"#, r#""one""#),
            ("lookup", r#"[{"1": "one"}, 1]"#, r#""one""#),
            ("lookup", r#"["x", {"1": "one"}, "d"]"#, r#""d""#),
            ("lookup", r#"["x", {"x": null}, "d"]"#, r#""d""#),
            ("lookup", r#"["x", {"1": "one"}]"#, "missing"),
            ("lookup", r#"["x", null, "d"]"#, r#""d""#),
            ("lookup", r#"[{"a": 1}, null, "d"]"#, "missing"),
            ("lookup", r#"["x", ["y"]]"#, "[\"y\"] is a list, not a map to look things up in"),
            ("lookup_range", r#"[{"1": "one"}, 1]"#, r#""one""#),
        ]);
    }

    #[test]
    fn the_longest_prefix_and_the_first_pattern_win() {
        check(&[
            ("lookup_prefix", r#"["10.0.7.1", {"10.0.": "b", "10.": "a", "10.0.7.12": "c"}]"#, r#""b""#),
            ("lookup_prefix", r#"["x", {"": "all", "y": 1}]"#, r#""all""#),
            ("lookup_prefix", r#"["x", {"xx": 1}, 0]"#, "0"),
            ("lookup_prefix", r#"[512, {"5": "server"}]"#, r#""server""#),
            ("lookup_glob", r#"["web-1", {"*": "any", "web-*": "shop"}]"#, r#""any""#),
            ("lookup_glob", r#"["web", {"web-*": "shop"}]"#, "missing"),
            ("lookup_prefix", r#"[["a"], {"a": 1}]"#, "[\"a\"] is a list, not a text"),
        ]);
    }

    #[test]
    fn the_first_range_that_holds_the_number_wins() {
        let size = r#"{"< 1KiB": "small", "1KiB..<1MiB": "middle", ">= 1MiB": "large"}"#;
        check(&[
            ("lookup_range", r#"[9.5, {"0..9": "a", "10..19": "b"}, "gap"]"#, r#""gap""#),
            ("lookup_range", r#"[9.5, {"0..<10": "a", "10..<20": "b"}]"#, r#""a""#),
            ("lookup_range", r#"[10, {"0..<10": "a", "10..<20": "b"}]"#, r#""b""#),
            ("lookup_range", r#"[299, {"200-299": "ok"}]"#, r#""ok""#),
            ("lookup_range", r#"[-5, {"-10..-1": "below", "0": "none"}]"#, r#""below""#),
            ("lookup_range", r#"[-5, {"-10--1": "below"}]"#, r#""below""#),
            ("lookup_range", r#"[0, {"-10..-1": "below", "0": "none"}]"#, r#""none""#),
            ("lookup_range", r#"[7, {"..5": 1, "5..": 2}]"#, "2"),
            ("lookup_range", r#"[5, {"..5": 1, "5..": 2}]"#, "1"),
            ("lookup_range", &format!("[1023, {size}]"), r#""small""#),
            ("lookup_range", &format!("[1024, {size}]"), r#""middle""#),
            ("lookup_range", &format!("[1048576, {size}]"), r#""large""#),
            ("lookup_range", r#"[18446744073709551615, {"< 18446744073709551615": 1, ">= 18446744073709551615": 2}]"#, "2"),
            ("lookup_range", r#"["503", {">= 500": 1}]"#, "\"503\" is a text, not a number: `| number` converts it"),
            (
                "lookup_range",
                r#"[5, {"high": 1}]"#,
                "the key \"high\" of the table is no range: write `200`, `200..299`, `0..<10`, `500..`, `..0`, `< 1` or `>= 1.5`",
            ),
        ]);
    }
}
