//! Where observations go: one sink for each receiver, each with its own filters, its own form and
//! its own way to say no.
//!
//! ```yaml
//! sinks:
//!   - stackstate: {url: "https://stackstate.example/receiver/stsAgent", api_key: "{{ secret('env:STS_API_KEY') }}"}
//!   - jsonl: {path: /var/log/engine/observations.jsonl}
//! ```
//!
//! The way of a report: [`Sink::batches`] cuts what the filters let pass into [`Batch`]es that keep
//! the receiver's size rules; an [`outbox::Outbox`] holds them in order and says what to do next;
//! [`Sink::deliver`] sends one and gives a [`Verdict`]; the outbox moves on, halves, waits or drops,
//! and says which records are done.
//!
//! Adding a kind: one file or folder with its settings and its [`Sink`], and one line in [`KINDS`].

pub mod batch;
mod bounded;
mod datadog;
pub mod filter;
mod free;
mod intake;
mod jsonl;
mod lines;
pub mod otlp;
pub mod outbox;
pub mod policy;
pub mod post;
mod prometheus;
mod protobuf;
mod rotating;
mod secret_text;
mod series;
mod stackstate;
mod stdout;
#[cfg(test)]
mod testing;
mod totals;

use crate::base::time::Clock;
use crate::base::value::Text;
use crate::net::client::HttpClients;
use crate::report::Report;
use crate::yaml::kind::{self, Kind};
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Fields, Reader};
use crate::yaml::shape::Shape;
use batch::Batch;
use std::fmt::Debug;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// All kinds of sinks.
pub const KINDS: &[Kind<Arc<dyn Settings>>] = &[stdout::KIND, jsonl::KIND, stackstate::KIND, datadog::KIND, prometheus::KIND, otlp::KIND];

/// A report with the number of its record in the queue.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// The number; it only grows.
    pub sequence: u64,
    /// What the record holds.
    pub report: Report,
}

/// The settings of a sink as they stand in engine.yaml.
pub trait Settings: Debug + Send + Sync {
    /// Its name: what it is called in outputs, and what its place in the queue is found by.
    fn name(&self) -> Text;
    /// The sink itself.
    ///
    /// # Errors
    /// One sentence on what is missing: a secret, a certificate.
    fn open(&self, cx: &OpenCx<'_>) -> Result<Arc<dyn Sink>, String>;
}

/// What opening a sink may use.
pub struct OpenCx<'o> {
    /// Where relative paths start: the folder of engine.yaml.
    pub folder: &'o Path,
    /// The text of a secret handle like `env:NAME`.
    pub secret: &'o dyn Fn(&str) -> Result<String, String>,
}

/// What a delivery may use.
pub struct DeliverCx<'d> {
    /// How to talk to receivers.
    pub http: &'d HttpClients,
    /// The clocks.
    pub clock: &'d dyn Clock,
    /// What tells this engine from others: the first part of a batch's id.
    pub engine: &'d str,
}

/// A delivery under way.
pub type Delivery<'d> = Pin<Box<dyn Future<Output = Verdict> + Send + 'd>>;

/// One receiver.
pub trait Sink: Debug + Send + Sync {
    /// Cuts reports into batches, in the order in which they are to be delivered. Reports of which
    /// nothing passes the filters are in no batch.
    fn batches(&self, reports: Vec<Numbered>) -> Vec<Batch>;
    /// What a batch is on the wire, before it is packed.
    fn body(&self, batch: &Batch) -> Vec<u8>;
    /// Sends one batch.
    fn deliver<'d>(&'d self, batch: &'d Batch, cx: &'d DeliverCx<'d>) -> Delivery<'d>;
}

/// What came of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it. It may have refused some of it for good, with its reason.
    Delivered(Option<Rejected>),
    /// It is to be sent again; a receiver may have said when.
    Later {
        /// Why, without any secret.
        why: String,
        /// How long the receiver asks to wait.
        after: Option<Duration>,
    },
    /// It is to be sent again, and a person must do something: the key is wrong, the address is.
    Refused {
        /// Why, without any secret.
        why: String,
    },
    /// It is too large or holds something that the receiver does not take: it is to be halved, and
    /// dropped where it cannot be.
    Bad {
        /// Why, without any secret.
        why: String,
    },
}

/// What a receiver has refused of a batch that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// How many items.
    pub n_items: u64,
    /// Why.
    pub why: String,
}

/// The settings of one sink of any kind.
#[derive(Clone, Debug)]
pub struct AnySink(pub Arc<dyn Settings>);

impl Field for AnySink {
    fn shape() -> Shape {
        Shape::Kinds("sink", || KINDS.iter().map(|kind| (kind.docs)()).collect())
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        kind::read_one("sink", KINDS, node, reader).map(AnySink)
    }
}

/// Reads the fields of one kind, and reports those that it does not know.
fn read_kind<S: Settings + 'static>(
    kind: &str,
    node: &Node,
    reader: &mut Reader<'_>,
    read: impl FnOnce(&mut Fields<'_>, &mut Reader<'_>) -> Option<S>,
) -> Option<Arc<dyn Settings>> {
    let mut fields = Fields::open(node, format!("`{kind}`"), reader)?;
    let settings = read(&mut fields, reader);
    fields.finish(reader);
    Some(Arc::new(settings?))
}

/// The name that was given, or that of the kind.
fn own_name(common: &filter::Common, kind: &str) -> Text {
    common.name.clone().unwrap_or_else(|| kind.into())
}
