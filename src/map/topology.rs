//! Components, relations and deletions.
//!
//! ```yaml
//! topology:
//!   instance: {type: zabbix, url: "{{ instance.url }}"}
//!   snapshot: true
//!   components:
//!     - {from: hosts, id: "urn:host:/{{ row.host }}", type: host, name: $.name, data: {id: $.hostid}}
//! ```

use super::event::maybe_text;
use super::{Covered, MapCx, Mapping, RowReads};
use crate::base::limits;
use crate::base::map::Map;
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::expr::code::{Code, Template};
use crate::expr::data::{DataTemplate, without_empty};
use crate::expr::frame::Frame;
use crate::expr::texts::Texts;
use crate::observation::{Component, Relation};
use crate::yaml::read::{Fields, Reader, Record};

crate::fields! {
    /// A thing in the topology.
    pub struct WrittenComponent, "component" {
        /// Its identifier.
        id: Template;
        /// Its type.
        r#type: Template;
        /// Its name.
        name: Option<Template>;
        /// What it is.
        description: Option<Template>;
        /// Its version.
        version: Option<Template>;
        /// The layer it is shown in.
        layer: Option<Template>;
        /// The domain it is shown in.
        domain: Option<Template>;
        /// Its environment.
        environment: Option<Template>;
        /// Its environments, where there are several.
        environments: Option<Texts>;
        /// Labels.
        labels: Option<Texts>;
        /// Tags.
        tags: Option<Texts>;
        /// Further identifiers, by which it is merged with the same thing of other integrations.
        identifiers: Option<Texts>;
        /// Everything else, as any map.
        data: Option<DataTemplate>;
        /// The properties as the source has them.
        source_properties: Option<DataTemplate>;
    }
}

crate::fields! {
    /// A directed tie between two components.
    pub struct WrittenRelation, "relation" {
        /// From: the identifier of a component.
        source: Template;
        /// To: the identifier of a component.
        target: Template;
        /// Its type.
        r#type: Template;
        /// Everything else, as any map.
        data: Option<DataTemplate>;
        /// Tags.
        tags: Option<Texts>;
    }
}

crate::fields! {
    /// A component that is gone.
    pub struct WrittenDelete, "deletion" {
        /// Its identifier.
        id: Template;
    }
}

/// A mapping of the topology.
#[derive(Clone, Debug)]
pub struct TopologyMapping {
    what: What,
    span: Span,
}

#[derive(Clone, Debug)]
enum What {
    Component(Box<WrittenComponent>),
    Relation(Box<WrittenRelation>),
    Delete(WrittenDelete),
}

impl TopologyMapping {
    /// Takes the keys of a component.
    pub fn component(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<Box<dyn Mapping>> {
        let span = fields.span;
        WrittenComponent::read_from(fields, reader).map(|w| boxed(What::Component(Box::new(w)), span))
    }

    /// Takes the keys of a relation.
    pub fn relation(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<Box<dyn Mapping>> {
        let span = fields.span;
        WrittenRelation::read_from(fields, reader).map(|w| boxed(What::Relation(Box::new(w)), span))
    }

    /// Takes the keys of a deletion.
    pub fn delete(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<Box<dyn Mapping>> {
        let span = fields.span;
        WrittenDelete::read_from(fields, reader).map(|w| boxed(What::Delete(w), span))
    }
}

fn boxed(what: What, span: Span) -> Box<dyn Mapping> {
    Box::new(TopologyMapping { what, span })
}

fn left_out(what: &str, span: Span, parts: &[&Template], frame: &mut Frame) {
    frame.remark(span, |frame| {
        let values: Vec<_> = parts.iter().map(|t| t.0.values(frame)).filter(|v| !v.is_empty()).collect();
        format!("{what} left out: a required field is missing ({})", values.join(", "))
    });
}

/// The map of `data`, with what is missing or empty left out.
fn data_map(data: &Option<DataTemplate>, frame: &mut Frame) -> Map {
    let value = data.as_ref().map(|data| without_empty(&data.eval(true, frame))).unwrap_or_default();
    match value {
        Value::Map(map) => (*map).clone(),
        _ => Map::default(),
    }
}

fn put_texts(data: &mut Map, key: &str, texts: &Option<Texts>, frame: &mut Frame) {
    if let Some(texts) = texts {
        let list = texts.texts(frame).into_iter().map(Value::Text).collect();
        data.insert(key, Value::list(list));
    }
}

impl WrittenComponent {
    fn emit(&self, span: Span, cx: &mut MapCx<'_>, frame: &mut Frame) {
        let (Some(id), Some(component_type)) = (self.id.text(frame), self.r#type.text(frame)) else {
            return left_out("component", span, &[&self.id, &self.r#type], frame);
        };
        let mut data = data_map(&self.data, frame);
        let texts = [
            ("name", &self.name),
            ("description", &self.description),
            ("version", &self.version),
            ("layer", &self.layer),
            ("domain", &self.domain),
            ("environment", &self.environment),
        ];
        for (key, template) in texts {
            if let Some(text) = maybe_text(template, frame).filter(|text| !text.is_empty()) {
                data.insert(key, Value::Text(text));
            }
        }
        let lists =
            [("environments", &self.environments), ("labels", &self.labels), ("tags", &self.tags), ("identifiers", &self.identifiers)];
        for (key, texts) in lists {
            put_texts(&mut data, key, texts, frame);
        }
        if self.source_properties.is_some() {
            data.insert("source_properties", Value::map(data_map(&self.source_properties, frame)));
        }
        let topology = cx.out.topology.get_or_insert_default();
        if topology.components.len() >= limits::COMPONENTS {
            frame.remark(span, |_| format!("more than {} components in one run, the rest is left out", limits::COMPONENTS));
            topology.stop_snapshot = false;
            return;
        }
        topology.components.push(Component { id, component_type, data: Value::map(data), origin: span });
    }
}

impl WrittenRelation {
    fn emit(&self, span: Span, cx: &mut MapCx<'_>, frame: &mut Frame) {
        let parts = (self.source.text(frame), self.target.text(frame), self.r#type.text(frame));
        let (Some(source), Some(target), Some(relation_type)) = parts else {
            return left_out("relation", span, &[&self.source, &self.target, &self.r#type], frame);
        };
        let mut data = data_map(&self.data, frame);
        put_texts(&mut data, "tags", &self.tags, frame);
        let topology = cx.out.topology.get_or_insert_default();
        if topology.relations.len() >= limits::RELATIONS {
            frame.remark(span, |_| format!("more than {} relations in one run, the rest is left out", limits::RELATIONS));
            topology.stop_snapshot = false;
            return;
        }
        topology.relations.push(Relation { source, target, relation_type, data: Value::map(data), origin: span });
    }
}

impl Mapping for TopologyMapping {
    fn emit(&self, cx: &mut MapCx<'_>, frame: &mut Frame) {
        match &self.what {
            What::Component(component) => component.emit(self.span, cx, frame),
            What::Relation(relation) => relation.emit(self.span, cx, frame),
            What::Delete(delete) => match delete.id.text(frame) {
                Some(id) => {
                    frame.reached(self.span);
                    cx.out.topology.get_or_insert_default().deletes.push(id);
                }
                None => left_out("deletion", self.span, &[&delete.id], frame),
            },
        }
    }

    fn row_reads(&self) -> RowReads {
        RowReads::Codes
    }

    fn places(&self, take: &mut dyn FnMut(Span, Covered, String)) {
        let (kind, name) = match &self.what {
            What::Component(component) => ("component", &component.r#type),
            What::Relation(relation) => ("relation", &relation.r#type),
            What::Delete(delete) => ("deletion", &delete.id),
        };
        take(self.span, Covered::Made, format!("{kind} {}", name.as_const().unwrap_or_default()));
    }

    fn codes<'m>(&'m self, take: &mut dyn FnMut(&'m Code)) {
        match &self.what {
            What::Component(c) => {
                [&c.id, &c.r#type].into_iter().for_each(|t| take(&t.0));
                let texts = [&c.name, &c.description, &c.version, &c.layer, &c.domain, &c.environment];
                texts.into_iter().flatten().for_each(|t| take(&t.0));
                [&c.environments, &c.labels, &c.tags, &c.identifiers].into_iter().flatten().for_each(|t| t.codes(take));
                [&c.data, &c.source_properties].into_iter().flatten().for_each(|d| d.codes(take));
            }
            What::Relation(r) => {
                [&r.source, &r.target, &r.r#type].into_iter().for_each(|t| take(&t.0));
                r.data.iter().for_each(|d| d.codes(take));
                r.tags.iter().for_each(|t| t.codes(take));
            }
            What::Delete(d) => take(&d.id.0),
        }
    }
}

/// The text of a key, for the topology key itself.
pub fn key_text(template: &Template, frame: &mut Frame) -> Text {
    template.text(frame).unwrap_or_default()
}
