//! The two JSON forms that StackState and Datadog receivers share: `/api/v1/series` and
//! `/api/v1/check_run`.
//!
//! ```json
//! {"series": [{"metric": "queue.depth", "points": [[1710000000, 12]], "host": "h1", "tags": ["q:a"], "type": "gauge", "interval": 0}]}
//! [{"check": "svc.up", "host_name": "h1", "timestamp": 1710000000, "status": 2, "message": "refused", "tags": ["url:x"]}]
//! ```

use super::batch::{Batch, What};
use super::filter::Filter;
use crate::base::number::Number;
use crate::fold::Point;
use crate::observation::{MetricType, ServiceCheck, Status, TagSet};
use crate::report::Report;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

#[derive(Serialize)]
struct Body<'b> {
    series: All<'b>,
}

/// The points of a batch, written one by one.
struct All<'b> {
    batch: &'b Batch,
    filter: &'b Filter,
    /// What raw points are called.
    raw: &'static str,
}

#[derive(Serialize)]
struct Entry<'b> {
    metric: &'b str,
    points: [(i64, Number); 1],
    host: &'b str,
    #[serde(serialize_with = "tags")]
    tags: (&'b TagSet, Option<&'b str>),
    r#type: &'static str,
    interval: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'b str>,
    source_type_name: &'static str,
}

/// Tags without that of the device, which has a field of its own.
fn tags<S: Serializer>((tags, device): &(&TagSet, Option<&str>), out: S) -> Result<S::Ok, S::Error> {
    let is_device = |tag: &&str| tag.strip_prefix("device:").is_some_and(|of| Some(of) == *device);
    out.collect_seq(tags.iter().filter(|tag| !is_device(tag)))
}

impl Serialize for All<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut series = out.serialize_seq(None)?;
        for (numbered, what) in self.batch.iter() {
            let What::Point(at) = what else { continue };
            let Some(point) = numbered.report.points.get(at as usize) else { continue };
            let all = self.filter.tags(point.tags);
            series.serialize_element(&entry(point, &numbered.report, &all, self.raw))?;
        }
        series.end()
    }
}

fn entry<'b>(point: Point<'b>, report: &'b Report, all: &'b TagSet, raw: &'static str) -> Entry<'b> {
    let Point { value, tags: _, about: point } = point;
    let device = point.device.as_deref().or_else(|| all.iter().find_map(|tag| tag.strip_prefix("device:")));
    Entry {
        metric: &point.name,
        points: [(point.at.as_second(), value)],
        host: point.hostname.as_deref().unwrap_or(&report.origin.hostname),
        tags: (all, device),
        r#type: if point.metric_type == MetricType::Raw { raw } else { point.kind.word() },
        // What a check sends has no fixed interval: each point says how many, or how many per second.
        interval: 0,
        device,
        source_type_name: "System",
    }
}

/// The body of `/api/v1/series`; `raw` is the type of raw points.
pub fn series(batch: &Batch, filter: &Filter, raw: &'static str) -> Vec<u8> {
    serde_json::to_vec(&Body { series: All { batch, filter, raw } }).unwrap_or_default()
}

#[derive(Serialize)]
struct Run<'b> {
    check: &'b str,
    host_name: &'b str,
    timestamp: i64,
    status: u8,
    message: &'b str,
    tags: TagSet,
}

/// The number of a status on the wire.
pub fn status_number(status: Status) -> u8 {
    match status {
        Status::Ok => 0,
        Status::Warning => 1,
        Status::Critical => 2,
        Status::Unknown => 3,
    }
}

fn run<'b>(check: &'b ServiceCheck, report: &'b Report, filter: &Filter) -> Run<'b> {
    Run {
        check: &check.name,
        host_name: check.hostname.as_deref().unwrap_or(&report.origin.hostname),
        timestamp: check.timestamp.as_second(),
        status: status_number(check.status),
        message: &check.message,
        tags: filter.tags(&check.tags),
    }
}

/// The body of `/api/v1/check_run`.
pub fn check_runs(batch: &Batch, filter: &Filter) -> Vec<u8> {
    list(batch.iter().filter_map(|(numbered, what)| match what {
        What::ServiceCheck(at) => numbered.report.service_checks.get(at as usize).map(|check| run(check, &numbered.report, filter)),
        _ => None,
    }))
}

/// A list of JSON, written item by item.
pub fn list<T: Serialize>(items: impl Iterator<Item = T>) -> Vec<u8> {
    let mut out = Vec::new();
    // Keys are texts, and writing to memory cannot fail.
    let _ = serde_json::Serializer::new(&mut out).collect_seq(items);
    out
}
