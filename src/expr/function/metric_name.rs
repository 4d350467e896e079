//! `normalize`: the rules for names of metrics, as the agents apply them.
//!
//! Letters beyond ASCII count as foreign: names of metrics are ASCII, and transliteration would
//! need tables.

use super::arg;
use super::{Cx, Function, function, needs, takes};
use crate::base::print::shown;
use crate::base::value::Value;
use crate::expr::fault::Fault;

pub const TABLE: &[Function] = &[function(
    "normalize",
    &[needs("text"), takes("fix_case")],
    normalize_value,
    "The text as a name of a metric: a letter first, then letters, digits, `_` and `.`, with other characters as one `_`; with `fix_case=true` `camelCase` becomes `camel_case`.",
    ("'2 Disk (sda).Used %' | normalize", "\"Disk_sda.Used\""),
)];

fn normalize_value(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    let name = if arg::flag(args, 1) { normalize(&snake_case(&text)) } else { normalize(&text) };
    if name.is_empty() {
        return Err(Fault::failed(format!("{} has no letter for a name", shown(arg::at(args, 0)))));
    }
    arg::answer(name)
}

/// The name of a metric that a text gives; empty where it has no letter.
pub fn normalize(text: &str) -> String {
    let starts = text.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let mut out = String::with_capacity(starts.len());
    for c in starts.chars() {
        match c {
            '.' => {
                out.truncate(out.trim_end_matches('_').len());
                out.push('.');
            }
            c if c.is_ascii_alphanumeric() => out.push(c),
            // One `_` for a run, and none after a dot.
            _ if out.ends_with(['_', '.']) => {}
            _ => out.push('_'),
        }
    }
    out.truncate(out.trim_end_matches('_').len());
    out
}

/// An underscore before a capital that follows a small letter or a digit, or that starts a word
/// after capitals: `HTTPStatusCode` becomes `http_status_code`.
pub fn snake_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let ends_word = before.is_some_and(|b: char| b.is_lowercase() || b.is_ascii_digit());
        let ends_capitals = before.is_some_and(char::is_uppercase) && chars.peek().is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (ends_word || ends_capitals) {
            out.push('_');
        }
        out.extend(c.to_lowercase());
        before = Some(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn names_have_letters_digits_and_single_separators() {
        for (text, name) in [
            ("a b", "a_b"),
            ("a - b", "a_b"),
            ("a__b", "a_b"),
            ("_a_", "a"),
            ("a_._b", "a.b"),
            ("a._.b", "a..b"),
            ("1.5 load", "load"),
            ("größe", "gr_e"),
            ("jvm:gc{old}", "jvm_gc_old"),
            ("100%", ""),
        ] {
            assert_eq!(normalize(text), name, "{text}");
        }
    }

    #[test]
    fn camel_case_becomes_snake_case_on_request() {
        check(&[
            ("normalize", r#"["HTTPStatusCode.maxValue2Go", true]"#, r#""http_status_code.max_value2_go""#),
            ("normalize", r#"["maxValue"]"#, r#""maxValue""#),
            ("normalize", r#"["%%"]"#, "\"%%\" has no letter for a name"),
        ]);
    }
}
