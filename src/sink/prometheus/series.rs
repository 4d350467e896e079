//! The items of a batch as samples of series.

use super::names::{self, Labels};
use crate::base::value::Text;
use crate::fold::PointKind;
use crate::observation::{HealthState, TagSet};
use crate::sink::batch::{Batch, What};
use crate::sink::filter::Filter;
use crate::sink::series::status_number;

/// What a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value that goes up and down.
    Gauge,
    /// A total that only grows, or begins anew.
    Counter,
}

/// One value of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its unit, as people call it.
    pub unit: Option<Text>,
    /// The check that reports it.
    pub check: Text,
    /// Its labels.
    pub labels: Labels,
    /// Its value.
    pub value: f64,
    /// When it was true, in milliseconds since 1970.
    pub at_ms: i64,
}

/// The samples of a batch, in order.
pub fn samples<'b>(batch: &'b Batch, filter: &'b Filter) -> impl Iterator<Item = Sample> + 'b {
    batch.iter().filter_map(|(numbered, what)| {
        let report = &numbered.report;
        let check = report.origin.check.clone();
        let host = |given: &Option<Text>| given.clone().unwrap_or_else(|| report.origin.hostname.clone());
        match what {
            What::Point(at) => report.points.get(at as usize).map(|point| {
                let kind = if point.kind == PointKind::Count { Kind::Counter } else { Kind::Gauge };
                let name = names::metric(&point.name);
                let labels = names::labels(&filter.tags(point.tags), &host(&point.hostname), point.device.as_ref());
                let name = if kind == Kind::Counter { ending(name, "_total") } else { name };
                let (value, at_ms) = (point.value.as_f64(), point.at.as_millisecond());
                Sample { name, kind, unit: point.unit.clone(), check, labels, value, at_ms }
            }),
            What::ServiceCheck(at) => report.service_checks.get(at as usize).map(|found| {
                let name = ending(names::metric(&found.name), "_status");
                let labels = names::labels(&filter.tags(&found.tags), &host(&found.hostname), None);
                let (value, at_ms) = (f64::from(status_number(found.status)), found.timestamp.as_millisecond());
                Sample { name, kind: Kind::Gauge, unit: None, check, labels, value, at_ms }
            }),
            What::Health(at) => report.health.get(at as usize).map(|found| {
                let mut labels = names::labels(&filter.tags(&TagSet::default()), &report.origin.hostname, None);
                let stream = report.health_stream.as_ref().map_or("", |stream| &*stream.urn);
                let own = [("id", &*found.id), ("name", &*found.name), ("element", &*found.element), ("stream", stream)];
                labels.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
                let value = match found.health {
                    HealthState::Clear => 0.0,
                    HealthState::Deviating => 1.0,
                    HealthState::Critical => 2.0,
                };
                let at_ms = report.origin.started.as_millisecond();
                Sample { name: "engine_health".to_owned(), kind: Kind::Gauge, unit: None, check, labels, value, at_ms }
            }),
            _ => None,
        }
    })
}

fn ending(name: String, end: &str) -> String {
    if name.ends_with(end) { name } else { name + end }
}
