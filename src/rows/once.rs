//! `once`: lets a row through only if its key is new, or its value has changed since it was sent.
//!
//! ```yaml
//! once: {key: $.number, value: $.state, keep: 10000}
//! once: $.number
//! ```
//!
//! Keys and values are remembered as the first 64 bits of their SHA-256, so that ten thousand of
//! them fit into 160 kB: that one of ten thousand keys is taken for another happens in one of 10^11
//! checks. Nothing moves while a run goes on; what it has seen and sent are [`Sightings`], which
//! become a part of [`Seen`] once its output was accepted.

use crate::base::fingerprint::fingerprint;
use crate::base::limits;
use crate::base::print::text_of;
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::expr::code::{Code, Expression, Setting};
use crate::expr::frame::Frame;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::HashMap;

crate::fields! {
    /// Which rows were sent already.
    struct Written, "once" {
        /// What tells rows apart, as printed. A row without it is left out, with a warning.
        key: Expression;
        /// What is sent again when it changes; without it a key is sent once.
        value: Option<Expression>;
        /// How many keys are remembered: the ones seen last, 100,000 at most; 10,000 where it is not given.
        keep: Option<Setting<usize>>;
    }
}

/// The row key as a spec declares it.
#[derive(Clone, Debug)]
pub struct Once {
    /// What tells rows apart.
    pub key: Expression,
    /// What is sent again when it changes.
    pub value: Option<Expression>,
    /// How many keys are remembered.
    pub keep: Option<Setting<usize>>,
    /// The key as written: what its memory is found by.
    pub text: Text,
    /// Its place.
    pub span: Span,
}

impl Field for Once {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Expression, Written::shape()])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let (written, key) = match node.entry("key") {
            Some(entry) if node.as_map().is_some() => (Written::read(node, reader)?, &entry.value),
            _ if node.as_map().is_some() => (Written::read(node, reader)?, node),
            _ => (Written { key: Expression::read(node, reader)?, value: None, keep: None }, node),
        };
        if let (Some(Setting::Fixed(keep)), Some(entry)) = (&written.keep, node.entry("keep"))
            && !(1..=limits::ONCE_KEEP_MOST).contains(keep)
        {
            reader.mismatch(&entry.value, &format!("a whole number from 1 to {}", limits::ONCE_KEEP_MOST));
            return None;
        }
        let text = reader.written(key);
        Some(Once { key: written.key, value: written.value, keep: written.keep, text, span: node.span })
    }
}

impl Once {
    /// Calls `take` for every computed place.
    pub fn codes<'o>(&'o self, take: &mut dyn FnMut(&'o Code)) {
        take(&self.key.0);
        self.value.iter().for_each(|value| take(&value.0));
        self.keep.iter().filter_map(Setting::code).for_each(take);
    }

    fn n_keys(&self, frame: &mut Frame) -> usize {
        let keep = Setting::get_or(self.keep.as_ref(), limits::ONCE_KEEP, frame).unwrap_or_else(|_| {
            frame.remark(self.span, |_| format!("`keep` of `once` is no whole number: {} is taken", limits::ONCE_KEEP));
            limits::ONCE_KEEP
        });
        if !(1..=limits::ONCE_KEEP_MOST).contains(&keep) {
            let most = limits::ONCE_KEEP_MOST;
            frame.remark(self.span, |_| format!("`keep` of `once` is {keep}, which is not between 1 and {most}: the nearest is taken"));
        }
        keep.clamp(1, limits::ONCE_KEEP_MOST)
    }
}

/// The keys of earlier runs, with the value that was sent last and when they were seen last.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    keys: HashMap<u64, Mark>,
    clock: u64,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    value: u64,
    seen: u64,
}

impl Seen {
    /// How many keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// True before the first key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Takes over what a run has seen and sent. Whatever it has seen counts as seen last, whether
    /// it was sent or not; beyond `keep` the keys that were not seen for longest are forgotten.
    pub fn take_over(&mut self, now: Sightings) {
        self.clock += 1;
        let clock = self.clock;
        for (key, value) in now.sent {
            self.keys.insert(key, Mark { value, seen: clock });
        }
        for key in now.seen {
            if let Some(mark) = self.keys.get_mut(&key) {
                mark.seen = clock;
            }
        }
        let excess = self.keys.len().saturating_sub(now.keep);
        for (key, _) in self.oldest_first().into_iter().take(excess) {
            self.keys.remove(&key);
        }
    }

    /// Keys with equal age are in the order of their hashes, so that the order is always the same.
    fn oldest_first(&self) -> Vec<(u64, Mark)> {
        let mut all: Vec<(u64, Mark)> = self.keys.iter().map(|(key, mark)| (*key, *mark)).collect();
        all.sort_unstable_by_key(|(key, mark)| (mark.seen, *key));
        all
    }
}

impl Serialize for Seen {
    /// Keys and values in turn, 8 bytes each, the key that was not seen for longest first.
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let pairs = self.oldest_first().into_iter().flat_map(|(key, mark)| [key, mark.value]);
        let bytes: Vec<u8> = pairs.flat_map(u64::to_le_bytes).collect();
        STANDARD_NO_PAD.encode(bytes).serialize(out)
    }
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = STANDARD_NO_PAD.decode(String::deserialize(from)?).map_err(D::Error::custom)?;
        let (pairs, rest) = bytes.as_chunks::<16>();
        if !rest.is_empty() {
            return Err(D::Error::custom("half a key"));
        }
        let mut seen = Seen::default();
        for pair in pairs {
            let number = u128::from_le_bytes(*pair);
            seen.clock += 1;
            seen.keys.insert(number as u64, Mark { value: (number >> 64) as u64, seen: seen.clock });
        }
        Ok(seen)
    }
}

/// What one run has seen and sent at one place.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sightings {
    /// Keys that were known, whether they were sent again or not.
    pub seen: Vec<u64>,
    /// Keys that were sent, with their values.
    pub sent: Vec<(u64, u64)>,
    /// How many keys are remembered.
    pub keep: usize,
}

/// `once` of one place while a run goes on.
#[derive(Debug)]
pub struct Gate<'g> {
    once: &'g Once,
    before: Option<&'g Seen>,
    sent: HashMap<u64, u64>,
    seen: Vec<u64>,
    keep: usize,
}

/// What the gate says of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is new, or has changed: to be told by [`Gate::was_sent`] once something was made of it.
    Send(Ticket),
    /// It was sent before, or cannot be told apart.
    Hold,
}

/// A row that may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    key: u64,
    value: u64,
}

impl<'g> Gate<'g> {
    /// The gate of one place with what earlier runs have sent.
    pub fn new(once: &'g Once, before: Option<&'g Seen>, frame: &mut Frame) -> Self {
        let keep = once.n_keys(frame);
        Gate { once, before, sent: HashMap::new(), seen: Vec::new(), keep }
    }

    /// Whether the row that the frame holds is to be sent.
    pub fn judge(&mut self, frame: &mut Frame) -> Verdict {
        let Some(key) = self.hash(&self.once.key.0, frame) else {
            let code = &self.once.key.0;
            frame.remark(self.once.span, |frame| code.with_values("row left out: its key for `once` is missing", frame));
            return Verdict::Hold;
        };
        let value = self.once.value.as_ref().and_then(|value| self.hash(&value.0, frame)).unwrap_or(0);
        let before = self.before.and_then(|seen| seen.keys.get(&key)).map(|mark| mark.value);
        if before.is_some() && !self.sent.contains_key(&key) {
            self.seen.push(key);
        }
        let last = self.sent.get(&key).copied().or(before);
        if last == Some(value) { Verdict::Hold } else { Verdict::Send(Ticket { key, value }) }
    }

    /// A row for which the gate was open was sent.
    pub fn was_sent(&mut self, ticket: Ticket) {
        self.sent.insert(ticket.key, ticket.value);
    }

    /// What the next run is to know.
    pub fn finish(mut self, frame: &mut Frame) -> Sightings {
        self.seen.sort_unstable();
        self.seen.dedup();
        let mut sent: Vec<(u64, u64)> = self.sent.into_iter().collect();
        sent.sort_unstable();
        let known = |key: &u64| self.seen.binary_search(key).is_ok();
        let n_keys = self.seen.len() + sent.iter().filter(|(key, _)| !known(key)).count();
        if n_keys > self.keep {
            let keep = self.keep;
            let message = format!("{n_keys} keys of `once` are in use, and `keep` is {keep}: what is forgotten will be sent again");
            frame.remark(self.once.span, |_| message);
        }
        Sightings { seen: self.seen, sent, keep: self.keep }
    }

    /// 64 bits of what a value prints; of secrets nothing is kept, not even that.
    fn hash(&self, code: &Code, frame: &mut Frame) -> Option<u64> {
        let value = code.value(frame);
        if holds_secret(&value) {
            frame.remark(self.once.span, |_| "`once` cannot tell rows apart by a secret, of which nothing is kept".to_owned());
            return None;
        }
        text_of(&value).map(|text| fingerprint(&text))
    }
}

fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Secret(_) => true,
        Value::List(items) => items.iter().any(holds_secret),
        Value::Map(map) => map.values().any(holds_secret),
        Value::Lazy(lazy) => holds_secret(&lazy.materialize()),
        Value::Missing | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) | Value::Text(_) | Value::Time(_) => false,
    }
}
