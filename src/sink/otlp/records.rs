//! Logs and events as log records.

use super::metrics::{ByHost, any, attributes, entries, host, nanos, resource, scope, text};
use super::proto::{AnyValue, KeyValue, Kind, LogRecord, LogsRequest, ResourceLogs, ScopeLogs};
use crate::base::value::Text;
use crate::observation::{AlertType, Event, Log};
use crate::report::Report;
use crate::sink::batch::{Batch, What};
use crate::sink::filter::Filter;

/// The request of a batch.
pub fn request(batch: &Batch, filter: &Filter) -> LogsRequest {
    let mut hosts = ByHost::default();
    for (numbered, what) in batch.iter() {
        let report = &numbered.report;
        let found = match what {
            What::Event(at) => report.events.get(at as usize).map(|found| (host(&found.hostname, report), event(found, report, filter))),
            What::Log(at) => report.logs.get(at as usize).map(|found| (host(&found.hostname, report), log(found, report, filter))),
            _ => None,
        };
        let Some((host, record)) = found else { continue };
        if let Some((_, records)) = hosts.of(host) {
            records.push(record);
        }
    }
    let of_host = |(host, log_records): (&str, Vec<LogRecord>)| ResourceLogs {
        resource: Some(resource(host)),
        scope_logs: vec![ScopeLogs { scope: Some(scope()), log_records }],
    };
    LogsRequest { resource_logs: hosts.lists.into_iter().map(of_host).collect() }
}

fn body(text: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Kind::Text(text.to_owned())) })
}

fn maybe(key: &str, value: &Option<Text>) -> Option<KeyValue> {
    value.as_deref().map(|value| text(key, value))
}

/// Numbers of severities: 9 for INFO, each level four further on.
fn severity(word: &str) -> i32 {
    match word.to_ascii_lowercase().as_str() {
        "trace" => 1,
        "debug" => 5,
        "info" | "information" | "informational" | "ok" | "success" => 9,
        "notice" => 10,
        "warn" | "warning" => 13,
        "err" | "error" => 17,
        "crit" | "critical" | "alert" => 18,
        "fatal" | "emerg" | "emergency" | "panic" => 21,
        _ => 0,
    }
}

fn log(log: &Log, report: &Report, filter: &Filter) -> LogRecord {
    let mut all = attributes(&filter.tags(&log.tags));
    all.extend(maybe("service.name", &log.service));
    all.extend(maybe("source", &log.source));
    all.extend(entries(&log.attributes));
    all.push(text("check", &report.origin.check));
    let status = log.status.as_deref().unwrap_or_default();
    LogRecord {
        time_unix_nano: nanos(log.timestamp),
        observed_time_unix_nano: nanos(report.origin.started),
        severity_number: severity(status),
        severity_text: status.to_owned(),
        body: body(&log.message),
        attributes: once_each(all),
        event_name: String::new(),
    }
}

fn event(event: &Event, report: &Report, filter: &Filter) -> LogRecord {
    let mut all = attributes(&filter.tags(&event.tags));
    all.push(text("title", &event.title));
    all.extend(maybe("source_type_name", &event.source_type_name));
    all.extend(maybe("aggregation_key", &event.aggregation_key));
    all.extend(maybe("event_object", &event.event_object));
    all.extend(event.priority.map(|priority| text("priority", priority.word())));
    all.extend(entries(&event.attributes));
    if let Some(context) = &event.context {
        all.extend(maybe("context.category", &context.category));
        all.extend(maybe("context.source", &context.source));
        all.extend(maybe("context.source_identifier", &context.source_identifier));
        let identifiers = context.element_identifiers.iter().map(|id| id.as_ref().into()).collect::<Vec<crate::base::value::Value>>();
        all.push(KeyValue { key: "context.element_identifiers".to_owned(), value: Some(any(&identifiers.into())) });
        let data = [("context.source_links", &context.source_links), ("context.data", &context.data)];
        let data = data.into_iter().filter(|(_, value)| !value.is_missing());
        all.extend(data.map(|(key, value)| KeyValue { key: key.to_owned(), value: Some(any(value)) }));
    }
    all.push(text("check", &report.origin.check));
    let status = event.alert_type.unwrap_or(AlertType::Info).word();
    LogRecord {
        time_unix_nano: nanos(event.timestamp),
        observed_time_unix_nano: nanos(report.origin.started),
        severity_number: severity(status),
        severity_text: status.to_owned(),
        body: body(if event.text.is_empty() { &event.title } else { &event.text }),
        attributes: once_each(all),
        // Records that are events have a name.
        event_name: event.event_type.as_deref().unwrap_or("event").to_owned(),
    }
}

/// Keys of attributes are unique: the first one holds.
fn once_each(all: Vec<KeyValue>) -> Vec<KeyValue> {
    let mut out: Vec<KeyValue> = Vec::with_capacity(all.len());
    for attribute in all {
        if !out.iter().any(|known| known.key == attribute.key) {
            out.push(attribute);
        }
    }
    out
}
