//! Observations as JSON: the stable form of `check --format json` and of the lines of `run`. There may
//! be many of them, so they can become text without a tree of JSON values in between.

use super::{Component, Event, Health, Log, Observations, Relation, Sample, ServiceCheck, TagSet, Topology};
use crate::base::number::Number;
use crate::base::print::{AsJson, to_json};
use crate::base::span::Sources;
use crate::base::time::epoch_seconds;
use crate::base::value::Text;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

/// One sample as it is written.
#[derive(Debug, Serialize)]
pub struct SampleJson<'s> {
    name: &'s str,
    r#type: &'static str,
    value: Number,
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

/// One sample as a JSON value.
pub fn sample(s: Sample<'_>, sources: &Sources) -> Json {
    json!(SampleJson::of(s, &sources.origin(s.origin)))
}

/// One service check as it is written.
#[derive(Debug, Serialize)]
pub struct ServiceCheckJson<'j> {
    name: &'j str,
    status: &'static str,
    tags: &'j TagSet,
    hostname: &'j str,
    message: &'j str,
    timestamp: f64,
    origin: &'j str,
}

impl<'j> ServiceCheckJson<'j> {
    /// A service check with its place in words.
    pub fn of(check: &'j ServiceCheck, origin: &'j str) -> Self {
        ServiceCheckJson {
            name: &check.name,
            status: check.status.word(),
            tags: &check.tags,
            hostname: check.hostname.as_deref().unwrap_or(""),
            message: &check.message,
            timestamp: epoch_seconds(check.timestamp),
            origin,
        }
    }

    /// The same of a host, with other tags.
    pub fn with(self, hostname: &'j str, tags: &'j TagSet) -> Self {
        ServiceCheckJson { hostname, tags, ..self }
    }
}

/// One service check.
pub fn service_check(s: &ServiceCheck, sources: &Sources) -> Json {
    json!(ServiceCheckJson::of(s, &sources.origin(s.origin)))
}

/// One event as it is written; fields that were not given are left out.
#[derive(Debug, Serialize)]
pub struct EventJson<'j> {
    msg_title: &'j str,
    msg_text: &'j str,
    timestamp: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_type: Option<&'j str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_type_name: Option<&'j str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregation_key: Option<&'j str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_object: Option<&'j str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'j str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<&'static str>,
    tags: &'j TagSet,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<AsJson<'j>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<ContextJson<'j>>,
    origin: &'j str,
}

#[derive(Debug, Serialize)]
struct ContextJson<'j> {
    category: Option<&'j str>,
    element_identifiers: &'j [Text],
    source_identifier: Option<&'j str>,
    source: Option<&'j str>,
    source_links: AsJson<'j>,
    data: AsJson<'j>,
}

impl<'j> EventJson<'j> {
    /// An event with its place in words.
    pub fn of(event: &'j Event, origin: &'j str) -> Self {
        EventJson {
            msg_title: &event.title,
            msg_text: &event.text,
            timestamp: epoch_seconds(event.timestamp),
            event_type: event.event_type.as_deref(),
            source_type_name: event.source_type_name.as_deref(),
            aggregation_key: event.aggregation_key.as_deref(),
            event_object: event.event_object.as_deref(),
            host: event.hostname.as_deref(),
            alert_type: event.alert_type.map(|word| word.word()),
            priority: event.priority.map(|word| word.word()),
            tags: &event.tags,
            attributes: (!event.attributes.is_missing()).then_some(AsJson(&event.attributes)),
            context: event.context.as_ref().map(|context| ContextJson {
                category: context.category.as_deref(),
                element_identifiers: &context.element_identifiers,
                source_identifier: context.source_identifier.as_deref(),
                source: context.source.as_deref(),
                source_links: AsJson(&context.source_links),
                data: AsJson(&context.data),
            }),
            origin,
        }
    }

    /// The same of a host, with other tags.
    pub fn with(self, host: &'j str, tags: &'j TagSet) -> Self {
        EventJson { host: Some(host), tags, ..self }
    }
}

/// One event.
pub fn event(e: &Event, sources: &Sources) -> Json {
    json!(EventJson::of(e, &sources.origin(e.origin)))
}

/// One log as it is written.
#[derive(Debug, Serialize)]
pub struct LogJson<'j> {
    message: &'j str,
    status: Option<&'j str>,
    service: Option<&'j str>,
    source: Option<&'j str>,
    timestamp: f64,
    hostname: &'j str,
    tags: &'j TagSet,
    attributes: AsJson<'j>,
    origin: &'j str,
}

impl<'j> LogJson<'j> {
    /// A log with its place in words.
    pub fn of(log: &'j Log, origin: &'j str) -> Self {
        LogJson {
            message: &log.message,
            status: log.status.as_deref(),
            service: log.service.as_deref(),
            source: log.source.as_deref(),
            timestamp: epoch_seconds(log.timestamp),
            hostname: log.hostname.as_deref().unwrap_or(""),
            tags: &log.tags,
            attributes: AsJson(&log.attributes),
            origin,
        }
    }

    /// The same of a host, with other tags.
    pub fn with(self, hostname: &'j str, tags: &'j TagSet) -> Self {
        LogJson { hostname, tags, ..self }
    }
}

/// One log.
pub fn log(l: &Log, sources: &Sources) -> Json {
    json!(LogJson::of(l, &sources.origin(l.origin)))
}

/// One component as it is written.
#[derive(Debug, Serialize)]
pub struct ComponentJson<'j> {
    id: &'j str,
    r#type: &'j str,
    data: AsJson<'j>,
    origin: &'j str,
}

impl<'j> ComponentJson<'j> {
    /// A component with its place in words.
    pub fn of(component: &'j Component, origin: &'j str) -> Self {
        ComponentJson { id: &component.id, r#type: &component.component_type, data: AsJson(&component.data), origin }
    }
}

/// One relation as it is written.
#[derive(Debug, Serialize)]
pub struct RelationJson<'j> {
    source: &'j str,
    target: &'j str,
    r#type: &'j str,
    data: AsJson<'j>,
    origin: &'j str,
}

impl<'j> RelationJson<'j> {
    /// A relation with its place in words.
    pub fn of(relation: &'j Relation, origin: &'j str) -> Self {
        let Relation { source, target, relation_type, data, .. } = relation;
        RelationJson { source, target, r#type: relation_type, data: AsJson(data), origin }
    }
}

/// The topology of one run.
pub fn topology(t: &Topology, sources: &Sources) -> Json {
    let component = |c: &Component| json!(ComponentJson::of(c, &sources.origin(c.origin)));
    let relation = |r: &Relation| json!(RelationJson::of(r, &sources.origin(r.origin)));
    json!({
        "instance": {"type": &*t.key_type, "url": &*t.key_url},
        "start_snapshot": t.start_snapshot, "stop_snapshot": t.stop_snapshot,
        "components": t.components.iter().map(component).collect::<Json>(),
        "relations": t.relations.iter().map(relation).collect::<Json>(),
        "deletes": t.deletes,
    })
}

/// One health state as it is written.
#[derive(Debug, Serialize)]
pub struct HealthJson<'j> {
    id: &'j str,
    name: &'j str,
    health: &'static str,
    element: &'j str,
    message: Option<&'j str>,
    origin: &'j str,
}

impl<'j> HealthJson<'j> {
    /// A health state with its place in words.
    pub fn of(health: &'j Health, origin: &'j str) -> Self {
        let Health { id, name, health: state, element, message, .. } = health;
        HealthJson { id, name, health: state.word(), element, message: message.as_deref(), origin }
    }
}

/// One health state.
pub fn health(h: &Health, sources: &Sources) -> Json {
    json!(HealthJson::of(h, &sources.origin(h.origin)))
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
