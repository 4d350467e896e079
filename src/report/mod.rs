//! What one run leaves for delivery: the bytes that a durable queue holds, and what sinks read of
//! them.
//!
//! A report says where it comes from, holds every observation with the place in the spec that made
//! it in words, since spans mean nothing to another process, and carries the state changes that
//! belong to the observations: one record holds both, so that neither can be lost without the other.
//!
//! What it refuses: values that compute their members, and secrets. Both are made plain when the
//! report is built.

mod build;
mod codec;
mod reader;
mod tables;
mod tokens;
mod wire;
mod writer;

use crate::base::value::{Text, Value};
use crate::fold::Points;
use crate::observation::{Component, Event, Health, HealthStream, Log, Relation, ServiceCheck};
use crate::state::Changes;
pub use build::{Facts, RunStatus};
pub use codec::{DecodeError, VERSION, without_metrics};
use jiff::Timestamp;
use std::ops::Deref;
use std::time::Duration;

/// Something with the place in the spec that made it, as `path:line`; it can be read as if it were
/// the thing itself. The span within is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Stated<T> {
    /// The thing.
    pub what: T,
    /// The place; empty where the engine itself made it.
    pub origin: Text,
}

impl<T> Deref for Stated<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.what
    }
}

/// Where a report comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The name of the spec.
    pub check: Text,
    /// The check as people know it: the spec and the number of the instance, or its name.
    pub label: Text,
    /// The id of the check, stable over restarts.
    pub id: u64,
    /// The name that the files of its state bear, with the id: whose [`Changes`] these are.
    pub owner: Text,
    /// The place of the instance in its file, from 0.
    pub instance: usize,
    /// The name of the instance, where it has one.
    pub name: Option<Text>,
    /// The host of the engine: the host of everything that names none itself.
    pub hostname: Text,
    /// The wall time at which the run began.
    pub started: Timestamp,
    /// The interval of the check.
    pub interval: Duration,
}

/// The topology of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology {
    /// The type of the topology key.
    pub key_type: Text,
    /// Its URL.
    pub key_url: Text,
    /// True if this is a full picture that begins here.
    pub start_snapshot: bool,
    /// True if the full picture is complete, so that what is absent is gone.
    pub stop_snapshot: bool,
    /// Components.
    pub components: Vec<Stated<Component>>,
    /// Relations.
    pub relations: Vec<Stated<Relation>>,
    /// Identifiers of components that are gone.
    pub deletes: Vec<Text>,
}

/// What one run leaves for delivery.
#[derive(Clone, Debug)]
pub struct Report {
    /// Where it comes from.
    pub origin: Origin,
    /// What its samples came to, and how long the run took.
    pub points: Points,
    /// Service checks; the status of the run itself is the last.
    pub service_checks: Vec<Stated<ServiceCheck>>,
    /// Events.
    pub events: Vec<Stated<Event>>,
    /// Logs.
    pub logs: Vec<Stated<Log>>,
    /// The topology, if the spec makes one.
    pub topology: Option<Topology>,
    /// Health states.
    pub health: Vec<Stated<Health>>,
    /// Their stream.
    pub health_stream: Option<HealthStream>,
    /// Facts about the instance.
    pub metadata: Vec<(Text, Value)>,
    /// What the next run is to know, once this report was accepted.
    pub changes: Changes,
}

impl Report {
    /// How many observations it holds, of all kinds.
    pub fn count(&self) -> usize {
        let topology = self.topology.as_ref().map_or(0, |t| t.components.len() + t.relations.len() + t.deletes.len());
        self.points.len() + self.service_checks.len() + self.events.len() + self.logs.len() + topology + self.health.len()
    }
}
