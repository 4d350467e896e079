//! Observations as JSON: the stable form of `check --format json` and of the lines of `run`.

use super::{Component, Event, EventContext, Health, Log, Observations, Relation, Sample, ServiceCheck, TagSet, Topology};
use crate::base::number::Number;
use crate::base::print::{number_to_json, to_json};
use crate::base::span::Sources;
use crate::base::time::epoch_seconds;
use crate::base::value::Text;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

/// A number with its value kept: integers of 64 bits are exact.
pub fn number(number: Number) -> Json {
    match number {
        Number::Int(n) => n.into(),
        Number::Uint(n) => n.into(),
        Number::Float(n) => number_to_json(n),
    }
}

fn tags(tags: &TagSet) -> Json {
    tags.iter().map(|tag| tag.to_string()).collect()
}

fn text(text: &Option<Text>) -> Json {
    text.as_deref().unwrap_or("").into()
}

fn maybe(text: &Option<Text>) -> Json {
    text.as_deref().into()
}

/// One sample as it is written: there are many of them, so they become text without a tree of
/// JSON values in between.
#[derive(Debug, Serialize)]
pub struct SampleJson<'s> {
    name: &'s str,
    r#type: &'static str,
    #[serde(serialize_with = "write_number")]
    value: Number,
    #[serde(serialize_with = "write_tags")]
    tags: &'s TagSet,
    hostname: &'s str,
    device: Option<&'s str>,
    unit: Option<&'s str>,
    timestamp: f64,
    origin: &'s str,
}

impl<'s> SampleJson<'s> {
    /// A sample with its place in words.
    pub fn of(sample: Sample<'s>, origin: &'s str) -> Self {
        let Sample { value, tags, about } = sample;
        SampleJson {
            name: &about.name,
            r#type: about.metric_type.word(),
            value,
            tags,
            hostname: about.hostname.as_deref().unwrap_or(""),
            device: about.device.as_deref(),
            unit: about.unit.as_deref(),
            timestamp: epoch_seconds(about.timestamp),
            origin,
        }
    }
}

fn write_number<S: Serializer>(value: &Number, serializer: S) -> Result<S::Ok, S::Error> {
    number(*value).serialize(serializer)
}

fn write_tags<S: Serializer>(tags: &&TagSet, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(tags.iter())
}

/// One sample as a JSON value.
pub fn sample(s: Sample<'_>, sources: &Sources) -> Json {
    serde_json::to_value(SampleJson::of(s, &sources.origin(s.origin))).unwrap_or_default()
}

/// One service check.
pub fn service_check(s: &ServiceCheck, sources: &Sources) -> Json {
    service_check_at(s, &sources.origin(s.origin))
}

/// The same with its place in words.
pub fn service_check_at(s: &ServiceCheck, origin: &str) -> Json {
    json!({
        "name": &*s.name, "status": s.status.word(), "tags": tags(&s.tags), "hostname": text(&s.hostname), "message": &*s.message,
        "timestamp": epoch_seconds(s.timestamp), "origin": origin,
    })
}

/// One event; fields that were not given are left out.
pub fn event(e: &Event, sources: &Sources) -> Json {
    event_at(e, &sources.origin(e.origin))
}

/// The same with its place in words.
pub fn event_at(e: &Event, origin: &str) -> Json {
    let mut out = Map::new();
    out.insert("msg_title".into(), (*e.title).into());
    out.insert("msg_text".into(), (*e.text).into());
    out.insert("timestamp".into(), epoch_seconds(e.timestamp).into());
    let fields = [
        ("event_type", &e.event_type),
        ("source_type_name", &e.source_type_name),
        ("aggregation_key", &e.aggregation_key),
        ("event_object", &e.event_object),
        ("host", &e.hostname),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            out.insert(name.into(), (**value).into());
        }
    }
    out.extend(e.alert_type.map(|a| ("alert_type".to_owned(), a.word().into())));
    out.extend(e.priority.map(|p| ("priority".to_owned(), p.word().into())));
    out.insert("tags".into(), tags(&e.tags));
    if !e.attributes.is_missing() {
        out.insert("attributes".into(), to_json(&e.attributes));
    }
    out.extend(e.context.as_ref().map(|c| ("context".to_owned(), context(c))));
    out.insert("origin".into(), origin.into());
    Json::Object(out)
}

fn context(c: &EventContext) -> Json {
    json!({
        "category": maybe(&c.category), "element_identifiers": texts(&c.element_identifiers), "source_identifier": maybe(&c.source_identifier),
        "source": maybe(&c.source), "source_links": to_json(&c.source_links), "data": to_json(&c.data),
    })
}

fn texts(texts: &[Text]) -> Json {
    texts.iter().map(|t| t.to_string()).collect()
}

/// One log.
pub fn log(l: &Log, sources: &Sources) -> Json {
    log_at(l, &sources.origin(l.origin))
}

/// The same with its place in words.
pub fn log_at(l: &Log, origin: &str) -> Json {
    json!({
        "message": &*l.message, "status": maybe(&l.status), "service": maybe(&l.service), "source": maybe(&l.source),
        "timestamp": epoch_seconds(l.timestamp), "hostname": text(&l.hostname), "tags": tags(&l.tags), "attributes": to_json(&l.attributes),
        "origin": origin,
    })
}

/// One component.
pub fn component(c: &Component, sources: &Sources) -> Json {
    component_at(c, &sources.origin(c.origin))
}

/// The same with its place in words.
pub fn component_at(c: &Component, origin: &str) -> Json {
    json!({"id": &*c.id, "type": &*c.component_type, "data": to_json(&c.data), "origin": origin})
}

/// One relation.
pub fn relation(r: &Relation, sources: &Sources) -> Json {
    relation_at(r, &sources.origin(r.origin))
}

/// The same with its place in words.
pub fn relation_at(r: &Relation, origin: &str) -> Json {
    json!({"source": &*r.source, "target": &*r.target, "type": &*r.relation_type, "data": to_json(&r.data), "origin": origin})
}

/// The topology of one run.
pub fn topology(t: &Topology, sources: &Sources) -> Json {
    json!({
        "instance": {"type": &*t.key_type, "url": &*t.key_url},
        "start_snapshot": t.start_snapshot, "stop_snapshot": t.stop_snapshot,
        "components": t.components.iter().map(|c| component(c, sources)).collect::<Json>(),
        "relations": t.relations.iter().map(|r| relation(r, sources)).collect::<Json>(),
        "deletes": texts(&t.deletes),
    })
}

/// One health state.
pub fn health(h: &Health, sources: &Sources) -> Json {
    health_at(h, &sources.origin(h.origin))
}

/// The same with its place in words.
pub fn health_at(h: &Health, origin: &str) -> Json {
    json!({
        "id": &*h.id, "name": &*h.name, "health": h.health.word(), "element": &*h.element, "message": maybe(&h.message),
        "origin": origin,
    })
}

/// Everything of one run, as the lists of `check --format json`.
pub fn observations(o: &Observations, sources: &Sources) -> Map<String, Json> {
    let mut out = Map::new();
    out.insert("metrics".into(), o.samples.iter().map(|s| sample(s, sources)).collect());
    out.insert("service_checks".into(), o.service_checks.iter().map(|s| service_check(s, sources)).collect());
    out.insert("events".into(), o.events.iter().map(|e| event(e, sources)).collect());
    out.insert("logs".into(), o.logs.iter().map(|l| log(l, sources)).collect());
    out.insert("metadata".into(), Json::Object(o.metadata.iter().map(|(k, v)| (k.to_string(), to_json(v))).collect()));
    out.insert("topology".into(), o.topology.as_ref().map(|t| topology(t, sources)).into());
    out.insert("health".into(), o.health.iter().map(|h| health(h, sources)).collect());
    out
}
