//! What lint knows of a value before there is one: its type, as far as declarations tell.
//!
//! A type says what a value is where it is there; any value may be missing. Times and sizes are
//! numbers, kept apart only for messages. [`Type::Any`] is "not known" and never a reason to complain.

use super::limits;
use super::value::{Text, Value};
use std::sync::Arc;

/// What a value is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Type {
    /// Not known.
    #[default]
    Any,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A number of seconds.
    Duration,
    /// A number of bytes.
    Size,
    /// A text.
    Text,
    /// A moment.
    Time,
    /// A list of these.
    List(Arc<Type>),
    /// A map.
    Map(Arc<Fields>),
}

/// What is known of a map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    /// The keys that are known.
    pub known: Vec<(Text, Type)>,
    /// The type of all other keys; none where there are no others.
    pub rest: Option<Type>,
    /// True if the keys are those that were seen, so that another one may turn up.
    pub seen: bool,
}

impl Type {
    /// A list of that.
    pub fn list(of: Type) -> Type {
        Type::List(Arc::new(of))
    }

    /// A map of exactly these keys.
    pub fn closed<'k>(known: impl IntoIterator<Item = (&'k str, Type)>) -> Type {
        let known = known.into_iter().map(|(key, of)| (Text::from(key), of)).collect();
        Type::Map(Arc::new(Fields { known, rest: None, seen: false }))
    }

    /// A map of any keys to that.
    pub fn map_of(of: Type) -> Type {
        Type::Map(Arc::new(Fields { known: Vec::new(), rest: Some(of), seen: false }))
    }

    /// The type of a constant.
    pub fn of(value: &Value) -> Type {
        match value {
            Value::Missing | Value::Lazy(_) => Type::Any,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => Type::Number,
            Value::Text(_) | Value::Secret(_) => Type::Text,
            Value::Time(_) => Type::Time,
            Value::List(items) => Type::list(items.iter().map(Type::of).reduce(Type::or).unwrap_or_default()),
            Value::Map(_) => Type::map_of(Type::Any),
        }
    }

    /// What was seen of a value: the keys of its maps. What its leaves are, another value may say
    /// otherwise.
    pub fn seen(value: &Value) -> Type {
        match value {
            Value::List(items) => Type::list(items.iter().map(Type::seen).reduce(Type::or).unwrap_or_default()),
            // Many keys are data: a map from identifiers.
            Value::Map(map) if map.len() > limits::SEEN_KEYS || map.is_empty() => Type::map_of(Type::Any),
            Value::Map(map) => {
                let known = map.iter().map(|(key, value)| (key.clone(), Type::seen(value))).collect();
                Type::Map(Arc::new(Fields { known, rest: None, seen: true }))
            }
            _ => Type::Any,
        }
    }

    /// What a value is that is this or the other.
    pub fn or(self, other: Type) -> Type {
        match (self, other) {
            (a, b) if a == b => a,
            (a, b) if a.is_number() && b.is_number() => Type::Number,
            (Type::List(a), Type::List(b)) => Type::list((*a).clone().or((*b).clone())),
            (Type::Map(a), Type::Map(b)) if a.seen && b.seen => Type::Map(Arc::new(Fields::either(&a, &b))),
            (Type::Map(_), Type::Map(_)) => Type::map_of(Type::Any),
            _ => Type::Any,
        }
    }

    /// True for everything that calculates as a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Type::Number | Type::Duration | Type::Size)
    }

    /// The type in words: "a text", "a list".
    pub fn words(&self) -> &'static str {
        match self {
            Type::Any => "any value",
            Type::Bool => "a boolean",
            Type::Number => "a number",
            Type::Duration => "a duration, a number of seconds",
            Type::Size => "a size, a number of bytes",
            Type::Text => "a text",
            Type::Time => "a time",
            Type::List(_) => "a list",
            Type::Map(_) => "a map",
        }
    }
}

impl Fields {
    /// The keys of both.
    fn either(a: &Fields, b: &Fields) -> Fields {
        let of = |fields: &Fields, key: &Text| fields.known.iter().find(|(known, _)| known == key).map(|(_, of)| of.clone());
        let mut known: Vec<(Text, Type)> =
            a.known.iter().map(|(key, own)| (key.clone(), of(b, key).map_or(own.clone(), |other| own.clone().or(other)))).collect();
        known.extend(b.known.iter().filter(|(key, _)| of(a, key).is_none()).cloned());
        let rest = (known.len() > limits::SEEN_KEYS).then_some(Type::Any);
        Fields { known, rest, seen: true }
    }
}
