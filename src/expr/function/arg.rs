//! Arguments as the functions want them: texts, numbers, lists, or the words why they are not.
//!
//! Here the rule lives that text and numbers never mix by accident: numbers print into a text,
//! but no text counts as a number, and a list is never taken for either.

use super::Cx;
use crate::base::limits;
use crate::base::map::Map;
use crate::base::number::Number;
use crate::base::print::{shown, text_of};
use crate::base::value::{MISSING, Text, Value};
use crate::expr::fault::Fault;
use std::sync::Arc;

/// A step pays for this many bytes of text.
const STEP_BYTES: usize = 64;

/// The argument at a place; missing where not given.
pub fn at(args: &[Value], place: usize) -> &Value {
    args.get(place).unwrap_or(&MISSING)
}

/// The arguments from a place on.
pub fn from(args: &[Value], place: usize) -> &[Value] {
    args.get(place..).unwrap_or(&[])
}

/// A failure that says what was wanted and shows what came.
pub fn wanted(what: &str, value: &Value) -> Fault {
    if value.is_missing() {
        return Fault::Missing;
    }
    Fault::failed(format!("{} is a {}, not {what}", shown(value), value.kind()))
}

/// A text; numbers, booleans and times are printed.
pub fn text(args: &[Value], place: usize, cx: &Cx<'_>) -> Result<Text, Fault> {
    let text = text_like(at(args, place))?;
    cx.step(text.len() / STEP_BYTES)?;
    Ok(text)
}

/// A text that may be absent.
pub fn text_or(args: &[Value], place: usize, default: &str, cx: &Cx<'_>) -> Result<Text, Fault> {
    if at(args, place).is_missing() { Ok(default.into()) } else { text(args, place, cx) }
}

/// The text of anything that is printed in one word.
pub fn text_like(value: &Value) -> Result<Text, Fault> {
    match value {
        Value::List(_) | Value::Map(_) | Value::Lazy(_) => Err(wanted("a text", value)),
        other => text_of(other).ok_or(Fault::Missing),
    }
}

/// A number; booleans are 1 and 0.
pub fn number(value: &Value) -> Result<Number, Fault> {
    match value {
        Value::Bool(b) => Ok(Number::Int((*b).into())),
        Value::Text(_) => Err(Fault::failed(format!("{} is a text, not a number: `| number` converts it", shown(value)))),
        other => other.as_number().ok_or_else(|| wanted("a number", other)),
    }
}

/// An integer of up to 64 bits.
pub fn integer(value: &Value) -> Result<i64, Fault> {
    let whole = number(value)?.as_integer().and_then(|n| i64::try_from(n).ok());
    whole.ok_or_else(|| Fault::failed(format!("{} is no integer of 64 bits", shown(value))))
}

/// An integer that may be absent.
pub fn integer_or(args: &[Value], place: usize, default: i64) -> Result<i64, Fault> {
    if at(args, place).is_missing() { Ok(default) } else { integer(at(args, place)) }
}

/// A count of at least `least`.
pub fn count(value: &Value, least: usize) -> Result<usize, Fault> {
    let count = usize::try_from(integer(value)?).ok().filter(|n| *n >= least);
    count.ok_or_else(|| Fault::failed(format!("{} is below {least}", shown(value))))
}

/// A count that may be absent.
pub fn count_or(args: &[Value], place: usize, default: usize) -> Result<usize, Fault> {
    if at(args, place).is_missing() { Ok(default) } else { count(at(args, place), 0) }
}

/// A switch; off where absent.
pub fn flag(args: &[Value], place: usize) -> bool {
    at(args, place).is_true()
}

/// The items of a list, paid for.
pub fn list<'a>(args: &'a [Value], place: usize, cx: &Cx<'_>) -> Result<&'a Arc<Vec<Value>>, Fault> {
    let value = at(args, place);
    let items = value.as_list().ok_or_else(|| wanted("a list", value))?;
    cx.step(items.len())?;
    Ok(items)
}

/// A map, paid for.
pub fn map(args: &[Value], place: usize, cx: &Cx<'_>) -> Result<Arc<Map>, Fault> {
    let value = at(args, place).materialize();
    let map = value.as_map().ok_or_else(|| wanted("a map", &value))?;
    cx.step(map.len())?;
    Ok(map.clone())
}

/// One text or a list of them.
pub fn texts(args: &[Value], place: usize, cx: &Cx<'_>) -> Result<Vec<Text>, Fault> {
    match at(args, place) {
        Value::List(items) => {
            cx.step(items.len())?;
            items.iter().filter(|item| !item.is_missing()).map(text_like).collect()
        }
        _ => Ok(vec![text(args, place, cx)?]),
    }
}

/// The value behind a dotted key: names of maps, numbers of lists. A key of a map that itself has
/// dots wins over the way down.
pub fn dotted(value: &Value, path: &str) -> Value {
    let here = match value {
        Value::List(items) => path.parse().ok().and_then(|n| crate::base::value::at(items, n)).cloned().unwrap_or_default(),
        other => other.member(path),
    };
    if !here.is_missing() {
        return here;
    }
    let Some((name, rest)) = path.split_once('.') else { return here };
    match dotted_step(value, name) {
        Value::Missing => Value::Missing,
        inner => dotted(&inner, rest),
    }
}

fn dotted_step(value: &Value, name: &str) -> Value {
    match value {
        Value::List(_) => name.parse().map_or(Value::Missing, |n| value.item(n)),
        other => other.member(name),
    }
}

/// A text that grows no further than the language allows.
#[derive(Debug, Default)]
pub struct Output(String);

impl Output {
    /// Appends.
    pub fn push(&mut self, part: &str) -> Result<(), Fault> {
        if self.0.len() + part.len() > limits::TEXT_BYTES {
            return Err(too_long());
        }
        self.0.push_str(part);
        Ok(())
    }

    /// True before anything was appended.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value.
    pub fn finish(self) -> Value {
        Value::text(self.0)
    }
}

/// A text as an answer, if it is not too long for one.
pub fn answer(text: impl Into<Text>) -> Result<Value, Fault> {
    let text = text.into();
    if text.len() > limits::TEXT_BYTES { Err(too_long()) } else { Ok(Value::Text(text)) }
}

fn too_long() -> Fault {
    Fault::failed(format!("the text grows beyond {} bytes", limits::TEXT_BYTES))
}

#[cfg(test)]
mod tests {
    use super::super::testing::value;
    use super::*;

    #[test]
    fn dotted_keys_walk_maps_and_lists_and_prefer_whole_keys() {
        let row = value(r#"{"a": {"b": [{"c": 1}, 2]}, "x.y": 3, "x": {"y": 4}}"#);
        for (path, found) in [("a.b.0.c", Value::Int(1)), ("a.b.-1", Value::Int(2)), ("x.y", Value::Int(3)), ("a.q.r", Value::Missing)] {
            assert_eq!(dotted(&row, path), found, "{path}");
        }
    }

    #[test]
    fn no_text_grows_beyond_the_limit() {
        let mut out = Output::default();
        assert!(out.push(&"a".repeat(limits::TEXT_BYTES)).is_ok());
        assert!(out.push("b").is_err());
    }
}
