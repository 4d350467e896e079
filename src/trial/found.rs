//! What a run left, in the one form that expectations are compared with.

use super::hint;
use super::matching::{body, headers_of, query_of};
use super::script::Asked;
use crate::base::map::Map;
use crate::base::print::{shown, text_of};
use crate::base::span::Span;
use crate::base::time::epoch_seconds;
use crate::base::value::{MISSING, Text, Value};
use crate::expr::frame::Remark;
use crate::fold;
use crate::observation::{Component, Event, EventContext, Health, HealthStream, Log, Relation, Sample, ServiceCheck, TagSet, Topology};
use crate::source::Request;
use jiff::Timestamp;

/// One observation: its fields, and the line of the spec that made it.
#[derive(Clone, Debug)]
pub struct Found {
    /// In the order in which people read them.
    pub fields: Vec<(&'static str, Value)>,
    /// The place in the spec; none for what no line makes.
    pub origin: Option<Span>,
}

impl Found {
    /// A field; missing where there is none.
    pub fn field(&self, name: &str) -> &Value {
        self.fields.iter().find(|(known, _)| *known == name).map_or(&MISSING, |(_, value)| value)
    }

    /// The fields that say something, as a test would write them.
    pub fn describe(&self) -> String {
        let fields = self.fields.iter().filter(|(_, value)| !is_empty(value));
        let words: Vec<_> = fields.map(|(name, value)| format!("{name}: {}", words(value))).collect();
        format!("{{{}}}", words.join(", "))
    }
}

/// A value in a message: whole where it is small.
pub fn words(value: &Value) -> String {
    match value {
        Value::List(items) => format!("[{}]", items.iter().map(words).collect::<Vec<_>>().join(", ")),
        Value::Text(text) => format!("{:?}", crate::base::print::cut(text, 300)),
        other => shown(other),
    }
}

/// True for a value that says nothing.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Missing => true,
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

fn text(text: &Text) -> Value {
    Value::Text(text.clone())
}

fn maybe(text: &Option<Text>) -> Value {
    text.as_ref().map_or(Value::Missing, |text| Value::Text(text.clone()))
}

fn tags(tags: &TagSet) -> Value {
    Value::list(tags.iter().map(Value::from).collect())
}

fn time(at: Timestamp) -> Value {
    Value::seconds(epoch_seconds(at))
}

/// A sample as it was submitted.
pub fn metric(s: Sample<'_>) -> Found {
    let fields = vec![
        ("name", text(&s.name)),
        ("type", Value::from(s.metric_type.word())),
        ("value", Value::number(s.value)),
        ("tags", tags(s.tags)),
        ("hostname", maybe(&s.hostname)),
        ("device", maybe(&s.device)),
        ("unit", maybe(&s.unit)),
        ("timestamp", time(s.timestamp)),
    ];
    Found { fields, origin: Some(s.origin) }
}

/// A point as it is sent.
pub fn point(p: fold::Point<'_>) -> Found {
    let fields = vec![
        ("name", text(&p.name)),
        ("type", Value::from(p.kind.word())),
        ("value", Value::number(p.value)),
        ("tags", tags(p.tags)),
        ("hostname", maybe(&p.hostname)),
        ("device", maybe(&p.device)),
        ("unit", maybe(&p.unit)),
        ("timestamp", time(p.at)),
    ];
    Found { fields, origin: None }
}

/// A service check.
pub fn service_check(s: &ServiceCheck) -> Found {
    let fields = vec![
        ("name", text(&s.name)),
        ("status", Value::from(s.status.word())),
        ("tags", tags(&s.tags)),
        ("hostname", maybe(&s.hostname)),
        ("message", text(&s.message)),
        ("timestamp", time(s.timestamp)),
    ];
    Found { fields, origin: Some(s.origin) }
}

/// An event.
pub fn event(e: &Event) -> Found {
    let fields = vec![
        ("title", text(&e.title)),
        ("text", text(&e.text)),
        ("event_type", maybe(&e.event_type)),
        ("source_type_name", maybe(&e.source_type_name)),
        ("alert_type", e.alert_type.map_or(Value::Missing, |word| Value::from(word.word()))),
        ("priority", e.priority.map_or(Value::Missing, |word| Value::from(word.word()))),
        ("aggregation_key", maybe(&e.aggregation_key)),
        ("event_object", maybe(&e.event_object)),
        ("tags", tags(&e.tags)),
        ("hostname", maybe(&e.hostname)),
        ("timestamp", time(e.timestamp)),
        ("attributes", e.attributes.clone()),
        ("context", e.context.as_ref().map(context).unwrap_or_default()),
    ];
    Found { fields, origin: Some(e.origin) }
}

fn context(c: &EventContext) -> Value {
    let identifiers = Value::list(c.element_identifiers.iter().map(text).collect());
    let fields = [
        ("category", maybe(&c.category)),
        ("element_identifiers", identifiers),
        ("source_identifier", maybe(&c.source_identifier)),
        ("source", maybe(&c.source)),
        ("source_links", c.source_links.clone()),
        ("data", c.data.clone()),
    ];
    map(fields)
}

/// A map of the fields that say something.
fn map<const N: usize>(fields: [(&'static str, Value); N]) -> Value {
    Value::map(fields.into_iter().filter(|(_, value)| !is_empty(value)).map(|(key, value)| (Text::from(key), value)).collect::<Map>())
}

/// A log line.
pub fn log(l: &Log) -> Found {
    let fields = vec![
        ("message", text(&l.message)),
        ("status", maybe(&l.status)),
        ("service", maybe(&l.service)),
        ("source", maybe(&l.source)),
        ("tags", tags(&l.tags)),
        ("hostname", maybe(&l.hostname)),
        ("timestamp", time(l.timestamp)),
        ("attributes", l.attributes.clone()),
    ];
    Found { fields, origin: Some(l.origin) }
}

/// A component.
pub fn component(c: &Component) -> Found {
    let fields = vec![("id", text(&c.id)), ("type", text(&c.component_type)), ("data", c.data.materialize())];
    Found { fields, origin: Some(c.origin) }
}

/// A relation.
pub fn relation(r: &Relation) -> Found {
    let fields =
        vec![("source", text(&r.source)), ("target", text(&r.target)), ("type", text(&r.relation_type)), ("data", r.data.materialize())];
    Found { fields, origin: Some(r.origin) }
}

/// The identifier of a component that is gone.
pub fn delete(id: &Text) -> Found {
    Found { fields: vec![("id", text(id))], origin: None }
}

/// A health state.
pub fn health(h: &Health) -> Found {
    let fields = vec![
        ("id", text(&h.id)),
        ("name", text(&h.name)),
        ("health", Value::from(h.health.word())),
        ("element", text(&h.element)),
        ("message", maybe(&h.message)),
    ];
    Found { fields, origin: Some(h.origin) }
}

/// A warning.
pub fn warning(w: &Remark) -> Found {
    Found { fields: vec![("message", Value::text(w.message.as_str())), ("times", Value::from(w.count))], origin: Some(w.span) }
}

/// A request.
pub fn asked(a: &Asked) -> Found {
    let mut fields = vec![("source", Value::text(a.source.as_str()))];
    match &a.request {
        Request::Http(http) => {
            let url = http.url.parsed().ok();
            fields.push(("method", Value::text(&*http.method)));
            fields.push(("url", Value::text(&*http.url)));
            fields.push(("query", url.map(query_of).unwrap_or_default()));
            fields.push(("headers", headers_of(http)));
            fields.push(("body", http.body.as_deref().map(body).unwrap_or_default()));
        }
        Request::Command(command) => {
            fields.push(("argv", Value::list(command.argv.iter().map(|word| Value::text(word.as_str())).collect())));
            fields.push(("body", command.stdin.as_deref().map(body).unwrap_or_default()));
        }
        Request::File(file) => fields.push(("path", Value::text(file.pattern.to_string_lossy()))),
    }
    Found { fields, origin: None }
}

/// A request in one line.
pub fn request_line(a: &Asked) -> String {
    format!("{}: {}", a.source, hint::shown(&a.request))
}

/// The key of a topology.
pub fn topology_key(t: &Topology) -> Value {
    map([("type", text(&t.key_type)), ("url", text(&t.key_url))])
}

/// The stream of the health states.
pub fn stream(s: &HealthStream) -> Value {
    map([
        ("urn", text(&s.urn)),
        ("sub_stream", maybe(&s.sub_stream)),
        ("repeat", s.repeat_s.map_or(Value::Missing, Value::seconds)),
        ("expiry", s.expiry_s.map_or(Value::Missing, Value::seconds)),
        ("complete", Value::Bool(s.complete)),
    ])
}

/// The text that an observation is called by.
pub fn called(found: &Found, short: &str) -> String {
    text_of(found.field(short)).map(|text| text.to_string()).unwrap_or_default()
}
