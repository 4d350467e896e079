//! Reports as bytes: they come back as they were, whatever they hold, and bytes that are no report
//! are refused and nothing worse.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use engine::base::map::Map;
use engine::base::number::Number;
use engine::base::span::Span;
use engine::base::value::{Text, Value};
use engine::fold::{Key, Metric, PointAbout, PointKind, Points, Reading};
use engine::observation::{AlertType, Component, Event, EventContext, Health, HealthState, HealthStream, Log, MetricType, Priority};
use engine::observation::{Relation, ServiceCheck, Status, TagSet};
use engine::report::{DecodeError, Origin, Report, Stated, Topology, VERSION, without_metrics};
use engine::state::Changes;
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

#[path = "common/reports.rs"]
mod reports;
use reports::small;

fn text() -> impl Strategy<Value = Text> {
    prop_oneof![Just(Text::from("")), "[a-c]{1,3}".prop_map(Text::from), any::<String>().prop_map(Text::from)]
}

fn time() -> impl Strategy<Value = Timestamp> {
    (-377_705_023_201i64..253_402_207_200, 0..1_000_000_000i32).prop_map(|(s, n)| Timestamp::new(s, n).expect("within the bounds"))
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::Int),
        ((1u64 << 63)..).prop_map(Number::Uint),
        any::<f64>().prop_map(Number::Float),
        Just(Number::Float(-0.0))
    ]
}

fn tags() -> impl Strategy<Value = TagSet> {
    vec(text(), 0..5).prop_map(TagSet::new)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Missing),
        any::<bool>().prop_map(Value::Bool),
        number().prop_map(Value::number),
        text().prop_map(Value::Text),
        time().prop_map(Value::Time)
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let map = vec((text(), inner.clone()), 0..4).prop_map(|pairs| Value::map(pairs.into_iter().collect::<Map>()));
        prop_oneof![vec(inner, 0..4).prop_map(Value::list), map]
    })
}

fn word<T: std::fmt::Debug + 'static>(words: &'static [&'static str], of: fn(&str) -> Option<T>) -> impl Strategy<Value = T> {
    (0..words.len()).prop_map(move |at| of(words[at]).expect("a word"))
}

fn stated<T: std::fmt::Debug>(what: impl Strategy<Value = T>) -> impl Strategy<Value = Stated<T>> {
    (what, text()).prop_map(|(what, origin)| Stated { what, origin })
}

fn point() -> impl Strategy<Value = (Number, TagSet, Arc<PointAbout>)> {
    let kind = prop_oneof![Just(PointKind::Gauge), Just(PointKind::Count), Just(PointKind::Rate)];
    let about = (text(), word(MetricType::WORDS, MetricType::from_word), kind, of(text()), of(text()), of(text()));
    (about, number(), tags(), time(), text()).prop_map(|((name, metric_type, kind, unit, hostname, device), value, tags, at, origin)| {
        (value, tags, Arc::new(PointAbout { name, metric_type, kind, unit, hostname, device, at, origin }))
    })
}

fn service_check() -> impl Strategy<Value = ServiceCheck> {
    (text(), word(Status::WORDS, Status::from_word), tags(), of(text()), text(), time()).prop_map(
        |(name, status, tags, hostname, message, timestamp)| {
            let origin = Span::default();
            ServiceCheck { name, status, tags, hostname, message, timestamp, origin }
        },
    )
}

fn context() -> impl Strategy<Value = EventContext> {
    (of(text()), vec(text(), 0..3), of(text()), of(text()), value(), value()).prop_map(
        |(category, element_identifiers, source_identifier, source, source_links, data)| EventContext {
            category,
            element_identifiers,
            source_identifier,
            source,
            source_links,
            data,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let words = (of(word(AlertType::WORDS, AlertType::from_word)), of(word(Priority::WORDS, Priority::from_word)));
    let texts = (of(text()), of(text()), of(text()), of(text()), of(text()));
    (text(), text(), time(), words, texts, tags(), value(), of(context())).prop_map(
        |(title, text, timestamp, (alert_type, priority), texts, tags, attributes, context)| {
            let (event_type, source_type_name, aggregation_key, event_object, hostname) = texts;
            let origin = Span::default();
            Event {
                title,
                text,
                timestamp,
                event_type,
                source_type_name,
                alert_type,
                priority,
                aggregation_key,
                event_object,
                tags,
                hostname,
                attributes,
                context,
                origin,
            }
        },
    )
}

fn log() -> impl Strategy<Value = Log> {
    (text(), of(text()), of(text()), of(text()), time(), of(text()), tags(), value()).prop_map(
        |(message, status, service, source, timestamp, hostname, tags, attributes)| {
            let origin = Span::default();
            Log { message, status, service, source, timestamp, hostname, tags, attributes, origin }
        },
    )
}

fn topology() -> impl Strategy<Value = Topology> {
    let origin = Span::default();
    let component = (text(), text(), value()).prop_map(move |(id, component_type, data)| Component { id, component_type, data, origin });
    let relation = (text(), text(), text(), value()).prop_map(move |(source, target, relation_type, data)| Relation {
        source,
        target,
        relation_type,
        data,
        origin,
    });
    let all = (vec(stated(component), 0..3), vec(stated(relation), 0..3), vec(text(), 0..3));
    (text(), text(), any::<bool>(), any::<bool>(), all).prop_map(
        |(key_type, key_url, start_snapshot, stop_snapshot, (components, relations, deletes))| Topology {
            key_type,
            key_url,
            start_snapshot,
            stop_snapshot,
            components,
            relations,
            deletes,
        },
    )
}

fn health() -> impl Strategy<Value = (Vec<Stated<Health>>, Option<HealthStream>)> {
    let state = (text(), text(), word(HealthState::WORDS, HealthState::from_word), text(), of(text()))
        .prop_map(|(id, name, health, element, message)| Health { id, name, health, element, message, origin: Span::default() });
    let stream = (text(), of(text()), of(any::<f64>()), of(any::<f64>()), any::<bool>())
        .prop_map(|(urn, sub_stream, repeat_s, expiry_s, complete)| HealthStream { urn, sub_stream, repeat_s, expiry_s, complete });
    (vec(stated(state), 0..3), of(stream))
}

fn changes() -> impl Strategy<Value = Changes> {
    let reading = (word(MetricType::WORDS, MetricType::from_word), text(), of(text()), tags(), number(), time()).prop_map(
        |(metric_type, name, hostname, tags, value, at)| {
            let metric = Metric { metric_type, name, hostname, device: None };
            let key = Key { metric: metric.into(), tags: tags.sorted() };
            (key, Reading { value, at })
        },
    );
    // One reading at most, since a map of several prints in no order.
    (vec(reading, 0..2), of(value()), of(value()), any::<bool>()).prop_map(|(readings, state, previous, counts_runs)| {
        let mut changes = Changes { state, previous, counts_runs, ..Changes::default() };
        changes.readings.extend(readings);
        changes
    })
}

fn origin() -> impl Strategy<Value = Origin> {
    let texts = (text(), text(), text(), text(), of(text()));
    (texts, any::<u64>(), any::<usize>(), time(), any::<u32>(), 0..1_000_000_000u32).prop_map(
        |((check, label, owner, hostname, name), id, instance, started, seconds, nanos)| Origin {
            check,
            label,
            id,
            owner,
            instance,
            name,
            hostname,
            started,
            interval: Duration::new(seconds.into(), nanos),
        },
    )
}

fn report() -> impl Strategy<Value = Report> {
    let lists = (vec(point(), 0..8), vec(stated(service_check()), 0..3), vec(stated(event()), 0..3), vec(stated(log()), 0..3));
    let rest = (of(topology()), health(), vec((text(), value()), 0..3), changes());
    (origin(), lists, rest).prop_map(
        |(origin, (points, service_checks, events, logs), (topology, (health, health_stream), metadata, changes))| Report {
            origin,
            points: points.into_iter().collect(),
            service_checks,
            events,
            logs,
            topology,
            health,
            health_stream,
            metadata,
            changes,
        },
    )
}

fn encoded(report: &Report) -> Vec<u8> {
    let mut out = Vec::new();
    report.encode(&mut out).expect("a report without secrets");
    out
}

/// Debug text tells 3 from 3.0 and -0.0 from 0.0, as the form must.
fn shown(report: &Report) -> String {
    format!("{report:?}")
}

proptest! {
    #[test]
    fn every_report_comes_back_as_it_was(report in report()) {
        let bytes = encoded(&report);
        let found = Report::decode(&bytes).expect("its own bytes");
        prop_assert_eq!(shown(&found), shown(&report));
    }

    #[test]
    fn a_report_without_metrics_is_the_same_without_points(report in report()) {
        let found = without_metrics(&encoded(&report)).map(|bytes| Report::decode(&bytes).expect("a report"));
        let expected = Report { points: Points::default(), ..report };
        match found {
            Some(found) => prop_assert_eq!(shown(&found), shown(&expected)),
            None => prop_assert!(expected.count() == 0 && expected.metadata.is_empty()),
        }
    }

    #[test]
    fn a_damaged_report_is_refused_or_read_and_nothing_worse(report in report(), at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = encoded(&report);
        let at = at.index(bytes.len());
        bytes[at] = with;
        let _ = Report::decode(&bytes);
        let _ = Report::decode(&bytes[..at]);
        let _ = without_metrics(&bytes);
    }

    #[test]
    fn bytes_of_chance_are_refused(mut bytes in vec(any::<u8>(), 0..400)) {
        if let Some(first) = bytes.first_mut() {
            *first = VERSION;
        }
        let _ = Report::decode(&bytes);
    }
}

#[test]
fn bytes_of_another_version_are_told_from_broken_ones() {
    assert_eq!(Report::decode(&[VERSION + 1, 0, 0]).unwrap_err(), DecodeError::Foreign(VERSION + 1));
    assert_eq!(Report::decode(&[]).unwrap_err(), DecodeError::Broken("it is empty"));
    assert!(matches!(Report::decode(&[VERSION]).unwrap_err(), DecodeError::Broken(_)));
}

#[test]
fn what_stands_behind_a_report_is_no_part_of_it() {
    let mut bytes = encoded(&small());
    bytes.push(0);
    assert_eq!(Report::decode(&bytes).unwrap_err(), DecodeError::Broken("something stands behind its end"));
}

/// A long list of lists in lists must not be followed until the stack ends.
#[test]
fn nested_values_have_a_bottom() {
    let deep = (0..250).fold(Value::Int(1), |inner, _| Value::list(vec![inner]));
    let report = Report { metadata: vec![("k".into(), deep.clone())], ..small() };
    assert_eq!(Report::decode(&encoded(&report)).expect("a report").metadata[0].1, deep);
    let deeper = (0..100_000).fold(Value::Int(1), |inner, _| Value::list(vec![inner]));
    let report = Report { metadata: vec![("k".into(), deeper.clone())], ..small() };
    Report::decode(&encoded(&report)).expect("a report that ends somewhere");
    // Dropping it step by step: the value itself is deeper than the stack.
    let mut rest = deeper;
    while let Value::List(items) = rest {
        rest = std::sync::Arc::try_unwrap(items).ok().and_then(|mut items| items.pop()).unwrap_or_default();
        if rest.is_missing() {
            break;
        }
    }
    std::mem::forget(report);
}

/// The bytes that version 1 has written once. This fails when the form changes without a new
/// version: engines that are upgraded must read what lies in their queues.
#[test]
fn the_form_of_a_version_does_not_change() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/report/version-1.hex");
    let bytes = hex::encode(encoded(&small()));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, format!("{bytes}\n")).expect("the case");
    }
    assert_eq!(std::fs::read_to_string(path).expect("the case").trim(), bytes);
}
