//! The intake form: events in groups, topology, health.
//!
//! ```json
//! {"apiKey": "", "collection_timestamp": 1710000000, "internalHostname": "mon-01",
//!  "events": {"api": [{"msg_title": "t", "msg_text": "", "timestamp": 1710000000}]},
//!  "topologies": [{"start_snapshot": true, "stop_snapshot": true, "instance": {"type": "t", "url": "u"},
//!                  "components": [], "relations": [], "delete_ids": []}], "health": []}
//! ```

use super::batch::{Batch, What};
use super::filter::Filter;
use crate::base::print::to_json;
use crate::base::time::epoch_seconds;
use crate::base::value::Value;
use crate::fold::Point;
use crate::observation::{Component, Event, Health, Relation, Status, json};
use crate::report::{Report, Topology};
use serde_json::{Map, Value as Json, json};

/// The words that the name of a group must not begin with.
const RESERVED: [&str; 9] = ["eventType", "host", "labels", "message", "name", "tags", "timeReceived", "timestamp", "title"];
/// The group of events that name no system.
const GROUP: &str = "api";
/// The bounds of the repeat interval of a health stream, in seconds.
const REPEAT_S: (f64, f64) = (1.0, 1800.0);
/// Health states of a part of a stream expire after so many repeats, where nothing else is said.
const EXPIRY_REPEATS: f64 = 4.0;

/// The body of the intake.
pub fn intake(batch: &Batch, filter: &Filter, event_text: Option<usize>) -> Vec<u8> {
    let mut parts = Parts::default();
    for (numbered, what) in batch.iter() {
        parts.take(&numbered.report, numbered.sequence, what, filter, event_text);
    }
    let last = batch.reports().iter().rfind(|numbered| numbered.sequence == batch.last()).map(|numbered| &numbered.report.origin);
    let mut body = Map::new();
    body.insert("apiKey".into(), "".into());
    // The same whenever the batch is sent again, so not the time of sending.
    body.insert("collection_timestamp".into(), last.map(|origin| epoch_seconds(origin.started)).into());
    body.insert("internalHostname".into(), last.map(|origin| &*origin.hostname).into());
    body.insert("agentVersion".into(), env!("CARGO_PKG_VERSION").into());
    body.insert("os".into(), std::env::consts::OS.into());
    let messages = |all: Vec<(u64, Json)>| Json::Array(all.into_iter().map(|(_, message)| message).collect());
    let lists = [
        ("agent_checks", Json::Array(parts.runs)),
        ("events", Json::Object(parts.events)),
        ("metrics", Json::Array(parts.metrics)),
        ("topologies", messages(parts.topologies)),
        ("health", messages(parts.health)),
    ];
    let is_used = |(_, list): &(&str, Json)| list.as_array().map_or_else(|| list != &json!({}), |items| !items.is_empty());
    body.extend(lists.into_iter().filter(is_used).map(|(key, list)| (key.to_owned(), list)));
    Json::Object(body).to_string().into_bytes()
}

/// The lists of one body; those of topology and health with the record that they belong to.
#[derive(Default)]
struct Parts {
    events: Map<String, Json>,
    metrics: Vec<Json>,
    runs: Vec<Json>,
    topologies: Vec<(u64, Json)>,
    health: Vec<(u64, Json)>,
}

impl Parts {
    fn take(&mut self, report: &Report, sequence: u64, what: What, filter: &Filter, event_text: Option<usize>) {
        let at = |n: u32| n as usize;
        match (what, &report.topology) {
            (What::Event(n), _) => {
                let Some(event) = report.events.get(at(n)) else { return };
                let group = group(event);
                let made = Json::Object(event_fields(event, report, filter, event_text));
                let list = self.events.entry(group).or_insert_with(|| Json::Array(Vec::new()));
                list.as_array_mut().into_iter().for_each(|list| list.push(made.clone()));
            }
            (What::Point(n), _) => self.metrics.extend(report.points.get(at(n)).map(|point| raw(point, report, filter))),
            (What::Component(n), Some(topology)) => {
                let made = topology.components.get(at(n)).map(|found| component(found));
                self.topology(sequence, topology).push("components", made);
            }
            (What::Relation(n), Some(topology)) => {
                let made = topology.relations.get(at(n)).map(|found| relation(found));
                self.topology(sequence, topology).push("relations", made);
            }
            (What::Delete(n), Some(topology)) => {
                let made = topology.deletes.get(at(n)).map(|id| Json::from(&**id));
                self.topology(sequence, topology).push("delete_ids", made);
            }
            (What::Run, _) => self.runs.extend(run(report)),
            (What::TopologyStart, Some(topology)) => {
                self.topology(sequence, topology).set("start_snapshot", topology.start_snapshot.into())
            }
            (What::TopologyStop, Some(topology)) => self.topology(sequence, topology).set("stop_snapshot", true.into()),
            (What::HealthStart, _) => {
                let interval = interval(report);
                self.health(sequence, report).set("start_snapshot", interval);
            }
            (What::Health(n), _) => {
                let made = report.health.get(at(n)).map(|found| check_state(found));
                self.health(sequence, report).push("check_states", made);
            }
            (What::HealthStop, _) => self.health(sequence, report).set("stop_snapshot", json!({})),
            _ => {}
        }
    }

    fn topology(&mut self, sequence: u64, topology: &Topology) -> Part<'_> {
        part(&mut self.topologies, sequence, || {
            json!({
                "start_snapshot": false, "stop_snapshot": false,
                "instance": {"type": &*topology.key_type, "url": &*topology.key_url},
                "components": [], "relations": [], "delete_ids": [],
            })
        })
    }

    fn health(&mut self, sequence: u64, report: &Report) -> Part<'_> {
        part(&mut self.health, sequence, || {
            let stream = report.health_stream.as_ref();
            let mut named = Map::new();
            named.insert("urn".into(), stream.map(|stream| &*stream.urn).into());
            named.extend(stream.and_then(|stream| stream.sub_stream.as_deref()).map(|sub| ("sub_stream_id".to_owned(), sub.into())));
            json!({"consistency_model": "REPEAT_SNAPSHOTS", "stream": named, "check_states": []})
        })
    }
}

/// One message about one topology or stream.
struct Part<'p>(Option<&'p mut Map<String, Json>>);

fn part(parts: &mut Vec<(u64, Json)>, sequence: u64, new: impl FnOnce() -> Json) -> Part<'_> {
    if parts.last().is_none_or(|(of, _)| *of != sequence) {
        parts.push((sequence, new()));
    }
    Part(parts.last_mut().and_then(|(_, part)| part.as_object_mut()))
}

impl Part<'_> {
    fn set(self, key: &str, value: Json) {
        self.0.into_iter().for_each(|map| {
            map.insert(key.to_owned(), value.clone());
        });
    }

    fn push(self, key: &str, value: Option<Json>) {
        let list = self.0.and_then(|map| map.get_mut(key)).and_then(Json::as_array_mut);
        list.into_iter().for_each(|list| list.extend(value.clone()));
    }
}

/// Where an event is sorted in: its type, which newer agents copy over the system it came from.
fn group(event: &Event) -> String {
    let name = event.event_type.as_deref().or(event.source_type_name.as_deref()).filter(|name| !name.is_empty());
    let usable = name.filter(|name| !RESERVED.iter().any(|word| name.starts_with(word)));
    usable.unwrap_or(GROUP).to_owned()
}

/// An event; its own attributes stand beside the known fields, as receivers expect free ones.
fn event_fields(event: &Event, report: &Report, filter: &Filter, text: Option<usize>) -> Map<String, Json> {
    let mut out = Map::new();
    let kind = event.event_type.as_deref().or(event.source_type_name.as_deref());
    let shown = |words: &str| text.map_or_else(|| words.to_owned(), |most| crate::base::print::cut(words, most));
    out.insert("msg_title".into(), (*event.title).into());
    out.insert("msg_text".into(), shown(&event.text).into());
    out.insert("timestamp".into(), event.timestamp.as_second().into());
    for key in ["event_type", "source_type_name"] {
        out.extend(kind.map(|kind| (key.to_owned(), kind.into())));
    }
    out.insert("host".into(), event.hostname.as_deref().unwrap_or(&report.origin.hostname).into());
    out.extend(event.aggregation_key.as_deref().map(|key| ("aggregation_key".to_owned(), key.into())));
    out.extend(event.event_object.as_deref().map(|object| ("event_object".to_owned(), object.into())));
    out.insert("alert_type".into(), event.alert_type.map_or("info", |word| word.word()).into());
    out.insert("priority".into(), event.priority.map_or("normal", |word| word.word()).into());
    out.insert("tags".into(), filter.tags(&event.tags).iter().collect());
    if let Some(context) = &event.context {
        let mut made = Map::new();
        let texts = [("category", &context.category), ("source", &context.source), ("source_identifier", &context.source_identifier)];
        made.extend(texts.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text.as_deref()?.into()))));
        made.insert("element_identifiers".into(), context.element_identifiers.iter().map(|id| id.to_string()).collect());
        let links = to_json(&context.source_links);
        made.insert("source_links".into(), if links.is_array() { links } else { Json::Array(Vec::new()) });
        made.insert("data".into(), object(&context.data));
        out.insert("context".into(), made.into());
    }
    for (key, value) in event.attributes.as_map().iter().flat_map(|map| map.iter()) {
        out.entry(&**key).or_insert_with(|| to_json(value));
    }
    out
}

/// `[name, time, value, {…}]`.
fn raw(point: Point<'_>, report: &Report, filter: &Filter) -> Json {
    let mut about = Map::new();
    about.insert("hostname".into(), point.hostname.as_deref().unwrap_or(&report.origin.hostname).into());
    about.insert("type".into(), "raw".into());
    about.insert("tags".into(), filter.tags(point.tags).iter().collect());
    about.extend(point.device.as_deref().map(|device| ("device_name".to_owned(), device.into())));
    json!([&*point.name, point.at.as_second(), json::number(point.value), about])
}

/// Free data as receivers take it: an object without nulls and empty texts, whose lists hold one
/// type each.
fn object(data: &Value) -> Json {
    match cleaned(to_json(data)) {
        Some(Json::Object(map)) => Json::Object(map),
        _ => json!({}),
    }
}

/// How a run went: check, source type, number of the instance, status, why, facts.
fn run(report: &Report) -> Option<Json> {
    let check = report.service_checks.last()?;
    let (status, why) = match check.status {
        Status::Ok => ("OK", json!("")),
        Status::Critical => ("ERROR", json!(&*check.message)),
        Status::Warning | Status::Unknown => ("WARNING", json!([&*check.message])),
    };
    let facts: Map<String, Json> = report.metadata.iter().map(|(key, value)| (key.to_string(), to_json(value))).collect();
    Some(json!([&*report.origin.check, &*report.origin.check, report.origin.instance, status, why, facts]))
}

fn cleaned(value: Json) -> Option<Json> {
    Some(match value {
        Json::Null => return None,
        Json::String(text) if text.is_empty() => return None,
        Json::Array(items) => Json::Array(of_one_type(items.into_iter().filter_map(cleaned).collect())),
        Json::Object(map) => Json::Object(map.into_iter().filter_map(|(key, value)| Some((key, cleaned(value)?))).collect()),
        plain => plain,
    })
}

/// A list of several types would be refused as a whole: it becomes one of texts.
fn of_one_type(items: Vec<Json>) -> Vec<Json> {
    let mixed = items.iter().zip(items.iter().skip(1)).any(|(a, b)| std::mem::discriminant(a) != std::mem::discriminant(b));
    let text = |item: Json| match item {
        Json::String(text) => Json::String(text),
        other => Json::String(other.to_string()),
    };
    if mixed { items.into_iter().map(text).collect() } else { items }
}

fn component(component: &Component) -> Json {
    let mut data = object(&component.data);
    let properties = data.as_object_mut().and_then(|map| map.shift_remove("source_properties"));
    let mut out = json!({"externalId": &*component.id, "type": {"name": &*component.component_type}, "data": data});
    Part(out.as_object_mut()).insert("sourceProperties", properties);
    out
}

impl Part<'_> {
    fn insert(self, key: &str, value: Option<Json>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }
}

fn relation(relation: &Relation) -> Json {
    let (source, target, name) = (&relation.source, &relation.target, &relation.relation_type);
    json!({
        "externalId": format!("{source}-{name}-{target}"), "type": {"name": &**name},
        "sourceId": &**source, "targetId": &**target, "data": object(&relation.data),
    })
}

/// How often a stream is repeated, and when it expires: a part of a stream always does.
fn interval(report: &Report) -> Json {
    let stream = report.health_stream.as_ref();
    let usual = report.origin.interval.as_secs_f64();
    let repeat = stream.and_then(|stream| stream.repeat_s).unwrap_or(usual).round().clamp(REPEAT_S.0, REPEAT_S.1);
    let expiry = stream.and_then(|stream| stream.expiry_s).map(f64::round).filter(|expiry| *expiry > 0.0);
    let is_part = stream.is_some_and(|stream| stream.sub_stream.is_some());
    let expiry = expiry.or(is_part.then_some(repeat * EXPIRY_REPEATS));
    let mut out = Map::new();
    out.insert("repeat_interval_s".into(), Json::from(repeat as u64));
    out.extend(expiry.map(|expiry| ("expiry_interval_s".to_owned(), Json::from(expiry as u64))));
    Json::Object(out)
}

fn check_state(health: &Health) -> Json {
    let mut out = json!({
        "checkStateId": &*health.id, "name": &*health.name, "health": health.health.word().to_uppercase(),
        "topologyElementIdentifier": &*health.element,
    });
    Part(out.as_object_mut()).insert("message", health.message.as_deref().map(Json::from));
    out
}
