//! Items as lines: JSON for programs, columns for people.

use super::Numbered;
use super::batch::{Batch, What};
use super::filter::Filter;
use crate::base::number::Number;
use crate::base::print::{AsJson, one_line, to_json};
use crate::base::time::epoch_seconds;
use crate::base::value::Text;
use crate::fold::Point;
use crate::observation::TagSet;
use crate::observation::json::{ComponentJson, EventJson, HealthJson, LogJson, RelationJson, ServiceCheckJson};
use crate::report::Report;
use serde::Serialize;
use std::fmt::Write;

/// What stands before the fields of an item.
#[derive(Serialize)]
struct Line<'l, T: Serialize> {
    kind: &'static str,
    check: &'l str,
    instance: usize,
    #[serde(flatten)]
    fields: T,
}

#[derive(Serialize)]
struct Metric<'l> {
    name: &'l str,
    r#type: &'static str,
    value: Number,
    unit: Option<&'l str>,
    tags: TagSet,
    hostname: &'l str,
    device: Option<&'l str>,
    timestamp: f64,
    interval: u32,
    origin: &'l str,
}

/// What a batch holds of the topology of one record.
#[derive(Serialize)]
struct TopologyPart<'l> {
    key: Key<'l>,
    start_snapshot: bool,
    stop_snapshot: bool,
    components: Vec<ComponentJson<'l>>,
    relations: Vec<RelationJson<'l>>,
    deletes: Vec<&'l str>,
}

#[derive(Serialize)]
struct Key<'l> {
    r#type: &'l str,
    url: &'l str,
}

/// A fact about an instance.
#[derive(Serialize)]
struct Fact<'l> {
    name: &'l str,
    value: AsJson<'l>,
}

/// All items of a batch as lines of JSON.
pub fn json_lines(batch: &Batch, filter: &Filter) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = batch.iter().peekable();
    while let Some((numbered, what)) = rest.next() {
        if what == What::TopologyStart {
            let (mut items, sequence) = (vec![what], numbered.sequence);
            while let Some((_, what)) = rest.next_if(|(next, what)| next.sequence == sequence && is_topology(*what)) {
                items.push(what);
            }
            line(&mut out, &numbered.report, "topology", topology(&numbered.report, &items));
            continue;
        }
        item(&mut out, numbered, what, filter);
    }
    out
}

fn is_topology(what: What) -> bool {
    matches!(what, What::Component(_) | What::Relation(_) | What::Delete(_) | What::TopologyStop)
}

fn line<T: Serialize>(out: &mut Vec<u8>, report: &Report, kind: &'static str, fields: T) {
    let line = Line { kind, check: &report.origin.check, instance: report.origin.instance, fields };
    // Keys are texts, and nothing else could fail.
    let _ = serde_json::to_writer(&mut *out, &line);
    out.push(b'\n');
}

fn host<'h>(given: &'h Option<Text>, report: &'h Report) -> &'h str {
    given.as_deref().unwrap_or(&report.origin.hostname)
}

fn item(out: &mut Vec<u8>, numbered: &Numbered, what: What, filter: &Filter) {
    let report = &numbered.report;
    match what {
        What::Point(at) => report.points.get(at as usize).into_iter().for_each(|point| {
            line(out, report, "metric", metric(point, report, filter));
        }),
        What::ServiceCheck(at) => report.service_checks.get(at as usize).into_iter().for_each(|check| {
            let (hostname, tags) = (host(&check.hostname, report), &filter.tags(&check.tags));
            line(out, report, "service_check", ServiceCheckJson::of(check, &check.origin).with(hostname, tags));
        }),
        What::Event(at) => report.events.get(at as usize).into_iter().for_each(|event| {
            let (hostname, tags) = (host(&event.hostname, report), &filter.tags(&event.tags));
            line(out, report, "event", EventJson::of(event, &event.origin).with(hostname, tags));
        }),
        What::Log(at) => report.logs.get(at as usize).into_iter().for_each(|log| {
            let (hostname, tags) = (host(&log.hostname, report), &filter.tags(&log.tags));
            line(out, report, "log", LogJson::of(log, &log.origin).with(hostname, tags));
        }),
        What::Health(at) => report.health.get(at as usize).into_iter().for_each(|health| {
            line(out, report, "health", HealthJson::of(health, &health.origin));
        }),
        What::Fact(at) => report.metadata.get(at as usize).into_iter().for_each(|(name, value)| {
            line(out, report, "metadata", Fact { name, value: AsJson(value) });
        }),
        // A part of a topology whose beginning is in an earlier batch.
        part if is_topology(part) => line(out, report, "topology", topology(report, &[part])),
        _ => {}
    }
}

fn metric<'l>(point: Point<'l>, report: &'l Report, filter: &Filter) -> Metric<'l> {
    let Point { value, tags, about: point } = point;
    Metric {
        name: &point.name,
        r#type: point.kind.word(),
        value,
        unit: point.unit.as_deref(),
        tags: filter.tags(tags),
        hostname: host(&point.hostname, report),
        device: point.device.as_deref(),
        timestamp: epoch_seconds(point.at),
        interval: 0,
        origin: &point.origin,
    }
}

fn topology<'l>(report: &'l Report, items: &[What]) -> Option<TopologyPart<'l>> {
    let topology = report.topology.as_ref()?;
    let mut part = TopologyPart {
        key: Key { r#type: &topology.key_type, url: &topology.key_url },
        start_snapshot: topology.start_snapshot && items.contains(&What::TopologyStart),
        stop_snapshot: items.contains(&What::TopologyStop),
        components: Vec::new(),
        relations: Vec::new(),
        deletes: Vec::new(),
    };
    for what in items {
        match what {
            What::Component(at) => part.components.extend(topology.components.get(*at as usize).map(|c| ComponentJson::of(c, &c.origin))),
            What::Relation(at) => part.relations.extend(topology.relations.get(*at as usize).map(|r| RelationJson::of(r, &r.origin))),
            What::Delete(at) => part.deletes.extend(topology.deletes.get(*at as usize).map(|id| &**id)),
            _ => {}
        }
    }
    Some(part)
}

/// All items of a batch as lines for people.
pub fn readable_lines(batch: &Batch, filter: &Filter) -> String {
    let mut out = String::new();
    for (numbered, what) in batch.iter() {
        // Writing to a String cannot fail.
        let _ = readable(&mut out, &numbered.report, what, filter);
    }
    out
}

fn words(tags: &TagSet) -> String {
    tags.iter().map(|tag| format!(" {}", one_line(tag))).collect()
}

fn readable(out: &mut String, report: &Report, what: What, filter: &Filter) -> std::fmt::Result {
    match what {
        What::Point(at) => report.points.get(at as usize).map_or(Ok(()), |p| {
            let value = match p.value {
                Number::Float(n) => Number::Float((n * 1e4).round() / 1e4),
                whole => whole,
            };
            let value = p.unit.as_ref().map_or_else(|| value.to_string(), |unit| format!("{value} {unit}"));
            writeln!(out, "{:<32} {value:>24}  {}{}", one_line(&p.name), p.kind.word(), words(&filter.tags(p.tags)))
        }),
        What::ServiceCheck(at) => report.service_checks.get(at as usize).map_or(Ok(()), |c| {
            let status = c.status.word().to_uppercase();
            writeln!(out, "{:<32} {status:>24} {} {}", one_line(&c.name), words(&filter.tags(&c.tags)), one_line(&c.message))
        }),
        What::Event(at) => report
            .events
            .get(at as usize)
            .map_or(Ok(()), |e| writeln!(out, "event: {} {} {}", one_line(&e.title), one_line(&e.text), words(&filter.tags(&e.tags)))),
        What::Log(at) => {
            report.logs.get(at as usize).map_or(Ok(()), |l| writeln!(out, "log: {} {}", one_line(&l.message), words(&filter.tags(&l.tags))))
        }
        What::TopologyStart => report.topology.as_ref().map_or(Ok(()), |t| {
            let (components, relations) = (t.components.len(), t.relations.len());
            writeln!(out, "topology: {} {}: {components} components, {relations} relations", one_line(&t.key_type), one_line(&t.key_url))
        }),
        What::Health(at) => report
            .health
            .get(at as usize)
            .map_or(Ok(()), |h| writeln!(out, "health: {} {} {}", one_line(&h.name), h.health.word(), one_line(&h.element))),
        What::Fact(at) => report
            .metadata
            .get(at as usize)
            .map_or(Ok(()), |(key, value)| writeln!(out, "metadata: {key} {}", one_line(&to_json(value).to_string()))),
        What::Component(_)
        | What::Relation(_)
        | What::Delete(_)
        | What::TopologyStop
        | What::HealthStart
        | What::HealthStop
        | What::Run => Ok(()),
    }
}
