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
use super::free::{Free, Object};
use crate::base::number::Number;
use crate::base::print::to_json;
use crate::base::time::epoch_seconds;
use crate::fold::Point;
use crate::observation::{Component, Event, Health, Relation, Status, TagSet};
use crate::report::{Report, Topology};
use serde::Serialize;
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
    let mut body = Body::of(batch);
    for (numbered, what) in batch.iter() {
        body.take(&numbered.report, numbered.sequence, what, filter, event_text);
    }
    // Keys are texts, and nothing else could fail.
    serde_json::to_vec(&body).unwrap_or_default()
}

#[derive(Serialize)]
struct Body<'b> {
    #[serde(rename = "apiKey")]
    api_key: &'static str,
    /// The same whenever the batch is sent again, so not the time of sending.
    collection_timestamp: Option<f64>,
    #[serde(rename = "internalHostname")]
    hostname: Option<&'b str>,
    #[serde(rename = "agentVersion")]
    version: &'static str,
    os: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    agent_checks: Vec<Json>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    events: Map<String, Json>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<Raw<'b>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    topologies: Vec<TopologyPart<'b>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    health: Vec<HealthPart<'b>>,
}

impl<'b> Body<'b> {
    fn of(batch: &'b Batch) -> Body<'b> {
        let last = batch.reports().iter().rfind(|numbered| numbered.sequence == batch.last()).map(|numbered| &numbered.report.origin);
        Body {
            api_key: "",
            collection_timestamp: last.map(|origin| epoch_seconds(origin.started)),
            hostname: last.map(|origin| &*origin.hostname),
            version: env!("CARGO_PKG_VERSION"),
            os: std::env::consts::OS,
            agent_checks: Vec::new(),
            events: Map::new(),
            metrics: Vec::new(),
            topologies: Vec::new(),
            health: Vec::new(),
        }
    }

    fn take(&mut self, report: &'b Report, sequence: u64, what: What, filter: &Filter, event_text: Option<usize>) {
        match what {
            What::Event(n) => {
                let Some(event) = report.events.get(n as usize) else { return };
                let list = self.events.entry(group(event)).or_insert_with(|| Json::Array(Vec::new()));
                if let Json::Array(list) = list {
                    list.push(Json::Object(event_fields(event, report, filter, event_text)));
                }
            }
            What::Point(n) => self.metrics.extend(report.points.get(n as usize).map(|point| raw(point, report, filter))),
            What::Run => self.agent_checks.extend(run(report)),
            What::HealthStart | What::Health(_) | What::HealthStop => {
                HealthPart::of(&mut self.health, sequence, report).into_iter().for_each(|part| part.take(report, what));
            }
            _ => {
                let Some(topology) = &report.topology else { return };
                TopologyPart::of(&mut self.topologies, sequence, topology).into_iter().for_each(|part| part.take(topology, what));
            }
        }
    }
}

/// A type by its name.
#[derive(Serialize)]
struct Named<'b> {
    name: &'b str,
}

/// What a batch holds of the topology of one record.
#[derive(Serialize)]
struct TopologyPart<'b> {
    #[serde(skip)]
    sequence: u64,
    start_snapshot: bool,
    stop_snapshot: bool,
    instance: TopologyKey<'b>,
    components: Vec<ComponentForm<'b>>,
    relations: Vec<RelationForm<'b>>,
    delete_ids: Vec<&'b str>,
}

#[derive(Serialize)]
struct TopologyKey<'b> {
    r#type: &'b str,
    url: &'b str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ComponentForm<'b> {
    external_id: &'b str,
    r#type: Named<'b>,
    data: Object<'b>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_properties: Option<Free<'b>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RelationForm<'b> {
    external_id: String,
    r#type: Named<'b>,
    source_id: &'b str,
    target_id: &'b str,
    data: Object<'b>,
}

impl<'b> TopologyPart<'b> {
    /// The part that is open, or a new one where the record is another.
    fn of<'p>(parts: &'p mut Vec<TopologyPart<'b>>, sequence: u64, topology: &'b Topology) -> Option<&'p mut TopologyPart<'b>> {
        if parts.last().is_none_or(|part| part.sequence != sequence) {
            parts.push(TopologyPart {
                sequence,
                start_snapshot: false,
                stop_snapshot: false,
                instance: TopologyKey { r#type: &topology.key_type, url: &topology.key_url },
                components: Vec::new(),
                relations: Vec::new(),
                delete_ids: Vec::new(),
            });
        }
        parts.last_mut()
    }

    fn take(&mut self, topology: &'b Topology, what: What) {
        match what {
            What::TopologyStart => self.start_snapshot = topology.start_snapshot,
            What::TopologyStop => self.stop_snapshot = true,
            What::Component(n) => self.components.extend(topology.components.get(n as usize).map(|found| component(found))),
            What::Relation(n) => self.relations.extend(topology.relations.get(n as usize).map(|found| relation(found))),
            What::Delete(n) => self.delete_ids.extend(topology.deletes.get(n as usize).map(|id| &**id)),
            _ => {}
        }
    }
}

/// The key of components whose data stands beside that of receivers.
const SOURCE_PROPERTIES: &str = "source_properties";

fn component(component: &Component) -> ComponentForm<'_> {
    ComponentForm {
        external_id: &component.id,
        r#type: Named { name: &component.component_type },
        data: Object::without(SOURCE_PROPERTIES, &component.data),
        source_properties: Free::member(&component.data, SOURCE_PROPERTIES),
    }
}

fn relation(relation: &Relation) -> RelationForm<'_> {
    let Relation { source, target, relation_type, data, .. } = relation;
    RelationForm {
        external_id: format!("{source}-{relation_type}-{target}"),
        r#type: Named { name: relation_type },
        source_id: source,
        target_id: target,
        data: Object::of(data),
    }
}

/// What a batch holds of the health states of one record.
#[derive(Serialize)]
struct HealthPart<'b> {
    #[serde(skip)]
    sequence: u64,
    consistency_model: &'static str,
    stream: Stream<'b>,
    check_states: Vec<CheckState<'b>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_snapshot: Option<Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_snapshot: Option<End>,
}

#[derive(Serialize)]
struct Stream<'b> {
    urn: Option<&'b str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_stream_id: Option<&'b str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckState<'b> {
    check_state_id: &'b str,
    name: &'b str,
    health: String,
    topology_element_identifier: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'b str>,
}

/// How often a stream is repeated, and when it expires.
#[derive(Serialize)]
struct Interval {
    repeat_interval_s: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry_interval_s: Option<u64>,
}

/// An empty object.
#[derive(Serialize)]
struct End {}

impl<'b> HealthPart<'b> {
    /// The part that is open, or a new one where the record is another.
    fn of<'p>(parts: &'p mut Vec<HealthPart<'b>>, sequence: u64, report: &'b Report) -> Option<&'p mut HealthPart<'b>> {
        if parts.last().is_none_or(|part| part.sequence != sequence) {
            let stream = report.health_stream.as_ref();
            parts.push(HealthPart {
                sequence,
                consistency_model: "REPEAT_SNAPSHOTS",
                stream: Stream {
                    urn: stream.map(|stream| &*stream.urn),
                    sub_stream_id: stream.and_then(|stream| stream.sub_stream.as_deref()),
                },
                check_states: Vec::new(),
                start_snapshot: None,
                stop_snapshot: None,
            });
        }
        parts.last_mut()
    }

    fn take(&mut self, report: &'b Report, what: What) {
        match what {
            What::HealthStart => self.start_snapshot = Some(interval(report)),
            What::HealthStop => self.stop_snapshot = Some(End {}),
            What::Health(n) => self.check_states.extend(report.health.get(n as usize).map(|found| check_state(found))),
            _ => {}
        }
    }
}

fn check_state(health: &Health) -> CheckState<'_> {
    CheckState {
        check_state_id: &health.id,
        name: &health.name,
        health: health.health.word().to_uppercase(),
        topology_element_identifier: &health.element,
        message: health.message.as_deref(),
    }
}

/// A part of a stream always expires.
fn interval(report: &Report) -> Interval {
    let stream = report.health_stream.as_ref();
    let usual = report.origin.interval.as_secs_f64();
    let repeat = stream.and_then(|stream| stream.repeat_s).unwrap_or(usual).round().clamp(REPEAT_S.0, REPEAT_S.1);
    let expiry = stream.and_then(|stream| stream.expiry_s).map(f64::round).filter(|expiry| *expiry > 0.0);
    let is_part = stream.is_some_and(|stream| stream.sub_stream.is_some());
    let expiry = expiry.or(is_part.then_some(repeat * EXPIRY_REPEATS));
    Interval { repeat_interval_s: repeat as u64, expiry_interval_s: expiry.map(|expiry| expiry as u64) }
}

/// `[name, time, value, {…}]`.
#[derive(Serialize)]
struct Raw<'b>(&'b str, i64, Number, About<'b>);

#[derive(Serialize)]
struct About<'b> {
    hostname: &'b str,
    r#type: &'static str,
    tags: TagSet,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_name: Option<&'b str>,
}

fn raw<'b>(point: Point<'b>, report: &'b Report, filter: &Filter) -> Raw<'b> {
    let Point { value, tags, about: point } = point;
    let about = About {
        hostname: point.hostname.as_deref().unwrap_or(&report.origin.hostname),
        r#type: "raw",
        tags: filter.tags(tags),
        device_name: point.device.as_deref(),
    };
    Raw(&point.name, point.at.as_second(), value, about)
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
        made.insert("data".into(), json!(Object::of(&context.data)));
        out.insert("context".into(), made.into());
    }
    for (key, value) in event.attributes.as_map().iter().flat_map(|map| map.iter()) {
        out.entry(&**key).or_insert_with(|| to_json(value));
    }
    out
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
