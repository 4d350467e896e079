//! What a check remembers between its runs.
//!
//! A run reads its [`Memory`] and leaves [`Changes`]; nothing else of it outlives the run. The
//! changes are applied once the output that they belong to was accepted, so a crash in between
//! repeats data and never loses any. Both can be written as one value: the memory lives in a
//! [`folder::Folder`], and a durable queue of outputs can hold changes in its records.
//!
//! Sessions, logins and caches are no part of it: what lies on disk holds no secrets.

pub mod folder;
pub mod keep;

use crate::base::limits;
use crate::base::map::Map;
use crate::base::value::{MISSING, Text, Value};
use crate::fold::Readings;
use crate::map::watch::Watched;
use crate::rows::once::{Seen, Sightings};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a check remembers. Empty, it is two words.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Boxed, since most of ten thousand checks that wait remember nothing.
    kept: Option<Box<Kept>>,
    /// True if the file of this memory must stay as it is: it was there and could not be read.
    detached: bool,
}

/// Everything that is written to disk.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// How many runs there were.
    runs: u64,
    /// What `on_change` compared last, by what it watches.
    watched: BTreeMap<Text, Watched>,
    /// The last readings of counters and rates.
    readings: Readings,
    /// The names of `state`.
    state: Value,
    /// What `previous` holds.
    previous: Value,
    /// What `once` has sent, by the places in the spec.
    once: BTreeMap<Text, Seen>,
    /// Positions of the sources, by their names.
    sources: BTreeMap<Text, Map>,
    /// The record of the spool whose changes were applied last; 0 without a spool.
    #[serde(default)]
    sequence: u64,
}

/// What one run leaves for the next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Changes {
    /// What `on_change` has compared.
    pub watched: BTreeMap<Text, Value>,
    /// The readings of counters and rates.
    #[serde(default)]
    pub readings: Readings,
    /// All names of `state`, if one of them has another value than before.
    pub state: Option<Value>,
    /// All that `previous` will hold, if it differs from what it holds.
    pub previous: Option<Value>,
    /// What `once` has seen and sent, by the places in the spec.
    pub once: BTreeMap<Text, Sightings>,
    /// The positions of sources that worked, by their names.
    pub sources: BTreeMap<Text, Map>,
    /// True if the number of the run is to be known after a restart.
    pub counts_runs: bool,
}

/// The memory of a source that has none.
static NOTHING: Map = Map::new();

impl Memory {
    /// A memory that never reaches the disk.
    pub fn detached() -> Self {
        Memory { kept: None, detached: true }
    }

    /// How many runs there were.
    pub fn runs(&self) -> u64 {
        self.kept.as_ref().map_or(0, |kept| kept.runs)
    }

    /// The last readings of counters and rates.
    pub fn readings(&self) -> Option<&Readings> {
        self.kept.as_ref().map(|kept| &kept.readings)
    }

    /// What `on_change` compared last, by what it watches.
    pub fn watched(&self) -> Option<&BTreeMap<Text, Watched>> {
        self.kept.as_ref().map(|kept| &kept.watched)
    }

    /// The map of `state`; missing before the first run.
    pub fn state(&self) -> &Value {
        self.kept.as_ref().map_or(&MISSING, |kept| &kept.state)
    }

    /// What `previous` holds; missing before the first run.
    pub fn previous(&self) -> &Value {
        self.kept.as_ref().map_or(&MISSING, |kept| &kept.previous)
    }

    /// What `once` has sent at a place of the spec.
    pub fn once(&self, place: &str) -> Option<&Seen> {
        self.kept.as_ref().and_then(|kept| kept.once.get(place))
    }

    /// The positions that a source has left.
    pub fn kept(&self, source: &str) -> &Map {
        self.kept.as_ref().and_then(|kept| kept.sources.get(source)).unwrap_or(&NOTHING)
    }

    /// True if the changes hold something that must survive the process. What was merely seen
    /// again is not worth a file.
    pub fn is_moved_by(&self, changes: &Changes) -> bool {
        let last = |what: &Text| self.watched().and_then(|watched| watched.get(what)).map(|watched| &watched.value);
        let watched = changes.watched.iter().any(|(what, value)| last(what) != Some(value));
        let sent = changes.once.values().any(|sightings| !sightings.sent.is_empty());
        let sources = changes.sources.iter().any(|(source, kept)| self.kept(source) != kept);
        let named = changes.state.is_some() || changes.previous.is_some() || changes.counts_runs;
        named || watched || sent || sources || !changes.readings.is_empty()
    }

    /// Takes over what a run has left, once its output was accepted.
    pub fn apply(&mut self, changes: Changes) {
        let kept = self.kept.get_or_insert_default();
        kept.runs += 1;
        for (what, value) in changes.watched {
            kept.watched.insert(what, Watched { value, seen: kept.runs });
        }
        kept.forget_unwatched();
        kept.readings.take_over(changes.readings);
        if let Some(state) = changes.state {
            kept.state = state;
        }
        if let Some(previous) = changes.previous {
            kept.previous = previous;
        }
        for (place, sightings) in changes.once {
            kept.once.entry(place).or_default().take_over(sightings);
        }
        kept.sources.extend(changes.sources);
    }

    /// Takes over what a run has left and what is in a record of the spool with this number. After a
    /// restart the records behind the file's own number are applied once more, in order.
    pub fn apply_record(&mut self, sequence: u64, changes: Changes) {
        self.apply(changes);
        self.kept.get_or_insert_default().sequence = sequence;
    }

    /// The record of the spool up to which all changes are in this memory; 0 if there is none.
    pub fn sequence(&self) -> u64 {
        self.kept.as_ref().map_or(0, |kept| kept.sequence)
    }

    /// True if its file must stay as it is.
    pub fn is_detached(&self) -> bool {
        self.detached
    }
}

impl Kept {
    /// Beyond the limit those that were not seen for longest are forgotten.
    fn forget_unwatched(&mut self) {
        let excess = self.watched.len().saturating_sub(limits::WATCHED);
        if excess == 0 {
            return;
        }
        let mut by_age: Vec<(u64, Text)> = self.watched.iter().map(|(what, watched)| (watched.seen, what.clone())).collect();
        by_age.sort_unstable();
        for (_, what) in by_age.into_iter().take(excess) {
            self.watched.remove(&what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::size_of;

    fn watched(what: &str, value: i64) -> Changes {
        Changes { watched: [(Text::from(what), Value::Int(value))].into(), ..Changes::default() }
    }

    #[test]
    fn a_memory_of_nothing_is_two_words() {
        assert!(size_of::<Option<Memory>>() <= 2 * size_of::<usize>());
    }

    #[test]
    fn a_run_that_leaves_nothing_new_is_not_worth_a_file() {
        let mut memory = Memory::default();
        assert!(!memory.is_moved_by(&Changes::default()));
        assert!(memory.is_moved_by(&watched("a", 1)));
        memory.apply(watched("a", 1));
        assert!(!memory.is_moved_by(&watched("a", 1)));
        assert!(memory.is_moved_by(&watched("a", 2)));
        let kept: Map = [(Text::from("offset"), Value::Int(7))].into_iter().collect();
        let positions = Changes { sources: [(Text::from("log"), kept.clone())].into(), ..Changes::default() };
        assert!(memory.is_moved_by(&positions));
        memory.apply(positions.clone());
        assert_eq!(memory.kept("log"), &kept);
        assert!(!memory.is_moved_by(&positions));
        let seen_again = Sightings { seen: vec![1], sent: Vec::new(), keep: 9 };
        assert!(!memory.is_moved_by(&Changes { once: [(Text::from("p"), seen_again)].into(), ..Changes::default() }));
        assert!(memory.is_moved_by(&Changes { counts_runs: true, ..Changes::default() }));
        assert_eq!(memory.runs(), 2);
    }

    #[test]
    fn what_is_not_compared_any_more_is_forgotten_first() {
        let mut memory = Memory::default();
        let many = (0..limits::WATCHED).map(|n| (Text::from(format!("n{n}")), Value::Int(0))).collect();
        memory.apply(Changes { watched: many, ..Changes::default() });
        memory.apply(watched("n0", 0));
        memory.apply(watched("new", 0));
        let watched = memory.watched().unwrap();
        assert_eq!(watched.len(), limits::WATCHED);
        assert!(watched.contains_key("n0") && watched.contains_key("new") && !watched.contains_key("n1"));
    }

    /// A durable queue of outputs holds them in its records.
    #[test]
    fn changes_can_be_written_as_one_value() {
        let changes = Changes {
            state: Some(Value::map([(Text::from("since"), Value::Int(1))].into_iter().collect())),
            once: [(Text::from("p"), Sightings { seen: vec![u64::MAX], sent: vec![(1, 2)], keep: 9 })].into(),
            ..watched("a", 1)
        };
        let text = serde_json::to_string(&changes).unwrap();
        let (mut direct, mut read) = (Memory::default(), Memory::default());
        direct.apply(changes);
        read.apply(serde_json::from_str(&text).unwrap());
        assert_eq!(serde_json::to_string(&direct.kept).unwrap(), serde_json::to_string(&read.kept).unwrap());
    }
}
