//! The tables and lists of the form as a report. Whatever they hold, nothing here panics.

use super::codec::DecodeError;
use super::tables::Texts;
use super::tokens::{self, Token};
use super::wire::{Shared, TextId, Time, Wire, WireCheck, WireContext, WireEvent, WireHealth, WireLog, WireNumber, WireOrigin};
use super::wire::{WireReading, WireStream, WireTopology};
use super::{Origin, Report, Stated, Topology};
use crate::base::number::Number;
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::fold::{Key, Metric, Metrics, PointAbout, PointKind, Points, Reading};
use crate::observation::{AlertType, Component, Event, EventContext, Health, HealthState, HealthStream, Log, MetricType, Priority};
use crate::observation::{Relation, ServiceCheck, Status};
use crate::state::Changes;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// The kinds of points, by their numbers.
const KINDS: [PointKind; 3] = [PointKind::Gauge, PointKind::Count, PointKind::Rate];

type Read<T> = Result<T, DecodeError>;

/// What the fields refer to.
struct Reader<'w> {
    texts: Texts,
    tokens: std::slice::Iter<'w, Token>,
}

/// The report of a record, without what it changes.
///
/// # Errors
/// A number that refers to nothing, or something that is left over.
pub fn observations(wire: &Wire<'_>) -> Read<Report> {
    let mut reader = Reader { texts: Texts::new(&wire.texts, &wire.sets)?, tokens: wire.tokens.iter() };
    let origin = reader.origin(&wire.origin)?;
    let points = reader.points(wire)?;
    let service_checks = wire.service_checks.iter().map(|check| reader.check(check)).collect::<Read<_>>()?;
    // From here on in the order in which their values were written.
    let events = wire.events.iter().map(|event| reader.event(event)).collect::<Read<_>>()?;
    let logs = wire.logs.iter().map(|log| reader.log(log)).collect::<Read<_>>()?;
    let topology = wire.topology.as_ref().map(|topology| reader.topology(topology)).transpose()?;
    let health = wire.health.iter().map(|health| reader.health(health)).collect::<Read<_>>()?;
    let health_stream = wire.stream.as_ref().map(|stream| reader.stream(stream)).transpose()?;
    let metadata = wire.metadata.iter().map(|key| Ok((reader.text(*key)?, reader.value()?))).collect::<Read<_>>()?;
    if reader.tokens.next().is_some() {
        return Err(DecodeError::Broken("a value belongs to nothing"));
    }
    let changes = Changes::default();
    Ok(Report { origin, points, service_checks, events, logs, topology, health, health_stream, metadata, changes })
}

/// What a record changes.
///
/// # Errors
/// A number that refers to nothing, or changes that are none.
pub fn changes(wire: &Wire<'_>) -> Read<Changes> {
    let broken = |_| DecodeError::Broken("what it changes is broken");
    let mut changes: Changes =
        if wire.changes.is_empty() { Changes::default() } else { serde_json::from_str(wire.changes).map_err(broken)? };
    let reader = Reader { texts: Texts::new(&wire.texts, &wire.sets)?, tokens: wire.tokens.iter() };
    let mut metrics = Metrics::default();
    for reading in &wire.readings {
        changes.readings.extend([reader.reading(reading, &mut metrics)?]);
    }
    Ok(changes)
}

/// The word of a number.
fn word<T>(words: &[&'static str], of: fn(&str) -> Option<T>, number: u8) -> Read<T> {
    words.get(usize::from(number)).and_then(|word| of(word)).ok_or(DecodeError::Broken("a word is unknown"))
}

fn time((seconds, nanos): Time) -> Read<Timestamp> {
    Timestamp::new(seconds, nanos).map_err(|_| DecodeError::Broken("a time is broken"))
}

fn number(number: WireNumber) -> Number {
    match number {
        WireNumber::Int(n) => Number::Int(n),
        WireNumber::Uint(n) => Number::Uint(n),
        WireNumber::Float(n) => Number::Float(n),
    }
}

impl Reader<'_> {
    fn text(&self, number: TextId) -> Read<Text> {
        self.texts.text(number)
    }

    fn maybe(&self, number: Option<TextId>) -> Read<Option<Text>> {
        self.texts.maybe(number)
    }

    fn value(&mut self) -> Read<Value> {
        tokens::read(&mut self.tokens, &self.texts)
    }

    fn state<T>(&self, what: T, origin: TextId) -> Read<Stated<T>> {
        Ok(Stated { what, origin: self.text(origin)? })
    }

    fn origin(&self, wire: &WireOrigin) -> Read<Origin> {
        let (seconds, nanos) = wire.interval;
        let broken = DecodeError::Broken("the interval is broken");
        Ok(Origin {
            check: self.text(wire.check)?,
            label: self.text(wire.label)?,
            id: wire.id,
            owner: self.text(wire.owner)?,
            instance: usize::try_from(wire.instance).map_err(|_| DecodeError::Broken("the instance is broken"))?,
            name: self.maybe(wire.name)?,
            hostname: self.text(wire.hostname)?,
            started: time(wire.started)?,
            interval: if nanos < 1_000_000_000 { Duration::new(seconds, nanos) } else { return Err(broken) },
        })
    }

    fn points(&self, wire: &Wire<'_>) -> Read<Points> {
        let abouts = wire.shared.iter().map(|shared| self.about(shared).map(Arc::new)).collect::<Read<Vec<_>>>()?;
        let mut points = Points::default();
        for point in &wire.points {
            let about = abouts.get(point.shared as usize).ok_or(DecodeError::Broken("a point belongs to no metric"))?;
            points.push(number(point.value), self.texts.tags(point.tags)?, about.clone());
        }
        Ok(points)
    }

    fn about(&self, shared: &Shared) -> Read<PointAbout> {
        Ok(PointAbout {
            name: self.text(shared.name)?,
            metric_type: word(MetricType::WORDS, MetricType::from_word, shared.metric_type)?,
            kind: KINDS.get(usize::from(shared.kind)).copied().ok_or(DecodeError::Broken("a word is unknown"))?,
            unit: self.maybe(shared.unit)?,
            hostname: self.maybe(shared.hostname)?,
            device: self.maybe(shared.device)?,
            at: time(shared.at)?,
            origin: self.text(shared.origin)?,
        })
    }

    fn check(&self, wire: &WireCheck) -> Read<Stated<ServiceCheck>> {
        let check = ServiceCheck {
            name: self.text(wire.name)?,
            status: word(Status::WORDS, Status::from_word, wire.status)?,
            tags: self.texts.tags(wire.tags)?.clone(),
            hostname: self.maybe(wire.hostname)?,
            message: self.text(wire.message)?,
            timestamp: time(wire.at)?,
            origin: Span::default(),
        };
        self.state(check, wire.origin)
    }

    fn event(&mut self, wire: &WireEvent) -> Read<Stated<Event>> {
        let attributes = self.value()?;
        let event = Event {
            title: self.text(wire.title)?,
            text: self.text(wire.text)?,
            timestamp: time(wire.at)?,
            event_type: self.maybe(wire.event_type)?,
            source_type_name: self.maybe(wire.source_type_name)?,
            alert_type: wire.alert_type.map(|n| word(AlertType::WORDS, AlertType::from_word, n)).transpose()?,
            priority: wire.priority.map(|n| word(Priority::WORDS, Priority::from_word, n)).transpose()?,
            aggregation_key: self.maybe(wire.aggregation_key)?,
            event_object: self.maybe(wire.event_object)?,
            tags: self.texts.tags(wire.tags)?.clone(),
            hostname: self.maybe(wire.hostname)?,
            attributes,
            context: wire.context.as_ref().map(|context| self.context(context)).transpose()?,
            origin: Span::default(),
        };
        self.state(event, wire.origin)
    }

    fn context(&mut self, wire: &WireContext) -> Read<EventContext> {
        let (source_links, data) = (self.value()?, self.value()?);
        Ok(EventContext {
            category: self.maybe(wire.category)?,
            element_identifiers: self.all(&wire.element_identifiers)?,
            source_identifier: self.maybe(wire.source_identifier)?,
            source: self.maybe(wire.source)?,
            source_links,
            data,
        })
    }

    fn all(&self, numbers: &[TextId]) -> Read<Vec<Text>> {
        numbers.iter().map(|number| self.text(*number)).collect()
    }

    fn log(&mut self, wire: &WireLog) -> Read<Stated<Log>> {
        let log = Log {
            attributes: self.value()?,
            message: self.text(wire.message)?,
            status: self.maybe(wire.status)?,
            service: self.maybe(wire.service)?,
            source: self.maybe(wire.source)?,
            timestamp: time(wire.at)?,
            hostname: self.maybe(wire.hostname)?,
            tags: self.texts.tags(wire.tags)?.clone(),
            origin: Span::default(),
        };
        self.state(log, wire.origin)
    }

    fn topology(&mut self, wire: &WireTopology) -> Read<Topology> {
        let components = wire.components.iter().map(|(id, component_type, origin)| {
            let data = self.value()?;
            let (id, component_type) = (self.text(*id)?, self.text(*component_type)?);
            self.state(Component { id, component_type, data, origin: Span::default() }, *origin)
        });
        let components = components.collect::<Read<_>>()?;
        let relations = wire.relations.iter().map(|(source, target, relation_type, origin)| {
            let data = self.value()?;
            let (source, target, relation_type) = (self.text(*source)?, self.text(*target)?, self.text(*relation_type)?);
            self.state(Relation { source, target, relation_type, data, origin: Span::default() }, *origin)
        });
        let relations = relations.collect::<Read<_>>()?;
        Ok(Topology {
            key_type: self.text(wire.key_type)?,
            key_url: self.text(wire.key_url)?,
            start_snapshot: wire.start,
            stop_snapshot: wire.stop,
            components,
            relations,
            deletes: self.all(&wire.deletes)?,
        })
    }

    fn health(&self, wire: &WireHealth) -> Read<Stated<Health>> {
        let health = Health {
            id: self.text(wire.id)?,
            name: self.text(wire.name)?,
            health: word(HealthState::WORDS, HealthState::from_word, wire.health)?,
            element: self.text(wire.element)?,
            message: self.maybe(wire.message)?,
            origin: Span::default(),
        };
        self.state(health, wire.origin)
    }

    fn stream(&self, wire: &WireStream) -> Read<HealthStream> {
        Ok(HealthStream {
            urn: self.text(wire.urn)?,
            sub_stream: self.maybe(wire.sub_stream)?,
            repeat_s: wire.repeat_s,
            expiry_s: wire.expiry_s,
            complete: wire.complete,
        })
    }

    fn reading(&self, wire: &WireReading, metrics: &mut Metrics) -> Read<(Key, Reading)> {
        let metric = Metric {
            metric_type: word(MetricType::WORDS, MetricType::from_word, wire.metric_type)?,
            name: self.text(wire.name)?,
            hostname: self.maybe(wire.hostname)?,
            device: self.maybe(wire.device)?,
        };
        let key = Key { metric: metrics.share(metric), tags: self.texts.tags(wire.tags)?.sorted() };
        Ok((key, Reading { value: number(wire.value), at: time(wire.at)? }))
    }
}
