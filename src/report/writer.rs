//! A report as the tables and lists of its form.

use super::tables::Numbered;
use super::tokens;
use super::wire::{
    Shared, TagsId, TextId, Time, Wire, WireCheck, WireContext, WireEvent, WireHealth, WireLog, WireNumber, WireOrigin, WirePoint,
    WireReading, WireStream, WireTopology,
};
use super::{Origin, Report, Stated, Topology};
use crate::base::number::Number;
use crate::base::value::{Text, Value};
use crate::fold::{Key, Metric, Point, PointAbout, Points, Reading};
use crate::observation::{Event, EventContext, Health, HealthStream, Log, ServiceCheck, TagSet};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

/// The tables in the making.
#[derive(Default)]
pub struct Writer<'r> {
    texts: Numbered<&'r str>,
    sets: Numbered<&'r str>,
    shared: Numbered<Shared>,
    tokens: Vec<tokens::Token>,
}

impl<'r> Writer<'r> {
    /// The form of a report; `changes` is their text.
    pub fn report(mut self, report: &'r Report, changes: &'r str) -> Wire<'r> {
        let origin = self.origin(&report.origin);
        let points = self.points(&report.points);
        let service_checks = report.service_checks.iter().map(|check| self.check(check)).collect();
        let events = report.events.iter().map(|event| self.event(event)).collect();
        let logs = report.logs.iter().map(|log| self.log(log)).collect();
        let topology = report.topology.as_ref().map(|topology| self.topology(topology));
        let health = report.health.iter().map(|health| self.health(health)).collect();
        let stream = report.health_stream.as_ref().map(|stream| self.stream(stream));
        let mut metadata = Vec::with_capacity(report.metadata.len());
        for (key, value) in &report.metadata {
            metadata.push(self.text(key));
            self.value(value);
        }
        let readings = report.changes.readings.iter().map(|(key, reading)| self.reading(key, reading)).collect();
        Wire {
            texts: self.texts.into_all(),
            sets: self.sets.into_all(),
            origin,
            shared: self.shared.into_all(),
            points,
            service_checks,
            events,
            logs,
            topology,
            health,
            stream,
            metadata,
            tokens: self.tokens,
            readings,
            changes,
        }
    }

    fn text(&mut self, text: &'r str) -> TextId {
        self.texts.of(text)
    }

    fn maybe(&mut self, text: &'r Option<Text>) -> Option<TextId> {
        text.as_ref().map(|text| self.text(text))
    }

    fn tags(&mut self, set: &'r TagSet) -> TagsId {
        self.sets.of(set.as_text())
    }

    fn value(&mut self, value: &'r Value) {
        tokens::write(value, &mut self.texts, &mut self.tokens);
    }

    fn origin(&mut self, origin: &'r Origin) -> WireOrigin {
        WireOrigin {
            check: self.text(&origin.check),
            label: self.text(&origin.label),
            id: origin.id,
            owner: self.text(&origin.owner),
            instance: origin.instance as u64,
            name: self.maybe(&origin.name),
            hostname: self.text(&origin.hostname),
            started: time(origin.started),
            interval: (origin.interval.as_secs(), origin.interval.subsec_nanos()),
        }
    }

    fn points(&mut self, points: &'r Points) -> Vec<WirePoint> {
        // What points share is held once there too, so that its address is enough.
        let mut known: HashMap<usize, u32> = HashMap::new();
        let mut last: Option<(&TagSet, TagsId)> = None;
        let point = |Point { value, tags, about }: Point<'r>| {
            let shared = *known.entry(Arc::as_ptr(about).addr()).or_insert_with(|| self.shared(about));
            let tags = match last {
                Some((known, number)) if known.is_same(tags) => number,
                _ => last.insert((tags, self.tags(tags))).1,
            };
            WirePoint { shared, tags, value: number(value) }
        };
        points.iter().map(point).collect()
    }

    fn shared(&mut self, about: &'r PointAbout) -> u32 {
        let shared = Shared {
            name: self.text(&about.name),
            metric_type: about.metric_type as u8,
            kind: about.kind as u8,
            unit: self.maybe(&about.unit),
            hostname: self.maybe(&about.hostname),
            device: self.maybe(&about.device),
            at: time(about.at),
            origin: self.text(&about.origin),
        };
        self.shared.of(shared)
    }

    fn check(&mut self, check: &'r Stated<ServiceCheck>) -> WireCheck {
        WireCheck {
            name: self.text(&check.name),
            status: check.status as u8,
            tags: self.tags(&check.tags),
            hostname: self.maybe(&check.hostname),
            message: self.text(&check.message),
            at: time(check.timestamp),
            origin: self.text(&check.origin),
        }
    }

    fn event(&mut self, event: &'r Stated<Event>) -> WireEvent {
        self.value(&event.attributes);
        WireEvent {
            title: self.text(&event.title),
            text: self.text(&event.text),
            at: time(event.timestamp),
            event_type: self.maybe(&event.event_type),
            source_type_name: self.maybe(&event.source_type_name),
            alert_type: event.alert_type.map(|word| word as u8),
            priority: event.priority.map(|word| word as u8),
            aggregation_key: self.maybe(&event.aggregation_key),
            event_object: self.maybe(&event.event_object),
            tags: self.tags(&event.tags),
            hostname: self.maybe(&event.hostname),
            context: event.context.as_ref().map(|context| self.context(context)),
            origin: self.text(&event.origin),
        }
    }

    fn context(&mut self, context: &'r EventContext) -> WireContext {
        self.value(&context.source_links);
        self.value(&context.data);
        WireContext {
            category: self.maybe(&context.category),
            element_identifiers: context.element_identifiers.iter().map(|text| self.text(text)).collect(),
            source_identifier: self.maybe(&context.source_identifier),
            source: self.maybe(&context.source),
        }
    }

    fn log(&mut self, log: &'r Stated<Log>) -> WireLog {
        self.value(&log.attributes);
        WireLog {
            message: self.text(&log.message),
            status: self.maybe(&log.status),
            service: self.maybe(&log.service),
            source: self.maybe(&log.source),
            at: time(log.timestamp),
            hostname: self.maybe(&log.hostname),
            tags: self.tags(&log.tags),
            origin: self.text(&log.origin),
        }
    }

    fn topology(&mut self, topology: &'r Topology) -> WireTopology {
        let components = topology.components.iter().map(|component| {
            self.value(&component.data);
            (self.text(&component.id), self.text(&component.component_type), self.text(&component.origin))
        });
        let components = components.collect();
        let relations = topology.relations.iter().map(|relation| {
            self.value(&relation.data);
            let ends = (self.text(&relation.source), self.text(&relation.target));
            (ends.0, ends.1, self.text(&relation.relation_type), self.text(&relation.origin))
        });
        let relations = relations.collect();
        WireTopology {
            key_type: self.text(&topology.key_type),
            key_url: self.text(&topology.key_url),
            start: topology.start_snapshot,
            stop: topology.stop_snapshot,
            components,
            relations,
            deletes: topology.deletes.iter().map(|id| self.text(id)).collect(),
        }
    }

    fn health(&mut self, health: &'r Stated<Health>) -> WireHealth {
        WireHealth {
            id: self.text(&health.id),
            name: self.text(&health.name),
            health: health.health as u8,
            element: self.text(&health.element),
            message: self.maybe(&health.message),
            origin: self.text(&health.origin),
        }
    }

    fn stream(&mut self, stream: &'r HealthStream) -> WireStream {
        WireStream {
            urn: self.text(&stream.urn),
            sub_stream: self.maybe(&stream.sub_stream),
            repeat_s: stream.repeat_s,
            expiry_s: stream.expiry_s,
            complete: stream.complete,
        }
    }

    fn reading(&mut self, key: &'r Key, reading: &Reading) -> WireReading {
        let Metric { metric_type, name, hostname, device } = &*key.metric;
        WireReading {
            metric_type: *metric_type as u8,
            name: self.text(name),
            hostname: self.maybe(hostname),
            device: self.maybe(device),
            tags: self.tags(&key.tags),
            value: number(reading.value),
            at: time(reading.at),
        }
    }
}

fn time(time: Timestamp) -> Time {
    (time.as_second(), time.subsec_nanosecond())
}

fn number(number: Number) -> WireNumber {
    match number {
        Number::Int(n) => WireNumber::Int(n),
        Number::Uint(n) => WireNumber::Uint(n),
        Number::Float(n) => WireNumber::Float(n),
    }
}
