//! Values as the engine keeps them for itself: nothing is lost on the way to disk and back.
//!
//! Times stay times, integers keep their 64 bits, floats their last bit, maps their order. A value
//! is an object with its type as the key (`{"time": "…"}`, `{"list": […]}`), so that no text is
//! ever taken for something else; [`super::print::to_json`] is the form for everybody else.
//!
//! A secret is refused, and so is a value that still computes its members: what is to be kept is
//! made plain first.

use super::map::Map;
use super::value::{Text, Value};
use jiff::Timestamp;
use serde::de::Error as _;
use serde::ser::{Error as _, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of the type in the data model of `serde`.
const TYPE: &str = "Value";

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Missing => out.serialize_unit_variant(TYPE, 0, "missing"),
            Value::Bool(b) => out.serialize_newtype_variant(TYPE, 1, "bool", b),
            Value::Int(n) => out.serialize_newtype_variant(TYPE, 2, "int", n),
            Value::Uint(n) => out.serialize_newtype_variant(TYPE, 3, "uint", n),
            Value::Float(n) => out.serialize_newtype_variant(TYPE, 4, "float", &float_text(*n)),
            Value::Text(text) => out.serialize_newtype_variant(TYPE, 5, "text", text),
            Value::List(items) => out.serialize_newtype_variant(TYPE, 6, "list", &**items),
            Value::Map(map) => out.serialize_newtype_variant(TYPE, 7, "map", &**map),
            Value::Time(time) => out.serialize_newtype_variant(TYPE, 8, "time", &time.to_string()),
            Value::Secret(_) => Err(S::Error::custom("a secret is never written")),
            Value::Lazy(_) => Err(S::Error::custom("a result is made plain before it is written")),
        }
    }
}

/// What a stored value is read as.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stored {
    Missing,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(String),
    Text(Text),
    List(Vec<Value>),
    Map(Map),
    Time(String),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Stored::deserialize(from)? {
            Stored::Missing => Value::Missing,
            Stored::Bool(b) => Value::Bool(b),
            Stored::Int(n) => Value::Int(n),
            Stored::Uint(n) => Value::Uint(n),
            Stored::Float(text) => Value::Float(float_of(&text).map_err(D::Error::custom)?),
            Stored::Text(text) => Value::Text(text),
            Stored::List(items) => Value::list(items),
            Stored::Map(map) => Value::map(map),
            Stored::Time(text) => Value::Time(time_of(&text).map_err(D::Error::custom)?),
        })
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut pairs = out.serialize_seq(Some(self.len()))?;
        for pair in self.iter() {
            pairs.serialize_element(&pair)?;
        }
        pairs.end()
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Vec::<(Text, Value)>::deserialize(from)?.into_iter().collect())
    }
}

/// The shortest text that reads back as the same float; JSON alone knows neither NaN nor infinity.
pub fn float_text(n: f64) -> String {
    format!("{n:?}")
}

/// The float of such a text.
///
/// # Errors
/// The text is no float.
pub fn float_of(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("`{text}` is no float"))
}

/// The moment of a text, to the nanosecond.
///
/// # Errors
/// The text is no moment.
pub fn time_of(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("`{text}` is no time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;

    fn back(value: &Value) -> Value {
        serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
    }

    #[test]
    fn every_type_comes_back_as_it_was() {
        let time: Timestamp = "2026-01-01T00:00:00.123456789Z".parse().unwrap();
        let list = Value::list(vec![Value::Missing, Value::Bool(true), Value::Int(i64::MIN), Value::Uint(u64::MAX), "x".into()]);
        let map: Map =
            [("b", list), ("a", Value::Time(time)), ("f", Value::Float(0.1 + 0.2))].map(|(k, v)| (k.into(), v)).into_iter().collect();
        let value = Value::map(map);
        assert_eq!(format!("{:?}", back(&value)), format!("{value:?}"));
    }

    #[test]
    fn floats_keep_their_type_and_their_last_bit() {
        for n in [1.0, -0.0, f64::MIN_POSITIVE, 1e300, f64::INFINITY, f64::NEG_INFINITY, 0.1 + 0.2] {
            let Value::Float(found) = back(&Value::Float(n)) else { panic!("{n} is no float any more") };
            assert_eq!(found.to_bits(), n.to_bits());
        }
        assert!(matches!(back(&Value::Float(f64::NAN)), Value::Float(n) if n.is_nan()));
    }

    #[test]
    fn a_secret_is_refused_at_any_depth() {
        let value = Value::list(vec![Value::Secret(Secret::new("c4n4ry"))]);
        assert!(serde_json::to_string(&value).is_err());
    }
}
