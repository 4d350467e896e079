//! A report as bytes, and back.
//!
//! ```text
//! version (1 byte)   the tables and lists of `wire.rs`, in postcard's form
//! ```
//!
//! The form is not described by the bytes, which is why it is small and fast, and why a version
//! stands before it: bytes of another version are told apart from broken ones. `postcard` writes it,
//! a library whose form is published and stable. What it is not good at stays outside: it would
//! follow nested values as deep as the bytes say, so values are flat [`tokens`](super::tokens).

use super::wire::Wire;
use super::writer::Writer;
use super::{Report, reader};
use crate::base::map::Map;
use crate::base::value::{Text, Value};
use crate::fold::Points;
use crate::rows::once::Sightings;
use crate::state::Changes;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// The version of the form.
pub const VERSION: u8 = 1;

/// Why bytes are no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// Another version of the engine has written them.
    Foreign(u8),
    /// They are damaged, with what was found first.
    Broken(&'static str),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Foreign(version) => {
                write!(f, "it has the form {version} of another version of the engine, this one reads {VERSION}")
            }
            DecodeError::Broken(what) => write!(f, "it is damaged: {what}"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The record without its metrics, for a queue that has no room for everything: `None` where nothing
/// else is in it. What the next run is to know stays, since it belongs to the other observations too.
pub fn without_metrics(record: &[u8]) -> Option<Vec<u8>> {
    let mut report = Report::decode(record).ok()?;
    report.points = Points::default();
    let nothing =
        report.count() == 0 && report.metadata.is_empty() && Rest::of(&report.changes).is_none() && report.changes.readings.is_empty();
    let mut out = Vec::new();
    (!nothing).then(|| report.encode(&mut out))?.ok()?;
    Some(out)
}

impl Report {
    /// Adds the bytes of the report.
    ///
    /// # Errors
    /// A value among the changes that is never written: a secret, which no run leaves.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), String> {
        let rest = Rest::of(&self.changes).map(|rest| serde_json::to_string(&rest)).transpose();
        let changes = rest.map_err(|error| error.to_string())?.unwrap_or_default();
        let wire = Writer::default().report(self, &changes);
        out.push(VERSION);
        let written = postcard::to_extend(&wire, std::mem::take(out));
        *out = written.map_err(|error| error.to_string())?;
        Ok(())
    }

    /// The report of its bytes.
    ///
    /// # Errors
    /// Bytes of another version, or damaged ones.
    pub fn decode(bytes: &[u8]) -> Result<Report, DecodeError> {
        let wire = wire(bytes)?;
        Ok(Report { changes: reader::changes(&wire)?, ..reader::observations(&wire)? })
    }

    /// The same without what it changes: receivers are not told, and it may be as much as the rest.
    ///
    /// # Errors
    /// Bytes of another version, or damaged ones.
    pub fn decode_observations(bytes: &[u8]) -> Result<Report, DecodeError> {
        reader::observations(&wire(bytes)?)
    }
}

fn wire(bytes: &[u8]) -> Result<Wire<'_>, DecodeError> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => {
            let (wire, behind) = postcard::take_from_bytes(rest).map_err(|_| DecodeError::Broken("its form is broken"))?;
            if behind.is_empty() { Ok(wire) } else { Err(DecodeError::Broken("something stands behind its end")) }
        }
        Some((version, _)) => Err(DecodeError::Foreign(*version)),
        None => Err(DecodeError::Broken("it is empty")),
    }
}

/// The changes without the readings, which have a form of their own.
#[derive(Serialize)]
struct Rest<'c> {
    watched: &'c BTreeMap<Text, Value>,
    state: &'c Option<Value>,
    previous: &'c Option<Value>,
    once: &'c BTreeMap<Text, Sightings>,
    sources: &'c BTreeMap<Text, Map>,
    counts_runs: bool,
}

impl Rest<'_> {
    /// `None` where nothing has changed.
    fn of(changes: &Changes) -> Option<Rest<'_>> {
        let Changes { watched, readings: _, state, previous, once, sources, counts_runs } = changes;
        let nothing = watched.is_empty() && state.is_none() && previous.is_none() && once.is_empty() && sources.is_empty() && !counts_runs;
        (!nothing).then_some(Rest { watched, state, previous, once, sources, counts_runs: *counts_runs })
    }
}
