//! A StackState receiver.
//!
//! ```yaml
//! sinks:
//!   - stackstate:
//!       url: https://stackstate.example/receiver/stsAgent
//!       api_key: "{{ secret('env:STS_API_KEY') }}"
//! ```
//!
//! Topology, health, events and raw metrics go to the intake, other metrics and service checks to
//! the two forms that they have of their own. A full picture that needs several messages begins in
//! the first and ends in the last. Every ten minutes, as from the receiver's own agents, each instance
//! tells how its run went and the facts about it (`agent_checks`).

use super::batch::{self, Batch, Most};
use super::filter::{Common, Family, Filter};
use super::post::{Address, Compression, Packing, Payload, Poster, Receiver, below};
use super::secret_text::SecretText;
use super::{DeliverCx, Delivery, Numbered, OpenCx, Settings, Sink, Verdict, intake, own_name, read_kind, series};
use crate::base::limits;
use crate::base::secret::Secret;
use crate::base::value::Text;
use crate::observation::MetricType;
use crate::report::Report;
use crate::yaml::kind::Kind;
use crate::yaml::read::Record;
use crate::yaml::shape::KindDoc;
use batch::What;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// The most bytes of a message before it is packed: what the receiver's agents keep to.
const RAW_BYTES: usize = 4 << 20;
/// The most bytes of a packed message.
const PACKED_BYTES: usize = 5 << 19;

/// How often an instance tells how its run went: as the receiver's agents.
const STATUS_EVERY: Duration = Duration::from_secs(600);

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Settings>> = Kind {
    name: "stackstate",
    docs: || KindDoc {
        name: "stackstate",
        doc: "A StackState receiver: topology, health, events, metrics, service checks.",
        fields: [StackState::docs(), Receiver::docs(), Common::docs()].concat(),
        short: None,
    },
    read: |node, reader| {
        read_kind("stackstate", node, reader, |fields, reader| {
            let own = StackState::read_from(fields, reader);
            let (receiver, common) = (Receiver::read_from(fields, reader), Common::read_from(fields, reader));
            Some(Configured { own: own?, receiver: receiver?, common: common? })
        })
    },
};

crate::fields! {
    /// A StackState receiver.
    struct StackState, "stackstate" {
        /// The address of the receiver, which ends in `stsAgent`.
        url: Address;
        /// The key, best as `"{{ secret('env:NAME') }}"`.
        api_key: SecretText;
        /// How bodies are packed.
        compression: Compression = Compression::Gzip, "gzip";
    }
}

#[derive(Debug)]
struct Configured {
    own: StackState,
    receiver: Receiver,
    common: Common,
}

impl Settings for Configured {
    fn name(&self) -> Text {
        own_name(&self.common, "stackstate")
    }

    fn open(&self, cx: &OpenCx<'_>) -> Result<Arc<dyn Sink>, String> {
        let key = self.own.api_key.get(cx)?;
        Ok(Arc::new(Open {
            filter: Filter::of(&self.common),
            poster: Poster::open(&self.receiver, std::slice::from_ref(&key), cx)?,
            url: self.own.url.0.clone(),
            compression: self.own.compression,
            key,
            most: self.receiver.most(RAW_BYTES),
            told: Mutex::default(),
        }))
    }
}

#[derive(Debug)]
struct Open {
    filter: Filter,
    poster: Poster,
    url: Url,
    key: Secret,
    compression: Compression,
    most: Most,
    /// When each check has told how its run went.
    told: Mutex<HashMap<u64, Timestamp>>,
}

const INTAKE: u8 = 0;
const SERIES: u8 = 1;
const CHECKS: u8 = 2;

impl Open {
    fn items(&self, numbered: &Numbered, route: u8) -> Vec<What> {
        let report = &numbered.report;
        let is_raw = |what: &What| match what {
            What::Point(at) => report.points.get(*at as usize).is_some_and(|point| point.metric_type == MetricType::Raw),
            _ => true,
        };
        let families: &[Family] = match route {
            INTAKE => &[Family::Topology, Family::Health, Family::Events, Family::Metrics],
            SERIES => &[Family::Metrics],
            _ => &[Family::ServiceChecks],
        };
        let mut items = self.filter.items(report, families);
        match route {
            INTAKE => {
                items.retain(is_raw);
                items.extend((self.filter.takes(report, Family::Metadata) && self.is_due(report)).then_some(What::Run));
            }
            SERIES => items.retain(|what| !is_raw(what)),
            _ => {}
        }
        items
    }

    /// True where an instance tells how its run went: the first time, and then at a slow pace.
    fn is_due(&self, report: &Report) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let (id, now) = (report.origin.id, report.origin.started);
        // What is heard of no more is forgotten.
        if told.len() >= limits::TOTALS {
            told.retain(|_, at| now.duration_since(*at).unsigned_abs() < STATUS_EVERY);
        }
        let is_due = told.get(&id).is_none_or(|at| now.duration_since(*at).unsigned_abs() >= STATUS_EVERY);
        if is_due {
            told.insert(id, now);
        }
        is_due
    }

    fn payload(&self, batch: &Batch) -> Payload {
        let path = match batch.route {
            INTAKE => "intake",
            SERIES => "api/v1/series",
            _ => "api/v1/check_run",
        };
        let mut url = below(&self.url, path);
        url.query_pairs_mut().append_pair("api_key", self.key.reveal());
        let headers = vec![("sts-api-key".to_owned(), self.key.clone())];
        let (packing, most) = (Packing::Http(self.compression), (self.most.bytes, PACKED_BYTES));
        Payload { url, content_type: "application/json", headers, body: self.body(batch), packing, most }
    }
}

impl Sink for Open {
    fn batches(&self, reports: Vec<Numbered>) -> Vec<Batch> {
        let reports: Arc<[Numbered]> = reports.into();
        let of = |route| batch::cut(&reports, route, self.most, |numbered| self.items(numbered, route));
        [INTAKE, SERIES, CHECKS].into_iter().flat_map(of).collect()
    }

    fn body(&self, batch: &Batch) -> Vec<u8> {
        match batch.route {
            INTAKE => intake::intake(batch, &self.filter, None),
            SERIES => series::series(batch, &self.filter, "raw"),
            _ => series::check_runs(batch, &self.filter),
        }
    }

    fn deliver<'d>(&'d self, batch: &'d Batch, cx: &'d DeliverCx<'d>) -> Delivery<'d> {
        Box::pin(async move {
            self.poster.post(self.payload(batch), batch, cx).await.map_or_else(|verdict| verdict, |_| Verdict::Delivered(None))
        })
    }
}
