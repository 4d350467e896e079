//! A receiver that speaks Datadog's forms, version 1, which all of them understand.
//!
//! ```yaml
//! sinks:
//!   - datadog:
//!       url: https://app.datadoghq.example
//!       logs_url: https://http-intake.logs.datadoghq.example
//!       api_key: "{{ secret('env:DD_API_KEY') }}"
//! ```

use super::batch::{self, Batch, Most, What};
use super::filter::{Common, Family, Filter};
use super::post::{Address, Compression, Packing, Payload, Poster, Receiver, below};
use super::secret_text::SecretText;
use super::{DeliverCx, Delivery, Numbered, OpenCx, Settings, Sink, Verdict, intake, own_name, read_kind, series};
use crate::base::print::AsJson;
use crate::base::secret::Secret;
use crate::base::value::{Text, Value};
use crate::observation::Log;
use crate::report::Report;
use crate::yaml::kind::Kind;
use crate::yaml::read::Record;
use crate::yaml::shape::KindDoc;
use serde::{Serialize, Serializer};
use std::sync::Arc;
use url::Url;

/// The most bytes of a request before it is packed, and after.
const RAW_BYTES: usize = 4 << 20;
const PACKED_BYTES: usize = 5 << 19;
/// The same of logs, and how many of them.
const LOG_BYTES: usize = 5_000_000;
const LOGS: usize = 1_000;
/// The text of an event; longer ones are cut by the receiver too, but without a mark.
const EVENT_CHARS: usize = 4_000;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Settings>> = Kind {
    name: "datadog",
    docs: || KindDoc {
        name: "datadog",
        doc: "A receiver of Datadog's forms: metrics, service checks, events, logs.",
        fields: [Datadog::docs(), Receiver::docs(), Common::docs()].concat(),
        short: None,
    },
    read: |node, reader| {
        read_kind("datadog", node, reader, |fields, reader| {
            let own = Datadog::read_from(fields, reader);
            let (receiver, common) = (Receiver::read_from(fields, reader), Common::read_from(fields, reader));
            Some(Configured { own: own?, receiver: receiver?, common: common? })
        })
    },
};

crate::fields! {
    /// A receiver of Datadog's forms.
    struct Datadog, "datadog" {
        /// The address that `/api/v1/series`, `/api/v1/check_run` and `/intake/` stand below.
        url: Address;
        /// The address that `/api/v2/logs` stands below, where it is another one.
        logs_url: Option<Address>;
        /// The key, best as `"{{ secret('env:NAME') }}"`.
        api_key: SecretText;
        /// How bodies are packed.
        compression: Compression = Compression::Deflate, "deflate";
    }
}

#[derive(Debug)]
struct Configured {
    own: Datadog,
    receiver: Receiver,
    common: Common,
}

impl Settings for Configured {
    fn name(&self) -> Text {
        own_name(&self.common, "datadog")
    }

    fn open(&self, cx: &OpenCx<'_>) -> Result<Arc<dyn Sink>, String> {
        let key = self.own.api_key.get(cx)?;
        let logs_url = self.own.logs_url.as_ref().unwrap_or(&self.own.url).0.clone();
        let logs = self.receiver.most(LOG_BYTES);
        Ok(Arc::new(Open {
            filter: Filter::of(&self.common),
            poster: Poster::open(&self.receiver, std::slice::from_ref(&key), cx)?,
            url: self.own.url.0.clone(),
            logs_url,
            compression: self.own.compression,
            key,
            most: self.receiver.most(RAW_BYTES),
            most_logs: Most { items: logs.items.min(LOGS), ..logs },
        }))
    }
}

#[derive(Debug)]
struct Open {
    filter: Filter,
    poster: Poster,
    url: Url,
    logs_url: Url,
    key: Secret,
    compression: Compression,
    most: Most,
    most_logs: Most,
}

const SERIES: u8 = 0;
const CHECKS: u8 = 1;
const EVENTS: u8 = 2;
const LOG: u8 = 3;

impl Open {
    fn payload(&self, batch: &Batch) -> Payload {
        let plain = (self.most.bytes, PACKED_BYTES);
        let (url, most) = match batch.route {
            SERIES => (below(&self.url, "api/v1/series"), plain),
            CHECKS => (below(&self.url, "api/v1/check_run"), plain),
            EVENTS => (below(&self.url, "intake/"), plain),
            _ => (below(&self.logs_url, "api/v2/logs"), (self.most_logs.bytes, self.most_logs.bytes)),
        };
        let headers = vec![("dd-api-key".to_owned(), self.key.clone())];
        Payload { url, content_type: "application/json", headers, body: self.body(batch), packing: Packing::Http(self.compression), most }
    }
}

impl Sink for Open {
    fn batches(&self, reports: Vec<Numbered>) -> Vec<Batch> {
        let reports: Arc<[Numbered]> = reports.into();
        let of = |(route, most, family)| batch::cut(&reports, route, most, |numbered| self.filter.items(&numbered.report, &[family]));
        let routes = [
            (SERIES, self.most, Family::Metrics),
            (CHECKS, self.most, Family::ServiceChecks),
            (EVENTS, self.most, Family::Events),
            (LOG, self.most_logs, Family::Logs),
        ];
        routes.into_iter().flat_map(of).collect()
    }

    fn body(&self, batch: &Batch) -> Vec<u8> {
        match batch.route {
            // Raw points have no word of their own here.
            SERIES => series::series(batch, &self.filter, "gauge"),
            CHECKS => series::check_runs(batch, &self.filter),
            EVENTS => intake::intake(batch, &self.filter, Some(EVENT_CHARS)),
            _ => logs(batch, &self.filter),
        }
    }

    fn deliver<'d>(&'d self, batch: &'d Batch, cx: &'d DeliverCx<'d>) -> Delivery<'d> {
        Box::pin(async move {
            self.poster.post(self.payload(batch), batch, cx).await.map_or_else(|verdict| verdict, |_| Verdict::Delivered(None))
        })
    }
}

/// The body of `/api/v2/logs`.
fn logs(batch: &Batch, filter: &Filter) -> Vec<u8> {
    series::list(batch.iter().filter_map(|(numbered, what)| match what {
        What::Log(at) => numbered.report.logs.get(at as usize).map(|found| log(found, &numbered.report, filter)),
        _ => None,
    }))
}

#[derive(Serialize)]
struct LogForm<'b> {
    message: &'b str,
    status: &'b str,
    timestamp: i64,
    hostname: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'b str>,
    ddsource: &'b str,
    ddtags: String,
    #[serde(flatten)]
    attributes: Beside<'b>,
}

/// The attributes of a log that have no name of a field.
struct Beside<'b> {
    attributes: &'b Value,
    has_service: bool,
}

impl Serialize for Beside<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let is_field = |key: &str| match key {
            "service" => self.has_service,
            other => matches!(other, "message" | "status" | "timestamp" | "hostname" | "ddsource" | "ddtags"),
        };
        let all = self.attributes.as_map().into_iter().flat_map(|map| map.iter());
        out.collect_map(all.filter(|(key, _)| !is_field(key)).map(|(key, value)| (&**key, AsJson(value))))
    }
}

/// A log; its own attributes stand beside the known fields.
fn log<'b>(log: &'b Log, report: &'b Report, filter: &Filter) -> LogForm<'b> {
    LogForm {
        message: &log.message,
        status: log.status.as_deref().unwrap_or("info"),
        timestamp: log.timestamp.as_millisecond(),
        hostname: log.hostname.as_deref().unwrap_or(&report.origin.hostname),
        service: log.service.as_deref(),
        ddsource: log.source.as_deref().unwrap_or(&report.origin.check),
        ddtags: filter.tags(&log.tags).iter().collect::<Vec<_>>().join(","),
        attributes: Beside { attributes: &log.attributes, has_service: log.service.is_some() },
    }
}
