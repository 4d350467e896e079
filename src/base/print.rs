//! How values print: in templates and tags, as JSON, and inside messages.
//!
//! `true`, `3` for 3.0, the shortest form of other floats, seconds for durations, RFC 3339 for
//! times, JSON for lists and maps; a missing value has no text at all.

use super::number::Number;
use super::secret::MASK;
use super::value::{Text, Value};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use std::fmt::Write;

/// The text of a value, secrets as asterisks; `None` for a missing one.
pub fn text_of(value: &Value) -> Option<Text> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Missing => None,
        other => {
            let mut out = String::new();
            write_text(&mut out, other);
            Some(out.into())
        }
    }
}

/// Appends the text of a value; nothing for a missing one.
pub fn write_text(out: &mut String, value: &Value) {
    // Writing to a String cannot fail.
    let _ = match value {
        Value::Missing => Ok(()),
        Value::Bool(b) => write!(out, "{b}"),
        Value::Int(n) => write!(out, "{n}"),
        Value::Uint(n) => write!(out, "{n}"),
        Value::Float(n) => write!(out, "{}", Number::Float(*n)),
        Value::Text(text) => out.write_str(text),
        Value::Time(time) => write!(out, "{time}"),
        Value::Secret(_) => out.write_str(MASK),
        Value::List(_) | Value::Map(_) | Value::Lazy(_) => out.write_str(&to_json(value).to_string()),
    };
}

/// The value as JSON: missing is null, times are RFC 3339, secrets are asterisks, floats that
/// JSON cannot write are texts.
pub fn to_json(value: &Value) -> Json {
    // Keys are texts, and nothing else could fail.
    serde_json::to_value(AsJson(value)).unwrap_or_default()
}

/// A value that is written as [`to_json`] has it, without a tree in between.
#[derive(Clone, Copy, Debug)]
pub struct AsJson<'v>(pub &'v Value);

impl Serialize for AsJson<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Missing => out.serialize_unit(),
            Value::Bool(b) => out.serialize_bool(*b),
            Value::Int(n) => out.serialize_i64(*n),
            Value::Uint(n) => out.serialize_u64(*n),
            Value::Float(n) => Number::Float(*n).serialize(out),
            Value::Text(text) => out.serialize_str(text),
            Value::List(items) => out.collect_seq(items.iter().map(AsJson)),
            Value::Map(map) => out.collect_map(map.iter().map(|(key, value)| (&**key, AsJson(value)))),
            Value::Time(time) => out.collect_str(time),
            Value::Secret(_) => out.serialize_str(MASK),
            Value::Lazy(lazy) => AsJson(&lazy.materialize()).serialize(out),
        }
    }
}

/// As JSON writes it: integers of 64 bits are exact, whole floats have no fraction, and what JSON does
/// not know is a text.
impl Serialize for Number {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match *self {
            Number::Int(n) => out.serialize_i64(n),
            Number::Uint(n) => out.serialize_u64(n),
            Number::Float(n) if n.fract() == 0.0 && n.abs() < 9e15 => out.serialize_i64(n as i64),
            Number::Float(n) if n.is_finite() => out.serialize_f64(n),
            Number::Float(n) if n.is_nan() => out.serialize_str("NaN"),
            Number::Float(n) => out.serialize_str(if n > 0.0 { "Infinity" } else { "-Infinity" }),
        }
    }
}

/// A value inside a message: texts in quotes, everything cut to a readable length.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Missing => "missing".to_owned(),
        Value::Text(text) => format!("\"{}\"", cut(&one_line(text), 80)),
        other => cut(&one_line(&text_of(other).unwrap_or_default()), 120),
    }
}

/// At most `most` characters, with an ellipsis where something was cut.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or("")),
        None => text.to_owned(),
    }
}

/// At most `most` bytes, cut at a character's border.
pub fn cut_bytes(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

/// Control and direction characters as escapes, so that one line stays one line and no data can
/// steer a terminal.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;

    #[test]
    fn values_print_as_the_language_says() {
        let cases = [
            (Value::Bool(true), "true"),
            (Value::Float(3.0), "3"),
            (Value::Float(0.5), "0.5"),
            (Value::list(vec![Value::Int(1), "a".into(), Value::Missing]), "[1,\"a\",null]"),
            (Value::Secret(Secret::new("x")), "****"),
            (Value::Time(jiff::Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00Z"),
        ];
        for (value, printed) in cases {
            assert_eq!(text_of(&value).as_deref(), Some(printed));
        }
        assert_eq!(text_of(&Value::Missing), None);
    }

    #[test]
    fn data_cannot_steer_a_terminal() {
        assert_eq!(one_line("a\n\u{1b}[2J\u{202e}"), "a\\n\\u{1b}[2J\\u{202e}");
    }
}
