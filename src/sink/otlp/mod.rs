//! OTLP over HTTP in protobuf: metrics and logs.
//!
//! ```yaml
//! sinks:
//!   - otlp: {url: "http://collector.example:4318", temporality: cumulative}
//! ```
//!
//! Counts are sums, monotonic unless one is negative, with the temporality that the receiver wants:
//! `cumulative` totals that begin with the engine, or `delta`, how many since the last point. Service
//! checks and health states are gauges of their number, as in the sink `prometheus`; events are log
//! records with an event name. Reports of one host share a resource.

mod metrics;
mod proto;
mod records;

use super::batch::{self, Batch, Most};
use super::filter::{Common, Family, Filter};
use super::post::{Address, Compression, Packing, Payload, Poster, Receiver, below};
use super::prometheus::Login;
use super::totals::Totals;
use super::{DeliverCx, Delivery, Numbered, OpenCx, Rejected, Settings, Sink, Verdict, own_name, read_kind};
use crate::base::print::{cut, one_line};
use crate::base::secret::Secret;
use crate::base::value::Text;
use crate::net::Answer;
use crate::yaml::kind::Kind;
use crate::yaml::read::Record;
use crate::yaml::shape::KindDoc;
use prost::Message;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// The most bytes of a request before it is packed: what collectors take without being told.
const RAW_BYTES: usize = 4 << 20;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Settings>> = Kind {
    name: "otlp",
    docs: || KindDoc {
        name: "otlp",
        doc: "OpenTelemetry's protocol over HTTP: metrics, service checks and health as metrics, events and logs as logs.",
        fields: [Otlp::docs(), Login::docs(), Receiver::docs(), Common::docs()].concat(),
        short: None,
    },
    read: |node, reader| {
        read_kind("otlp", node, reader, |fields, reader| {
            let (own, login) = (Otlp::read_from(fields, reader), Login::read_from(fields, reader));
            let (receiver, common) = (Receiver::read_from(fields, reader), Common::read_from(fields, reader));
            Some(Configured { own: own?, login: login?, receiver: receiver?, common: common? })
        })
    },
};

crate::words! {
    /// What a sum says.
    pub enum Temporality {
        /// How many since the last point.
        Delta = "delta",
        /// How many since the engine began.
        Cumulative = "cumulative",
    }
}

crate::fields! {
    /// A receiver of OTLP.
    struct Otlp, "otlp" {
        /// The address that `/v1/metrics` and `/v1/logs` stand below.
        url: Address;
        /// The whole address of metrics, where it is another one.
        metrics_url: Option<Address>;
        /// The whole address of logs, where it is another one.
        logs_url: Option<Address>;
        /// Whether sums say how many since the engine began, or since the last point.
        temporality: Temporality = Temporality::Cumulative, "cumulative";
        /// How bodies are packed.
        compression: Compression = Compression::Gzip, "gzip";
    }
}

#[derive(Debug)]
struct Configured {
    own: Otlp,
    login: Login,
    receiver: Receiver,
    common: Common,
}

impl Settings for Configured {
    fn name(&self) -> Text {
        own_name(&self.common, "otlp")
    }

    fn open(&self, cx: &OpenCx<'_>) -> Result<Arc<dyn Sink>, String> {
        let (login, secrets) = self.login.header(cx)?;
        let address = |own: &Option<Address>, path| own.as_ref().map_or_else(|| below(&self.own.url.0, path), |address| address.0.clone());
        Ok(Arc::new(Open {
            filter: Filter::of(&self.common),
            poster: Poster::open(&self.receiver, &secrets, cx)?,
            metrics: address(&self.own.metrics_url, "v1/metrics"),
            logs: address(&self.own.logs_url, "v1/logs"),
            login,
            temporality: self.own.temporality,
            compression: self.own.compression,
            most: self.receiver.most(RAW_BYTES),
            totals: Mutex::default(),
        }))
    }
}

#[derive(Debug)]
struct Open {
    filter: Filter,
    poster: Poster,
    metrics: Url,
    logs: Url,
    login: Vec<(String, Secret)>,
    temporality: Temporality,
    compression: Compression,
    most: Most,
    totals: Mutex<Totals>,
}

const METRICS: u8 = 0;
const LOGS: u8 = 1;

impl Open {
    fn payload(&self, batch: &Batch) -> Payload {
        let url = if batch.route == METRICS { &self.metrics } else { &self.logs };
        Payload {
            url: url.clone(),
            content_type: "application/x-protobuf",
            headers: self.login.clone(),
            body: self.body(batch),
            packing: Packing::Http(self.compression),
            most: (self.most.bytes, self.most.bytes),
        }
    }
}

impl Sink for Open {
    fn batches(&self, mut reports: Vec<Numbered>) -> Vec<Batch> {
        if self.temporality == Temporality::Cumulative {
            self.totals.lock().unwrap_or_else(PoisonError::into_inner).add(&mut reports);
        }
        let reports: Arc<[Numbered]> = reports.into();
        let of = |(route, families): (u8, &[Family])| {
            batch::cut(&reports, route, self.most, |numbered| self.filter.items(&numbered.report, families))
        };
        let routes: [(u8, &[Family]); 2] =
            [(METRICS, &[Family::Metrics, Family::ServiceChecks, Family::Health]), (LOGS, &[Family::Events, Family::Logs])];
        routes.into_iter().flat_map(of).collect()
    }

    fn body(&self, batch: &Batch) -> Vec<u8> {
        if batch.route == METRICS {
            let totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
            metrics::request(batch, &self.filter, self.temporality, &totals).encode_to_vec()
        } else {
            records::request(batch, &self.filter).encode_to_vec()
        }
    }

    fn deliver<'d>(&'d self, batch: &'d Batch, cx: &'d DeliverCx<'d>) -> Delivery<'d> {
        Box::pin(async move {
            let posted = self.poster.post(self.payload(batch), batch, cx).await;
            posted.map_or_else(|verdict| verdict, |answer| Verdict::Delivered(rejected(&answer)))
        })
    }
}

/// A success may be one of a part: the rest is refused for good and must not be sent again.
fn rejected(answer: &Answer) -> Option<Rejected> {
    let partial = proto::Answer::decode(&*answer.body).ok()?.partial_success?;
    let n_items = u64::try_from(partial.rejected).ok().filter(|n| *n > 0)?;
    Some(Rejected { n_items, why: one_line(&cut(&partial.error_message, crate::base::limits::ANSWER_SHOWN)) })
}
