//! Lines for people on standard output.
//!
//! ```yaml
//! sinks: [stdout]
//! ```

use super::batch::{self, Batch, Most};
use super::filter::{Common, Family, Filter};
use super::{DeliverCx, Delivery, Numbered, OpenCx, Settings, Sink, Verdict, lines, own_name, read_kind};
use crate::base::limits;
use crate::base::value::Text;
use crate::net::words;
use crate::yaml::kind::Kind;
use crate::yaml::read::Record;
use crate::yaml::shape::KindDoc;
use std::io::Write;
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Settings>> = Kind {
    name: "stdout",
    docs: || KindDoc { name: "stdout", doc: "Lines for people on standard output.", fields: Common::docs(), short: None },
    read: |node, reader| read_kind("stdout", node, reader, |fields, reader| Some(Stdout { common: Common::read_from(fields, reader)? })),
};

#[derive(Debug)]
struct Stdout {
    common: Common,
}

impl Settings for Stdout {
    fn name(&self) -> Text {
        own_name(&self.common, "stdout")
    }

    fn open(&self, _: &OpenCx<'_>) -> Result<Arc<dyn Sink>, String> {
        Ok(Arc::new(Open { filter: Filter::of(&self.common) }))
    }
}

#[derive(Debug)]
struct Open {
    filter: Filter,
}

/// What lines say, in this order.
pub const FAMILIES: &[Family] =
    &[Family::Metrics, Family::ServiceChecks, Family::Events, Family::Logs, Family::Topology, Family::Health, Family::Metadata];
/// How much is written at once.
pub const MOST: Most = Most { items: limits::BATCH_ITEMS, bytes: 1 << 20 };

impl Sink for Open {
    fn batches(&self, reports: Vec<Numbered>) -> Vec<Batch> {
        batch::cut(&reports.into(), 0, MOST, |numbered| self.filter.items(&numbered.report, FAMILIES))
    }

    fn body(&self, batch: &Batch) -> Vec<u8> {
        lines::readable_lines(batch, &self.filter).into_bytes()
    }

    fn deliver<'d>(&'d self, batch: &'d Batch, _: &'d DeliverCx<'d>) -> Delivery<'d> {
        Box::pin(async move { write(self.body(batch)).await })
    }
}

/// Writes to standard output, which may make wait.
pub async fn write(lines: Vec<u8>) -> Verdict {
    let writing = tokio::task::spawn_blocking(move || {
        let mut out = std::io::stdout().lock();
        out.write_all(&lines).and_then(|()| out.flush())
    });
    match writing.await {
        Ok(Ok(())) => Verdict::Delivered(None),
        Ok(Err(error)) => Verdict::Later { why: format!("standard output cannot be written: {}", words::of_io(&error)), after: None },
        Err(_) => Verdict::Later { why: "standard output was not written".to_owned(), after: None },
    }
}
