//! Texts: case, parts, joining.
//!
//! Numbers, booleans and times are printed first; lists and maps are no texts and are refused,
//! except where a function says otherwise.

use super::arg::{self, Output};
use super::{Cx, Function, function, needs, takes};
use crate::base::value::Value;
use crate::expr::fault::Fault;

pub const TABLE: &[Function] = &[
    function("upper", &[needs("text")], upper, "The text in upper case.", ("'disk C' | upper", "\"DISK C\"")),
    function("lower", &[needs("text")], lower, "The text in lower case.", ("'Disk C' | lower", "\"disk c\"")),
    function(
        "title",
        &[needs("text")],
        title,
        "Every word with a capital, the rest in lower case.",
        ("'log SIZE' | title", "\"Log Size\""),
    ),
    function(
        "capitalize",
        &[needs("text")],
        capitalize,
        "The first letter as a capital, the rest in lower case.",
        ("'log SIZE' | capitalize", "\"Log size\""),
    ),
    function(
        "trim",
        &[needs("text"), takes("chars")],
        trim,
        "The text without blanks at its ends, or without any of `chars`.",
        ("'/var/log/' | trim('/')", "\"var/log\""),
    ),
    function(
        "replace",
        &[needs("text"), needs("old"), needs("new")],
        replace,
        "Every `old` as `new`.",
        ("'a-b-c' | replace('-', '.')", "\"a.b.c\""),
    ),
    function(
        "join",
        &[needs("list"), takes("separator"), takes("attribute")],
        join,
        "The items as one text with a separator in between; missing items are left out. With `attribute`, the values under that dotted key.",
        ("['a', 2, true] | join('-')", "\"a-2-true\""),
    ),
    function(
        "split",
        &[needs("text"), takes("separator"), takes("maxsplit")],
        split,
        "The parts between separators, or between blanks where none is given; after `maxsplit` cuts the rest stays whole.",
        ("'a,b' | split(',')", "[\"a\",\"b\"]"),
    ),
    function(
        "remove_prefix",
        &[needs("text"), needs("prefix")],
        remove_prefix,
        "The text without that beginning, where it has it.",
        ("'node_memory' | remove_prefix('node_')", "\"memory\""),
    ),
    function(
        "remove_suffix",
        &[needs("text"), needs("suffix")],
        remove_suffix,
        "The text without that end, where it has it.",
        ("'db1.example.org' | remove_suffix('.example.org')", "\"db1\""),
    ),
    function(
        "slug",
        &[needs("text"), takes("separator")],
        slug,
        "Letters and digits in lower case, with one `separator` (`-`) for everything between them.",
        ("'Größe of /var (GB)' | slug", "\"größe-of-var-gb\""),
    ),
    function("lines", &[needs("text")], lines, "The lines, without their ends.", ("'a\\nb\\n' | lines", "[\"a\",\"b\"]")),
    function("wordcount", &[needs("text")], wordcount, "How many words the text has.", ("'to be or not' | wordcount", "4")),
    function("string", &[needs("value")], string, "The value as it prints; JSON for lists and maps.", ("3.0 | string", "\"3\"")),
    ESCAPE,
    ESCAPE.also("e", ("'<b>' | e", "\"<b>\"")),
    ESCAPE.also("safe", ("'<b>' | safe", "\"<b>\"")),
];

const ESCAPE: Function =
    function("escape", &[needs("value")], unchanged, "The value as it is: nothing is ever escaped.", ("'<b>' | escape", "\"<b>\""));

fn remove_prefix(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (text, prefix) = (arg::text(args, 0, cx)?, arg::text(args, 1, cx)?);
    arg::answer(text.strip_prefix(&*prefix).unwrap_or(&text))
}

fn remove_suffix(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (text, suffix) = (arg::text(args, 0, cx)?, arg::text(args, 1, cx)?);
    arg::answer(text.strip_suffix(&*suffix).unwrap_or(&text))
}

fn slug(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (text, separator) = (arg::text(args, 0, cx)?, arg::text_or(args, 1, "-", cx)?);
    let mut out = Output::default();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(&separator)?;
        }
        out.push(&word.to_lowercase())?;
    }
    Ok(out.finish())
}

fn upper(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    arg::answer(arg::text(args, 0, cx)?.to_uppercase())
}

fn lower(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    arg::answer(arg::text(args, 0, cx)?.to_lowercase())
}

fn title(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    let mut out = String::with_capacity(text.len());
    let mut within = false;
    for c in text.chars() {
        if within {
            out.extend(c.to_lowercase())
        } else {
            out.extend(c.to_uppercase())
        }
        within = c.is_alphanumeric() || c == '\'';
    }
    arg::answer(out)
}

fn capitalize(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    arg::answer(first.chain(chars.as_str().to_lowercase().chars()).collect::<String>())
}

fn trim(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    if args.len() < 2 {
        return arg::answer(text.trim());
    }
    let chars = arg::text(args, 1, cx)?;
    arg::answer(text.trim_matches(|c| chars.contains(c)))
}

fn replace(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (text, old, new) = (arg::text(args, 0, cx)?, arg::text(args, 1, cx)?, arg::text(args, 2, cx)?);
    if old.is_empty() {
        return Err(Fault::failed("the text to replace is empty"));
    }
    let mut out = Output::default();
    for (n, part) in text.split(&*old).enumerate() {
        if n > 0 {
            out.push(&new)?;
        }
        out.push(part)?;
    }
    Ok(out.finish())
}

fn join(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let items = arg::list(args, 0, cx)?;
    let separator = arg::text_or(args, 1, "", cx)?;
    let attribute = if arg::at(args, 2).is_missing() { None } else { Some(arg::text(args, 2, cx)?) };
    let mut out = Output::default();
    let mut first = true;
    for item in items.iter() {
        let value = attribute.as_ref().map_or_else(|| item.clone(), |key| arg::dotted(item, key));
        let Some(text) = crate::base::print::text_of(&value) else { continue };
        if !std::mem::take(&mut first) {
            out.push(&separator)?;
        }
        out.push(&text)?;
    }
    Ok(out.finish())
}

fn split(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    let parts_most = arg::count_or(args, 2, usize::MAX)?.saturating_add(1);
    if arg::at(args, 1).is_missing() {
        return collect(Words { rest: text.trim(), left: parts_most }, cx);
    }
    let separator = arg::text(args, 1, cx)?;
    if separator.is_empty() {
        return Err(Fault::failed("the separator is empty: `| list` gives the characters of a text"));
    }
    collect(text.splitn(parts_most, &*separator), cx)
}

/// Parts between blanks, of which the last one keeps its own.
struct Words<'a> {
    rest: &'a str,
    left: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        self.left = self.left.saturating_sub(1);
        let end = if self.left == 0 { None } else { self.rest.find(char::is_whitespace) };
        let (word, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
        self.rest = rest.trim_start();
        Some(word)
    }
}

fn lines(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    collect(arg::text(args, 0, cx)?.lines(), cx)
}

fn collect<'a>(parts: impl Iterator<Item = &'a str>, cx: &Cx<'_>) -> Result<Value, Fault> {
    let paid = parts.map(|part| cx.step(1).map(|()| Value::text(part)));
    paid.collect::<Result<Vec<_>, _>>().map(Value::list)
}

fn wordcount(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    Ok(arg::text(args, 0, cx)?.split_whitespace().count().into())
}

fn string(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    arg::answer(crate::base::print::text_of(arg::at(args, 0)).ok_or(Fault::Missing)?)
}

fn unchanged(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    Ok(arg::at(args, 0).clone())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, check};
    use super::*;

    #[test]
    fn texts_are_cut_and_joined() {
        check(&[
            ("upper", r#"["straße"]"#, r#""STRASSE""#),
            ("upper", "[true]", r#""TRUE""#),
            ("title", r#"["hello my-world's END"]"#, r#""Hello My-World's End""#),
            ("capitalize", r#"["éCOLE"]"#, r#""École""#),
            ("capitalize", r#"[""]"#, r#""""#),
            ("trim", r#"["  a b \n"]"#, r#""a b""#),
            ("trim", r#"["xxaxyx", "xy"]"#, r#""a""#),
            ("replace", r#"["aaa", "a", "bb"]"#, r#""bbbbbb""#),
            ("replace", "[100, 0, 1]", r#""111""#),
            ("replace", r#"["a", "", "b"]"#, "the text to replace is empty"),
            ("join", r#"[["a", null, 1.0, [2]], ", "]"#, r#""a, 1, [2]""#),
            ("join", r#"[["", "a"], ","]"#, r#"",a""#),
            ("join", r#"[[{"n": {"m": 1}}, {"n": {"m": 2}}], "+", "n.m"]"#, r#""1+2""#),
            ("split", r#"["a,,b", ","]"#, r#"["a","","b"]"#),
            ("split", r#"["a=b=c", "=", 1]"#, r#"["a","b=c"]"#),
            ("split", r#"["  a  b c ", null, 1]"#, r#"["a","b c"]"#),
            ("split", r#"["  a  b c "]"#, r#"["a","b","c"]"#),
            ("split", r#"["", ","]"#, r#"[""]"#),
            ("split", r#"[""]"#, "[]"),
            ("lines", r#"["a\r\nb\n\nc"]"#, r#"["a","b","","c"]"#),
            ("string", r#"[{"a": 1}]"#, r#""{\"a\":1}""#),
        ]);
    }

    #[test]
    fn lists_and_maps_are_no_texts_and_missing_stays_missing() {
        check(&[
            ("upper", "[[1]]", "[1] is a list, not a text"),
            ("split", r#"[{"a": 1}, ","]"#, "{\"a\":1} is a map, not a text"),
            ("join", r#"["abc"]"#, "\"abc\" is a text, not a list"),
            ("upper", "[null]", "missing"),
            ("replace", r#"["a", "a", null]"#, "missing"),
        ]);
    }

    #[test]
    fn a_replacement_cannot_flood_the_memory() {
        let long = Value::text("a".repeat(1 << 20));
        assert!(call("replace", &[long.clone(), "a".into(), long]).is_err());
    }
}
