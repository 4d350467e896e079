//! Points, service checks and health states as metrics.

use super::Temporality;
use super::proto::{
    AnyValue, Attributes, Data, DataPoint, KeyValue, KeyValues, Kind, List, Metric, MetricsRequest, PointValue, Resource, ResourceMetrics,
    Scope, ScopeMetrics, SumFacts,
};
use crate::base::number::Number;
use crate::base::value::{Text, Value};
use crate::fold::{Point, PointAbout, PointKind};
use crate::observation::{Health, HealthState, MetricType, ServiceCheck, TagSet};
use crate::report::Report;
use crate::sink::batch::{Batch, What};
use crate::sink::filter::Filter;
use crate::sink::protobuf::{FIRST, head};
use crate::sink::series::status_number;
use crate::sink::totals::{Totals, start};
use jiff::Timestamp;
use prost::Message;
use std::collections::HashMap;
use std::ptr;
use std::sync::Arc;

/// The request of a batch.
pub fn request(batch: &Batch, filter: &Filter, temporality: Temporality, totals: &Totals) -> MetricsRequest {
    let mut maker = Maker::of(filter, temporality, totals);
    for (numbered, what) in batch.iter() {
        maker.add(&numbered.report, what);
    }
    let of_host = |(host, metrics): (&str, Vec<Metric>)| ResourceMetrics {
        resource: Some(resource(host)),
        scope_metrics: vec![ScopeMetrics { scope: Some(scope()), metrics }],
    };
    MetricsRequest { resource_metrics: maker.hosts.lists.into_iter().map(of_host).collect() }
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

/// A metric of a host, without its points.
#[derive(Clone, Copy)]
struct Facts<'b> {
    host: &'b str,
    name: &'b str,
    unit: &'b str,
    form: Form,
}

/// Where a metric is: the number of its host, and its place in the list of that.
type Place = (usize, usize);

/// A request in the making. Points are written as they come, behind those of their metric.
struct Maker<'b> {
    filter: &'b Filter,
    temporality: Temporality,
    totals: &'b Totals,
    hosts: ByHost<'b, Metric>,
    places: HashMap<(usize, &'b str, Form), Place>,
    /// The report whose items come.
    report: Option<&'b Report>,
    /// By what the points of a metric of this report share.
    place_of_point: HashMap<*const PointAbout, Place>,
    /// Sets of tags as they are on the wire.
    sets: Vec<Vec<u8>>,
    set_of: HashMap<&'b TagSet, usize>,
    last_set: Option<(&'b TagSet, usize)>,
}

impl<'b> Maker<'b> {
    fn of(filter: &'b Filter, temporality: Temporality, totals: &'b Totals) -> Self {
        let (hosts, places, report, place_of_point, sets, set_of, last_set) = Default::default();
        Maker { filter, temporality, totals, hosts, places, report, place_of_point, sets, set_of, last_set }
    }

    fn add(&mut self, report: &'b Report, what: What) {
        if !self.report.is_some_and(|last| ptr::eq(last, report)) {
            self.report = Some(report);
            self.place_of_point.clear();
        }
        match what {
            What::Point(at) => report.points.get(at as usize).into_iter().for_each(|point| self.point(point, report)),
            What::ServiceCheck(at) => report.service_checks.get(at as usize).into_iter().for_each(|check| self.check(check, report)),
            What::Health(at) => report.health.get(at as usize).into_iter().for_each(|health| self.health(health, report)),
            _ => {}
        }
    }

    fn point(&mut self, point: Point<'b>, report: &'b Report) {
        let Point { value, tags, about } = point;
        let is_sum = about.kind == PointKind::Count;
        let started = match self.temporality {
            _ if !is_sum => 0,
            Temporality::Delta => nanos(start(point, &report.origin)),
            Temporality::Cumulative => nanos(self.totals.since(point, &report.origin)),
        };
        let place = match self.place_of_point.get(&Arc::as_ptr(about)) {
            Some(place) => *place,
            None => {
                // A count of what was submitted may fall; the growth of a counter never does.
                let is_monotonic = about.metric_type == MetricType::MonotonicCount;
                let form = if is_sum { Form::Sum { is_monotonic } } else { Form::Gauge };
                let unit = about.unit.as_deref().unwrap_or_default();
                let place = self.place(Facts { host: host(&about.hostname, report), name: &about.name, unit, form });
                self.place_of_point.insert(Arc::as_ptr(about), place);
                place
            }
        };
        let value = match value {
            Number::Int(n) => PointValue::Int(n),
            other => PointValue::Double(other.as_f64()),
        };
        let device = about.device.as_deref().map(|device| text("device", device));
        let point = DataPoint { start_time_unix_nano: started, time_unix_nano: nanos(about.at), value: Some(value) };
        let set = self.set(tags);
        self.write(place, Some(set), device.into_iter().collect(), point);
    }

    fn check(&mut self, check: &'b ServiceCheck, report: &'b Report) {
        let place = self.place(Facts { host: host(&check.hostname, report), name: &check.name, unit: "", form: Form::Gauge });
        // A message would make a series of its own each time.
        let set = self.set(&check.tags);
        self.write(place, Some(set), Vec::new(), gauge(status_number(check.status), check.timestamp));
    }

    fn health(&mut self, health: &'b Health, report: &'b Report) {
        let mut attributes = attributes(&self.filter.tags(&TagSet::default()));
        attributes.extend([text("id", &health.id), text("name", &health.name), text("element", &health.element)]);
        attributes.extend(report.health_stream.as_ref().map(|stream| text("stream", &stream.urn)));
        let value = match health.health {
            HealthState::Clear => 0,
            HealthState::Deviating => 1,
            HealthState::Critical => 2,
        };
        let place = self.place(Facts { host: &report.origin.hostname, name: "engine.health", unit: "", form: Form::Gauge });
        self.write(place, None, attributes, gauge(value, report.origin.started));
    }

    /// The place of a metric; points of one metric stand together.
    fn place(&mut self, facts: Facts<'b>) -> Place {
        let Some((host, metrics)) = self.hosts.of(facts.host) else { return (0, 0) };
        let place = *self.places.entry((host, facts.name, facts.form)).or_insert((host, metrics.len()));
        if place.1 == metrics.len() {
            let data = match facts.form {
                Form::Gauge => Data::Gauge(Vec::new()),
                Form::Sum { is_monotonic } => {
                    let aggregation_temporality = if self.temporality == Temporality::Delta { 1 } else { 2 };
                    Data::Sum(SumFacts { aggregation_temporality, is_monotonic }.encode_to_vec())
                }
            };
            metrics.push(Metric { name: facts.name.to_owned(), unit: unit(facts.unit).to_owned(), data: Some(data) });
        }
        place
    }

    /// The number of a set of tags.
    fn set(&mut self, tags: &'b TagSet) -> usize {
        // The metrics of a row come one after the other.
        if let Some((_, set)) = self.last_set.filter(|(last, _)| ptr::eq(*last, tags)) {
            return set;
        }
        let (filter, sets) = (self.filter, &mut self.sets);
        let set = *self.set_of.entry(tags).or_insert_with(|| {
            sets.push(Attributes { attributes: attributes(&filter.tags(tags)) }.encode_to_vec());
            sets.len() - 1
        });
        self.last_set = Some((tags, set));
        set
    }

    /// Writes a point with the tags of a set and attributes of its own.
    fn write(&mut self, (host, metric): Place, set: Option<usize>, own: Vec<KeyValue>, point: DataPoint) {
        let metric = self.hosts.lists.get_mut(host).and_then(|(_, metrics)| metrics.get_mut(metric));
        let Some(Data::Gauge(points) | Data::Sum(points)) = metric.and_then(|metric| metric.data.as_mut()) else { return };
        let tags = set.and_then(|set| self.sets.get(set)).map_or(&[][..], Vec::as_slice);
        let own = Attributes { attributes: own };
        head(FIRST, tags.len() + own.encoded_len() + point.encoded_len(), points);
        points.extend_from_slice(tags);
        // Memory has room.
        let _ = own.encode(points).and_then(|()| point.encode(points));
    }
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
