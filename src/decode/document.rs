//! Documents of maps and lists, from any serde format straight into [`Value`].
//!
//! `json`, `ndjson` and `yaml` share this: going through the formats' own trees would hold every
//! document twice. It refuses a key that is twice in one map, which parsers otherwise resolve in
//! silence and each in its own way, and more values than the limit.

use super::budget::Budget;
use crate::base::map::Map;
use crate::base::print::{cut, one_line};
use crate::base::share::Share;
use crate::base::value::{Text, Value};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Keys of one document that are held once.
const KEY_SLOTS: usize = 256;

/// What one document, or all lines of one, are built with.
#[derive(Debug)]
pub struct Builder {
    /// Keys that were seen lately.
    pub keys: Share,
    /// What is left of the document's size.
    pub budget: Budget,
    merges: Merges,
    /// True after a float that may have been an integer beyond 64 bits.
    pub rounded: bool,
}

/// What the key `<<` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merges {
    /// A key like any other.
    None,
    /// The entries of another map, as in YAML.
    Yaml,
}

impl Builder {
    /// A builder of one document.
    pub fn new(merges: Merges) -> Self {
        Builder::with_keys(Share::with_slots(KEY_SLOTS), merges)
    }

    fn with_keys(keys: Share, merges: Merges) -> Self {
        Builder { keys, budget: Budget::default(), merges, rounded: false }
    }
}

/// Tables of keys between documents: one source sends the same keys in every run, so a decoder that
/// keeps them allocates each key once. There are as many tables as documents were built at a time.
#[derive(Debug, Default)]
pub struct KnownKeys {
    idle: Mutex<Vec<Share>>,
}

impl KnownKeys {
    /// Builds one document with a table of keys from earlier ones.
    pub fn build<T>(&self, merges: Merges, build: impl FnOnce(&mut Builder) -> T) -> T {
        let known = self.idle().pop();
        let mut builder = Builder::with_keys(known.unwrap_or_else(|| Share::with_slots(KEY_SLOTS)), merges);
        let built = build(&mut builder);
        self.idle().push(builder.keys);
        built
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Share>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One value of a document.
#[derive(Debug)]
pub struct Part<'b>(pub &'b mut Builder);

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.0.budget.spend(1).map_err(D::Error::custom)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Missing)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Missing)
    }

    fn visit_bool<E: Error>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<Value, E> {
        Ok(Value::Int(n))
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<Value, E> {
        Ok(i64::try_from(n).map_or(Value::Uint(n), Value::Int))
    }

    fn visit_i128<E: Error>(self, n: i128) -> Result<Value, E> {
        Err(E::custom(beyond_64_bits(&n.to_string())))
    }

    fn visit_u128<E: Error>(self, n: u128) -> Result<Value, E> {
        Err(E::custom(beyond_64_bits(&n.to_string())))
    }

    fn visit_f64<E: Error>(self, n: f64) -> Result<Value, E> {
        self.0.rounded |= n >= 18_446_744_073_709_551_616.0 || n <= -9_223_372_036_854_775_808.0;
        Ok(Value::Float(n))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Part(&mut *self.0))? {
            list.push(item);
        }
        Ok(Value::list(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::default();
        let mut merged = Vec::new();
        while let Some(key) = entries.next_key_seed(Key(&mut self.0.keys))? {
            if self.0.merges == Merges::Yaml && &*key == "<<" {
                merged.push(entries.next_value_seed(Part(&mut *self.0))?);
                continue;
            }
            if map.get(&key).is_some() {
                return Err(A::Error::custom(format!("the key `{}` twice in one map", cut(&one_line(&key), 60))));
            }
            let value = entries.next_value_seed(Part(&mut *self.0))?;
            map.push_new(key, value);
        }
        for other in &merged {
            merge(&mut map, other);
        }
        Ok(Value::map(map))
    }

    /// A YAML value with a tag of its own: the tag means nothing here and goes.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (_, content) = tagged.variant::<IgnoredAny>()?;
        content.newtype_variant_seed(self)
    }
}

/// How an integer that cannot be held exactly is called.
pub fn beyond_64_bits(digits: &str) -> String {
    format!("the integer {} is beyond 64 bits", cut(digits, 40))
}

/// Adds what a map does not have yet; the list form of `<<` takes the first map that has a key.
fn merge(into: &mut Map, from: &Value) {
    if let Value::List(maps) = from {
        maps.iter().filter(|map| map.as_map().is_some()).for_each(|map| merge(into, map));
    }
    for (key, value) in from.as_map().iter().flat_map(|map| map.iter()) {
        if into.get(key).is_none() {
            into.insert(key.clone(), value.clone());
        }
    }
}

/// A key, shared with equal ones of the document; YAML's numbers and booleans are keys as written.
struct Key<'b>(&'b mut Share);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Text;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain key")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(self.0.get(text))
    }
}
