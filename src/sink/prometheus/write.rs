//! Remote write, version 1: samples in protobuf, packed with snappy.
//!
//! The labels of a series are sorted by their names, and its samples by their times, as the
//! specification demands of the sender. The messages are those of `prometheus.WriteRequest`: a request
//! has series, a series labels and samples, a label a name and a value. Generated code for these four
//! would need a compiler for protobuf at build time.

use super::FAMILIES;
use super::names::Labels;
use super::series::{Samples, samples};
use super::stale::Ends;
use crate::base::secret::Secret;
use crate::sink::batch::{self, Batch, Most};
use crate::sink::filter::Filter;
use crate::sink::post::{Packing, Payload, Poster};
use crate::sink::totals::Totals;
use crate::sink::{DeliverCx, Delivery, Numbered, Sink, Verdict};
use prost::Message;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// The key before a field of a message whose length follows: `timeseries` of a request, `labels` of a
/// series, `name` of a label.
const FIRST: u8 = 1 << 3 | 2;
/// The same of the second field: `samples` of a series, `value` of a label.
const SECOND: u8 = 2 << 3 | 2;

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
        request(samples(batch, &self.filter))
    }

    fn deliver<'d>(&'d self, batch: &'d Batch, cx: &'d DeliverCx<'d>) -> Delivery<'d> {
        Box::pin(async move {
            self.poster.post(self.payload(batch), batch, cx).await.map_or_else(|verdict| verdict, |_| Verdict::Delivered(None))
        })
    }
}

/// The label that holds the name.
const NAME: &str = "__name__";

/// The request with some samples, by their series. A message is nothing but its fields one after the
/// other, so what many series share is written once and copied.
fn request(mut samples: Samples<'_>) -> Vec<u8> {
    let names: Vec<Vec<u8>> = samples.names.iter().map(|name| labels([(NAME, &**name)])).collect();
    let sets: Vec<Set> = samples.sets.iter().map(|labels| Set::of(labels)).collect();
    samples.all.sort_by_key(|sample| (sample.name, sample.set, sample.at_ms));
    let (mut out, mut series) = (Vec::new(), Vec::new());
    for of_series in samples.all.chunk_by(|a, b| (a.name, a.set) == (b.name, b.set)) {
        let name_and_set = of_series.first().and_then(|sample| names.get(sample.name).zip(sets.get(sample.set)));
        let Some((name, set)) = name_and_set else { continue };
        series.clear();
        [&set.before, name, &set.after].into_iter().for_each(|labels| series.extend_from_slice(labels));
        // Of two values at one time the later one holds.
        for last in of_series.chunk_by(|a, b| a.at_ms == b.at_ms).filter_map(<[_]>::last) {
            let sample = Sample { value: last.value, timestamp: last.at_ms };
            head(SECOND, sample.encoded_len(), &mut series);
            // Memory has room.
            let _ = sample.encode(&mut series);
        }
        head(FIRST, series.len(), &mut out);
        out.extend_from_slice(&series);
    }
    out
}

/// Labels as they are on the wire, those before the name and those behind it.
struct Set {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Set {
    fn of(all: &Labels) -> Set {
        let (before, after) = all.split_at(all.partition_point(|(name, _)| name.as_str() < NAME));
        let written = |part: &[(String, String)]| labels(part.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        Set { before: written(before), after: written(after) }
    }
}

/// Labels as fields of a series.
fn labels<'l>(all: impl IntoIterator<Item = (&'l str, &'l str)>) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    for (name, value) in all {
        let length = |text: &str| 1 + prost::length_delimiter_len(text.len()) + text.len();
        head(FIRST, length(name) + length(value), &mut out);
        for (key, text) in [(FIRST, name), (SECOND, value)] {
            head(key, text.len(), &mut out);
            out.extend_from_slice(text.as_bytes());
        }
    }
    out
}

/// What stands before a field: its key and its length.
fn head(key: u8, length: usize, out: &mut Vec<u8>) {
    out.push(key);
    // Memory has room.
    let _ = prost::encode_length_delimiter(length, out);
}
