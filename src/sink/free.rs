//! Free data as receivers take it: without nulls and empty texts, and with one type in each list, since
//! a single item that is refused takes its whole message along.

use crate::base::map::Map;
use crate::base::print::AsJson;
use crate::base::value::{Text, Value};
use serde::{Serialize, Serializer};

/// A map of free data; anything else is an empty one.
#[derive(Clone, Copy, Debug)]
pub struct Object<'v> {
    map: Option<&'v Map>,
    without: Option<&'static str>,
}

impl<'v> Object<'v> {
    /// All of the data.
    pub fn of(data: &'v Value) -> Self {
        Object { map: data.as_map().map(|map| &**map), without: None }
    }

    /// The data without what stands under one key.
    pub fn without(key: &'static str, data: &'v Value) -> Self {
        Object { without: Some(key), ..Object::of(data) }
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let entries = self.map.into_iter().flat_map(|map| map.iter());
        out.collect_map(kept(entries).filter(|(key, _)| Some(*key) != self.without))
    }
}

/// Free data that is not nothing.
#[derive(Clone, Copy, Debug)]
pub struct Free<'v>(&'v Value);

impl<'v> Free<'v> {
    /// The member of a map, if there is something.
    pub fn member(data: &'v Value, key: &str) -> Option<Self> {
        data.as_map()?.get(key).filter(|value| !is_nothing(value)).map(Free)
    }
}

impl Serialize for Free<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::List(items) => {
                let kept = || items.iter().filter(|item| !is_nothing(item));
                if kept().zip(kept().skip(1)).all(|(a, b)| kind(a) == kind(b)) {
                    out.collect_seq(kept().map(Free))
                } else {
                    out.collect_seq(kept().map(AsText))
                }
            }
            Value::Map(map) => out.collect_map(kept(map.iter())),
            plain => AsJson(plain).serialize(out),
        }
    }
}

/// An item of a list of several types, which would be refused as a whole: it is a text.
struct AsText<'v>(&'v Value);

impl Serialize for AsText<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let free = Free(self.0);
        if kind(self.0) == Kind::Text {
            return free.serialize(out);
        }
        out.serialize_str(&serde_json::to_string(&free).map_err(serde::ser::Error::custom)?)
    }
}

fn kept<'v>(entries: impl Iterator<Item = (&'v Text, &'v Value)>) -> impl Iterator<Item = (&'v str, Free<'v>)> {
    entries.filter(|(_, value)| !is_nothing(value)).map(|(key, value)| (&**key, Free(value)))
}

/// Reports hold nothing that is still to be computed.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.is_empty(),
        other => matches!(other, Value::Missing | Value::Lazy(_)),
    }
}

/// The types of JSON.
#[derive(PartialEq)]
enum Kind {
    Bool,
    Number,
    Text,
    List,
    Map,
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Bool(_) => Kind::Bool,
        Value::Int(_) | Value::Uint(_) => Kind::Number,
        Value::Float(n) if n.is_finite() => Kind::Number,
        Value::List(_) => Kind::List,
        Value::Map(_) => Kind::Map,
        Value::Float(_) | Value::Text(_) | Value::Time(_) | Value::Secret(_) | Value::Missing | Value::Lazy(_) => Kind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, Value)]) -> Value {
        Value::map(entries.iter().map(|(key, value)| (Text::from(*key), value.clone())).collect())
    }

    #[test]
    fn what_receivers_refuse_is_not_there() {
        let data = map(&[
            ("a", Value::Missing),
            ("b", "".into()),
            ("c", Value::list(vec![Value::Missing, Value::Int(1), Value::Float(2.0)])),
            ("d", Value::list(vec![Value::Int(1), "x".into(), map(&[("k", "".into()), ("l", Value::Bool(true))])])),
            ("e", Value::list(Vec::new())),
            ("f", Value::list(vec!["x".into(), Value::Float(f64::NAN)])),
        ]);
        let found = serde_json::to_string(&Object::of(&data)).unwrap();
        assert_eq!(found, r#"{"c":[1,2],"d":["1","x","{\"l\":true}"],"e":[],"f":["x","NaN"]}"#);
        assert_eq!(serde_json::to_string(&Object::of(&Value::Int(1))).unwrap(), "{}");
        assert_eq!(serde_json::to_string(&Object::without("c", &map(&[("c", Value::Int(1))]))).unwrap(), "{}");
        assert!(Free::member(&data, "b").is_none() && Free::member(&data, "c").is_some());
    }
}
