//! What a run reports: samples, service checks, events, logs, topology, health, facts.
//!
//! Texts that are known when a spec is compiled are shared, so an observation costs no allocation
//! of its own for them.

pub mod json;
mod manner;
pub mod metric_type;
mod numbers;
mod sums;
pub mod tags;

use crate::base::limits;
use crate::base::number::Number;
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use jiff::Timestamp;
pub use manner::{Aggregate, First, Manner, Reset};
pub use metric_type::MetricType;
pub use numbers::{Numbers, Tagged};
use std::fmt::{self, Display};
use std::sync::Arc;
use sums::Sums;
pub use tags::{TagSet, TagWriter};

/// One number at one time for one series. What it shares with the samples of other rows can be read
/// as if it were its own: `sample.name`. Rates and counters have the value that was read.
pub type Sample<'s> = Tagged<'s, About>;

/// The samples of one run.
pub type Samples = Numbers<About>;

/// What the samples of one metric share: a run may hold hundreds of thousands of them.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// Metric name, prefix included.
    pub name: Text,
    /// How it is folded over time.
    pub metric_type: MetricType,
    /// The host it is about; none for the agent's own.
    pub hostname: Option<Text>,
    /// The device it is about.
    pub device: Option<Text>,
    /// Its unit, for the backends that take one.
    pub unit: Option<Text>,
    /// When it was true.
    pub timestamp: Timestamp,
    /// How it is folded, where it says more than its type.
    pub manner: Option<Arc<Manner>>,
    /// The place in the spec that made it.
    pub origin: Span,
}

crate::words! {
    /// The status of a service check.
    pub enum Status {
        /// All is well.
        Ok = "ok",
        /// It needs a look.
        Warning = "warning",
        /// It does not work.
        Critical = "critical",
        /// Nobody can tell.
        Unknown = "unknown",
    }
}

/// A named status.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceCheck {
    /// Its name.
    pub name: Text,
    /// Its status.
    pub status: Status,
    /// Its tags.
    pub tags: TagSet,
    /// The host it is about; none for the agent's own.
    pub hostname: Option<Text>,
    /// Why.
    pub message: Text,
    /// When it was true.
    pub timestamp: Timestamp,
    /// The place in the spec that made it.
    pub origin: Span,
}

crate::words! {
    /// How grave an event is.
    pub enum AlertType {
        /// Something failed.
        Error = "error",
        /// Something may fail.
        Warning = "warning",
        /// Something got better.
        Success = "success",
        /// Something happened.
        Info = "info",
    }
}

crate::words! {
    /// How loud an event is.
    pub enum Priority {
        /// As usual.
        Normal = "normal",
        /// Of little interest.
        Low = "low",
    }
}

/// Something that happened once.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// One line.
    pub title: Text,
    /// What happened.
    pub text: Text,
    /// When.
    pub timestamp: Timestamp,
    /// Its kind, for filters.
    pub event_type: Option<Text>,
    /// The system it came from.
    pub source_type_name: Option<Text>,
    /// How grave it is.
    pub alert_type: Option<AlertType>,
    /// How loud it is.
    pub priority: Option<Priority>,
    /// Events with the same key belong together.
    pub aggregation_key: Option<Text>,
    /// The object it is about.
    pub event_object: Option<Text>,
    /// Its tags.
    pub tags: TagSet,
    /// The host it is about; none for the agent's own.
    pub hostname: Option<Text>,
    /// Free facts.
    pub attributes: Value,
    /// Makes it a topology event.
    pub context: Option<EventContext>,
    /// The place in the spec that made it.
    pub origin: Span,
}

/// What ties an event to the topology.
#[derive(Clone, Debug, PartialEq)]
pub struct EventContext {
    /// Activities, Alerts, Anomalies, Changes or Others.
    pub category: Option<Text>,
    /// The components it is about.
    pub element_identifiers: Vec<Text>,
    /// The identifier in the source system.
    pub source_identifier: Option<Text>,
    /// The source system.
    pub source: Option<Text>,
    /// Links: maps of `title` and `url`.
    pub source_links: Value,
    /// Free facts.
    pub data: Value,
}

/// One log line.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// The line.
    pub message: Text,
    /// Its level.
    pub status: Option<Text>,
    /// The service that wrote it.
    pub service: Option<Text>,
    /// The source that it came from.
    pub source: Option<Text>,
    /// When it was written.
    pub timestamp: Timestamp,
    /// The host it is about; none for the agent's own.
    pub hostname: Option<Text>,
    /// Its tags.
    pub tags: TagSet,
    /// Free facts.
    pub attributes: Value,
    /// The place in the spec that made it.
    pub origin: Span,
}

/// A thing in the topology.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Its identifier, unique below its topology key.
    pub id: Text,
    /// Its type.
    pub component_type: Text,
    /// Everything else.
    pub data: Value,
    /// The place in the spec that made it.
    pub origin: Span,
}

/// A directed tie between two components.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// From.
    pub source: Text,
    /// To.
    pub target: Text,
    /// Its type.
    pub relation_type: Text,
    /// Everything else.
    pub data: Value,
    /// The place in the spec that made it.
    pub origin: Span,
}

/// The topology of one key from one run.
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
    pub components: Vec<Component>,
    /// Relations.
    pub relations: Vec<Relation>,
    /// Identifiers of components that are gone.
    pub deletes: Vec<Text>,
}

crate::words! {
    /// A health state.
    pub enum HealthState {
        /// Well.
        Clear = "clear",
        /// Not as it should be.
        Deviating = "deviating",
        /// Broken.
        Critical = "critical",
    }
}

/// The health of one component as one check sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// Unique in its stream.
    pub id: Text,
    /// Its name.
    pub name: Text,
    /// The state.
    pub health: HealthState,
    /// The identifier of the component.
    pub element: Text,
    /// Why.
    pub message: Option<Text>,
    /// The place in the spec that made it.
    pub origin: Span,
}

/// The stream that health states belong to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HealthStream {
    /// Its URN.
    pub urn: Text,
    /// A part of it that is replaced as a whole.
    pub sub_stream: Option<Text>,
    /// Repeated at least so often, in seconds.
    pub repeat_s: Option<f64>,
    /// Gone after so many seconds without repeat.
    pub expiry_s: Option<f64>,
    /// True if all states of the run are there.
    pub complete: bool,
}

/// Everything that one run reports.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    /// Samples, in the order of the spec.
    pub samples: Samples,
    /// Service checks.
    pub service_checks: Vec<ServiceCheck>,
    /// Events.
    pub events: Vec<Event>,
    /// Logs.
    pub logs: Vec<Log>,
    /// The topology, if the spec makes one.
    pub topology: Option<Topology>,
    /// Health states.
    pub health: Vec<Health>,
    /// Their stream.
    pub health_stream: Option<HealthStream>,
    /// Facts about the instance.
    pub metadata: Vec<(Text, Value)>,
    sums: Sums,
}

impl Observations {
    /// Adds a sample; false where there are `most` already.
    pub fn add(&mut self, value: Number, tags: &TagSet, about: Arc<About>, most: usize) -> bool {
        let Some(about) = self.sums.join(&mut self.samples, value, tags, about) else { return true };
        let room = self.samples.len() < most;
        if room {
            self.samples.push(value, tags, about);
        }
        room
    }

    /// Adds samples as far as there is room; how many were left out comes back.
    fn add_all(&mut self, samples: Samples, most: usize) -> usize {
        if self.samples.is_empty() {
            self.samples = samples;
            self.sums = Sums::default();
            return 0;
        }
        let mut left_out = 0;
        samples.hand_over(|value, tags, about| left_out += usize::from(!self.add(value, tags, about, most)));
        left_out
    }

    /// Adds the samples, service checks, events and logs that another part of the run has made, as far
    /// as the limits of a run allow; what was cut comes back.
    pub fn append(&mut self, other: Observations, max_samples: usize) -> Vec<Cut> {
        let left_out = self.add_all(other.samples, max_samples);
        let cuts = [
            (left_out > 0).then(|| Cut::of_samples(max_samples, left_out)),
            join("service checks", &mut self.service_checks, other.service_checks, limits::SERVICE_CHECKS),
            join("events", &mut self.events, other.events, limits::EVENTS),
            join("logs", &mut self.logs, other.logs, limits::LOGS),
        ];
        cuts.into_iter().flatten().collect()
    }

    /// How many observations there are, of all kinds.
    pub fn count(&self) -> usize {
        let topology = self.topology.as_ref().map_or(0, |t| t.components.len() + t.relations.len() + t.deletes.len());
        self.samples.len() + self.service_checks.len() + self.events.len() + self.logs.len() + topology + self.health.len()
    }
}

/// What passed a limit of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    what: &'static str,
    limit: usize,
    /// How many were left out.
    pub count: usize,
}

impl Cut {
    /// Samples beyond the limit of an instance.
    pub fn of_samples(limit: usize, count: usize) -> Self {
        Cut { what: "samples", limit, count }
    }
}

impl Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {} {} in one run, the rest is left out", self.limit, self.what)?;
        // The other limits cannot be moved.
        if self.what == "samples" { f.write_str(" (`max_returned_metrics` of the instance)") } else { Ok(()) }
    }
}

/// Joins two lists up to a limit.
fn join<T>(what: &'static str, all: &mut Vec<T>, mut more: Vec<T>, limit: usize) -> Option<Cut> {
    let room = limit.saturating_sub(all.len());
    let count = more.len().saturating_sub(room);
    more.truncate(room);
    if all.is_empty() {
        *all = more;
    } else {
        all.append(&mut more);
    }
    (count > 0).then_some(Cut { what, limit, count })
}
