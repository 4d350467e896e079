//! What `on_change` compares: the value of this run with the one that was seen last.
//!
//! A value is found again by what it is about, never by where it stands, so that a spec can be
//! edited and reordered: a service check by its name; anything else by the sources of the mapping
//! and the expression as written, and, where there are rows, by what tells the events of the rows
//! apart.

use crate::base::span::Span;
use crate::base::value::{Text, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A value that was compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watched {
    /// The value.
    pub value: Value,
    /// The run that has seen it last.
    pub seen: u64,
}

/// What one run compares.
#[derive(Debug, Default)]
pub struct Watch<'w> {
    /// Of earlier runs.
    pub before: Option<&'w BTreeMap<Text, Watched>>,
    /// Of this run, with the place in the spec.
    pub now: BTreeMap<Text, (Value, Span)>,
    /// The sources of the current mapping.
    pub about: Text,
    /// True if the current mapping is made of rows.
    pub has_rows: bool,
}

/// What came of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Compared {
    /// It is the same, or there is nothing to compare with.
    Same,
    /// It is another one.
    Changed {
        /// The value that was seen last.
        from: Value,
    },
}

impl Watch<'_> {
    /// Notes a value and compares it with the one that was seen last. The answer is accompanied by
    /// true if another row of this run goes by the same name and has another value.
    pub fn compare(&mut self, what: Text, now: &Value, span: Span) -> (Compared, bool) {
        let before = self.before.and_then(|before| before.get(&what)).map(|watched| &watched.value);
        let compared = match before {
            Some(from) if from != now => Compared::Changed { from: from.clone() },
            _ => Compared::Same,
        };
        let other = self.now.insert(what, (now.clone(), span));
        (compared, other.is_some_and(|(other, _)| other != *now))
    }
}
