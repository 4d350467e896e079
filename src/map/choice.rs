//! Choices by data: `{value: $.state, map: {running: ok, default: critical}}`.

use super::Covered;
use crate::base::print::text_of;
use crate::base::span::Span;
use crate::base::value::Value;
use crate::expr::code::Expression;
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::yaml::basic::{Keyed, KeyedEntry};
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::{FieldDoc, Shape, Struct};

/// Words to values; keys are compared as printed text.
#[derive(Clone, Debug)]
pub struct ValueMap<T> {
    entries: Vec<Branch<T>>,
    default: Option<Branch<T>>,
}

/// One key with what becomes of it.
type Branch<T> = KeyedEntry<T>;

impl<T: Clone> ValueMap<T> {
    /// The value for a key, or the default; `None` without a match.
    pub fn find(&self, key: &Value, frame: &Frame) -> Option<T> {
        let key = text_of(key);
        let found = key.and_then(|key| self.entries.iter().find(|entry| entry.key == key));
        let branch = found.or(self.default.as_ref())?;
        frame.reached(branch.key_span);
        Some(branch.value.clone())
    }

    /// Calls `take` for every branch.
    pub fn branches(&self, covered: Covered, take: &mut dyn FnMut(Span, Covered, String)) {
        let entries = self.entries.iter().chain(&self.default);
        entries.for_each(|entry| take(entry.key_span, covered, format!("branch {}", entry.key)));
    }

    /// The keys, for messages.
    pub fn keys(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| &*entry.key).collect()
    }
}

impl<T: Field> Field for ValueMap<T> {
    fn shape() -> Shape {
        Shape::Map(Box::new(T::shape()))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let written = Keyed::<T>::read(node, reader)?;
        let (defaults, entries): (Vec<_>, Vec<_>) = written.0.into_iter().partition(|entry| &*entry.key == "default");
        Some(ValueMap { entries, default: defaults.into_iter().next() })
    }
}

/// A value that a map turns into one of a closed set, or that is the word itself.
#[derive(Clone, Debug)]
pub struct Mapped<T> {
    /// What is looked up.
    pub value: Expression,
    /// What becomes of it.
    pub map: Option<ValueMap<T>>,
}

impl<T: Field> Mapped<T> {
    /// `{value, map}` for the reference and the schema; the name tells the choices of several types
    /// apart.
    pub fn shape(name: &'static str) -> Shape {
        Shape::Struct(Struct { name, doc: "A choice by data.", fields: Self::docs })
    }

    fn docs() -> Vec<FieldDoc> {
        let value = "What is looked up; without `map` it is the word itself.";
        let map = "Words for values: keys are compared as printed text, `default` is for all others.";
        vec![
            FieldDoc { key: "value", doc: value.to_owned(), shape: Shape::Expression, required: true, default: None },
            FieldDoc { key: "map", doc: map.to_owned(), shape: ValueMap::<T>::shape(), required: false, default: None },
        ]
    }
}

impl<T: Clone> Mapped<T> {
    /// Calls `take` for every branch.
    pub fn branches(&self, covered: Covered, take: &mut dyn FnMut(Span, Covered, String)) {
        self.map.iter().for_each(|map| map.branches(covered, take));
    }

    /// The chosen value.
    ///
    /// # Errors
    /// Missing where the value is; failed where nothing matches.
    pub fn choose(&self, from_word: fn(&str) -> Option<T>, frame: &mut Frame) -> Result<T, Fault> {
        let value = self.value.0.eval(frame)?;
        // `default` is for other values: what is missing stays missing, as with every filter.
        if value.is_missing() {
            return Err(Fault::Missing);
        }
        let found = match &self.map {
            Some(map) => map.find(&value, frame),
            None => value.as_text().and_then(|word| from_word(&word.to_lowercase())),
        };
        found.ok_or_else(|| {
            let shown = crate::base::print::shown(&value);
            match &self.map {
                Some(map) => Fault::failed(format!("{shown} is none of {}", map.keys().join(", "))),
                None => Fault::failed(format!("{shown} is not a known word")),
            }
        })
    }
}
