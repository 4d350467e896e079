//! The form of a record: tables of texts and tag sets first, numbers of them everywhere else.
//!
//! Points of one metric share what is the same for all of them, so that a point takes its place in
//! two tables and its value. A change of any type here is a new [`super::VERSION`].

use super::tokens::Token;
use serde::{Deserialize, Serialize};

/// A text of the table.
pub type TextId = u32;
/// A tag set of the table.
pub type TagsId = u32;
/// Seconds since 1970 and nanoseconds.
pub type Time = (i64, i32);

/// A record behind its version.
#[derive(Debug, Serialize, Deserialize)]
pub struct Wire<'w> {
    /// Texts.
    #[serde(borrow)]
    pub texts: Vec<&'w str>,
    /// Tag sets.
    #[serde(borrow)]
    pub sets: Vec<&'w str>,
    /// Where it comes from.
    pub origin: WireOrigin,
    /// What points share.
    pub shared: Vec<Shared>,
    /// Points.
    pub points: Vec<WirePoint>,
    /// Service checks.
    pub service_checks: Vec<WireCheck>,
    /// Events.
    pub events: Vec<WireEvent>,
    /// Logs.
    pub logs: Vec<WireLog>,
    /// The topology.
    pub topology: Option<WireTopology>,
    /// Health states.
    pub health: Vec<WireHealth>,
    /// Their stream.
    pub stream: Option<WireStream>,
    /// Facts about the instance: keys, whose values are among the tokens.
    pub metadata: Vec<TextId>,
    /// All values, in the order in which the fields above need them.
    pub tokens: Vec<Token>,
    /// Readings of counters and rates, a part of the changes.
    pub readings: Vec<WireReading>,
    /// The changes without them, as JSON: they are few, and have their own form on disk.
    pub changes: &'w str,
}

/// Where a record comes from.
#[derive(Debug, Serialize, Deserialize)]
pub struct WireOrigin {
    pub check: TextId,
    pub label: TextId,
    pub id: u64,
    pub owner: TextId,
    pub instance: u64,
    pub name: Option<TextId>,
    pub hostname: TextId,
    pub started: Time,
    pub interval: (u64, u32),
}

/// What points of one metric have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shared {
    pub name: TextId,
    pub metric_type: u8,
    pub kind: u8,
    pub unit: Option<TextId>,
    pub hostname: Option<TextId>,
    pub device: Option<TextId>,
    pub at: Time,
    pub origin: TextId,
}

/// A number as it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum WireNumber {
    Int(i64),
    Uint(u64),
    Float(f64),
}

#[derive(Debug, Serialize, Deserialize)]
pub struct WirePoint {
    pub shared: u32,
    pub tags: TagsId,
    pub value: WireNumber,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct WireCheck {
    pub name: TextId,
    pub status: u8,
    pub tags: TagsId,
    pub hostname: Option<TextId>,
    pub message: TextId,
    pub at: Time,
    pub origin: TextId,
}

/// An event; its attributes are among the tokens.
#[derive(Debug, Serialize, Deserialize)]
pub struct WireEvent {
    pub title: TextId,
    pub text: TextId,
    pub at: Time,
    pub event_type: Option<TextId>,
    pub source_type_name: Option<TextId>,
    pub alert_type: Option<u8>,
    pub priority: Option<u8>,
    pub aggregation_key: Option<TextId>,
    pub event_object: Option<TextId>,
    pub tags: TagsId,
    pub hostname: Option<TextId>,
    pub context: Option<WireContext>,
    pub origin: TextId,
}

/// The context of an event; links and data are among the tokens.
#[derive(Debug, Serialize, Deserialize)]
pub struct WireContext {
    pub category: Option<TextId>,
    pub element_identifiers: Vec<TextId>,
    pub source_identifier: Option<TextId>,
    pub source: Option<TextId>,
}

/// A log; its attributes are among the tokens.
#[derive(Debug, Serialize, Deserialize)]
pub struct WireLog {
    pub message: TextId,
    pub status: Option<TextId>,
    pub service: Option<TextId>,
    pub source: Option<TextId>,
    pub at: Time,
    pub hostname: Option<TextId>,
    pub tags: TagsId,
    pub origin: TextId,
}

/// A topology; the data of components and relations are among the tokens.
#[derive(Debug, Serialize, Deserialize)]
pub struct WireTopology {
    pub key_type: TextId,
    pub key_url: TextId,
    pub start: bool,
    pub stop: bool,
    /// Id, type, origin.
    pub components: Vec<(TextId, TextId, TextId)>,
    /// Source, target, type, origin.
    pub relations: Vec<(TextId, TextId, TextId, TextId)>,
    pub deletes: Vec<TextId>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct WireHealth {
    pub id: TextId,
    pub name: TextId,
    pub health: u8,
    pub element: TextId,
    pub message: Option<TextId>,
    pub origin: TextId,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct WireStream {
    pub urn: TextId,
    pub sub_stream: Option<TextId>,
    pub repeat_s: Option<f64>,
    pub expiry_s: Option<f64>,
    pub complete: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct WireReading {
    pub metric_type: u8,
    pub name: TextId,
    pub hostname: Option<TextId>,
    pub device: Option<TextId>,
    pub tags: TagsId,
    pub value: WireNumber,
    pub at: Time,
}
