//! An ordered map from text to values: a plain list while it is small, indexed when it grows.
//!
//! Most documents have maps of five to twenty keys, where comparing lengths and bytes beats any
//! hash; a map of ten thousand counters must not be searched from the front.

use super::value::{Text, Value};
use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::Arc;

/// Above this many keys a map keeps an index.
const INDEX_FROM: usize = 24;

/// Keys in the order of the document; a repeated key keeps its first place and its last value.
#[derive(Clone, Default)]
pub struct Map {
    entries: Vec<(Text, Value)>,
    // Boxed, since almost no map has one and every value carries its size.
    #[expect(clippy::box_collection, reason = "a map without an index is 24 bytes instead of 72")]
    index: Option<Box<HashMap<Text, u32>>>,
}

/// Without the index, whose order is another one each time.
impl Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Map {
    /// An empty map.
    pub const fn new() -> Self {
        Map { entries: Vec::new(), index: None }
    }

    /// An empty map with room.
    pub fn with_capacity(n: usize) -> Self {
        Map { entries: Vec::with_capacity(n), index: None }
    }

    fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).map(|at| *at as usize),
            None => self.entries.iter().position(|(k, _)| **k == *key),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(self.position(key)?).map(|(_, value)| value)
    }

    /// Sets a key; the earlier value comes back.
    pub fn insert(&mut self, key: impl Into<Text>, value: Value) -> Option<Value> {
        let key = key.into();
        if let Some(entry) = self.position(&key).and_then(|at| self.entries.get_mut(at)) {
            return Some(std::mem::replace(&mut entry.1, value));
        }
        self.push_new(key, value);
        None
    }

    /// Sets a key that is looked for at one place first: in maps that are filled in the same order again
    /// and again, it is the very text that stands there.
    pub fn put(&mut self, at: usize, key: &Text, value: Value) {
        match self.entries.get_mut(at) {
            Some((known, slot)) if Arc::ptr_eq(known, key) => *slot = value,
            _ => drop(self.insert(key.clone(), value)),
        }
    }

    /// Adds a key of which the caller knows that it is not there yet.
    pub fn push_new(&mut self, key: Text, value: Value) {
        debug_assert!(self.position(&key).is_none(), "the key `{key}` is there already");
        let at = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        if let Some(index) = &mut self.index {
            index.insert(key.clone(), at);
        }
        self.entries.push((key, value));
        if self.index.is_none() && self.entries.len() > INDEX_FROM {
            let places = self.entries.iter().zip(0u32..);
            self.index = Some(Box::new(places.map(|((k, _), at)| (k.clone(), at)).collect()));
        }
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Value)> {
        self.entries.iter().map(|(k, v)| (k, v))
    }

    /// Keys in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Text> {
        self.entries.iter().map(|(k, _)| k)
    }

    /// Values in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.entries.iter().map(|(_, v)| v)
    }

    /// How many keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True without keys.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl FromIterator<(Text, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(iter: I) -> Self {
        let mut map = Map::default();
        for (key, value) in iter {
            map.insert(key, value);
        }
        map
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(k, v)| other.get(k) == Some(v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_wherever_it_is() {
        let (a, b): (Text, Text) = ("a".into(), "b".into());
        let mut map = Map::default();
        for (at, key) in [(0, &a), (1, &b), (0, &b), (7, &a), (1, &"b".into())] {
            map.put(at, key, Value::from(at));
        }
        assert_eq!(map.iter().map(|(key, value)| format!("{key}{value:?}")).collect::<Vec<_>>(), ["aInt(7)", "bInt(1)"]);
    }

    #[test]
    fn large_maps_find_their_keys_and_keep_their_order() {
        let mut map = Map::default();
        for n in 0..100i64 {
            map.insert(format!("k{n}"), Value::Int(n));
        }
        map.insert("k7", Value::Int(700));
        assert_eq!(map.len(), 100);
        assert_eq!(map.get("k7"), Some(&Value::Int(700)));
        assert_eq!(map.keys().nth(99).map(|k| &**k), Some("k99"));
        assert_eq!(map.get("k100"), None);
    }
}
