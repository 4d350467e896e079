//! Points, service checks and health states as metrics.

use super::Temporality;
use super::proto::{
    AnyValue, Data, DataPoint, Gauge, KeyValue, KeyValues, Kind, List, Metric, MetricsRequest, PointValue, Resource, ResourceMetrics,
    Scope, ScopeMetrics, Sum,
};
use crate::base::number::Number;
use crate::base::value::{Text, Value};
use crate::fold::{Point, PointKind};
use crate::observation::{Health, HealthState, MetricType, ServiceCheck, TagSet};
use crate::report::Report;
use crate::sink::Numbered;
use crate::sink::batch::{Batch, What};
use crate::sink::filter::Filter;
use crate::sink::series::status_number;
use crate::sink::totals::{Totals, start};
use jiff::Timestamp;
use std::collections::HashMap;

/// The request of a batch.
pub fn request(batch: &Batch, filter: &Filter, temporality: Temporality, totals: &Totals) -> MetricsRequest {
    let cx = Cx { filter, temporality, totals };
    let mut hosts: Vec<(Text, ScopeMetrics)> = Vec::new();
    let mut places: HashMap<(usize, String, u8), usize> = HashMap::new();
    for (numbered, what) in batch.iter() {
        let Some((host, metric)) = cx.metric(numbered, what) else { continue };
        let at = place(&mut hosts, host, || ScopeMetrics { scope: Some(scope()), metrics: Vec::new() });
        let Some((_, of_host)) = hosts.get_mut(at) else { continue };
        // Points of one metric stand together.
        let key = (at, metric.name.clone(), form(&metric));
        match places.get(&key).and_then(|at| of_host.metrics.get_mut(*at)) {
            Some(known) => join(known, metric),
            None => {
                places.insert(key, of_host.metrics.len());
                of_host.metrics.push(metric);
            }
        }
    }
    let of_host = |(host, scope_metrics): (Text, ScopeMetrics)| ResourceMetrics {
        resource: Some(resource(&host)),
        scope_metrics: vec![scope_metrics],
    };
    MetricsRequest { resource_metrics: hosts.into_iter().map(of_host).collect() }
}

/// The place of a host; its list begins where it is new.
pub fn place<T>(hosts: &mut Vec<(Text, T)>, host: Text, new: impl FnOnce() -> T) -> usize {
    hosts.iter().position(|(known, _)| *known == host).unwrap_or_else(|| {
        hosts.push((host, new()));
        hosts.len() - 1
    })
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

fn form(metric: &Metric) -> u8 {
    match &metric.data {
        Some(Data::Gauge(_)) | None => 0,
        Some(Data::Sum(sum)) => 1 + u8::from(sum.is_monotonic),
    }
}

fn join(known: &mut Metric, more: Metric) {
    match (&mut known.data, more.data) {
        (Some(Data::Gauge(known)), Some(Data::Gauge(more))) => known.data_points.extend(more.data_points),
        (Some(Data::Sum(known)), Some(Data::Sum(more))) => known.data_points.extend(more.data_points),
        _ => {}
    }
}

struct Cx<'c> {
    filter: &'c Filter,
    temporality: Temporality,
    totals: &'c Totals,
}

impl Cx<'_> {
    fn metric(&self, numbered: &Numbered, what: What) -> Option<(Text, Metric)> {
        let report = &numbered.report;
        match what {
            What::Point(at) => report.points.get(at as usize).map(|point| self.point(point, report)),
            What::ServiceCheck(at) => report.service_checks.get(at as usize).map(|check| self.check(check, report)),
            What::Health(at) => report.health.get(at as usize).map(|health| self.health(health, report)),
            _ => None,
        }
    }

    fn point(&self, point: Point<'_>, report: &Report) -> (Text, Metric) {
        let mut attributes = attributes(&self.filter.tags(point.tags));
        attributes.extend(point.device.as_deref().map(|device| text("device", device)));
        let is_sum = point.kind == PointKind::Count;
        let started = match self.temporality {
            _ if !is_sum => 0,
            Temporality::Delta => nanos(start(point, &report.origin)),
            Temporality::Cumulative => nanos(self.totals.since(point, &report.origin)),
        };
        let data_point = DataPoint {
            attributes,
            start_time_unix_nano: started,
            time_unix_nano: nanos(point.at),
            value: Some(match point.value {
                Number::Int(n) => PointValue::Int(n),
                other => PointValue::Double(other.as_f64()),
            }),
        };
        let data = if is_sum {
            let aggregation_temporality = if self.temporality == Temporality::Delta { 1 } else { 2 };
            // A count of what was submitted may fall; the growth of a counter never does.
            let is_monotonic = point.metric_type == MetricType::MonotonicCount;
            Data::Sum(Sum { data_points: vec![data_point], aggregation_temporality, is_monotonic })
        } else {
            Data::Gauge(Gauge { data_points: vec![data_point] })
        };
        let unit = point.unit.as_deref().map(unit).unwrap_or_default();
        (host(&point.hostname, report), Metric { name: point.name.to_string(), unit, data: Some(data) })
    }

    fn check(&self, check: &ServiceCheck, report: &Report) -> (Text, Metric) {
        // A message would make a series of its own each time.
        let attributes = attributes(&self.filter.tags(&check.tags));
        let value = i64::from(status_number(check.status));
        (host(&check.hostname, report), gauge(check.name.to_string(), value, attributes, check.timestamp))
    }

    fn health(&self, health: &Health, report: &Report) -> (Text, Metric) {
        let mut attributes = attributes(&self.filter.tags(&TagSet::default()));
        attributes.extend([text("id", &health.id), text("name", &health.name), text("element", &health.element)]);
        attributes.extend(report.health_stream.as_ref().map(|stream| text("stream", &stream.urn)));
        let value = match health.health {
            HealthState::Clear => 0,
            HealthState::Deviating => 1,
            HealthState::Critical => 2,
        };
        (report.origin.hostname.clone(), gauge("engine.health".to_owned(), value, attributes, report.origin.started))
    }
}

fn gauge(name: String, value: i64, attributes: Vec<KeyValue>, at: Timestamp) -> Metric {
    let point = DataPoint { attributes, start_time_unix_nano: 0, time_unix_nano: nanos(at), value: Some(PointValue::Int(value)) };
    Metric { name, unit: String::new(), data: Some(Data::Gauge(Gauge { data_points: vec![point] })) }
}

/// The host that something is about.
pub fn host(given: &Option<Text>, report: &Report) -> Text {
    given.clone().unwrap_or_else(|| report.origin.hostname.clone())
}

/// Units as UCUM writes them; others stay as they are.
fn unit(unit: &str) -> String {
    let known = match unit {
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
    };
    known.to_owned()
}
