//! Remote write, version 1: samples in protobuf, packed with snappy.
//!
//! The labels of a series are sorted by their names, and its samples by their times, as the
//! specification demands of the sender. The messages are those of `prometheus.WriteRequest`: field 1 of a
//! request is a series, fields 1 and 2 of a series are a label and a sample, fields 1 and 2 of a label its
//! name and its value. Generated code for these four would need a compiler for protobuf at build time.

use super::FAMILIES;
use super::names::Label;
use super::series::{Samples, samples};
use super::stale::Ends;
use crate::base::secret::Secret;
use crate::sink::batch::{self, Batch, Most};
use crate::sink::filter::Filter;
use crate::sink::post::{Packing, Payload, Poster};
use crate::sink::protobuf::{FIRST, SECOND, head, length};
use crate::sink::totals::Totals;
use crate::sink::{DeliverCx, Delivery, Numbered, Sink, Verdict};
use prost::Message;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

#[derive(Clone, Copy, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

/// The sink.
#[derive(Debug)]
pub struct Write {
    filter: Filter,
    url: Url,
    login: Vec<(String, Secret)>,
    poster: Poster,
    most: Most,
    totals: Mutex<Totals>,
    ends: Mutex<Ends>,
}

impl Write {
    /// A sink that writes to this address.
    pub fn new(filter: Filter, url: Url, login: Vec<(String, Secret)>, poster: Poster, most: Most) -> Self {
        Write { filter, url, login, poster, most, totals: Mutex::default(), ends: Mutex::default() }
    }

    fn payload(&self, batch: &Batch) -> Payload {
        let mut headers = self.login.clone();
        headers.push(("x-prometheus-remote-write-version".to_owned(), Secret::new("0.1.0")));
        let most = (self.most.bytes, self.most.bytes);
        Payload {
            url: self.url.clone(),
            content_type: "application/x-protobuf",
            headers,
            body: self.body(batch),
            packing: Packing::Snappy,
            most,
        }
    }
}

impl Sink for Write {
    fn batches(&self, mut reports: Vec<Numbered>) -> Vec<Batch> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner).add(&mut reports);
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).add(&mut reports);
        let reports: Arc<[Numbered]> = reports.into();
        batch::cut(&reports, 0, self.most, |numbered| self.filter.items(&numbered.report, FAMILIES))
    }

    fn body(&self, batch: &Batch) -> Vec<u8> {
        request(samples(batch, &self.filter, written))
    }

    fn deliver<'d>(&'d self, batch: &'d Batch, cx: &'d DeliverCx<'d>) -> Delivery<'d> {
        Box::pin(async move {
            self.poster.post(self.payload(batch), batch, cx).await.map_or_else(|verdict| verdict, |_| Verdict::Delivered(None))
        })
    }
}

/// The label that holds the name.
const NAME: &str = "__name__";

/// The request with some samples, by their series; what many series share is written once and copied.
fn request(mut samples: Samples<'_, Arc<Set>>) -> Vec<u8> {
    let names: Vec<Vec<u8>> = samples.names.iter().map(|name| labels(&[(NAME.into(), (&**name).into())])).collect();
    // Sets first: rows come one after the other, so next to nothing is to be moved.
    samples.all.sort_by_key(|sample| (sample.set, sample.name, sample.at_ms));
    let mut out = Vec::new();
    for of_series in samples.all.chunk_by(|a, b| (a.set, a.name) == (b.set, b.name)) {
        let name_and_set = of_series.first().and_then(|sample| names.get(sample.name).zip(samples.sets.get(sample.set)));
        let Some((name, set)) = name_and_set else { continue };
        let labels = [&set.before, name, &set.after];
        // Of two values at one time the later one holds.
        let values = || {
            let last_of_each = of_series.chunk_by(|a, b| a.at_ms == b.at_ms).filter_map(<[_]>::last);
            last_of_each.map(|last| Sample { value: last.value, timestamp: last.at_ms })
        };
        let n_bytes = labels.iter().map(|labels| labels.len()).chain(values().map(|value| length(value.encoded_len()))).sum();
        head(FIRST, n_bytes, &mut out);
        labels.iter().for_each(|labels| out.extend_from_slice(labels));
        for value in values() {
            head(SECOND, value.encoded_len(), &mut out);
            // Memory has room.
            let _ = value.encode(&mut out);
        }
    }
    out
}

/// Labels as they are on the wire, those before the name and those behind it.
#[derive(PartialEq, Eq, Hash)]
struct Set {
    before: Vec<u8>,
    after: Vec<u8>,
}

fn written(all: &[Label<'_>]) -> Arc<Set> {
    let (before, after) = all.split_at(all.partition_point(|(name, _)| &**name < NAME));
    Arc::new(Set { before: labels(before), after: labels(after) })
}

/// Labels as fields of a series.
fn labels(all: &[Label<'_>]) -> Vec<u8> {
    let label = |(name, value): &Label<'_>| length(name.len()) + length(value.len());
    let mut out = Vec::with_capacity(all.iter().map(|named| length(label(named))).sum());
    for named in all {
        let (name, value) = named;
        head(FIRST, label(named), &mut out);
        for (key, text) in [(FIRST, name), (SECOND, value)] {
            head(key, text.len(), &mut out);
            out.extend_from_slice(text.as_bytes());
        }
    }
    out
}
