//! Points, service checks and health states as metrics.

use super::Temporality;
use super::proto::{
    AnyValue, Attributes, Data, DataPoint, Gauge, KeyValue, KeyValues, Kind, List, Metric, MetricsRequest, PointValue, Resource,
    ResourceMetrics, Scope, ScopeMetrics, Sum,
};
use crate::base::number::Number;
use crate::base::value::{Text, Value};
use crate::fold::{Point, PointKind};
use crate::observation::{Health, HealthState, MetricType, ServiceCheck, TagSet};
use crate::report::Report;
use crate::sink::batch::{Batch, What};
use crate::sink::filter::Filter;
use crate::sink::series::status_number;
use crate::sink::totals::{Totals, start};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;
use std::collections::HashMap;

/// The request of a batch.
pub fn request(batch: &Batch, filter: &Filter, temporality: Temporality, totals: &Totals) -> MetricsRequest {
    let mut cx = Cx { filter, temporality, totals, attributes: HashMap::new() };
    let mut hosts = ByHost::default();
    let mut places: HashMap<(usize, &str, Form), usize> = HashMap::new();
    for (numbered, what) in batch.iter() {
        let Some(found) = cx.found(&numbered.report, what) else { continue };
        let Some((host, metrics)) = hosts.of(found.host) else { continue };
        // Points of one metric stand together.
        let place = *places.entry((host, found.name, found.form)).or_insert(metrics.len());
        if place == metrics.len() {
            metrics.push(found.metric(temporality));
        }
        if let Some(metric) = metrics.get_mut(place) {
            add(metric, found.point);
        }
    }
    let of_host = |(host, metrics): (&str, Vec<Metric>)| ResourceMetrics {
        resource: Some(resource(host)),
        scope_metrics: vec![ScopeMetrics { scope: Some(scope()), metrics }],
    };
    MetricsRequest { resource_metrics: hosts.lists.into_iter().map(of_host).collect() }
}

/// What is sent of each host, the host that was met first before the others.
pub struct ByHost<'h, T> {
    places: HashMap<&'h str, usize>,
    /// The lists by their hosts.
    pub lists: Vec<(&'h str, Vec<T>)>,
}

impl<T> Default for ByHost<'_, T> {
    fn default() -> Self {
        ByHost { places: HashMap::new(), lists: Vec::new() }
    }
}

impl<'h, T> ByHost<'h, T> {
    /// The number of a host and its list, which is always there.
    pub fn of(&mut self, host: &'h str) -> Option<(usize, &mut Vec<T>)> {
        let place = *self.places.entry(host).or_insert(self.lists.len());
        if place == self.lists.len() {
            self.lists.push((host, Vec::new()));
        }
        self.lists.get_mut(place).map(|(_, list)| (place, list))
    }
}

/// What sends all of it.
pub fn scope() -> Scope {
    Scope { name: "engine".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// The host that something is about.
pub fn resource(host: &str) -> Resource {
    Resource { attributes: vec![text("host.name", host), text("service.name", "engine")] }
}

/// A text under a key.
pub fn text(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(Kind::Text(value.to_owned())) }) }
}

/// Tags as attributes: the values of a key that comes several times are a list, tags without a key
/// are under `tag`.
pub fn attributes(tags: &TagSet) -> Vec<KeyValue> {
    let mut out: Vec<KeyValue> = Vec::new();
    for tag in tags.iter() {
        let (key, value) = tag.split_once(':').filter(|(key, _)| !key.is_empty()).unwrap_or(("tag", tag));
        let added = AnyValue { value: Some(Kind::Text(value.to_owned())) };
        match out.iter_mut().find(|known| known.key == key).and_then(|known| known.value.as_mut()) {
            None => out.push(KeyValue { key: key.to_owned(), value: Some(added) }),
            Some(AnyValue { value: Some(Kind::List(list)) }) => list.values.push(added),
            Some(known) => {
                let first = std::mem::take(known);
                known.value = Some(Kind::List(List { values: vec![first, added] }));
            }
        }
    }
    out
}

/// Free data; what is missing is left out.
pub fn any(value: &Value) -> AnyValue {
    let kind = match value {
        Value::Missing | Value::Secret(_) | Value::Lazy(_) => None,
        Value::Bool(b) => Some(Kind::Bool(*b)),
        Value::Int(n) => Some(Kind::Int(*n)),
        // There is no larger integer here.
        Value::Uint(n) => Some(Kind::Text(n.to_string())),
        Value::Float(n) => Some(Kind::Double(*n)),
        Value::Text(text) => Some(Kind::Text(text.to_string())),
        Value::Time(time) => Some(Kind::Text(time.to_string())),
        Value::List(items) => Some(Kind::List(List { values: items.iter().map(any).collect() })),
        Value::Map(_) => Some(Kind::Map(KeyValues { values: entries(value) })),
    };
    AnyValue { value: kind }
}

/// The entries of a map.
pub fn entries(value: &Value) -> Vec<KeyValue> {
    let entries = value.as_map().into_iter().flat_map(|map| map.iter()).filter(|(_, value)| !value.is_missing());
    entries.map(|(key, value)| KeyValue { key: key.to_string(), value: Some(any(value)) }).collect()
}

/// Nanoseconds since 1970; times before are that.
pub fn nanos(time: Timestamp) -> u64 {
    u64::try_from(time.as_nanosecond()).unwrap_or(0)
}

/// What a metric is besides its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    Gauge,
    Sum { is_monotonic: bool },
}

/// One point of one metric of one host.
struct Found<'b> {
    host: &'b str,
    name: &'b str,
    unit: &'b str,
    form: Form,
    point: Bytes,
}

impl Found<'_> {
    /// The metric, without points yet.
    fn metric(&self, temporality: Temporality) -> Metric {
        let data = match self.form {
            Form::Gauge => Data::Gauge(Gauge::default()),
            Form::Sum { is_monotonic } => {
                let aggregation_temporality = if temporality == Temporality::Delta { 1 } else { 2 };
                Data::Sum(Sum { data_points: Vec::new(), aggregation_temporality, is_monotonic })
            }
        };
        Metric { name: self.name.to_owned(), unit: unit(self.unit).to_owned(), data: Some(data) }
    }
}

fn add(metric: &mut Metric, point: Bytes) {
    match &mut metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.push(point),
        Some(Data::Sum(sum)) => sum.data_points.push(point),
        None => {}
    }
}

struct Cx<'b> {
    filter: &'b Filter,
    temporality: Temporality,
    totals: &'b Totals,
    /// The tags that were met, as they are on the wire.
    attributes: HashMap<&'b TagSet, Vec<u8>>,
}

impl<'b> Cx<'b> {
    fn found(&mut self, report: &'b Report, what: What) -> Option<Found<'b>> {
        match what {
            What::Point(at) => report.points.get(at as usize).map(|point| self.point(point, report)),
            What::ServiceCheck(at) => report.service_checks.get(at as usize).map(|check| self.check(check, report)),
            What::Health(at) => report.health.get(at as usize).map(|health| self.health(health, report)),
            _ => None,
        }
    }

    /// A point with tags, and a device if there is one.
    fn tagged(&mut self, tags: &'b TagSet, device: Option<&str>, point: DataPoint) -> Bytes {
        let filter = self.filter;
        let attributes = || Attributes { attributes: attributes(&filter.tags(tags)) }.encode_to_vec();
        let tags = self.attributes.entry(tags).or_insert_with(attributes);
        with(tags, device.map(|device| text("device", device)).into_iter().collect(), point)
    }

    fn point(&mut self, point: Point<'b>, report: &'b Report) -> Found<'b> {
        let Point { value, tags, about } = point;
        let is_sum = about.kind == PointKind::Count;
        let started = match self.temporality {
            _ if !is_sum => 0,
            Temporality::Delta => nanos(start(point, &report.origin)),
            Temporality::Cumulative => nanos(self.totals.since(point, &report.origin)),
        };
        // A count of what was submitted may fall; the growth of a counter never does.
        let is_monotonic = about.metric_type == MetricType::MonotonicCount;
        let value = match value {
            Number::Int(n) => PointValue::Int(n),
            other => PointValue::Double(other.as_f64()),
        };
        Found {
            host: host(&about.hostname, report),
            name: &about.name,
            unit: about.unit.as_deref().unwrap_or_default(),
            form: if is_sum { Form::Sum { is_monotonic } } else { Form::Gauge },
            point: self.tagged(
                tags,
                about.device.as_deref(),
                DataPoint { start_time_unix_nano: started, time_unix_nano: nanos(about.at), value: Some(value) },
            ),
        }
    }

    fn check(&mut self, check: &'b ServiceCheck, report: &'b Report) -> Found<'b> {
        // A message would make a series of its own each time.
        let point = self.tagged(&check.tags, None, gauge(status_number(check.status), check.timestamp));
        Found { host: host(&check.hostname, report), name: &check.name, unit: "", form: Form::Gauge, point }
    }

    fn health(&mut self, health: &'b Health, report: &'b Report) -> Found<'b> {
        let mut attributes = attributes(&self.filter.tags(&TagSet::default()));
        attributes.extend([text("id", &health.id), text("name", &health.name), text("element", &health.element)]);
        attributes.extend(report.health_stream.as_ref().map(|stream| text("stream", &stream.urn)));
        let value = match health.health {
            HealthState::Clear => 0,
            HealthState::Deviating => 1,
            HealthState::Critical => 2,
        };
        let point = with(&[], attributes, gauge(value, report.origin.started));
        Found { host: &report.origin.hostname, name: "engine.health", unit: "", form: Form::Gauge, point }
    }
}

/// A point with attributes that are written already, and others.
fn with(written: &[u8], attributes: Vec<KeyValue>, point: DataPoint) -> Bytes {
    let attributes = Attributes { attributes };
    let mut out = Vec::with_capacity(written.len() + attributes.encoded_len() + point.encoded_len());
    out.extend_from_slice(written);
    // Memory has room.
    let _ = attributes.encode(&mut out).and_then(|()| point.encode(&mut out));
    out.into()
}

fn gauge(value: u8, at: Timestamp) -> DataPoint {
    DataPoint { start_time_unix_nano: 0, time_unix_nano: nanos(at), value: Some(PointValue::Int(value.into())) }
}

/// The host that something is about.
pub fn host<'h>(given: &'h Option<Text>, report: &'h Report) -> &'h str {
    given.as_deref().unwrap_or(&report.origin.hostname)
}

/// Units as UCUM writes them; others stay as they are.
fn unit(unit: &str) -> &str {
    match unit {
        "byte" => "By",
        "bit" => "bit",
        "second" => "s",
        "millisecond" => "ms",
        "microsecond" => "us",
        "nanosecond" => "ns",
        "minute" => "min",
        "hour" => "h",
        "day" => "d",
        "percent" => "%",
        "fraction" => "1",
        "kibibyte" => "KiBy",
        "mebibyte" => "MiBy",
        "gibibyte" => "GiBy",
        "hertz" => "Hz",
        "watt" => "W",
        "volt" => "V",
        "ampere" => "A",
        "celsius" | "degree_celsius" => "Cel",
        other => other,
    }
}
