//! The items of a batch as samples of series.

use super::names::{self, Label};
use crate::base::value::Text;
use crate::fold::{Point, PointAbout, PointKind};
use crate::observation::{Health, HealthState, ServiceCheck, TagSet};
use crate::report::Report;
use crate::sink::Numbered;
use crate::sink::batch::{Batch, What};
use crate::sink::filter::Filter;
use crate::sink::series::status_number;
use jiff::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;
use std::ptr;
use std::sync::Arc;

/// What a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value that goes up and down.
    Gauge,
    /// A total that only grows, or begins anew.
    Counter,
}

/// What a batch comes to: names and labels are made once, since a row shares its tags and runs share
/// their names. `L` is what the sink makes of a set of labels.
#[derive(Debug)]
pub struct Samples<'b, L> {
    /// The names, by their numbers.
    pub names: Vec<Text>,
    /// The sets of labels, by theirs.
    pub sets: Vec<L>,
    /// The samples, in order.
    pub all: Vec<Sample<'b>>,
}

/// One value of one series.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'b> {
    /// The number of its name.
    pub name: usize,
    /// The number of its labels.
    pub set: usize,
    /// What it is.
    pub kind: Kind,
    /// Its unit, as people call it.
    pub unit: Option<&'b Text>,
    /// The check that reports it.
    pub check: &'b Text,
    /// Its value.
    pub value: f64,
    /// When it was true, in milliseconds since 1970.
    pub at_ms: i64,
}

/// The samples of a batch, with what `make` makes of their labels.
pub fn samples<'b, L: Clone + Eq + Hash>(batch: &'b Batch, filter: &'b Filter, make: fn(&[Label<'_>]) -> L) -> Samples<'b, L> {
    let mut maker = Maker::of(filter, make);
    for (Numbered { report, .. }, what) in batch.iter() {
        maker.enter(report);
        let sample = match what {
            What::Point(at) => report.points.get(at as usize).map(|point| maker.point(point, report)),
            What::ServiceCheck(at) => report.service_checks.get(at as usize).map(|check| maker.check(check, report)),
            What::Health(at) => report.health.get(at as usize).map(|health| maker.health(health, report)),
            _ => None,
        };
        maker.made.all.extend(sample);
    }
    maker.made
}

/// What makes a set of labels: tags, host and device.
type About<'b> = (&'b TagSet, &'b str, Option<&'b str>);

/// Samples in the making, and what is known of earlier ones.
struct Maker<'b, L> {
    filter: &'b Filter,
    make: fn(&[Label<'_>]) -> L,
    made: Samples<'b, L>,
    /// The report whose items come.
    report: Option<&'b Report>,
    /// By what the points of a metric of this report share.
    name_of_point: HashMap<*const PointAbout, usize>,
    /// By the name of the metric and the ending.
    name_of: HashMap<(&'b str, &'static str), usize>,
    /// Different metrics may come to one name, and different tags to the same labels.
    names: HashMap<Text, usize>,
    set_of: HashMap<About<'b>, usize>,
    last_set: Option<(About<'b>, usize)>,
    sets: HashMap<L, usize>,
}

impl<'b, L: Clone + Eq + Hash> Maker<'b, L> {
    fn of(filter: &'b Filter, make: fn(&[Label<'_>]) -> L) -> Self {
        let made = Samples { names: Vec::new(), sets: Vec::new(), all: Vec::new() };
        let (report, name_of_point, name_of, names, set_of, last_set) = Default::default();
        Maker { filter, make, made, report, name_of_point, name_of, names, set_of, last_set, sets: HashMap::new() }
    }

    /// Items of this report come.
    fn enter(&mut self, report: &'b Report) {
        if !self.report.is_some_and(|last| ptr::eq(last, report)) {
            self.report = Some(report);
            self.name_of_point.clear();
        }
    }

    fn point(&mut self, point: Point<'b>, report: &'b Report) -> Sample<'b> {
        let Point { value, tags, about: point } = point;
        let (kind, ending) = if point.kind == PointKind::Count { (Kind::Counter, "_total") } else { (Kind::Gauge, "") };
        let name = match self.name_of_point.get(&Arc::as_ptr(point)) {
            Some(name) => *name,
            None => {
                let name = self.name(&point.name, ending);
                self.name_of_point.insert(Arc::as_ptr(point), name);
                name
            }
        };
        Sample {
            name,
            set: self.labels(tags, &point.hostname, &point.device, report),
            kind,
            unit: point.unit.as_ref(),
            check: &report.origin.check,
            value: value.as_f64(),
            at_ms: point.at.as_millisecond(),
        }
    }

    fn check(&mut self, check: &'b ServiceCheck, report: &'b Report) -> Sample<'b> {
        let (name, set) = (self.name(&check.name, "_status"), self.labels(&check.tags, &check.hostname, &None, report));
        gauge(name, set, f64::from(status_number(check.status)), check.timestamp, report)
    }

    fn health(&mut self, health: &Health, report: &'b Report) -> Sample<'b> {
        let tags = self.filter.tags(&TagSet::default());
        let mut labels = names::labels(&tags, &report.origin.hostname, None);
        let stream = report.health_stream.as_ref().map_or("", |stream| &*stream.urn);
        let own = [("id", &*health.id), ("name", &*health.name), ("element", &*health.element), ("stream", stream)];
        labels.retain(|(known, _)| own.iter().all(|(name, _)| known != name));
        labels.extend(own.map(|(name, value)| (name.into(), value.into())));
        labels.sort_unstable();
        let value = match health.health {
            HealthState::Clear => 0.0,
            HealthState::Deviating => 1.0,
            HealthState::Critical => 2.0,
        };
        let (name, set) = (self.name("engine_health", ""), numbered((self.make)(&labels), &mut self.sets, &mut self.made.sets));
        gauge(name, set, value, report.origin.started, report)
    }

    fn name(&mut self, name: &'b str, ending: &'static str) -> usize {
        *self.name_of.entry((name, ending)).or_insert_with(|| {
            let name = names::metric(name);
            let name = if name.ends_with(ending) { name } else { name + ending };
            numbered(Text::from(&*name), &mut self.names, &mut self.made.names)
        })
    }

    fn labels(&mut self, tags: &'b TagSet, host: &'b Option<Text>, device: &'b Option<Text>, report: &'b Report) -> usize {
        let host = host.as_deref().unwrap_or(&report.origin.hostname);
        let about = (tags, host, device.as_deref());
        // The metrics of a row come one after the other.
        if let Some((_, set)) = self.last_set.filter(|(last, _)| *last == about) {
            return set;
        }
        let set = *self.set_of.entry(about).or_insert_with(|| {
            let tags = self.filter.tags(tags);
            let labels = names::labels(&tags, host, device.as_ref());
            numbered((self.make)(&labels), &mut self.sets, &mut self.made.sets)
        });
        self.last_set = Some((about, set));
        set
    }
}

/// The number of a thing among those that were met.
fn numbered<T: Clone + Eq + Hash>(thing: T, numbers: &mut HashMap<T, usize>, all: &mut Vec<T>) -> usize {
    let number = *numbers.entry(thing.clone()).or_insert(all.len());
    if number == all.len() {
        all.push(thing);
    }
    number
}

fn gauge(name: usize, set: usize, value: f64, at: Timestamp, report: &Report) -> Sample<'_> {
    Sample { name, set, kind: Kind::Gauge, unit: None, check: &report.origin.check, value, at_ms: at.as_millisecond() }
}
