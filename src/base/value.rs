//! The one dynamic value: what documents, rows, configuration and expressions are made of.
//!
//! Cloning is cheap everywhere (numbers are copied, the rest is shared). A length of time is a
//! number of seconds and a size a number of bytes, so they calculate like any number.

use super::map::Map;
use super::number::Number;
use super::secret::Secret;
use jiff::Timestamp;
use std::fmt::Debug;
use std::sync::Arc;

/// A shared text.
pub type Text = Arc<str>;

/// A value that computes its members on demand, such as the result of a source.
pub trait Lazy: Send + Sync + Debug {
    /// The member of that name; [`Value::Missing`] where there is none.
    fn member(&self, name: &str) -> Value;
    /// All members, for printing and for paths with wildcards.
    fn materialize(&self) -> Value;
}

/// One value.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Not there: a key that does not exist, JSON null, an empty CSV cell.
    #[default]
    Missing,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above `i64::MAX`; smaller ones are always [`Value::Int`].
    Uint(u64),
    /// Any other number, infinities and NaN included.
    Float(f64),
    /// A text.
    Text(Text),
    /// A list.
    List(Arc<Vec<Value>>),
    /// An ordered map with text keys.
    Map(Arc<Map>),
    /// A moment.
    Time(Timestamp),
    /// A text that must not be shown.
    Secret(Secret),
    /// Members on demand.
    Lazy(Arc<dyn Lazy>),
}

/// The one missing value, for references.
pub static MISSING: Value = Value::Missing;

impl Value {
    /// A text.
    pub fn text(text: impl Into<Text>) -> Value {
        Value::Text(text.into())
    }

    /// A list.
    pub fn list(items: Vec<Value>) -> Value {
        Value::List(Arc::new(items))
    }

    /// A map.
    pub fn map(map: Map) -> Value {
        Value::Map(Arc::new(map))
    }

    /// A number in its smallest form.
    pub fn number(number: Number) -> Value {
        match number {
            Number::Int(n) => Value::Int(n),
            Number::Uint(n) => match i64::try_from(n) {
                Ok(n) => Value::Int(n),
                Err(_) => Value::Uint(n),
            },
            Number::Float(n) => Value::Float(n),
        }
    }

    /// Seconds, as an integer where they are whole.
    pub fn seconds(seconds: f64) -> Value {
        if seconds.fract() == 0.0 && seconds.abs() < 9e15 { Value::Int(seconds as i64) } else { Value::Float(seconds) }
    }

    /// True for a missing value.
    pub fn is_missing(&self) -> bool {
        matches!(self, Value::Missing)
    }

    /// A number, and nothing that merely looks like one.
    pub fn as_number(&self) -> Option<Number> {
        match self {
            Value::Int(n) => Some(Number::Int(*n)),
            Value::Uint(n) => Some(Number::Uint(*n)),
            Value::Float(n) => Some(Number::Float(*n)),
            Value::Missing
            | Value::Bool(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_)
            | Value::Time(_)
            | Value::Secret(_)
            | Value::Lazy(_) => None,
        }
    }

    /// The text of a text; secrets stay shut.
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&Arc<Vec<Value>>> {
        if let Value::List(items) = self { Some(items) } else { None }
    }

    /// The map of a map.
    pub fn as_map(&self) -> Option<&Arc<Map>> {
        if let Value::Map(map) = self { Some(map) } else { None }
    }

    /// The value under a key of a map, or a member; missing where there is none.
    pub fn member(&self, key: &str) -> Value {
        match self {
            Value::Map(map) => map.get(key).cloned().unwrap_or_default(),
            Value::Lazy(lazy) => lazy.member(key),
            Value::Missing
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Uint(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Time(_)
            | Value::Secret(_) => Value::Missing,
        }
    }

    /// The item at a place of a list, from the end where negative; missing outside.
    pub fn item(&self, index: i64) -> Value {
        let Value::List(items) = self else { return Value::Missing };
        at(items, index).cloned().unwrap_or_default()
    }

    /// What holds in a condition: everything but false, zero, missing and what is empty.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Missing => false,
            Value::Bool(b) => *b,
            Value::Int(n) => *n != 0,
            Value::Uint(n) => *n != 0,
            Value::Float(n) => *n != 0.0,
            Value::Text(t) => !t.is_empty(),
            Value::List(l) => !l.is_empty(),
            Value::Map(m) => !m.is_empty(),
            Value::Secret(s) => !s.reveal().is_empty(),
            Value::Time(_) | Value::Lazy(_) => true,
        }
    }

    /// What kind of value this is, as messages call it.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Missing => "missing",
            Value::Bool(_) => "boolean",
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => "number",
            Value::Text(_) => "text",
            Value::List(_) => "list",
            Value::Map(_) | Value::Lazy(_) => "map",
            Value::Time(_) => "time",
            Value::Secret(_) => "secret",
        }
    }

    /// Lazy values as the map they stand for; anything else as it is.
    pub fn materialize(&self) -> Value {
        match self {
            Value::Lazy(lazy) => lazy.materialize(),
            other => other.clone(),
        }
    }
}

/// The item at a place, from the end where negative.
pub fn at<T>(items: &[T], index: i64) -> Option<&T> {
    items.get(place(items.len(), index)?)
}

/// The place in a list of that length, counted from the end where negative.
pub fn place(len: usize, index: i64) -> Option<usize> {
    let place = if index < 0 { i64::try_from(len).ok()?.checked_add(index)? } else { index };
    usize::try_from(place).ok().filter(|place| *place < len)
}

impl PartialEq for Value {
    /// Structural equality, in which missing equals missing: for tests and for `dedupe`. The
    /// operator `==` of expressions is stricter.
    fn eq(&self, other: &Self) -> bool {
        if let (Some(a), Some(b)) = (self.as_number(), other.as_number()) {
            return a == b;
        }
        match (self, other) {
            (Value::Missing, Value::Missing) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            (Value::Time(a), Value::Time(b)) => a == b,
            (Value::Secret(a), Value::Secret(b)) => a == b,
            (Value::Lazy(a), Value::Lazy(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::text(text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Value::Int(n)
    }
}

impl From<usize> for Value {
    fn from(n: usize) -> Self {
        i64::try_from(n).map_or(Value::Uint(n as u64), Value::Int)
    }
}

impl From<f64> for Value {
    fn from(n: f64) -> Self {
        Value::Float(n)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Value::list(items)
    }
}

impl From<Option<Value>> for Value {
    fn from(value: Option<Value>) -> Self {
        value.unwrap_or_default()
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Value::Missing,
            serde_json::Value::Bool(b) => Value::Bool(b),
            serde_json::Value::Number(n) => match (n.as_i64(), n.as_u64()) {
                (Some(n), _) => Value::Int(n),
                (_, Some(n)) => Value::Uint(n),
                _ => Value::Float(n.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(s) => Value::text(s),
            serde_json::Value::Array(items) => Value::list(items.into_iter().map(Value::from).collect()),
            serde_json::Value::Object(map) => Value::map(map.into_iter().map(|(k, v)| (Text::from(k), v.into())).collect()),
        }
    }
}
