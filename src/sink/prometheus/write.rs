//! Remote write, version 1: samples in protobuf, packed with snappy.
//!
//! The labels of a series are sorted by their names, and its samples by their times, as the
//! specification demands of the sender. The messages are those of `prometheus.WriteRequest`; a
//! checked-in declaration for `prost` is five structs, where generated code would need a compiler for
//! protobuf at build time.

use super::FAMILIES;
use super::series::samples;
use super::stale::Ends;
use crate::base::secret::Secret;
use crate::sink::batch::{self, Batch, Most};
use crate::sink::filter::Filter;
use crate::sink::post::{Packing, Payload, Poster};
use crate::sink::totals::Totals;
use crate::sink::{DeliverCx, Delivery, Numbered, Sink, Verdict};
use prost::Message;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

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
        request(batch, &self.filter).encode_to_vec()
    }

    fn deliver<'d>(&'d self, batch: &'d Batch, cx: &'d DeliverCx<'d>) -> Delivery<'d> {
        Box::pin(async move {
            self.poster.post(self.payload(batch), batch, cx).await.map_or_else(|verdict| verdict, |_| Verdict::Delivered(None))
        })
    }
}

/// The samples of a batch by their series.
fn request(batch: &Batch, filter: &Filter) -> WriteRequest {
    let mut places: HashMap<Vec<(String, String)>, usize> = HashMap::new();
    let mut timeseries: Vec<TimeSeries> = Vec::new();
    for found in samples(batch, filter) {
        let mut labels = found.labels;
        labels.insert("__name__".to_owned(), found.name);
        let key: Vec<(String, String)> = labels.into_iter().collect();
        let sample = Sample { value: found.value, timestamp: found.at_ms };
        if let Some(series) = places.get(&key).and_then(|at| timeseries.get_mut(*at)) {
            series.samples.push(sample);
            continue;
        }
        let labels = key.iter().map(|(name, value)| Label { name: name.clone(), value: value.clone() }).collect();
        places.insert(key, timeseries.len());
        timeseries.push(TimeSeries { labels, samples: vec![sample] });
    }
    for series in &mut timeseries {
        series.samples.sort_by_key(|sample| sample.timestamp);
        // Of two values at one time the later one holds.
        series.samples.reverse();
        series.samples.dedup_by_key(|sample| sample.timestamp);
        series.samples.reverse();
    }
    WriteRequest { timeseries }
}
