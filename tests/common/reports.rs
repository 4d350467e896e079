//! A report with one of everything, for several tests.

use engine::base::number::Number;
use engine::base::span::Span;
use engine::base::value::{Text, Value};
use engine::fold::{Key, Metric, PointAbout, PointKind, Points, Reading};
use engine::observation::{AlertType, Component, Event, EventContext, Health, HealthState, HealthStream, Log, MetricType, Priority};
use engine::observation::{Relation, ServiceCheck, Status, TagSet};
use engine::report::{Origin, Report, Stated, Topology};
use engine::state::Changes;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// One of everything.
pub fn small() -> Report {
    let at = Timestamp::new(1_700_000_000, 250_000_000).expect("a time");
    let origin = Span::default();
    let stated = |line: u32| Text::from(format!("specs/a.yaml:{line}"));
    let tags = TagSet::new(["queue:a", "b"]);
    let data = Value::map([("n".into(), Value::Float(0.5)), ("t".into(), Value::Time(at))].into_iter().collect());
    let point = |name: &str, metric_type, kind, value| {
        let (name, unit, device) = (name.into(), Some("byte".into()), Some("sda".into()));
        let about = PointAbout { name, metric_type, kind, unit, hostname: None, device, at, origin: stated(3) };
        (value, tags.clone(), Arc::new(about))
    };
    let mut changes = Changes { state: Some(Value::Int(7)), counts_runs: true, ..Changes::default() };
    let metric = Metric { metric_type: MetricType::Rate, name: "a.rate".into(), hostname: Some("h".into()), device: None };
    let key = Key { metric: metric.into(), tags: tags.sorted() };
    changes.readings.extend([(key, Reading { value: Number::Uint(u64::MAX), at })]);
    Report {
        origin: Origin {
            check: "a".into(),
            label: "a[0]".into(),
            id: 0x1234_5678_9abc_def0,
            owner: "a".into(),
            instance: 0,
            name: Some("first".into()),
            hostname: "mon-01".into(),
            started: at,
            interval: Duration::from_secs(15),
        },
        points: Points::from_iter([
            point("a.bytes", MetricType::Gauge, PointKind::Gauge, Number::Int(-3)),
            point("a.growth", MetricType::MonotonicCount, PointKind::Count, Number::Uint(u64::MAX)),
            point("a.latency.count", MetricType::Histogram, PointKind::Rate, Number::Float(0.25)),
        ]),
        service_checks: vec![Stated {
            what: ServiceCheck {
                name: "a.up".into(),
                status: Status::Critical,
                tags: tags.clone(),
                hostname: Some("h".into()),
                message: "down".into(),
                timestamp: at,
                origin,
            },
            origin: stated(5),
        }],
        events: vec![Stated {
            what: Event {
                title: "t".into(),
                text: "x".into(),
                timestamp: at,
                event_type: Some("change".into()),
                source_type_name: None,
                alert_type: Some(AlertType::Success),
                priority: Some(Priority::Low),
                aggregation_key: Some("k".into()),
                event_object: None,
                tags: tags.clone(),
                hostname: None,
                attributes: data.clone(),
                context: Some(EventContext {
                    category: Some("Changes".into()),
                    element_identifiers: vec!["urn:host:/h".into()],
                    source_identifier: None,
                    source: Some("desk".into()),
                    source_links: Value::list(Vec::new()),
                    data: Value::Missing,
                }),
                origin,
            },
            origin: stated(7),
        }],
        logs: vec![Stated {
            what: Log {
                message: "line".into(),
                status: Some("error".into()),
                service: None,
                source: Some("web".into()),
                timestamp: at,
                hostname: None,
                tags,
                attributes: Value::Bool(true),
                origin,
            },
            origin: stated(9),
        }],
        topology: Some(Topology {
            key_type: "t".into(),
            key_url: "u".into(),
            start_snapshot: true,
            stop_snapshot: false,
            components: vec![Stated {
                what: Component { id: "c".into(), component_type: "host".into(), data, origin },
                origin: stated(11),
            }],
            relations: vec![Stated {
                what: Relation { source: "c".into(), target: "d".into(), relation_type: "uses".into(), data: Value::Missing, origin },
                origin: stated(13),
            }],
            deletes: vec!["gone".into()],
        }),
        health: vec![Stated {
            what: Health {
                id: "1".into(),
                name: "n".into(),
                health: HealthState::Deviating,
                element: "urn:host:/h".into(),
                message: Some("m".into()),
                origin,
            },
            origin: stated(15),
        }],
        health_stream: Some(HealthStream {
            urn: "urn:health:a:b".into(),
            sub_stream: Some("mon-01".into()),
            repeat_s: Some(60.0),
            expiry_s: None,
            complete: true,
        }),
        metadata: vec![("version".into(), "1.2".into())],
        changes,
    }
}

/// Changes the points of a report one by one.
#[allow(dead_code, reason = "not every test that has a report changes it")]
pub fn change_points(report: &mut Report, mut change: impl FnMut(usize, &mut Number, &mut TagSet, &mut PointAbout)) {
    let changed = report.points.iter().enumerate().map(|(at, point)| {
        let (mut value, mut tags, mut about) = (point.value, point.tags.clone(), PointAbout::clone(point.about));
        change(at, &mut value, &mut tags, &mut about);
        (value, tags, Arc::new(about))
    });
    report.points = changed.collect();
}
